"""Makes the pictures of the README from a running desk with the demo portfolio: python docs/img/make_pictures.py

Needs Playwright and a chromium. The desk's data is used up a little: Maya agrees a plan.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).parent
DESK = os.environ.get("DESK", "http://127.0.0.1:8000")


def write(page: Page, text: str, awaited: str) -> None:
    """Type something and wait for a word of the answer."""
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text(awaited, timeout=20_000)


def main() -> None:
    """The conversation on a phone, and the console."""
    link = subprocess.run([sys.executable, "-m", "cli.main", "link", "DD-1001"], capture_output=True, text=True,
                          check=True).stdout.strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        phone = browser.new_page(viewport={"width": 400, "height": 1180}, locale="en-GB", timezone_id="Europe/London")
        phone.goto(DESK + "/chat#" + link.split("#")[1])
        expect(phone.get_by_role("log")).to_contain_text("Maya")
        write(phone, "what do i owe", "£486.20")
        write(phone, "can i spread the gas one, 60 a month", "£60.00")
        expect(phone.get_by_role("button", name="Yes, set it up")).to_be_visible()
        phone.wait_for_timeout(700)
        phone.screenshot(path=HERE / "conversation.png")
        if len(sys.argv) == 3:
            console = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
            console.goto(DESK + "/console")
            console.get_by_label("E-mail").fill(sys.argv[1])
            console.get_by_label("Password").fill(sys.argv[2])
            console.get_by_role("button", name="Sign in").click()
            console.get_by_role("link", name="Maya").first.click()
            console.wait_for_timeout(700)
            console.screenshot(path=HERE / "console.png")
        browser.close()


if __name__ == "__main__":
    main()
