"""A page of the site, and what all pages have in common: where links lead, and headings, tables and words put right for all readers."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from urllib.parse import urldefrag, urlsplit

from coinfer.validation import needs

with needs("pages"):
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString, Tag

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
LABEL = re.compile(r"\b[RNL]\d+[a-z]?\b")
NOT_PROSE = {"a", "code", "pre", "h1", "h2", "h3", "style", "summary"}  # labels in these are left alone
FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A page before its links are put right: `body` is HTML whose links lead from `source`, a file of the repository.

    A link that begins with / leads from the repository's top.
    """

    name: str  # of its file in the site
    title: str
    body: str
    section: str  # of the navigation
    source: str
    short: str = ""  # its name in the navigation, if not the title


@dataclass
class Places:
    """Where what pages link to stands in the site: files of the repository, labels of proofs, and what is copied as it is."""

    files: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def of(self, link: str, page: Page) -> str | None:
        """Where a link on a page leads in the site; None if what it names is not there."""
        address, fragment = urldefrag(link)
        if urlsplit(link).scheme:
            return link
        if not address:
            return self.labels.get(fragment, link)
        path = posixpath.normpath(posixpath.join("/", posixpath.dirname(page.source), address)).lstrip("/")
        found = self.files.get(path)
        if found is None or not fragment or "#" in found:
            return found
        return self.labels.get(fragment, f"{found}#{fragment}")


def finished(page: Page, places: Places) -> tuple[str, list[tuple[str, str]]]:
    """The body of a page for the site, and its second headings, each with its place."""
    formulas: list[str] = []

    def kept(found: re.Match[str]) -> str:
        formulas.append(found[0])
        return f"<x-formula n={len(formulas) - 1}></x-formula>"

    soup = BeautifulSoup(FORMULA.sub(kept, page.body), "html.parser")
    contents = _headings(soup)
    for number, table in enumerate(soup.find_all("table"), 1):
        _table(soup, table, number)
    _labels(soup, places, page)
    _links(soup, places, page)
    body = re.sub(r'<x-formula n="(\d+)"></x-formula>', lambda found: formulas[int(found[1])], str(soup))
    return body, contents


def _headings(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Levels follow one another without a gap, the first being the page's only h1; each heading has a place of its own."""
    above: list[int] = []
    taken = {str(tag["id"]) for tag in soup.find_all(id=True)}
    contents = []
    for heading in soup.find_all(HEADINGS):
        level = int(heading.name[1])
        while above and above[-1] >= level and len(above) > 1:
            above.pop()
        above.append(level)
        heading.name = f"h{min(len(above), 6)}"
        if not heading.get("id"):
            place = slug(heading.get_text())
            heading["id"] = next(name for name in chain([place], (f"{place}-{n}" for n in count(1))) if name not in taken)
            taken.add(str(heading["id"]))
        if heading.name == "h2":
            contents.append((" ".join(heading.get_text().split()), str(heading["id"])))
    return contents


def slug(text: str) -> str:
    """The place of a heading, as GitHub makes it.

    >>> slug("Two commands, or 3?")
    'two-commands-or-3'
    """
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text.strip().lower())) or "part"


def _table(soup: BeautifulSoup, table: Tag, number: int) -> None:
    """Headers with their scope, no looks of its own, and a frame that a keyboard can scroll."""
    for tag in [table, *table.find_all(True)]:
        for name in ("border", "style", "class"):
            del tag[name]
    head = table.find("thead")
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"  # a corner heads nothing
        elif "scope" not in cell.attrs:
            cell["scope"] = "col" if isinstance(head, Tag) and head in cell.parents else "row"
    around = table.parent
    for style in around.find_all("style", recursive=False) if isinstance(around, Tag) else ():
        style.decompose()
    if isinstance(around, Tag) and around.get("role") == "region":
        return
    caption = table.find("caption")
    said = caption.get_text(" ", strip=True) if isinstance(caption, Tag) else _before(table)
    said = f"table {number}: {said}"
    table.wrap(soup.new_tag("div", attrs={"class": "wide", "role": "region", "tabindex": "0", "aria-label": said}))


def _before(table: Tag) -> str:
    """What a table without a caption is called: after the heading above it."""
    heading = table.find_previous(HEADINGS)
    return heading.get_text(" ", strip=True) if isinstance(heading, Tag) else "of this page"


def _labels(soup: BeautifulSoup, places: Places, page: Page) -> None:
    """Labels of claims in prose lead to their proofs."""
    for text in list(soup.find_all(string=LABEL)):
        if type(text) is NavigableString and not any(tag.name in NOT_PROSE for tag in text.parents):
            parts = _linked(str(text), places.labels, page.name)
            if "<a " in parts:
                text.replace_with(BeautifulSoup(parts, "html.parser"))


def _linked(text: str, labels: Mapping[str, str], own: str) -> str:
    """A text as HTML, with links where it names labels that have a place."""

    def link(found: re.Match[str]) -> str:
        place = labels.get(found[0])
        return f'<a href="{place.removeprefix(own) if place.startswith(own + "#") else place}">{found[0]}</a>' if place else found[0]

    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LABEL.sub(link, safe)


def _links(soup: BeautifulSoup, places: Places, page: Page) -> None:
    """Links lead to pages of the site; what has no place there is named, not linked."""
    own = set(places.labels.values())
    for link in soup.find_all("a", href=True):
        target = str(link["href"])
        if target in own or f"{page.name}{target}" in own:
            continue
        place = places.of(target, page)
        if place is None:
            link.name = "span"
            del link["href"]
        else:
            link["href"] = place
    for image in soup.find_all("img", src=True):
        place = places.of(str(image["src"]), page)
        if place is not None:
            image["src"] = place.partition("#")[0] if "#" in place else place
