"""What the browser tests have in common: Debian's Chromium without a window, and the local servers that it is pointed at."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
QUIET = (  # what a browser does by itself would ask other hosts
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb",
)  # fmt: skip
# "chrome": the browser's own pages
LOCAL = (
    "chrome",
    "file:",
    "data:",
    "blob:",
    "http://localhost",
    "http://127.0.0.1",
    "ws://localhost",
    "ws://127.0.0.1",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def program(name: str) -> str:
    """The path of Chromium or its driver; ends the tests if there is none, and says what to install."""
    found = shutil.which(name)
    if found is None:
        pytest.exit(
            f"{name} is missing: apt install chromium chromium-driver (or your system's packages)", returncode=4
        )
    return found


@contextmanager
def chromium(profile: Path, *, width: int = 1280, height: int = 900) -> Iterator[Chrome]:
    """A browser with an empty profile that logs its console and its requests."""
    options = ChromeOptions()
    options.binary_location = program("chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root has none
    for argument in (*QUIET, *sandbox, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, Service(program("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        driver.set_script_timeout(120)
        driver.get("about:blank")
        complaints(driver)  # of the browser's own first page: reading the logs empties them
        yield driver
    finally:
        driver.quit()


def complaints(browser: Chrome) -> list[str]:
    """Errors on the console, requests that failed, and requests to other hosts since the last call."""
    said = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    asked: dict[str, str] = {}
    for entry in browser.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        told, number = event["params"], event["params"].get("requestId", "")
        if event["method"] == "Network.requestWillBeSent":
            asked[number] = told["request"]["url"]
            if not asked[number].startswith(LOCAL):
                said.append(f"asked another host: {asked[number]}")
        elif event["method"] == "Network.webSocketCreated" and not told["url"].startswith(LOCAL):
            said.append(f"asked another host: {told['url']}")
        elif event["method"] == "Network.responseReceived" and told["response"]["status"] >= 400:
            said.append(f"{told['response']['status']}: {told['response']['url']}")
        elif event["method"] == "Network.loadingFailed" and not told.get("canceled"):
            said.append(f"{told['errorText']}: {asked.get(number, number)}")
    return said


def violations(browser: Chrome, within: str | None = None) -> list[str]:
    """What axe-core finds wrong with a page, or with the element that a CSS selector names: rule, element, why."""
    browser.execute_script(AXE.read_text("utf-8"))
    found: dict[str, Any] = browser.execute_async_script(
        """const [context, tags, done] = arguments;
        axe.run(context ?? document, {runOnly: tags, resultTypes: ['violations'], preload: false}).then(done, error => done({error: `${error}`}));""",
        within,
        WCAG,
    )
    assert "error" not in found, found["error"]
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def dark(browser: Chrome, on: bool) -> None:
    """Let pages see that their reader prefers a dark background, or a light one."""
    feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def until(met: Callable[[], Any], what: str, patience_s: float = 60.0) -> Any:
    """What `met` returns as soon as it is true; fails with `what` if it never is."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.2)
    pytest.fail(f"not within {patience_s:g} s: {what}")


def free_port() -> int:
    """A port of this machine that no server has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def server(command: list[str], url: str, folder: Path, log: Path, **environment: str) -> Iterator[str]:
    """A server that runs in `folder` and answers at `url`; it and all that it started are stopped at the end."""
    with log.open("wb") as said:
        inherited: Mapping[str, str] = os.environ
        running = subprocess.Popen(
            command, cwd=folder, env={**inherited, **environment}, stdout=said, stderr=said, start_new_session=True
        )
    try:
        until(lambda: running.poll() is not None or _answers(url), f"an answer from {url}")
        assert running.poll() is None, log.read_text()
        yield url
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except HTTPError:  # it is there, and has not this page
        return True
    except OSError:
        return False
