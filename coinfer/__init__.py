"""Optimal model placement and online model splitting for device-edge co-inference.

What part of a neural network should sit on the device, and when, layer by layer, should the device stop and send?
"""

from coinfer import channel
from coinfer.cost import Costs, costs
from coinfer.dnn import DNN, blocks, dnn_names, load_dnn, mlp, read_onnx
from coinfer.placement import Gap, Plan, clairvoyant, expected_cost, mlp_placement, plan
from coinfer.scenario import Scenario, load_scenario, scenario_names
from coinfer.simulate import Outcome, simulate
from coinfer.sweep import sweep
from coinfer.system import Device, Edge, Link, Weights
from coinfer.trace import Trace, example_trace, process_trace, read_trace, replay
from coinfer.validation import InputError

__all__ = [
    "DNN",
    "Costs",
    "Device",
    "Edge",
    "Gap",
    "InputError",
    "Link",
    "Outcome",
    "Plan",
    "Scenario",
    "Trace",
    "Weights",
    "blocks",
    "channel",
    "clairvoyant",
    "costs",
    "dnn_names",
    "example_trace",
    "expected_cost",
    "load_dnn",
    "load_scenario",
    "mlp",
    "mlp_placement",
    "plan",
    "process_trace",
    "read_onnx",
    "read_trace",
    "replay",
    "scenario_names",
    "simulate",
    "sweep",
]
