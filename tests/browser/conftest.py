"""A real browser for the tests of this folder, found or brought along; without one they fail, they are not skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

from tests.browser.fake_desk import FakeDesk, serving

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE_S = 600


def _installed() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    if MAC_CHROME.exists():
        yield str(MAC_CHROME)


def _run(*command: str) -> bool:
    print(f"No browser yet: {' '.join(command)}", file=sys.__stderr__, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _candidates(playwright: Playwright) -> Iterator[str]:
    """Executables to try, cheapest first: installed, Playwright's own, Debian's package if we may install one."""
    yield from _installed()
    own = playwright.chromium.executable_path
    if Path(own).exists() or _run(sys.executable, "-m", "playwright", "install", "chromium"):
        yield own
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update")
        if _run("apt-get", "install", "-y", "--no-install-recommends", "chromium"):
            yield from _installed()


def _launch(playwright: Playwright) -> Browser:
    for path in _candidates(playwright):
        try:
            return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error:
            continue
    pytest.fail("No browser for the browser tests: install chromium or Google Chrome and run again.", pytrace=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A started Chromium. One per module: Playwright's event loop must not outlive it into asyncio tests."""
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab on a small phone. Script errors and breaches of the content policy fail the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB", timezone_id="Europe/London")
    page = context.new_page()
    page.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def desk() -> Iterator[FakeDesk]:
    """A desk that answers from memory and has said nothing yet."""
    with serving(FakeDesk()) as served:
        yield served
