"""The best placement on a link that comes and goes, step by step, as a pocket calculator does it (R22)."""

from coinfer.on_off_form import Layer, OnOffProblem, expected_costs, layers_that_pay, remaining
from coinfer.validation import InputError

Step = tuple[str, str, float]  # a symbol, how it follows from symbols before it, and its value


def pocket_steps(problem: OnOffProblem) -> list[Step]:
    """What to compute, in order, for M*: symbol, formula and value of each step; the last is M* (R22).

    The link gives pi_off, h, C0, C1, a_1 and a, where index 1 is the first layer and C0 is of the input. With M layers, e is
    how much more is still to pay in an outage than when on, and x what is to pay when on, both behind layer 1.
    Raises `InputError` where there is nothing to send, before layer 1 or behind it.

    >>> layer = Layer(send=2.0, extra=0.5, recovery=0.25, download=0.25)
    >>> steps = pocket_steps(OnOffProblem(layers=3, off_share=0.5, wait=6.0, first=layer, rest=layer))
    >>> for symbol, formula, value in steps[-5:]:
    ...     print(f"{symbol} = {formula} = {value:.3f}")
    k0 = floor(C1 / delta) = 4.000
    """
    if not (problem.first.send > 0 and problem.rest.send > 0):
        raise InputError("send = 0: should be positive for a placement by hand; `best_placement` takes any")
    return [*_given(problem), *_candidates(problem), *_costs(problem)]


def _given(problem: OnOffProblem) -> list[Step]:
    """The link and the layers."""
    rows = [
        ("N", "layers", problem.layers),
        ("C_edge", "running all layers on the edge", problem.edge),
        ("pi_off", "u / (l + u)", problem.off_share),
        ("h", "c_o / l", problem.wait),
    ]
    return rows
