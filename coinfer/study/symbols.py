"""What a scenario is given and what follows from it, with units, as a reader looks it up."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from coinfer.channel import unit_cost_scale
from coinfer.cost import costs
from coinfer.network import load_dnn
from coinfer.quantities import QUANTITIES
from coinfer.scenario import Scenario


def as_given(scenario: Scenario) -> pd.DataFrame:
    """All that a scenario is given, a row each: field, value (text), unit, meaning; what is not given is left out.

    >>> import coinfer
    >>> as_given(coinfer.load_scenario("abstract-model")).iloc[0].tolist()[:3]
    ['inferences_per_update', '1000', '-']
    """
    told = pd.json_normalize(scenario.model_dump(mode="json", exclude={"dnn"}, exclude_none=True)).iloc[0]
    rows = []
    for field, value in told.items():
        known = QUANTITIES.get(str(field)) or QUANTITIES.get(str(field).removeprefix("channel."))
        rows.append(
            {
                "field": field,
                "value": as_text(value),
                "unit": known.unit if known else "",
                "meaning": known.meaning if known else "",
            }
        )
    return pd.DataFrame(rows)


def as_text(value: Any) -> str:
    """A value as a reader takes it in: six digits of a number, the extent of a list; never 0 for what is not.

    >>> as_text(1e-26), as_text([[1.0, 2.0], [3.0, 4.0]]), as_text("lte-city")
    ('1e-26', '2 x 2 numbers', 'lte-city')
    """
    if isinstance(value, list):
        across = f" x {len(value[0])}" if value and isinstance(value[0], list) else ""
        return f"{len(value)}{across} numbers"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def derived(scenario: Scenario) -> pd.DataFrame:
    """What follows from a scenario, a row each: symbol (LaTeX), value, unit, meaning.

    >>> import coinfer
    >>> derived(coinfer.load_scenario("abstract-model"))["value"].map("{:.3g}".format).tolist()[:3]
    ['9e-10', '1e-26', '5e-17']
    """
    device, link, given = scenario.device, scenario.link, costs(scenario)
    rows = [
        ("$e_d$", device.energy_j_per_mac, "J/MAC", "energy of a MAC"),
        (
            "$e_d/f_d^2$",
            device.energy_j_per_mac / device.macs_per_s**2,
            "J s^2",
            "switched capacitance of a device that does a MAC a cycle",
        ),
        ("$N_0$", link.noise_density_w_per_hz, "W/Hz", "noise density, the noise figure included"),
        (r"$\gamma$", link.mean_snr, "-", "mean SNR"),
        (r"$\lambda$", unit_cost_scale(link, scenario.weights), "1/bit", "unit cost at 1 bit/s/Hz"),
        (r"$C_\mathrm{edge}$", float(given.edge), "-", "cost of running every layer on the edge"),
    ]
    return pd.DataFrame(rows, columns=["symbol", "value", "unit", "meaning"])


def network_sizes(names: Iterable[str]) -> pd.DataFrame:
    """Networks side by side, a row each: layers, workload [GMAC], parameters, input and largest feature [Mbit].

    >>> network_sizes(["alexnet", "vgg19"])["layers N"].tolist()
    [8, 19]
    """
    return pd.DataFrame(
        {
            "network": net.name,
            "layers N": net.layers,
            "workload [GMAC]": sum(net.macs) / 1e9,
            "parameters [Mbit]": sum(net.parameter_bits) / 1e6,
            "input [Mbit]": net.output_bits[0] / 1e6,
            "largest feature [Mbit]": max(net.output_bits) / 1e6,
        }
        for net in map(load_dnn, names)
    )
