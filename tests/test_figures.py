"""Figures and tables: the digits that mean something, the same bytes despite round-off, a look for every rule."""

import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from effort import exhaustive

from coinfer.study.drawing import draw_on_grid
from coinfer.study.figures import (
    PAGE_IN,
    RULES,
    plt,
    rule_style,
    save,
    save_gallery,
    save_table,
    use_style,
    without_round_off,
)
from coinfer.validation import needs


def test_a_table_keeps_nine_digits_and_no_noise():
    table = pd.DataFrame(
        {
            "saving [%]": [2.2e-14, -1.1e-14, -0.0, 12.34567890123, np.nan],
            "mixed units": [3e11, -0.25, 1 / 60, -np.inf, 1e-9],
            "small": [1e-20, -3.21e-8, -2e-20, 0.0, 1e-21],
            "name": list("abcde"),
            "count": [10**12 + 1, 2, 3, 4, 5],
        }
    )
    kept = without_round_off(table)
    assert kept["saving [%]"].tolist()[:4] == [0.0, 0.0, 0.0, 12.3456789]
    assert not np.signbit(kept["saving [%]"]).any()
    assert kept["mixed units"].tolist() == [3e11, -0.25, 0.0166666667, -np.inf, 1e-9]
    assert kept["small"].tolist() == [0.0, -3.21e-8, 0.0, 0.0, 0.0]
    assert kept[["name", "count"]].equals(table[["name", "count"]])
    assert without_round_off(kept).equals(kept)


def test_a_table_is_written_with_the_digits_that_it_keeps(tmp_path):
    save_table(pd.DataFrame({"x": [1 / 3, -1e-17], "n": [1234567890123, 2]}), "t", tmp_path, latex=True)
    assert (tmp_path / "t.csv").read_text() == "x,n\n0.333333333,1234567890123\n0,2\n"
    assert "0.333333 & 1234567890123" in (tmp_path / "t.tex").read_text()
    assert "-0" not in (tmp_path / "t.tex").read_text()


def draw(factor):
    """A figure of lines, markers, areas, a mesh, an image, contours, clipped and not, from data times a factor."""
    figure, axes = plt.subplots(1, 3, figsize=(PAGE_IN, 2))
    x = np.linspace(1, 10, 40) * factor
    axes[0].plot(x, np.exp(-x), **rule_style("optimal"))
    axes[0].set_yscale("log")
    axes[0].legend()
    axes[1].scatter(x, x**2, s=x)
    axes[1].fill_between(x, x, x**2, hatch="/")
    image = axes[1].imshow(np.outer(x, x), extent=(2, 4, 20, 60), aspect="auto")
    image.set_clip_path(axes[1].add_patch(plt.Circle((3, 30), 5 * factor)))
    axes[2].pcolormesh(x, x, np.outer(x, x), rasterized=True)
    axes[2].contour(x, x, np.outer(x, x), [3, 30])
    return figure


@exhaustive
def test_round_off_changes_no_byte_of_a_picture(tmp_path):
    use_style()
    for name, factor in (("a", 1.0), ("b", 1 + 1e-9)):
        figure = draw(factor)
        figure.savefig(tmp_path / f"plain-{name}.svg", metadata={"Date": None})
        save(figure, "same", pd.DataFrame({"x": [1.0]}), tmp_path / name, "A figure.")
        plt.close(figure)
    assert (tmp_path / "plain-a.svg").read_bytes() != (tmp_path / "plain-b.svg").read_bytes()
    for suffix in ("svg", "pdf"):
        assert len({(tmp_path / name / f"same.{suffix}").read_bytes() for name in "ab"}) == 1, suffix


def test_the_grid_is_too_fine_to_see():
    use_style()
    figure = draw(1.0)
    with draw_on_grid(figure):
        moved = pixels(figure)
    plain = pixels(figure)
    assert 0 < np.abs(moved - plain).max() <= 16  # of 255, at an edge
    plt.close(figure)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba(), int)


def test_a_rule_that_is_not_in_the_table_has_a_look():
    looks = [rule_style(f"{depth}-sla") for depth in range(1, 9)]
    assert looks == [rule_style(f"{depth}-sla") for depth in range(1, 9)]
    assert all({"label", "color", "linestyle", "marker"} == set(look) for look in looks)
    assert len({(look["color"], look["linestyle"], look["marker"]) for look in looks}) == 8
    assert rule_style("optimal", linewidth=2) == {"label": "optimal", "linewidth": 2} | RULES["optimal"]


def test_a_missing_package_gives_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "papermill", None)
    with (
        pytest.raises(ModuleNotFoundError, match=r"^papermill is missing: pip install 'coinfer\[study\]'$"),
        needs("study"),
    ):
        import papermill  # noqa: F401


def test_a_saved_picture_is_named_and_described(tmp_path):
    use_style(draft=True)
    figure = draw(1.0)
    shown = save(figure, "a", pd.DataFrame({"x": [1.0]}), tmp_path, "Less < more,\n  by a & b.")
    plt.close(figure)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert [(child.tag.split("}")[1], child.text) for child in root[:2]] == [
        ("title", "a"),
        ("desc", "Less < more, by a & b."),
    ]
    assert shown.data == "**a.** Less < more, by a & b."
    assert (tmp_path / "a.md").read_text() == "Less < more, by a & b.\n"


def test_the_gallery_has_captions_in_place_of_pictures(tmp_path):
    (tmp_path / "a.svg").touch()
    (tmp_path / "a.md").write_text("At $M^*$ [layers] it costs less.")
    save_gallery("Before.", tmp_path)
    assert "![At M^* layers it costs less.](a.svg)" in (tmp_path / "README.md").read_text()
