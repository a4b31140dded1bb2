"""The repository's own texts as pages: the README, how to contribute, what changed, and the scenarios that come with the package."""

import re
from html import escape
from pathlib import Path

from coinfer.site import markdown
from coinfer.site.page import Page
from coinfer.scenario import scenario_names, scenario_text

TEXTS = {  # file, its page, the section of the navigation, its name there
    "README.md": ("index.html", "Start", "Home"),
    "CONTRIBUTING.md": ("contributing.html", "Project", "Contributing"),
    "CHANGELOG.md": ("changelog.html", "Project", "Changes"),
}
SCENARIOS = "scenarios.html"


def pages(root: Path) -> list[Page]:
    """The texts of a repository at `root`, and its scenarios."""
    return [_text(root, file, *place) for file, place in TEXTS.items()] + [_scenarios()]


def _text(root: Path, file: str, name: str, section: str, short: str) -> Page:
    body = markdown.html((root / file).read_text("utf-8"))
    title = re.search(r"<h1>(.*?)</h1>", body)
    return Page(name, re.sub(r"<[^>]+>", "", title[1]) if title else short, body, section, file, short=short)


def _scenarios() -> Page:
    parts = ["<h1>Scenarios</h1><p>As they come with the package; a file of your own may look like these.</p>"]
    for name in scenario_names()[1:]:  # without "default", another name of one
        parts.append(f'<h2 id="{name}">{escape(name)}</h2>{markdown.code(scenario_text(name), "yaml")}')
    return Page(SCENARIOS, "Scenarios", "".join(parts), "Interface", "coinfer/scenarios/")
