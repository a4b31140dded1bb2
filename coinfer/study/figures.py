"""One style for every figure, and one deterministic way to save it with the numbers it shows."""

import os
import zlib
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coinfer.study.drawing import draw_on_grid
from coinfer.validation import needs

with needs("study"):
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import seaborn as sns
    from IPython.core.getipython import get_ipython
    from IPython.display import Markdown, display

COLUMN_IN = 88 / 25.4  # a journal's column
PAGE_IN = 181 / 25.4  # two columns and the gap between them

# One look for each rule, everywhere. The colours (Okabe and Ito's) differ for the colour-blind; in greyscale the dashes do.
_COLOURS = {
    "black": "#000000", "orange": "#E69F00", "sky": "#56B4E9", "green": "#009E73",
    "yellow": "#F0E442", "blue": "#0072B2", "vermilion": "#D55E00", "purple": "#CC79A7", "grey": "#7F7F7F",
}  # fmt: skip
RULES: dict[str, dict[str, Any]] = {
    "clairvoyant": {"color": _COLOURS["grey"], "linestyle": ":", "marker": "v"},
    "optimal": {"color": _COLOURS["blue"], "linestyle": "-", "marker": "o"},
    "1-sla": {"color": _COLOURS["vermilion"], "linestyle": "--", "marker": "s"},
    "2-sla": {"color": _COLOURS["grey"], "linestyle": (0, (4, 1, 1, 1)), "marker": "D"},
    "1-sla on blocks": {"color": _COLOURS["purple"], "linestyle": (0, (2, 1)), "marker": "P"},
    "one pass": {"color": _COLOURS["sky"], "linestyle": (0, (4, 1, 1, 1, 1, 1)), "marker": "d"},
    "neurosurgeon": {"color": _COLOURS["purple"], "linestyle": (0, (5, 1)), "marker": "p"},
    "separate": {"color": _COLOURS["black"], "linestyle": (0, (3, 1, 1, 1, 1, 1)), "marker": "X"},
    "memoryless": {"color": _COLOURS["purple"], "linestyle": (0, (6, 1, 1, 1, 1, 1)), "marker": "*"},
    "probe-once": {"color": _COLOURS["orange"], "linestyle": (0, (3, 1)), "marker": "h"},
    "static": {"color": _COLOURS["green"], "linestyle": "-.", "marker": "^"},
    "edge-only": {"color": _COLOURS["sky"], "linestyle": (0, (1, 1)), "marker": "<"},
    "local-only": {"color": _COLOURS["black"], "linestyle": (0, (5, 2, 1, 2, 1, 2)), "marker": ">"},
}
# What an inference spends on, from the device to the edge
SHARES = {
    "local compute": _COLOURS["blue"],
    "transmission": _COLOURS["orange"],
    "edge compute": _COLOURS["green"],
    "download": _COLOURS["grey"],
}


def use_style(*, draft: bool = False) -> None:
    """Seaborn's ticks at the size a column is printed, in a font that ships with matplotlib, without a date in any file.

    A `draft` is drawn in half the time, with no care for what overlaps.
    """
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font="DejaVu Sans")
    mpl.rcParams |= {
        "figure.figsize": (COLUMN_IN, 0.72 * COLUMN_IN),
        "figure.dpi": 120,
        "figure.constrained_layout.use": not draft,
        "font.size": 7,
        "axes.titlesize": 7,
        "axes.labelsize": 7,
        "xtick.labelsize": 6.5,
        "ytick.labelsize": 6.5,
        "legend.fontsize": 6,
        "legend.title_fontsize": 6,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "lines.linewidth": 1.1,
        "lines.markersize": 3.2,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "coinfer",
        "svg.fonttype": "path",
        "pdf.fonttype": 3 if draft else 42,
    }


def rule_style(rule: str, **changes: Any) -> dict[str, Any]:
    """The keywords of `Axes.plot` for a rule: its colour, dashes, marker and label.

    A rule that is not in `RULES` gets a look of its own from its name, the same in every figure and every run.
    """
    return {"label": rule} | (RULES.get(rule) or _look(rule)) | changes


def _look(name: str) -> dict[str, Any]:
    drawn = zlib.crc32(name.encode())  # not `hash`, which differs from run to run
    colours = [_COLOURS[colour] for colour in ("purple", "sky", "grey", "orange", "green")]
    dashes = [(0, (long, 1, short, 1)) for long in (2, 5, 8) for short in (1, 3)]
    markers = "pH8+x1234"
    return {
        "color": colours[drawn % len(colours)],
        "linestyle": dashes[drawn // 7 % len(dashes)],
        "marker": markers[drawn // 64 % len(markers)],
    }


def save(figure: Any, name: str, numbers: pd.DataFrame, out: str | Path | None, caption: str) -> Any:
    """Show a figure, and return its caption, to stand under it; save `name`.svg, .pdf, .csv (the numbers shown) and .md (the caption).

    Nothing is written if `out` is None: a notebook run by hand shows its figures and leaves the saved ones alone.
    The same figure gives the same bytes, on any CPU. Each file is written beside its place and renamed. The SVG holds its
    name and its caption, for those who have it read to them.
    """
    said = " ".join(caption.split())
    if get_ipython() is not None:
        display(figure)
        plt.close(figure)
    if out is not None:
        _save_files(figure, name, numbers, Path(out), said)
    return Markdown(f"**{name}.** {said}")


def _save_files(figure: Any, name: str, numbers: pd.DataFrame, folder: Path, caption: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    empty: dict[str, dict[str, None]] = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    with draw_on_grid(figure):
        for suffix, metadata in empty.items():
            beside = folder / f".{name}.{suffix}"
            figure.savefig(beside, format=suffix, metadata=metadata)
            if suffix == "svg":
                beside.write_text(_described(beside.read_text("utf-8"), name, caption), encoding="utf-8", newline="\n")
            os.replace(beside, folder / f"{name}.{suffix}")
    save_table(numbers, name, folder)
    _write(folder / f"{name}.md", caption + "\n")


def _described(svg: str, name: str, caption: str) -> str:
    """An SVG with a title and a description, as its first elements."""
    at = svg.index(">", svg.index("<svg ")) + 1
    return f"{svg[:at]}\n <title>{escape(name)}</title>\n <desc>{escape(caption)}</desc>{svg[at:]}"


def without_round_off(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its numbers free of round-off, which differs from CPU to CPU.

    A number keeps 9 significant digits, and is 0 (never -0) below 1e-12 of the largest finite magnitude in its column, or
    of 1 if that is smaller: a column may hold values in several units. What lies at the edge of two roundings can still
    go either way, but round-off is so much smaller than what is kept that hardly any number is that near to an edge. A
    small difference of large numbers has fewer digits that mean something; who computes it rounds it.

    >>> without_round_off(pd.DataFrame({"saving": [0.123456789012, -1.1e-16]}))["saving"].tolist()
    [0.123456789, 0.0]
    """
    return table.apply(lambda column: _rounded(column) if column.dtype.kind == "f" else column)


def _rounded(column: pd.Series) -> pd.Series:
    values = column.to_numpy(float)
    noise = 1e-12 * min(1.0, np.abs(values[np.isfinite(values)]).max(initial=0.0))
    return column.map(lambda value: 0.0 if abs(value) < noise or value == 0 else float(f"{value:.8e}"))


def save_table(table: pd.DataFrame, name: str, out: str | Path | None, *, latex: bool = False) -> None:
    """Save a table as `name`.csv, with the digits that `without_round_off` leaves, and with `latex` as `name`.tex, with 6 decimals.

    Nothing is written if `out` is None.
    """
    if out is None:
        return
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    numbers = without_round_off(table).to_csv(index=False, float_format="%.9g", lineterminator="\n")
    _write(folder / f"{name}.csv", numbers)
    if latex:
        _write(folder / f"{name}.tex", table.to_latex(index=False, escape=False, float_format=_to_print))


def _to_print(value: float) -> str:
    return f"{round(value, 6) + 0.0:.6f}"  # -0.0 + 0.0 is 0.0


def save_text(text: str, name: str, out: str | Path | None) -> None:
    """Save a text under its whole name, such as page.md; nothing if `out` is None."""
    if out is None:
        return
    Path(out).mkdir(parents=True, exist_ok=True)
    _write(Path(out) / name, text)


def results(out: str | Path | None) -> Path:
    """The folder that holds what notebooks saved: `out`, or the repository's figures if `out` is None."""
    return Path(__file__).parents[2] / "figures" if out is None else Path(out)


def read_tables(pattern: str, out: str | Path | None) -> pd.DataFrame:
    """All saved tables whose names match, one below the other; column `notebook` is what follows `findings-`."""
    paths = sorted(results(out).glob(f"{pattern}.csv"))
    tables = [pd.read_csv(path, dtype=str).assign(notebook=path.stem.removeprefix("findings-")) for path in paths]
    return pd.concat(tables, ignore_index=True)


def captions(out: str | Path | None) -> dict[str, str]:
    """The caption of every figure saved, by name, in the order of the notebooks."""
    folder = results(out)
    return {path.stem: path.with_suffix(".md").read_text("utf-8").strip() for path in sorted(folder.glob("*.svg"))}


def save_gallery(introduction: str, out: str | Path | None) -> None:
    """Write README.md: an introduction, then every figure with its caption; nothing if `out` is None."""
    if out is None:
        return
    shown = [
        f"![{_alt(caption)}]({name}.svg)\n\n**{name}** ([PDF]({name}.pdf), [numbers]({name}.csv)). {caption}"
        for name, caption in captions(out).items()
    ]
    head = "# Findings and figures\n\nWritten by the notebooks; `make figures` makes it anew."
    _write(results(out) / "README.md", "\n\n".join([head, introduction, "## Figures", *shown]) + "\n")


def _alt(caption: str) -> str:
    """A caption as the text in place of a picture, without what would end it or be typeset."""
    return caption.translate(str.maketrans("", "", "[]$\\`"))


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, path)


__all__ = [
    "COLUMN_IN",
    "PAGE_IN",
    "RULES",
    "SHARES",
    "captions",
    "plt",
    "read_tables",
    "results",
    "rule_style",
    "save",
    "save_gallery",
    "save_table",
    "save_text",
    "use_style",
    "without_round_off",
]
