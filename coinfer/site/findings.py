"""The findings and the figures as pages: what is claimed, by which numbers, and where these come from."""

import json
from html import escape
from pathlib import Path

import pandas as pd

from coinfer.site import markdown
from coinfer.site.notebooks import figure
from coinfer.site.page import Page
from coinfer.study.claims import claims
from coinfer.study.figures import captions
from coinfer.study.findings_page import counts, decided_by, fallen, fallen_page, leniency, reached_in_words, read_findings
from coinfer.study.outputs import MADE_BY

FINDINGS, FIGURES = "findings.html", "figures.html"
GALLERY = "figures/README.md"  # what these pages are on the repository's side
SHOWN_ROWS = 12  # of a figure's numbers; the rest is in its table


def findings_page(folder: Path) -> Page:
    """Every claim under the sentence that it tests, with its verdict, criterion, numbers, limits, figure and notebook."""
    found = read_findings(folder)
    said = ", ".join(f"{many} {verdict}" for verdict, many in counts(found).items())
    parts = [
        "<h1>Findings</h1>",
        f"<p>{len(found)} claims: {said}. A verdict follows from computed numbers and thresholds stated before. Labels such as R6 lead "
        "to the proof of what a number rests on.</p>",
        markdown.html(leniency(found)),
    ]
    for sentence, rows in found.groupby("sentence", sort=False):
        parts.append(f"<h2>{escape(str(sentence))}</h2>")
        parts += [_claim(row, folder) for _, row in rows.iterrows()]
    parts.append("<h2>Findings that fell on one clock</h2>")
    parts.append(markdown.html(fallen_page(fallen(found))))
    return Page(FINDINGS, "Findings", "\n".join(parts), "Start", GALLERY)


def _claim(row: pd.Series, folder: Path) -> str:
    name, shown, notebook = str(row["claim"]), str(row["figure"]), str(row["notebook"])
    drawn = (folder / f"{shown}.svg").exists()
    where = f'<a href="/{FIGURES}#{shown}">figure {shown}</a>, ' if drawn else ""
    limits = f"<p><strong>Limits.</strong> {escape(str(row['limits']).rstrip('.'))}.</p>" if row["limits"] else ""
    verdict, proofs = str(row["verdict"]), ", ".join(claims()[name].rests_on.split())
    proved = f" The formulas it rests on are proved: {proofs}." if proofs else ""
    return (
        f'<article class="claim" id="claim-{name}" aria-labelledby="said-{name}">'
        f'<p class="statement" id="said-{name}"><span class="verdict {verdict}">{verdict}</span> {escape(str(row["statement"]))}</p>'
        f'<p class="number">{escape(str(row["number"]))} <span class="how">({escape(str(row["uncertainty"]))})</span></p>'
        f'<p class="criterion">{escape(decided_by(row))}{escape(reached_in_words(row))}</p>{limits}'
        f'<p class="source">From {where}<a href="/figures/{shown}.csv">numbers {shown}</a>, '
        f'<a href="/notebooks/{notebook}.ipynb">notebook {notebook}</a>.{proved}</p></article>'
    )


def figures_page(folder: Path) -> Page:
    """Every figure with its caption, the notebook and the claims that it belongs to, and its numbers."""
    made_by = json.loads((folder / MADE_BY).read_text("utf-8"))
    made = {file: notebook for notebook, files in made_by.items() for file in files}
    shows = read_findings(folder).groupby("figure")["claim"].agg(list)
    parts = ["<h1>Figures</h1>", "<p>Each with its caption, the notebook that draws it, and its numbers.</p>"]
    for name, caption in captions(folder).items():
        notebook = made[f"{name}.svg"]
        parts.append(f"<h2>{escape(name)}</h2>{figure(name, caption)}<p>Drawn in ")
        parts.append(f'<a href="/notebooks/{notebook}.ipynb#{name}">notebook {notebook}</a>.')
        links = [f'<a href="/{FINDINGS}#claim-{claim}">{claim}</a>' for claim in shows.get(name, [])]
        parts.append(f" Claims that it shows: {', '.join(links)}.</p>" if links else "</p>")
        parts.append(_numbers(folder / f"{name}.csv"))
    return Page(FIGURES, "Figures", "\n".join(parts), "Start", GALLERY)


def _numbers(path: Path) -> str:
    table = pd.read_csv(path)
    if len(table) > SHOWN_ROWS or len(table.columns) > 8:
        return ""
    shown = table.to_html(index=False, border=0, float_format=lambda value: f"{value:.4g}", na_rep="")
    return f"<details><summary>Numbers of {escape(path.stem)} as a table</summary>{shown}</details>"
