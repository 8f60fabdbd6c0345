"""A Chromium for the tests that drive a page: an installed one, else Playwright's, else Debian's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Mapping

from setup.steps import SetupError, run, step

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge-stable")
_MAC = ("Google Chrome", "Chromium")


def candidates(environment: Mapping[str, str]) -> Iterator[str]:
    """Paths where a browser may be: ``DEBTDESK_BROWSER``, PATH, macOS's applications, Playwright's downloads."""
    if environment.get("DEBTDESK_BROWSER"):
        yield environment["DEBTDESK_BROWSER"]
    for name in NAMES:
        path = shutil.which(name, path=environment.get("PATH", os.defpath))
        if path:
            yield path
    for name in _MAC:
        yield f"/Applications/{name}.app/Contents/MacOS/{name}"
    home = Path(environment.get("HOME", "/"))
    downloads = environment.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = [Path(downloads)] if downloads else [home / ".cache/ms-playwright", home / "Library/Caches/ms-playwright"]
    for folder in folders:
        for pattern in ("chromium-*/chrome-*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"):
            yield from (str(path) for path in sorted(folder.glob(pattern), reverse=True))


def runs(path: str) -> bool:
    """Whether the browser at ``path`` starts: a stub, or one whose libraries are missing, does not."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find(environment: Mapping[str, str] | None = None) -> str | None:
    """The first browser that starts, or None."""
    places = candidates(os.environ if environment is None else environment)
    return next((path for path in places if os.path.exists(path) and runs(path)), None)


def browser() -> str:
    """The path of a browser, brought here when there is none. Raises SetupError when that fails too."""
    found = find()
    if found:
        return found
    for what, command in _ways():
        try:
            with step(f"browser for the tests, from {what}"):
                run(command)
        except SetupError as error:
            print(error, file=sys.stderr)
        found = find()
        if found:
            return found
    raise SetupError(
        "The tests need a browser and none could be brought: install chromium or Google Chrome, "
        "or name one in DEBTDESK_BROWSER."
    )


def _ways() -> Iterator[tuple[str, list[str]]]:
    yield "Playwright", [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    if not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not shutil.which("sudo"):
        return
    install = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium"
    yield "Debian", [*as_root, "sh", "-c", install]
