"""The checking of a file in a process of its own, so that one core checks while the other writes.

The process is a plain Python one that is told what to do and answers through a pipe: nothing of the program that
starts it is run again, so it works from any program. Where no process can be started, the file is checked in this one.
"""

import marshal
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from ledger.importing.checking import Chunk, End, Part, Request, Unidentified, check_rows
from runtime.errors import OperatorError

WORTH_IT = 2 * 1024 * 1024
"""Below this size of a file, in bytes, starting a process takes longer than it saves."""
_KINDS: dict[str, type[Chunk] | type[Unidentified] | type[End]] = {"c": Chunk, "u": Unidentified, "e": End}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_FAILED = "f"


@contextmanager
def checked(request: Request) -> Iterator[Iterator[Part]]:
    """The pieces of a file as ``check_rows`` gives them, made beside this process when that is worth it."""
    child = _start(request) if _large(request) else None
    if child is None:
        pieces = check_rows(request)
        try:
            yield pieces
        finally:
            pieces.close()  # type: ignore[attr-defined]  # it is a generator
        return
    try:
        yield _received(child)
    finally:
        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        child.wait()


def _large(request: Request) -> bool:
    try:
        return request.path.stat().st_size >= WORTH_IT and (os.cpu_count() or 1) > 1
    except OSError:
        return False


def _start(request: Request) -> "subprocess.Popen[bytes] | None":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "ledger.importing.beside"],  # -P: no module of the folder the operator is in
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
    except OSError:
        return None
    assert child.stdin is not None
    try:
        child.stdin.write(pickle.dumps(request))
        child.stdin.close()
    except BrokenPipeError:
        child.kill()
        child.wait()
        return None
    return child


def _received(child: "subprocess.Popen[bytes]") -> Iterator[Part]:
    assert child.stdout is not None
    while size := child.stdout.read(8):
        length = int.from_bytes(size, "big")
        content = child.stdout.read(length)
        if len(content) < length:
            break
        kind, values = marshal.loads(content)  # noqa: S302  # nosec B302  # a pipe that our own process alone writes to
        if kind == _FAILED:
            raise OperatorError(values[0])
        part = _KINDS[kind](*values)
        yield part
        if isinstance(part, End):
            return
    raise OperatorError("The process that checks the file has stopped in the middle of it; nothing was imported")


def _send(out: BinaryIO, kind: str, values: tuple[Any, ...]) -> None:
    content = marshal.dumps((kind, values))
    out.write(len(content).to_bytes(8, "big"))
    out.write(content)
    out.flush()


def _fields(part: Part) -> tuple[Any, ...]:
    """The values of ``part`` in order; not ``astuple``, which copies every row."""
    return tuple(getattr(part, name) for name in part.__slots__)


def main() -> None:
    """What the process does: take a request, answer with the pieces of the file."""
    asked = sys.stdin.buffer.read()
    request: Request = pickle.loads(asked)  # noqa: S301  # nosec B301  # a pipe from the process that started this one
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print: whatever is not an answer goes to standard error
    try:
        for part in check_rows(request):
            _send(out, _NAMES[type(part)], _fields(part))
    except OperatorError as error:
        _send(out, _FAILED, (str(error),))
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more


if __name__ == "__main__":
    main()
