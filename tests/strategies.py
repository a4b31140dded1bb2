"""Random problems: on dyadic numbers, where floats are exact and ties are ties, and anywhere in the valid domain."""

import numpy as np
import scipy.stats
from hypothesis import strategies as st

from coinfer import DNN, Costs, Device, Edge, Link, Scenario, Weights, channel
from coinfer import costs as costs_of
from coinfer.channel.law import UnitCostLaw
from coinfer.stopping import look_ahead_costs

DISCRETE = channel.Discrete.of_unit_costs


# ---------------------------------------------------------------- seeded draws, for thousands of problems


def dyadic_law(rng: np.random.Generator, atoms: int) -> UnitCostLaw:
    """Unit costs in quarters, 0 and equal ones included, with probabilities in eighths, 0 included."""
    return DISCRETE(rng.integers(0, 13, atoms) / 4, rng.multinomial(8, np.full(atoms, 1 / atoms)) / 8)


def dyadic_costs(rng: np.random.Generator, layers: int | None = None, atoms: int | None = None) -> Costs:
    """Negative delta, zero sizes, free layers, N = 1, atoms equal to thresholds and equal J: all of them often."""
    layers = int(rng.integers(1, 6)) if layers is None else layers
    law = dyadic_law(rng, int(rng.integers(1, 5)) if atoms is None else atoms)
    bits = rng.integers(0, 7, layers + 1) * (rng.random(layers + 1) > 0.15).astype(float)
    bits[-1] *= rng.random() < 0.5
    extra = rng.integers(-4, 9, layers) / 4 * (rng.random(layers) > 0.1)
    v = bits[-1] * law.mean
    for n in reversed(range(layers)):  # ties with the cost of going on, one or all stages ahead
        ahead = rng.choice([v, bits[n + 1] * law.mean])
        if rng.random() < 0.3:
            extra[n] = bits[n] * rng.choice(law.unit_costs) - ahead
        v = law.probabilities @ np.minimum(bits[n] * law.unit_costs, extra[n] + v)
    download = rng.integers(0, 9, layers) / 16 * (rng.random(layers) > 0.2)
    costs = Costs(extra=extra, bits=bits, download=download, edge=rng.integers(-4, 9) / 4, law=law)
    if rng.random() < 0.4:  # placements that cost the same
        falls = -np.diff(look_ahead_costs(costs, int(rng.integers(1, layers + 1))))
        download = np.where(rng.random(layers) < 0.5, np.maximum(falls, 0), download)
    largest = int(rng.integers(0, layers + 1)) if rng.random() < 0.3 else -1
    return Costs(extra=extra, bits=bits, download=download, edge=costs.edge, law=law, largest_placement=largest)


def float_costs(rng: np.random.Generator) -> Costs:
    """Any floats, over several orders of magnitude."""
    layers, atoms = int(rng.integers(1, 7)), int(rng.integers(1, 6))
    size = 10.0 ** rng.uniform(-6, 6)
    law = DISCRETE(10.0 ** rng.uniform(-9, -6) * rng.gamma(0.5, size=atoms), rng.dirichlet(np.ones(atoms)))
    worth = size * law.mean
    return Costs(
        extra=worth * rng.normal(0.2, 0.5, layers) * (rng.random(layers) > 0.1),
        bits=size * rng.gamma(0.7, size=layers + 1) * (rng.random(layers + 1) > 0.1),
        download=worth * rng.gamma(0.5, 0.1, size=layers),
        edge=worth * rng.normal(),
        law=law,
    )


# ---------------------------------------------------------------- hypothesis


def numbers(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most, allow_nan=False, allow_subnormal=False)


def powers(least: float, most: float) -> st.SearchStrategy[float]:
    """10 to a number between the two."""
    return numbers(least, most).map(lambda exponent: 10.0**exponent)


@st.composite
def links(draw: st.DrawFn) -> Link:
    return Link(
        bandwidth_hz=draw(powers(3, 9)), transmit_power_w=draw(powers(-3, 1)), mean_snr_db=draw(numbers(-60, 80))
    )


@st.composite
def probabilities(draw: st.DrawFn, size: int) -> list[float]:
    weights = np.array(draw(st.lists(st.integers(0, 10), min_size=size, max_size=size)), float)
    weights[draw(st.integers(0, size - 1))] += 1
    return (weights / weights.sum()).tolist()


@st.composite
def discrete_channels(draw: st.DrawFn) -> channel.Discrete:
    gains = draw(st.lists(powers(-4, 2), min_size=1, max_size=6))
    return channel.Discrete(gains=gains, probabilities=draw(probabilities(len(gains))))


discrete_kinds = st.one_of(
    discrete_channels(),
    st.lists(powers(-4, 2), min_size=1, max_size=20).map(lambda gains: channel.Empirical(gains=gains)),
    st.builds(channel.RateTable, m=numbers(0.5, 8)),
)
# few values of the shapes, as each new one costs a quadrature
continuous_kinds = st.one_of(
    powers(-6, 0.7).map(lambda gain: channel.Rayleigh(outage_gain=gain)),
    st.sampled_from([1.2, 2.0, 5.0]).map(lambda m: channel.Nakagami(m=m)),
    st.just(channel.Nakagami(m=0.5, outage_gain=0.1)),
    st.sampled_from([0.0, 3.0, 10.0]).map(lambda k: channel.Rician(k=k, outage_gain=0.05)),
    st.sampled_from(
        [
            channel.Continuous(distribution=scipy.stats.lognorm(0.8)),
            channel.Continuous(distribution=scipy.stats.uniform(0.5, 1)),
        ]
    ),
    st.builds(channel.TruncatedInversion, rate_bps=powers(3, 6.5), outage_gain=powers(-3, 0.5)),
)


@st.composite
def laws(draw: st.DrawFn, kinds: st.SearchStrategy = discrete_kinds | continuous_kinds) -> UnitCostLaw:
    """The law of X on a random link on which the rate table, too, is usable."""
    link = draw(links())
    kind = draw(kinds)
    if kind.kind == "rate-table":
        link = Link(bandwidth_hz=link.bandwidth_hz, mean_snr_db=max(link.mean_snr_db, 0.0))
    if kind.kind == "truncated-inversion":
        link = Link(bandwidth_hz=max(link.bandwidth_hz, 1e5), mean_snr_db=link.mean_snr_db)
    return kind.law(link, Weights())


@st.composite
def problems(draw: st.DrawFn, law_strategy: st.SearchStrategy = laws(), most_layers: int = 7) -> Costs:  # noqa: B008
    """Costs in which sending, computing and placing are worth about as much as each other, zeros included."""
    law = draw(law_strategy)
    layers = draw(st.integers(1, most_layers))
    size = draw(powers(-3, 9))
    worth = size * law.mean

    def several(strategy: st.SearchStrategy[float], length: int, unit: float) -> list[float]:
        return [unit * value for value in draw(st.lists(strategy, min_size=length, max_size=length))]

    some = st.just(0.0) | numbers(1e-3, 1)
    return Costs(
        extra=several(numbers(-0.5, 1), layers, worth),
        bits=several(some, layers + 1, size),
        download=several(some | powers(-6, -1), layers, worth),
        edge=draw(numbers(-1, 1)) * worth,
        law=law,
        largest_placement=draw(st.just(-1) | st.integers(0, layers)),
    )


@st.composite
def wild_problems(draw: st.DrawFn) -> Costs:
    """Anything that `Costs` takes, up to where sums and products of finite numbers overflow."""
    law = draw(laws())
    layers = draw(st.integers(1, 6))
    sizes = st.just(0.0) | powers(-100, 100)
    signed = sizes | sizes.map(lambda size: -size)

    def several(strategy: st.SearchStrategy[float], length: int) -> list[float]:
        return draw(st.lists(strategy, min_size=length, max_size=length))

    return Costs(
        extra=several(signed, layers),
        bits=several(sizes, layers + 1),
        download=several(sizes, layers),
        edge=draw(signed),
        law=law,
    )


def dyadic_problems() -> st.SearchStrategy[Costs]:
    """`dyadic_costs` of a seed that hypothesis chooses."""
    return st.integers(0, 2**32 - 1).map(lambda seed: dyadic_costs(np.random.default_rng(seed)))


# ---------------------------------------------------------------- channels in motion


@st.composite
def markov_channels(draw: st.DrawFn) -> channel.Markov:
    """A few states, outages among them at times, that are all visited again and again."""
    states = draw(st.integers(1, 4))
    rates = draw(st.lists(powers(5, 7), min_size=states, max_size=states))
    rates[1:] = [rate * draw(st.sampled_from([0.0, 1.0, 1.0])) for rate in rates[1:]]
    away = np.array(draw(st.lists(st.just(0.0) | powers(-2, 2), min_size=states**2, max_size=states**2)))
    away = away.reshape(states, states) + np.roll(np.eye(states), 1, axis=1)
    np.fill_diagonal(away, 0.0)
    return channel.Markov(rates_bps=rates, generator=away - np.diag(away.sum(axis=1)))


moving_kinds = st.one_of(
    markov_channels(),
    st.builds(
        channel.OnOff,
        rate_bps=powers(5, 7),
        mean_on_s=powers(-2, 2),
        mean_off_s=powers(-2, 2),
    ),
    st.builds(
        channel.Moving, m=st.sampled_from([0.5, 1.0, 2.5]), coherence_time_s=powers(-3, 3), states=st.integers(2, 12)
    ),
    st.builds(
        channel.Shadowed,
        sigma_db=numbers(1, 12),
        decorrelation_m=powers(0, 2),
        speed_m_per_s=powers(-1, 2),
        states=st.integers(2, 12),
    ),
)


@st.composite
def moving_scenarios(draw: st.DrawFn) -> Scenario:
    """A small network over a channel in motion, layers that take no time and outputs of nothing included."""
    layers = draw(st.integers(1, 4))

    def several(strategy: st.SearchStrategy[int], length: int) -> tuple[int, ...]:
        return tuple(draw(st.lists(strategy, min_size=length, max_size=length)))

    dnn = DNN(
        name="small",
        layer_names=tuple("abcd"[:layers]),
        macs=several(st.just(0) | st.integers(10**6, 10**9), layers),
        parameter_bits=several(st.integers(0, 10**7), layers),
        output_bits=several(st.just(0) | st.integers(1, 10**7), layers + 1),
    )
    return Scenario(
        dnn=dnn,
        device=Device(macs_per_s=3e8, power_w=0.27),
        edge=Edge(macs_per_s=1e10),
        channel=draw(moving_kinds),
        link=Link(
            mean_snr_db=draw(numbers(-5, 20)),
            outage_power_w=draw(st.sampled_from([0.0, 0.05])),
            **draw(
                st.just({})
                | st.just({"round_trip_s": 0.3, "energy_j_per_bit": 1e-7, "tail_power_w": 1.0, "tail_s": 2.0})
            ),
        ),
        weights=Weights(time_per_s=draw(powers(-1, 1)), energy_per_j=draw(st.just(0.0) | powers(-1, 1))),
        inferences_per_update=draw(powers(0, 4)),
        result_at_edge=draw(st.booleans()),
    )


def moving_problems() -> st.SearchStrategy[Costs]:
    """The costs of `moving_scenarios`."""
    return moving_scenarios().map(costs_of)
