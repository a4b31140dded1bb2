"""`python -m coinfer.network` makes the tables of the bundled networks anew: from ONNX files and from layer shapes."""

import argparse
import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from coinfer.network import mlperf_tiny
from coinfer.network.chain import DNN
from coinfer.network.onnx_chain import BUNDLED, bundled, read_onnx

if TYPE_CHECKING:
    from coinfer.network.rewrites import Written

DATA = Path(__file__).parent / "data"
EXECUTED = "executed.csv"
REWRITTEN = Path(__file__).parents[2] / "tests" / "rewrites" / "rewrites.csv"  # nothing but the tests reads it
VERSIONS = "versions.csv"
TOOLS = ("onnx", "onnxruntime", "onnxscript", "torch", "torchvision")
KINDS = ("Conv", "Gemm", "MatMul")  # all that torchvision's networks have


def table(dnn: DNN) -> str:
    """A chain at one bit a value as CSV: a row per stage with its layer, MACs, parameters and output elements."""
    header = ["stage", "layer", "macs", "parameters", "outputs"]
    rows = zip(dnn.stages[1:], dnn.layer_names, dnn.macs, dnn.parameter_bits, dnn.output_bits[1:], strict=True)
    return _csv([header, [0, "input", 0, 0, dnn.output_bits[0]], *rows])


def classic(name: str) -> DNN:
    """A network that ships with onnx, as counts."""
    return _counts(bundled(name))


def _counts(file: Path) -> DNN:
    return read_onnx(file, activation_bits=1, parameter_bits=1, input_bits=1)


def write_classic() -> None:
    """Write the tables of the networks that ship with onnx."""
    for name in BUNDLED:
        _write(DATA / "classic" / f"{name}.csv", table(classic(name)))


def write_mlperf_tiny() -> None:
    """Write the tables of MLPerf Tiny's reference models."""
    for name, model in mlperf_tiny.MODELS.items():
        _write(DATA / "mlperf-tiny" / f"{name}.csv", table(model()))


def write_torchvision() -> None:
    """Write the tables of torchvision's networks, and what their execution counted, by which versions.

    Raises `ValueError`, and writes no table of a network, if what is read from its ONNX file is not what its
    execution counts, layer by layer, or in total not what torch counts of the module.
    """
    from coinfer.network import torchvision_export

    versions = _versions(("torchvision", "torch", "onnx", "onnxruntime"))
    record: list[list[object]] = []
    for name in torchvision_export.NETWORKS:
        dnn, counts = _checked(name)
        text = table(dnn)
        _write(DATA / "torchvision" / f"{name}.csv", text)
        record.append([name, *counts.values(), hashlib.sha256(text.encode()).hexdigest(), *versions.values()])
    _write(DATA / EXECUTED, _csv([["name", *counts, "table_sha256", *versions], *record]))


def write_rewrites() -> None:
    """Write what is read of rewritten and of published ONNX files, and what their execution counted, for the tests.

    Raises `ValueError`, and writes no table, if MACs are read that its execution does not count, or the reverse.
    """
    from coinfer.network import rewrites

    versions = _versions((*TOOLS, *rewrites.MODELS))
    record = []
    with tempfile.TemporaryDirectory() as folder:
        for each in rewrites.written(Path(folder)):
            record.append(_row(each) | {"module_macs": each.module_macs})
            print(*list(record[-1].values())[:6])
    _write(REWRITTEN, _csv([list(record[0]), *(row.values() for row in record)]))
    _write(REWRITTEN.with_name(VERSIONS), _csv([["package", "version"], *versions.items()]))


def _row(each: "Written") -> dict[str, object]:
    from coinfer.network.execution import executed_macs

    told = each.told
    dnn, run = read_onnx(each.file, **told), executed_macs(each.file, **told)
    _same(f"{each.network} {each.origin} {each.rewrite}", sum(dnn.macs), sum(run.values()))
    return {
        "network": each.network,
        "origin": each.origin,
        "rewrite": each.rewrite,
        "layers": dnn.layers,
        "macs_read": sum(dnn.macs),
        "macs_executed": sum(run.values()),
        "operators": " ".join(run),
        "parameter_bits": sum(dnn.parameter_bits),
        "sent_bits": " ".join(map(str, dnn.output_bits)),
    }


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {package: metadata.version(package).partition("+")[0] for package in packages}


def _checked(name: str) -> tuple[DNN, dict[str, int]]:
    """A network of torchvision as counts, and the totals of its execution, which must be the same."""
    from coinfer.network.execution import execute
    from coinfer.network.torchvision_export import export

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.onnx"
        module = export(name, file)
        dnn, run = _counts(file), execute(file)
    _same(name, (dnn.macs, dnn.parameter_bits, dnn.output_bits), (run.macs, run.parameters, run.outputs))
    _same(name, (sum(dnn.macs), sum(dnn.parameter_bits)), (module.macs, module.parameters + module.buffers))
    kinds = {f"{kind.lower()}_macs": run.kinds.get(kind, 0) for kind in KINDS}
    _same(name, sum(dnn.macs), sum(kinds.values()))
    return dnn, kinds | {"module_macs": module.macs, "parameters": module.parameters, "buffers": module.buffers}


def _same(name: str, read: object, counted: object) -> None:
    if read != counted:
        raise ValueError(f"{name}: read from the file: {read}; counted otherwise: {counted}")


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".csv.tmp")
    unfinished.write_text(text, encoding="utf-8", newline="")
    os.replace(unfinished, file)
    print(file)


WRITERS: dict[str, Callable[[], None]] = {
    "classic": write_classic,
    "mlperf-tiny": write_mlperf_tiny,
    "torchvision": write_torchvision,
    "rewrites": write_rewrites,
}


def main(arguments: list[str] | None = None) -> None:
    """Write the tables of the groups that the command line names into the package; of all, if it names none."""
    parser = argparse.ArgumentParser("python -m coinfer.network", description=__doc__)
    parser.add_argument("group", nargs="*", help=f"one of {', '.join(WRITERS)}; the last two need `make tables`")
    named = parser.parse_args(arguments).group
    for unknown in sorted(set(named) - set(WRITERS)):
        parser.error(f"group {unknown!r} should be one of {', '.join(WRITERS)}")
    for group in named or WRITERS:
        WRITERS[group]()


if __name__ == "__main__":
    main()
