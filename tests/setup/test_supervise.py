"""The supervisor, with tiny processes in place of the real ones."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli.supervise import Process, Stack, Temper, check_ports, free_port
from runtime.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]
HASTY = Temper(first_wait=0.05, quick=5, quick_deaths=3, settled=0.2, grace=2)

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]))
        self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def python(name: str, code: str, *arguments: str, **more: object) -> Process:
    command = (sys.executable, "-u", "-c", textwrap.dedent(code), *arguments)
    return Process(name, command, dict(os.environ), **more)  # type: ignore[arg-type]


def server(name: str, *, status: int = 200, patience: float = 20) -> Process:
    port = free_port()
    return python(
        name, SERVER, str(port), str(status), ready=f"http://127.0.0.1:{port}/", port=port, setting="DEBTDESK_PORT",
        patience=patience,
    )  # fmt: skip


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return true()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stack(tmp_path: Path, said: list[str]) -> Iterator[Stack]:
    with Stack(tmp_path / "logs", folder=tmp_path, say=said.append, temper=HASTY) as stack:
        yield stack


def test_waits_until_each_answers_and_stops_all(stack: Stack, said: list[str]) -> None:
    stack.start(server("one"))
    stack.start(server("two", status=404), python("three", "import time; time.sleep(60)"))
    stack.wait_ready(20)
    pids = stack.pids
    assert set(pids) == {"one", "two", "three"}
    assert sum("ready after" in line for line in said) == 3
    started = time.monotonic()
    stack.stop()
    assert time.monotonic() - started < 30
    assert not any(alive(pid) for pid in pids.values())
    assert stack.failure is None


def test_a_5xx_is_not_ready(stack: Stack) -> None:
    stack.start(server("slow", status=503))
    with pytest.raises(OperatorError, match=r"not ready after 1 s: slow"):
        stack.wait_ready(1)


def test_one_that_dies_is_named_with_its_code_and_last_lines_and_restarted(
    stack: Stack, said: list[str], tmp_path: Path
) -> None:
    code = """
        import pathlib, sys, time
        mark = pathlib.Path("been-here")
        if mark.exists():
            time.sleep(60)
        mark.touch()
        print("the reason it died")
        sys.exit(7)
    """
    stack.start(python("fragile", code))
    assert until(lambda: "fragile: | the reason it died" in said)
    stack.wait_ready(10)
    assert "fragile: died (exit code 7); restarting in 0 s" in said
    assert "the reason it died" in (tmp_path / "logs" / "fragile.log").read_text()


def test_one_that_is_killed_comes_back(stack: Stack, said: list[str]) -> None:
    stack.start(server("victim"))
    stack.wait_ready(10)
    first = stack.pids["victim"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: stack.pids.get("victim", first) != first)
    stack.wait_ready(10)
    assert any("died (signal SIGKILL)" in line for line in said)


def test_gives_up_after_quick_deaths_and_stops_the_others(stack: Stack, said: list[str]) -> None:
    stack.start(python("steady", "import time; time.sleep(60)"))
    stack.wait_ready(10)
    steady = stack.pids["steady"]
    stack.start(python("hopeless", "raise SystemExit(3)", ready=f"http://127.0.0.1:{free_port()}/"))
    with pytest.raises(OperatorError, match=r"hopeless died \(exit code 3\), 3 times in a row"):
        stack.wait_ready(20)
    stack.wait()
    assert until(lambda: not alive(steady))
    assert sum(line.startswith("hopeless: died") for line in said) == 3
    assert any("stopping everything" in line for line in said)


def test_one_that_never_gets_ready_counts_as_dead(stack: Stack) -> None:
    stack.start(server("mute", status=500, patience=0.5))
    with pytest.raises(OperatorError, match=r"mute was not ready after 0 s|mute was not ready after 1 s"):
        stack.wait_ready(20)


def test_only_warnings_reach_the_terminal(stack: Stack, said: list[str], tmp_path: Path) -> None:
    code = """
        import time
        print("INFO all is well")
        print("2026-01-01 WARNING disk nearly full")
        print("WARNING of the harmless kind")
        time.sleep(60)
    """
    stack.start(python("chatty", code, harmless=("harmless kind",)))
    log = tmp_path / "logs" / "chatty.log"
    assert until(lambda: log.exists() and "harmless kind" in log.read_text())
    stack.wait_ready(10)
    assert [line for line in said if line.startswith("chatty: ") and "ready" not in line] == [
        "chatty: 2026-01-01 WARNING disk nearly full"
    ]


def test_what_a_process_started_ends_with_it(stack: Stack, tmp_path: Path) -> None:
    code = """
        import pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path("child.pid").write_text(str(child.pid))
        time.sleep(60)
    """
    stack.start(python("parent", code))
    stack.wait_ready(10)
    written = tmp_path / "child.pid"
    assert until(lambda: written.exists() and written.read_text() != "")
    child = int(written.read_text())
    assert alive(child)
    stack.stop()
    assert until(lambda: not alive(child), 3)


def start_deaf(stack: Stack, folder: Path) -> None:
    """One that ignores SIGTERM, and does so already."""
    code = """
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path(sys.argv[1]).touch()
        time.sleep(600)
    """
    stack.start(python("deaf", code, str(folder / "deaf")))
    stack.wait_ready(10)
    assert until((folder / "deaf").exists, 60)


def test_one_that_ignores_sigterm_is_killed_after_its_grace(stack: Stack, tmp_path: Path) -> None:
    start_deaf(stack, tmp_path)
    pid = stack.pids["deaf"]
    started = time.monotonic()
    stack.stop()
    assert time.monotonic() - started > 1.5
    assert not alive(pid)


def test_asked_twice_to_stop_there_is_no_grace(tmp_path: Path, said: list[str]) -> None:
    with Stack(tmp_path / "logs", folder=tmp_path, say=said.append, temper=replace(HASTY, grace=300)) as stack:
        start_deaf(stack, tmp_path)
        started = time.monotonic()
        stack.stop_soon()
        stack.stop_soon()
        stack.wait()
        stack.stop()
    assert time.monotonic() - started < 60


if sys.platform == "linux":  # elsewhere no such promise is made

    def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
        code = f"""
            import os, pathlib, sys, time
            sys.path.insert(0, {str(ROOT)!r})
            from cli.supervise import Process, Stack, Temper
            stack = Stack(pathlib.Path("logs"), folder=pathlib.Path("."), temper=Temper(settled=0.1))
            stack.start(Process("child", (sys.executable, "-c", "import time; time.sleep(60)"), dict(os.environ)))
            stack.wait_ready(10)
            pathlib.Path("child.pid").write_text(str(stack.pids["child"]))
            time.sleep(60)
        """
        written = tmp_path / "child.pid"
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path) as supervisor:
            assert until(lambda: written.exists() and written.read_text() != "")
            child = int(written.read_text())
            assert alive(child)
            supervisor.kill()
        assert until(lambda: not alive(child), 5)


def test_a_taken_port_is_one_line_with_port_and_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = Process("gateway", ("true",), {}, port=port, setting="DEBTDESK_PORT")
        expected = f"Port {port} (gateway) is taken: stop what listens there, or set DEBTDESK_PORT"
        with pytest.raises(OperatorError) as error:
            check_ports([process])
        assert str(error.value) == expected


def test_one_port_for_two_is_refused() -> None:
    port = free_port()
    one = Process("gateway", ("true",), {}, port=port, setting="DEBTDESK_PORT")
    two = Process("engine", ("true",), {}, port=port, setting="DEBTDESK_RASA_PORT")
    with pytest.raises(OperatorError, match="DEBTDESK_PORT and DEBTDESK_RASA_PORT are both"):
        check_ports([one, two])


def test_a_large_log_is_set_aside(stack: Stack, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "worker.log"
    log.parent.mkdir()
    with open(log, "w") as file:
        file.truncate(10_000_001)
    stack.start(python("worker", "import time; print('afresh'); time.sleep(60)"))
    stack.wait_ready(10)
    assert until(lambda: log.exists() and log.read_text() == "afresh\n")
    assert (tmp_path / "logs" / "worker.log.1").stat().st_size == 10_000_001
