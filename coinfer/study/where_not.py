"""Where all this does not help: sentences that follow from what the other notebooks saved, and would read otherwise if the numbers did.

Each takes a saved table and returns Markdown. A saving counts from 5 % of the ETC on, and nothing is lost within 1 %, as in claims.csv.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from coinfer.study.figures import results
from coinfer.study.real_savings import DECLARED

PAYS, ALIKE = 0.05, 0.01


def table(name: str, out: str | Path | None) -> pd.DataFrame:
    """A table that another notebook saved."""
    return pd.read_csv(results(out) / f"{name}.csv")


def of(count: int, total: int, what: str) -> str:
    """A count in words.

    >>> of(0, 9, "scenarios"), of(2, 9, "scenarios"), of(9, 9, "scenarios")
    ('none of 9 scenarios', '2 of 9 scenarios', 'all 9 scenarios')
    """
    return (
        f"none of {total} {what}"
        if count == 0
        else f"all {total} {what}"
        if count == total
        else f"{count} of {total} {what}"
    )


def percent(share: float) -> str:
    """A share in percent, with a digit behind the point below 10.

    >>> percent(0.0083), percent(0.8), percent(0.0)
    ('0.8%', '80%', '0%')
    """
    return f"{share:.0%}" if share >= 0.0995 or share == 0 else f"{share:.1%}"


def real(savings: pd.DataFrame) -> pd.DataFrame:
    """The pairs of scenario and network on links that exist."""
    return savings[savings["scenario"] != DECLARED]


def fixed_split(verdicts: pd.DataFrame, savings: pd.DataFrame) -> str:
    """In how many scenarios and pairs never looking at the channel is within 1 % of looking once or after every layer."""
    gained = 1 - verdicts["optimal"] / verdicts["static"]
    alike = verdicts.loc[gained < ALIKE, "scenario"]
    pairs = real(savings)
    few = int((pairs["over static"] < ALIKE).sum())
    return (
        f"In {of(len(alike), len(verdicts), 'scenarios')} a fixed split is within 1 % of whatever looks at the channel"
        f"{_named(alike)}, and with other networks on their devices in {of(few, len(pairs), 'pairs')}. Where it is not, the link "
        f"goes down for longer than an inference takes{_named(verdicts.loc[gained >= PAYS, 'scenario'])}."
    )


def what_to_do(verdicts: pd.DataFrame) -> pd.DataFrame:
    """A row a scenario: "scenario", "do", and what "one look saves" and "looking again saves" [%]."""
    return pd.DataFrame(
        {
            "scenario": verdicts["scenario"],
            "do": verdicts["verdict"],
            "one look saves [%]": (100 * verdicts["once"]).round(1),
            "looking again saves [%]": (100 * verdicts["again"]).round(1),
        }
    )


def looking_again(savings: pd.DataFrame, regimes: pd.DataFrame) -> str:
    """What looking after every layer saves over the better of a fixed split and one look, on links that exist and on a map of others."""
    pairs = real(savings)
    many = int((pairs["joint"] >= PAYS).sum())
    families = [
        f"{percent((part['again'] >= PAYS).mean())} of the points ({family}; at most {percent(part['again'].max())})"
        for family, part in regimes.groupby("family", sort=False)
    ]
    return (
        f"Once the link is looked at before each inference, looking again after every layer saves 5 % in {of(many, len(pairs), 'pairs')}, "
        f"and at most {percent(pairs['joint'].max())}. On a map of links that need not exist it does in {', '.join(families)}."
    )


def splitting_inside(savings: pd.DataFrame) -> str:
    """Whether the best fixed split ever lies inside a network, rather than at one of its ends."""
    pairs = real(savings)
    inside = pairs[pairs["inside"] >= ALIKE]
    most = f" The most is {percent(inside['inside'].max())}{_named(inside['network'])}." if len(inside) else ""
    return (
        f"A fixed split inside the network beats both of its ends, all on the device or all at the edge, by 1 % in "
        f"{of(len(inside), len(pairs), 'pairs')}.{most}"
    )


def promises(one_clock: pd.DataFrame) -> str:
    """What the plan that is optimal for independent draws costs where the channel moves while the device sends."""
    costs = one_clock.pivot_table(index=["network", "tau_s"], columns="rule", values="cost")
    if "memoryless" not in costs or costs["memoryless"].isna().all():
        return "No plan was made for independent draws."
    above = costs["memoryless"] / costs["static"] - 1
    dearer = int((above > ALIKE).sum())
    return (
        f"A plan made for a channel that is new after every layer, and followed on one that moves, costs more than a fixed split in "
        f"{of(dearer, len(above), 'cases')} of network and coherence time: {percent(above.median())} more in the median, "
        f"{percent(above.max())} at most."
    )


def not_knowing(factors: pd.DataFrame) -> str:
    """What looking again costs a device whose idea of the channel is off by a factor of five, against knowing less."""
    wrong = factors[factors["factor"].isin([0.2, 5.0])]
    worst = wrong.iloc[int(wrong["again, most"].argmax())]
    right = factors.loc[factors["factor"] == 1.0, "knowing less"]
    sentence = (
        f"A device that looks again and is wrong by a factor of five about its channel pays up to {percent(worst['again, most'])} more "
        f"than it would if it knew (wrong in the {worst['wrong']})"
    )
    worse = int((wrong["again, 95 %"] > right.max()).sum())
    return (
        f"{sentence}. In the worst twentieth of cases it would have been better off with a fixed split or one look for "
        f"{of(worse, len(wrong), 'ways of being wrong')}."
    )


def paid_in_kind(savings: pd.DataFrame) -> str:
    """Where one look saves ETC, what it costs in seconds or joules."""
    paying = real(savings).query("once >= @PAYS")
    if paying.empty:
        return "One look pays nowhere, so that nothing is paid for it."
    slower, late = paying[paying["once, time [s]"] < 0], paying[paying["once, 95 % within [s]"] < 0]
    dearer = paying[paying["once, energy [J]"] < 0]
    return (
        f"Where one look saves 5 % of the ETC, in {len(paying)} pairs, it takes more seconds in {len(slower)}, more of them in the slowest "
        f"twentieth in {len(late)}, and more joules in {len(dearer)}: it computes on the device while the link is down, or sends where it "
        "would have computed. If seconds or joules alone count, plan with weights that say so."
    )


def deadlines(found: pd.DataFrame) -> str:
    """How often looking again is surely cheaper than one look under a deadline that nine of ten inferences and more must keep."""
    met = found[found["surely saved"].notna()]
    many = int((met["surely saved"] >= PAYS).sum())
    late = int(found["surely saved"].isna().sum())
    return (
        f"Under a deadline that 95 % of inferences keep, looking again is cheaper by 5 %, for sure, than any plan with one look in "
        f"{of(many, len(met), 'cases')} of network, link and deadline; {late} deadlines can be met by no plan that looks once."
    )


def closed_form(losses: pd.DataFrame) -> str:
    """What the closed form costs for MLPs whose input has another size than their layers, on real devices, by kind of channel."""
    told = [
        f"{percent(part['median loss'].max())} in the median and {percent(part['worst loss'].max())} at worst ({channel})"
        for channel, part in losses.groupby("channel", sort=False)
    ]
    return (
        "The closed form is for layers that are all equal, the input's size included. Taken for MLPs that are not quite so, on real "
        f"devices, its placement costs more by {', '.join(told)}, and is the best one for {percent(losses['M* is exact'].min())} to "
        f"{percent(losses['M* is exact'].max())} of them. For other networks it says nothing: `coinfer.plan` compares all placements in "
        "milliseconds."
    )


def checklist(verdicts: pd.DataFrame) -> str:
    """When to leave it all, as a list; what holds in the scenarios is counted."""
    gained = 1 - verdicts["optimal"] / verdicts["static"]
    still = verdicts.loc[(gained < ALIKE), "scenario"]
    return "\n".join(
        [
            "Use a fixed split, and try its two ends first, if one of these holds:",
            "",
            "- the link's rate hardly changes, or it is never down for longer than the device takes for an inference;",
            "- the device takes much longer, or sending does, than the link remembers: what was seen is over before it is of use;",
            "- all of the network does not fit the device, so that nothing is left to do in an outage;",
            "- the lengths of outages are not known within a factor of two;",
            "- a joule, or a late inference, counts for much more than the mean time.",
            "",
            f"Of the scenarios that come with the package that is so for {of(len(still), len(verdicts), 'scenarios')}. For the others look at "
            "the link once before each inference. Look after every layer only if outages last from two to some ten local inferences, and "
            "measure what it saves before you build it.",
        ]
    )


def _named(names: Iterable[object]) -> str:
    told = ", ".join(sorted({str(name) for name in names}))
    return f" ({told})" if told else ""
