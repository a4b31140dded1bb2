# What `coinfer.NAME` is and where it lives: read by type checkers, and by lazy_loader, which imports it at its first use.
from . import channel
from .catalogue import catalogue, load_device, load_link, load_server
from .channel import Trace, example_trace, process_trace, read_trace
from .closed_form import mlp_placement
from .cost import Costs, costs
from .frontier import frontier
from .grid import sweep
from .network import DNN, blocks, dnn_names, load_dnn, mlp, onnx_report, read_onnx, with_jpeg
from .placement import Gap, Plan, clairvoyant, expected_cost, plan
from .playback import replay
from .scenario import Scenario, load_scenario, scenario_names
from .simulation import Outcome, simulate
from .system import Device, Edge, Link, Weights
from .timing import time_probability, time_quantiles_s
from .validation import InputError
from .waiting import Waiting, waiting_can_pay

__version__: str

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
