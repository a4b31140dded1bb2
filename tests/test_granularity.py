"""What hangs on how finely a chain is cut: compared with plans for the same chains, and where cutting changes nothing."""

import numpy as np
import pytest

import coinfer
from coinfer.channel import Rayleigh
from coinfer.study.granularity import by_outage_gain, granularity, on_blocks

BASE = coinfer.load_scenario("abstract-model")
CASES = {name: BASE.replace(dnn=name) for name in ("alexnet", "squeezenet")}
CASES["mlp-12x512"] = BASE.replace(dnn=coinfer.mlp(12, 512))


@pytest.fixture(scope="module")
def cut():
    return granularity(CASES, [0.01, 0.2]).set_index(["network", "chain", "outage gain"]).sort_index()


@pytest.mark.parametrize("name", ["alexnet", "squeezenet"])
def test_shares_are_those_of_plans_for_the_same_chain(cut, name):
    case = CASES[name].replace(dnn=coinfer.blocks(CASES[name].dnn), channel=Rayleigh(outage_gain=0.01))
    cost = {rule: coinfer.plan(case, rule=rule).cost for rule in ("optimal", "1-sla", "static", "probe-once")}
    found = cut.loc[(name, "blocks", 0.01)]
    assert found["stages"] == case.dnn.layers
    assert found["joint"] == pytest.approx(1 - cost["optimal"] / min(cost["static"], cost["probe-once"]), abs=1e-9)
    assert found["1-sla loses"] == pytest.approx(cost["1-sla"] / cost["optimal"] - 1, abs=1e-9)


def test_equal_layers_are_one_block_on_which_looking_again_saves_nothing(cut):
    found = cut.loc[("mlp-12x512", "blocks", 0.01)]
    assert (found["stages"], found["joint"], found["apart"]) == (1, 0.0, 0.0)
    assert cut.loc[("mlp-12x512", "layers", 0.01), "joint"] > 0.1


def test_a_chain_whose_stages_all_send_less_is_cut_as_it_is():
    dnn = coinfer.DNN(
        name="falls",
        layer_names=["a", "b"],
        macs=[10**8] * 2,
        parameter_bits=[0, 0],
        output_bits=[9 * 10**6, 10**6, 10],
    )
    table = granularity({"falls": BASE.replace(dnn=dnn)}, []).set_index("chain").drop(columns="network")
    assert table.loc["layers"].equals(table.loc["blocks"])
    assert table["joint"].iloc[0] > 0


def test_words_tell_the_own_channel_of_blocks_and_the_gains_of_layers(cut):
    table, own = cut.reset_index(), [float(granularity({n: c}, [])["joint"].iloc[1]) for n, c in CASES.items()]
    assert on_blocks(table, "joint") == f"{np.median(own):.1%} in the median, at most {max(own):.0%}"
    low, high = (np.median([cut.loc[(name, "layers", gain), "joint"] for name in CASES]) for gain in (0.01, 0.2))
    assert by_outage_gain(table, "joint") == f"{low:.1%} at 0.01, {high:.1%} at 0.2"
