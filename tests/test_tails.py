"""The law of the time of an inference: against events drawn one by one, series in closed form, and limits."""

import numpy as np
import pytest
from effort import beyond
from scipy.stats import beta, gamma, norm, poisson

from coinfer import InputError
from coinfer.channel.tails import SendingTimes

NAN = float("nan")
ON_OFF = [[-1.0, 1.0], [4.0, -4.0]]


def random_chain(rng: np.random.Generator, states: int, outages: int) -> tuple[np.ndarray, np.ndarray]:
    """A chain that is not reversible, its exit rates and its rates a decade apart; the outages come last."""
    q = rng.exponential(size=(states, states)) * (rng.random((states, states)) < 0.6) + np.roll(np.eye(states), 1, 1)
    q *= 10 ** rng.uniform(-0.7, 0.3, (states, 1))
    np.fill_diagonal(q, 0.0)
    rates = np.sort(rng.uniform(0.1, 1.0, states))[::-1]
    rates[states - outages :] = 0.0
    return q - np.diag(q.sum(axis=1)), rates


def drawn_times(q: np.ndarray, rates: np.ndarray, state: np.ndarray, bits: np.ndarray, rng) -> np.ndarray:
    """Times to send, one event after the other."""
    state, left, t = state.copy(), bits.astype(float), np.zeros(len(state))
    onward = np.cumsum(np.where(np.eye(len(q)) == 1, 0, q), axis=1) / -np.diag(q)[:, None]
    running = np.flatnonzero(left > 0)
    while running.size:
        s = state[running]
        stay = rng.exponential(-1 / np.diag(q)[s])
        with np.errstate(divide="ignore"):
            spent = np.minimum(stay, left[running] / rates[s])
        t[running] += spent
        left[running] -= rates[s] * spent
        state[running] = (rng.random(running.size)[:, None] > onward[s]).sum(axis=1)
        running = running[(spent == stay) & (left[running] > 0)]
    return t


def on_off(t, bits: float, rate: float, down: float, up: float, *, off: bool) -> np.ndarray:
    """P(T <= t): Poisson many outages while sending, one more from "off", each of exponential length."""
    rest = np.asarray(t, float) - bits / rate
    mean = down * bits / rate
    count = np.arange(int(30 + mean + 12 * np.sqrt(mean)))
    outages = (count + off)[:, None]
    ended = np.where(outages == 0, 1.0, gamma.cdf(np.maximum(rest, 0), np.maximum(outages, 1), scale=1 / up))
    return poisson.pmf(count, mean) @ ended * (rest >= 0)


def two_rates(t, bits: float, rates: tuple[float, float], down: float, up: float, start: int) -> np.ndarray:
    """P(T <= t) on two states that both send: of a Poisson process in bits, the intervals spent in the faster state."""
    fast, slow = rates
    exits = np.array([down / fast, up / slow])
    clock = exits.max()
    step = np.array([[1 - exits[0] / clock, exits[0] / clock], [exits[1] / clock, 1 - exits[1] / clock]])
    share = (bits / slow - np.asarray(t, float)) / (1 / slow - 1 / fast) / bits  # of the bits, sent in the faster state
    last = int(30 + clock * bits + 12 * np.sqrt(clock * bits))
    law = np.zeros((last + 2, 2))  # (intervals in the faster state, state now)
    law[1 - start, start] = 1.0
    total = np.zeros_like(share)
    for events in range(last + 1):
        k = np.arange(events + 2)[:, None]
        inner = beta.sf(np.clip(share, 0, 1), np.clip(k, 1, events or 1), np.clip(events + 1 - k, 1, None))
        enough = np.where(k == 0, share <= 0, np.where(k == events + 1, share <= 1, inner))
        total += poisson.pmf(events, clock * bits) * (law[: events + 2].sum(axis=1) @ enough)
        law = law @ step
        law[1:, 0], law[0, 0] = law[:-1, 0].copy(), 0.0
    return total


def from_state(times: SendingTimes, t, state: int, states: int) -> np.ndarray:
    """P(T <= t) of sending the first size from a state."""
    p = np.zeros((states, len(times.bits)))
    p[state, 0] = 1.0
    return times.distribution(t, p, np.zeros(len(times.bits)))


# ---------------------------------------------------------------- closed forms


@pytest.mark.parametrize(("down", "up"), [(1.0, 1.0), (0.1, 10.0), (3.0, 1000.0), (0.2, 0.01), (30.0, 30.0)])
@pytest.mark.parametrize("off", [False, True])
def test_on_off_link_is_a_compound_poisson_time(down: float, up: float, off: bool):
    times = SendingTimes([[-down, down], [up, -up]], [2.0, 0.0], [2.6])
    t = 1.3 + np.concatenate([[-1e-9, 0.0], np.geomspace(1e-3, 400.0, 150)])
    expected = on_off(t, 2.6, 2.0, down, up, off=off)
    assert from_state(times, t, int(off), 2) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("slow", beyond(1, [0.9, 0.5, 0.1]))
@pytest.mark.parametrize(("down", "up"), [(0.5, 0.5), (2.0, 2.0), (0.3, 5.0)])
@pytest.mark.parametrize("start", [0, 1])
def test_two_rates_with_their_kinks_and_both_atoms(slow: float, down: float, up: float, start: int):
    times = SendingTimes([[-down, down], [up, -up]], [1.0, slow], [1.0])
    t = 1.0 + (1 / slow - 1) * np.concatenate([[-0.1, 0.0], np.linspace(0.004, 1.2, 60)])
    expected = two_rates(t, 1.0, (1.0, slow), down, up, start)
    assert from_state(times, t, start, 2) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("start", beyond(1, [0, 1]))
@pytest.mark.parametrize("nodes", beyond(1, [64, 256]))
def test_what_is_nearly_an_atom_is_blurred_and_no_more(start: int, nodes: int):
    """Visits to the faster state are so short that nearly all of the time is about that at the slower rate."""
    times = SendingTimes([[-80.0, 80.0], [0.7, -0.7]], [1.0, 0.5], [1.0], nodes)
    excess, blur = np.concatenate([np.linspace(0.8, 1.2, 21), [0.2, 0.5]]), 10 / nodes

    def exact(x):
        return two_rates(1 + x, 1.0, (1.0, 0.5), 80.0, 0.7, start)

    computed = from_state(times, 1 + excess, start, 2)
    assert np.abs(computed - exact(excess)).max() > 2e-3  # there is something to allow for
    assert np.all(computed > exact(excess * (1 - blur)) - 1e-3)
    assert np.all(computed < exact(excess * (1 + blur)) + 1e-3)


def test_states_of_one_rate_are_as_if_there_were_none():
    q = [[-3.0, 2.0, 1.0], [5.0, -6.0, 1.0], [1.0, 3.0, -4.0]]  # "on" twice, each with one outage a second
    times = SendingTimes(q, [2.0, 2.0, 0.0], [2.6])
    t = 1.3 + np.concatenate([[-1e-9, 0.0], np.geomspace(1e-2, 50.0, 50)])
    for state in range(3):
        expected = on_off(t, 2.6, 2.0, 1.0, 4.0, off=state == 2)
        assert from_state(times, t, state, 3) == pytest.approx(expected, abs=2e-5)


# ---------------------------------------------------------------- fast moves, and rates that differ greatly


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize("moves", [10.0, 1e2, 1e3, 1e4])
def test_many_short_outages_are_a_compound_poisson_time(moves: float, off: bool):
    """They take ever more nearly the same: the spread is what is left of the time, at its own scale."""
    times = SendingTimes([[-moves, moves], [2 * moves, -2 * moves]], [2.0, 0.0], [2.6])
    t = 1.3 * 1.5 + np.sqrt(2 * 1.3 / 4 / moves) * np.linspace(-5, 6, 45)
    assert from_state(times, t, int(off), 2) == pytest.approx(on_off(t, 2.6, 2.0, moves, 2 * moves, off=off), abs=3e-5)


@pytest.mark.parametrize("moves", beyond(2, [1e7, 1e9, 1e12, 1e15]))
def test_where_moves_are_very_fast_the_time_is_normal(moves: float):
    """Means and variances of two states in closed form; what the normal law leaves out falls like moves^-1/2."""
    z, sides = np.linspace(-4, 4, 33), [1.3 - 1e-3, 1.3 + 1e-3, 2.0, 4.0, 1e3]
    outages = SendingTimes([[-moves, moves], [2 * moves, -2 * moves]], [2.0, 0.0], [1.0, 2.6])
    mean, sd = 1.3 * 1.5, np.sqrt(2 * 1.3 / 4 / moves)  # outages: a compound Poisson sum
    p = [[0.0, 1.0], [0.0, 0.0]]
    assert outages.distribution(mean + z * sd, p, [0.0, 0.0]) == pytest.approx(norm.cdf(z), abs=1e-4 + 1e7**-0.5)
    assert outages.distribution(sides, p, [0.0, 0.0]).tolist() == pytest.approx([0, 0, 1, 1, 1], abs=2e-5)
    rates = SendingTimes([[-moves, moves], [3 * moves, -3 * moves]], [4.0, 1.0], [2.6])
    clock, share = moves / 4 + 3 * moves, 3 / (1 / 4 + 3)  # moves per bit; bits sent at the higher rate
    mean, sd = 2.6 * (1 - 0.75 * share), 0.75 * np.sqrt(2 * 2.6 * share * (1 - share) / clock)
    assert from_state(rates, mean + z * sd, 0, 2) == pytest.approx(norm.cdf(z), abs=1e-4 + 1e7**-0.5)
    levels = [0.01, 0.5, 0.95, 0.99]
    found = rates.quantiles([[0.75], [0.25]], [0.0], levels)
    assert norm.cdf((found - mean) / sd) == pytest.approx(levels, abs=1e-3)


@pytest.mark.parametrize("moves", [1.0, 30.0, 1e3, 1e6])
def test_next_to_nothing_is_sent_before_the_start_and_little_is_left_out(moves: float):
    times = SendingTimes([[-moves, moves], [2 * moves, -2 * moves]], [2.0, 0.0], [2.6])
    start = times._starts_s
    assert on_off(start - 1e-12, 2.6, 2.0, moves, 2 * moves, off=False)[0] <= 1e-5
    assert 1.3 <= start[0] <= 1.3 * 1.5
    assert (start[0] > 1.3) == (moves >= 30)
    if moves >= 30:
        assert start[0] > 1.3 * 1.5 - 5.5 * np.sqrt(2 * 1.3 / 4 / moves)


@pytest.mark.parametrize("slow", beyond(1, [1e-3, 1e-9, 1e-30, 1e-90]))
def test_a_rate_next_to_nothing_is_an_outage(slow: float):
    times = SendingTimes([[-1.0, 1.0], [1.0, -1.0]], [1e6, slow], [1.2e6])
    t = 1.2 + np.concatenate([[-1e-9, 1e-9], np.geomspace(1e-2, 50.0, 50)])
    for state in range(2):
        expected = on_off(t, 1.2e6, 1e6, 1.0, 1.0, off=state == 1)
        assert from_state(times, t, state, 2) == pytest.approx(expected, abs=2e-5)


def test_rates_that_differ_greatly_against_events():
    """Rates over 20 decades, moves over four: in equilibrium, by the median and the tail."""
    rng, rates, draws = np.random.default_rng(9), np.array([1e6, 3e5, 2.0, 1e-7, 1e-14]), 40_000
    q = np.diag([3.0, 1.0, 0.1, 0.02], 1) + np.diag([400.0, 30.0, 2.0, 0.3], -1)
    q -= np.diag(q.sum(axis=1))
    state = rng.integers(0, 5, draws)
    drawn = drawn_times(q, rates, state, np.full(draws, 1.2e6), rng)
    levels = np.array([0.1, 0.5, 0.95, 0.99])
    at = SendingTimes(q, rates, [1.2e6]).quantiles(np.full((5, 1), 0.2), [0.0], levels)
    reached = (drawn[:, None] <= at).mean(axis=0)
    assert np.all(np.abs(reached - levels) < 4.5 * np.sqrt(levels * (1 - levels) / draws) + 1e-3)


# ---------------------------------------------------------------- events drawn one by one


@pytest.mark.parametrize("seed", beyond(3, range(10)))
def test_random_chains_against_events(seed: int):
    rng = np.random.default_rng(seed)
    states = int(rng.integers(2, 7))
    q, rates = random_chain(rng, states, int(rng.integers(0, states)))
    bits, offsets = np.append(rng.uniform(0.3, 3.0, 3), 0.0), np.sort(rng.uniform(0, 2, 4))
    p = rng.dirichlet(np.full(4 * states, 0.5)).reshape(states, 4)
    draws = 40_000
    state, stage = np.divmod(rng.choice(p.size, draws, p=p.ravel()), 4)
    drawn = offsets[stage] + drawn_times(q, rates, state, bits[stage], rng)
    times = SendingTimes(q, rates, bits)
    t = np.append(np.quantile(drawn, np.linspace(0.02, 0.99, 30)), offsets[3])
    computed, seen = times.distribution(t, p, offsets), (drawn[:, None] <= t + 1e-9).mean(axis=0)
    error = np.sqrt(seen * (1 - seen) / draws)
    assert np.all(np.abs(computed - seen) < 4.5 * error + 1e-3)
    levels = np.array([0.5, 0.95, 0.99])
    quantiles = times.quantiles(p, offsets, levels)
    slack = 4.5 * np.sqrt(levels * (1 - levels) / draws) + 1e-3
    assert np.all((drawn[:, None] <= quantiles * (1 + 1e-9)).mean(axis=0) > levels - slack)
    assert np.all((drawn[:, None] < quantiles * (1 - 1e-9)).mean(axis=0) < levels + slack)


def test_mean_under_the_curve_is_the_mean_of_the_equation():
    """The area above the distribution function is the expected time, which solves R dC/db = 1 + Q C."""
    from scipy.integrate import solve_ivp

    q, rates = random_chain(np.random.default_rng(5), 5, 0)
    expected = solve_ivp(lambda _, c: (1 + q @ c) / rates, (0, 2.0), np.zeros(5), rtol=1e-10, atol=1e-12).y[:, -1]
    times, t = SendingTimes(q, rates, [2.0]), np.linspace(0, 25, 5_001)
    for state in range(5):
        above = 1 - from_state(times, t, state, 5)
        assert np.trapezoid(above, t) == pytest.approx(expected[state], rel=5e-4)


def diffusion(states: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rayleigh fading of coherence time 1 s on cells that grow from 0, at 2 MHz and -2.3 dB: generator, rates, law."""
    edges = 12 * (np.arange(states + 1) / states) ** 2
    mass = -np.diff(np.append(np.exp(-edges[:-1]), 0.0))
    below = np.append(edges[:-1] * np.exp(-edges[:-1]), 0.0)
    gains = 1 - np.diff(below) / mass
    flow = edges[1:-1] * np.exp(-edges[1:-1]) / np.diff(gains)
    q = np.diag(flow / mass[:-1], 1) + np.diag(flow / mass[1:], -1)
    return q - np.diag(q.sum(axis=1)), 2e6 * np.log2(1 + 10**-0.23 * gains), mass


def test_rayleigh_fading_against_the_gaussian_process_itself():
    q, rates, law = diffusion(30)
    quantiles = SendingTimes(q, rates, [1_204_224.0], nodes=64).quantiles(law[:, None], [0.0])
    rng, runs, step = np.random.default_rng(2), 20_000, 0.005
    gain, left, t = rng.normal(size=(2, runs)) / np.sqrt(2), np.full(runs, 1_204_224.0), np.zeros(runs)
    while np.any(left > 0):
        rate = 2e6 * np.log2(1 + 10**-0.23 * (gain**2).sum(axis=0))
        t += np.where(left > 0, np.minimum(step, left / rate), 0.0)
        left -= rate * step
        keep = np.exp(-step / 2)
        gain = keep * gain + np.sqrt((1 - keep**2) / 2) * rng.normal(size=(2, runs))
    levels = np.array([0.5, 0.95, 0.99])
    reached = (t[:, None] <= quantiles).mean(axis=0)
    assert np.all(np.abs(reached - levels) < 4.5 * np.sqrt(levels * (1 - levels) / runs) + [2e-3, 1e-3, 5e-4])


# ---------------------------------------------------------------- limits and edges


def test_a_chain_that_hardly_moves_holds_its_rate():
    q, rates = random_chain(np.random.default_rng(3), 4, 0)
    p = np.array([[0.1], [0.2], [0.3], [0.4]])
    times = SendingTimes(1e-9 * q, rates, [2.0])
    assert times.quantiles(p, [1.0], [0.1 - 1e-6, 0.3 - 1e-6, 0.3 + 1e-6, 0.99]).tolist() == list(1 + 2 / rates)


def test_a_chain_that_moves_fast_sends_at_its_mean_rate():
    q, rates = random_chain(np.random.default_rng(4), 4, 1)
    law = np.linalg.lstsq(np.vstack([q.T, np.ones(4)]), np.append(np.zeros(4), 1), rcond=None)[0]
    times = SendingTimes(1e5 * q, rates, [2.0])
    assert times.quantiles(law[:, None], [0.0]) == pytest.approx(2 / (law @ rates) * np.ones(3), rel=0.02)


def test_nothing_to_send_takes_no_time_even_in_an_outage():
    times = SendingTimes(ON_OFF, [1.0, 0.0], [1.0, 0.0])
    p = [[0.0, 0.25], [0.0, 0.75]]
    assert times.quantiles(p, [0.0, 0.7]).tolist() == [0.7] * 3
    assert times.distribution([0.69, 0.7, 9.0], p, [0.0, 0.7]).tolist() == [0.0, 1.0, 1.0]
    assert times.quantiles(p, [0.0, 0.0]).tolist() == [0.0] * 3


def test_one_state_sends_at_its_rate():
    times = SendingTimes([[0.0]], [4.0], [3.0, 1.0])
    assert times.quantiles([[0.4, 0.6]], [0.0, 0.1], [0.3, 0.6, 0.61]).tolist() == [0.35, 0.35, 0.75]


def test_a_quantile_at_an_atom_is_the_atom():
    times = SendingTimes(ON_OFF, [3.0, 0.0], [1.0])
    chance = np.exp(-1 / 3)  # of no outage in a third of a second
    first, later = times.quantiles([[1.0], [0.0]], [0.1], [chance - 1e-9, chance + 1e-3])
    assert first == 0.1 + 1 / 3
    assert later == pytest.approx(first, abs=2e-3)
    assert later > first


def test_a_start_in_an_outage_has_no_atom_and_waits():
    times = SendingTimes(ON_OFF, [3.0, 0.0], [1.0])
    t = times.quantiles([[0.0], [1.0]], [0.0], [0.01, 0.5, 0.999])
    assert on_off(t, 1.0, 3.0, 1.0, 4.0, off=True) == pytest.approx([0.01, 0.5, 0.999], abs=1e-5)


def test_the_order_of_states_and_repeated_sizes_do_not_matter():
    rng = np.random.default_rng(6)
    q, rates = random_chain(rng, 5, 2)
    p, order = rng.dirichlet(np.ones(15)).reshape(5, 3), rng.permutation(5)
    bits, offsets = [1.0, 2.0, 2.0], [0.1, 0.2, 0.2]
    straight = SendingTimes(q, rates, bits).quantiles(p, offsets)
    mixed = SendingTimes(q[np.ix_(order, order)], rates[order], bits).quantiles(p[order], offsets)
    merged = np.stack([p[:, 0], p[:, 1] + p[:, 2]], axis=1)
    assert mixed == pytest.approx(straight, rel=1e-6)
    assert SendingTimes(q, rates, bits[:2]).quantiles(merged, offsets[:2]) == pytest.approx(straight, rel=1e-6)


def test_the_distribution_rises_from_0_to_1():
    rng = np.random.default_rng(7)
    q, rates = random_chain(rng, 6, 2)
    p, offsets = rng.dirichlet(np.ones(18)).reshape(6, 3), [0.0, 0.3, 0.5]
    values = SendingTimes(q, rates, [2.0, 1.0, 0.5]).distribution(np.linspace(0, 300, 3_001), p, offsets)
    assert values[0] == 0
    assert values[-1] == pytest.approx(1.0, abs=1e-5)
    assert np.diff(values).min() >= 0
    assert values.max() <= 1


def test_it_never_falls_however_fine_the_times_are():
    times, t = SendingTimes([[-80.0, 80.0], [0.7, -0.7]], [1.0, 0.5], [1.0], 64), np.linspace(0.9, 2.5, 20_001)
    found = from_state(times, t[::-1], 0, 2)[::-1]
    assert np.diff(found).min() >= 0
    assert found[0] == 0
    assert found[-1] <= 1


def test_times_without_end_are_certain_and_no_number_is_none():
    times = SendingTimes(ON_OFF, [3.0, 0.0], [1.0])
    assert times.distribution([[np.inf, -np.inf]], [[1.0], [0.0]], [0.0]).tolist() == [[1.0, 0.0]]
    with pytest.raises(InputError, match=r"times_s = \[1.0, nan\]: should be numbers of seconds"):
        times.distribution([1.0, NAN], [[1.0], [0.0]], [0.0])


# ---------------------------------------------------------------- bad input

BAD = {
    "rows": (([[-1.0, 2.0], [1.0, -1.0]], [1.0, 0.0], [1.0]), "generator: row 0 has sum 1; should be 0"),
    "negative jump": (
        ([[1.0, -1.0], [1.0, -1.0]], [1.0, 0.0], [1.0]),
        "rates of moving should be finite and nonnegative",
    ),
    "shape": (([[0.0]], [1.0, 0.0], [1.0]), "generator: has shape (1, 1); should be (2, 2)"),
    "negative rate": ((ON_OFF, [1.0, -1.0], [1.0]), "rates_bps = [1.0, -1.0]: should be"),
    "slow rate": ((ON_OFF, [1.0, 1e-120], [1.0]), "rates_bps = 1e-120: should be 0 or at least 1e-100 of the highest"),
    "never sends": ((ON_OFF, [0.0, 0.0], [1.0]), "rates_bps = [0.0, 0.0]: should not be 0"),
    "stuck": (([[-1.0, 1.0], [0.0, 0.0]], [1.0, 0.0], [1.0]), "an outage never leads to a usable state"),
    "bits": ((ON_OFF, [1.0, 0.0], [NAN]), "bits = [nan]: should be"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_chain(name: str):
    arguments, message = BAD[name]
    with pytest.raises(InputError) as error:
        SendingTimes(*arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.5], [0.4]], [0.0]), "sum 0.9: should be 2 rows of 1 with sum 1"),
        (([[1.5], [-0.5]], [0.0]), "probabilities = [[1.5], [-0.5]]: should be a table of finite"),
        (([[1.0, 0.0]], [0.0]), "should be 2 rows of 1"),
        (([[1.0], [0.0]], [0.0, 1.0]), "offsets_s = [0.0, 1.0]: should be 1 numbers"),
        (([[1.0], [0.0]], [0.0], [1.0]), "levels = [1.0]: should be above 0 and at most 0.9999"),
    ],
)
def test_bad_inference(arguments, message: str):
    with pytest.raises(InputError) as error:
        SendingTimes(ON_OFF, [1.0, 0.0], [1.0]).quantiles(*arguments)
    assert message in str(error.value)
