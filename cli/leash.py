"""Starts a program that ends when its starter does, even when that one is killed outright (Linux).

``python cli/leash.py STARTER_PID PROGRAM ARGUMENT…``: asks the kernel for SIGTERM at the starter's death, then
becomes the program. Elsewhere than on Linux it only becomes the program.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Becomes the program named by the arguments."""
    starter = int(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != starter:  # it died before the kernel was asked
            sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  # becoming the program is the purpose


if __name__ == "__main__":
    main()
