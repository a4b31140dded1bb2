"""Executed notebooks as pages: text, code, and what the code showed; figures as they were saved, with their captions."""

import re
from html import escape
from pathlib import Path
from typing import Any

from coinfer.site import markdown
from coinfer.site.page import Page
from coinfer.validation import InputError, needs

with needs("pages"):
    import nbformat
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors import Preprocessor

TEMPLATES = Path(__file__).parent / "templates"
CAPTION = re.compile(r"\*\*(\d\d-[\w-]+)\.\*\* (.+)", re.DOTALL)  # as `figures.save` returns it


class Figures(Preprocessor):
    """A picture whose caption follows it becomes the figure that was saved, which is sharp and can be read out."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """The cell with a figure in place of picture and caption."""
        if cell.cell_type == "code":
            captions = [found for output in cell.outputs if (found := CAPTION.fullmatch(_markdown(output)))]
            for found in captions:
                cell.outputs = [each for each in cell.outputs if "image/png" not in each.get("data", {})]
                for output in cell.outputs:
                    if _markdown(output) == found[0]:
                        output["data"] = {"text/html": figure(found[1], found[2])}
        return cell, resources


def _markdown(output: Any) -> str:
    return str(output.get("data", {}).get("text/markdown", ""))


def figure(name: str, caption: str) -> str:
    """A figure by its name, with its caption, and links to its numbers and a file to print."""
    said = escape(" ".join(re.sub(r"[$\\`]", "", caption).split()))
    told = re.sub(r"</?p>", "", markdown.html(escape(caption, quote=False))).strip()
    return (
        f'<figure id="{name}"><img src="/figures/{name}.svg" alt="{said}"><figcaption><strong>{name}.</strong> {told} '
        f'<a href="/figures/{name}.csv">Numbers of {name}</a>, <a href="/figures/{name}.pdf">PDF of {name}</a></figcaption></figure>'
    )


def pages(folder: Path) -> list[Page]:
    """A page for every notebook in a folder of executed ones. Raises `InputError` if there is none."""
    paths = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    if not paths:
        raise InputError(f"{folder}: holds no executed notebook; `make figures` makes them")
    exporter = _exporter()
    return [_page(path, exporter) for path in paths]


def _page(path: Path, exporter: Any) -> Page:
    notebook = nbformat.read(path, as_version=4)
    given = [cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]  # as the runner needs
    notebook.cells = [cell for cell in notebook.cells if cell not in given]
    body, _ = exporter.from_notebook_node(notebook)
    title = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE)
    return Page(
        f"{path.stem}.html",
        title[1] if title else path.stem,
        body,
        "Notebooks",
        f"notebooks/{path.name}",
        short=f"{path.stem[:2]} {title[1] if title else path.stem}",
    )


def _exporter() -> Any:
    exporter = HTMLExporter(
        template_name="coinfer", extra_template_basedirs=[str(TEMPLATES)], preprocessors=[Figures], sanitize_html=False
    )
    exporter.register_filter("as_html", markdown.html)
    exporter.register_filter("as_code", markdown.code)
    exporter.register_filter("as_printed", lambda text: markdown.plain(re.sub(r"\x1b\[[0-9;]*m", "", text)))
    return exporter
