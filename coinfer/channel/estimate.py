"""A channel in motion, estimated from what a device saw of it during its last inferences.

What was seen is an array of rates (inferences, looks) [bit/s]: a row an inference, a column a look, `durations_s` apart. One
column is a device that looks once an inference; one that looks after every layer has N + 1. Inferences are taken to be so far
apart that one says nothing about the next. Each estimate is the mode of the likelihood times a prior that counts as a
single observation, so that there is an estimate when what matters was never seen.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coinfer.channel.law import Floats, as_floats
from coinfer.channel.markov import OnOff
from coinfer.channel.moving import Moving
from coinfer.system import Link
from coinfer.validation import (
    LARGEST_S,
    LEAST_S,
    MOST_PER_S,
    InputError,
    an,
    brief,
    is_number,
    positive,
    time_of_motion,
)

LARGEST_M = 100.0  # up to which the density of a later gain is computed without underflow
MOST_BITS, LEAST_BITS = 60.0, 1e-15  # a second and hertz: SNRs of 181 and -152 dB
WIDE = 100.0  # how far beyond what was seen, and the prior, a coherence time is searched for [-]


def estimate_on_off(
    rates_bps: ArrayLike,
    durations_s: ArrayLike = (),
    *,
    prior_off_s: float,
    outages_s: ArrayLike = (),
    rate_bps: float | None = None,
) -> OnOff:
    """The on-off link that looks (inferences, looks) `durations_s` (looks - 1,) apart make likely; a rate of 0 is an outage.

    The share of the time off has half a look on and half a look off for a prior, and the rate at which outages end one outage
    of `prior_off_s`. One look an inference tells the share only: outages are then believed to last for the prior, unless some
    were waited through to their ends: `outages_s`, from when they were first seen, which exponential lengths do not
    remember. `rate_bps` is the rate while on, if it is known. Times are 1e-12 to 1e12 s. Raises `InputError`.

    Use it for looks at a link that is blocked or not; for a trace of many rates, `Trace.markov`.

    >>> looks = [[8e6, 8e6], [8e6, 0.0], [0.0, 0.0], [8e6, 8e6]]
    >>> link = estimate_on_off(looks, [0.5], prior_off_s=1.0)
    >>> round(link.mean_on_s, 2), round(link.mean_off_s, 2)
    (1.6, 1.03)
    >>> never = estimate_on_off([[8e6], [8e6]], prior_off_s=1.0)  # no outage seen: off for 1/2 in 2 + 1 looks
    >>> round(never.mean_off_s / (never.mean_on_s + never.mean_off_s), 4)
    0.1667
    """
    from scipy.optimize import minimize

    rates, apart_s = _looks(rates_bps, durations_s)
    _check_still(rates > 0, apart_s, "the link goes on or off")
    prior_s, ended_s = time_of_motion("prior_off_s", prior_off_s), _nonnegative("outages_s", outages_s, LARGEST_S)
    rate_bps = _rate_while_on(rates) if rate_bps is None else positive("rate_bps", rate_bps)
    off, ended, total_s = rates == 0, ended_s.size + 1, float(ended_s.sum()) + prior_s
    share = np.array([np.count_nonzero(off[:, 0]), np.count_nonzero(~off[:, 0])]) + 0.5
    log_odds, log_come = float(np.log(share[0] / share[1])), float(np.log(ended / total_s))  # the mode, if this is all
    if apart_s.size:
        moves = np.array([[((off[:, :-1] == i) & (off[:, 1:] == j)).sum(axis=0) for j in (1, 0)] for i in (1, 0)])

        def surprise(at: Floats) -> float:
            outages = ended * at[1] - total_s * np.exp(at[1])
            return -float(outages) - log_likelihood_on_off(float(at[0]), float(at[1]), share, moves, apart_s)

        found = minimize(surprise, [log_odds, log_come], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
        log_odds, log_come = found.x.tolist()
    mean_on_s, mean_off_s = np.clip(np.exp([-log_come - log_odds, -log_come]), LEAST_S, LARGEST_S).tolist()
    return OnOff(rate_bps=rate_bps, mean_on_s=mean_on_s, mean_off_s=mean_off_s)


def log_likelihood_on_off(log_odds: float, log_come: float, share: Floats, moves: Floats, apart_s: Floats) -> float:
    """The log likelihood of looks at an on-off link, at the log odds of being off and the log rate of coming back [1/s].

    `share` (2,) are how many inferences saw it off and on first, `moves` (2, 2, looks - 1) how many went from off or on to
    off or on between looks that are `apart_s` (looks - 1,).

    >>> found = log_likelihood_on_off(0.0, 0.0, np.array([1.0, 1.0]), np.zeros((2, 2, 0)), np.zeros(0))
    >>> float(found / np.log(0.5))
    2.0
    """
    from scipy.special import expit, xlogy

    law = expit(np.array([log_odds, -log_odds]))
    gone = -np.expm1(-np.exp(log_come) / law[1] * apart_s)  # 1 - e^{-(l+u)t}
    to_on, to_off = law[1] * gone, law[0] * gone
    chances = np.array([[1 - to_on, to_on], [to_off, 1 - to_off]])
    return float(xlogy(share, law).sum() + xlogy(moves, chances).sum())


def estimate_moving(
    rates_bps: ArrayLike, durations_s: ArrayLike = (), *, link: Link, prior_s: float, m: float = 1.0
) -> tuple[Moving, Link]:
    """The fading in motion, and the link with its mean SNR, that looks (inferences, looks) `durations_s` apart make likely.

    Rates are Shannon's on the bandwidth of `link`. The mean SNR is the mean of what was seen; given it, and Nakagami's m, the
    coherence time is that of the exact likelihood of the diffusion that `Moving` is, for a prior one time of `prior_s`: all
    there is to go by with one look an inference. Times are 1e-12 to 1e12 s. Raises `InputError`.

    >>> from coinfer.system import Link
    >>> looks = [[1e6, 1.2e6, 0.9e6], [2e6, 2.1e6, 2.4e6]]
    >>> fading, link = estimate_moving(looks, [0.1, 0.1], link=Link(bandwidth_hz=1e6), prior_s=1.0)
    >>> round(fading.coherence_time_s, 2), round(link.mean_snr_db, 2)
    (2.33, 3.59)
    """
    from scipy.optimize import minimize_scalar

    rates, apart_s = _looks(rates_bps, durations_s)
    _check_still(rates, apart_s, "the rate changes")
    if np.any(rates == 0):
        raise InputError("rates_bps: some are 0; should be positive, as fading has no outages (estimate_on_off has)")
    if not is_number(m) or not 0.5 <= m <= LARGEST_M:
        raise InputError(f"m = {brief(m)}: should be in 0.5..{LARGEST_M:g}")
    prior_s, bandwidth_hz = time_of_motion("prior_s", prior_s), an("link", link, Link).bandwidth_hz
    snr = _snr(rates, bandwidth_hz)
    mean, tau_s = float(snr.mean()), prior_s
    before, after = snr[:, :-1] / mean, snr[:, 1:] / mean
    if apart_s.size:

        def surprise(log_tau: float) -> float:
            density = log_later_gain(after, before, np.exp(-apart_s / np.exp(log_tau)), m)
            return log_tau + prior_s / np.exp(log_tau) - float(density.sum())

        known_s = np.append(apart_s[apart_s > 0], prior_s)
        grid = np.log(np.geomspace(known_s.min() / WIDE, known_s.sum() * len(rates) * WIDE, 17))
        near = int(np.argmin([surprise(each) for each in grid[1:-1]])) + 1
        found = minimize_scalar(
            surprise, bounds=(grid[near - 1], grid[near + 1]), method="bounded", options={"xatol": 1e-4}
        )
        tau_s = float(np.clip(np.exp(found.x), LEAST_S, LARGEST_S))
    seen = link.model_copy(update={"mean_snr_db": float(10 * np.log10(mean)), "distance_m": None})
    return Moving(m=m, coherence_time_s=tau_s), Link(**seen.model_dump())


def log_later_gain(after: Floats, before: Floats, correlation: Floats, m: float) -> Floats:
    """The logarithm of the density of a gain, given the one before, of the diffusion with law Gamma(m, 1/m), elementwise.

    `correlation` is e^{-t/tau} after t seconds; a noncentral chi-square law.

    >>> later = log_later_gain(np.array(0.5), np.array(3.0), np.array(0.0), m=1.0)  # long after: e^{-0.5}
    >>> round(float(later), 12)
    -0.5
    """
    from scipy.special import gammaln, i0e, ive

    with np.errstate(divide="ignore", invalid="ignore"):
        scale = m / -np.expm1(np.log(correlation))  # m / (1 - correlation), without cancellation
        x, y = scale * after, scale * correlation * before
        product, order = x * y, m - 1
        z = 2 * np.sqrt(product)
        bessel = np.where(
            product < 1e-5 * m,  # the first term of the series of I(z) (z/2)^-order, whose factors underflow
            product / m - gammaln(m),
            np.log(i0e(z) if order == 0 else ive(order, z)) + z - order * np.log(z / 2),
        )
        return np.where(correlation < 1, np.log(scale) - x - y + order * np.log(x) + bessel, 0.0)


def _rate_while_on(rates_bps: Floats) -> float:
    if not np.any(rates_bps > 0):
        raise InputError("rates_bps: are all 0, and nothing tells the rate while on; rate_bps should be given")
    return float(rates_bps[rates_bps > 0].mean())


def _snr(rates_bps: Floats, bandwidth_hz: float) -> Floats:
    """By Shannon's formula."""
    if wrong := rates_bps[(rates_bps > MOST_BITS * bandwidth_hz) | (rates_bps < LEAST_BITS * bandwidth_hz)].tolist():
        raise InputError(
            f"rates_bps = {wrong[0]:g}: should be {LEAST_BITS:g} to {MOST_BITS:g} bit/s a hertz of link.bandwidth_hz = "
            f"{bandwidth_hz:g}, as no channel has such an SNR"
        )
    return np.asarray(np.expm1(rates_bps * (np.log(2) / bandwidth_hz)))


def _looks(rates_bps: ArrayLike, durations_s: ArrayLike) -> tuple[Floats, Floats]:
    """Rates (inferences, looks) and the times between looks (looks - 1,), checked."""
    rates = _nonnegative("rates_bps", rates_bps, MOST_PER_S)
    apart_s = _nonnegative("durations_s", durations_s, LARGEST_S)
    if rates.ndim != 2 or not rates.size:
        raise InputError(f"rates_bps: has shape {rates.shape}; should be (inferences, looks), at least one of each")
    if apart_s.shape != (rates.shape[1] - 1,):
        raise InputError(
            f"durations_s: has shape {apart_s.shape}; should be ({rates.shape[1] - 1},), between the looks"
        )
    return rates, apart_s


def _check_still(seen: NDArray, apart_s: Floats, what: str) -> None:
    """Raise `InputError` where looks at one time differ."""
    if np.any(changed := np.any((seen[:, 1:] != seen[:, :-1]) & (apart_s < LEAST_S), axis=0)):
        at = int(np.argmax(changed))
        raise InputError(
            f"durations_s = {apart_s[at]:g} after look {at}: should be at least {LEAST_S:.0e} where {what} from look to look"
        )


def _nonnegative(name: str, given: ArrayLike, most: float) -> Floats:
    values = as_floats(name, given)
    if not np.all((values >= 0) & (values <= most)):
        raise InputError(f"{name} = {brief(values.tolist())}: should be finite and nonnegative, at most {most:.0e}")
    return values
