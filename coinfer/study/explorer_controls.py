"""The explorer's controls: ipywidgets that change a scenario, over what follows from it, in JupyterLab or as a page (`make explore`)."""

from html import escape
from typing import Any

from coinfer.catalogue import device_names, link_names
from coinfer.network import dnn_names
from coinfer.scenario import load_scenario, scenario_names
from coinfer.study.explorer import Choice, explore
from coinfer.study.explorer_drawn import html
from coinfer.validation import InputError, needs

with needs("study"):
    import ipywidgets as widgets

AS_GIVEN = "as in the scenario"
WIDE: dict[str, Any] = {"style": {"description_width": "11em"}, "layout": {"width": "34em", "max_width": "100%"}}
STYLE = """<style>
.coinfer-result { max-width: 60em } .coinfer-result img { max-width: 100%; background: white }
.coinfer-advice { font-size: 1.15em; line-height: 1.4; margin: 0.6em 0 }
.coinfer-table { overflow-x: auto; margin: 0.6em 0 } .coinfer-table caption { text-align: left; font-weight: bold; padding: 0.3em 0 }
.coinfer-table table { border-collapse: collapse } .coinfer-table :is(td, th) { padding: 0.15em 0.7em; text-align: right }
.coinfer-table :is(th[scope=row], td:nth-child(2)) { text-align: left } .coinfer-table tbody tr { border-top: 1px solid #8888 }
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
        names = scenario_names(real=True) if scenario in scenario_names() else (scenario, *scenario_names(real=True))
        first = "phone-mmwave" if scenario == "default" else scenario
        names = names if first in names else (first, *names)
        self.controls: dict[str, Any] = {
            "scenario": widgets.Dropdown(options=names, value=first, description="scenario", **WIDE),
            "network": _names("network", dnn_names(), dnn),
            "device": _names("device", device_names()),
            "link": _names("link", link_names()),
            "K": widgets.FloatLogSlider(
                description="inferences per update K",
                tooltip="how many inferences share a download of the layers placed",
                min=0, max=7, step=0.1, readout_format=".0f", continuous_update=False, **WIDE,
            ),
            "bits": widgets.SelectionSlider(
                description="bits of an activation",
                tooltip="how many bits each value takes that is sent between layers",
                options=[2, 4, 8, 16, 32], continuous_update=False, **WIDE,
            ),
            "deadline": widgets.FloatLogSlider(
                description="deadline [ms]",
                tooltip="how many inferences end within it, is shown for every rule",
                value=100, min=0, max=5, step=0.05, readout_format=".0f", continuous_update=False, **WIDE,
            ),
        }  # fmt: skip
        self.result = widgets.HTML()
        self.result.add_class("coinfer-result")
        self.box = widgets.VBox([*self.controls.values(), self.result])
        self._reset()
        self.controls["scenario"].observe(lambda _: self._reset(), "value")
        for name, control in self.controls.items():
            if name != "scenario":
                control.observe(lambda _: self._show(), "value")
        self._show()

    def choice(self) -> Choice:
        """What the controls say."""
        value = {name: control.value for name, control in self.controls.items()}
        return Choice(
            scenario=value["scenario"],
            dnn=value["network"],
            device=value["device"],
            link=value["link"],
            inferences_per_update=value["K"],
            activation_bits=value["bits"],
            deadline_s=1e-3 * value["deadline"],
        )

    def _reset(self) -> None:
        """Set the controls to what the scenario chosen has."""
        given = load_scenario(self.controls["scenario"].value)
        coding = given.dnn.coding
        self._quiet = True
        for name in ("network", "device", "link"):
            self.controls[name].value = None
        self.controls["K"].value = given.inferences_per_update
        self.controls["bits"].value = 32 if coding is None or coding.activation_bits is None else coding.activation_bits
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


def _names(description: str, names: tuple[str, ...], value: str | None = None) -> Any:
    """A choice among names, or what the scenario has."""
    options = [(AS_GIVEN, None), *((name, name) for name in names)]
    return widgets.Dropdown(options=options, value=value, description=description, **WIDE)
