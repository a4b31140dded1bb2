"""A DNN as a chain of layers: workload and parameters of every layer, and what is sent at every stage.

Stage n means that n layers have run; stage 0 is the raw input.
"""

import operator
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from coinfer.quantities import field
from coinfer.validation import InputError, Model, an, brief, items, one_of, whole

MOST_NEURONS = 10**12  # whose MACs are not too many for a layer
MOST_LAYERS = 10_000  # what is planned takes as their square, some seconds then
CRITERIA = ("smaller-output",)


class Coding(Model):
    """How many bits the values of a network take: each activation and parameter, and each value of the input, or all of it.

    Null where they differ, as in a file that holds values of several types.
    """

    activation_bits: Annotated[int, Field(gt=0)] | None = 32
    parameter_bits: Annotated[int, Field(gt=0)] | None = 32
    input_bits: Annotated[int, Field(gt=0)] = 8
    jpeg_quality: int | None = None  # of an input that is sent as a JPEG; null: raw values


class DNN(Model):
    """A chain of N >= 1 layers; counts may be given as lists or integer arrays. Raises `InputError` on bad fields.

    >>> dnn = DNN(name="two", layer_names=["a", "b"], macs=[9, 4], parameter_bits=[64, 32], output_bits=[8, 6, 2])
    >>> dnn.layers, dnn.stages
    (2, (0, 1, 2))
    """

    name: str
    layer_names: tuple[str, ...] = Field(
        min_length=1, max_length=MOST_LAYERS, description="names of layers 1..N, shape (N,)"
    )
    macs: tuple[Annotated[int, field("macs")], ...] = Field(description="w_1..w_N [MAC], shape (N,)")
    parameter_bits: tuple[Annotated[int, field("parameter_bits")], ...] = Field(
        description="s_1..s_N [bit], shape (N,)"
    )
    output_bits: tuple[Annotated[int, field("output_bits")], ...] = Field(
        description="o_0..o_N [bit], shape (N+1,): o_0 is the raw input, o_N the true size of the result"
    )
    stages: tuple[Annotated[int, field("stage")], ...] = Field(
        default=(),
        validate_default=True,
        description="number that every stage had before layers were merged, shape (N+1,); left out: 0..N",
    )
    coding: Coding | None = Field(default=None, description="how its values are coded, where that is known")

    @field_validator("stages")
    @classmethod
    def _number_stages(cls, stages: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return stages or tuple(range(len(info.data.get("output_bits", ()))))

    @model_validator(mode="after")
    def _check_chain(self) -> "DNN":
        for name, extra in (("macs", 0), ("parameter_bits", 0), ("output_bits", 1), ("stages", 1)):
            values, length = getattr(self, name), self.layers + extra
            if len(values) != length:
                raise ValueError(f"{name} = {brief(values)} has length {len(values)}; layer_names asks for {length}")
        if self.stages[0] != 0 or any(later <= earlier for earlier, later in pairwise(self.stages)):
            raise ValueError(f"stages = {brief(self.stages)} should start at 0 and increase strictly")
        return self

    def __repr__(self) -> str:
        """In a line; the fields hold all of it."""
        macs, size = sum(self.macs), sum(self.parameter_bits) / 8
        return f"DNN({self.name}: {self.layers} layers, {_in_units(macs)}MAC, {_in_units(size)}B of parameters)"

    __str__ = __repr__

    @property
    def layers(self) -> int:
        """N, the number of layers."""
        return len(self.layer_names)

    def blocks(self, criterion: str = "smaller-output", *, stages: Iterable[int] | None = None) -> "DNN":
        """The chain with layers merged into blocks, see the function `blocks`."""
        return blocks(self, criterion, stages=stages)


def mlp(
    layers: int,
    neurons: int,
    *,
    inputs: int | None = None,
    activation_bits: int = 32,
    parameter_bits: int = 32,
    input_bits: int | None = None,
) -> DNN:
    """The multilayer perceptron with equal layers of R7: `neurons` weights and a bias for each of the `neurons` neurons.

    By default the input has `neurons` values of `activation_bits` each, so that layers and stages are exactly equal
    (o_0 = o_1 = ... = o_N); `inputs` and `input_bits` give an input of another size. Raises `InputError`.

    >>> dnn = mlp(3, 10, inputs=50)
    >>> dnn.macs, dnn.output_bits
    ((500, 100, 100), (1600, 320, 320, 320))
    """
    layers, neurons = positive_integer("layers", layers), positive_integer("neurons", neurons)
    whole("layers", layers, 1, MOST_LAYERS)
    whole("neurons", neurons, 1, MOST_NEURONS)
    inputs = neurons if inputs is None else positive_integer("inputs", inputs)
    fan_in = (inputs,) + (neurons,) * (layers - 1)
    elements = DNN(
        name=f"mlp-{layers}x{neurons}",
        layer_names=tuple(f"fc{layer}" for layer in range(1, layers + 1)),
        macs=tuple(values * neurons for values in fan_in),
        parameter_bits=tuple((values + 1) * neurons for values in fan_in),
        output_bits=(inputs,) + (neurons,) * layers,
    )
    return in_bits(elements, activation_bits, parameter_bits, activation_bits if input_bits is None else input_bits)


def blocks(dnn: DNN, criterion: str = "smaller-output", *, stages: Iterable[int] | None = None) -> DNN:
    """Merge layers into blocks; MACs and parameters add up, and `stages` keeps the numbers of the stages that stay.

    By the criterion "smaller-output" an inner stage stays only if its output is smaller than that of every earlier
    stage, the raw input included. Or `stages` names the stages to keep, as numbered in `dnn.stages`, both ends
    included. Stages 0 and N always stay. Raises `InputError`.

    >>> from coinfer.network import load_dnn
    >>> blocks(load_dnn("alexnet")).layer_names
    ('conv1..conv2', 'conv3..conv5', 'gemm6', 'gemm7..gemm8')
    """
    dnn = an("dnn", dnn, DNN)
    one_of("criterion", criterion, CRITERIA)
    kept = _smaller_outputs(dnn) if stages is None else _positions(dnn, stages)
    parts = [slice(start, stop) for start, stop in pairwise(kept)]
    return DNN(
        name=dnn.name,
        layer_names=tuple(span_name(dnn.layer_names[part]) for part in parts),
        macs=tuple(sum(dnn.macs[part]) for part in parts),
        parameter_bits=tuple(sum(dnn.parameter_bits[part]) for part in parts),
        output_bits=tuple(dnn.output_bits[n] for n in kept),
        stages=tuple(dnn.stages[n] for n in kept),
        coding=dnn.coding,
    )


def _in_units(number: float) -> str:
    """A number of three digits with a prefix, G, M or k.

    >>> _in_units(2.44e8), _in_units(12)
    ('244 M', '12 ')
    """
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {prefix}"
    return f"{number:.3g} "


def span_name(names: Sequence[str]) -> str:
    """One name for a run of layers or operators, first..last; runs of runs collapse too."""
    first, last = names[0].split("..")[0], names[-1].split("..")[-1]
    return first if first == last else f"{first}..{last}"


def positive_integer(name: str, value: int) -> int:
    """`value` as an int; raises `InputError` unless it is an integer of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise InputError(f"{name} = {brief(value)}: should be a positive integer")
    return number


def in_bits(elements: DNN, activation_bits: int, parameter_bits: int, input_bits: int) -> DNN:
    """`elements` counts values, that is, has one bit a value; the same chain with these many bits a value."""
    sent = positive_integer("activation_bits", activation_bits)
    held = positive_integer("parameter_bits", parameter_bits)
    given = positive_integer("input_bits", input_bits)
    raw, *outputs = elements.output_bits
    return elements.model_copy(
        update={
            "parameter_bits": tuple(count * held for count in elements.parameter_bits),
            "output_bits": (raw * given, *(count * sent for count in outputs)),
            "coding": Coding(activation_bits=sent, parameter_bits=held, input_bits=given),
        }
    )


def _smaller_outputs(dnn: DNN) -> list[int]:
    smallest_before = accumulate(dnn.output_bits, min)
    inner = zip(range(1, dnn.layers), smallest_before, strict=False)
    return [0, *(n for n, smallest in inner if dnn.output_bits[n] < smallest), dnn.layers]


def _positions(dnn: DNN, given: Iterable[int]) -> list[int]:
    ends = (dnn.stages[0], dnn.stages[-1])
    wanted = items("stages", given, f"a list of stages, each one of {brief(dnn.stages)}")
    stages = tuple(whole("stages", stage, 0) for stage in wanted)
    increasing = all(earlier < later for earlier, later in pairwise(stages))
    if not (increasing and set(stages) <= set(dnn.stages) and set(ends) <= set(stages)):
        raise InputError(
            f"stages = {brief(stages)}: should increase strictly from {ends[0]} to {ends[1]}, "
            f"each one of {brief(dnn.stages)}"
        )
    return [dnn.stages.index(stage) for stage in stages]
