"""What the study says of each sentence of the abstract, and the numbers at which it would say otherwise.

`abstract.txt` holds the sentences of the abstract of arXiv 2105.13618, one a line. `claims.csv` holds the claims that they
are tested by, a row each, with the thresholds: a claim is *confirmed* if a number reaches `confirmed_at`, else *limited* if
one reaches `limited_at`, else *refuted*. They were stated before the numbers were computed; `since` says what was changed when
numbers had been seen. Notebooks compute the numbers; no verdict stands anywhere else.
"""

from collections.abc import Sequence
from functools import cache
from math import isnan, nan
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from coinfer.study.figures import save_table
from coinfer.validation import InputError, one_of

FOLDER = Path(__file__).parent
BEYOND = {
    "channel": "Beyond the abstract: what the law of the channel changes.",
    "memory": "Beyond the abstract: what a channel that remembers changes, drawn, fitted or logged.",
    "one clock": "Beyond the abstract: where looking again pays if one process moves the channel, in computing and in sending.",
    "seconds and joules": "Beyond the abstract: what plans take in seconds and joules, and under a deadline.",
    "real scenarios": "Beyond the abstract: what devices, links and networks that exist say.",
    "proofs": "Beyond the abstract: whether the formulas and the code are right.",
}
TWO_NUMBERS = "the number for `limited`, which is not that for `confirmed`"


class Claim(NamedTuple):
    """A row of claims.csv. `limited_at` is nan for a claim that is confirmed or refuted."""

    claim: str
    sentence: str  # the number of a sentence of the abstract, from 1, or a key of `BEYOND`
    statement: str
    sense: str  # "at least" or "at most"
    confirmed_if: str  # which number it is
    confirmed_at: float
    limited_if: str
    limited_at: float
    since: str  # what was changed after numbers had been seen, "" for nothing
    rests_on: str  # labels of the derivations that its numbers rest on, "" for measurements alone


@cache
def abstract() -> tuple[str, ...]:
    """The sentences of the abstract, in order."""
    return tuple((FOLDER / "abstract.txt").read_text("utf-8").splitlines())


@cache
def claims() -> dict[str, Claim]:
    """All claims by their names, in the order of the sentences.

    >>> claims()["joint-one-clock"].confirmed_at
    0.05
    """
    return read_claims(FOLDER / "claims.csv")


def read_claims(path: Path) -> dict[str, Claim]:
    """The claims of a table by their names. Raises `InputError` for columns, senses or sentences that are none.

    A column that is missing or unknown, and a `sentence` that is neither the number of one nor a key of `BEYOND`, is named.
    """
    table = pd.read_csv(path, dtype={"sentence": str}, keep_default_na=False, na_values={"limited_at": [""]})
    if tuple(table.columns) != Claim._fields:
        raise InputError(f"{path.name}: columns = {', '.join(table.columns)}: should be {', '.join(Claim._fields)}")
    found = {str(row[0]): Claim(*row) for row in table.itertuples(index=False)}
    numbers = [str(number) for number in range(1, len(abstract()) + 1)]
    for claim in found.values():
        one_of(f"{path.name}: sentence of {claim.claim!r}", claim.sentence, (*numbers, *BEYOND))
        one_of(f"{path.name}: sense of {claim.claim!r}", claim.sense, ("at least", "at most"))
        for name in ("confirmed_at", "limited_at"):
            if isinstance(at := getattr(claim, name), str):
                raise InputError(f"{path.name}: {name} of {claim.claim!r} = {at!r}: should be a number")
    return found


def sentence(claim: Claim) -> str:
    """What the claim tests: a sentence of the abstract, or what lies beyond it."""
    return BEYOND[claim.sentence] if claim.sentence in BEYOND else abstract()[int(claim.sentence) - 1]


def verdict(claim: str, confirmed_by: float, limited_by: float | None = None) -> str:
    """Whether a claim is "confirmed", "limited" or "refuted" by the numbers that claims.csv asks for; "untested" by nan.

    `limited_by` is given where the two thresholds are for different numbers. Raises `InputError`.

    >>> verdict("joint-one-clock", 0.0, 0.045), verdict("joint-one-clock", 0.06, 0.3)
    ('limited', 'confirmed')
    """
    asked = claims()[one_of("claim", claim, claims())]
    if (limited_by is None) != (asked.limited_if in ("", asked.confirmed_if)):
        raise InputError(f"limited_by = {limited_by} for {claim!r}: should be given just where it is {TWO_NUMBERS}")
    second = confirmed_by if limited_by is None else limited_by
    if isnan(confirmed_by) or isnan(second):
        return "untested"
    sign = 1 if asked.sense == "at least" else -1
    if sign * confirmed_by >= sign * asked.confirmed_at:
        return "confirmed"
    return "limited" if sign * second >= sign * asked.limited_at else "refuted"


def reached(claim: str, confirmed_by: float, limited_by: float, cases: pd.Series | None = None) -> tuple[float, float]:
    """In how many cases, of how many, what a claim is limited by reaches its threshold; nan where that is not known.

    `cases` are the numbers of which it is the largest, or the smallest. Where it is itself a number of cases, it says so.

    >>> reached("joint-one-clock", 0.0, 0.045, pd.Series([0.0, 0.002, 0.045]))
    (1, 3)
    >>> reached("traces-again", 0.25, 2.0)
    (2, 8)
    """
    asked = claims()[one_of("claim", claim, claims())]
    if cases is not None and not isnan(asked.limited_at):
        sign = 1 if asked.sense == "at least" else -1
        return int((sign * cases >= sign * asked.limited_at).sum()), int(cases.count())
    counted = asked.limited_if.removeprefix("number of ")
    if counted != asked.limited_if and asked.confirmed_if.startswith(f"share of the {counted}") and confirmed_by > 0:
        return round(limited_by), round(limited_by / confirmed_by)
    return nan, nan


def finding(
    claim: str,
    confirmed_by: float,
    limited_by: float | None = None,
    *,
    number: str,
    uncertainty: str,
    figure: str,
    limits: str,
    cases: pd.Series | None = None,
) -> dict[str, object]:
    """A row of the findings: a claim, its verdict with the numbers it follows from, and what a reader needs to judge it.

    `cases` as in `reached`, for a claim that is limited by the largest or smallest of them.
    """
    second = float(confirmed_by if limited_by is None else limited_by)
    count, of = reached(claim, confirmed_by, second, cases)
    return {
        "claim": claim,
        "verdict": verdict(claim, confirmed_by, limited_by),
        "confirmed_by": float(confirmed_by),
        "limited_by": second,
        "reached in": count,
        "of cases": of,
        "number": number,
        "uncertainty": uncertainty,
        "figure": figure,
        "limits": limits,
    }


def save_findings(rows: Sequence[dict[str, object]], notebook: str, out: str | Path | None) -> pd.DataFrame:
    """Save the findings of a notebook as `findings-NOTEBOOK.csv`, and return them; nothing is saved if `out` is None."""
    table = pd.DataFrame(rows)
    save_table(table, f"findings-{notebook}", out)
    return table


def in_order(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings with their statements and sentences, in the order of claims.csv. Raises `InputError` for claims without one."""
    if missing := sorted(set(claims()) - set(findings["claim"])):
        raise InputError(f"claims without a finding: {', '.join(missing)}")
    rank = {name: index for index, name in enumerate(claims())}
    told = findings.assign(
        statement=findings["claim"].map(lambda name: claims()[name].statement),
        sentence=findings["claim"].map(lambda name: sentence(claims()[name])),
    )
    return told.sort_values("claim", key=lambda names: names.map(rank), kind="stable", ignore_index=True)


def criterion(claim: Claim) -> str:
    """When a claim is confirmed and limited, in words.

    >>> criterion(claims()["simulated"])
    'confirmed if the smallest p-value is at least 0.01'
    """
    confirmed = f"confirmed if the {claim.confirmed_if} is {claim.sense} {claim.confirmed_at:g}"
    if isnan(claim.limited_at):
        return confirmed
    return f"{confirmed}, limited if the {claim.limited_if} is {claim.sense} {claim.limited_at:g}"
