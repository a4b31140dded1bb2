"""What a device spends that sees the gain with an error."""

import numpy as np

from coinfer.channel.law import Floats
from coinfer.channel.moving_law import MovingLaw
from coinfer.channel.thresholds import is_threshold
from coinfer.validation import InputError


def noisy_cost(law: MovingLaw, bits: Floats, extra: Floats, threshold: Floats, error_db: float) -> float:
    """Expected cost from stage 0 on if the device sees the gain times 10^(e/10), e normal with `error_db`, at each stage.

    The rule must be a threshold on the gain and the channel without waiting. `bits` (M+1,), `extra` (M,), `threshold`
    (M,) or (S, M). Raises `InputError`.
    """
    from scipy.special import ndtr

    if law.usable < len(law.unit_costs) or not is_threshold(law.sent(bits[:-1]), threshold):
        raise InputError("threshold: should be a threshold on the gain, on a channel without explicit outages")
    with np.errstate(divide="ignore"):
        least = law.least_seen(law.largest_stop(bits[:-1], threshold))
        margin_db = 10 * (np.log10(law.least_seen(law.unit_costs))[:, None] - np.log10(least))
    stop = ndtr(margin_db / error_db) if error_db > 0 else (margin_db >= 0).astype(float)
    sent, total, here = law.sent(bits), 0.0, law.chain.initial
    for n in range(len(bits)):
        here = law.chain.arrive(here, n) if n else here
        leave = here * stop[:, n] if n < len(bits) - 1 else here
        total += float(leave @ sent[:, n])
        here = here - leave
        total += float(here.sum() * extra[n]) if n < len(bits) - 1 else 0.0
    return total
