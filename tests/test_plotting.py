"""The house style of figures: series, points, levels, maps, axes and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from theorylab.plotting import (
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    number_map,
    plain_log_axis,
    powers_of_two_axis,
    rescaled,
    save_figure,
    select,
    series_legend,
    simulation_points,
    style,
    theory_line,
    whole_numbers,
    write_level,
    write_place,
)


@pytest.fixture(autouse=True)
def house_style() -> Iterator[None]:
    with style():
        yield


def test_series_differ_without_colour() -> None:
    assert len({series.marker for series in SERIES}) == len({str(series.dash) for series in SERIES}) == len(SERIES)
    assert len({series.colour for series in SERIES}) == len(SERIES)
    for series in SERIES:
        luminance = float(np.dot(to_rgb(series.colour), (0.2126, 0.7152, 0.0722)))
        assert luminance < 0.75, f"{series.colour} is too pale for a line on white"


def test_points_show_their_intervals() -> None:
    _, (axes,) = new_figure()
    simulation_points(axes, [1.0, 2.0], [{"estimate": 3.0, "low": 2.5, "high": 4.0}, {"estimate": 5.0, "low": 5.0, "high": 6.0}])
    (segments,) = (bars.get_segments() for bars in axes.containers[0][2])
    np.testing.assert_allclose([segment[:, 1] for segment in segments], [[2.5, 4.0], [5.0, 6.0]])


def test_points_read_prefixed_columns() -> None:
    _, (axes,) = new_figure()
    simulation_points(axes, [1.0], [{"gap_estimate": 3.0, "gap_low": 2.5, "gap_high": 4.0}], value="gap")
    np.testing.assert_allclose(axes.containers[0][0].get_ydata(), [3.0])


def test_legend_names_series_in_order() -> None:
    _, (axes,) = new_figure()
    theory_line(axes, [0, 1], [0, 1], series=2)
    legend = series_legend(axes, ["two", "three"], first=2)
    assert [text.get_text() for text in legend.get_texts()] == ["two", "three"]
    assert [line.get_color() for line in legend.get_lines()] == [SERIES[2].colour, SERIES[3].colour]
    assert axes.get_lines()[0].get_color() == SERIES[2].colour


@pytest.mark.parametrize(
    ("least", "most", "labels"), [(1, 8, ["1", "2", "4", "8"]), (0.25, 1, ["1/4", "1/2", "1"]), (0.3, 1.2, ["1/4", "1/2", "1", "2"])]
)
def test_ticks_at_powers_of_two(least: float, most: float, labels: list[str]) -> None:
    _, (axes,) = new_figure()
    powers_of_two_axis(axes, least=least, most=most)
    assert [text.get_text() for text in axes.get_xticklabels()] == labels


def test_ticks_stay_few() -> None:
    _, (axes,) = new_figure()
    powers_of_two_axis(axes, "y", least=1, most=2**20)
    assert 4 <= len(axes.get_yticks()) <= 9


@pytest.mark.parametrize("below", [False, True])
def test_a_level_has_its_name_beside_it(below: bool) -> None:
    figure, (axes,) = new_figure()
    axes.set_ylim(0.0, 1.0)
    write_level(axes, 0.5, "half", below=below)
    figure.canvas.draw()
    box = axes.texts[0].get_window_extent()
    level = axes.transData.transform((0.0, 0.5))[1]
    assert box.y1 < level if below else box.y0 > level


@pytest.mark.parametrize("right", [False, True])
def test_an_upright_has_its_name_beside_it(right: bool) -> None:
    figure, (axes,) = new_figure()
    write_place(axes, 0.5, "half", at=0.9, right=right)
    figure.canvas.draw()
    box, place = axes.texts[0].get_window_extent(), axes.transData.transform((0.5, 0.0))[0]
    assert box.x0 > place if right else box.x1 < place
    assert box.y1 <= axes.transAxes.transform((0.0, 0.9))[1] + 1.0


@pytest.mark.parametrize("name", ["x", "y"])
def test_logarithmic_axes_have_plain_numbers(name: str) -> None:
    _, (axes,) = new_figure()
    plain_log_axis(axes, (0.01, 0.3, 2), name)
    axis = axes.xaxis if name == "x" else axes.yaxis
    assert axis.get_scale() == "log"
    assert [text.get_text() for text in axis.get_ticklabels()] == ["0.01", "0.3", "2"]
    np.testing.assert_allclose(axis.get_ticklocs(), [0.01, 0.3, 2.0])
    assert len(axis.get_ticklocs(minor=True)) == 0


ROWS: list[dict[str, Any]] = [
    {"curve": "a", "size": 3, "estimate": 2.0, "low": 1.0, "high": 4.0},
    {"curve": "b", "size": 1, "estimate": 5.0, "low": 5.0, "high": 6.0},
    {"curve": "a", "size": 1, "estimate": 7.0, "low": 6.0, "high": 9.0},
]


def test_rows_are_picked_by_their_fields() -> None:
    assert select(ROWS, curve="a", size=1) == [ROWS[2]]
    assert select(ROWS, curve="a", other=1) == []
    assert column(ROWS, "size") == [3, 1, 1]
    assert distinct(ROWS, "size") == [1, 3]


def test_rescaled_rows_keep_their_fields_and_scale_their_intervals() -> None:
    first, second = rescaled(ROWS[:2], [2.0, 0.5])
    assert first == {"curve": "a", "size": 3, "estimate": 4.0, "low": 2.0, "high": 8.0}
    assert second == {"curve": "b", "size": 1, "estimate": 2.5, "low": 2.5, "high": 3.0}
    assert ROWS[0]["estimate"] == 2.0
    with pytest.raises(ValueError, match=r"^factors must be as many as rows; got 1 and 3$"):
        rescaled(ROWS, [1.0])


def test_whole_numbers_are_dense_and_distinct() -> None:
    assert whole_numbers(1, 8).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    grid = whole_numbers(3, 5000)
    assert (grid[0], grid[-1]) == (3, 5000)
    assert (np.diff(grid) > 0).all()
    assert len(grid) > 80


def test_a_map_writes_its_numbers_readably() -> None:
    _, (axes,) = new_figure()
    number_map(axes, [[0.0, np.nan], [0.5, 1.0]], [["a", ""], ["b", "c"]], least=0.0, most=1.0)
    assert [text.get_text() for text in axes.texts] == ["a", "", "b", "c"]
    cell = axes.images[0]
    for text, value in zip(axes.texts, (0.0, np.nan, 0.5, 1.0), strict=True):
        shade = float(np.dot(np.ravel(cell.cmap(cell.norm(np.array([value]))))[:3], (0.2126, 0.7152, 0.0722)))
        ink = float(np.dot(to_rgb(text.get_color()), (0.2126, 0.7152, 0.0722)))
        if text.get_text():
            assert abs(shade - ink) > 0.3


def test_mosaic_comes_in_the_order_of_its_letters() -> None:
    _, panels = new_figure(mosaic="ab;cc")
    spans = [panel.get_subplotspec().colspan for panel in panels]  # type: ignore[union-attr]
    assert [(span.start, span.stop) for span in spans] == [(0, 1), (1, 2), (0, 2)]


def test_style_ends_with_its_context() -> None:
    inside = mpl.rcParams["legend.frameon"]
    assert inside is False
    with mpl.rc_context({"legend.frameon": True}):
        with style():
            assert mpl.rcParams["legend.frameon"] is False
        assert mpl.rcParams["legend.frameon"] is True


def sample_figure() -> Figure:
    figure, (axes,) = new_figure()
    theory_line(axes, [0, 1, 2], [0, 1, 4])
    note(figure, "a note")
    return figure


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_equal_figures_are_equal_files(kind: str, tmp_path: Path) -> None:
    files: list[Any] = [save_figure(sample_figure(), tmp_path / folder, "figure", [kind]) for folder in ("one", "two")]
    assert files[0][0].read_bytes() == files[1][0].read_bytes()
