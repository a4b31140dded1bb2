"""Every quantity of the model once: symbol, LaTeX, unit, meaning, domain, default and the default's source.

Validation, the nomenclature table and the SymPy symbols of the derivations are all made from `QUANTITIES`.
Scenario fields are keyed by their path in a scenario (`link.bandwidth_hz`), everything derived by a plain word.
"""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from pydantic import Field

from coinfer.validation import needs

if TYPE_CHECKING:
    import pandas
    import sympy

SIBLING = "value used in sibling papers of the same authors"
OURS = "chosen for this study"
CHOICE = "the decision"
DNN = "read from the network"
DERIVED = "derived"


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One quantity: how it is written, measured and bounded. `default` is None where there is none."""

    symbol: str  # ASCII, as the code and SymPy write it
    latex: str
    unit: str  # "-" for a pure number
    meaning: str
    source: str
    lower: float = 0.0
    upper: float = inf
    lower_included: bool = False
    integer: bool = False
    default: float | None = None

    def field(self) -> Any:
        """A pydantic field with this domain, default and description."""
        bounds: dict[str, Any] = {"ge" if self.lower_included else "gt": self.lower} if self.lower > -inf else {}
        if self.upper < inf:
            bounds["le"] = self.upper
        return Field(
            default=... if self.default is None else self.default,
            allow_inf_nan=None if self.integer else False,
            title=self.symbol,
            description=f"{self.meaning} [{self.unit}]; default: {self.source}",
            **bounds,
        )

    @property
    def domain(self) -> str:
        """The domain as an interval, e.g. `(0, inf)`."""
        left = "[" if self.lower_included else "("
        right = "]" if self.upper < inf else ")"
        return f"{left}{self.lower:g}, {self.upper:g}{right}" + (", whole" if self.integer else "")

    def sympy(self) -> "sympy.Symbol":
        """The SymPy symbol with the assumptions that this domain implies."""
        with needs("verify"):
            import sympy

        if self.lower >= 0 and not (self.lower == 0 and self.lower_included):
            sign = {"positive": True}
        elif self.lower >= 0:
            sign = {"nonnegative": True}
        else:
            sign = {"real": True}
        return sympy.Symbol(self.symbol, integer=True if self.integer else None, **sign)


QUANTITIES: dict[str, Quantity] = {
    # the network
    "layers": Quantity(
        symbol="N", latex="N", unit="-", meaning="layers of the DNN, a chain", source=DNN, lower=1, lower_included=True, integer=True
    ),
    "stage": Quantity(
        symbol="n",
        latex="n",
        unit="-",
        meaning="stage: the number of layers that have run on the device",
        source=CHOICE,
        lower_included=True,
        integer=True,
    ),
    "macs": Quantity(
        symbol="w_n", latex="w_n", unit="MAC", meaning="workload of layer n", source=DNN, lower_included=True, integer=True
    ),
    "parameter_bits": Quantity(
        symbol="s_n", latex="s_n", unit="bit", meaning="parameter size of layer n", source=DNN, lower_included=True, integer=True
    ),
    "output_bits": Quantity(
        symbol="o_n",
        latex="o_n",
        unit="bit",
        meaning="what is sent if the device stops at stage n",
        source=DNN,
        lower_included=True,
        integer=True,
    ),
    "placement": Quantity(
        symbol="M",
        latex="M",
        unit="-",
        meaning="placement: the first M layers are on the device",
        source=CHOICE,
        lower_included=True,
        integer=True,
    ),
    # the scenario
    "device.clock_hz": Quantity(
        symbol="f_d^clk", latex=r"f_d^{\mathrm{clk}}", unit="Hz", meaning="clock of the device", source=OURS, default=0.3e9
    ),
    "device.cycles_per_mac": Quantity(
        symbol="a_d", latex="a_d", unit="cycle/MAC", meaning="cycles the device needs for a MAC", source=OURS, default=1.0
    ),
    "device.kappa": Quantity(
        symbol="kappa_c",
        latex=r"\kappa_c",
        unit="J s^2/cycle^3",
        meaning="effective switched capacitance: a cycle costs kappa_c times the clock squared",
        source=SIBLING,
        default=1e-26,
        lower_included=True,
    ),
    "device.memory_bits": Quantity(
        symbol="B_d",
        latex="B_d",
        unit="bit",
        meaning="memory for parameters; restricts the placement, never the costs; none: no limit",
        source=OURS,
        lower_included=True,
    ),
    "edge.clock_hz": Quantity(
        symbol="f_e^clk", latex=r"f_e^{\mathrm{clk}}", unit="Hz", meaning="clock of the edge server", source=SIBLING, default=10e9
    ),
    "edge.cycles_per_mac": Quantity(
        symbol="a_e", latex="a_e", unit="cycle/MAC", meaning="cycles the edge needs for a MAC", source=OURS, default=1.0
    ),
    "link.bandwidth_hz": Quantity(symbol="W", latex="W", unit="Hz", meaning="uplink bandwidth", source=SIBLING, default=2e6),
    "link.transmit_power_w": Quantity(
        symbol="P_tx", latex=r"P_{\mathrm{tx}}", unit="W", meaning="transmit power", source=SIBLING, default=0.1
    ),
    "link.noise_density_w_per_hz": Quantity(
        symbol="N_0",
        latex="N_0",
        unit="W/Hz",
        meaning="noise power density at the edge server",
        source=SIBLING + " (1e-10 W in 2 MHz)",
        default=5e-17,
    ),
    "link.mean_snr_db": Quantity(
        symbol="gamma_dB",
        latex=r"\gamma_{\mathrm{dB}}",
        unit="dB",
        meaning="mean received SNR, given instead of the distance",
        source=OURS,
        lower=-200.0,
        upper=200.0,
        lower_included=True,
    ),
    "link.distance_m": Quantity(
        symbol="d", latex="d", unit="m", meaning="distance from device to edge, unless the mean SNR is given", source=OURS, default=50.0
    ),
    "link.carrier_hz": Quantity(
        symbol="f_c", latex="f_c", unit="Hz", meaning="carrier frequency", source=SIBLING, default=915e6
    ),
    "link.antenna_gain": Quantity(symbol="A_d", latex="A_d", unit="-", meaning="antenna gain", source=SIBLING, default=4.11),
    "link.path_loss_exponent": Quantity(
        symbol="PL", latex=r"\mathrm{PL}", unit="-", meaning="path loss exponent", source=SIBLING, default=3.0
    ),
    "link.downlink_rate_bps": Quantity(
        symbol="R_dl", latex=r"R_{\mathrm{dl}}", unit="bit/s", meaning="downlink rate of a model update", source=OURS, default=10e6
    ),
    "link.receive_power_w": Quantity(
        symbol="P_rx", latex=r"P_{\mathrm{rx}}", unit="W", meaning="power of the receiving device", source=OURS, default=0.1, lower_included=True
    ),
    "link.outage_power_w": Quantity(
        symbol="P_out", latex=r"P_{\mathrm{out}}", unit="W", meaning="power of the device while it waits for the link in an outage", source=OURS, default=0.0, lower_included=True
    ),
    "weights.time_per_s": Quantity(
        symbol="beta_t", latex=r"\beta_t", unit="1/s", meaning="weight of time in the ETC", source=OURS, default=0.5
    ),
    "weights.energy_per_j": Quantity(
        symbol="beta_e", latex=r"\beta_e", unit="1/J", meaning="weight of energy in the ETC", source=OURS, default=0.5, lower_included=True
    ),
    "inferences_per_update": Quantity(
        symbol="K", latex="K", unit="-", meaning="inferences between two model updates", source=OURS, default=1000.0
    ),
    # the channel
    "gain": Quantity(
        symbol="g", latex="g", unit="-", meaning="normalised channel power gain, of mean 1 before any conditioning", source=OURS
    ),
    "outage_gain": Quantity(
        symbol="g_0", latex="g_0", unit="-", meaning="gain below which the channel is unusable", source=OURS
    ),
    "mean_snr": Quantity(
        symbol="gamma", latex=r"\gamma", unit="-", meaning="mean received SNR before any conditioning", source=DERIVED
    ),
    "nakagami_m": Quantity(symbol="m", latex="m", unit="-", meaning="shape of Nakagami fading", source=OURS),
    "rician_k": Quantity(symbol="k_R", latex="k_R", unit="-", meaning="power of the line of sight over the scattered power", source=OURS, lower_included=True),
    "rate_bps": Quantity(symbol="r", latex="r", unit="bit/s", meaning="fixed rate of truncated channel inversion", source=OURS),
    "coherence_time_s": Quantity(
        symbol="tau", latex=r"\tau", unit="s", meaning="time after which the autocorrelation of the gain is 1/e", source=OURS
    ),
    "speed_m_per_s": Quantity(
        symbol="v_d", latex=r"v_{\mathrm{d}}", unit="m/s", meaning="speed of the device, instead of tau", source=OURS
    ),
    "power_correlation": Quantity(
        symbol="r_n",
        latex="r_n",
        unit="-",
        meaning="autocorrelation of the gain over the execution of layer n",
        source=DERIVED,
        lower_included=True,
        upper=1.0,
    ),
    "unit_cost": Quantity(
        symbol="X", latex="X", unit="1/bit", meaning="unit cost: the ETC of sending one bit", source=DERIVED, lower_included=True
    ),
    "unit_cost_scale": Quantity(
        symbol="lambda", latex=r"\lambda", unit="1/bit", meaning="unit cost at a spectral efficiency of 1 bit/s/Hz", source=DERIVED
    ),
    "mean_unit_cost": Quantity(symbol="mu", latex=r"\mu", unit="1/bit", meaning="mean unit cost", source=DERIVED, lower_included=True),
    # the costs and the decisions
    "extra": Quantity(
        symbol="delta_n", latex=r"\delta_n", unit="-", meaning="extra cost of keeping layer n on the device", source=DERIVED, lower=-inf
    ),
    "download": Quantity(
        symbol="D_n", latex="D_n", unit="-", meaning="cost of placing layer n, per inference", source=DERIVED, lower_included=True
    ),
    "edge_cost": Quantity(
        symbol="C_edge", latex=r"C_{\mathrm{edge}}", unit="-", meaning="cost of running every layer on the edge", source=DERIVED, lower_included=True
    ),
    "threshold": Quantity(
        symbol="A_n", latex="A_n", unit="-", meaning="cost of going on at stage n: stop if o_n X_n is at most A_n", source=DERIVED, lower=-inf
    ),
    "value": Quantity(
        symbol="v_n", latex="v_n", unit="-", meaning="expected cost from stage n on, before X_n is seen", source=DERIVED, lower=-inf
    ),
    "saving": Quantity(
        symbol="G_m", latex="G_m", unit="-", meaning="expected saving of a look-ahead at stage m", source=DERIVED, lower_included=True
    ),
    "reach": Quantity(
        symbol="pi_m",
        latex=r"\pi_m",
        unit="-",
        meaning="probability that the rule reaches stage m",
        source=DERIVED,
        lower_included=True,
        upper=1.0,
    ),
    "etc": Quantity(
        symbol="J", latex="J(M)", unit="-", meaning="energy-and-time cost of an inference, download included", source=DERIVED, lower=-inf
    ),
}  # fmt: skip


def field(name: str) -> Any:
    """The pydantic field of the quantity called `name` in `QUANTITIES`."""
    return QUANTITIES[name].field()


def nomenclature() -> "pandas.DataFrame":
    """Every quantity, a row each: symbol (LaTeX), field, unit, meaning, domain, default and source."""
    import pandas

    rows = [
        {
            "symbol": f"${quantity.latex}$",
            "field": name,
            "unit": quantity.unit,
            "meaning": quantity.meaning,
            "domain": quantity.domain,
            "default": "" if quantity.default is None else f"{quantity.default:g}",
            "source": quantity.source,
        }
        for name, quantity in QUANTITIES.items()
    ]
    return pandas.DataFrame(rows)
