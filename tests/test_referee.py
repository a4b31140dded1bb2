"""The referee: every number that decides a verdict, found again from the other tables that are committed, without the study.

A finding names one or two numbers and the table of claims says what verdict follows. Here each of these numbers is reckoned
again, in a few lines of pandas, from what the tables of figures/ say of costs, placements and simulations. Nothing of
`coinfer.study` is called for it; only the thresholds are read there.
"""

import ast
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, kstest, norm

from coinfer.study.claims import BEYOND, abstract, claims, verdict

FIGURES = Path(__file__).parents[1] / "figures"
ABSTRACT = "7480d40b884c1ee77dc441087a0560ed82b35ac73b8a07cafbc162f893e79580"  # SHA-256 of that of arXiv 2105.13618

LESS = ["static", "probe-once"]  # what looks less than the optimal rule: a fixed split, and one look
OWN = "alexnet"  # the network of the study's own scenario
DIGITS = 5e-9  # of a share of numbers that are saved to nine digits

Numbers = tuple[float, float]  # what confirms a claim, and what limits it: the same where claims.csv asks for one
RECKONED: dict[str, Callable[[], Numbers]] = {}


def decides(claim: str) -> Callable[[Callable[[], Numbers]], Callable[[], Numbers]]:
    """Enter a function in the table of what is reckoned here."""

    def enter(reckon: Callable[[], Numbers]) -> Callable[[], Numbers]:
        assert claim not in RECKONED
        RECKONED[claim] = reckon
        return reckon

    return enter


# -- how tables are read


@cache
def table(name: str) -> pd.DataFrame:
    assert not name.startswith(("99-", "findings-"))  # what is to be checked
    return pd.read_csv(FIGURES / f"{name}.csv")


def by_rule(name: str, *keys: str, cost: str = "cost", rows: str | None = None) -> pd.DataFrame:
    """Costs of a table with a row a rule, side by side."""
    told = table(name) if rows is None else table(name).query(rows)
    return told.pivot(index=list(keys), columns="rule", values=cost)


def saved(costs: pd.DataFrame) -> pd.Series:
    """What the optimal rule saves over the better of a fixed split and one look."""
    return 1 - costs["optimal"] / costs[LESS].min(axis=1)


def above(costs: pd.DataFrame, rule: str, *others: str) -> pd.Series:
    """What a rule costs more than the best of others."""
    return costs[rule] / costs[list(others)].min(axis=1) - 1


def one(number: float) -> Numbers:
    return number, number


def share_and_number(holds: pd.Series) -> Numbers:
    return holds.mean(), holds.sum()


def share(holds: pd.Series) -> Numbers:
    return one(holds.mean())


def median_and_most(numbers: pd.Series) -> Numbers:
    return numbers.median(), numbers.max()


def most_and_median(numbers: pd.Series) -> Numbers:
    return numbers.max(), numbers.median()


def least_and_most(numbers: pd.Series) -> Numbers:
    return numbers.min(), numbers.max()


# -- sentences 1 to 5: the edge, the split, the trade-off, updates, the download


@decides("edge-helps")
def _() -> Numbers:
    ways = table("78-real-verdicts").set_index("scenario")[["local-only", "edge-only", *LESS, "optimal"]]
    return share_and_number(1 - ways.min(axis=1) / ways["local-only"] >= 0.05)


@decides("split-inside")
def _() -> Numbers:
    ways = table("78-real-verdicts").set_index("scenario")
    return share_and_number(1 - ways["static"] / ways[["local-only", "edge-only"]].min(axis=1) >= 0.01)


@decides("trade-off")
def _() -> Numbers:
    sent = table("10-cost-model-features")
    least_before = sent.groupby("network")["relative output"].transform(lambda bits: bits.cummin().shift())
    inner = sent["stage"].between(1, sent.groupby("network")["stage"].transform("max"), inclusive="left")
    return share((inner & (sent["relative output"] < least_before)).groupby(sent["network"]).any())


@decides("trade-off-priced")
def _() -> Numbers:
    return share(table("10-cost-model-rates").groupby("network")["split point"].nunique() > 1)


@decides("updates-cost")
def _() -> Numbers:
    placing = table("78-real-strategies").query("rule == 'optimal' and `M*` > 0")["scenario"]
    return share_and_number(table("78-real-numbers").set_index("scenario").loc[placing, "download"] >= 0.01)


@decides("download-decides")
def _() -> Numbers:
    placed = table("30-placement-networks")
    return share_and_number(placed["optimal"] < placed["free"])


# -- sentence 6: fading, and the plan that is optimal where it is drawn afresh


@decides("memoryless-followed")
def _() -> Numbers:
    return most_and_median(above(by_rule("50-joint-one-clock", "network", "tau_s"), "memoryless", "static"))


@decides("memoryless-good")
def _() -> Numbers:
    return most_and_median(above(by_rule("72-memory-rules", "network", "ratio"), "memoryless", *LESS))


@decides("held-while-sending")
def _() -> Numbers:
    clocks = table("72-memory-held")
    most = saved(clocks).groupby(clocks["sending"]).max()
    return one(abs(most["held"] - most["moving"]))


@decides("promise-kept")
def _() -> Numbers:
    promised = saved(by_rule("50-joint-strategies", "network"))[OWN]
    kept = saved(table("71-one-clock-condition").query("network == @OWN")).max()
    return one(kept / promised)


# -- sentence 7: coupling and time scales


def apart(costs: pd.DataFrame) -> pd.Series:
    """What the best way known of placing without the optimal rule costs more than placing with it."""
    return costs[["one pass", "1-sla's placement", "separate"]].min(axis=1) / costs["optimal"] - 1


@decides("coupling-independent")
def _() -> Numbers:
    return median_and_most(apart(by_rule("50-joint-strategies", "network")))


@decides("coupling-one-clock")
def _() -> Numbers:
    return median_and_most(apart(by_rule("50-joint-one-clock", "network", "tau_s")))


@decides("rule-moves-placement-independent")
def _() -> Numbers:
    return share_and_number(table("30-placement-networks")[["optimal", "1-sla", *LESS]].nunique(axis=1) > 1)


@decides("rule-moves-placement-one-clock")
def _() -> Numbers:
    placed = table("30-placement-one-clock")[["M*, optimal", "M*, probe-once", "M*, static"]]
    return share_and_number(placed.nunique(axis=1) > 1)


@decides("coupling-scenarios-independent")
def _() -> Numbers:
    grid = table("60-sensitivity-scenarios")
    return share_and_number(grid["placed apart"] / grid["joint"] - 1 >= 0.1)


@decides("coupling-scenarios-one-clock")
def _() -> Numbers:
    return share_and_number(table("60-sensitivity-one-clock")["apart"] >= 0.1)


@decides("two-time-scales")
def _() -> Numbers:
    told = table("78-real-scenarios").merge(table("78-real-numbers").drop(columns="K"), on="scenario")
    forgets = ~(told["K"] * told["interval [s]"] / told["remembers [s]"] < 100)  # nan: a rate that never moves
    return share((told["K"] >= 100) & forgets)


# -- sentence 8: optimal stopping


def off_by(simulated: pd.DataFrame) -> pd.Series:
    return ((simulated["simulated"] - simulated["computed"]) / simulated["standard error"]).abs()


@decides("stopping-simulated")
def _() -> Numbers:
    return one(off_by(table("20-online-paid").query("tau_s.isna()")).max())


@decides("stopping-one-clock")
def _() -> Numbers:
    return one(off_by(table("20-online-paid").query("tau_s.notna() and rule == 'optimal'")).max())


@decides("stopping-stages")
def _() -> Numbers:
    stages = table("80-validation-z")["p of stop stages"].dropna()
    hindsight = table("80-validation-checks").query('check == "clairvoyant\'s bound"')["value"]
    return one(min(kstest(stages, "uniform").pvalue, kstest(hindsight, "uniform").pvalue))


@decides("horizon")
def _() -> Numbers:
    return one(table("20-online-horizon").groupby("case")["cost"].diff().max())


# -- sentence 9: looking ahead


@decides("look-ahead")
def _() -> Numbers:
    return most_and_median(above(by_rule("50-joint-strategies", "network"), "1-sla", "optimal"))


@decides("look-ahead-depth")
def _() -> Numbers:
    return share(table("20-online-depth").query("depth == 4")["loss"] <= 0.01)


@decides("look-ahead-mlp")
def _() -> Numbers:
    costs = by_rule("40-mlp-rules", "network", "inferences_per_update", rows="tau_s.isna()")
    return most_and_median(above(costs, "1-sla", "optimal"))


@decides("look-ahead-channels")
def _() -> Numbers:
    return most_and_median(above(table("70-fading-networks").query("channel != 'no fading'"), "1-sla", "optimal"))


@decides("look-ahead-formula")
def _() -> Numbers:
    told = table("90-gaps")
    wrong = (told["loss"] - told["by R15"]).abs()
    loose = np.maximum(told["loss"] - told["bound (N5)"], told["bound (N5)"] - told["bound (R16c)"])
    return one((np.maximum(wrong, loose).clip(lower=0) / told["ETC"]).max())


@decides("look-ahead-memory")
def _() -> Numbers:
    return one(above(by_rule("72-memory-rules", "network", "ratio"), "1-sla", *LESS).max())


@decides("look-ahead-real")
def _() -> Numbers:
    return share_and_number(above(by_rule("78-real-strategies", "scenario", cost="ETC"), "1-sla", "optimal") <= 0.01)


@decides("thresholds-memory")
def _() -> Numbers:
    return share(table("72-memory-threshold-cases")["threshold"])


# -- sentence 10: placing without comparing all placements


def lost(placed: str, on_one_clock: bool) -> pd.Series:
    every = table("30-placement-every-loss")
    return every.loc[every["network"].str.endswith(" s") == on_one_clock, placed]  # "alexnet, 3 s" if so


@decides("placed-by-look-ahead")
def _() -> Numbers:
    return most_and_median(lost("1-sla", on_one_clock=False))


@decides("placed-in-one-pass")
def _() -> Numbers:
    return most_and_median(lost("one pass", on_one_clock=False))


@decides("placed-in-one-pass-one-clock")
def _() -> Numbers:
    return most_and_median(lost("one pass", on_one_clock=True))


@decides("placed-fast")
def _() -> Numbers:
    asked = by_rule("30-placement-expectations", "network", cost="expectations")
    quick = asked.drop(columns="compare all")
    return least_and_most(quick.rdiv(asked["compare all"], axis=0).stack())


# -- sentence 11: the closed form


@decides("closed-form-search")
def _() -> Numbers:
    shown = table("40-mlp-placement")
    wrong = (shown["closed form"] != shown["exhaustive"]).sum()
    return one(wrong + table("40-mlp-disagreements")["disagreements"].sum())


@decides("closed-form-maps")
def _() -> Numbers:
    points = table("40-mlp-maps")
    return one((points["placement"] != points["closed form"]).sum())


@decides("closed-form-proved")
def _() -> Numbers:
    proofs = table("90-claims").set_index("label")["status"].filter(regex="^(R7|N4)[a-z]?$")
    return share(proofs.str.startswith("proved"))


@decides("closed-form-real")
def _() -> Numbers:
    return most_and_median(table("78-real-mlp")["loses"])


# -- sentence 12: what the joint optimum saves


@decides("joint-independent")
def _() -> Numbers:
    return median_and_most(saved(by_rule("50-joint-strategies", "network")))


@decides("joint-one-clock")
def _() -> Numbers:
    return median_and_most(saved(by_rule("50-joint-one-clock", "network", "tau_s")))


@decides("joint-one-clock-mlp")
def _() -> Numbers:
    return median_and_most(saved(by_rule("40-mlp-rules", "network", "tau_s", rows="tau_s.notna()")))


@decides("joint-scenarios-independent")
def _() -> Numbers:
    return median_and_most(saved(table("60-sensitivity-scenarios").rename(columns={"joint": "optimal"})))


@decides("online-places")
def _() -> Numbers:
    grid = table("60-sensitivity-scenarios")
    return share((grid["static placement"] == 0) & (grid["joint placement"] > 0))


@decides("joint-scenarios-one-clock")
def _() -> Numbers:
    clock = table("60-sensitivity-one-clock")
    ever = saved(clock).groupby(clock["scenario"]).max()
    return (ever >= 0.05).mean(), ever.max()


@decides("joint-real")
def _() -> Numbers:
    return share_and_number(saved(table("78-real-verdicts")) >= 0.05)


@decides("simulated")
def _() -> Numbers:
    drawn = table("80-validation-z").query("`standard error` > 0").dropna(subset="z")
    z = (drawn["simulated"] - drawn["computed"]) / drawn["standard error"]
    spread = 2 * min(chi2.sf((z**2).sum(), len(z)), chi2.cdf((z**2).sum(), len(z)))
    return one(min(2 * norm.sf(abs(z.sum()) / np.sqrt(len(z))), spread, kstest(z, "norm").pvalue))


# -- beyond: the law of the channel


@decides("law-matters")
def _() -> Numbers:
    fades = table("70-fading-networks").query("channel != 'no fading'")
    median = saved(fades).groupby(fades["channel"]).median()
    return one(median.max() - median.min())


@decides("no-fading-no-gain")
def _() -> Numbers:
    still = table("70-fading-networks").query("channel == 'no fading'")
    return one((1 - still["optimal"] / still["static"]).max())


@decides("rayleigh-finite")
def _() -> Numbers:
    least, next_one = table("70-fading-cut-means").sort_values("outage gain").iloc[:2].to_dict("records")
    return one((least["mean"] - next_one["mean"]) / np.log10(next_one["outage gain"] / least["outage gain"]))


@decides("rayleigh-visible")
def _() -> Numbers:
    runs = table("70-fading-divergence").set_index("sample size").filter(like="run ")
    return one((runs.loc[1_000_000] / runs.loc[1000]).min())


@decides("laws-one-clock")
def _() -> Numbers:
    return median_and_most(saved(table("70-fading-one-clock")))


# -- beyond: memory


@decides("memory-again")
def _() -> Numbers:
    return median_and_most(saved(by_rule("72-memory-rules", "network", "ratio")).groupby("network").max())


@decides("memory-static")
def _() -> Numbers:
    costs = by_rule("72-memory-rules", "network", "ratio")
    return least_and_most((1 - costs["optimal"] / costs["static"]).groupby("ratio").median())


@decides("chain-on-process")
def _() -> Numbers:
    played = table("72-memory-process")
    return one((played["cost"] / played["model"] - 1).abs().median())


def best_on_traces() -> pd.Series:
    """The first of a fixed split, one look and the optimal rule that is within 1 % of the cheapest on the second half."""
    costs = by_rule("74-traces-replayed", "trace", "network", cost="second half")[[*LESS, "optimal"]]
    return costs.le(1.01 * costs.min(axis=1), axis=0).idxmax(axis=1)


@decides("traces-again")
def _() -> Numbers:
    return share_and_number(best_on_traces() == "optimal")


@decides("traces-once")
def _() -> Numbers:
    return share_and_number(best_on_traces() == "probe-once")


@decides("traces-independent")
def _() -> Numbers:
    told = table("74-traces-verdicts")
    better, worse = told["draws, low"] > 0, told["draws, high"] < 0
    return better.mean(), better.sum() - worse.sum()


@decides("traces-chain")
def _() -> Numbers:
    sending = table("74-traces-replayed").query("rule != 'memoryless' and sends > 0")
    return most_and_median((sending["first half"] / sending["chain"] - 1).abs())


@decides("chain-keeps")
def _() -> Numbers:
    kept = table("74-traces-kept").pivot(index=["pair", "link"], columns="of")
    kept = kept.swaplevel(axis=1)
    off = (kept["chain"] / kept["trace"] - 1).abs().max()
    late = "correlation after 5 s"
    basic = max(off["mean [Mbit/s]"], off["outage [s]"])
    return max(basic, off["wait [s]"], (kept["chain"][late] - kept["trace"][late]).abs().max()), basic


@decides("chain-plans")
def _() -> Numbers:
    return most_and_median(table("74-traces-replayed").query("rule == 'optimal' and sends > 0")["regret"])


# -- beyond: one clock


def most_on_the_maps(savings: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
    found = table("71-one-clock-regimes")
    return savings(found).groupby([found["network"], found["family"]]).max()


@decides("clock-again")
def _() -> Numbers:
    return least_and_most(most_on_the_maps(saved))


@decides("clock-once")
def _() -> Numbers:
    return least_and_most(most_on_the_maps(lambda found: 1 - found["probe-once"] / found["static"]))


@decides("condition")
def _() -> Numbers:
    found = table("71-one-clock-regimes")
    ruled_out, pays = found["bound"] < 0.01, saved(found) >= 0.01
    return one(0.0 if (ruled_out & pays).any() else ruled_out[~pays].mean())


@decides("wrong-belief-pays")
def _() -> Numbers:
    worth = table("73-not-knowing-wrong").query("factor != 1 and `knowing less` >= 0.01")
    return least_and_most((worth["again"] < worth["knowing less"]).groupby([worth["wrong"], worth["factor"]]).mean())


@decides("wrong-belief-harmless")
def _() -> Numbers:
    off = table("73-not-knowing-wrong").query("factor != 1")
    dearer = off["again"] - off["less"]
    return dearer.max(), (dearer > 1e-9).mean()


@decides("learning-is-enough")
def _() -> Numbers:
    last = table("73-not-knowing-learnt").query("inferences == 1000 and `knowing less` >= 0.01")
    pays = (last["again"] < last["knowing less"]).groupby([last["family"], last["looking"], last["prior"]]).mean()
    return share(pays.groupby(["family", "looking"]).min() >= 0.9)


# -- beyond: seconds and joules


CASE = ["network", "link"]


@decides("weights-again")
def _() -> Numbers:
    costs = by_rule("75-seconds-points", *CASE, "time_weight", cost="ETC")
    return least_and_most(saved(costs).groupby(CASE).max())


@decides("deadline-again")
def _() -> Numbers:
    met = table("75-seconds-deadline")
    return least_and_most((1 - met["cost"] / met["once_bound"]).clip(lower=0).groupby([met[key] for key in CASE]).max())


@decides("deadline-joules")
def _() -> Numbers:
    met = table("75-seconds-joules")
    return least_and_most(
        (1 - met["again"] / met["once_bound"]).clip(lower=0).groupby([met[key] for key in CASE]).max()
    )


@decides("least-late")
def _() -> Numbers:
    late = by_rule("75-seconds-tails", *CASE, cost="95 % [s]")
    return share_and_number(late["optimal"] <= late.min(axis=1) * (1 + 1e-9))


@decides("law-of-the-time")
def _() -> Numbers:
    return one(table("75-seconds-tails")["distance"].max())


@decides("chain-lateness")
def _() -> Numbers:
    sending = table("75-seconds-tails").query("link == 'trace' and rule != 'local-only'")
    off = (sending["95 % [s]"] / sending["replayed 95 %"] - 1).abs()
    return off.max(), off.min()


# -- beyond: real scenarios


@decides("once-real")
def _() -> Numbers:
    ways = table("78-real-verdicts")
    return share_and_number(1 - ways["probe-once"] / ways["static"] >= 0.05)


@decides("tail-turns")
def _() -> Numbers:
    return share_and_number(table("78-real-tails").groupby("scenario")["verdict"].nunique() > 1)


@decides("one-speed")
def _() -> Numbers:
    speeds = table("78-real-speeds").groupby("device")["speed [GMAC/s]"]
    return most_and_median(speeds.max() / speeds.min())


@decides("factor-of-two")
def _() -> Numbers:
    return share(table("78-real-halved-and-doubled").groupby("scenario")["verdict"].nunique() == 1)


# -- beyond: proofs


@decides("derived")
def _() -> Numbers:
    return share(table("90-claims")["status"].str.startswith("proved"))


@decides("mutants-refused")
def _() -> Numbers:
    refused, of = table("90-claims")["mutants"].str.split("/", expand=True).astype(int).sum()
    return one(refused / of)


# -- what the numbers are held against

READ = {  # claims whose numbers are counted or sorted here, but of what one column says: claim -> table, column, and why
    "updates-cost": ("78-real-numbers", "download", "no table holds the weights of a scenario's seconds and joules"),
    "coupling-scenarios-one-clock": ("60-sensitivity-one-clock", "apart", "what deciding apart costs is a share there"),
    "thresholds-memory": ("72-memory-threshold-cases", "threshold", "each case was checked state by state"),
    "closed-form-search": ("40-mlp-disagreements", "disagreements", "random instances are too many to save"),
    "traces-independent": ("74-traces-verdicts", "draws, low", "the ends of bootstrap intervals"),
    "chain-plans": ("74-traces-replayed", "regret", "the optimum on the chain behind a trace is not saved"),
    "law-of-the-time": ("75-seconds-tails", "distance", "simulated times are too many to save"),
    "closed-form-proved": ("90-claims", "status", "proofs, done again by the tests of the derivations"),
    "derived": ("90-claims", "status", "proofs, done again by the tests of the derivations"),
    "mutants-refused": ("90-claims", "mutants", "proofs, done again by the tests of the derivations"),
}
OF_THE_STUDY = {"BEYOND", "abstract", "claims", "verdict"}  # what is imported of it
COARSE = {"simulated": 1e-4}  # z-scores are differences of numbers that nine digits hardly tell apart


@cache
def findings() -> pd.DataFrame:
    return pd.read_csv(FIGURES / "99-findings.csv", dtype=str, keep_default_na=False).set_index("claim")


@cache
def stated(claim: str) -> Numbers:
    return float(findings().loc[claim, "confirmed_by"]), float(findings().loc[claim, "limited_by"])


def said(claim: str, first: float, second: float) -> str:
    """The verdict that two numbers lead to, the second where it is asked for."""
    asked = claims()[claim]
    return verdict(claim, first, None if asked.limited_if in ("", asked.confirmed_if) else second)


each_claim = pytest.mark.parametrize("claim", claims())


def test_every_claim_is_reckoned_and_none_by_the_study() -> None:
    assert set(RECKONED) == set(claims()) == set(findings().index)
    reckoning = ast.parse(Path(__file__).read_text("utf-8").split("# -- what the numbers are held against")[0])
    assert not {node.id for node in ast.walk(reckoning) if isinstance(node, ast.Name)} & OF_THE_STUDY


@pytest.mark.parametrize("claim", READ)
def test_what_is_only_read_is_still_decided_by_that_column(claim: str) -> None:
    name, column, _ = READ[claim]
    assert column in table(name)
    assert {name, column} <= set(map(str, RECKONED[claim].__code__.co_consts))


@each_claim
def test_deciding_numbers_follow_from_the_tables(claim: str) -> None:
    reckoned = RECKONED[claim]()
    assert reckoned == pytest.approx(stated(claim), rel=COARSE.get(claim, 1e-6), abs=2 * DIGITS)
    assert said(claim, *(round(float(number), 8) for number in reckoned)) == findings().loc[claim, "verdict"]


def side_by_side(name: str, column: str, *keys: str) -> pd.Series:
    return table(name).set_index(list(keys))[column]


def rayleigh(name: str, *keys: str) -> pd.Series:
    return saved(table(name).query("channel == 'Rayleigh, $g_0$ = 0.05'").set_index(list(keys)))


def behind() -> pd.Series:
    plans = table("74-traces-replayed").set_index(["trace", "network"])
    return plans["drawn from"] / (1 + plans["regret"])


SAME = {  # what two notebooks, or two parts of one, found each for itself
    "what the joint optimum saves under independent draws": lambda: (
        saved(by_rule("50-joint-strategies", "network")),
        rayleigh("70-fading-networks", "network"),
    ),
    "what it saves on one clock, by the notebook on placement": lambda: (
        saved(by_rule("50-joint-one-clock", "network", "tau_s")),
        side_by_side("30-placement-one-clock", "saving", "network", "tau_s"),
    ),
    "what it saves on one clock, by the notebook on fading": lambda: (
        saved(by_rule("50-joint-one-clock", "network", "tau_s")),
        rayleigh("70-fading-one-clock", "network", "tau_s"),
    ),
    "what placing as for a fixed split costs on one clock": lambda: (
        above(by_rule("50-joint-one-clock", "network", "tau_s"), "separate", "optimal"),
        side_by_side("30-placement-one-clock", "apart", "network", "tau_s"),
    ),
    "where the optimal rule places": lambda: (
        by_rule("50-joint-strategies", "network", cost="placement")["optimal"],
        side_by_side("30-placement-networks", "optimal", "network"),
    ),
    "the best fixed split": lambda: (
        by_rule("50-joint-strategies", "network")["static"],
        table("10-cost-model-networks").groupby("network")["total"].min(),
    ),
    "what placing in one pass loses at the scenario's K": lambda: (
        above(by_rule("50-joint-strategies", "network"), "one pass", "optimal"),
        table("30-placement-every-loss")
        .query("999 < K < 1001 and not network.str.endswith(' s')")
        .set_index("network")["one pass"],
    ),
    "the optimal rule's cost by placement": lambda: (
        by_rule("30-placement-rules", "placement")["optimal"]
        - table("10-cost-model-detail")["download"]
        - table("10-cost-model-detail")["edge compute"][0],  # all on the edge
        table("20-online-horizon").query("case == @OWN").set_index("placement")["cost"],
    ),
    "what 1-sla loses with all layers placed": lambda: (
        table("20-online-depth").query("depth == 1").set_index("network")["loss"],
        table("90-gaps").groupby("network").last().eval("loss / ETC"),
    ),
    "what is promised of a channel in motion": lambda: (
        saved(by_rule("50-joint-strategies", "network")),
        side_by_side("72-memory-promised", "better", "network"),
    ),
    "what looking again saves in real scenarios": lambda: (
        saved(table("78-real-verdicts").set_index("scenario")),
        saved(table("78-real-halved-and-doubled").query("figure == 'as found'").set_index("scenario")),
    ),
    "what looking one stage ahead costs in real scenarios": lambda: (
        above(by_rule("78-real-strategies", "scenario", cost="ETC"), "1-sla", "optimal"),
        side_by_side("78-real-numbers", "look-ahead", "scenario"),
    ),
    "the least cost on the chain behind a trace, by the regret of any plan": lambda: (
        behind().groupby(["trace", "network"]).min(),
        behind().groupby(["trace", "network"]).max(),
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_tables_that_tell_the_same_agree(what: str) -> None:
    first, second = (numbers.rename(number) for number, numbers in enumerate(SAME[what]()))
    both = pd.concat([first, second], axis=1, join="inner")
    assert len(both) == min(len(first), len(second))
    assert both[0].to_numpy() == pytest.approx(both[1].to_numpy(), rel=1e-6, abs=2 * DIGITS)


# -- the page


@cache
def page() -> str:
    """What README.md of the figures says of findings."""
    return (FIGURES / "README.md").read_text("utf-8").split("\n## ")[0]


@cache
def item(claim: str) -> str:
    """What it says of a claim: items stand in the order of claims.csv."""
    items = re.findall("^- .*", page(), re.MULTILINE)
    assert len(items) == len(claims())
    return items[list(claims()).index(claim)]


def test_the_sentences_of_the_page_are_the_abstract() -> None:
    assert hashlib.sha256(" ".join(abstract()).encode()).hexdigest() == ABSTRACT
    assert re.findall("^### (.*)", page(), re.MULTILINE) == [*abstract(), *BEYOND.values()]


@each_claim
def test_the_page_tells_verdicts_that_follow_from_the_findings(claim: str) -> None:
    row, (first, second) = findings().loc[claim], stated(claim)
    assert row["verdict"] == said(claim, first, second)
    assert item(claim).startswith(
        f"- **{row['verdict'].capitalize()}.** {claims()[claim].statement} *{row['number']}* ("
    )
    told = re.search(
        r"here (\S+?)(?: and (\S+))?\.( Changed after numbers were seen: .+?\.)?( Rests on .+)?</sub>$", item(claim)
    )
    assert told
    assert bool(told[3]) == bool(claims()[claim].since)
    assert float(told[1]) == pytest.approx(first, rel=5e-3)
    assert float(told[2] or told[1]) == pytest.approx(second, rel=5e-3)


@each_claim
def test_what_a_claim_rests_on_is_proved_where_the_page_says(claim: str) -> None:
    links = re.findall(r"\[(\w+)\]\(derivations\.md#(\w+)\)", item(claim))
    assert [label for label, _ in links] == [place for _, place in links] == claims()[claim].rests_on.split()
    assert all(f'<a id="{label}"></a>' in proofs() for label, _ in links)


@cache
def proofs() -> str:
    """All derivations."""
    return (FIGURES / "derivations.md").read_text(encoding="utf-8")


@each_claim
def test_figures_of_findings_exist(claim: str) -> None:
    name = findings().loc[claim, "figure"]
    (file,) = re.findall(rf"\[{name}\]\(([^)]*)\)", item(claim))
    assert file in (f"{name}.svg", f"{name}.csv")
    assert (FIGURES / file).exists()


@each_claim
def test_findings_are_those_that_notebooks_saved(claim: str) -> None:
    row = findings().loc[claim]
    told = pd.read_csv(FIGURES / f"findings-{row['notebook']}.csv", dtype=str, keep_default_na=False).set_index("claim")
    assert row[told.columns].tolist() == told.loc[claim].tolist()


def test_the_summary_is_that_of_the_findings() -> None:
    summary = pd.read_csv(FIGURES / "99-summary.csv", keep_default_na=False)
    assert summary["sentence"].tolist() == [*abstract(), *BEYOND.values()]
    for row in summary.itertuples():
        part = findings()[findings()["sentence"] == row.sentence]
        first, _, counted = row.verdicts.removesuffix(")").partition(": ")
        assert first.split(" (")[0] == part["verdict"].iloc[0]
        told = (
            {verdict: int(count) for count, verdict in map(str.split, counted.split(", "))} if counted else {first: 1}
        )
        assert told == part["verdict"].value_counts().to_dict()
        assert (row.statement, row.number, row.figure) == tuple(part.iloc[0][["statement", "number", "figure"]])
