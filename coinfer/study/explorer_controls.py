"""The explorer's controls: ipywidgets that change a scenario, over what follows from it, in JupyterLab or as a page (`make explore`)."""

from html import escape
from math import ceil, floor, log10
from typing import Any

from coinfer.catalogue import device_names, link_names
from coinfer.network import dnn_names
from coinfer.scenario import DEFAULT, scenario_names
from coinfer.study.explorer import Choice, bundled, chosen, explore
from coinfer.study.explorer_drawn import html
from coinfer.validation import InputError, needs

with needs("study"):
    import ipywidgets as widgets

AS_GIVEN = ""  # the value of what is left as the scenario has it
WIDE: dict[str, Any] = {"style": {"description_width": "14em"}, "layout": {"width": "38em", "max_width": "98%"}}
NAMES = {"network": dnn_names(), "device": device_names(), "link": link_names()}
BITS = (2, 4, 8, 16, 32)
STYLE = """<style>
.coinfer-result { width: 100%; max-width: 60em; min-width: 0 } .coinfer-result .widget-html-content { min-width: 0; width: 100% }
.coinfer-result img { max-width: 100%; background: white }
.coinfer-advice { font-size: 1.15em; line-height: 1.4; margin: 0.6em 0 }
.coinfer-table { overflow-x: auto; margin: 0.6em 0 } .coinfer-table caption { text-align: left; font-weight: bold; padding: 0.3em 0 }
.coinfer-table table { border-collapse: collapse } .coinfer-table :is(td, th) { padding: 0.15em 0.7em; text-align: right }
.coinfer-table :is(th:first-child, th:nth-child(2), td:nth-child(2)) { text-align: left } .coinfer-table tbody tr { border-top: 1px solid #8888 }
</style>"""


class Explorer:
    """Controls over a scenario and, below them, its plans, drawn anew at every change.

    `scenario` is the name of a bundled one or a file, which is chosen at first. `result.value` holds what is shown, as HTML.

    >>> explorer = Explorer("city-camera")
    >>> explorer.controls["K"].value = 50_000
    >>> "Place" in explorer.result.value
    True
    """

    def __init__(self, scenario: str = "default", dnn: str | None = None) -> None:
        first = DEFAULT if scenario == "default" else scenario
        names = dict.fromkeys((first, *scenario_names()[1:]))  # the first of them is "default", another name of one
        self.controls: dict[str, Any] = {
            "scenario": widgets.Dropdown(options=list(names), value=first, description="scenario", **WIDE),
            **{name: widgets.Dropdown(description=name, **WIDE) for name in NAMES},
            "K": widgets.FloatLogSlider(
                description="inferences per update K",
                tooltip="how many inferences share a download of the layers placed",
                min=0, max=7, step=0.1, readout_format=".0f", continuous_update=False, **WIDE,
            ),
            "bits": widgets.SelectionSlider(
                description="bits of an activation",
                tooltip="how many bits each value takes that is sent between layers",
                options=BITS, continuous_update=False, **WIDE,
            ),
            "deadline": widgets.FloatLogSlider(
                description="deadline [ms]",
                tooltip="how many inferences end within it, is shown for every rule",
                value=100, min=0, max=5, step=0.05, readout_format=".0f", continuous_update=False, **WIDE,
            ),
        }  # fmt: skip
        self.result = widgets.HTML()
        self.result.add_class("coinfer-result")
        self.box = widgets.VBox([*self.controls.values(), self.result], layout={"width": "100%"})
        self._quiet = True
        self.controls["scenario"].observe(lambda _: self._reset(), "value")
        for name, control in self.controls.items():
            if name != "scenario":
                control.observe(lambda _: self._show(), "value")
        self._reset()
        if dnn is not None:
            self.controls["network"].value = dnn

    def choice(self) -> Choice:
        """What the controls say."""
        value = {name: control.value for name, control in self.controls.items()}
        network, device, link = (None if value[name] == AS_GIVEN else value[name] for name in NAMES)
        return Choice(
            scenario=value["scenario"],
            dnn=network,
            device=device,
            link=link,
            inferences_per_update=value["K"],
            activation_bits=None if self.controls["bits"].disabled else value["bits"],
            deadline_s=1e-3 * value["deadline"],
        )

    def _reset(self) -> None:
        """Set the controls to what the scenario chosen has."""
        given = chosen(Choice(self.controls["scenario"].value))
        self._quiet = True
        for name, own in zip(NAMES, (given.dnn.name, given.device.name, given.link.name), strict=True):
            as_given = (f"{own or 'of its own'} (the scenario's)", AS_GIVEN)
            self.controls[name].options = [as_given, *((other, other) for other in NAMES[name])]
            self.controls[name].value = AS_GIVEN
        many, bits = self.controls["K"], self.controls["bits"]
        many.max = max(many.max, ceil(log10(given.inferences_per_update)))
        many.min = min(many.min, floor(log10(given.inferences_per_update)))
        many.value = given.inferences_per_update
        own_bits = given.dnn.coding and given.dnn.coding.activation_bits
        bits.options = sorted({*BITS, own_bits or 32})
        bits.value, bits.disabled = own_bits or 32, not bundled(given.dnn)  # others cannot be had with other bits
        self._quiet = False
        self._show()

    def _show(self) -> None:
        if self._quiet:
            return
        try:
            shown = html(explore(self.choice()))
        except InputError as error:
            shown = f"<p><strong>Not possible.</strong> {escape(str(error))}</p>"
        self.result.value = f'{STYLE}<div role="status" aria-live="polite">{shown}</div>'

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """The widgets, and for pages without a kernel what they show at present."""
        return {**self.box._repr_mimebundle_(**options), "text/html": self.result.value}
