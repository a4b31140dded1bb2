"""The explorer as a page on this machine, in a real browser, with the keyboard alone."""

import re
import sys
from collections.abc import Iterator

import pytest
from chromium import ROOT, Chrome, complaints, free_port, server, until, violations
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

PATIENCE_S = 120.0
CONTROLS = [
    "scenario",
    "network",
    "device",
    "link",
    "inferences per update K",
    "bits of an activation",
    "a second counts as [J]",
    "deadline [ms]",
]


@pytest.fixture(scope="module")
def page(browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The browser at the explorer, as `make explore` serves it."""
    folder, port = tmp_path_factory.mktemp("explorer"), free_port()
    command = [sys.executable, "-m", "coinfer.study.explorer_page", "--no-browser", f"--port={port}"]
    with server(command, f"http://localhost:{port}/static/voila.js", ROOT, folder / "log"):
        browser.get(f"http://localhost:{port}/")
        until(lambda: placements(browser), "the plans", PATIENCE_S)
        yield browser
        browser.get(
            "about:blank"
        )  # while the server is there: without it the page would complain, in the tests that follow
        complaints(browser)


def placements(browser: Chrome) -> dict[str, str]:
    """The placement that is shown for every rule."""
    rows = browser.execute_script(
        "return [...document.querySelectorAll('.coinfer-table')].slice(0, 1).flatMap(table =>"
        " [...table.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent)))"
    )
    return {rule: placement for rule, placement, *_ in rows}


def advice(browser: Chrome) -> str:
    try:
        return browser.find_element(By.CSS_SELECTOR, ".coinfer-advice").text
    except StaleElementReferenceException:  # it has just been written anew
        return ""


def control(browser: Chrome, label: str) -> str:
    """The kind of element that the keyboard is at, after it has been led to the control with that label."""
    for _ in range(40):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if browser.execute_script(NAME) == label:
            return str(browser.execute_script("return document.activeElement.tagName"))
    pytest.fail(f"the keyboard does not come to {label!r}")


NAME = "const at = document.activeElement; return at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent"


def test_it_asks_no_other_host_and_complains_of_nothing(page: Chrome) -> None:
    assert complaints(page) == []


def test_it_can_be_read_by_all(page: Chrome) -> None:
    assert violations(page) == []


def test_every_control_is_reached_by_keyboard_and_has_its_name(page: Chrome) -> None:
    reached = []
    page.execute_script("document.activeElement.blur()")
    for _ in range(20):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.append(page.execute_script(NAME))
    assert [name for name in dict.fromkeys(reached) if name in CONTROLS] == CONTROLS


def test_the_slider_changes_the_placement(page: Chrome) -> None:
    select = Select(page.find_element(By.CSS_SELECTOR, "select"))
    select.select_by_visible_text("remote-sensor")
    until(lambda: placements(page).get("optimal") == "5", "the plan of remote-sensor", PATIENCE_S)
    assert control(page, "inferences per update K") == "DIV"
    ActionChains(page).send_keys(Keys.HOME).perform()  # a download for each inference
    until(lambda: placements(page).get("optimal") == "0", "no layer is placed", PATIENCE_S)
    assert "Place 0 of 5 layers" in advice(page)
    ActionChains(page).send_keys(Keys.END).perform()
    until(lambda: placements(page).get("optimal") == "5", "all layers are placed", PATIENCE_S)
    assert re.search(r"Place 5 of 5 layers", advice(page))
    assert complaints(page) == []


def test_the_answer_is_read_out_as_it_changes(page: Chrome) -> None:
    live = page.find_element(By.CSS_SELECTOR, ".coinfer-answer [aria-live=polite]")
    before = live.text
    select = Select(page.find_element(By.CSS_SELECTOR, "select"))
    select.select_by_visible_text("city-camera" if "Place 0 of 18" not in before else "wearable")
    until(lambda: live.text not in ("", before), "another answer in the element that was there", PATIENCE_S)
    assert len(page.find_elements(By.CSS_SELECTOR, ".coinfer-answer [aria-live]")) == 1


def test_on_a_narrow_page_nothing_is_cut_off(page: Chrome) -> None:
    metrics = {"width": 420, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    ends = page.execute_script(
        "return [...document.querySelectorAll('.coinfer-advice, .coinfer-table, .coinfer-result img, select')]"
        ".map(element => element.getBoundingClientRect().right)"
    )
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(ends) > 6
    assert max(ends) <= 420
