"""Channels: a family a file, what each makes of sending on a link, and traces.

Which one? Ask first what the channel does while a transmission lasts, and from one layer to the next.

- It moves: the device walks or drives, people or cars pass, cover comes and goes. Then one process drives computing and
  sending, outages and the wait for their end included (R19). `Moving` is fading of a given coherence time or speed;
  `Shadowed` the slower drift behind walls and hills, over fading that averages out; `OnOff` a link that is there or not,
  such as one that is blocked or handed over; `Markov` any chain that is given. For a log of rates it is
  `read_trace(...).markov()`.
- It is a fresh draw after each layer, and lasts while the device sends: the model of the abstract. That is nearly so only
  where a layer runs for much longer, and sending takes much less, than the coherence time; elsewhere it promises savings
  that no device will see. `Rayleigh` without a line of sight, `Rician` with one, `Nakagami` for what lies between and for
  antennas combined (two independent branches with maximum-ratio combining are m = 2), `RateTable` for the steps of a real
  modulation, `TruncatedInversion` for a power that makes up for the fade, `Continuous` for any law of `scipy.stats`,
  `Discrete` and `Empirical` for gains that are given, `Rates` for rates that are given (`Trace.law`).
- It moves between layers and stands still once sending has begun: no channel does, but it is a limit of the first kind.
  `sending="held"` of a channel in motion is that, for comparison.

Independent draws are conditional on the channel being usable: they leave out the wait for it, and `usable_probability` says
how often it is usable. The mean SNR is that before conditioning, and a user's gains are never renormalised.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from coinfer.channel.base import BaseChannel, Fading
from coinfer.channel.continuous import Continuous
from coinfer.channel.converted import converted
from coinfer.channel.discrete import Discrete, Empirical
from coinfer.channel.estimate import estimate_moving, estimate_on_off
from coinfer.channel.inversion import TruncatedInversion
from coinfer.channel.link_cost import RateCost, ShannonCost, unit_cost_scale
from coinfer.channel.markov import Markov, OnOff
from coinfer.channel.moving import Moving
from coinfer.channel.nakagami import Nakagami
from coinfer.channel.rate_table import CQI_EFFICIENCIES, CQI_SNR_DB, RateTable
from coinfer.channel.rates import Rates
from coinfer.channel.rayleigh import Rayleigh
from coinfer.channel.rician import Rician
from coinfer.channel.shadowed import Shadowed
from coinfer.channel.trace import Trace
from coinfer.channel.trace_example import example_trace, process_trace
from coinfer.channel.trace_file import read_trace

Channel = Annotated[
    Rayleigh
    | Nakagami
    | Rician
    | Continuous
    | Discrete
    | Empirical
    | RateTable
    | TruncatedInversion
    | Rates
    | Moving
    | Shadowed
    | OnOff
    | Markov,
    Field(discriminator="kind"),
    BeforeValidator(converted),  # of older scenario files
]

__all__ = [
    "CQI_EFFICIENCIES",
    "CQI_SNR_DB",
    "BaseChannel",
    "Channel",
    "Continuous",
    "Discrete",
    "Empirical",
    "Fading",
    "Markov",
    "Moving",
    "Nakagami",
    "OnOff",
    "RateCost",
    "RateTable",
    "Rates",
    "Rayleigh",
    "Rician",
    "Shadowed",
    "ShannonCost",
    "Trace",
    "TruncatedInversion",
    "estimate_moving",
    "estimate_on_off",
    "example_trace",
    "process_trace",
    "read_trace",
    "unit_cost_scale",
]
