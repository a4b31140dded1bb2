"""The page of derivations says all that the claims say, and the graph of claims shows what they use."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from coinfer.derivations import TOPICS, Claim, Result, Use, claim, labels
from coinfer.derivations.engine.claim import all_steps
from coinfer.derivations.engine.definitions import DEFINITIONS
from coinfer.study import claim_graph
from coinfer.study.figures import plt, save_text
from coinfer.study.proof_page import maths, page, section

FIGURES = Path(__file__).parents[1] / "figures"
COMMITTED = (FIGURES / "derivations.md").read_text("utf-8")
AGAINST = re.compile(r", \*false at\* `[^`\n]+`$", re.MULTILINE)  # the values that refute a wrong variant

each_label = pytest.mark.parametrize("label", labels())


def committed(label: str) -> str:
    """The section of a claim on the committed page, up to the next heading."""
    _, after = COMMITTED.split(f'### <a id="{label}"></a>{label}\n')
    return re.split(r"^##", after, maxsplit=1, flags=re.MULTILINE)[0]


def facts(part: Any) -> Iterator[Use]:
    """Every fact in a claim's steps and restatement, found without the engine's own way through a derivation."""
    if isinstance(part, Use):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from facts(each)
    elif is_dataclass(part) and not isinstance(part, type):
        for each in fields(part):
            yield from facts(getattr(part, each.name))


@cache
def used(label: str) -> frozenset[str]:
    cited = (each.source for each in facts((claim(label).steps, claim(label).restatement)))
    return frozenset(source.label for source in cited if isinstance(source, Claim))


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_committed_page_is_what_the_claims_give() -> None:
    assert AGAINST.sub("", COMMITTED) == page()


@each_label
def test_a_section_says_all_that_the_claim_says(label: str) -> None:
    text, steps = committed(label), list(all_steps(claim(label).steps))
    assert f"$$\n{maths(claim(label).statement)}\n$$" in text
    assert claim(label).status in text
    reasons = re.findall(r"^\d+\. .(.*)", text, re.MULTILINE)  # the first letter is a capital there
    assert len(reasons) == len(steps) == text.count("&& (")
    assert all(any(said.startswith(step.reason[1:]) for said in reasons) for step in steps)
    assert "NOT" not in text


@each_label
def test_every_wrong_variant_is_there_with_the_values_that_refute_it(label: str) -> None:
    folded = committed(label).split("<details>")[1]
    lines = [line for line in folded.splitlines() if line.startswith("- ")]
    assert len(lines) == len(claim(label).mutants)
    for line, mutant in zip(lines, claim(label).mutants, strict=True):
        assert line.startswith(f"- {mutant.change}: $")
        assert AGAINST.search(line)


@each_label
def test_a_section_links_every_fact_it_uses(label: str) -> None:
    proof = committed(label).split("<details>")[0]
    definitions = {each.source for each in facts(claim(label).steps) if each.source in DEFINITIONS}
    assert {fact for fact in used(label) if f"[{fact}](#{fact})" not in proof} == set()
    assert {name for name in definitions if f"[{name}](#definition-" not in proof} == set()


def test_every_link_leads_to_an_anchor_of_its_own() -> None:
    anchors = Counter(re.findall(r'<a id="([^"]+)"></a>', COMMITTED))
    assert set(re.findall(r"\]\(#([^)]*)\)", COMMITTED)) - set(anchors) == set()
    assert set(anchors.values()) == {1}
    assert set(labels()) <= set(anchors)


def test_mathematics_is_balanced_and_left_alone_by_markdown() -> None:
    assert COMMITTED.count("$$") % 2 == 0
    outside = "".join(COMMITTED.split("$$")[0::2])
    assert all(line.count("$") % 2 == 0 for line in outside.splitlines())
    shown = [*COMMITTED.split("$$")[1::2], *outside.split("$")[1::2]]
    assert len(shown) > len(labels())
    for formula in shown:
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\left") == formula.count(r"\right")
        assert not re.search(r"[<>|*]|\\[^a-zA-Z]", formula)
    assert all(formula == formula.strip() for formula in outside.split("$")[1::2])


def test_displays_and_folds_stand_between_blank_lines() -> None:
    blocks = re.split(r"\n\n+", COMMITTED.strip())
    assert all(block.count("$$") in (0, 2) for block in blocks)
    assert all(block.startswith("$$\n") and block.endswith("\n$$") for block in blocks if "$$" in block)
    folds = [block for block in blocks if "details>" in block]
    assert Counter(fold.split("<summary>")[0] for fold in folds) == {
        "<details>": len(labels()),
        "</details>": len(labels()),
    }


def test_an_induction_states_its_hypothesis() -> None:
    assert "*Step*, with the hypothesis $v_{n + 1}^{(M + 1)} \\le v_{n + 1}^{(M)}$:" in section(
        claim("R5")
    )  # downwards
    assert "*Base*, $n = M$:" in section(claim("R5"))
    assert "*Step*, with the hypothesis $V_{k} \\ge o x$:" in section(claim("R9d"))  # upwards
    assert "*Base*, $k = 0$:" in section(claim("R9d"))


def test_a_result_is_told() -> None:
    change = claim("R6").mutants[0].change
    refused = Result(True, 1, ((change, "M = 0: 1 = 2 is false"),), True, 0.0, ())
    assert "*false at* `M = 0: 1 = 2 is false`" in section(claim("R6"), refused)
    failed = Result(False, 1, (), True, 0.0, ("a step",))
    assert "**NOT verified.**" in section(claim("R6"), failed)
    assert "*false at*" not in section(claim("R6"))


def test_latex_that_markdown_would_change_is_said_in_other_words() -> None:
    assert maths(r"\{x < y\} \\ a | b") == r"\lbrace x \lt y\rbrace \cr a \vert b"
    assert maths(r"a\,b*c>") == r"a\thinspace b\ast c\gt"


def test_a_text_is_saved_only_where_it_is_wanted(tmp_path: Path) -> None:
    save_text("# Title\n", "page.md", tmp_path / "out")
    save_text("lost", "page.md", None)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "out").iterdir()] == [("page.md", b"# Title\n")]


# -- the graph ---------------------------------------------------------------------------------------------------------


def test_the_edges_are_the_uses() -> None:
    assert set(claim_graph.edges()) == {(fact, label) for label in labels() for fact in used(label)}
    assert len(set(claim_graph.edges())) == len(claim_graph.edges()) > 50


def test_the_committed_numbers_are_the_edges() -> None:
    pd.testing.assert_frame_equal(pd.read_csv(FIGURES / "90-claim-graph.csv"), claim_graph.edge_table())


def test_no_claim_rests_on_itself() -> None:
    order = list(TopologicalSorter({label: used(label) for label in labels()}).static_order())  # refuses a cycle
    assert set(order) == set(labels())
    assert all(labels().index(fact) < labels().index(user) for fact, user in claim_graph.edges())


def test_layers_lead_from_facts_to_what_uses_them() -> None:
    layer = claim_graph.layers(claim_graph.edges())
    assert set(layer) == set(labels())
    assert all(layer[fact] < layer[user] for fact, user in claim_graph.edges())
    assert min(layer.values()) == 0


def test_parts_are_what_is_connected() -> None:
    found = claim_graph.parts([("R5", "R5a"), ("L15", "R16"), ("R5a", "R5b")])
    assert found[:2] == [["R5", "R5a", "R5b"], ["L15", "R16"]]
    assert sorted(label for part in found for label in part) == sorted(labels())


def test_nothing_in_a_layer_lies_closer_than_a_row() -> None:
    for part in claim_graph.parts(claim_graph.edges()):
        nodes, ways = claim_graph.place(part, claim_graph.edges())
        for column in {x for x, _ in nodes.values()}:
            rows = sorted(y for x, y in nodes.values() if x == column)
            assert all(after - before > 1 - 1e-9 for before, after in pairwise(rows))
        assert all(nodes[after][0] == nodes[before][0] + 1 for way in ways for before, after in pairwise(way))


def test_the_picture_holds_every_claim_once_and_no_box_overlaps() -> None:
    figure, caption = claim_graph.draw()
    (axis,) = figure.axes
    assert f"{len(labels())} claims and the {len(claim_graph.edges())} uses" in caption
    drawn = Counter(text.get_text() for text in axis.texts)
    assert {label: drawn[label] for label in labels()} == dict.fromkeys(labels(), 1)
    boxes = [patch.get_bbox() for patch in axis.patches if isinstance(patch, FancyBboxPatch)]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    assert all(left < box.x0 < box.x1 < right and top < box.y0 < box.y1 < bottom for box in boxes)
    arrows = [patch for patch in axis.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == len(claim_graph.edges()) + 1  # and one in the legend
    plt.close(figure)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_says_what_its_module_says(topic: str) -> None:
    said = import_module(f"coinfer.derivations.proofs.{topic}").__doc__ or ""
    assert " ".join(said.split("\n\n")[0].split()) == TOPICS[topic]
