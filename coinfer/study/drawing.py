"""Pictures without round-off: what is drawn is moved to a grid of a thousandth of a point, far finer than one sees.

The last digits of a number depend on the CPU; rounded here, once for every format, they change no byte of a picture.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from coinfer.validation import needs

with needs("study"):
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, Transform, TransformedPath

DECIMALS = 3  # of a point; round-off is of the order of 1e-13 points, so that two CPUs hardly ever round apart


def on_grid(points: Any) -> np.ndarray:
    """Points or lengths [pt] moved to the grid, without negative zeros."""
    return np.round(np.asarray(points, float), DECIMALS) + 0.0


def path_on_grid(path: Path, transform: Transform) -> Path:
    """A path where it is drawn [pt], its vertices on the grid."""
    moved = Path(on_grid(transform.transform(path.vertices)), path.codes)
    moved.should_simplify, moved.simplify_threshold = path.should_simplify, path.simplify_threshold
    return moved


class GridRenderer:
    """Matplotlib's renderer of any vector format, with all that it is given to draw moved to the grid."""

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer
        self._clips: dict[bytes, TransformedPath] = {}  # the formats write a clip path once if it is one object

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def _clipped(self, context: Any) -> Any:
        """The graphics context with its clip on the grid: the formats write it, and name it after its numbers."""
        rectangle, (path, transform) = context.get_clip_rectangle(), context.get_clip_path()
        if rectangle is not None:
            context.set_clip_rectangle(Bbox(on_grid(rectangle.get_points())))
        if path is not None:
            moved = path_on_grid(path, transform)
            new = TransformedPath(moved, IdentityTransform())
            context.set_clip_path(self._clips.setdefault(np.asarray(moved.vertices).tobytes(), new))
        return context

    def draw_path(self, gc: Any, path: Path, transform: Transform, rgbFace: Any = None) -> None:
        """Draw a path."""
        self._renderer.draw_path(self._clipped(gc), path_on_grid(path, transform), IdentityTransform(), rgbFace)

    def draw_markers(
        self,
        gc: Any,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw a marker at each vertex of a path."""
        marker, places = path_on_grid(marker_path, marker_trans), path_on_grid(path, trans)
        here = IdentityTransform()
        self._renderer.draw_markers(self._clipped(gc), marker, here, places, here, rgbFace)

    def draw_path_collection(
        self,
        gc: Any,
        master_transform: Transform,
        paths: Any,
        all_transforms: Any,
        offsets: Any,
        offset_trans: Transform,
        *rest: Any,
        **more: Any,
    ) -> None:
        """Draw paths, each scaled and moved by its own transform and offset."""
        master: Transform = IdentityTransform()
        if len(all_transforms):
            master = Affine2D(np.round(master_transform.get_matrix(), 9))
            all_transforms = [np.round(matrix, 9) for matrix in all_transforms]
        else:
            paths = [path_on_grid(path, master_transform) for path in paths]
        places = on_grid(offset_trans.transform(offsets))
        self._renderer.draw_path_collection(
            self._clipped(gc), master, paths, all_transforms, places, IdentityTransform(), *rest, **more
        )

    def draw_image(self, gc: Any, x: float, y: float, im: Any, transform: Transform | None = None) -> None:
        """Draw an image."""
        given = () if transform is None else (Affine2D(on_grid(transform.get_matrix())),)
        self._renderer.draw_image(self._clipped(gc), *on_grid([x, y]).tolist(), im, *given)

    def draw_text(self, gc: Any, x: float, y: float, *rest: Any, **more: Any) -> None:
        """Draw a text."""
        self._renderer.draw_text(self._clipped(gc), *on_grid([x, y]).tolist(), *rest, **more)


@contextmanager
def draw_on_grid(figure: Any) -> Iterator[None]:
    """Within the context the figure, laid out once and not anew for each format, draws itself on the grid."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    draw = figure.draw
    figure.draw = lambda renderer: draw(GridRenderer(renderer))
    try:
        yield
    finally:
        del figure.draw
