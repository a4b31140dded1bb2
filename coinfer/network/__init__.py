"""Networks: a DNN as a chain of layers, bundled tables, and ONNX files."""

from coinfer.network.chain import DNN, blocks, dnn_names, load_dnn, mlp, read_onnx

__all__ = ["DNN", "blocks", "dnn_names", "load_dnn", "mlp", "read_onnx"]
