"""A formula that is quoted names the claim that proves it, and the claim exists."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from coinfer.derivations import labels, topics

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "coinfer").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LABEL = re.compile(r"\b[RLN]\d+[a-z]?\b")
# an equation whose right side is computed: 'x = a + b' or 'y = sum_i z_i', but not 'n = 0..N'
EQUATION = re.compile(r"(?<![<>!=]) = [^=.;:]*?([+*^/] |/|\bprod_|\bsum_|\bmin\(|\bE\[)")
QUOTING = ("laws", "fading", "stopping", "placement", "coupling", "memory")
DEFINING = ("10-cost-model",)  # what the claims start from

by_name = {"ids": lambda path: path.stem}


def prose(path: Path) -> str:
    """Comments and strings of a module."""
    with path.open("rb") as source:
        tokens = [
            token.string
            for token in tokenize.tokenize(source.readline)
            if token.type in (tokenize.COMMENT, tokenize.STRING)
        ]
    return "\n".join(tokens)


def cells(path: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(path, as_version=4).cells


@pytest.mark.parametrize("path", SOURCES, **by_name)
def test_module_names_only_claims_that_exist(path: Path) -> None:
    assert set(LABEL.findall(prose(path))) - set(labels()) == set()


@pytest.mark.parametrize("path", [*NOTEBOOKS, ROOT / "README.md"], **by_name)
def test_text_names_only_claims_that_exist(path: Path) -> None:
    text = path.read_text() if path.suffix == ".md" else "\n".join(cell.source for cell in cells(path))
    assert set(LABEL.findall(text)) - set(labels()) == set()


def public_docstrings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name and docstring of each public class and function; a method's with that of its class."""

    def of(parent: ast.Module | ast.ClassDef, above: str) -> Iterator[tuple[str, str]]:
        for node in parent.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                own = ast.get_docstring(node) or ""
                yield node.name, own + "\n" + above if EQUATION.search(own) else ""
                if isinstance(node, ast.ClassDef):
                    yield from of(node, own)

    return of(tree, "")


@pytest.mark.parametrize("name", QUOTING)
def test_docstring_with_a_formula_names_its_claim(name: str) -> None:
    found = public_docstrings(ast.parse((ROOT / "coinfer" / f"{name}.py").read_text()))
    assert [function for function, text in found if text and not LABEL.search(text)] == []


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem not in DEFINING], **by_name)
def test_cell_with_a_displayed_formula_names_its_claim(path: Path) -> None:
    shown = [cell.source for cell in cells(path) if cell.cell_type == "markdown" and "$$" in cell.source]
    assert [text for text in shown if not LABEL.search(text)] == []


def test_formulas_are_recognised() -> None:
    quoted = [
        "A_n = delta_{n+1} + v_{n+1}",
        "pi_n = prod_{i<n} P(o_i X > A_i)",
        "X = a + b / g",
        "x = A_n/o_n",
        "v = E[min(a, b)]",
    ]
    plain = [
        "for every placement M = 0..N; shape (..., N+1)",
        "P(o X <= A)",
        "at n = M; a / b",
        "stop iff o X >= A + 1",
    ]
    assert all(EQUATION.search(text) for text in quoted)
    assert not any(EQUATION.search(text) for text in plain)


def test_the_package_does_quote_formulas() -> None:
    quoting = [
        text for name in QUOTING for _, text in public_docstrings(ast.parse((ROOT / f"coinfer/{name}.py").read_text()))
    ]
    assert sum(bool(text) for text in quoting) >= 5


def test_topics_hold_every_claim_once() -> None:
    assert [each.label for some in topics().values() for each in some] == list(labels())
