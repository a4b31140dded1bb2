"""What devices, links and networks that exist say: scenarios side by side, and each with its figures halved and doubled.

A verdict is the simplest way to split that costs at most `WITHIN` more than the best, in the order of `VERDICTS`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from coinfer.channel import Markov
from coinfer.cost import Costs, beside_channel, costs, radio
from coinfer.placement import Plan, expected_cost, plan
from coinfer.scenario import Scenario
from coinfer.study.knowing import off_by
from coinfer.study.real_tails import Tailed, with_longest_tails
from coinfer.study.regimes import local_inference_s, mean_rate_bps, saved_by_looking, saved_share
from coinfer.validation import InputError

Cases = Mapping[str, Scenario]
ENDS_EARLY = ("ssdlite320_mobilenet_v3_large",)  # the rest of it runs at the edge
Scaled = Callable[[Scenario, float], Scenario]  # the scenario with one of its figures times a factor

WITHIN = 0.01  # of the least cost: what a simpler way to split may cost more
PAYS = 0.05  # of the cost: what is saved by what pays
VERDICTS = {  # the ways to split, the simplest first, by the rules that take them
    "send always": "edge-only",
    "compute always": "local-only",
    "fixed split": "static",
    "one look": "probe-once",
    "look again": "optimal",
}
AS_FOUND = "as found"


# -- side by side


def question(text: str) -> str:
    r"""The first sentence that asks something in the comment at the head of a scenario file; "" if none does.

    >>> question("# A box. Takes 0.3 s: is that\n# too much? Or not?\ndnn: alexnet")
    'Takes 0.3 s: is that too much?'
    """
    head = re.match(r"(#.*\n)*", text)
    assert head is not None
    told = " ".join(re.sub("(?m)^#", "", head.group()).split())
    return next((said for said in re.split(r"(?<=[.?])\s", told) if said.endswith("?")), "")


def at_a_glance(scenario: Scenario) -> dict[str, object]:
    """A scenario in a row: what it is made of; what all layers take on the device; what sending the input takes, at once.

    Sending is split into the bits at the mean rate, and what goes with them on any channel: round trip and tail.
    """
    link, (beside_s, beside_j) = scenario.link, beside_channel(scenario)
    bits, local_s = scenario.dnn.output_bits[0], local_inference_s(scenario)
    sending_s, bits_j = bits / mean_rate_bps(scenario), bits * link.energy_j_per_bit
    counted_w = radio(scenario).transmit_power_w  # less than the link's where the tail covers the time of sending
    return {
        "device": scenario.device.name,
        "network": scenario.dnn.name,
        "link": link.name,
        "server": scenario.edge.name,
        "K": scenario.inferences_per_update,
        "interval [s]": scenario.interval_s,
        "local [s]": local_s,
        "local [J]": local_s * scenario.device.power_w,
        "local [W]": scenario.device.power_w,
        "sending [s]": sending_s,
        "sending [J]": sending_s * link.transmit_power_w + bits_j,
        "round trip [s]": beside_s[0],
        "tail [J]": beside_j[0] - bits_j - sending_s * (link.transmit_power_w - counted_w),
        "server [s]": sum(scenario.dnn.macs) / scenario.edge.macs_per_s,
    }


def judged(given: Costs) -> dict[str, str | float]:
    """The verdict on a scenario, what each way to split costs at its best placement, and what the ways beyond the ends save.

    "fixed": of a fixed split over the better of sending always and computing always. "once", "again": `saved_by_looking`. Costs
    are with the longest tails that can be.
    """
    found = {rule: with_longest_tails(given, rule).cost for rule in VERDICTS.values()}
    enough = (1 + WITHIN) * min(found.values())
    simplest = next(name for name, rule in VERDICTS.items() if found[rule] <= enough)
    fixed = saved_share(1 - found["static"] / min(found["edge-only"], found["local-only"]))
    return {"verdict": simplest, "fixed": fixed, **saved_by_looking(found), **found}


# -- halved and doubled


def scaled_rates(case: Scenario, factor: float) -> Scenario:
    """The scenario with all rates of its chain times a factor. Raises `InputError` for another channel."""
    rates_bps = np.array(_chain(case).rates_bps) * factor
    return case.replace(channel=_chain(case).model_copy(update={"rates_bps": tuple(rates_bps.tolist())}))


def scaled_pace(case: Scenario, factor: float) -> Scenario:
    """The scenario with a chain whose states, outages too, last for a factor less long. Raises `InputError` for another channel."""
    chain = _chain(case)
    rows = tuple(map(tuple, (np.array(chain.generator) * factor).tolist()))
    long_s = None if chain.long_outage_s is None else chain.long_outage_s / factor
    return case.replace(channel=chain.model_copy(update={"generator": rows, "long_outage_s": long_s}))


def scaled_power(case: Scenario, factor: float) -> Scenario:
    """The scenario with a device of no name, which takes a factor more power, be that more than any of its kind takes."""
    update = {"power_w": factor * case.device.power_w, "name": None, "measured_on": None}
    return case.replace(device=case.device.model_copy(update=update))


def scaled_input(case: Scenario, factor: float) -> Scenario:
    """The scenario with an input that takes a factor more bits, such as a JPEG of another quality."""
    first, *later = case.dnn.output_bits
    return case.replace(dnn=case.dnn.model_copy(update={"output_bits": (round(factor * first), *later)}))


def _chain(case: Scenario) -> Markov:
    if not isinstance(case.channel, Markov) or case.channel.rates_bps is None:
        raise InputError(f"channel = {case.channel.kind!r}: should be a chain of given rates")
    return case.channel


RADIO = ("transmit_power_w", "energy_j_per_bit", "tail_power_w", "outage_power_w")
RECEIVING = ("receive_power_w", "receive_energy_j_per_bit")
FIGURES: dict[str, Scaled] = {
    "device speed": off_by("device__macs_per_s"),
    "device power": scaled_power,
    "server speed": off_by("edge__macs_per_s"),
    "link rate": scaled_rates,
    "link pace": scaled_pace,
    "radio energy": off_by(*(f"link__{field}" for field in (*RADIO, *RECEIVING))),
    "round trip": off_by("link__round_trip_s"),
    "K": off_by("inferences_per_update"),
    "input bits": scaled_input,
    "weight of a joule": off_by("weights__energy_per_j"),
}


def halved_and_doubled(
    cases: Cases, figures: Mapping[str, Scaled] = FIGURES, factors: Iterable[float] = (0.5, 2.0)
) -> pd.DataFrame:
    """`judged` for each scenario as it is found, factor 1, and with each of its figures times each factor, a row each.

    Column "flips" says whether the verdict is another one than that of the scenario as it is found.
    """
    wanted = [(AS_FOUND, 1.0), *((figure, factor) for figure in figures for factor in factors)]
    table = pd.DataFrame(
        {"scenario": name, "figure": figure, "factor": factor}
        | judged(costs(case if figure == AS_FOUND else figures[figure](case, factor)))
        for name, case in cases.items()
        for figure, factor in wanted
    )
    found = table[table["figure"] == AS_FOUND].set_index("scenario")["verdict"]
    return table.assign(flips=table["verdict"] != table["scenario"].map(found))


def count_over(table: pd.DataFrame, holds: pd.Series) -> tuple[int, int, int]:
    """In how many scenarios something holds: as found, and the fewest and the most with any one figure halved or doubled.

    >>> rows = {"scenario": ["a", "a", "b", "b"], "figure": [AS_FOUND, "K"] * 2, "factor": [1.0, 2.0] * 2}
    >>> count_over(pd.DataFrame(rows), pd.Series([True, True, False, True]))
    (1, 1, 2)
    """
    counts = holds.groupby([table["figure"], table["factor"]]).sum()
    return int(counts.loc[AS_FOUND].iloc[0]), int(counts.min()), int(counts.max())


# -- the tail of the radio


AWAKE = ("link__transmit_power_w", "link__tail_power_w", "link__outage_power_w")  # what a radio takes whatever it sends


def tails(cases: Cases, intervals_s: Iterable[float]) -> pd.DataFrame:
    """Sending always, computing always and one look against the time between inferences: a row each of scenarios and intervals.

    "send", "compute", "look", all with the longest tails that can be, and "bits alone", which is sending by an energy a bit and
    no other, in "[J]" and as ", ETC". "verdict": the simplest of all ways that is good enough. "regret": of the best plan by bits
    alone, followed where there is a tail, over the best.
    """
    rows = []
    for name, case in cases.items():
        bare = case.replace(**dict.fromkeys(AWAKE, 0.0))
        ways: dict[str, Plan | Tailed] = {
            "compute": plan(case, rule="local-only"),
            "bits alone": plan(bare, rule="edge-only"),
        }
        by_bits = plan(bare)
        for interval_s in intervals_s:
            given = costs(case.replace(interval_s=interval_s))
            ways |= {"send": plan(given, rule="edge-only"), "look": with_longest_tails(given, "probe-once")}
            regret = expected_cost(given, by_bits) / plan(given).cost - 1
            joules = {f"{way} [J]": found.energy_j for way, found in ways.items()}
            etc = {f"{way}, ETC": found.cost for way, found in ways.items()}
            told = {"verdict": judged(given)["verdict"], "regret": max(0.0, round(regret, 9))}
            rows.append({"scenario": name, "interval [s]": interval_s} | joules | etc | told)
    return pd.DataFrame(rows)


def verdict_at(case: Scenario, interval_s: float) -> str:
    """The verdict on a scenario with another time between inferences [s]."""
    return str(judged(costs(case.replace(interval_s=interval_s)))["verdict"])


def turns(cases: Cases, table: pd.DataFrame, bisections: int = 12) -> pd.DataFrame:
    """Where verdicts turn between the intervals of `tails`, found by bisection: a row a turn, "interval [s]", "from" and "to".

    Of several turns between two neighbouring intervals one is found.
    """
    rows = []
    for name, part in table.groupby("scenario", sort=False):
        seen = list(zip(part["interval [s]"], part["verdict"], strict=True))
        for (low, before), (high, after) in pairwise(seen):
            if before == after:
                continue
            for _ in range(bisections):
                middle = float(np.sqrt(low * high))
                low, high = (middle, high) if verdict_at(cases[str(name)], middle) == before else (low, middle)
            rows.append({"scenario": name, "interval [s]": high, "from": before, "to": after})
    return pd.DataFrame(rows, columns=["scenario", "interval [s]", "from", "to"])


def turning_interval_s(case: Scenario, spent: Callable[[Plan], float]) -> float:
    """The time between inferences from which on computing spends less than sending [s]: 0 for always, inf for never.

    What sending spends grows with that time in proportion, until the tail is over; so the crossing is exact.

    >>> import coinfer
    >>> sends = coinfer.load_scenario("abstract-model", link__tail_power_w=0.1, link__tail_s=10.0)
    >>> interval_s = turning_interval_s(sends, lambda plan: plan.energy_j)
    >>> at = sends.replace(interval_s=interval_s)
    >>> send, compute = (coinfer.plan(at, rule=rule).energy_j for rule in ("edge-only", "local-only"))
    >>> 0 < interval_s < 10, round(send / compute, 9)
    (True, 1.0)
    """
    local, tail_s = spent(plan(case, rule="local-only")), case.link.tail_s
    lone = spent(plan(case.replace(interval_s=None), rule="edge-only"))
    if tail_s == 0 or local >= lone:
        return 0.0 if local < lone else np.inf
    half, whole = (spent(plan(case.replace(interval_s=t), rule="edge-only")) for t in (tail_s / 2, tail_s))
    return min(max(0.0, tail_s * (1 - (whole - local) / (2 * (whole - half)))), tail_s)
