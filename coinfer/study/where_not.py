"""Where all this does not help: sentences that follow from what the other notebooks saved, and would read otherwise if the numbers did.

Each takes a saved table and returns Markdown. A saving counts from 5 % of the ETC on, and nothing is lost within 1 %, as in claims.csv.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from coinfer.channel.moving_law import moving_law
from coinfer.cost import costs
from coinfer.rules import commitment_costs
from coinfer.scenario import Scenario, load_scenario
from coinfer.study.figures import results
from coinfer.study.real import PAYS, WITHIN
from coinfer.study.real_savings import DECLARED

SOON, SLOW = 0.1, 3.0  # local inferences: a link that forgets sooner, and sending that takes longer


def table(name: str, out: str | Path | None) -> pd.DataFrame:
    """A table that another notebook saved."""
    return pd.read_csv(results(out) / f"{name}.csv")


def of(count: int, total: int, what: str) -> str:
    """A count in words.

    >>> of(0, 9, "scenarios"), of(2, 9, "scenarios"), of(9, 9, "scenarios")
    ('none of 9 scenarios', '2 of 9 scenarios', 'all 9 scenarios')
    """
    return f"{({total: 'all'} | {0: 'none of'}).get(count, f'{count} of')} {total} {what}"


def percent(share: float) -> str:
    """A share in percent, with a digit behind the point below 10.

    >>> percent(0.0083), percent(0.8), percent(0.0)
    ('0.8%', '80%', '0%')
    """
    return f"{share:.0%}" if share >= 0.0995 or share == 0 else f"{share:.1%}"


def real(savings: pd.DataFrame) -> pd.DataFrame:
    """The pairs of scenario and network on links that exist."""
    return savings[savings["scenario"] != DECLARED]


def other_end(scenario: Scenario) -> float:
    """How much of the time the cheaper end of a network, sending its input or computing it all, is not the one that is cheaper on average.

    A device that sees the state of its link gains by one look only then. Raises `InputError` for independent draws.

    >>> import coinfer
    >>> other_end(coinfer.load_scenario("wearable"))  # its link has one rate
    0.0
    """
    priced = costs(scenario)
    law = moving_law(priced.law)
    sends, computes = law.sent(priced.bits[:1])[:, 0], commitment_costs(priced)[:, -1]
    often = law.chain.initial
    usual = often @ sends <= often @ computes
    return float(often[(sends <= computes) != usual].sum())


def one_rate(scenario: Scenario) -> bool:
    """Whether a link always has the same rate. Raises `InputError` for independent draws.

    >>> one_rate(load_scenario("wearable")), one_rate(load_scenario("city-camera"))
    (True, False)
    """
    return moving_law(costs(scenario).law).unit_costs.size == 1


def as_good(verdicts: pd.DataFrame) -> pd.Series:
    """The scenarios in which a fixed split is within 1 % of the optimum."""
    return verdicts.loc[1 - verdicts["optimal"] / verdicts["static"] < WITHIN, "scenario"]


def fixed_split(verdicts: pd.DataFrame, savings: pd.DataFrame) -> str:
    """In how many scenarios and pairs never looking at the channel is within 1 % of looking once or after every layer."""
    alike = as_good(verdicts)
    pairs = real(savings)
    few = int((pairs["over static"] < WITHIN).sum())
    still = [name for name in alike if one_rate(load_scenario(name))]
    return (
        f"In {of(len(alike), len(verdicts), 'scenarios')} a fixed split is within 1 % of whatever looks at the channel"
        f"{_named(alike)}, and with other networks on their devices in {of(few, len(pairs), 'pairs')}. Of the former "
        f"{of(len(still), len(alike), 'have')} a link of one rate, so that there is nothing to look at{_named(still)}. What one look can gain is to "
        "send where the device would have computed, or the other way round: the last column is how much of the time the other end of "
        "the network is cheaper than the one that is on average."
    )


def what_to_do(verdicts: pd.DataFrame) -> pd.DataFrame:
    """A row a scenario: "scenario", "do", and what "one look saves" and "looking again saves", and "other end cheaper" [%]."""
    return pd.DataFrame(
        {
            "scenario": verdicts["scenario"],
            "do": verdicts["verdict"],
            "one look saves [%]": (100 * verdicts["once"]).round(1),
            "looking again saves [%]": (100 * verdicts["again"]).round(1),
            "other end cheaper [% of the time]": [
                round(100 * other_end(load_scenario(name)), 1) for name in verdicts["scenario"]
            ],
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
    inside = pairs[pairs["inside"] >= WITHIN]
    by_network = inside.groupby("network")["inside"].max().sort_values(ascending=False)
    most = "; ".join(f"{network}: by {percent(saves)} at most" for network, saves in by_network.items())
    return (
        f"A fixed split inside the network beats both of its ends, all on the device or all at the edge, by 1 % in "
        f"{of(len(inside), len(pairs), 'pairs')}{f' ({most})' * bool(most)}."
    )


def promises(one_clock: pd.DataFrame) -> str:
    """What the plan that is optimal for independent draws costs where the channel moves while the device sends."""
    costs = one_clock.pivot_table(index=["network", "tau_s"], columns="rule", values="cost")
    if "memoryless" not in costs or costs["memoryless"].isna().all():
        return "No plan was made for independent draws."
    above = costs["memoryless"] / costs["static"] - 1
    dearer = int((above > WITHIN).sum())
    return (
        f"A plan made for a channel that is new after every layer, and followed on one that moves, costs more than a fixed split in "
        f"{of(dearer, len(above), 'cases')} of network and coherence time: {percent(above.median())} more in the median, "
        f"{percent(above.max())} at most."
    )


def not_knowing(factors: pd.DataFrame) -> str:
    """What a device loses whose idea of the channel is off by a factor of five, whether it looks again or not."""
    wrong = factors[factors["factor"].isin([0.2, 5.0])]
    worst = wrong.iloc[int(wrong["again, most"].argmax())]
    pays, good = wrong["pays"].dropna(), wrong["as good"]
    return (
        f"A device that looks again and is wrong by a factor of five about its channel pays up to {percent(worst['again, most'])} more "
        f"than if it knew (wrong in the {worst['wrong']}). Where looking again would save 1 %, it is still cheaper than a fixed split or "
        f"one look of a device that knows, in {percent(pays.min())} to {percent(pays.max())} of cases, by the way of being wrong. That is "
        f"no reason to look less: by the same wrong idea a fixed split or one look is no cheaper in {percent(good.min())} to "
        f"{percent(good.max())} of cases. It is one to find out."
    )


def paid_in_kind(savings: pd.DataFrame) -> str:
    """Where one look saves ETC, what it costs in seconds or joules."""
    paying = real(savings).query("once >= @PAYS")
    if paying.empty:
        return "One look pays nowhere, so that nothing is paid for it."
    slower, late = paying[paying["once, time [s]"] < 0], paying[paying["once, 95 % within [s]"] < 0]
    more_j, late_fixed = paying["once, energy [J]"] < 0, paying["fixed at once"] > 1
    dearer, others = late_fixed[more_j], late_fixed[~more_j]
    return (
        f"Where one look saves 5 % of the ETC, in {len(paying)} pairs, it takes more seconds in {len(slower)}, more of them in the slowest "
        f"twentieth in {len(late)}, and more joules in {len(dearer)}: it computes on the device while the link is down, or sends where it "
        "would have computed. The fixed split does not keep up with its inputs, of which it would compute on or send several at once, in "
        f"{of(int(dearer.sum()), len(dearer), 'pairs')} with more joules and in {of(int(others.sum()), len(others), 'others')}. If seconds or joules alone count, plan with weights that say so."
    )


def deadlines(found: pd.DataFrame) -> str:
    """How often looking again is surely cheaper than looking once or never, under a deadline that 95 % of inferences must keep."""
    met = found[found["surely saved"].notna()]
    many = int((met["surely saved"] >= PAYS).sum())
    late = int(found["surely saved"].isna().sum())
    return (
        f"Under a deadline that 95 % of inferences must keep, looking again saves at least 5 % over whatever looks once or never in "
        f"{of(many, len(met), 'cases')} of network, link and deadline, on links that need not exist. For {late} more deadlines, sooner "
        "than the device computes, no plan was found."
    )


def closed_form(losses: pd.DataFrame) -> str:
    """What the closed form costs for an MLP some of whose layers are narrower, on real devices, by kind of channel."""
    told = [
        f"{percent(part['median loss'].max())} in the median and {percent(part['worst loss'].max())} at worst ({channel})"
        for channel, part in losses.groupby("channel", sort=False)
    ]
    return (
        "The closed form is for layers that are all equal; the input alone may have another size. Taken for one MLP that is not quite so, "
        f"MLPerf Tiny's autoencoder, on real devices{_named(losses['case'])}, its placement costs more by {', '.join(told)}, and is the "
        f"best one for {percent(losses['M* is exact'].min())} to {percent(losses['M* is exact'].max())} of the rates and numbers of "
        "inferences per update tried, by device and channel. For other networks it says nothing: `coinfer.plan` compares all placements in "
        "milliseconds."
    )


def checklist(verdicts: pd.DataFrame, regimes: pd.DataFrame, outages: pd.DataFrame) -> str:
    """When to leave it all, as a list, each item with what was counted."""
    still = len(as_good(verdicts))
    soon, slow = regimes[regimes["time"] < SOON], regimes[regimes["sending"] > SLOW]
    paying = outages.loc[outages["again"] >= PAYS, "time"]
    last = (
        f"outages last from {paying.min():.2g} to {paying.max():.2g} local inferences"
        if len(paying)
        else "you have measured that it pays"
    )
    return "\n".join(
        [
            "Use a fixed split, and try its two ends first, if one of these holds:",
            "",
            "- the same end of the network is the cheaper one whatever the link does, outages included "
            f"({of(still, len(verdicts), 'scenarios')} are within 1 % of a fixed split);",
            f"- what was seen of the link is over within {SOON:g} of a local inference (on the map above one look then saves 5 % at "
            f"{_points(soon)});",
            f"- sending takes more than {SLOW:g} local inferences (then at {_points(slow)});",
            "- seconds alone or joules alone count, and the plan was made for both.",
            "",
            f"Else look at the link once before each inference. Look after every layer only if {last}, or under a deadline, and measure "
            "what it saves before you build it.",
        ]
    )


def _points(part: pd.DataFrame) -> str:
    return of(int((part["once"] >= PAYS).sum()), len(part), "points")


def _named(names: Iterable[object]) -> str:
    told = ", ".join(sorted({str(name) for name in names}))
    return f" ({told})" if told else ""
