"""The bundled networks: small tables of layers, a folder a group, so that reading one needs neither ONNX nor torch."""

import csv
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from coinfer.network.chain import DNN, in_bits
from coinfer.network.jpeg import with_jpeg
from coinfer.validation import InputError, brief, one_of


def dnn_names(group: str | None = None) -> tuple[str, ...]:
    """The names that `load_dnn` knows, in alphabetical order; of one group, or of all.

    "classic": architectures of 2012 to 2017 whose files ship with the PyPI package `onnx`. "torchvision": those that
    are deployed today, as torchvision builds them. "mlperf-tiny": the four reference models of MLPerf Tiny, for
    microcontrollers. Raises `InputError` for an unknown group.

    >>> dnn_names("classic")[:4]
    ('alexnet', 'densenet121', 'inception_v1', 'inception_v2')
    >>> dnn_names("mlperf-tiny")
    ('ds_cnn', 'fc_autoencoder', 'mobilenet_v1_025', 'resnet8')
    """
    tables = _tables()
    if group is not None:
        one_of("group", group, sorted({of for of, _ in tables.values()}))
    return tuple(name for name, (of, _) in tables.items() if group in (None, of))


def load_dnn(
    name: str,
    *,
    activation_bits: int = 32,
    parameter_bits: int = 32,
    input_bits: int = 8,
    jpeg_quality: int | None = None,
) -> DNN:
    """A bundled real network (see `dnn_names`); batch 1, with images of 224 x 224 unless the network says otherwise.

    Bits are per activation, per parameter and per value of the raw input, unless that is sent as a JPEG (see
    `with_jpeg`). The counts are those of `read_onnx`: parameters include batch normalisation's running statistics,
    which an update must bring too.
    `ssdlite320_mobilenet_v3_large` ends at the feature map that its first head reads; the rest of the detector (the
    backbone's last blocks, the smaller maps, all heads) reads several maps, is no chain, and is left out: it runs at the
    edge, so that a scenario of it should have `result_at_edge`.
    Raises `InputError` for an unknown name or bits that are not positive integers.

    >>> load_dnn("alexnet").output_bits[:3]
    (1204224, 2076672, 1179648)
    """
    if isinstance(name, str) and name.endswith(".onnx"):
        raise InputError(f"name = {brief(name)}: should be one of `dnn_names()`; a file is read by `read_onnx`")
    _, table = _tables()[one_of("name", name, dnn_names())]
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


@cache
def _tables() -> dict[str, tuple[str, Traversable]]:
    """The group and the file of every table, by name in alphabetical order."""
    groups = [entry for entry in (files("coinfer.network") / "data").iterdir() if entry.is_dir()]
    tables = [(group.name, table) for group in groups for table in group.iterdir() if table.name.endswith(".csv")]
    return {table.name.removesuffix(".csv"): (group, table) for group, table in sorted(tables, key=lambda t: t[1].name)}
