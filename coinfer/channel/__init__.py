"""Channels: a family of channels each, the law of the unit cost X that it induces on a link, and measured traces.

Independent draws are conditional on the channel being usable: the wait for a usable channel is not part of them, and
`usable_probability` says how often it is usable. Channels in motion (`Moving`, `Shadowed`, `OnOff`, `Markov`) are one process
in computing and in sending, outages and the wait for their end included. The mean SNR is that before conditioning, and a user's
gains are never renormalised. Two independent diversity branches with maximum-ratio combining are Nakagami fading with m = 2.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from coinfer.channel.base import BaseChannel, Fading
from coinfer.channel.continuous import Continuous
from coinfer.channel.converted import converted
from coinfer.channel.discrete import Discrete, Empirical
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
    "example_trace",
    "process_trace",
    "read_trace",
    "unit_cost_scale",
]
