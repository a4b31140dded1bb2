"""The page of findings: the abstract sentence by sentence, each with the claims that test it, read from what the notebooks saved.

`findings-NOTEBOOK.csv`, which `claims.save_findings` writes, holds the findings of a notebook, a row a claim.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from coinfer.study.claims import claims, criterion, in_order
from coinfer.study.figures import read_tables, results
from coinfer.validation import InputError

DECIDING = ("confirmed_by", "limited_by")  # the numbers that a verdict follows from
TOLD = ("claim", "verdict", *DECIDING, "number", "uncertainty", "figure", "limits", "notebook")


class Fallen(NamedTuple):
    """What independent draws say and what one clock says of it, by the claims that hold the numbers; None: the latter holds both."""

    what: str
    independent: str | None
    one_clock: str


FALLEN = (
    Fallen("what the joint optimum saves", "joint-independent", "joint-one-clock"),
    Fallen("what it saves over a range of scenarios", "joint-scenarios-independent", "joint-scenarios-one-clock"),
    Fallen("what is kept of the promise for the default network", None, "promise-kept"),
    Fallen("what its plan costs where the channel moves", "joint-independent", "memoryless-followed"),
    Fallen("what deciding apart costs", "coupling-independent", "coupling-one-clock"),
    Fallen(
        "what deciding apart costs over a range of scenarios",
        "coupling-scenarios-independent",
        "coupling-scenarios-one-clock",
    ),
    Fallen(
        "whether the rule moves the placement", "rule-moves-placement-independent", "rule-moves-placement-one-clock"
    ),
    Fallen("whether the law of the fading matters", "law-matters", "laws-one-clock"),
    Fallen("what looking one stage ahead costs", "look-ahead", "look-ahead-memory"),
)


def read_findings(out: str | Path | None) -> pd.DataFrame:
    """All findings that notebooks saved in a folder, with the texts and deciding numbers as they stand there, in the order of claims.csv.

    Columns those of a finding, "notebook", "statement" and "sentence". Raises `InputError` for claims without a finding, for
    findings of what is no claim, for claims decided twice, and for figures that are not there.
    """
    found = read_tables("findings-*", out).reindex(columns=list(TOLD), fill_value="").fillna("")
    if strangers := sorted(
        {f"{row.claim} ({row.notebook})" for row in found.itertuples() if row.claim not in claims()}
    ):
        raise InputError(f"findings of what is no claim: {', '.join(strangers)}")
    if twice := sorted(set(found.loc[found["claim"].duplicated(), "claim"])):
        raise InputError(f"claims decided by more than one finding: {', '.join(twice)}")
    told = in_order(found)
    if missing := sorted({name for name in told["figure"] if not _file(name, results(out)).exists()}):
        raise InputError(f"figures that findings name and no notebook saved: {', '.join(missing)}")
    return told


def _file(name: str, folder: Path) -> Path:
    """The picture of a figure, or its table if it has none."""
    picture = folder / f"{name}.svg"
    return picture if picture.exists() else folder / f"{name}.csv"


def decided_by(finding: pd.Series) -> str:
    """When a claim is confirmed or limited, and the numbers it was decided by, in words.

    >>> decided_by(pd.Series({"claim": "simulated", "confirmed_by": "0.144", "limited_by": "0.144"}))
    'Confirmed if the smallest p-value is at least 0.01: here 0.144.'
    """
    first, second = (f"{float(finding[name] or 'nan'):.3g}" for name in DECIDING)
    asked = claims()[str(finding["claim"])]
    numbers = first if asked.limited_if in ("", asked.confirmed_if) else f"{first} and {second}"
    said = criterion(asked)
    changed = f" Changed after numbers were seen: {asked.since}." if asked.since else ""
    return f"{said[0].upper()}{said[1:]}: here {numbers}.{changed}"


def row_of(finding: pd.Series, folder: Path, link: str) -> str:
    """A finding as an item of a list: verdict, statement, number, uncertainty, figure, limits, and in small print the criterion."""
    file = f"{link}{_file(str(finding['figure']), folder).name}"
    limits = str(finding["limits"]).rstrip(".")
    return (
        f"- **{finding['verdict'].capitalize()}.** {finding['statement']} *{finding['number']}* "
        f"({finding['uncertainty']}; [{finding['figure']}]({file}), notebook `{finding['notebook']}`)."
        + (f" Limits: {limits}." if limits else "")
        + f"<br><sub>{decided_by(finding)}</sub>"
    )


def page(findings: pd.DataFrame, out: str | Path | None, *, link: str = "") -> str:
    """The findings under the sentences they test; `link` leads from where the page stands to the folder of the figures."""
    sections = [
        "\n".join([f"### {sentence}\n", *(row_of(row, results(out), link) for _, row in part.iterrows())])
        for sentence, part in findings.groupby("sentence", sort=False)
    ]
    return "\n\n".join(sections)


def summary(findings: pd.DataFrame) -> pd.DataFrame:
    """One row a sentence: statement, number and figure of its first claim, and how many claims have each verdict, that of the first first."""
    by = findings.groupby("sentence", sort=False)
    return by[["statement", "number", "figure"]].first().assign(verdicts=by["verdict"].agg(_counted)).reset_index()


def _counted(verdicts: pd.Series) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in Counter(verdicts).items())


def counts(findings: pd.DataFrame) -> dict[str, int]:
    """How many claims have each verdict, the most frequent first."""
    return {str(verdict): int(count) for verdict, count in findings["verdict"].value_counts().items()}


def fallen(findings: pd.DataFrame) -> pd.DataFrame:
    """What independent draws say beside what one clock says of it, a row each: what, and of both number and verdict.

    Of the independent draws both are "" where one finding holds both numbers.
    """
    by = findings.set_index("claim")
    rows = []
    for each in FALLEN:
        old = ("", "") if each.independent is None else by.loc[each.independent, ["number", "verdict"]]
        rows.append([each.what, *old, *by.loc[each.one_clock, ["number", "verdict"]]])
    return pd.DataFrame(
        rows, columns=["what", "independent draws", "verdict there", "on one clock", "verdict on one clock"]
    )


def fallen_page(table: pd.DataFrame) -> str:
    """The same as a list: what, the old number, the new one."""
    items = []
    for what, old, verdict, new, now in table.itertuples(index=False):
        before = f" Independent draws: *{old}* ({verdict})." if old else ""
        items.append(f"- **{what[0].upper()}{what[1:]}.**{before} On one clock: *{new}* ({now}).")
    return "\n".join(items)
