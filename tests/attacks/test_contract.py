"""Whatever is sent to the API of ``/openapi.json``: an answer that its own document describes, and never a fault."""

import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy

from bot.app import create_app
from runtime.database import Database

with warnings.catch_warnings():  # it announces what a later version of it will do
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode, checks

checks.load_all_checks()
CHECKS = [checks.not_a_server_error, *(checks.CHECKS.get_one(name) for name in (
    "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection"))]
BUSY = "/api/chat/events"
"""A stream ends with its session only; it is asked without one."""


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.limits.Limiter.allows", lambda *_: True)
    monkeypatch.setattr("payments.stripe_api.webhook_secret", lambda: "whsec_of_a_test")  # else 503, as it says


def asking(client: httpx.Client, cases: SearchStrategy[Any], headers: dict[str, str]) -> Callable[[], None]:
    """Sends such calls, and looks at what comes back."""

    @given(cases)
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        case.headers.update(headers)
        case.validate_response(case.call(base_url=str(client.base_url), timeout=20), checks=CHECKS)

    return ask


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_is_described(client: httpx.Client, db: Database, mode: GenerationMode) -> None:
    served = client.get("/openapi.json").json()
    assert served == create_app(db).openapi()
    reached = []
    for found in schemathesis.openapi.from_dict(served).get_all_operations():
        operation = found.ok()
        headers = {}
        if operation.path != BUSY:
            headers["authorization"] = f"Bearer {client.post('/api/chat/session', json={}).json()['token']}"

        ask = asking(client, operation.as_strategy(generation_mode=mode), headers)
        try:
            ask()
            reached.append(operation.path)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "there is nothing to get wrong"
    assert mode is GenerationMode.NEGATIVE or set(reached) == set(served["paths"])
