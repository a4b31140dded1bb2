"""The derivations as pages, one a topic, and where each label stands."""

import re
from pathlib import Path

from coinfer.site import markdown
from coinfer.site.page import Page

INDEX = "proofs.html"
SOURCE = "figures/derivations.md"
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_TOPIC = re.compile(r'^## <a id="(\w+)"></a>(.+)$', re.MULTILINE)


def pages(folder: Path) -> tuple[list[Page], dict[str, str]]:
    """An index with the definitions, and a page for each topic; with them the place of every label, definition and topic."""
    text = (folder / "derivations.md").read_text("utf-8")
    heads = list(_TOPIC.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found = [_page(INDEX, "Derivations", text[: heads[0].start()])]
    places = {label: f"{INDEX}#{label}" for label in _ANCHOR.findall(text[: heads[0].start()])}
    for head, end in zip(heads, ends, strict=True):
        name, part = f"proofs-{head[1].replace('_', '-')}.html", text[head.start() : end]
        found.append(_page(name, f"Derivations: {head[2]}", part.replace("## ", "# ", 1)))
        places |= {label: f"{name}#{label}" for label in _ANCHOR.findall(part)} | {head[1]: name}
    return found, places


def _page(name: str, title: str, text: str) -> Page:
    """Anchors of headings become those of the headings themselves."""
    body = re.sub(
        r"<(h\d)><a id=\"([^\"]+)\"></a>", r'<\1 id="\2">', markdown.html(text)
    )
    return Page(name, title, body, "Proofs", SOURCE, short=title.removeprefix("Derivations: "))
