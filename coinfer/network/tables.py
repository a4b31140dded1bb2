"""The bundled networks: small tables of layers, so that reading one needs no ONNX."""

import csv
from functools import cache
from importlib.resources import files

from coinfer.network.chain import DNN, in_bits
from coinfer.network.jpeg import with_jpeg
from coinfer.validation import one_of


@cache
def dnn_names() -> tuple[str, ...]:
    """The names that `load_dnn` knows, in alphabetical order.

    >>> dnn_names()[:4]
    ('alexnet', 'densenet121', 'inception_v1', 'inception_v2')
    """
    tables = (entry.name for entry in (files("coinfer.network") / "data").iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in tables if name.endswith(".csv")))


def load_dnn(
    name: str,
    *,
    activation_bits: int = 32,
    parameter_bits: int = 32,
    input_bits: int = 8,
    jpeg_quality: int | None = None,
) -> DNN:
    """A bundled real network, its tables read from architectures that ship with the PyPI package `onnx`.

    Bits are per activation, per parameter and per value of the raw input, unless that is sent as a JPEG (see `with_jpeg`).
    The counts are those of `read_onnx`. Raises `InputError` for an unknown name or bits that are not positive integers.

    >>> load_dnn("alexnet").output_bits[:3]
    (1204224, 2076672, 1179648)
    """
    table = files("coinfer.network") / "data" / f"{one_of('name', name, dnn_names())}.csv"
    first, *rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    elements = DNN(
        name=name,
        layer_names=tuple(row["layer"] for row in rows),
        macs=tuple(int(row["macs"]) for row in rows),
        parameter_bits=tuple(int(row["parameters"]) for row in rows),
        output_bits=tuple(int(row["outputs"]) for row in (first, *rows)),
    )
    dnn = in_bits(elements, activation_bits, parameter_bits, input_bits)
    return dnn if jpeg_quality is None else with_jpeg(dnn, jpeg_quality)
