"""A real MLP whose layers are equal but for a few: what the closed form for equal neurons says of it, and what that loses."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coinfer.channel import OnOff, Rayleigh
from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw
from coinfer.closed_form import mlp_placement
from coinfer.cost import Costs, costs
from coinfer.network import DNN, mlp
from coinfer.placement import total_costs
from coinfer.scenario import Scenario
from coinfer.study.regimes import local_inference_s
from coinfer.validation import InputError

OFF_SHARE = 0.25  # of the time, on the on-off link, whose outages last for a local inference in the mean
SNR_DB = 10.0  # of the fading in the mean
CLOSED = {"on-off": "optimal", "fading": "1-sla"}  # the rule that has a closed form on each channel, R22 and R7


def nearest_equal(dnn: DNN) -> DNN:
    """The MLP with as many layers, the input of the network, and everywhere the width that most of its layers have.

    Raises `InputError` for a network that does not say how it is coded, or has activations or parameters of several bits.

    >>> from coinfer.network import mlp
    >>> nearest_equal(mlp(3, 10, inputs=50)).macs
    (500, 100, 100)
    """
    if dnn.coding is None:
        raise InputError(f"dnn = {dnn.name!r}: should say how its values are coded")
    sent, held, raw = dnn.coding.activation_bits, dnn.coding.parameter_bits, dnn.coding.input_bits
    if sent is None or held is None:
        raise InputError(f"dnn = {dnn.name!r}: should have activations of one type, and parameters of one type")
    first, *later = dnn.output_bits
    width = Counter(later).most_common(1)[0][0] // sent
    bits = {"activation_bits": sent, "parameter_bits": held, "input_bits": raw}
    return mlp(dnn.layers, width, inputs=first // raw, **bits)


def on_link(case: Scenario, channel: str, rate_bps: float) -> Scenario:
    """The scenario on a link of a rate that comes and goes, "on-off", or fades afresh after each layer, "fading".

    When on, or at the mean SNR, it has that rate.
    """
    off_s = local_inference_s(case)
    if channel == "on-off":
        link = OnOff(rate_bps=rate_bps, mean_on_s=off_s * (1 / OFF_SHARE - 1), mean_off_s=off_s)
        return case.replace(channel=link)
    width_hz = rate_bps / np.log2(1 + 10 ** (SNR_DB / 10))
    faded = case.replace(link__mean_snr_db=SNR_DB, link__bandwidth_hz=float(width_hz))
    return faded.replace(channel=Rayleigh(outage_gain=0.05))


def closed_and_exact(
    cases: Mapping[str, Scenario], factors: Iterable[float], updates: Sequence[float], rates_bps: Mapping[str, float]
) -> pd.DataFrame:
    """M* of the nearest equal MLP in closed form, beside the scan of the real chain; a row a case, channel, rate and K.

    The rates are those of the case times the factors. "loses": what placing as the closed form says costs above the best
    placement, on the real chain, by the rule that has the closed form on this channel. "mended": likewise, of the better of
    that placement and the one that ends at the narrowest layer.
    """
    tables = []
    for name, case in cases.items():
        equal, narrowest = nearest_equal(case.dnn), int(np.argmin(case.dnn.output_bits))
        for channel, rule in CLOSED.items():
            for rate_bps in rates_bps[name] * np.array(list(factors)):
                linked = on_link(case, channel, float(rate_bps))
                real, alike = costs(linked), costs(linked.model_copy(update={"dnn": equal}))
                thought = _placed(alike, rule, _downloads(alike, updates))
                j = total_costs(replace(real, download=_downloads(real, updates)), rule)[
                    :, : real.largest_placement + 1
                ]
                lost = np.maximum(0.0, np.round(j / j.min(axis=1, keepdims=True) - 1, 9))
                loses = lost[np.arange(len(j)), thought]
                at = {"case": name, "channel": channel, "rate [bit/s]": float(rate_bps), "K": list(updates)}
                places = {"closed form": thought, "exact": j.argmin(axis=1)}
                regret = {"loses": loses, "mended": np.minimum(loses, lost[:, narrowest])}
                tables.append(pd.DataFrame(at | places | regret))
    return pd.concat(tables, ignore_index=True)


def _downloads(given: Costs, updates: Sequence[float]) -> Floats:
    """D for each K, which moves nothing else; (K, N)."""
    assert given.scenario is not None
    return given.download * (given.scenario.inferences_per_update / np.array(updates, dtype=float)[:, None])


def _placed(given: Costs, rule: str, downloads: Floats) -> NDArray[np.int64]:
    """M* in closed form for each of the downloads (B, N), one by one where the channel has a memory; (B,)."""
    if isinstance(given.law, MovingLaw):
        return np.array([mlp_placement(replace(given, download=each), rule=rule) for each in downloads])
    return np.asarray(mlp_placement(replace(given, download=downloads), rule=rule))
