"""Networks whose ONNX files are rewritten to check that they are read alike: made and exported by torch.

Like `torchvision_export`, for `make tables` alone. Weights are random but the same in every export of a network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coinfer.network.torchvision_export import module_macs, torchvision_network

if TYPE_CHECKING:
    import torch

OPSET = 17  # the newest that the older exporter writes
EXPORTERS = BY_PROGRAM, BY_TRACE = "torch.export", "torch.jit"
BATCH = "batch"
HEADS = 4
OPSET_BY_PROGRAM = 18  # the oldest that the newer one does


class Network(NamedTuple):
    """How to make a module, and the shape of its input; tokens are below `tokens`, 0 if the input is of floats."""

    make: "Callable[[], torch.nn.Module]"
    shape: tuple[int, ...]
    tokens: int = 0


def export(network: Network, file: Path, *, by_program: bool) -> int:
    """Write a network's ONNX file by torch's newer exporter or its older one, and return the MACs that torch counts.

    The older one leaves the batch open, as the name "batch". What torch counts leaves out LSTMs.
    """
    import torch

    torch.manual_seed(0)
    module = network.make().eval()
    _randomize(module)
    example = torch.randint(network.tokens, network.shape) if network.tokens else torch.rand(network.shape)
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.backends.mha.set_fastpath_enabled(False)  # or the older exporter meets an operator of torch's own
    with torch.no_grad():
        if by_program:
            program = torch.onnx.export(
                module, (example,), dynamo=True, opset_version=OPSET_BY_PROGRAM, verbose=False, **names
            )
            program.save(file)
        else:
            axes = {"x": {0: BATCH}}
            torch.onnx.export(module, (example,), file, dynamo=False, opset_version=OPSET, dynamic_axes=axes, **names)
        return module_macs(module, example)


def _randomize(module: "torch.nn.Module") -> None:
    """No two tensors alike and none of zeros, which exporters would store once, or not at all."""
    import torch

    for tensor in (*module.parameters(), *(each for name, each in module.named_buffers() if name.endswith("mean"))):
        torch.nn.init.normal_(tensor, std=0.05)
    for name, variance in module.named_buffers():
        if name.endswith("var"):
            torch.nn.init.uniform_(variance, 0.5, 1.5)


def classifier(kind: str) -> "torch.nn.Module":
    """A recurrent classifier of 20 steps of 24 values: an LSTM or GRU of two layers, both ways, and one product."""
    import torch

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = torch.nn.Linear(24, 40)
            self.recurrent = getattr(torch.nn, kind)(40, 32, num_layers=2, bidirectional=True, batch_first=True)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, steps: "torch.Tensor") -> "torch.Tensor":
            states, _ = self.recurrent(torch.relu(self.features(steps)))
            result: torch.Tensor = self.head(states[:, -1])
            return result

    return Classifier().eval()


def encoder() -> "torch.nn.Module":
    """A transformer encoder of two layers and four heads over tokens, and one product for each token."""
    import torch

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(100, 64)
            layer = torch.nn.TransformerEncoderLayer(64, HEADS, 128, batch_first=True, activation="gelu")
            self.layers = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = torch.nn.Linear(64, 96)

        def forward(self, tokens: "torch.Tensor") -> "torch.Tensor":
            result: torch.Tensor = self.head(self.layers(self.embedding(tokens)))
            return result

    return Encoder().eval()


def written_out() -> "torch.nn.Module":
    """As `encoder`, attention written out in the way that onnxruntime's optimiser of transformers knows."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value, self.out = (nn.Linear(64, 64) for _ in range(4))
            self.inner, self.outer = nn.Linear(64, 128), nn.Linear(128, 64)
            self.first, self.second = nn.LayerNorm(64), nn.LayerNorm(64)

        def forward(self, x: "torch.Tensor") -> "torch.Tensor":
            query, key, value = (
                part(x).view(x.shape[0], x.shape[1], HEADS, 64 // HEADS).permute(0, 2, 1, 3)
                for part in (self.query, self.key, self.value)
            )
            weights = (torch.matmul(query, key.transpose(-1, -2)) / (64 // HEADS) ** 0.5).softmax(-1)
            heads = torch.matmul(weights, value).permute(0, 2, 1, 3).contiguous()
            x = self.first(self.out(heads.view(heads.shape[0], heads.shape[1], 64)) + x)
            result: torch.Tensor = self.second(self.outer(nn.functional.gelu(self.inner(x))) + x)
            return result

    return nn.Sequential(nn.Embedding(100, 64), nn.LayerNorm(64), Block(), Block(), nn.Linear(64, 96)).eval()


def autoencoder() -> "torch.nn.Module":
    """Two convolutions down and two transposed ones up."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.ConvTranspose2d(32, 16, 3, 2, 1, output_padding=1), nn.BatchNorm2d(16), nn.ReLU()),
        nn.ConvTranspose2d(16, 3, 2, 2),
    ).eval()


NETWORKS = {
    "resnet18": Network(lambda: torchvision_network("resnet18"), (1, 3, 224, 224)),
    "mobilenet_v2": Network(lambda: torchvision_network("mobilenet_v2"), (1, 3, 224, 224)),
    "vit_b_16": Network(lambda: torchvision_network("vit_b_16"), (1, 3, 224, 224)),
    "autoencoder": Network(autoencoder, (1, 3, 64, 64)),
    "lstm": Network(lambda: classifier("LSTM"), (1, 20, 24)),
    "gru": Network(lambda: classifier("GRU"), (1, 20, 24)),
    "encoder": Network(encoder, (1, 16), tokens=100),
    "written-out": Network(written_out, (1, 16), tokens=100),
}
OF_PRODUCTS = ("vit_b_16", "lstm", "gru", "encoder", "written-out")  # whose stored matrices may have 4 bits
OF_ATTENTION = "written-out"
