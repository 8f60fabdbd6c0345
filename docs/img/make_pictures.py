"""Makes the README's pictures from a running desk with a fresh demo portfolio (make reset-demo):

    .venv/bin/python docs/img/make_pictures.py EMAIL PASSWORD

with the console login that ``make run`` prints. ``DESK`` is the desk's address; a chromium or Chrome must be installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).parent
DESK = os.environ.get("DESK", "http://127.0.0.1:8000")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIRST_SHOWN = "what do i owe"


def write(page: Page, text: str, awaited: str) -> None:
    """Type something and wait for a word of the answer."""
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text(awaited, timeout=20_000)


def conversation(browser: Browser) -> None:
    """Maya on her phone: what is owed, and a plan with its schedule."""
    link = subprocess.run([sys.executable, "-m", "cli.main", "link", "DD-1001"], capture_output=True, text=True,
                          check=True).stdout.strip()
    phone = browser.new_page(viewport={"width": 400, "height": 900}, locale="en-GB", timezone_id="Europe/London")
    phone.goto(DESK + "/chat#" + link.split("#")[1])
    expect(phone.get_by_role("log")).to_contain_text("Maya")
    write(phone, FIRST_SHOWN, "£486.20")
    write(phone, "can i spread the gas one, 60 a month", "£60.00")
    expect(phone.get_by_role("button", name="Yes, set it up")).to_be_enabled()
    # As tall as the conversation from her first words on.
    missing = phone.evaluate(
        "words => { const box = document.getElementById('scroll');"
        "const first = [...box.querySelectorAll('.message')].find(one => one.textContent.includes(words));"
        "return box.scrollHeight - first.offsetTop - box.clientHeight; }", FIRST_SHOWN)
    phone.set_viewport_size({"width": 400, "height": 914 + int(missing)})
    phone.evaluate("() => { const box = document.getElementById('scroll'); box.scrollTop = box.scrollHeight; }")
    phone.get_by_label("Write a message").blur()
    phone.screenshot(path=HERE / "conversation.png", animations="disabled")


def console(browser: Browser, email: str, password: str) -> None:
    """The same conversation as staff read it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Europe/London")
    page.goto(DESK + "/console")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Maya").first.click()
    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    page.screenshot(path=HERE / "console.png", animations="disabled")


def main() -> None:
    """Both pictures."""
    if len(sys.argv) != 3:
        sys.exit(str(__doc__))
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        conversation(browser)
        console(browser, *sys.argv[1:])
        browser.close()


if __name__ == "__main__":
    main()
