"""Every quantity of the model once: symbol, LaTeX, unit, meaning, domain, default and the default's source.

Validation, the nomenclature table and the SymPy symbols of the derivations are all made from `QUANTITIES`.
Scenario fields are keyed by their path in a scenario (`link.bandwidth_hz`), everything derived by a plain word.
"""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from pydantic import Field

from coinfer.validation import LEAST, MOST, needs

if TYPE_CHECKING:
    import pandas
    import sympy

SIBLING = "value used in sibling papers of the same authors"
OURS = "chosen for this study"
LISTED = "listed in the catalogue, with the evidence for it"
CATALOGUE = "none, unless the catalogue says so"
PUBLISHED = "published"
CHOICE = "the decision"
DNN = "read from the network"
DERIVED = "derived"

MOST_COUNTED = 10**24  # MACs, bits: more than any network's


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
        """A pydantic field with this domain, default and description; as far as floats go, see `validation.MOST`."""
        bounds: dict[str, Any] = {"ge" if self.lower_included else "gt": self.lower} if self.lower > -inf else {}
        if self.lower == 0 and not self.lower_included and not self.integer:
            bounds = {"ge": LEAST}
        bounds["le"] = min(self.upper, MOST_COUNTED if self.integer else MOST)
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
    "device.macs_per_s": Quantity(
        symbol="f_d", latex="f_d", unit="MAC/s", meaning="speed of the device on the network", source=LISTED
    ),
    "device.power_w": Quantity(
        symbol="P_d", latex=r"P_{\mathrm{d}}", unit="W", meaning="power that computing adds to the idle device; a MAC takes e_d = P_d / f_d", source=LISTED, lower_included=True
    ),
    "device.memory_bits": Quantity(
        symbol="B_d",
        latex="B_d",
        unit="bit",
        meaning="memory for parameters; restricts the placement, never the costs; none: no limit",
        source=OURS,
        lower_included=True,
    ),
    "edge.macs_per_s": Quantity(
        symbol="f_e", latex="f_e", unit="MAC/s", meaning="speed of the edge server on the network", source=LISTED
    ),
    "link.bandwidth_hz": Quantity(symbol="W", latex="W", unit="Hz", meaning="uplink bandwidth", source=SIBLING, default=2e6),
    "link.transmit_power_w": Quantity(
        symbol="P_tx", latex=r"P_{\mathrm{tx}}", unit="W", meaning="power of the device while it sends, whatever the rate", source=SIBLING, default=0.1, lower_included=True
    ),
    "link.noise_figure_db": Quantity(
        symbol="F_dB",
        latex=r"F_{\mathrm{dB}}",
        unit="dB",
        meaning="noise figure of the receiver: how far its noise lies above the thermal noise of 290 K",
        source=PUBLISHED + " (an LTE base station's in ns-3)",
        lower_included=True,
        upper=100.0,
        default=5.0,
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
        symbol="f_c", latex="f_c", unit="Hz", meaning="carrier frequency; null: not known, where neither a distance nor a speed needs it", source=SIBLING, default=915e6
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
    "link.energy_j_per_bit": Quantity(
        symbol="e_b", latex="e_b", unit="J/bit", meaning="energy of sending a bit, beside the power while sending", source=CATALOGUE, default=0.0, lower_included=True
    ),
    "link.receive_energy_j_per_bit": Quantity(
        symbol="e_rx", latex=r"e_{\mathrm{rx}}", unit="J/bit", meaning="energy of receiving a bit, beside the power while receiving", source=CATALOGUE, default=0.0, lower_included=True
    ),
    "link.tail_power_w": Quantity(
        symbol="P_tail", latex=r"P_{\mathrm{tail}}", unit="W", meaning="power of the radio after it has sent, until it sleeps", source=CATALOGUE, default=0.0, lower_included=True
    ),
    "link.tail_s": Quantity(
        symbol="T_tail", latex=r"T_{\mathrm{tail}}", unit="s", meaning="how long the radio stays awake after it has sent", source=CATALOGUE, default=0.0, lower_included=True
    ),
    "link.round_trip_s": Quantity(
        symbol="T_rtt", latex=r"T_{\mathrm{rtt}}", unit="s", meaning="round-trip time, which whatever is sent takes beside its bits", source=CATALOGUE, default=0.0, lower_included=True
    ),
    "weights.time_per_s": Quantity(
        symbol="beta_t", latex=r"\beta_t", unit="1/s", meaning="weight of time in the ETC", source=OURS, default=0.5
    ),
    "weights.energy_per_j": Quantity(
        symbol="beta_e", latex=r"\beta_e", unit="1/J", meaning="weight of energy in the ETC", source=OURS, default=0.5, lower_included=True
    ),
    "inferences_per_update": Quantity(
        symbol="K", latex="K", unit="-", meaning="inferences between two model updates", source=PUBLISHED + " (AMS: an update every 10 s, at 30 frames a second)", default=300.0
    ),
    "interval_s": Quantity(
        symbol="T_inf", latex=r"T_{\mathrm{inf}}", unit="s", meaning="time from one inference to the next, which ends the radio's tail; null: longer than the tail", source=OURS
    ),
    "update_fraction": Quantity(
        symbol="phi_u", latex=r"\varphi_{\mathrm{u}}", unit="-", meaning="share of the parameters that an update sends", source=OURS, upper=1.0, default=1.0
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
    "rate_bps": Quantity(symbol="r", latex="r", unit="bit/s", meaning="fixed rate of truncated channel inversion, or of a link while it is on", source=OURS),
    "coherence_time_s": Quantity(
        symbol="tau", latex=r"\tau", unit="s", meaning="time after which the autocorrelation of the gain is 1/e", source=OURS
    ),
    "speed_m_per_s": Quantity(
        symbol="v_d", latex=r"v_{\mathrm{d}}", unit="m/s", meaning="speed of the device; tau is 0.211 over the Doppler frequency", source=OURS
    ),
    "sigma_db": Quantity(
        symbol="sigma_dB", latex=r"\sigma_{\mathrm{dB}}", unit="dB", meaning="standard deviation of the shadowing", source=OURS, upper=30.0
    ),
    "decorrelation_m": Quantity(
        symbol="d_c", latex=r"d_{\mathrm{c}}", unit="m", meaning="distance over which the autocorrelation of the shadowing falls to 1/e", source=OURS
    ),
    "mean_on_s": Quantity(symbol="T_on", latex=r"T_{\mathrm{on}}", unit="s", meaning="mean time for which a link is on", source=OURS),
    "mean_off_s": Quantity(symbol="T_off", latex=r"T_{\mathrm{off}}", unit="s", meaning="mean length of an outage", source=OURS),
    "long_outage_s": Quantity(
        symbol="T_long", latex=r"T_{\mathrm{long}}", unit="s", meaning="how long an outage has lasted when it becomes a long one", source=OURS
    ),
    "generator": Quantity(
        symbol="Q", latex="Q", unit="1/s", meaning="rates of moving from a state of the channel to another; rows have sum 0", source=OURS, lower=-inf
    ),
    "state_rate_bps": Quantity(
        symbol="r_s", latex="r_s", unit="bit/s", meaning="rate in state s of the channel; 0 in an outage", source=OURS, lower_included=True
    ),
    "state_cost": Quantity(
        symbol="c_s", latex="c_s", unit="1/s", meaning="what a second costs in state s while sending, or waiting in an outage", source=DERIVED
    ),
    "sending_cost": Quantity(
        symbol="C_s", latex="C(b, s)", unit="-", meaning="expected cost of sending b bits from state s on, the channel moving meanwhile", source=DERIVED, lower_included=True
    ),
    "unit_cost": Quantity(
        symbol="X", latex="X", unit="1/bit", meaning="unit cost: the ETC of sending one bit at the rate that is seen", source=DERIVED, lower_included=True
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
