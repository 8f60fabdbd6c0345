"""The pages as they are sent: strict policy, neutral words, small, and only embedded where allowed."""

import gzip
import re
import warnings

import pytest
from fastapi import FastAPI

from bot import pages
from runtime.settings import Settings

with warnings.catch_warnings():  # it asks for another HTTP client than the one the application uses
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

LOADER_LIMIT = 5 * 1024
PANEL_LIMIT = 25 * 1024


def client(monkeypatch: pytest.MonkeyPatch, **values: object) -> TestClient:
    configured = Settings(_env_file=None, **values)
    monkeypatch.setattr(pages, "settings", lambda: configured)
    app = FastAPI()
    app.include_router(pages.router)
    return TestClient(app, follow_redirects=False)


def test_the_chat_runs_only_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client(monkeypatch, public_url="https://desk.example").get("/chat")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self';" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="site" content="https://desk.example">' in answer.text


@pytest.mark.parametrize("page", ["chat/chat.html", "site/index.html"])
def test_pages_hold_nothing_inline_and_name_only_files_that_exist(page: str) -> None:
    text = pages.assets()[page].body.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
    for path in re.findall(r'(?:src|href)="/(?:static/)?([^"#]+\.(?:js|css|svg))"', text):
        assert path in pages.assets()


@pytest.mark.parametrize("page", ["chat/chat.html", "site/index.html"])
def test_pages_say_nothing_of_why_somebody_is_here(page: str) -> None:
    text = pages.assets()[page].body.decode()
    assert not re.search(r"debt|collect|owe[sd]?\b|arrears|overdue", text, re.IGNORECASE)


def test_every_module_a_module_needs_exists() -> None:
    for name, asset in pages.assets().items():
        for wanted in re.findall(r'from "\./([a-z]+\.js)"', asset.body.decode()):
            assert f"chat/{wanted}" in pages.assets(), name


def test_other_sites_embed_only_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = "'self' https://www.gas.example"
    answer = client(monkeypatch, frame_ancestors=sites).get("/chat")
    assert f"frame-ancestors {sites};" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize("wrong", ["*", "www.gas.example", "https://a.example; script-src *", "https://a.example/x"])
def test_a_wrong_ancestor_is_refused_at_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        Settings(_env_file=None, frame_ancestors=wrong)


def test_the_invented_site_is_only_there_with_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client(monkeypatch, demo=False).get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/chat")
    answer = client(monkeypatch, demo=True).get("/")
    assert answer.status_code == 200
    assert "invented company" in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_files_are_packed_tagged_and_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    web = client(monkeypatch)
    answer = web.get("/static/chat/chat.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (pages.STATIC / "chat" / "chat.js").read_bytes()
    again = web.get("/static/chat/chat.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = web.get("/static/chat/chat.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert web.head("/chat").status_code == 200
    assert web.get("/widget.js").headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", [
    "/static/chat/none.js", "/static/chat/chat.html", "/static/../pages.py", "/static/chat/%2e%2e%2f%2e%2e%2fpages.py",
])
def test_nothing_else_is_served(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert client(monkeypatch).get(path).status_code == 404


def test_sizes_stay_small() -> None:
    assert len(gzip.compress((pages.STATIC / "widget.js").read_bytes())) <= LOADER_LIMIT
    panel = sum(len(pages.assets()[name].packed) for name in pages.assets() if name.startswith("chat/"))
    assert panel <= PANEL_LIMIT
