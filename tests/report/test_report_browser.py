"""The page in a real browser: figures come alive under the page's own security policy; phone, dark, scripts off."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fixtures
import pytest

from auditnn.report.html import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its driver on this machine"),
]
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)


@pytest.fixture(scope="module", params=["credit", "explained"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    audit = fixtures.AUDITS[request.param]()
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(audit, fixtures.judged(audit)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


def sized(browser: Any, width: int, height: int = 900) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def colors(browser: Any) -> tuple[str, str]:
    """The page's ground and the color of the first bar of the first figure."""
    return tuple(
        browser.execute_script(
            "const bar = document.querySelector('.canvas svg [fill=\"#2470b5\"]');"
            "return [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(bar).fill];"
        )
    )


def test_figures_come_alive_and_nothing_is_refused(browser: Any, address: str) -> None:
    sized(browser, 1280)
    browser.get(address)
    figures = browser.execute_script("return document.querySelectorAll('.figure .spec').length")
    assert figures > 3
    for index in range(figures):
        browser.execute_script(f"document.querySelectorAll('.figure .spec')[{index}].parentNode.scrollIntoView()")
        time.sleep(0.2)
    deadline = time.monotonic() + 20
    alive = "return document.querySelectorAll('.canvas > div svg').length"
    while browser.execute_script(alive) < figures and time.monotonic() < deadline:
        time.sleep(0.2)
    assert browser.execute_script(alive) == figures
    assert browser.get_log("browser") == []
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [one for one in loaded if not one.startswith("data:")] == []


def test_a_phone_needs_no_sideways_scrolling(browser: Any, address: str) -> None:
    sized(browser, 390)
    browser.get(address)
    browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    time.sleep(0.5)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


def test_dark_follows_the_system_and_the_button(browser: Any, address: str) -> None:
    sized(browser, 1280)
    browser.get(address)
    light = colors(browser)
    button = "document.querySelector('button.theme').click()"
    browser.execute_script(button)
    dark = colors(browser)
    assert dark == ("rgb(20, 23, 26)", "rgb(117, 196, 255)")
    assert light == ("rgb(255, 255, 255)", "rgb(36, 112, 181)")
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    browser.get(address)
    assert colors(browser) == dark
    browser.execute_script(button)
    assert colors(browser) == light


def test_without_scripts_the_still_pictures_and_tables_stand(browser: Any, address: str) -> None:
    sized(browser, 1280)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(address)
    from selenium.webdriver.common.by import By

    pictures = browser.find_elements(By.CSS_SELECTOR, ".canvas > svg")
    assert len(pictures) > 3
    assert all(one.size["height"] > 40 for one in pictures)
    assert not browser.find_element(By.CSS_SELECTOR, "button.theme").is_displayed()
    fold = browser.find_element(By.CSS_SELECTOR, ".behind")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_script("arguments[0].scrollIntoView()", fold)
    fold.find_element(By.TAG_NAME, "summary").click()
    assert fold.find_element(By.TAG_NAME, "table").is_displayed()


def test_names_are_never_markup(browser: Any, tmp_path: Path) -> None:
    from test_report_escape import poisoned

    path = tmp_path / "poisoned.html"
    text = "</script><img src=x onerror=document.title='taken'>"
    path.write_text(render(*poisoned(text)), encoding="utf-8")
    sized(browser, 1280, 6000)
    browser.get(path.as_uri())
    time.sleep(2.5)
    assert browser.title.startswith("Fails: audit of")
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert browser.execute_script("return document.querySelectorAll('.canvas > div svg').length") > 0
