"""Networks: a DNN as a chain of layers, from a bundled table, from an ONNX file, or a perceptron with equal layers."""

from coinfer.network.chain import DNN, Coding, blocks, mlp
from coinfer.network.jpeg import with_jpeg
from coinfer.network.onnx_chain import read_onnx
from coinfer.network.onnx_work import onnx_report
from coinfer.network.tables import dnn_names, load_dnn

__all__ = ["DNN", "Coding", "blocks", "dnn_names", "load_dnn", "mlp", "onnx_report", "read_onnx", "with_jpeg"]
