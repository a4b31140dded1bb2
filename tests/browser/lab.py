"""Notebooks run to the end in JupyterLab, as a reader runs them: opened, all cells run from the menu, saved."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from chromium import ROOT, Chrome, complaints, free_port, server, until
from nbformat.reader import NotJSONError
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

NOTEBOOKS = ["05-explore", "30-placement"]
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """JupyterLab on a copy of the notebooks, with no settings but its own and no news: its address and the folder."""
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    (home / "labconfig").mkdir()
    without_news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (home / "labconfig" / "page_config.json").write_text(json.dumps(without_news))
    port = free_port()
    options = {"port": port, "port_retries": 0, "root_dir": folder, "allow_root": True, "open_browser": False}
    command = [sys.executable, "-m", "jupyterlab", "--IdentityProvider.token=", "--LabApp.extension_manager=readonly"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    jupyter = [f"JUPYTER{what}_DIR" for what in ("_CONFIG", "_DATA", "_RUNTIME", "LAB_WORKSPACES", "LAB_SETTINGS")]
    homes = dict.fromkeys([*jupyter, "IPYTHONDIR"], str(home))  # nothing of the reader's own
    with server(command, f"http://127.0.0.1:{port}/lab", folder, home / "log", **homes) as url:
        yield url, folder


def click(browser: Chrome, selector: str, text: str = "") -> None:
    """Click on the element that a CSS selector finds, with that text in it, as soon as it is shown."""

    def clicked() -> bool:
        with suppress(WebDriverException):  # it was drawn anew, or is not in reach yet
            for element in browser.find_elements(By.CSS_SELECTOR, selector):
                if element.is_displayed() and text in element.text:
                    element.click()
                    return True
        return False

    until(clicked, f"a click on {selector} {text}")


def saved(path: Path) -> list[nbformat.NotebookNode]:
    """The cells of code as they were saved last, none while it is being written: out of sight they are not in the page."""
    with suppress(NotJSONError):
        return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return []


def errors(cells: list[nbformat.NotebookNode]) -> list[str]:
    """The error outputs of cells."""
    outputs = [output for cell in cells for output in cell.outputs]
    return [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_jupyterlab_runs_a_notebook_to_its_end_without_an_error(
    browser: Chrome, lab: tuple[str, Path], name: str
) -> None:
    url, folder = lab
    path = folder / f"{name}.ipynb"

    def idle() -> bool:
        return bool(browser.find_elements(By.CSS_SELECTOR, '.jp-Notebook-ExecutionIndicator[data-status="idle"]'))

    def ended() -> list[nbformat.NotebookNode]:
        ActionChains(browser).key_down(Keys.CONTROL).send_keys("s").key_up(Keys.CONTROL).perform()
        cells = saved(path)
        return cells if idle() and (errors(cells) or all(cell.execution_count for cell in cells)) else []

    browser.get(f"{url}/tree/{name}.ipynb?reset")
    until(idle, "a kernel", PATIENCE_S)
    click(browser, ".lm-MenuBar-item", "Run")
    click(browser, '.lm-Menu-item[data-command="runmenu:run-all"]')
    cells = until(ended, f"the last cell of {name}", PATIENCE_S)
    assert errors(cells) == []
    assert any(cell.outputs for cell in cells)
    assert complaints(browser) == []
    browser.get(
        "about:blank"
    )  # while the server is there: without it the page would complain, in the tests that follow
    complaints(browser)
