"""Markdown as HTML, its mathematics as MathML made beforehand, so that pages need no script to be read."""

import re
from html import escape

from coinfer.validation import needs

with needs("pages"):
    from latex2mathml.converter import convert
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

# what latex2mathml leaves as it stands, in words that it knows
KNOWN = {
    r"\arg": r"\operatorname{arg}", r"\cr": r"\\", "{aligned}": "{align*}",
    r"\thinspace": r"\,", r"\thickspace": r"\;", r"\negthinspace": r"\!", r"\space": r"\ ",
}  # fmt: skip
SCROLLS = 'tabindex="0" role="group" aria-label="formula"'  # by keyboard as well
LONG = 40  # letters of a formula in a line of text, from which on it may be wider than a narrow page
_TO_KNOW = re.compile("|".join(re.escape(text) + r"(?![A-Za-z])" for text in KNOWN))


class _Renderer(IPythonRenderer):
    """nbconvert's, with mathematics as MathML."""

    def block_math(self, body: str) -> str:
        return f'<span class="formula" {SCROLLS}>{mathml(body, "block")}</span>'

    def inline_math(self, body: str) -> str:
        formula = mathml(body, "inline")
        return formula if len(body) < LONG else f'<span class="formula inside" {SCROLLS}>{formula}</span>'

    def block_code(self, text: str, info: str | None = None) -> str:
        language = (info or "text").split(" ")[0]
        return arrows(text) if language == "mermaid" else code(text, language)

    def multiline_math(self, body: str) -> str:
        return self.block_math(body)


def html(text: str) -> str:
    """Markdown as HTML; formulas between dollar signs as MathML.

    >>> html("as *said*").strip()
    '<p>as <em>said</em></p>'
    """
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(text))


def mathml(formula: str, display: str) -> str:
    """A formula in LaTeX as MathML; `display` is "inline" or "block"."""
    known = _TO_KNOW.sub(lambda found: KNOWN[found[0]], formula)
    return str(convert(" ".join(known.split()), display=display))


_NODE = re.compile(r'(\w+)[\[(]+"(.*?)"[\])]+')


def arrows(graph: str) -> str:
    """A graph in Mermaid, which only a script could draw, as the list of its arrows, each node told once.

    >>> arrows('flowchart LR\\n  a["one"] --> b["two"]')
    '<ul class="arrows"><li>one &rarr; two</li></ul>'
    """
    told = {name: " ".join(re.sub(r"<br>", " ", words).split()) for name, words in _NODE.findall(graph)}
    chains = [line.split("-->") for line in graph.splitlines() if "-->" in line]
    items = [" &rarr; ".join(_told(node, told) for node in chain) for chain in chains]
    return f'<ul class="arrows">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _told(node: str, told: dict[str, str]) -> str:
    name = re.match(r"\s*(\w+)", node)
    return told.get(name[1], name[1]) if name else node


def code(text: str, language: str = "python") -> str:
    """Code with its words marked, for the style sheet to colour; it can be scrolled by keyboard."""
    marked = highlight(text, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    return f'<pre class="code" tabindex="0"><code>{marked.rstrip()}</code></pre>'


def plain(text: str) -> str:
    """Text as it was printed; it can be scrolled by keyboard."""
    return f'<pre class="printed" tabindex="0">{escape(text.rstrip())}</pre>'
