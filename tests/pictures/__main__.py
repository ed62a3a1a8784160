"""Starts a demo of its own on free ports, waits until it has read everything, and writes `docs/pictures/`."""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pictures import MOST_BYTES, OPERATOR, PICTURES, THEMES, Picture, name_file
from tests.run.portal_process import ROOT, PortalProcess
from tests.waiting import wait_until

FOLDER = ROOT / "docs" / "pictures"
# Sharp on screens of high density.
SCALE = 2
QUALITIES = range(90, 30, -5)
READ_WITHIN_S = 180.0
# Domains are read last. Two of this customer's don't lead to its app.
WITH_BAD_DOMAINS = "/c/riverside-motors/"


@dataclass(frozen=True, slots=True)
class Demo:
    url: str
    password: str


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="deploy-desk-pictures-") as var:
        portal = PortalProcess([sys.executable, "manage.py", "up"], Path(var))
        try:
            portal.wait_until_ready()
            portal.wait_for_output("Ctrl-C stops everything.")
            password = re.findall(r"Sign in with the password (\S+) as", portal.output())[0]
            take_all(Demo(f"http://127.0.0.1:{portal.port}", password))
        finally:
            portal.stop()
    return 0


def take_all(demo: Demo) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        wait_for_data(browser, demo)
        for picture in PICTURES:
            for theme in THEMES:
                png = take(browser, picture, demo, theme)
                path = FOLDER / name_file(picture, theme)
                path.write_bytes(compress(png))
                sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes\n")
        browser.close()


def take(browser: Browser, picture: Picture, demo: Demo, theme: str) -> bytes:
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=SCALE,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id="UTC",
    )
    sign_in(page, demo, picture.email)
    picture.open_page(page, demo.url)
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    png = page.screenshot(animations="disabled", caret="hide")
    page.context.close()
    return png


def sign_in(page: Page, demo: Demo, email: str) -> None:
    page.goto(f"{demo.url}/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(demo.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_selector("header nav")


def wait_for_data(browser: Browser, demo: Demo) -> None:
    """Until the worker has read every customer's apps and their domains."""
    page = browser.new_page()
    sign_in(page, demo, OPERATOR)

    def is_read() -> bool:
        """Home is not asked: its numbers would be cached before they are complete."""
        page.goto(f"{demo.url}/customers/")
        is_listed = page.locator("main").get_by_text("not read yet").count() == 0
        page.goto(demo.url + WITH_BAD_DOMAINS)
        return is_listed and page.locator('.app .is-waiting[href$="/domains/"]').count() > 0

    wait_until(is_read, seconds=READ_WITHIN_S)
    page.context.close()


def compress(png: bytes) -> bytes:
    """As WebP, in the best quality that is small enough."""
    with Image.open(io.BytesIO(png)) as image:
        for quality in QUALITIES:
            target = io.BytesIO()
            image.convert("RGB").save(target, "WEBP", quality=quality, method=6)
            if target.tell() <= MOST_BYTES:
                return target.getvalue()
    message = f"no quality makes this picture smaller than {MOST_BYTES} bytes"
    raise ValueError(message)


if __name__ == "__main__":
    sys.exit(main())
