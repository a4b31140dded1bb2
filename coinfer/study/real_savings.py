"""What deciding more saves in real scenarios, for every network that makes sense on their devices.

Costs are with the longest tails that can be, and plans the best for these (`real_tails.with_longest_tails`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from coinfer.catalogue import catalogue
from coinfer.catalogue.machines import macs_per_value
from coinfer.channel import Markov, Rates
from coinfer.channel.moving_channel import MovingChannel
from coinfer.cost import Costs, costs
from coinfer.network import dnn_names, load_dnn
from coinfer.placement import total_costs
from coinfer.rule import Rule
from coinfer.scenario import Scenario
from coinfer.study.neurosurgeon import Neurosurgeon
from coinfer.study.real import AS_FOUND, ENDS_EARLY, FIGURES, Scaled
from coinfer.study.real_tails import at_once, with_longest_tails
from coinfer.study.regimes import local_inference_s, mean_rate_bps, saved_share
from coinfer.timing import time_quantiles_s

Every = Mapping[tuple[str, str], Scenario]  # by scenario and network

ALIKE = 2.0  # a network is alike one that was measured if its MACs per value moved are within this factor of that one's
DECLARED = "declared on-off"  # not a scenario of a link that exists
OFF_SHARE = 0.25  # of the time, of the declared link
JOINT, LESS = ("optimal", "probe-once", "static"), ("probe-once", "static")
RULES: tuple[Rule | str, ...] = (*JOINT, Neurosurgeon())
ALL_RULES: tuple[Rule | str, ...] = (*RULES, "1-sla", "edge-only", "local-only")
MEASURES = ("ETC", "time [s]", "95 % within [s]", "energy [J]")
SAVINGS = {"joint": ("optimal", "simple"), "over static": ("optimal", "static"), "once": ("simple", "static")}


# -- which networks


def sensible_networks(case: Scenario) -> tuple[str, ...]:
    """The scenario's own network, and those of its kind that the device was measured on, or alike, and that fit its memory.

    Kinds are MLPerf Tiny's networks for microcontrollers, and those of torchvision or measured on the device for others. A network is
    alike the one whose speed the device takes for it if its MACs per value moved are within `ALIKE` of that one's.

    >>> import coinfer
    >>> sensible_networks(coinfer.load_scenario("remote-sensor"))
    ('resnet8', 'ds_cnn', 'fc_autoencoder', 'mobilenet_v1_025')
    """
    own, tiny = case.dnn.name, dnn_names("mlperf-tiny")
    devices = catalogue("devices")
    on_it = devices.loc[devices.index == case.device.name, "network"]
    kind = tiny if own in tiny else sorted({*dnn_names("torchvision"), *on_it} - {*tiny})
    others = (name for name in kind if name != own and _makes_sense(with_network(case, name)))
    return (own, *others)


def with_network(case: Scenario, name: str) -> Scenario:
    """The scenario with another network, as it is coded; one that ends early has its result at the edge."""
    if name == case.dnn.name:
        return case
    return case.replace(dnn=name, result_at_edge=case.result_at_edge or name in ENDS_EARLY)


def _makes_sense(case: Scenario) -> bool:
    if case.device.measured_on is None or costs(case).largest_placement < case.dnn.layers:
        return False
    ratio = macs_per_value(load_dnn(case.dnn.name)) / macs_per_value(load_dnn(case.device.measured_on))
    return 1 / ALIKE <= ratio <= ALIKE


def on_every_network(cases: Mapping[str, Scenario], most: int | None = None) -> dict[tuple[str, str], Scenario]:
    """Every scenario with every network that makes sense on its device, its own first, `most` of them, by both names."""
    return {
        (name, network): with_network(case, network)
        for name, case in cases.items()
        for network in sensible_networks(case)[:most]
    }


def declared(case: Scenario, outages: float) -> Scenario:
    """The scenario on a declared link that comes and goes: outages last for some local inferences in the mean, no tail is counted.

    Off for `OFF_SHARE` of the time; on, at the mean rate of the scenario's link.

    >>> import coinfer
    >>> found = declared(coinfer.load_scenario("city-camera"), 2.0)
    >>> round(-1 / found.channel.generator[1][1] / local_inference_s(found), 9)
    2.0
    """
    come = 1 / (outages * local_inference_s(case))
    leave = come * OFF_SHARE / (1 - OFF_SHARE)
    channel = Markov(rates_bps=(mean_rate_bps(case), 0.0), generator=((-leave, leave), (come, -come)))
    return case.replace(channel=channel, link__tail_power_w=0.0)


def over_outages(base: Scenario, outages: Iterable[float], most: int | None = None) -> pd.DataFrame:
    """What deciding more saves on the declared link, a row a mean outage and network that makes sense.

    Columns: "outage" [local inferences], network, and the savings of `etc_saved` [-].

    >>> import coinfer
    >>> over_outages(coinfer.load_scenario("default", device__name="raspberry-pi-4"), [2.0], most=1)["joint"].round(2).tolist()
    [0.12]
    """
    every = on_every_network({DECLARED: base}, most)
    return pd.DataFrame(
        {"outage": outage, "network": network} | etc_saved(costs(declared(case, outage)))
        for outage in outages
        for (_, network), case in every.items()
    )


# -- what is saved


def taken(every: Every, rules: Iterable[Rule | str] = RULES) -> pd.DataFrame:
    """What each rule takes at its own best placement, a row a scenario, network and rule.

    Columns: scenario, network, "rule", "M*" and "layers" [layers], "ETC" [-], "time [s]", "95 % within [s]" and "energy [J]" of an
    inference, download apart but in the ETC; "at once", `real_tails.at_once` [-]; and "dearer", the ETC over the least of all rules, less 1
    [-]. Tails are the longest that can be.

    >>> import coinfer
    >>> table = taken({("wearable", "resnet8"): coinfer.load_scenario("wearable")}, ["static", "local-only"])
    >>> table[["rule", "M*", "time [s]"]].round(3).values.tolist()
    [['static', 0, 0.035], ['local-only', 5, 0.052]]
    """
    rules = tuple(rules)
    table = pd.DataFrame(
        {"scenario": name, "network": network, "layers": case.dnn.layers} | row
        for (name, network), case in every.items()
        for row in _by_rule(costs(case), rules)
    )
    least = table.groupby(["scenario", "network"])["ETC"].transform("min")
    return table.assign(dearer=(table["ETC"] / least - 1).round(9) + 0.0)


def _by_rule(given: Costs, rules: Iterable[Rule | str]) -> Iterator[dict[str, object]]:
    late_s: dict[bytes, float] = {}  # the law of the time follows from where, and in which state, a plan stops
    total_costs(given, "static")  # asks for what sending costs at all stages at once, which is faster
    for rule in rules:
        best = with_longest_tails(given, rule)
        found = best.plan
        stops = found.stop_states.round(12).tobytes()
        if stops not in late_s:
            late_s[stops] = float(time_quantiles_s(found, [0.95])[0])
        yield {
            "rule": str(rule),
            "M*": found.placement,
            "ETC": best.cost,
            "time [s]": found.time_s,
            "95 % within [s]": late_s[stops],
            "energy [J]": best.energy_j,
            "at once": at_once(found),
        }


def saved(table: pd.DataFrame) -> pd.DataFrame:
    """What deciding more saves of each measure, a row a scenario and network, from the table of `taken`; as shares [-].

    "MACs": those of the network, a bundled one. "joint, ...": of the joint optimum over the better of a fixed split and one look; "over static, ...": over a fixed split; "once,
    ...": of that better one over a fixed split. Better is what costs less ETC, so that seconds or joules may be lost: then they are
    negative. "neurosurgeon": what that rule saves over a fixed split, in ETC. nan where nothing is spent. "fixed at once" and "joint
    at once": of the fixed split and the joint optimum, `real_tails.at_once`.

    >>> import coinfer
    >>> table = taken({("wearable", "resnet8"): coinfer.load_scenario("wearable")})
    >>> saved(table)[["joint, ETC", "neurosurgeon"]].values.tolist()
    [[0.0, 0.0]]
    """
    rows = []
    for (name, network), part in table.groupby(["scenario", "network"], sort=False):
        by_rule = part.set_index("rule")[[*MEASURES, "at once"]].to_dict("index")
        of: dict[str, dict[Any, float]] = {str(rule): row for rule, row in by_rule.items()}
        etc = {rule: round(row["ETC"], 12) for rule, row in of.items()}
        ways = {
            "static": "static",
            "simple": min(LESS, key=etc.__getitem__),
            "optimal": min(JOINT, key=etc.__getitem__),
        }
        shares = {
            f"{saving}, {measure}": share_saved(of[ways[more]][measure], of[ways[less]][measure])
            for saving, (more, less) in SAVINGS.items()
            for measure in MEASURES
        }
        neurosurgeon = share_saved(of["neurosurgeon"]["ETC"], of["static"]["ETC"])
        macs = {"MACs": float(sum(load_dnn(str(network)).macs))}
        busy = {"fixed at once": of["static"]["at once"], "joint at once": of[ways["optimal"]]["at once"]}
        rows.append({"scenario": name, "network": network} | macs | shares | {"neurosurgeon": neurosurgeon} | busy)
    return pd.DataFrame(rows)


def share_saved(more: float, less: float) -> float:
    """What spending `more` saves over spending `less`, as a share; negative for a loss, nan if nothing was spent.

    >>> share_saved(3.0, 4.0), share_saved(0.0, 0.0)
    (0.25, nan)
    """
    return round(1 - more / less, 9) + 0.0 if less > 0 else np.nan


def intervals(
    every: Every, figures: Mapping[str, Scaled] = FIGURES, factors: Iterable[float] = (0.5, 2.0)
) -> pd.DataFrame:
    """How far what is saved in ETC goes with each figure of a scenario halved and doubled alone; a row a scenario and network.

    Columns: scenario, network, and for each saving of `etc_saved` "NAME, least" and "NAME, most" [-], the figures as found
    included; and "inside" as found.

    >>> import coinfer
    >>> found = intervals({("default", "resnet18"): coinfer.load_scenario("default")}, {"K": FIGURES["K"]})
    >>> found[["over static, least", "over static, most"]].round(2).values.tolist()
    [[0.69, 0.69]]
    """
    wanted = [(AS_FOUND, 1.0), *((figure, factor) for figure in figures for factor in factors)]
    rows = []
    for (name, network), case in every.items():
        given = [case if figure == AS_FOUND else figures[figure](case, factor) for figure, factor in wanted]
        shares = pd.DataFrame(etc_saved(costs(each)) for each in given)
        ends = {f"{saving}, {end}": of for saving in shares for end, of in _ends(shares[saving]).items()}
        rows.append({"scenario": name, "network": network, "inside": float(shares["inside"].iloc[0])} | ends)
    return pd.DataFrame(rows)


def _ends(shares: pd.Series) -> dict[str, float]:
    return {"least": float(shares.min()), "most": float(shares.max())}


def etc_saved(given: Costs) -> dict[str, float]:
    """The savings of `SAVINGS` in ETC alone, and "inside": of a fixed split over the better of the two ends. None is below 0.

    >>> import coinfer
    >>> {key: round(share, 3) for key, share in etc_saved(costs(coinfer.load_scenario("default"))).items()}
    {'joint': 0.0, 'over static': 0.692, 'once': 0.692, 'inside': 0.0}
    """
    found = {  # static first, which asks for what sending costs at all stages at once
        rule: with_longest_tails(given, rule).cost for rule in reversed(JOINT)
    }
    ways = {"static": found["static"], "simple": min(found[rule] for rule in LESS), "optimal": min(found.values())}
    shares = {saving: saved_share(1 - ways[more] / ways[less]) for saving, (more, less) in SAVINGS.items()}
    ends = min(total_costs(given, "edge-only")[0], total_costs(given, "local-only")[-1])
    return shares | {"inside": saved_share(1 - found["static"] / ends)}


# -- the abstract's model


def drawn(case: Scenario) -> Scenario:
    """The scenario as the abstract's model has it: the rates of its link, but for outages, drawn afresh for each layer.

    A draw lasts while the device sends; outages, for which such a draw never ends, are left out. Unchanged if it is drawn already.

    >>> import coinfer
    >>> drawn(coinfer.load_scenario("phone-low-band")).channel.rates_bps
    (63000000.0,)
    """
    if not isinstance(case.channel, MovingChannel):
        return case
    states = case.channel.states_on(case.link)
    up = states.rates_bps > 0
    chances = states.law[up] / states.law[up].sum()
    channel = Rates(
        rates_bps=tuple(states.rates_bps[up].tolist()),
        probabilities=tuple(chances.tolist()),
        usable=float(states.law[up].sum()),
    )
    return case.replace(channel=channel)


def promised(every: Every) -> pd.DataFrame:
    """What the abstract's model, `drawn`, says that deciding more saves in ETC; a row a scenario and network, columns "..., drawn" [-].

    >>> import coinfer
    >>> promised({("default", "resnet18"): coinfer.load_scenario("default")})["over static, drawn"].tolist()
    [0.0]
    """
    rows = [
        {"scenario": name, "network": network}
        | {f"{saving}, drawn": share for saving, share in etc_saved(costs(drawn(case))).items() if saving in SAVINGS}
        for (name, network), case in every.items()
    ]
    return pd.DataFrame(rows)


# -- devices on links


def links_with_outages() -> list[str]:
    """The links of the catalogue that are measured to have outages, and whose radio has a power that was found.

    >>> links_with_outages()
    ['lte-city', 'lte-campaign', 'lte-driving', 'mmwave-walking', 'mmwave-driving']
    """
    links = catalogue("links")
    return [str(name) for name in links.index[(links["outage [%]"] > 0) & links["power while sending [W]"].notna()]]


def machines() -> list[str]:
    """The phones, boards and modules of the catalogue whose power was found on some network.

    >>> machines()[:2]
    ['raspberry-pi-3b-plus', 'raspberry-pi-4']
    """
    devices = catalogue("devices")
    given = devices[devices["kind"].isin(["phone", "board", "module"]) & devices["power [W]"].notna()]
    return list(dict.fromkeys(given.index))


def devices_on_links(
    base: Scenario, devices: Iterable[str], links: Iterable[str], most: int | None = None
) -> pd.DataFrame:
    """What deciding more saves for devices on links, each network that makes sense, with the radio's tail and without any.

    Columns: device, link, network, "tail" (whether it is counted), and the savings of `etc_saved` [-]. Server, K and weights are those
    of the base; inferences come as fast as the device computes, and no faster than in the base.

    >>> import coinfer
    >>> found = devices_on_links(coinfer.load_scenario("default"), ["raspberry-pi-4"], ["mmwave-walking"], most=1)
    >>> found[["tail", "over static"]].round(2).values.tolist()
    [[True, 0.63], [False, 0.92]]
    """
    rows = []
    for device in devices:
        here = base.replace(device__name=device)
        for (_, network), case in on_every_network({device: here}, most).items():
            paced = case.replace(interval_s=max(local_inference_s(case), base.interval_s or 0.0))
            for link in links:
                linked = paced.replace(link=link)
                for tail, each in {True: linked, False: linked.replace(link__tail_power_w=0.0)}.items():
                    told = {"device": device, "link": link, "network": network, "tail": tail}
                    rows.append(told | etc_saved(costs(each)))
    return pd.DataFrame(rows)


def on_links(table: pd.DataFrame, tail: bool) -> pd.DataFrame:
    """The least, median and most of `devices_on_links` by link, with the tail or without: columns "SAVING, least", ... [-].

    >>> rows = {"link": ["a", "a"], "tail": [True, True], "joint": [0.0, 0.2], "over static": [0.1, 0.3], "once": [0.1, 0.1]}
    >>> on_links(pd.DataFrame(rows), tail=True)["joint, most"].tolist()
    [0.2]
    """
    part = table[table["tail"] == tail].groupby("link", sort=False)[list(SAVINGS)]
    found = part.agg(["min", "median", "max"]).rename(columns={"min": "least", "max": "most"})
    return found.set_axis([f"{name[0]}, {name[1]}" for name in found.columns.to_flat_index()], axis=1).reset_index()
