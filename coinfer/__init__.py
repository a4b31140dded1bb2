"""Optimal model placement and online model splitting for device-edge co-inference.

What part of a neural network should sit on the device, and when, layer by layer, should the device stop and send?
"""

from coinfer import channel
from coinfer.catalogue import catalogue, load_device, load_link, load_server
from coinfer.channel import Trace, example_trace, process_trace, read_trace
from coinfer.closed_form import mlp_placement
from coinfer.cost import Costs, costs
from coinfer.frontier import frontier
from coinfer.grid import sweep
from coinfer.network import DNN, blocks, dnn_names, load_dnn, mlp, onnx_report, read_onnx, with_jpeg
from coinfer.placement import Gap, Plan, clairvoyant, expected_cost, plan
from coinfer.playback import replay
from coinfer.scenario import Scenario, load_scenario, scenario_names
from coinfer.simulation import Outcome, simulate
from coinfer.system import Device, Edge, Link, Weights
from coinfer.timing import time_probability, time_quantiles_s
from coinfer.validation import InputError
from coinfer.waiting import Waiting, waiting_can_pay

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
    "Waiting",
    "Weights",
    "blocks",
    "catalogue",
    "channel",
    "clairvoyant",
    "costs",
    "dnn_names",
    "example_trace",
    "expected_cost",
    "frontier",
    "load_device",
    "load_dnn",
    "load_link",
    "load_scenario",
    "load_server",
    "mlp",
    "mlp_placement",
    "onnx_report",
    "plan",
    "process_trace",
    "read_onnx",
    "read_trace",
    "replay",
    "scenario_names",
    "simulate",
    "sweep",
    "time_probability",
    "time_quantiles_s",
    "waiting_can_pay",
    "with_jpeg",
]
