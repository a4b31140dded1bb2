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

LIMITED = "limited"
DECIDING = ("confirmed_by", "limited_by")  # the numbers that a verdict follows from
REACHED = ("reached in", "of cases")  # how many cases reach what limits a claim
BARELY = 0.1  # of a threshold: a number that is no further beyond it barely reaches it
TOLD = ("claim", "verdict", *DECIDING, *REACHED, "number", "uncertainty", "figure", "limits", "notebook")


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
        + reached_in_words(finding)
        + f"<br><sub>{decided_by(finding)}{_proofs(finding, link)}</sub>"
    )


def _proofs(finding: pd.Series, link: str) -> str:
    """Where the formulas are proved that the numbers rest on, as links."""
    labels = claims()[str(finding["claim"])].rests_on.split()
    told = ", ".join(f"[{label}]({link}derivations.md#{label})" for label in labels)
    return f" Rests on {told}." if told else ""


def reached_in_words(finding: pd.Series) -> str:
    """In how many cases what limits a claim is reached, as a sentence after a blank; "" for a claim that is not limited by cases.

    >>> reached_in_words(pd.Series({"verdict": "limited", "reached in": "1", "of cases": "40"}))
    ' What limits it is reached in 1 of 40 cases.'
    """
    count, of = (finding[name] for name in REACHED)
    if not count or finding["verdict"] != LIMITED:
        return ""
    return f" What limits it is reached in {count} of {of} cases."


def barely(finding: pd.Series) -> bool:
    """Whether a claim is limited by a number that is beyond its threshold by no more than `BARELY` of that.

    >>> made = {"claim": "chain-keeps", "verdict": "limited", "confirmed_by": "0.35", "limited_by": "0.091"}
    >>> barely(pd.Series(made)), barely(pd.Series(made | {"limited_by": "0.04"}))  # at most 0.1
    (True, False)
    """
    asked = claims()[str(finding["claim"])]
    if finding["verdict"] != LIMITED or asked.limited_if.startswith("number of "):
        return False
    return abs(float(finding["limited_by"]) - asked.limited_at) <= BARELY * abs(asked.limited_at)


def leniency(findings: pd.DataFrame) -> str:
    """How many claims are limited by a single case, and by a number that barely reaches its threshold, in words."""
    limited = findings[findings["verdict"] == LIMITED]
    alone = limited.loc[limited[REACHED[0]] == "1", "claim"]
    near = limited.loc[limited.apply(barely, axis=1), "claim"] if len(limited) else alone
    ways = {"by a single case": alone, f"by a number within {BARELY:.0%} of its threshold": near}
    told = (f"{len(names)} {way}" + (f" ({', '.join(names)})" if len(names) else "") for way, names in ways.items())
    return f"*Limited* is what holds in part: of {len(limited)} claims {' and '.join(told)}."


def page(findings: pd.DataFrame, out: str | Path | None, *, link: str = "") -> str:
    """The findings under the sentences they test; `link` leads from where the page stands to the folder of the figures."""
    sections = [
        "\n".join([f"### {sentence}\n", *(row_of(row, results(out), link) for _, row in part.iterrows())])
        for sentence, part in findings.groupby("sentence", sort=False)
    ]
    return "\n\n".join([leniency(findings), *sections])


def made_for(scenario: str, dnn: str | None, default: str) -> str:
    r"""What the findings are of, as a paragraph; "" for the scenario of the notebooks themselves.

    >>> made_for("../../../my.yml", "squeezenet", "abstract-model")
    'They are of the scenario `my.yml` with the network `squeezenet`, but for those of scenarios and links that exist.\n\n'
    """
    if scenario == default and dnn is None:
        return ""
    network = f" with the network `{Path(dnn).name}`" if dnn else ""
    return f"They are of the scenario `{Path(scenario).name}`{network}, but for those of scenarios and links that exist.\n\n"


def summary(findings: pd.DataFrame) -> pd.DataFrame:
    """One row a sentence: statement, number and figure of its first claim, its verdict, and of several how many have each."""
    by = findings.groupby("sentence", sort=False)
    return by[["statement", "number", "figure"]].first().assign(verdicts=by["verdict"].agg(_counted)).reset_index()


def _counted(verdicts: pd.Series) -> str:
    """The verdict on the first claim, and how many claims have each.

    >>> _counted(pd.Series(["refuted", "confirmed", "refuted"])), _counted(pd.Series(["confirmed"]))
    ('refuted (of 3: 1 confirmed, 2 refuted)', 'confirmed')
    """
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(Counter(verdicts).items()))
    return f"{verdicts.iloc[0]} (of {len(verdicts)}: {told})" if len(verdicts) > 1 else str(verdicts.iloc[0])


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
