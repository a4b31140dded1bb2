"""The explorer's controls: ipywidgets that change a scenario, over what follows from it, in JupyterLab or as a page (`make explore`)."""

from html import escape
from math import ceil, floor, log10
from typing import Any

from coinfer.catalogue import device_names, link_names
from coinfer.network import dnn_names
from coinfer.scenario import DEFAULT, scenario_names
from coinfer.study.explorer import Choice, bundled, chosen, explore, possible, second_j
from coinfer.study.explorer_advice import advice
from coinfer.study.explorer_drawn import html
from coinfer.validation import InputError, needs

with needs("study"):
    import ipywidgets as widgets

AS_GIVEN = ""  # the value of what is left as the scenario has it
WIDE: dict[str, Any] = {"style": {"description_width": "14em"}, "layout": {"width": "38em", "max_width": "98%"}}
PARTS = {"network": "dnn", "device": "device", "link": "link"}  # of a choice
NAMES = {"network": dnn_names(), "device": device_names(), "link": link_names()}
BITS = (2, 4, 8, 16, 32)
STYLE = """<style>
:is(.coinfer-answer, .coinfer-result) { width: 100%; max-width: 60em; min-width: 0 }
:is(.coinfer-answer, .coinfer-result) .widget-html-content { min-width: 0; width: 100% }
.coinfer-result img { max-width: 100%; background: white }
.coinfer-advice { font-size: 1.15em; line-height: 1.4; margin: 0.6em 0 }
.coinfer-table { overflow-x: auto; margin: 0.6em 0 } .coinfer-table caption { text-align: left; font-weight: bold; padding: 0.3em 0 }
.coinfer-table table { border-collapse: collapse } .coinfer-table :is(td, th) { padding: 0.15em 0.7em; text-align: right }
.coinfer-table :is(th:first-child, th:nth-child(2), td:nth-child(2)) { text-align: left } .coinfer-table tbody tr { border-top: 1px solid #8888 }
</style>"""


class Explorer:
    """Controls over a scenario and, below them, its plans, drawn anew at every change.

    `scenario` is the name of a bundled one or a file, which is chosen at first. `answer.value` holds what to do, and `result.value`
    what that rests on, as HTML. Raises `InputError` for a network that the scenario cannot have.

    >>> explorer = Explorer("city-camera")
    >>> explorer.controls["K"].value = 50_000
    >>> "Place" in explorer.answer.value
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
            "second": widgets.FloatLogSlider(
                description="a second counts as [J]",
                tooltip="how many joules a second counts as in the ETC",
                min=-3, max=3, step=0.1, readout_format=".3g", continuous_update=False, **WIDE,
            ),
            "deadline": widgets.FloatLogSlider(
                description="deadline [ms]",
                tooltip="how many inferences are in time under every rule, and which plan meets it in 95 % of them",
                value=100, min=0, max=5, step=0.05, readout_format=".0f", continuous_update=False, **WIDE,
            ),
        }  # fmt: skip
        self.answer, self.result = widgets.HTML(), widgets.HTML()
        self.answer.add_class("coinfer-answer")
        self.result.add_class("coinfer-result")
        self.box = widgets.VBox([*self.controls.values(), self.answer, self.result], layout={"width": "100%"})
        self._quiet = False
        for name, control in self.controls.items():
            control.observe(lambda _, name=name: self._changed(name), "value")
        self._changed("scenario")
        if dnn is not None:
            chosen(Choice(first, dnn=dnn))  # or say why not, before it is found not to be offered
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
            second_j=None if self.controls["second"].disabled else value["second"],
            deadline_s=1e-3 * value["deadline"],
        )

    def _changed(self, name: str) -> None:
        """Heed a control: set those that hang on it, and show what follows."""
        if self._quiet:
            return
        self._quiet = True  # what is set here is not a reader's change
        if name == "scenario":
            self._reset()
        if name in ("scenario", "network"):
            self._offer()
        self._quiet = False
        self._show()

    def _reset(self) -> None:
        """Set the controls to what the scenario chosen has."""
        scenario = self.controls["scenario"].value
        given = chosen(Choice(scenario))
        for name, part in PARTS.items():
            own = f"{getattr(given, part).name or 'of its own'} (the scenario's)"
            self.controls[name].options = [(own, AS_GIVEN)]
        self._add("network", possible(Choice(scenario), "dnn", NAMES["network"]))
        _cover(self.controls["K"], given.inferences_per_update)
        _cover(self.controls["second"], second_j(given))
        bits, own_bits = self.controls["bits"], given.dnn.coding and given.dnn.coding.activation_bits
        bits.options = sorted({*BITS, own_bits or 32})
        bits.value, bits.disabled = own_bits or 32, not bundled(given.dnn)  # others cannot be had with other bits

    def _offer(self) -> None:
        """Leave out devices and links that cannot be had with the network."""
        choice = Choice(self.controls["scenario"].value, dnn=self.controls["network"].value or None)
        for name in ("device", "link"):
            self._add(name, possible(choice, PARTS[name], NAMES[name]))

    def _add(self, name: str, offered: list[str]) -> None:
        """Offer what the scenario has, and others; what was chosen stays if it is among them."""
        control = self.controls[name]
        kept = control.value
        control.options = [control.options[0], *((other, other) for other in offered)]
        control.value = kept if kept in offered else AS_GIVEN

    def _show(self) -> None:
        try:
            explored = explore(self.choice())
            said, shown = f"<strong>{escape(advice(explored))}</strong>", html(explored)
        except InputError as error:
            said, shown = f"<strong>Not possible.</strong> {escape(str(error))}", ""
        self.answer.value = f'{STYLE}<p class="coinfer-advice" role="status" aria-live="polite">{said}</p>'
        self.result.value = shown

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """The widgets, and for pages without a kernel what they show at present."""
        return {**self.box._repr_mimebundle_(**options), "text/html": self.answer.value + self.result.value}


def _cover(slider: Any, value: float | None) -> None:
    """Set a slider to a value, its range made to hold it; without one it cannot be moved."""
    slider.disabled = value is None
    if value is not None:
        slider.max = max(slider.max, ceil(log10(value)))
        slider.min = min(slider.min, floor(log10(value)))
        slider.value = value
