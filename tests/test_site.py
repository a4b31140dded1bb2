"""The site: whole and linked, readable without a script or a network, and the old one stays until the new one is whole."""

import itertools
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from effort import beyond, exhaustive
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import coinfer
from coinfer.site import building, interface, markdown
from coinfer.site.__main__ import main
from coinfer.site.page import Page, Places, finished
from coinfer.validation import InputError

ROOT = Path(__file__).parents[1]
FIGURE = "30-placement-rules"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Tags(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str, name: str) -> list[str]:
        return [str(attributes[name]) for each, attributes in self.tags if each == tag and name in attributes]


def executed_notebook(number: str) -> nbformat.NotebookNode:
    """A notebook as the runner leaves it: a formula, a label, its figures with captions, a table, something printed."""
    drawn = new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"})
    captions = [f"**{path.stem}.** $J(M)$ <1> of all." for path in sorted((ROOT / "figures").glob(f"{number}-*.svg"))]
    shown = [[drawn, new_output("execute_result", {"text/markdown": each}, execution_count=1)] for each in captions]
    table = '<div><style scoped>.x {color: red}</style><table border="1" class="dataframe"><thead><tr><th></th><th>a</th></tr>'
    table += "</thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table></div>"
    return new_notebook(
        cells=[
            new_markdown_cell(r"# Placement" + "\n\n**How many?** $J(M) \\le \\arg\\min_M x$, by R6 and `R6`."),
            new_code_cell("out = '.'", metadata={"tags": ["injected-parameters"]}),
            *(new_code_cell("figure", outputs=outputs) for outputs in shown),
            new_code_cell("table", outputs=[new_output("execute_result", {"text/html": table}, execution_count=2)]),
            new_code_cell("print(1)", outputs=[new_output("stream", name="stdout", text="1 < 2\n")]),
            new_markdown_cell(
                "## Answer\n\n#### Deeper\n\n[the cost model](10-cost-model.ipynb), [it](../figures/30-placement-rules.svg)"
            ),
        ]
    )


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed figures, with notebooks that are said to have been executed."""
    folder = tmp_path_factory.mktemp("study") / "figures"
    shutil.copytree(ROOT / "figures", folder, ignore=shutil.ignore_patterns("executed", ".*"))
    (folder / "executed").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        nbformat.write(executed_notebook(path.stem[:2]), folder / "executed" / path.name)
    return folder


@pytest.fixture(scope="module", params=beyond(0, ["built"]))  # which takes ten seconds
def site(figures: Path) -> Path:
    out = figures.parent / "site"
    assert main(["--figures", str(figures), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Tags]:
    return {path.name: Tags(path.read_text("utf-8")) for path in sorted(site.glob("*.html"))}


def test_every_part_has_its_pages(pages: dict[str, Tags]) -> None:
    notebooks = {f"{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert (
        pages.keys() >= {"index.html", "findings.html", "figures.html", "proofs.html", "api-coinfer.html"} | notebooks
    )


def test_internal_links_lead_somewhere(site: Path, pages: dict[str, Tags]) -> None:
    places = {
        name: {attributes["id"] for _, attributes in page.tags if "id" in attributes} for name, page in pages.items()
    }
    dead = []
    for name, page in pages.items():
        for link in page.of("a", "href"):
            target, _, place = link.partition("#")
            if "://" not in target:
                target = target or name
                if not (site / target).is_file() or (place and place not in places.get(target, ())):
                    dead.append((name, link))
    assert dead == []


def test_nothing_is_asked_of_another_host_and_no_script_is_there(site: Path, pages: dict[str, Tags]) -> None:
    for page in pages.values():
        asked = [*page.of("img", "src"), *page.of("link", "href"), *page.of("script", "src"), *page.of("iframe", "src")]
        assert [address for address in asked if "://" in address or address.startswith("//")] == []
        assert "script" not in {tag for tag, _ in page.tags}
    assert "http" not in (site / "style.css").read_text()


def test_the_text_comes_before_the_list_of_all_pages(pages: dict[str, Tags]) -> None:
    for name, page in pages.items():
        order = [str(attributes.get("id") or attributes["href"]) for tag, attributes in page.tags if tag in ("main", "nav", "a")
                 and {attributes.get("id"), attributes.get("href")} & {"main", "all-pages", "#main", "#all-pages"}]  # fmt: skip
        assert order == ["#main", "#all-pages", "main", "all-pages"], name


def test_findings_tell_how_lenient_they_are(site: Path) -> None:
    page, gallery = (site / "findings.html").read_text("utf-8"), (ROOT / "figures" / "README.md").read_text("utf-8")
    reached = re.findall(r"What limits it is reached in \d+ of \d+ cases\.", gallery)
    assert len(reached) > 1
    assert re.findall(r"What limits it is reached in \d+ of \d+ cases\.", page) == reached
    assert re.search(r"of (\d+) claims \d+ by a single case", page)[0] in gallery


def test_headings_follow_one_another_from_one_first_heading(pages: dict[str, Tags]) -> None:
    for name, page in pages.items():
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1 == levels[0], name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name


def test_every_picture_has_its_caption_as_text(pages: dict[str, Tags]) -> None:
    for name, page in pages.items():
        told = [attributes.get("alt") for tag, attributes in page.tags if tag == "img"]
        assert all(told), name
    captions = [
        path.read_text("utf-8").strip()
        for path in (ROOT / "figures").glob("*-*.md")
        if path.with_suffix(".svg").exists()
    ]
    assert len(pages["figures.html"].of("img", "alt")) == len(captions)


def test_no_formula_is_left_in_latex(site: Path) -> None:
    for path in site.glob("*.html"):
        text = re.sub(r"<(code|pre)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\$[^$<]*\\[a-z]+[^$<]*\$|<merror|\\(?:frac|le|begin|arg|cr)\b", text), path.name
    assert (site / "proofs-placement.html").read_text("utf-8").count("<math") > 100


def test_a_notebook_shows_its_figures_as_they_were_saved(site: Path) -> None:
    text = (site / "30-placement.html").read_text("utf-8")
    assert f'<figure id="{FIGURE}"><img alt="J(M) &lt;1&gt; of all."' in text
    assert re.search(r"<figcaption>.*<math.*&lt;1&gt; of all", text)
    assert f'src="figures/{FIGURE}.svg"' in text
    assert "image/png" not in text
    assert "out = " not in text
    assert "1 &lt; 2" in text
    assert "scoped" not in text
    assert '<th scope="col">a</th>' in text


def test_labels_in_prose_lead_to_proofs_and_those_in_code_do_not(site: Path) -> None:
    text = (site / "30-placement.html").read_text("utf-8")
    assert text.count('<a href="proofs-placement.html#R6">R6</a>') == 1
    assert "<code>R6</code>" in text


def test_findings_link_figures_numbers_and_notebooks(pages: dict[str, Tags]) -> None:
    links = pages["findings.html"].of("a", "href")
    assert "figures.html#78-real-savings" in links
    assert "figures/78-real-savings.csv" in links
    assert any(link.startswith("78-real-scenarios.html") for link in links)
    assert any(link.startswith("proofs-") for link in links)
    shown = pages["figures.html"].of("a", "href")
    assert any(link.startswith("findings.html#claim-") for link in shown)
    assert any(link.startswith("30-placement.html#") for link in shown)


def test_every_public_name_has_its_docstring_there(pages: dict[str, Tags]) -> None:
    names = {attributes["id"] for tag, attributes in pages["api-coinfer.html"].tags if tag == "section"}
    assert names == {f"coinfer.{name}" for name in coinfer.__all__ if name != "channel"}


def test_docstrings_keep_their_examples_as_code() -> None:
    text = interface.docstring("One.\n\nTwo.\n\n>>> 1 + 1\n2\n")
    assert text.count("<p>") == 2
    assert "pre" in text
    assert "1 + 1" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)


@exhaustive
def test_equal_studies_give_equal_bytes(figures: Path, site: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    building.build(figures, again)
    for path in sorted(site.rglob("*.html")):
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_no_address_of_memory_stands_in_a_page(site: Path) -> None:
    said = {path.name: re.sub("<[^>]*>", "", path.read_text("utf-8")) for path in site.glob("*.html")}
    assert [name for name, text in said.items() if re.search(r" at 0x[0-9a-f]{6}", text)] == []


@exhaustive
def test_a_build_that_fails_leaves_the_old_site(figures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "style.css").write_text("old")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "_copy", fail)
    with pytest.raises(KeyboardInterrupt):
        building.build(figures, out)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (out / "style.css").read_text() == "old"


def test_a_folder_of_something_else_is_not_overwritten(figures: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").touch()
    with pytest.raises(InputError, match=r"letters.*is not a site"):
        building.build(figures, tmp_path / "letters")


def test_without_executed_notebooks_it_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--figures", str(tmp_path), "--out", str(tmp_path / "site")]) == 2
    assert "`make figures` makes them" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


LINKS = [  # written on a page made from figures/README.md, where it leads in the site
    ("30-placement-rules.svg", "figures/30-placement-rules.svg"),
    ("../notebooks/30-placement.ipynb#there", "30-placement.html#there"),
    ("#R6", "proofs-placement.html#R6"),
    ("https://arxiv.org/abs/2105.13618", "https://arxiv.org/abs/2105.13618"),
    ("/figures/README.md", "figures.html"),
    ("../nowhere.md", None),
]


@pytest.mark.parametrize(("link", "place"), LINKS)
def test_a_link_leads_to_the_page_of_what_it_names(link: str, place: str | None) -> None:
    files = {
        "figures/30-placement-rules.svg": "figures/30-placement-rules.svg",
        "notebooks/30-placement.ipynb": "30-placement.html",
    }
    places = Places(files | {"figures/README.md": "figures.html"}, {"R6": "proofs-placement.html#R6"})
    assert places.of(link, Page("figures.html", "", "", "Start", "figures/README.md")) == place


def test_what_has_no_place_is_named_and_not_linked() -> None:
    page = Page("one.html", "", '<h2>One</h2><a href="gone.md">gone</a><h5>Two</h5><h2>One</h2>', "Start", "README.md")
    body, contents = finished(page, Places())
    assert body == '<h1 id="one">One</h1><span>gone</span><h2 id="two">Two</h2><h2 id="one-1">One</h2>'
    assert contents == [("Two", "two"), ("One", "one-1")]


FORMULAS = [
    (r"\begin{aligned} a & = b \cr & \le c \end{aligned}", "mtable"),
    (r"\arg\min_M J", "min"),
    (r"\frac{1}{2}", "mfrac"),
]


@pytest.mark.parametrize(("latex", "part"), FORMULAS)
def test_formulas_become_mathml(latex: str, part: str) -> None:
    made = markdown.html(f"$$\n{latex}\n$$")
    assert part in made
    assert not re.search(r">\s*(&amp;|\\)", made)


def test_a_graph_is_told_as_its_arrows() -> None:
    graph = 'flowchart LR\n  a["<b>one</b>"] --> b\n  b["two"] --> c(["three"])'
    assert "one</b> &rarr; two" in markdown.html(f"```mermaid\n{graph}\n```")
