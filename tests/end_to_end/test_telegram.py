"""Telegram, from update to reply, through a server that speaks the Bot API."""

import json
from typing import Any

from sqlalchemy import func, select

from conversations.models import Turn
from tests.end_to_end.conftest import Desk
from tests.end_to_end.debtor import make_person, personal_link


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Title → callback data of a message's buttons."""
    markup = message.get("reply_markup")
    keyboard = json.loads(markup)["inline_keyboard"] if isinstance(markup, str) else (markup or {}).get(
        "inline_keyboard", [])
    return {b["text"]: b["callback_data"] for row in keyboard for b in row}


def test_a_link_opens_and_the_balance_is_exact(desk: Desk) -> None:
    person = make_person(desk, {"first_name": "Tess", "debts": [{"creditor": "DEMO-NG", "amount": "312.00"}]})
    desk.telegram.write(501, f"/start {personal_link(desk, person)}")
    [greeting] = desk.telegram.wait_for(501, 1)
    assert "Tess" in greeting["text"]
    desk.telegram.write(501, "what do i owe")
    answer = desk.telegram.wait_for(501, 2)[-1]
    assert "£312.00" in answer["text"]
    assert all(len(data) <= 64 for data in buttons(answer).values())
    desk.telegram.press(501, buttons(answer)["Details"])
    assert "£312.00" in desk.telegram.wait_for(501, 3)[-1]["text"]


def test_an_update_delivered_twice_is_one_turn(desk: Desk) -> None:
    update = desk.telegram.write(502, "hello")
    desk.telegram.wait_for(502, 2)
    desk.telegram.redeliver = 3
    desk.telegram.write(503, "hello")
    desk.telegram.wait_for(503, 2)
    with desk.database.read() as session:
        turns = session.scalar(select(func.count()).select_from(Turn).where(Turn.provider_id == f"telegram:{update}"))
    assert turns == 1
    assert len(desk.telegram.wait_for(502, 2)) == 2


def test_too_many_requests_and_an_outage_lose_nothing(desk: Desk) -> None:
    desk.telegram.fail = [(429, {"description": "Too Many Requests", "parameters": {"retry_after": 1}}),
                          (502, {"description": "Bad Gateway"})]
    desk.telegram.write(504, "hello there")
    first, second = desk.telegram.wait_for(504, 2)
    assert "automated assistant" in first["text"]
    assert "assistant" in second["text"] or "help" in second["text"]


def test_nothing_is_said_in_a_group(desk: Desk) -> None:
    desk.telegram.write(-900, "what do i owe", chat_type="group")
    desk.telegram.write(505, "hello")
    desk.telegram.wait_for(505, 2)
    assert not [m for m in desk.telegram.sent if str(m["chat_id"]) == "-900"]
