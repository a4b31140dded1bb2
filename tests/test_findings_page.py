"""The page of findings: the abstract verbatim, every number from a committed table, and no claim without a finding."""

import re
from pathlib import Path

import pandas as pd
import pytest

from coinfer.study.claims import BEYOND, abstract, claims, criterion, finding, save_findings
from coinfer.study.figures import read_tables
from coinfer.study.findings_page import (
    DECIDING,
    FALLEN,
    REACHED,
    counts,
    decided_by,
    fallen,
    fallen_page,
    leniency,
    page,
    read_findings,
    summary,
)
from coinfer.validation import InputError

FIGURES = Path(__file__).parents[1] / "figures"
TEXTS = ("number", "uncertainty", "limits", "figure")
NUMBER = re.compile(r"(?<![\w.-])[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def made_up(number: int, name: str) -> dict[str, object]:
    """A finding whose numbers are those of no other."""
    asked = claims()[name]
    second = 0.125 + number if asked.limited_if not in ("", asked.confirmed_if) else None
    return finding(
        name, 0.3125 + number, second, number=f"{number}.71 of them", uncertainty=f"{number}.13 wide",
        figure="20-picture" if number % 2 else "20-table", limits=f"up to {number}.55 s",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two notebooks that between them decide every claim, backwards, with a figure and a table."""
    rows = [made_up(number, name) for number, name in enumerate(claims())][::-1]
    save_findings(rows[::2], "20-some", tmp_path)
    save_findings(rows[1::2], "80-others", tmp_path)
    (tmp_path / "20-picture.svg").write_text("<svg/>")
    (tmp_path / "20-table.csv").write_text("a\n1\n")
    return tmp_path


def items(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- ")]


def test_the_sentences_are_those_of_the_abstract_in_its_order(folder: Path) -> None:
    text = page(read_findings(folder), folder)
    assert re.findall("^### (.*)", text, re.MULTILINE) == [*abstract(), *BEYOND.values()]
    assert len(items(text)) == len(claims())
    for item, claim in zip(items(text), claims().values(), strict=True):  # claims.csv is in that order
        assert claim.statement in item
        assert criterion(claim)[1:] in item


def test_a_row_says_what_its_table_says(folder: Path) -> None:
    text = page(read_findings(folder), folder, link="there/")
    for number, (name, item) in enumerate(zip(claims(), items(text), strict=True)):
        file = "20-picture.svg" if number % 2 else "20-table.csv"
        assert f"*{number}.71 of them* ({number}.13 wide; [{file[:-4]}](there/{file})" in item
        assert f"Limits: up to {number}.55 s." in item
        assert f"here {0.3125 + number:.3g}" in item
        assert item.startswith(f"- **{made_up(number, name)['verdict'].capitalize()}.**")


def strangers(text: str, findings: pd.DataFrame) -> list[str]:
    """Numbers of a page of findings that its tables do not hold: in a row, those of its finding, its claim and its deciding numbers."""
    found = []
    for (_, row), item in zip(findings.iterrows(), items(text), strict=True):
        asked = claims()[row["claim"]]
        held = " ".join([*(row[name] for name in (*TEXTS, *REACHED, "notebook")), asked.statement, criterion(asked)])
        known = set(NUMBER.findall(held)) | {f"{float(row[name]):.3g}" for name in DECIDING}
        found += [number for number in NUMBER.findall(item) if number not in known]
    return found


def test_every_number_of_the_page_stands_in_a_table(folder: Path) -> None:
    findings = read_findings(folder)
    assert strangers(page(findings, folder), findings) == []
    assert strangers(page(findings, folder).replace("here 0.312", "here 0.313", 1), findings) == ["0.313"]


def test_every_number_of_the_committed_page_stands_in_a_committed_table() -> None:
    findings = read_findings(FIGURES)
    text = (FIGURES / "README.md").read_text("utf-8")
    shown = text.split("## Findings that fell")[0]
    assert page(findings, FIGURES) in shown
    assert strangers(shown, findings) == []
    raw = read_tables("findings-*", FIGURES)
    for _, row in findings.iterrows():
        (own,) = [each for _, each in raw[raw["claim"] == row["claim"]].iterrows()]
        assert [own[name] for name in (*TEXTS, *DECIDING)] == [row[name] for name in (*TEXTS, *DECIDING)]
    assert fallen_page(fallen(findings)) in text
    pd.testing.assert_frame_equal(
        pd.read_csv(FIGURES / "99-summary.csv", dtype=str), summary(findings), check_dtype=False
    )


def test_what_was_changed_after_numbers_were_seen_is_told(folder: Path) -> None:
    changed = [name for name, claim in claims().items() if claim.since]
    text = page(read_findings(folder), folder)
    for name, item in zip(claims(), items(text), strict=True):
        assert ("Changed after numbers were seen" in item) == (name in changed)
    assert changed


def test_claims_without_a_finding_are_named(folder: Path) -> None:
    table = pd.read_csv(folder / "findings-20-some.csv")
    lost = sorted(table["claim"][:2])
    table[2:].to_csv(folder / "findings-20-some.csv", index=False)
    with pytest.raises(InputError, match=f"^claims without a finding: {', '.join(lost)}$"):
        read_findings(folder)


def test_what_is_no_claim_and_what_is_decided_twice_is_refused(folder: Path) -> None:
    first = pd.read_csv(folder / "findings-20-some.csv")
    first.head(1).to_csv(folder / "findings-90-again.csv", index=False)
    with pytest.raises(InputError, match=f"decided by more than one finding: {first['claim'][0]}$"):
        read_findings(folder)
    first.head(1).assign(claim="joint").to_csv(folder / "findings-90-again.csv", index=False)
    with pytest.raises(InputError, match=r"findings of what is no claim: joint \(90-again\)$"):
        read_findings(folder)


def test_a_figure_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "20-picture.svg").unlink()
    with pytest.raises(InputError, match=r"no notebook saved: 20-picture$"):
        read_findings(folder)


def test_the_summary_has_a_row_a_sentence(folder: Path) -> None:
    findings = read_findings(folder)
    table = summary(findings)
    assert table.columns.tolist() == ["sentence", "statement", "number", "figure", "verdicts"]
    assert table["sentence"].tolist() == [*abstract(), *BEYOND.values()]
    for row in table.itertuples():
        own = findings[findings["sentence"] == row.sentence]
        assert row.number == own["number"].iloc[0]
        assert row.statement == own["statement"].iloc[0]
        first, _, counted = row.verdicts.removesuffix(")").partition(" (of ")
        assert first == own["verdict"].iloc[0]
        assert bool(counted) == (len(own) > 1)
        total, _, every = counted.partition(": ")
        told = dict(reversed(each.split()) for each in every.split(", ")) if counted else {first: 1}
        assert {verdict: int(count) for verdict, count in told.items()} == own["verdict"].value_counts().to_dict()
        assert int(total or 1) == len(own)
    assert sum(counts(findings).values()) == len(claims())


def test_the_page_says_what_is_limited_by_a_single_case_and_what_barely(folder: Path) -> None:
    """One claim by 1 of 8 cases, one by 2 of 8, one by a number just beyond its threshold: the page names the first and third."""
    about = {"number": "n", "uncertainty": "u", "figure": "20-table", "limits": "l"}
    made = {
        "traces-again": finding("traces-again", 1 / 8, 1.0, **about),
        "traces-once": finding("traces-once", 2 / 8, 2.0, **about),
        "chain-keeps": finding("chain-keeps", 0.3, 0.095, **about),
        "joint-one-clock": finding("joint-one-clock", 0.0, 0.04, cases=pd.Series([0.0, 0.02, 0.04]), **about),
    }
    others = [row for number, name in enumerate(claims()) if (row := made_up(number, name)) and name not in made]
    refuted = [row | {"verdict": "refuted"} for row in others]
    save_findings([*made.values(), *refuted], "20-some", folder)
    (folder / "findings-80-others.csv").unlink()
    findings = read_findings(folder)
    text = page(findings, folder)
    said = (
        "*Limited* is what holds in part: of 4 claims 1 by a single case (traces-again) and 1 by a number within 10% of "
        "its threshold (chain-keeps)."
    )
    assert leniency(findings) == said
    assert text.startswith(said)
    reached = {
        name: re.search(r"reached in (\d+) of (\d+) cases", item)
        for name, item in zip(claims(), items(text), strict=True)
    }
    told = {name: tuple(map(int, match.groups())) for name, match in reached.items() if match}
    assert told == {"traces-again": (1, 8), "traces-once": (2, 8), "joint-one-clock": (2, 3)}


def test_what_fell_is_told_by_both_findings(folder: Path) -> None:
    findings = read_findings(folder).set_index("claim", drop=False)
    text = fallen_page(fallen(findings.reset_index(drop=True))).splitlines()
    assert len(text) == len(FALLEN)
    for each, line in zip(FALLEN, text, strict=True):
        assert f"On one clock: *{findings.loc[each.one_clock, 'number']}*" in line
        assert ("Independent draws: " in line) == (each.independent is not None)
        if each.independent:
            assert f"*{findings.loc[each.independent, 'number']}*" in line


def test_a_claim_that_was_not_tested_says_so() -> None:
    said = decided_by(pd.Series({"claim": "joint-one-clock", "confirmed_by": "", "limited_by": "0.02"}))
    assert said.endswith("is at least 0.01: here nan and 0.02.")
