"""How many bits an image takes as a JPEG: a mean over photographs, as it was measured."""

import csv
from collections.abc import Hashable
from functools import cache
from importlib.resources import files
from math import isqrt

from coinfer.network.chain import DNN, Coding
from coinfer.validation import InputError, an, brief

SIDES = (128, 640)  # of images [pixel]: with fewer, the header outweighs what was measured at 224


@cache
def bits_per_pixel() -> dict[int, float]:
    """The mean bits a pixel at each JPEG quality that was measured (jpeg.csv says on what)."""
    table = (files("coinfer.network") / "jpeg.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in table if not line.startswith("#"))
    return {int(row["quality"]): 8 * float(row["bytes_mean"]) / float(row["pixels"]) for row in rows}


def with_jpeg(dnn: DNN, quality: int) -> DNN:
    """The network with its input, an image of three colours as raw values, sent as a JPEG. Raises `InputError`.

    >>> from coinfer.network import load_dnn
    >>> with_jpeg(load_dnn("resnet50"), 90).output_bits[0]
    132864
    """
    known = bits_per_pixel()
    dnn = an("dnn", dnn, DNN)
    if isinstance(quality, bool) or not isinstance(quality, Hashable) or quality not in known:
        raise InputError(f"jpeg_quality = {brief(quality)}: should be one of {', '.join(map(str, sorted(known)))}")
    coding = dnn.coding or Coding()
    side = isqrt(dnn.output_bits[0] // coding.input_bits // 3)
    if 3 * side**2 * coding.input_bits != dnn.output_bits[0] or not SIDES[0] <= side <= SIDES[1]:
        raise InputError(
            f"jpeg_quality = {quality}: the input of {brief(dnn.name)} is no square image of three colours and "
            f"{SIDES[0]} to {SIDES[1]} pixels a side; name its coding without one, or give output_bits"
        )
    bits = round(known[quality] * side**2)
    return dnn.model_copy(
        update={
            "output_bits": (bits, *dnn.output_bits[1:]),
            "coding": coding.model_copy(update={"jpeg_quality": quality}),
        }
    )
