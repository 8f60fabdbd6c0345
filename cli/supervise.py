"""Keeps a handful of processes running: starts them, waits until they are ready, restarts what dies, stops all.

Every process has a session of its own, so Ctrl-C reaches only us and whatever a process has started ends with it.
One thread starts and watches all of them; one thread per process keeps its log.
"""

import contextlib
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from runtime.errors import OperatorError

LEASH = Path(__file__).with_name("leash.py")
LOUD = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
LOG_LIMIT = 10_000_000
"""Bytes of a log above which the next start sets it aside as NAME.log.1."""

_opener = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class Process:
    """What to start and how to see that it is ready."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: str | None = None
    """URL that answers with a status below 500 once it is ready; without one, living for a second is enough."""
    patience: float = 120
    """Seconds it may take until it is ready."""
    host: str = "127.0.0.1"
    port: int | None = None
    setting: str = ""
    """The setting that holds the port."""
    harmless: tuple[str, ...] = ()
    """Parts of warnings that are only logged."""


@dataclass(frozen=True)
class Temper:
    """How patient the supervisor is, in seconds."""

    first_wait: float = 1
    """Before the first restart; doubled for each further quick death."""
    quick: float = 20
    """A process that dies within this time of being ready, or before, died quickly."""
    quick_deaths: int = 3
    """So many in a row and everything is stopped."""
    settled: float = 1
    """A process without a URL is ready after this time."""
    grace: float = 6
    """From SIGTERM to SIGKILL."""


@dataclass
class _Child:
    process: Process
    log: Path
    running: subprocess.Popen[bytes] | None = None
    started: float = 0
    ready_at: float | None = None
    restart_at: float | None = 0
    quick_deaths: int = 0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    reader: threading.Thread | None = None


def check_ports(processes: Iterable[Process]) -> None:
    """Raises OperatorError, in one line, when a port is taken, forbidden or given twice."""
    seen: dict[int, str] = {}
    for process in processes:
        port, setting = process.port, process.setting
        if port is None:
            continue
        if port in seen:
            raise OperatorError(f"{seen[port]} and {setting} are both {port}: they must differ")
        seen[port] = setting
        with socket.socket(socket.AF_INET6 if ":" in process.host else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((process.host, port))
            except PermissionError:
                raise OperatorError(f"Port {port} needs privileges: set {setting} to one above 1023") from None
            except OSError as error:
                reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
                message = f"Port {port} ({process.name}) {reason}: stop what listens there, or set {setting}"
                raise OperatorError(message) from None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def print_line(line: str) -> None:
    """One line on the terminal, at once; a closed terminal is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{line}\n")  # one write: lines come from several threads
        sys.stdout.flush()


class Stack:
    """Processes that run together. Use as a context manager, or call ``stop``."""

    def __init__(
        self,
        logs: Path,
        *,
        folder: Path,
        say: Callable[[str], None] = print_line,
        temper: Temper | None = None,
    ) -> None:
        """``logs`` is the folder of NAME.log files, ``folder`` where the processes run."""
        self._logs = logs
        self._folder = folder
        self._say = say
        self._temper = temper or Temper()
        self._children: list[_Child] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._killing = False
        self._failure: str | None = None
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def failure(self) -> str | None:
        """Why everything was stopped, when a process kept dying; None otherwise."""
        return self._failure

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each process that is running."""
        with self._changed:
            return {c.process.name: c.running.pid for c in self._children if c.running}

    def start(self, *processes: Process) -> None:
        """Starts ``processes`` beside those that run. Raises OperatorError when a port is taken. Does not wait."""
        check_ports(processes)
        self._logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._changed:
            if self._stopping:
                raise OperatorError(self._failure or "everything is being stopped")
            self._children += [_Child(process, self._log(process.name)) for process in processes]
            if not self._watcher.ident:
                self._watcher.start()
            self._changed.notify_all()

    def wait_ready(self, timeout: float = 300) -> None:
        """Returns once all are ready. Raises OperatorError when one keeps dying, or after ``timeout`` seconds."""
        with self._changed:
            settled = self._changed.wait_for(
                lambda: self._stopping or all(c.ready_at is not None for c in self._children), timeout
            )
            if self._stopping:
                raise OperatorError(self._failure or "stopped before it was ready")
            if not settled:
                late = ", ".join(c.process.name for c in self._children if c.ready_at is None)
                raise OperatorError(f"not ready after {timeout:.0f} s: {late}. Logs: {self._logs}")

    def wait(self) -> None:
        """Returns when everything has been told to stop, by ``stop_soon`` or because a process kept dying."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping)

    def stop_soon(self) -> None:
        """Tells everything to stop and returns at once; the second time nothing gets a grace. Fit for signals."""
        self._killing = self._stopping
        self._stopping = True  # no lock: the interrupted thread may hold it; the watcher sees this within its step

    def stop(self) -> None:
        """Stops everything and returns when nothing runs any more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._watcher.ident:
            self._watcher.join()

    # Below: the watcher's thread.

    def _watch(self) -> None:
        while not self._stopping:
            for child in list(self._children):
                if not self._stopping:
                    self._look_after(child)
            with self._changed:
                self._changed.wait(0.1)
        with self._changed:
            self._changed.notify_all()
        self._end_all()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        running = child.running
        if running is None:
            if child.restart_at is not None and now >= child.restart_at:
                self._spawn(child)
        elif running.poll() is not None:
            self._died(child, running, f"died ({_ending(running.returncode)})")
        elif child.ready_at is None:
            if self._is_ready(child, now):
                with self._changed:
                    child.ready_at = now
                    self._changed.notify_all()
                self._say(f"{child.process.name}: ready after {now - child.started:.1f} s")
            elif now - child.started > child.process.patience:
                self._died(child, running, f"was not ready after {child.process.patience:.0f} s")

    def _spawn(self, child: _Child) -> None:
        process = child.process
        command = [sys.executable, "-S", "-I", str(LEASH), str(os.getpid()), *process.command]
        with self._changed:
            child.tail.clear()
            child.started = time.monotonic()
            child.restart_at = None
            child.running = subprocess.Popen(
                command,
                cwd=self._folder,
                env=dict(process.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert child.running.stdout is not None  # by stdout=PIPE
        child.reader = threading.Thread(target=self._keep_log, args=(child, child.running.stdout), daemon=True)
        child.reader.start()

    def _is_ready(self, child: _Child, now: float) -> bool:
        url = child.process.ready
        return _answers(url) if url else now - child.started >= self._temper.settled

    def _died(self, child: _Child, running: subprocess.Popen[bytes], how: str) -> None:
        _signal_group(running.pid, signal.SIGKILL)
        running.wait()
        if child.reader:
            child.reader.join(1)
        now = time.monotonic()
        quick = child.ready_at is None or now - child.ready_at < self._temper.quick
        child.quick_deaths = child.quick_deaths + 1 if quick else 1
        gives_up = quick and child.quick_deaths >= self._temper.quick_deaths
        wait = self._temper.first_wait * 2 ** (child.quick_deaths - 1)
        with self._changed:
            child.running = None
            child.ready_at = None
            child.restart_at = None if gives_up else now + wait
        name = child.process.name
        self._say(f"{name}: {how}; " + ("stopping everything" if gives_up else f"restarting in {wait:.0f} s"))
        for line in child.tail:
            self._say(f"{name}: | {line}")
        if gives_up:
            with self._changed:
                self._failure = f"{name} {how}, {child.quick_deaths} times in a row. Log: {child.log}"
                self._stopping = True
                self._changed.notify_all()

    def _end_all(self) -> None:
        living = [c.running for c in self._children if c.running]
        for running in living:
            _signal_group(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._temper.grace
        while any(running.poll() is None for running in living):
            if self._killing or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for running in living:
            _signal_group(running.pid, signal.SIGKILL)  # also what a process left behind in its group
            running.wait()
        for child in self._children:
            if child.reader:
                child.reader.join(1)
            child.running = None

    # The logs.

    def _log(self, name: str) -> Path:
        path = self._logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path

    def _keep_log(self, child: _Child, output: IO[bytes]) -> None:
        name, harmless = child.process.name, child.process.harmless
        with output, open(child.log, "a", encoding="utf-8") as log:
            for raw in output:
                line = raw.decode(errors="replace").rstrip()
                log.write(line + "\n")
                log.flush()
                child.tail.append(line[:400])
                if LOUD.search(line) and not any(part in line for part in harmless):
                    self._say(f"{name}: {line[:400]}")


def _answers(url: str) -> bool:
    try:
        with _opener.open(url, timeout=1):  # our own address
            return True
    except HTTPError as error:
        error.close()
        return error.code < 500
    except (URLError, OSError, ValueError):
        return False


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
