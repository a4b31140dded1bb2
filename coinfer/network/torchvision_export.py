"""torchvision's networks as ONNX files, with random weights: the only module that imports torch and torchvision.

`make tables` runs it in an environment of its own; the package and its tests need neither. What torch counts of a
module itself, without the ONNX file, is the check of what is read from the file.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

# names are torchvision's own
CLASSIFIERS = (
    "convnext_tiny", "efficientnet_b0", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "regnet_y_400mf",
    "resnet18", "shufflenet_v2_x1_0", "swin_t", "vgg16", "vit_b_16",
)  # fmt: skip
DETECTOR = "ssdlite320_mobilenet_v3_large"
NETWORKS = (*CLASSIFIERS, DETECTOR)
OPSET = 18


class Counted(NamedTuple):
    """What torch counts of a module: MACs of one inference, parameters, and running statistics."""

    macs: int
    parameters: int
    buffers: int


def export(name: str, file: Path) -> Counted:
    """Write the ONNX file of a network at batch 1 and return what torch itself counts of it.

    The module is in evaluation mode and not optimised, so that batch normalisation stays apart from convolution and
    every parameter stays as it is trained. The detector ends at the feature map that its first head reads.
    """
    import torch

    module, side = _module(name)
    image = torch.rand(1, 3, side, side)
    with torch.no_grad():
        program = torch.onnx.export(module, (image,), dynamo=True, optimize=False, opset_version=OPSET, verbose=False)
        counted = _count(module, image)
    if any(node.op_type == "SplitToSequence" for node in program.model.graph):
        _split_without_sequences(program)
    program.save(file)
    return counted


def torchvision_network(name: str) -> "torch.nn.Module":
    """One of torchvision's classifiers by name, with random weights, in evaluation mode."""
    module: torch.nn.Module = _torchvision().models.get_model(name, weights=None).eval()
    return module


def _module(name: str) -> "tuple[torch.nn.Module, int]":
    """The network in evaluation mode and the side of its square input."""
    models = _torchvision().models
    if name == DETECTOR:
        detector = models.get_model(name, weights=None, weights_backbone=None).eval()
        return detector.backbone.features[0], 320
    return torchvision_network(name), 224


def _torchvision() -> Any:
    """torchvision, also where its compiled operators do not fit torch's build, for these networks use none of them."""
    try:
        import torchvision
    except RuntimeError:
        import torch

        for operator in ("nms", "qnms"):  # the compiled part would declare them
            torch.library.define(f"torchvision::{operator}", "(Tensor boxes, Tensor scores, float overlap) -> Tensor")
        import torchvision
    return torchvision


def module_macs(module: "torch.nn.Module", example: "torch.Tensor") -> int:
    """MACs of a run of the module, attention in its plain form since fused kernels would not be counted."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(example)
    torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops() // 2  # a multiplication and an addition


def _count(module: "torch.nn.Module", image: "torch.Tensor") -> Counted:
    statistics = [buffer for buffer in module.buffers() if buffer.is_floating_point()]  # not counters and indices
    return Counted(
        macs=module_macs(module, image),
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        buffers=sum(buffer.numel() for buffer in statistics),
    )


def _split_without_sequences(program: "torch.onnx.ONNXProgram") -> None:
    """Write splits without ONNX's sequences, whose shapes cannot be inferred; nothing larger than a value is folded."""
    import onnxscript.optimizer

    onnxscript.optimizer.fold_constants(
        program.model, onnx_shape_inference=True, input_size_limit=8, output_size_limit=1
    )
    onnxscript.optimizer.remove_unused_nodes(program.model)
