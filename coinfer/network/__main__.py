"""`python -m coinfer.network` makes the tables of the bundled networks anew from their ONNX files."""

import argparse
import csv
import io
import os
from pathlib import Path

from coinfer.network.onnx_chain import BUNDLED, bundled, read_elements


def table(name: str) -> str:
    """The table of a bundled network as CSV: a row per stage with its layer, MACs, parameters and output elements."""
    dnn = read_elements(bundled(name), every_operator=False, dimensions={})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["stage", "layer", "macs", "parameters", "outputs"])
    writer.writerow([0, "input", 0, 0, dnn.output_bits[0]])
    rows = zip(dnn.stages[1:], dnn.layer_names, dnn.macs, dnn.parameter_bits, dnn.output_bits[1:], strict=True)
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write the table of every bundled network into the package."""
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    for name in BUNDLED:
        unfinished = folder / f"{name}.csv.tmp"
        unfinished.write_text(table(name), encoding="utf-8", newline="")
        os.replace(unfinished, folder / f"{name}.csv")
        print(folder / f"{name}.csv")


if __name__ == "__main__":
    argparse.ArgumentParser("python -m coinfer.network", description=__doc__).parse_args()
    main()
