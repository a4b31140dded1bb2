"""Every page of the site as a reader meets it: opened from a folder without a network, in light and in dark, with the keyboard alone."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from chromium import ROOT, Chrome, complaints, dark, until, violations
from selenium.webdriver import ActionChains, Keys

SITE = ROOT / "site"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))
PARTS = {"index.html", "findings.html", "figures.html", "proofs.html", "api-coinfer.html", "scenarios.html"}

each_page = pytest.mark.parametrize("page", PAGES)


@cache
def opened(browser: Chrome, page: str) -> dict[str, list[str]]:
    """What is found on a page: `said`, what the browser complains of; `links`, whole addresses; `ids`."""
    browser.get((SITE / page).as_uri())
    until(lambda: browser.execute_script("return [...document.images].every(image => image.complete)"), "its pictures")
    found = browser.execute_script(
        """const all = (what, tell) => [...document.querySelectorAll(what)].map(tell);
        return {links: all('a[href]', a => a.href), ids: all('[id]', element => element.id),
                scripts: all('script', script => script.outerHTML.slice(0, 200)),
                broken: all('img', image => image.naturalWidth ? '' : image.src).filter(Boolean)}"""
    )
    return {**found, "said": complaints(browser)}


def test_the_site_has_its_parts() -> None:
    notebooks = {f"{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {Path(page).name for page in PAGES} >= PARTS | notebooks


@each_page
def test_a_page_loads_whole_from_the_folder_alone(browser: Chrome, page: str) -> None:
    found = opened(browser, page)
    assert found["said"] == []
    assert found["broken"] == []


@each_page
def test_every_internal_link_resolves(browser: Chrome, page: str) -> None:
    dead = []
    for link in set(opened(browser, page)["links"]):
        if link.startswith("file:"):
            address, place = urldefrag(link)
            path = Path(unquote(address.removeprefix("file://")))
            target = str(path.relative_to(SITE)) if path.is_relative_to(SITE) else ""
            there = path.is_file() and bool(target)
            if not there or (place and (target not in PAGES or unquote(place) not in opened(browser, target)["ids"])):
                dead.append(link)
    assert dead == []


@each_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_can_be_read_by_all(browser: Chrome, page: str, scheme: str) -> None:
    dark(browser, scheme == "dark")
    browser.get((SITE / page).as_uri())
    assert violations(browser) == []


@pytest.fixture
def narrow(browser: Chrome) -> Iterator[Chrome]:
    """The browser as wide as a telephone."""
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@each_page
def test_a_narrow_page_is_not_wider_than_its_window(narrow: Chrome, page: str) -> None:
    narrow.get((SITE / page).as_uri())
    assert narrow.execute_script("return document.documentElement.scrollWidth") <= 390


@each_page
def test_the_keyboard_leads_past_the_navigation_to_the_text(browser: Chrome, page: str) -> None:
    browser.get((SITE / page).as_uri())
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert browser.execute_script("return document.activeElement.getAttribute('href')") == "#main"
    ActionChains(browser).send_keys(Keys.ENTER).send_keys(Keys.TAB).perform()
    within = "return document.activeElement === document.body || document.querySelector('main').contains(document.activeElement)"
    assert browser.execute_script(within)


def test_pages_are_read_without_a_script(browser: Chrome) -> None:
    assert {page: found for page in PAGES if (found := opened(browser, page)["scripts"])} == {}
