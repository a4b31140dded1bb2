"""The reference models of MLPerf Tiny as chains, from their published layer shapes.

Image classification: mlcommons/tiny@bceb91c5, benchmark/training/image_classification/keras_model.py (the version with
16, 32 and 64 filters; later commits have others). The other three were read in forks of that repository, at the same
paths below benchmark/training: keyword_spotting/keras_model.py and visual_wake_words/vww_model.py in
ChoCho66/tiny@223e6610, anomaly_detection/keras_model.py in jenna045/tiny@64a64462.

Every convolution is padded to keep its size (divided by the stride, rounded up) and has a bias; batch normalisation
holds four values a channel: scale, shift, running mean and variance.
"""

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import NamedTuple

from coinfer.network.chain import DNN, span_name

Shape = tuple[int, int, int]  # channels, height, width


class Operator(NamedTuple):
    """A convolution or a dense layer, with the batch normalisation after it."""

    kind: str
    macs: int
    parameters: int
    output: Shape


def convolution(
    given: Shape, filters: int, kernel: tuple[int, int] = (3, 3), stride: int = 1, normalised: bool = True
) -> Operator:
    """A convolution of the map `given`, padded to keep its size.

    >>> convolution((3, 32, 32), 16)
    Operator(kind='conv', macs=442368, parameters=512, output=(16, 32, 32))
    """
    channels, height, width = given
    output = (filters, -(-height // stride), -(-width // stride))
    per_value = channels * prod(kernel)
    return Operator("conv", prod(output) * per_value, filters * (per_value + (5 if normalised else 1)), output)


def depthwise(given: Shape, stride: int = 1) -> Operator:
    """A 3 x 3 convolution of every channel by itself.

    >>> depthwise((8, 48, 48)).macs == 9 * 8 * 48**2
    True
    """
    channels, height, width = given
    return convolution((1, height, width), channels, stride=stride)


def dense(inputs: int, neurons: int, normalised: bool = False) -> Operator:
    """A fully connected layer.

    >>> dense(64, 10)
    Operator(kind='gemm', macs=640, parameters=650, output=(10, 1, 1))
    """
    return Operator("gemm", inputs * neurons, neurons * (inputs + (5 if normalised else 1)), (neurons, 1, 1))


def resnet8() -> DNN:
    """ResNet-8 for CIFAR-10: a residual block is one layer, since two activations cross inside it.

    >>> sum(resnet8().macs)
    12501632
    """
    image = (3, 32, 32)
    layers = [[convolution(image, 16)]]
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        given = layers[-1][0].output
        first = convolution(given, filters, stride=stride)
        block = [first, convolution(first.output, filters)]
        if stride > 1:
            block.append(convolution(given, filters, (1, 1), stride, normalised=False))
        layers.append(block)
    return _classifier("resnet8", image, layers, classes=10)


def ds_cnn() -> DNN:
    """DS-CNN for spotting keywords in 49 windows of 10 cepstral coefficients, a second of sound."""
    sound = (1, 49, 10)
    layers = [[convolution(sound, 64, (10, 4), stride=2)]]
    for _ in range(4):
        layers += _separable(layers[-1][0].output, 64)
    return _classifier("ds_cnn", sound, layers, classes=12)


def mobilenet_v1_025() -> DNN:
    """MobileNetV1 with a quarter of the channels, for telling whether a person is in an image of 96 x 96."""
    image = (3, 96, 96)
    layers = [[convolution(image, 8, stride=2)]]
    widths = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1))
    for filters, stride in widths:
        layers += _separable(layers[-1][0].output, filters, stride)
    return _classifier("mobilenet_v1_025", image, layers, classes=2)


def fc_autoencoder() -> DNN:
    """The fully connected autoencoder for odd sounds of a machine, in 5 frames of 128 mel bands.

    It is a perceptron of equal layers but for its input, its bottleneck and its output.
    """
    widths = (640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640)
    layers = [[dense(inputs, neurons, normalised=True)] for inputs, neurons in pairwise(widths[:-1])]
    layers.append([dense(*widths[-2:])])
    return _chain("fc_autoencoder", widths[0], layers, widths[1:])


MODELS: dict[str, Callable[[], DNN]] = {
    model.__name__: model for model in (ds_cnn, fc_autoencoder, mobilenet_v1_025, resnet8)
}


def _separable(given: Shape, filters: int, stride: int = 1) -> list[list[Operator]]:
    """A depthwise convolution and a pointwise one: two layers."""
    first = depthwise(given, stride)
    return [[first], [convolution(first.output, filters, (1, 1))]]


def _classifier(name: str, given: Shape, layers: list[list[Operator]], classes: int) -> DNN:
    """The chain that ends in the mean of every channel, which the last layer sends, and a dense layer."""
    channels = layers[-1][0].output[0]
    outputs = [prod(layer[0].output) for layer in layers[:-1]]
    return _chain(name, prod(given), [*layers, [dense(channels, classes)]], (*outputs, channels, classes))


def _chain(name: str, inputs: int, layers: list[list[Operator]], outputs: tuple[int, ...]) -> DNN:
    names, number = [], 0
    for layer in layers:
        names.append(span_name([f"{operator.kind}{number + place}" for place, operator in enumerate(layer, start=1)]))
        number += len(layer)
    return DNN(
        name=name,
        layer_names=tuple(names),
        macs=tuple(sum(operator.macs for operator in layer) for layer in layers),
        parameter_bits=tuple(sum(operator.parameters for operator in layer) for layer in layers),
        output_bits=(inputs, *outputs),
    )
