"""Writes the site: all pages laid out by one template, with what they link to, beside the old one and then in its place."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from coinfer.site import findings, interface, notebooks, proofs, texts
from coinfer.site.page import Page, Places, finished
from coinfer.validation import InputError, needs

with needs("pages"):
    import jinja2

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = ("Start", "Notebooks", "Proofs", "Interface", "Project")
FIRST = ("06-plan-your-own", "98-where-this-does-not-help", "05-explore")  # notebooks that stand at the start of the navigation
COPIED = (".svg", ".pdf", ".csv", ".tex", ".md")
LONG = 4  # headings from which on a page has a list of contents


def build(figures: Path, out: Path) -> int:
    """Write the site of a study whose files are in `figures` into the folder `out`; return how many pages it has.

    Raises `InputError` if notebooks have not been executed, or if `out` holds anything but a site.
    """
    if out.exists() and not (out / "style.css").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"out = {str(out)!r}: is not a site; should be an empty or a new folder, or one with a site to replace")
    pages, places = collected(figures)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
        new = Path(beside) / "new"
        new.mkdir()
        _write(pages, places, new)
        _copy(figures, new)
        if out.exists():
            os.replace(out, Path(beside) / "old")
        os.replace(new, out)
    return len(pages)


def collected(figures: Path) -> tuple[list[Page], Places]:
    """All pages in the order of the navigation, and where the files of the repository stand among them."""
    made = notebooks.pages(figures / "executed")
    proved, labels = proofs.pages(figures)
    start = [findings.findings_page(figures), findings.figures_page(figures)]
    pages = [*texts.pages(ROOT), *start, *map(_at_start, made), *proved, *interface.pages()]
    order = {name: number for number, name in enumerate(f"{first}.html" for first in FIRST)}
    pages.sort(key=lambda page: (SECTIONS.index(page.section), page.name != "index.html", order.get(page.name, len(order))))
    places = Places({page.name: page.name for page in pages}, labels)
    places.files |= {page.source: page.name for page in pages if page.source.endswith((".md", ".ipynb"))}
    places.files |= {findings.GALLERY: findings.FIGURES, proofs.SOURCE: proofs.INDEX, "coinfer/scenarios": texts.SCENARIOS}
    places.files |= {f"figures/{path.name}": f"figures/{path.name}" for path in _figures(figures)}
    places.files |= {str(path.relative_to(ROOT)): f"source/{path.relative_to(ROOT)}.txt" for path in _sources()}
    return pages, places


def _at_start(page: Page) -> Page:
    first = page.name.removesuffix(".html") in FIRST
    return replace(page, section="Start", short=page.title) if first else page


def _figures(figures: Path) -> Iterable[Path]:
    return (path for path in sorted(figures.iterdir()) if path.suffix in COPIED and path.name != "README.md")


def _sources() -> Iterable[Path]:
    """The texts of the package and of the top, for reading."""
    package = ROOT / "coinfer"
    found = [path for kind in ("*.py", "*.csv", "*.yml", "*.txt") for path in package.rglob(kind)]
    return sorted([*found, ROOT / "LICENSE", ROOT / "CITATION.cff", ROOT / "Makefile", ROOT / "pyproject.toml"])


def _write(pages: list[Page], places: Places, out: Path) -> None:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    template = environment.get_template("page.html.jinja2")
    navigation = {section: [page for page in pages if page.section == section] for section in SECTIONS}
    for page in pages:
        body, contents = finished(page, places)
        beside = navigation[page.section]
        number = beside.index(page)
        text = template.render(
            page=page,
            body=body,
            contents=contents if len(contents) >= LONG else [],
            navigation=navigation,
            before=beside[number - 1] if number else None,
            after=beside[number + 1] if number + 1 < len(beside) else None,
        )
        (out / page.name).write_text(text + "\n", encoding="utf-8", newline="\n")
    style = (TEMPLATES / "style.css").read_text("utf-8")
    (out / "style.css").write_text(style, encoding="utf-8", newline="\n")


def _copy(figures: Path, out: Path) -> None:
    (out / "figures").mkdir()
    for path in _figures(figures):
        shutil.copyfile(path, out / "figures" / path.name)
    for path in _sources():
        target = out / "source" / f"{path.relative_to(ROOT)}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
