"""One declaration of every quantity: the models, the nomenclature and the symbols agree with it."""

import io
import re
from math import inf

import pytest
from matplotlib import mathtext
from pydantic import BaseModel

from coinfer import Device, Edge, InputError, Link, Scenario, Weights
from coinfer.quantities import (
    CATALOGUE,
    CHOICE,
    DERIVED,
    DNN,
    LISTED,
    OURS,
    PUBLISHED,
    QUANTITIES,
    SIBLING,
    Quantity,
    field,
    nomenclature,
)

PARTS: dict[str, type[BaseModel]] = {"device": Device, "edge": Edge, "link": Link, "weights": Weights}
LABELS = ("name", "measured_on", "table")
SCENARIO_FIELDS = [
    *(f"{part}.{name}" for part, model in PARTS.items() for name in model.model_fields if name not in LABELS),
    "inferences_per_update",
    "interval_s",
    "update_fraction",
]
OPTIONAL = ("device.memory_bits", "link.mean_snr_db", "link.distance_m", "interval_s")
REQUIRED = {"device": {"macs_per_s": 1e9, "power_w": 1.0}, "edge": {"macs_per_s": 1e9}}
GIVEN = (SIBLING, OURS, LISTED, CATALOGUE, PUBLISHED)


@pytest.mark.parametrize("name", SCENARIO_FIELDS)
def test_every_number_of_a_scenario_is_declared(name: str):
    quantity = QUANTITIES[name]
    part, _, last = name.rpartition(".")
    declared = (PARTS[part] if part else Scenario).model_fields[last]
    assert quantity.symbol
    assert quantity.latex
    assert quantity.unit
    assert quantity.source.startswith(GIVEN)
    assert quantity.meaning in declared.description
    if name in OPTIONAL:
        assert declared.default is None
    else:
        assert declared.is_required() if quantity.default is None else declared.default == quantity.default
        assert declared.title == quantity.symbol


def test_all_paths_are_fields_of_a_scenario():
    assert {name for name in QUANTITIES if "." in name} == {name for name in SCENARIO_FIELDS if "." in name}


def test_default_distance_is_the_declared_one():
    assert Link().distance_m == QUANTITIES["link.distance_m"].default


@pytest.mark.parametrize("name", SCENARIO_FIELDS)
def test_models_keep_to_the_declared_domain(name: str):
    quantity = QUANTITIES[name]
    part, _, last = name.rpartition(".")

    def made(value: float) -> float:
        if part:
            return getattr(PARTS[part](**(REQUIRED.get(part, {}) | {last: value})), last)
        return getattr(Scenario(dnn="alexnet", **{last: value}), last)

    if name != "link.distance_m":  # the mean SNR bounds it
        assert made(quantity.default or 1.0) == (quantity.default or 1.0)
    if quantity.lower_included:
        assert made(quantity.lower) == quantity.lower
    else:
        with pytest.raises(InputError, match=last):
            made(quantity.lower)
    with pytest.raises(InputError, match=last):
        made(quantity.lower - 1e-6)
    for value in (inf, -inf, float("nan"), *([quantity.upper * 1.01] if quantity.upper < inf else [])):
        with pytest.raises(InputError, match=last):
            made(value)


@pytest.mark.parametrize("name", QUANTITIES)
def test_symbols_carry_the_domain(name: str):
    quantity = QUANTITIES[name]
    symbol = quantity.sympy()
    assert symbol.name == quantity.symbol
    assert symbol.is_real
    if quantity.lower > 0 or (quantity.lower == 0 and not quantity.lower_included):
        assert symbol.is_positive
    elif quantity.lower == 0:
        assert symbol.is_nonnegative
        assert symbol.is_positive is None
    else:
        assert symbol.is_nonnegative is None
    assert symbol.is_integer is (True if quantity.integer else None)


@pytest.mark.parametrize("name", QUANTITIES)
def test_latex_can_be_drawn(name: str):
    image = io.BytesIO()
    mathtext.math_to_image(f"${QUANTITIES[name].latex}$", image, dpi=50, format="png")
    assert image.getvalue().startswith(b"\x89PNG")


def test_symbols_and_latex_are_distinct():
    for attribute in ("symbol", "latex"):
        written = [getattr(quantity, attribute) for quantity in QUANTITIES.values()]
        assert len(set(written)) == len(written)


@pytest.mark.parametrize("name", QUANTITIES)
def test_declarations_are_complete(name: str):
    quantity = QUANTITIES[name]
    assert re.fullmatch(r"[A-Za-z0-9_^]+", quantity.symbol)
    assert re.fullmatch(r"-|[A-Za-z0-9/ ^]+", quantity.unit)
    assert quantity.meaning
    assert quantity.source.startswith((*GIVEN, CHOICE, DNN, DERIVED))
    assert quantity.lower < quantity.upper
    if quantity.default is not None:
        assert quantity.lower <= quantity.default <= quantity.upper
        assert quantity.source.startswith(GIVEN)


def test_fields_come_from_quantities():
    made = field("link.bandwidth_hz")
    assert made.default == 2e6
    assert "2" not in made.description
    assert "Hz" in made.description
    assert field("rate_bps").is_required()
    with pytest.raises(KeyError):
        field("link.bandwidth")


@pytest.mark.parametrize(
    ("quantity", "domain"),
    [
        ({}, "(0, inf)"),
        ({"lower_included": True}, "[0, inf)"),
        ({"lower": -200.0, "upper": 200.0, "lower_included": True}, "[-200, 200]"),
        ({"lower": -inf}, "(-inf, inf)"),
        ({"lower": 1, "lower_included": True, "integer": True}, "[1, inf), whole"),
    ],
)
def test_domains_are_written_as_intervals(quantity: dict, domain: str):
    assert Quantity(symbol="x", latex="x", unit="-", meaning="m", source=OURS, **quantity).domain == domain


def test_nomenclature_has_a_row_for_each():
    table = nomenclature()
    assert table["field"].tolist() == list(QUANTITIES)
    assert not table.isna().any().any()
    row = table.set_index("field").loc["link.bandwidth_hz"]
    assert (row["symbol"], row["unit"], row["default"], row["source"]) == ("$W$", "Hz", "2e+06", SIBLING)
