"""Our other clients go on after a verification as the page does: the benchmark's talker and the terminal."""

import threading

import httpx
import pytest

from bench.talkers import DeskTalker
from cli.chat import _listen, _Panel, _send, _Session
from tests.attacks.conftest import FACTORS, SECRETS
from tests.bot.conftest import until

pytestmark = pytest.mark.usefixtures("home")


def test_the_benchmarks_talker_hears_the_answer_that_verified_it(client: httpx.Client) -> None:
    talker = DeskTalker(client.base_url.port or 0)
    for text in ("what do i owe", FACTORS, "what do i owe"):
        assert talker.ask(text) > 0
    talker.close()


def test_the_terminal_hears_the_answer_that_verified_it(client: httpx.Client,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    printed: list[str] = []

    def shown(word: str, times: int = 1) -> bool | None:
        printed.append(capsys.readouterr().out)
        return "".join(printed).count(word) >= times or None

    with httpx.Client(base_url=client.base_url, timeout=httpx.Timeout(30, read=None), trust_env=False) as own:
        session, panel = _Session(own, None, "en-GB"), _Panel()
        threading.Thread(target=_listen, args=(session, panel), daemon=True).start()
        until(lambda: shown("automated assistant"))
        _send(session, panel, FACTORS)
        until(lambda: shown(SECRETS[0]))
        often = "".join(printed).count(SECRETS[0])
        _send(session, panel, "what do i owe")
        until(lambda: shown(SECRETS[0], 2 * often))
