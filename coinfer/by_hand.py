"""The best placement on a link that comes and goes, step by step, as a pocket calculator finds it (R22)."""

from coinfer.on_off_form import OnOffProblem, best_placement, expected_costs, interior_placement, remaining
from coinfer.validation import InputError

Step = tuple[str, str, float]  # a symbol, how it follows from what is given and the symbols before it, and its value


def pocket_steps(problem: OnOffProblem) -> list[Step]:
    """What to compute, in order, for M*: symbol, formula and value of each step; the last is M* (R22).

    The index 1 is of layer 1, 0 of the input. Where sending has a fixed cost f, `Costs` have it folded into C_edge, delta_1 and
    delta_N, the last layer's; C_edge and delta_1 here are those of the problem (R25a). Behind layer 1 of M, x is still to pay
    when on, and e more in an outage.
    Raises `InputError` where the input or the output of a layer is empty, or a layer takes no time.

    >>> from coinfer.on_off_form import Layer
    >>> layer = Layer(send=2.0, extra=0.75, recovery=0.25, download=0.25)
    >>> steps = pocket_steps(OnOffProblem(layers=6, off_share=0.5, wait=6.0, first=layer, rest=layer))
    >>> for symbol, formula, value in steps[7:10]:
    ...     print(symbol, "=", formula, "=", round(value, 3))
    G = (1 - a) * h - delta = 0.75
    M1 = min(1 + ceil(log(D / (pi_off * a_1 * G)) / log(a)), 5) = 2
    M2 = min(1 + ceil(log(D / (pi_off * G)) / log(a)), 5) = 3
    """
    if not (problem.first.send > 0 and problem.rest.send > 0):
        raise InputError("send = 0: should be positive for a placement by hand; `best_placement` takes any")
    if not problem.rest.recovery > 0:
        raise InputError("recovery = 0: should be positive for a placement by hand, as layers take time")
    j, fits, candidates = expected_costs(problem), problem.largest_placement, _interior(problem)
    steps = [*_numbers(problem), *candidates, ("J(0)", "C_edge + C0 + pi_off * h", j[0])]
    ends = {problem.layers} if fits == problem.layers else set()
    for placement in sorted({int(m) for _, _, m in candidates} | ends):
        steps += _behind(problem, placement)
        steps.append((f"J({placement})", f"C_edge + D_1 + {placement - 1} * D + {FROM_START}", j[placement]))
    return [*steps, ("M*", "the placement of the least J", best_placement(problem))]


# stop, or go on, in either state
FROM_START = "(1 - pi_off) * min(C0, delta_1 + x + b_1 * e) + pi_off * min(C0 + h, delta_1 + x + a_1 * e)"


def _numbers(problem: OnOffProblem) -> list[Step]:
    """What the link means for the layers."""
    first, rest, off = problem.first, problem.rest, problem.off_share
    always = "f + " if problem.fixed else ""
    return [
        ("pi_off", "u / (l + u)", off),
        ("h", "c_o / l", problem.wait),
        *([("f", "delta - delta_N", problem.fixed)] if problem.fixed else []),
        ("C0", f"{always}o_0 * (c + u * h) / r", first.send),
        ("C1", f"{always}o * (c + u * h) / r", rest.send),
        ("a_1", "pi_off + (1 - pi_off) * exp(-(l + u) * t_1)", 1 - first.recovery),
        ("a", "pi_off + (1 - pi_off) * exp(-(l + u) * t)", 1 - rest.recovery),
        ("b_1", "pi_off * (1 - a_1) / (1 - pi_off)", off * first.recovery / (1 - off)),
        ("G", "(1 - a) * h - delta", problem.saving),
    ]


def _interior(problem: OnOffProblem) -> list[Step]:
    """The candidates that end in sending."""
    steps: list[Step] = []
    last, price = problem.last_to_send, problem.rest.download
    chances = (("M1", "pi_off * a_1", 1 - problem.first.recovery), ("M2", "pi_off", 1))
    for symbol, chance, share in chances if last else ():
        formula = f"min(1 + ceil(log(D / ({chance} * G)) / log(a)), {last})"
        if problem.off_share * share * problem.saving <= price:
            formula = "1"  # as G is too small
        elif price == 0:
            formula = str(last)
        steps.append((symbol, formula, interior_placement(problem, share)))
    return steps


def _behind(problem: OnOffProblem, placement: int) -> list[Step]:
    """The costs x and e that are still to pay behind layer 1 of M."""
    (x, e), layer = remaining(problem, placement), problem.rest
    if placement < problem.layers or problem.sends_result:
        return [("x", "C1", x), ("e", _more("h", f"{placement - 1}") if placement > 1 else "h", e)]
    if (placement - 1) * layer.extra <= layer.send:
        return [("x", f"{placement - 1} * delta", x), ("e", "0", e)]
    near = int(layer.send // layer.extra)
    return [
        ("k0", "floor(C1 / delta)", near),
        ("y", "(k0 + 1) * delta - C1", (near + 1) * layer.extra - layer.send),
        ("x", "C1", x),
        ("e", _more("y", "(N - 2 - k0)"), e),
    ]


def _more(start: str, layers: str) -> str:
    """How much more an outage costs some layers before the one at which that is `start`."""
    return f"min(h, a**{layers} * {start} + delta * (1 - a**{layers}) / (1 - a))"
