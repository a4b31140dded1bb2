"""Wrong and learnt beliefs over many links: rows recomputed by hand, counts by hand, and what must hold of any regret."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import coinfer
from coinfer.study import beliefs, knowing, knowing_drawn

GIVEN = coinfer.load_scenario("abstract-model")
CHAINS = {"alexnet": coinfer.load_dnn("alexnet")}


def test_a_link_is_off_for_so_many_local_inferences_and_sends_the_input_in_so_many():
    (case,) = beliefs.on_off_links(GIVEN, CHAINS, [2.0], off_share=0.2, sent_in=0.05).values()
    local_s = sum(case.dnn.macs) / case.device.macs_per_s
    assert case.channel.mean_off_s == pytest.approx(2 * local_s)
    assert case.channel.mean_off_s / (case.channel.mean_off_s + case.channel.mean_on_s) == pytest.approx(0.2)
    assert case.dnn.output_bits[0] / case.channel.rate_bps == pytest.approx(0.05 * local_s)
    (fades,) = beliefs.fading_links(GIVEN, CHAINS, [4.0], states=8).values()
    assert fades.channel.coherence_time_s == pytest.approx(4 * local_s)


def test_believed_lengths_are_the_regrets_of_plans_for_the_other_link():
    table = beliefs.believed_lengths(GIVEN, CHAINS, [0.5, 2.0], off_share=0.25, sent_in=0.03)
    assert table[["true", "believed"]].to_numpy().tolist() == [[0.5, 0.5], [0.5, 2.0], [2.0, 0.5], [2.0, 2.0]]
    links = beliefs.on_off_links(GIVEN, CHAINS, [0.5, 2.0], off_share=0.25, sent_in=0.03)
    short, long = links.values()
    least = coinfer.plan(long).cost
    wrongly = coinfer.expected_cost(long, coinfer.plan(short)) / least - 1
    assert table.loc[2, "again"] == pytest.approx(wrongly, abs=1e-9)
    knowing_less = min(coinfer.plan(long, rule=rule).cost for rule in ("static", "probe-once")) / least - 1
    assert table.loc[2, "knowing less"] == pytest.approx(knowing_less, abs=1e-9)
    assert table["pays"].tolist() == [
        bool(row["knowing less"] >= beliefs.LEAST and row["again"] < row["knowing less"]) for _, row in table.iterrows()
    ]
    right = table[table["true"] == table["believed"]]
    assert (right["again"] == 0).all()


def test_shares_that_pay_leave_out_the_truth_and_what_is_worth_nothing():
    table = pd.DataFrame(
        {
            "true": [1.0, 1.0, 1.0, 1.0, 1.0],
            "believed": [0.5, 0.25, 1.0, 2.0, 4.0],
            "knowing less": [0.1, 0.1, 0.1, 0.1, 0.001],
            "pays": [True, False, True, True, False],
        }
    )
    assert beliefs.shares_that_pay(table) == {"long": 1.0, "short": 0.5}
    nowhere = beliefs.shares_that_pay(table.assign(**{"knowing less": 0.0}))
    assert np.isnan(list(nowhere.values())).all()


def test_placements_are_those_of_the_plans():
    links = beliefs.on_off_links(GIVEN, CHAINS, [0.25, 1.5], off_share=0.25, sent_in=0.03)
    table = beliefs.placements(links).set_index("case")
    assert table["length"].tolist() == [0.25, 1.5]
    for name, case in links.items():
        for rule in ("optimal", "static", "probe-once"):
            assert table.loc[name, rule] == np.argmin(coinfer.plan(case, rule=rule).costs)


def test_simulation_of_wrong_plans_agrees_with_what_is_computed():
    links = beliefs.on_off_links(GIVEN, CHAINS, [1.5], off_share=0.25, sent_in=0.03)
    ways = {beliefs.LENGTHS: beliefs.OUTAGES[beliefs.LENGTHS]}
    table = beliefs.simulated(links, ways, (0.2, 5.0), inferences=20_000, seed=2)
    (truth,) = links.values()
    off, on = truth.channel.mean_off_s, truth.channel.mean_on_s
    thought = truth.replace(channel__mean_off_s=5 * off, channel__mean_on_s=5 * on)
    assert table["computed"][1] == pytest.approx(coinfer.expected_cost(truth, coinfer.plan(thought)))
    assert table["z"].abs().max() < 4


def test_what_is_split_by_a_wrong_belief_alone_is_counted_by_hand():
    wrong = pd.DataFrame(
        {
            "wrong": ["a", "a", "a", "b"],
            "factor": [0.5, 1.0, 2.0, 2.0],
            "again": [0.4, 0.0, 0.2, 0.1],
            "splitting": [0.1, 9.0, 0.3, 0.1],
        }
    )
    table = beliefs.splitting_alone(wrong).set_index("wrong")
    assert table.loc["a"].to_numpy(float) == pytest.approx([0.3, 0.2, 0.4, 0.3, 0.5])
    assert table.loc["b"].to_numpy(float) == pytest.approx([0.1, 0.1, 0.1, 0.1, 1.0])


def taught(pays: dict[tuple[str, int], tuple[float, float]]) -> pd.DataFrame:
    """Two first beliefs for each way of looking and number of inferences, and for how many of the devices it pays."""
    return pd.DataFrame(
        {
            "family": "on-off", "looking": how, "prior": prior, "inferences": n, "pays": share,
            "again, 95 %": 1 - share, "less, 95 %": 2.0 * prior,
        }
        for (how, n), shares in pays.items()
        for prior, share in zip((0.2, 5.0), shares, strict=True)
    )  # fmt: skip


def test_the_worse_of_two_first_beliefs_counts():
    worse = beliefs.worse_prior(taught({("once", 10): (0.3, 0.8)}))
    assert worse[["pays", "again", "less"]].to_numpy().tolist() == [[0.3, 0.7, 10.0]]


def test_from_how_many_on_means_ever_after():
    ways = {
        "falls again": (0.95, 0.95, 0.5),
        "late": (0.2, 0.3, 0.9),
        "early": (0.9, 0.95, 1.0),
        "nothing to gain": (np.nan, np.nan, np.nan),
    }
    table = taught(
        {
            (how, n): (x, 1.0 if x == x else x)
            for how, xs in ways.items()
            for n, x in zip((10, 100, 1000), xs, strict=True)
        }
    )
    found = beliefs.pays_from(beliefs.worse_prior(table))
    assert found.xs("on-off").to_dict() == {
        "falls again": "never", "late": "1000", "early": "10", "nothing to gain": "no case",
    }  # fmt: skip
    assert beliefs.share_that_learns(list(found)) == pytest.approx(2 / 3)
    assert np.isnan(beliefs.share_that_learns(["no case"]))


def test_tables_in_colours_hold_every_number_once():
    links = beliefs.on_off_links(GIVEN, CHAINS, [1.5], off_share=0.25, sent_in=0.03)
    found = knowing.paying(
        knowing.misbelief(links, beliefs.OUTAGES, beliefs.FACTORS), ["wrong", "factor"], beliefs.LEAST
    )
    figure = knowing_drawn.draw_factors(found)
    for axis, column in zip(figure.axes, knowing_drawn.WRONG, strict=True):
        assert sorted(text.get_text() for text in axis.texts) == sorted(f"{100 * x:.0f}" for x in found[column])
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["1/5", "1/2", "1", "2", "5"]
    plt.close(figure)
    drawn = knowing_drawn.draw_learning(
        beliefs.worse_prior(taught({("once", 10): (np.nan, np.nan), ("once", 1000): (0.3, 0.8)}))
    )
    assert [text.get_text() for text in drawn.axes[2].texts] == ["30"]  # no case: no colour, no number
    assert [text.get_text() for text in drawn.axes[0].get_xticklabels()] == ["10", "1,000"]
    plt.close(drawn)
