"""The same network in the ways that onnxruntime's tools write it: optimised, quantised, of half the bits.

For `make tables` alone, which reads every rewrite and counts its run; see `exports` for the networks.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

Rewrite = Callable[[Path, Path], None]
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
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(file, result, weight_type=QuantType.QUInt8)


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


def half(file: Path, result: Path) -> None:
    """Weights, activations and the input of 16 bits."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = onnx.load(file)
    onnx.save(convert_float_to_float16(model, disable_shape_infer=True), result)


def nibbles(file: Path, result: Path) -> None:
    """Weights of 4 bits, in products by stored matrices."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    import onnx

    quantizer = MatMulNBitsQuantizer(onnx.load(file), bits=4, block_size=NIBBLE_BLOCK, is_symmetric=True)
    quantizer.process()
    quantizer.model.save_model_to_file(str(result))


def fused_attention(file: Path, result: Path) -> None:
    """As onnxruntime's optimiser of transformers saves it: attention, normalisation and activation in one operator each."""
    from onnxruntime.transformers.optimizer import optimize_model

    optimize_model(str(file), "bert", num_heads=0, hidden_size=0, opt_level=0).save_model_to_file(str(result))


def _noise(file: Path) -> Iterator[Mapping[str, np.ndarray]]:
    import onnx
    from coinfer.network.execution import feeds

    model = onnx.load(file)
    return (feeds(model, {"batch": 1}, {}, seed) for seed in range(CALIBRATION_RUNS))


REWRITES: dict[str, Rewrite] = {
    "basic": optimized("BASIC"),
    "extended": optimized("EXTENDED"),
    "dynamic-int8": dynamic,
    "static-qdq": static("QDQ"),
    "static-qoperator": static("QOperator"),
    "fused-attention": fused_attention,
    "fp16": half,
    "int4": nibbles,
}
