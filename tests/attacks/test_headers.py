"""Every route's answer carries what keeps it out of frames, caches and other sites' hands; none names a secret."""

import httpx
import pytest

WEBSITE = "https://evil.example"
PATHS = ("/", "/chat", "/widget.js", "/static/chat/chat.js", "/static/none", "/pay/x", "/pay/x/done",
         "/api/chat/history", "/api/chat/events", "/api/chat/session", "/api/none", "/webhooks/stripe", "/healthz",
         "/readyz", "/metrics", "/openapi.json", "/none", "/console/sign-in", "/console/",
         "/console/conversations/1", "/console/none")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_every_answer_is_guarded(client: httpx.Client, method: str) -> None:
    for path in PATHS:
        reply = client.request(method, path, headers={"Origin": WEBSITE, "Access-Control-Request-Method": "POST"})
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors" in policy, path
        assert "unsafe" not in policy, path
        assert reply.headers["x-content-type-options"] == "nosniff", path
        assert reply.headers["referrer-policy"] in ("no-referrer", "same-origin"), path
        assert reply.headers["cache-control"], path
        assert not [name for name in reply.headers if name.startswith("access-control-")], path
        assert "server" not in reply.headers or "uvicorn" in reply.headers["server"], path
        for cookie in reply.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie, path
            assert "samesite=strict" in cookie.lower(), path
        assert "token=" not in reply.headers.get("location", ""), path


def test_another_site_cannot_send_without_asking(client: httpx.Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reply = client.post("/api/chat/session", content=b"{}", headers={"Content-Type": kind, "Origin": WEBSITE})
        assert reply.status_code == 422, kind
