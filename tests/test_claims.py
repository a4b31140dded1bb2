"""Verdicts: each a function of numbers that could come out the other way, against thresholds that stand in one table."""

import ast
import re
from itertools import product
from math import inf, isnan, nan
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from coinfer.derivations import labels
from coinfer.study.claims import (
    BEYOND,
    Claim,
    abstract,
    claims,
    criterion,
    finding,
    in_order,
    reached,
    read_claims,
    save_findings,
    sentence,
    verdict,
)
from coinfer.validation import InputError

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STUDY = sorted((ROOT / "coinfer" / "study").glob("*.py"))
WORDS = ("confirmed", "limited", "refuted", "refined")
TYPESET = ("claims", "findings_page")  # where verdicts are decided, and where a page of them is typeset


def told(claim: str, first: float, second: float) -> str:
    """The verdict of two numbers, the second where it is asked for."""
    asked = claims()[claim]
    return verdict(claim, first, second if asked.limited_if not in ("", asked.confirmed_if) else None)


def worse(claim: str, value: float) -> float:
    """A number that just misses a threshold."""
    step = max(abs(value), 1.0) * 1e-9
    return value - step if claims()[claim].sense == "at least" else value + step


@pytest.mark.parametrize("claim", claims())
def test_every_verdict_can_turn(claim: str):
    asked = claims()[claim]
    hopeless = -inf if asked.sense == "at least" else inf
    assert told(claim, asked.confirmed_at, hopeless) == "confirmed"
    assert told(claim, hopeless, hopeless) == "refuted"
    if isnan(asked.limited_at):
        assert told(claim, worse(claim, asked.confirmed_at), hopeless) == "refuted"
    elif asked.limited_if == asked.confirmed_if:
        assert told(claim, worse(claim, asked.confirmed_at), hopeless) == "limited"
        assert told(claim, worse(claim, asked.limited_at), hopeless) == "refuted"
    else:
        missed = worse(claim, asked.confirmed_at)
        assert told(claim, missed, asked.limited_at) == "limited"
        assert told(claim, missed, worse(claim, asked.limited_at)) == "refuted"


@pytest.mark.parametrize("claim", claims())
def test_thresholds_are_in_order(claim: str):
    """What confirms a claim by one number is no easier than what limits it by the same."""
    asked = claims()[claim]
    assert asked.sense in ("at least", "at most")
    assert (asked.limited_if == "") == isnan(asked.limited_at)
    if asked.limited_if == asked.confirmed_if:
        assert (
            asked.confirmed_at > asked.limited_at
            if asked.sense == "at least"
            else asked.confirmed_at < asked.limited_at
        )


@pytest.mark.parametrize("claim", claims())
def test_percentages_of_a_statement_are_thresholds_or_explained(claim: str):
    """A share that a statement names is the threshold of one of its numbers, or what these numbers count."""
    asked = claims()[claim]
    named = {float(text) / 100 for text in re.findall(r"([\d.]+) %", asked.statement)}
    counted = re.search(r"share|scenarios|cases|settle|quantile|p-value", f"{asked.confirmed_if} {asked.limited_if}")
    assert counted or named <= {asked.confirmed_at, asked.limited_at}


def test_no_number_is_no_verdict():
    for first, second in product((nan, 0.1), (nan, 0.1)):
        assert (verdict("joint-one-clock", first, second) == "untested") == isnan(first + second)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("joint-one-clok", 1.0), "claim = 'joint-one-clok': should be one of"),
        (("joint-one-clock", 0.01), "limited_by = None for 'joint-one-clock': should be given just where"),
        (("simulated", 0.2, 0.3), "limited_by = 0.3 for 'simulated': should be given just where"),
        (("trade-off", 0.2, 0.3), "limited_by = 0.3 for 'trade-off': should be given just where"),
    ],
)
def test_numbers_that_a_claim_does_not_ask_for(arguments: tuple, message: str):
    with pytest.raises(InputError, match=re.escape(message)):
        verdict(*arguments)


def test_every_sentence_of_the_abstract_is_tested():
    tested = {claim.sentence for claim in claims().values()}
    assert tested == {str(number) for number in range(1, len(abstract()) + 1)} | set(BEYOND)
    assert len(abstract()) == 12


def test_claims_come_in_the_order_of_the_abstract():
    order = [str(number) for number in range(1, len(abstract()) + 1)] + list(BEYOND)
    ranks = [order.index(claim.sentence) for claim in claims().values()]
    assert ranks == sorted(ranks)


def test_findings_keep_their_numbers(tmp_path: Path):
    about = {"number": "n", "uncertainty": "u", "figure": "f", "limits": "l"}
    rows = [finding("joint-one-clock", 0.0, 0.045, **about), finding("simulated", 0.5, **about)]
    save_findings(rows, "10-a", tmp_path)
    table = pd.read_csv(tmp_path / "findings-10-a.csv")
    assert table["verdict"].tolist() == ["limited", "confirmed"]
    assert table["limited_by"].tolist() == [0.045, 0.5]
    with pytest.raises(InputError, match="claims without a finding: "):
        in_order(table)


def test_the_page_has_a_row_for_every_claim():
    rows = [finding(name, nan, nan if claim.limited_if not in ("", claim.confirmed_if) else None, number="n",
                    uncertainty="u", figure="f", limits="l") for name, claim in reversed(claims().items())]  # fmt: skip
    table = in_order(pd.DataFrame(rows))
    assert table["claim"].tolist() == list(claims())
    assert table["sentence"].tolist() == [sentence(claim) for claim in claims().values()]


def test_cases_that_reach_a_threshold_are_counted_on_either_side():
    assert reached("joint-one-clock", 0.0, 0.04, pd.Series([0.01, 0.0099, 0.04, nan])) == (2, 3)  # at least 0.01
    assert reached("chain-lateness", 0.2, 0.04, pd.Series([0.2, 0.05, 0.04])) == (2, 3)  # at most 0.05
    assert reached("once-real", 2 / 9, 2.0) == (2, 9)  # the number itself
    for name in ("traces-independent", "look-ahead", "simulated"):  # a difference, a median, nothing
        assert all(isnan(number) for number in reached(name, 0.5, 1.0))


ROW = ["a", "1", "So it is.", "at least", "share", "0.5", "", "", "", ""]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sentence", "13", "claims.csv: sentence of 'a' = '13': should be one of 1, 2, 3"),
        ("sentence", "chanel", "should be one of 1, 2, 3"),
        ("sense", "more", "claims.csv: sense of 'a' = 'more': should be one of at least, at most"),
        (None, None, "claims.csv: columns = claim, sentence, statement, sense, confirmed_if, confirmed_at, limited_if, limited_at, rests_on: should be"),
    ],
)  # fmt: skip
def test_a_table_of_claims_with_what_is_none_is_refused(tmp_path: Path, column: str, value: str, message: str):
    table = pd.DataFrame([ROW], columns=Claim._fields)
    table = table.drop(columns="since") if column is None else table.assign(**{column: value})
    table.to_csv(tmp_path / "claims.csv", index=False)
    with pytest.raises(InputError, match=re.escape(message)):
        read_claims(tmp_path / "claims.csv")


def test_a_threshold_that_is_no_number_is_refused(tmp_path: Path):
    pd.DataFrame([ROW], columns=Claim._fields).assign(confirmed_at="half").to_csv(tmp_path / "claims.csv", index=False)
    with pytest.raises(InputError, match=r"claims.csv: confirmed_at of 'a' = 'half': should be a number"):
        read_claims(tmp_path / "claims.csv")


def test_criteria_read_as_words():
    assert criterion(claims()["joint-real"]) == (
        "confirmed if the share of the scenarios is at least 0.5, limited if the number of scenarios is at least 1"
    )


def verdicts_in(code: str) -> list[str]:
    """Texts in code, docstrings apart, in which a verdict stands as a word."""
    tree = ast.parse(code)
    said = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]  # docstrings among them
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    told = [str(node.value) for node in texts if not any(node is each for each in said)]
    return [text for text in told if re.search(rf"\b({'|'.join(WORDS)})\b", text, re.IGNORECASE)]


def test_a_verdict_is_found_where_it_stands():
    assert verdicts_in('def f():\n    """Confirmed."""\n    return "confirmed", f"is {1} limited", "unlimited"\n') == [
        "confirmed",
        " limited",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_verdict_stands_in_a_notebook(path: Path):
    code = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    assert verdicts_in(code) == []


@pytest.mark.parametrize("path", [path for path in STUDY if path.stem not in TYPESET], ids=lambda path: path.stem)
def test_no_verdict_stands_in_what_computes_and_draws(path: Path):
    assert verdicts_in(path.read_text("utf-8")) == []


def test_claims_rest_on_formulas_that_are_proved() -> None:
    assert {label for claim in claims().values() for label in claim.rests_on.split()} <= set(labels())
    assert sum(bool(claim.rests_on) for claim in claims().values()) > len(claims()) / 2
