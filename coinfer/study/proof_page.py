"""All derivations as one page of Markdown, its mathematics between dollar signs, readable without running anything."""

import re
from collections.abc import Mapping

import sympy as sp

from coinfer.derivations import TOPICS, Claim, Result, Step, Use, claims, labels, topics
from coinfer.derivations.engine.claim import all_steps
from coinfer.derivations.engine.definitions import DEFINITIONS
from coinfer.derivations.engine.model import Definition
from coinfer.derivations.engine.steps import Induction
from coinfer.study.typeset import RELATIONS, latex

INTRODUCTION = r"""# Derivations

{claims} claims in {steps} steps, and {mutants} wrong variants that are refused, written by `notebooks/90-derivations.ipynb` from the
objects that are checked. Labels R are the results, N those that go beyond them, L lemmas. A step rests on the definitions and
earlier claims named behind it, at the values given there, and inside an induction on the hypothesis; on nothing else.

The first $M$ of $N$ layers are on the device. After $n$ of them it stops and sends $o_n$ bits at the unit cost $X$, drawn anew at
each stage with mean $\mu$, or runs one layer more for $\delta_{{n+1}}$. Expectations are over $X$; $\mathbf{{1}}\lbrace\cdot\rbrace$ is
1 where a condition holds and 0 elsewhere. 1-sla is one-stage look-ahead, k-sla looks $k$ stages ahead.

Where a claim assumes a *moving channel*, *outages*, *windows*, *memory* or an *on-off link*, the channel is one process instead, in
computing and in sending: a chain whose state $i$ sends at $r_i$ and costs $c_i$ a second, so that $C_i(b)$ is what $b$ bits cost from
it. From layer to layer state $j$ becomes $f(j, X)$, $X$ being noise. Letters with $o$ and $u$ below are blocks of outages and usable
states, matrices."""
# what Markdown takes for an escape, an emphasis or a table, or HTML for a tag, and what says the same in LaTeX
IN_MARKDOWN = {
    r"\\": r"\cr ", r"\{": r"\lbrace ", r"\}": r"\rbrace ", r"\|": r"\Vert ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt ",
    r"\,": r"\thinspace ", r"\;": r"\thickspace ", r"\!": r"\negthinspace ", r"\ ": r"\space ", r"\:": r"\space ", "*": r"\ast ",
}  # fmt: skip
SPECIAL = re.compile(f"({'|'.join(map(re.escape, IN_MARKDOWN))}) *")


def maths(text: str) -> str:
    """LaTeX that Markdown and HTML leave alone."""
    return SPECIAL.sub(lambda found: IN_MARKDOWN[found[1]], text).strip()


def page(results: Mapping[str, Result] | None = None) -> str:
    """The page: an introduction, the definitions, then every claim topic by topic.

    With `results` of `Claim.verify` by label, each wrong variant is followed by the values that refute it.
    """
    introduction = INTRODUCTION.format(
        claims=len(claims()),
        steps=sum(len(list(all_steps(each.steps))) for each in claims()),
        mutants=sum(len(each.mutants) for each in claims()),
    )
    contents = [f"- [{_title(name)}](#{name}): {', '.join(map(_link, some))}" for name, some in topics().items()]
    definitions = [_definition(each) for each in DEFINITIONS.values()]
    parts = [introduction, "\n".join(contents), "## Definitions", "\n".join(definitions)]
    return "\n\n".join([*parts, *(_head(name) + sections(name, results) for name in topics())]) + "\n"


def sections(topic: str, results: Mapping[str, Result] | None = None) -> str:
    """The claims of a topic, one below the other. Raises KeyError if there is no such topic."""
    return "\n\n".join(section(each, (results or {}).get(each.label)) for each in topics()[topic])


def section(claim: Claim, result: Result | None = None) -> str:
    """A claim: statement, assumptions, status, steps with reasons and facts, in other words, the wrong variants."""
    conditions = [f"${maths(latex(each))}$" for each in claim.assumptions]
    given = (
        ", ".join([*([] if claim.setting == "chain" else [claim.setting]), *conditions])
        or "nothing but the definitions"
    )
    failed = " **NOT verified.**" if result is not None and not result.passed else ""
    family = f" ({claim.family})" if claim.family else ""
    restated = f"${maths(f'{RELATIONS[claim.relation]} {latex(claim.restatement.formula)}')}$"
    return "\n\n".join(
        [
            f'### <a id="{claim.label}"></a>{claim.label}',
            f"$$\n{maths(claim.statement)}\n$$",
            f"*Assumes* {given}. *Status:* {claim.status}{family}.{failed} {_linked(claim.note)}".rstrip(),
            _chain(claim.steps),
            f"*In other words*, it is {restated}.{_facts(claim.restatement.uses)}",
            f"<details><summary>{len(claim.mutants)} wrong variants, refused</summary>",
            _mutants(claim, result),
            "</details>",
        ]
    )


def _chain(steps: tuple[Step, ...]) -> str:
    """The steps below each other, the reasons in the same order, then base and step of each induction among them."""
    rows, reasons = [], []
    for number, step in enumerate(steps, 1):
        left = latex(step.left) if number == 1 else ""
        rows.append(maths(f"{left} & {RELATIONS[step.relation]} {latex(step.right)} && ({number})"))
        reasons.append(f"{number}. {step.reason[:1].upper()}{step.reason[1:]}.{_facts(step.uses)}")
    aligned = " \\cr\n".join(rows)
    inductions = [_induction(step, step.by) for step in steps if isinstance(step.by, Induction)]
    return "\n\n".join([f"$$\n\\begin{{aligned}}\n{aligned}\n\\end{{aligned}}\n$$", "\n".join(reasons), *inductions])


def _induction(step: Step, induction: Induction) -> str:
    """Base and step of an induction; an upward step goes from the hypothesis to one place further."""
    at = {induction.variable: induction.variable + (1 if induction.downwards else 0)}
    hypothesis = f"{latex(step.left.xreplace(at))} {RELATIONS[step.relation]} {latex(step.right.xreplace(at))}"
    base = f"*Base*, ${maths(f'{latex(induction.variable)} = {latex(induction.start)}')}$:"
    onward = f"*Step*, with the hypothesis ${maths(hypothesis)}$:"
    return "\n\n".join([base, _chain(induction.base), onward, _chain(induction.step), "This ends the induction."])


def _facts(uses: tuple[Use, ...]) -> str:
    """The facts used, each with a link to it and the values of its symbols."""
    facts = []
    for each in uses:
        values = ", ".join(f"${maths(f'{latex(sp.Symbol(name))} := {latex(value)}')}$" for name, value in each.at)
        where = (" on the dearer chain" if each.on_dearer else "") + (" where it holds" if each.where else "")
        facts.append(_link(each.source) + where + (f" at {values}" if values else ""))
    return f" *From* {'; '.join(facts)}." if facts else ""


def _link(source: str | Claim) -> str:
    """A link to a claim or to a definition; the hypothesis stands right above."""
    if isinstance(source, Claim):
        return f"[{source.label}](#{source.label})"
    return f"[{source}](#{_anchor(source)})" if source in DEFINITIONS else f"the {source}"


def _definition(each: Definition) -> str:
    when = "".join(f", ${maths(latex(condition))}$" for condition in each.when)
    setting = "" if each.setting == "chain" else f" ({each.setting})"
    formula = maths(f"{latex(each.left)} {RELATIONS[each.relation]} {latex(each.right)}")
    return f'- <a id="{_anchor(each.name)}"></a>**{each.name}**{setting}: ${formula}${when}'


def _mutants(claim: Claim, result: Result | None) -> str:
    against = dict(result.mutants_rejected) if result is not None else {}
    return "\n".join(
        f"- {mutant.change}: ${maths(f'{RELATIONS[mutant.relation]} {latex(mutant.formula)}')}$"
        + (f", *false at* `{against[mutant.change]}`" if mutant.change in against else "")
        for mutant in claim.mutants
    )


def _linked(text: str) -> str:
    known = "|".join(sorted(labels(), key=len, reverse=True))
    return re.sub(rf"\b({known})\b", r"[\1](#\1)", text)


def _anchor(name: str) -> str:
    return "definition-" + re.sub(r"\W+", "-", name)


def _head(topic: str) -> str:
    """The heading of a topic, and what it is about."""
    return f'## <a id="{topic}"></a>{_title(topic)}\n\n{TOPICS[topic]}\n\n'


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
