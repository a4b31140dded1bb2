"""What rests on what: the claims as a graph, drawn in layers from the facts on the left to what uses them on the right."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve
from scipy.optimize import isotonic_regression

from coinfer.derivations import claims, labels, topics
from coinfer.study.figures import PAGE_IN, plt

Edge = tuple[str, str]  # the label of a claim, and that of one that uses it
Node = str | tuple[str, str, int]  # a claim, or where an edge passes through a layer between its ends
Point = tuple[float, float]  # from the left and from the top
PAGE_MM = 25.4 * PAGE_IN
BOX_MM = (8.6, 3.7)
PITCH_MM = (16.2, 4.5)  # from layer to layer, and from box to box in a layer
LEFT_MM, TOP_MM, ASIDE_MM = 6.0, 3.0, 107.0  # the first box of the largest part and of those beside it
PER_LINE = 17  # boxes side by side
LEGEND = 3  # columns of the legend
HUES = (7, 1, 2, 3, 4, 0, 9, 5)  # seaborn's colours for the topics, in an order that keeps neighbours apart,
MORE_HUES = (4, 9, 0, 1, 2, 3)  # and dark ones for the rest; none that is pale on white
SWEEPS = 40
Placed = tuple[dict[Node, Point], list[list[Node]]]  # columns and rows, and the nodes each edge passes


def edges() -> tuple[Edge, ...]:
    """Every claim that is used as a fact, with the claim that uses it: in a step, in an induction or to restate."""
    return tuple((fact.label, each.label) for each in claims() for fact in each.cites)


def edge_table() -> pd.DataFrame:
    """The edges as rows: the fact and the claim that uses it, each with its topic."""
    of = {each.label: name for name, some in topics().items() for each in some}
    rows = [{"fact": fact, "used by": user, "topic": of[fact], "topic of user": of[user]} for fact, user in edges()]
    return pd.DataFrame(rows)


def layers(joined: Iterable[Edge]) -> dict[str, int]:
    """The layer of each claim: the longest path behind it, then as far to the right as what uses it allows."""
    facts, users = _neighbours(joined)
    layer: dict[str, int] = {}
    for label in labels():
        layer[label] = max((layer[fact] + 1 for fact in facts[label]), default=0)
    for label in reversed(labels()):
        layer[label] = min((layer[user] - 1 for user in users[label]), default=layer[label])
    return layer


def parts(joined: Iterable[Edge]) -> list[list[str]]:
    """The claims that are connected with each other, the largest part first, those on their own last."""
    part = {label: label for label in labels()}
    for fact, user in joined:
        old, new = part[user], part[fact]
        part = {label: new if own == old else own for label, own in part.items()}
    found = [[label for label in part if part[label] == own] for own in dict.fromkeys(part.values())]
    return sorted(found, key=len, reverse=True)


def place(part: list[str], joined: Iterable[Edge]) -> Placed:
    """Column and row of each claim of a part, and the way of each edge through the layers between its ends."""
    joined = [(fact, user) for fact, user in joined if fact in part]
    column = layers(joined)
    nodes: dict[Node, int] = {label: column[label] for label in part}
    ways: list[list[Node]] = []
    for fact, user in joined:
        passed: dict[Node, int] = {(fact, user, each): each for each in range(column[fact] + 1, column[user])}
        nodes |= passed
        ways.append([fact, *passed, user])
    row = _rows(nodes, ways)
    top = min(row.values())
    return {node: (float(nodes[node]), row[node] - top) for node in nodes}, ways


def _rows(layer: Mapping[Node, int], ways: list[list[Node]]) -> dict[Node, float]:
    """The row of each node: as near to the mean of its neighbours' as its layer allows (the barycentre method)."""
    before, after = _neighbours(step for way in ways for step in pairwise(way))
    columns = [[node for node in layer if layer[node] == each] for each in sorted(set(layer.values()))]
    row = {node: float(at) for column in columns for at, node in enumerate(column)}
    for sweep in range(SWEEPS):
        settle = sweep >= SWEEPS // 2  # first the order, from one side at a time; then the distances, from both
        for side, near, far in ((columns, before, after), (columns[::-1], after, before)):
            for column in side:
                pulls = [near[node] + far[node] * settle or [node] for node in column]
                row |= _fit(column, [np.mean([row[other] for other in pull]) for pull in pulls])
    return row


def _fit(column: list[Node], wanted: list[Any]) -> dict[Node, float]:
    """Rows at least 1 apart, in the order of those wanted and by least squares next to them."""
    near = np.round(wanted, 6)  # so that round-off decides no order
    order, apart = np.argsort(near, kind="stable"), np.arange(len(column))
    fitted = isotonic_regression(near[order] - apart).x + apart
    return {column[which]: float(at) for which, at in zip(order, fitted, strict=True)}


def draw() -> tuple[Any, str]:
    """The figure and its caption: the largest part, the small ones beside it, below them the claims on their own."""
    joined, found = edges(), parts(edges())
    light, dark = sns.color_palette("colorblind"), sns.color_palette("dark")
    palette = dict(zip(topics(), [light[hue] for hue in HUES] + [dark[hue] for hue in MORE_HUES], strict=True))
    colours = {each.label: palette[name] for name, some in topics().items() for each in some}
    figure = plt.figure(figsize=(PAGE_IN, PAGE_IN), layout="none")
    axis = figure.add_axes((0, 0, 1, 1))
    below = _draw_part(axis, place(found[0], joined), (LEFT_MM, TOP_MM), colours)
    aside = TOP_MM
    for part in (part for part in found[1:] if len(part) > 1):
        aside = _draw_part(axis, place(part, joined), (ASIDE_MM, aside), colours)
    alone = [part[0] for part in found if len(part) == 1]
    aside = _draw_legend(axis, palette, aside + PITCH_MM[1])
    height = _draw_alone(axis, alone, max(below, aside), colours)
    figure.set_size_inches(PAGE_IN, height / 25.4)
    axis.set(xlim=(0, PAGE_MM), ylim=(height, 0))
    axis.set_axis_off()
    return figure, (
        f"What rests on what: {len(labels())} claims and the {len(joined)} uses of one by another, from the facts on the left "
        f"to what uses them. No chain of uses is longer than {max(layers(joined).values())}. The {len(alone)} below rest on "
        "the definitions alone and are used by no other."
    )


def _draw_part(axis: Any, placed: Placed, corner: Point, colours: Mapping[str, Any]) -> float:
    """Boxes and arrows of one part, its upper left box at the corner; what is below it begins at the height given back."""
    nodes, ways = placed
    at = {node: (corner[0] + x * PITCH_MM[0], corner[1] + y * PITCH_MM[1]) for node, (x, y) in nodes.items()}
    for way in ways:
        _draw_arrow(axis, [at[node] for node in way], colours[str(way[0])])
    for label in (node for node in at if isinstance(node, str)):
        _draw_box(axis, label, at[label], colours[label])
    return max(y for _, y in at.values()) + 1.4 * PITCH_MM[1]


def _draw_arrow(axis: Any, way: list[Point], colour: Any) -> None:
    """From box to box, straight through the layers between and bent from layer to layer."""
    half = BOX_MM[0] / 2
    points, codes = [(way[0][0] + half, way[0][1])], [Curve.MOVETO]
    for (x, y), (to_x, to_y) in pairwise(way):
        middle = (x + to_x) / 2
        points += [(middle, y), (middle, to_y), (to_x - half, to_y), (to_x + half, to_y)]
        codes += [Curve.CURVE4] * 3 + [Curve.LINETO]
    curve = Curve(points[:-1], codes[:-1])
    axis.add_patch(FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=4.5, color=colour, linewidth=0.7))


def _draw_box(axis: Any, label: str, centre: Point, colour: Any) -> None:
    """A result filled, a new one with a black and a lemma with a thin border, the latter left white."""
    lemma, new = label.startswith("L"), label.startswith("N")
    corner = (centre[0] - BOX_MM[0] / 2, centre[1] - BOX_MM[1] / 2)
    tint = "white" if lemma else tuple(0.5 + 0.5 * part for part in to_rgb(colour))
    box = FancyBboxPatch(corner, *BOX_MM, boxstyle="round,pad=0,rounding_size=0.8", facecolor=tint, zorder=2)
    box.set(edgecolor="black" if new else colour, linewidth=0.6 if lemma else 1.2)
    axis.add_patch(box)
    weight = "normal" if lemma else "bold"
    axis.text(*centre, label, fontsize=6, weight=weight, ha="center", va="center_baseline", zorder=3)


def _draw_alone(axis: Any, alone: list[str], top: float, colours: Mapping[str, Any]) -> float:
    """The claims on their own, those of each topic side by side."""
    _write(axis, "Proved from the definitions alone, and used by no other claim:", (LEFT_MM - BOX_MM[0] / 2, top))
    for colour in dict.fromkeys(colours[label] for label in alone):
        for number, label in enumerate(label for label in alone if colours[label] == colour):
            if number % PER_LINE == 0:
                top += PITCH_MM[1]
            _draw_box(axis, label, (LEFT_MM + number % PER_LINE * 1.15 * BOX_MM[0], top), colour)
    return top + 0.8 * PITCH_MM[1]


def _draw_legend(axis: Any, palette: Mapping[str, Any], top: float) -> float:
    """The colours of the topics, beside the largest part, and below them what the borders and the arrow mean."""
    step, grey = (PAGE_MM - ASIDE_MM) / LEGEND, "#7F7F7F"
    aside = 0.65 * BOX_MM[0]
    meanings = {"R": "result", "N": "new result", "L": "lemma"}
    lines = -(-len(palette) // LEGEND)  # rounded up
    for number, (name, colour) in enumerate(palette.items()):
        x, y = ASIDE_MM + number // lines * step, top + number % lines * PITCH_MM[1]
        _draw_box(axis, "", (x, y), colour)
        _write(axis, name.replace("_", " "), (x + aside, y))
    y = top + (lines + 0.5) * PITCH_MM[1]
    for number, (label, meaning) in enumerate(meanings.items()):
        _draw_box(axis, label, (ASIDE_MM + number * step, y), grey)
        _write(axis, meaning, (ASIDE_MM + number * step + aside, y))
    y += PITCH_MM[1]
    _draw_arrow(axis, [(ASIDE_MM - BOX_MM[0], y), (ASIDE_MM + BOX_MM[0], y)], grey)
    _write(axis, "is used by (in the colour of the fact used)", (ASIDE_MM + aside, y))
    return y + 1.4 * PITCH_MM[1]


def _write(axis: Any, text: str, at: Point) -> None:
    axis.text(*at, text, fontsize=6, va="center")


def _neighbours(joined: Iterable[tuple[Any, Any]]) -> tuple[dict[Any, list[Any]], dict[Any, list[Any]]]:
    """What each node comes after, and what comes after it."""
    before: dict[Any, list[Any]] = defaultdict(list)
    after: dict[Any, list[Any]] = defaultdict(list)
    for fact, user in joined:
        before[user].append(fact)
        after[fact].append(user)
    return before, after
