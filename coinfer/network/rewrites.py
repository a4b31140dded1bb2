"""The same network in the ways that onnxruntime's tools write it: optimised, quantised, of half the bits.

For `make tables` alone, which reads every rewrite and counts its run; see `exports` for the networks.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coinfer.network import exports
from coinfer.network.execution import feeds
from coinfer.network.onnx_chain import bundled

Rewrite = Callable[[Path, Path], object]
BATCH = {exports.BATCH: 1}
CALIBRATION_RUNS = 2
NIBBLE_BLOCK = 32  # weights that share a scale


def optimized(level: str) -> Rewrite:
    """As onnxruntime saves a file that it has optimised, "BASIC" or "EXTENDED" (which fuses operators of its own)."""

    def rewrite(file: Path, result: Path) -> None:
        from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

        options = SessionOptions()
        options.graph_optimization_level = getattr(GraphOptimizationLevel, f"ORT_ENABLE_{level}")
        options.optimized_model_filepath = str(result)
        options.log_severity_level = 3  # errors
        InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    return rewrite


def dynamic(file: Path, result: Path) -> None:
    """Weights of 8 bits; activations are quantised in the run, where they are multiplied."""
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # what no shape inference knows, as results of fused operators, is of floats
    known = {"DefaultTensorType": TensorProto.FLOAT}
    quantize_dynamic(file, result, weight_type=QuantType.QUInt8, extra_options=known)


def static(form: str) -> Rewrite:
    """Weights and activations of 8 bits, as "QDQ" around float operators, or as "QOperator" in operators of integers."""

    def rewrite(file: Path, result: Path) -> None:
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

        class Noise(CalibrationDataReader):
            def __init__(self) -> None:
                self.runs = _noise(file)

            def get_next(self) -> Mapping[str, np.ndarray] | None:
                return next(self.runs, None)

        quantize_static(
            file,
            result,
            Noise(),
            quant_format=QuantFormat[form],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QUInt8 if form == "QOperator" else QuantType.QInt8,
        )

    return rewrite


def half(*, inside: bool) -> Rewrite:
    """Weights and activations of 16 bits, the input and the results too unless it is half `inside` alone."""

    def rewrite(file: Path, result: Path) -> None:
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16

        model = convert_float_to_float16(onnx.load(file), keep_io_types=inside, disable_shape_infer=True)
        onnx.save(model, result)

    return rewrite


def nibbles(file: Path, result: Path) -> None:
    """Weights of 4 bits, in products by stored matrices."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(onnx.load(file), bits=4, block_size=NIBBLE_BLOCK, is_symmetric=True)
    quantizer.process()
    quantizer.model.save_model_to_file(str(result))


def fused(kind: str) -> Rewrite:
    """As onnxruntime's optimiser of transformers saves it, "Attention" or "MultiHeadAttention" in one operator."""

    def rewrite(file: Path, result: Path) -> None:
        from onnxruntime.transformers.fusion_options import FusionOptions
        from onnxruntime.transformers.optimizer import optimize_model

        options = FusionOptions("bert")
        options.use_multi_head_attention = kind == "MultiHeadAttention"
        shape = {"num_heads": exports.HEADS, "hidden_size": 64}
        optimizer = optimize_model(str(file), "bert", opt_level=0, optimization_options=options, **shape)
        optimizer.save_model_to_file(str(result))

    return rewrite


def renewed(file: Path, result: Path) -> None:
    """In the present form of files; in that of onnx's own, of 2017, stored tensors would have to be inputs."""
    import onnx

    model = onnx.load(file)
    model.ir_version = max(model.ir_version, 8)
    onnx.save(model, result)


def after(*steps: Rewrite) -> Rewrite:
    """One rewrite of the file that another has made."""

    def rewrite(file: Path, result: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = [file, *(Path(folder) / f"{place}.onnx" for place in range(len(steps) - 1)), result]
            for step, (before, now) in zip(steps, pairwise(files), strict=True):
                step(before, now)

    return rewrite


def _noise(file: Path) -> Iterator[Mapping[str, np.ndarray]]:
    import onnx

    model = onnx.load(file)
    return (feeds(model, BATCH, {}, seed) for seed in range(CALIBRATION_RUNS))


BASIC, ATTENTION = after(optimized("BASIC"), renewed), fused("Attention")
REWRITES: dict[str, Rewrite] = {
    "exported": shutil.copy,
    "basic": BASIC,
    "extended": optimized("EXTENDED"),
    "dynamic": after(BASIC, dynamic),
    "qdq": after(BASIC, static("QDQ")),
    "qoperator": after(BASIC, static("QOperator")),
    "fp16": after(BASIC, half(inside=False)),
    "fp16-inside": after(BASIC, half(inside=True)),
}
OF_PRODUCTS: dict[str, Rewrite] = {"int4": nibbles}
OF_ATTENTION: dict[str, Rewrite] = {
    "attention": ATTENTION,
    "attention-heads": fused("MultiHeadAttention"),
    "attention-dynamic": after(ATTENTION, dynamic),
}
CLASSIC = "squeezenet"
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "silero-vad": {
        "silero_vad": {"dimensions": {"input[0]": 1, "input[1]": 576}, "inputs": {"state": (2, 1, 128), "sr": 16000}},
        "silero_vad_half": {"dimensions": {"batch": 1, "sequence": 576}, "inputs": {"state": (2, 1, 128)}},
        "silero_vad_op18_ifless": {
            "dimensions": {"batch": 1, "sequence": 576},
            "inputs": {"state": (2, 1, 128), "sr": 16000},
        },
    },
    "speechmos": {
        "model_v8": {"dimensions": {"N": 1}},
        "Run_1663915512_Stage_0": {"dimensions": {"batch_size": 1, "frames": 100}, "inputs": {"h0": (4, 1, 64)}},
        "plcmos_v2": {"dimensions": {"batch_size": 1, "frames": 100}, "inputs": {"rater_embed": (1, 64)}},
    },
    "magika": {"model": {"dimensions": {"unk__214": 1}}},
    "rapidocr-onnxruntime": {
        "ch_ppocr_mobile_v2.0_cls_infer": {"dimensions": {"x[0]": 1, "x[2]": 48, "x[3]": 192}},
        "ch_PP-OCRv4_rec_infer": {
            "dimensions": {"p2o.DynamicDimension.0": 1, "x[2]": 48, "p2o.DynamicDimension.1": 320}
        },
        "ch_PP-OCRv4_det_infer": {
            "dimensions": {
                "p2o.DynamicDimension.0": 1,
                "p2o.DynamicDimension.1": 320,
                "p2o.DynamicDimension.2": 320,
            }
        },
    },
}  # files that packages bring, and what is to be said about their inputs


class Written(NamedTuple):
    """A file, how it came about, what `read_onnx` must be told of it, and the MACs that torch counted, if it did."""

    network: str
    origin: str  # who wrote the network: an exporter of torch's, or a package
    rewrite: str
    file: Path
    told: dict[str, Any]
    module_macs: int | None


def written(folder: Path) -> Iterator[Written]:
    """Every network in every rewrite, each file only until the next is asked for; then the files of packages."""
    for rewrite, file in _rewritten(bundled(CLASSIC), REWRITES, folder):
        yield Written(CLASSIC, "onnx", rewrite, file, {}, None)
    for name, network in exports.NETWORKS.items():
        rewrites = REWRITES | (OF_PRODUCTS if name in exports.OF_PRODUCTS else {})
        rewrites |= OF_ATTENTION if name == exports.OF_ATTENTION else {}
        for origin in exports.EXPORTERS:
            original, told = folder / f"{name}.onnx", {} if origin == exports.BY_PROGRAM else {"dimensions": BATCH}
            macs = exports.export(network, original, by_program=origin == exports.BY_PROGRAM)
            for rewrite, file in _rewritten(original, rewrites, folder):
                yield Written(name, origin, rewrite, file, told, macs)
    for package, named in MODELS.items():
        for own in metadata.files(package) or ():
            if own.suffix == ".onnx" and own.stem in named:
                yield Written(own.stem, package, "exported", Path(str(own.locate())), named[own.stem], None)


def _rewritten(original: Path, rewrites: Mapping[str, Rewrite], folder: Path) -> Iterator[tuple[str, Path]]:
    for name, rewrite in rewrites.items():
        with tempfile.TemporaryDirectory(dir=folder) as own:
            file = Path(own) / "rewritten.onnx"
            rewrite(original, file)
            yield name, file
