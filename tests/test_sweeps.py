"""Sweeps and drawings: their contract, the tables between them, and the errors of whoever runs them."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from theorylab.evidence.store import write_json
from theorylab.laboratory import SCALES, Laboratory
from theorylab.papers import slugs
from theorylab.plotting import new_figure, note, panel_label, series_legend, style, theory_line, write_place
from theorylab.project import ProjectError, Results, load_wing, project_root
from theorylab.quantities import Quantity, Run
from theorylab.sweeps import draw_figures, figure_names, is_current, load_rows, run_sweep

ROOT = project_root(Path(__file__).parent)
SWEEPS = {slug: load_wing("simulations", slug, ROOT).SWEEPS for slug in slugs()}
FIGURES = {slug: load_wing("figures", slug, ROOT).FIGURES for slug in slugs()}
NAMED = [(slug, name) for slug in slugs() for name in SWEEPS[slug]]
ONE_STEP = load_wing("simulations", "one_step_gd", ROOT)
# A sweep of every paper that takes a second with one look a point.
SHORT = {
    "one_step_gd": "test_length",
    "aggregate_responses": "risk_against_snr",
    "naive_bayes_logistic": "phase_diagram",
    "unlabeled_ood_gmm": "adversarial",
    "tester_learner": "sketch",
    "pac_invariance": "finite_samples",
    "inductive_bias": "version_space",
}


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path)


@pytest.fixture
def without_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer every measurement, training and descent at once: grids, parameter names and rows stay real, numbers do not."""

    def measure(quantity: Quantity, **widths: Any) -> SimpleNamespace:
        assert sorted(widths) == ["absolute", "level", "relative"]
        assert (widths["absolute"] is None) != (widths["relative"] is None)
        # Whatever is measured can be measured: the runs know the statistics by name.
        for run, needed in quantity.estimand.needs().items():
            assert isinstance(run, Run)
            run.experiment(needed)
        return SimpleNamespace(estimate=0.4, low=0.35, high=0.45, replicates=7, waiting="")

    def few(run: Run, runs: int, statistic: str | tuple[str, ...] = "value") -> np.ndarray:
        assert isinstance(run, Run)
        assert statistic
        values = np.linspace(0.35, 0.45, runs)
        return values if isinstance(statistic, str) else np.tile(values, (len(statistic), 1))

    monkeypatch.setattr(Quantity, "measure", measure)
    monkeypatch.setattr(Run, "few", few)
    for (slug, name), stub in STUBS.items():
        monkeypatch.setattr(load_wing("simulations", slug, ROOT), name, stub)


def trained_layers(lab: Laboratory, runs: int, *, dimension: int, steps: int, **_: Any) -> dict[str, np.ndarray]:
    """Stand in for layers that take long to train."""
    d = dimension
    return {
        "losses": np.broadcast_to(np.linspace(5.0, 2.0, steps)[:, None], (steps, runs)),
        "step_matrix": np.broadcast_to(0.1 * np.eye(d), (runs, d, d)),
        "excess": np.where(np.arange(runs) == 0, 0.7, 0.001),
        "value_vector": np.ones((runs, d + 1)),
        "key_query_matrix": np.ones((runs, d + 1, d)),
    }


# What papers compute beside measurements and takes long, by slug and name in their simulations.
STUBS = {("one_step_gd", "trained_layers"): trained_layers}


@pytest.mark.parametrize("slug", slugs())
def test_every_sweep_has_a_drawing_and_the_other_way_round(slug: str) -> None:
    assert list(SWEEPS[slug]) == list(FIGURES[slug]) == figure_names(slug, ROOT)


@pytest.mark.usefixtures("without_sampling")
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("slug", "name"), NAMED)
def test_rows_are_plain_and_carry_what_they_show(slug: str, name: str, scale: str, results: Results) -> None:
    rows = load_rows(run_sweep(slug, name, Laboratory(scale=scale), ROOT, results))
    assert rows
    for row in rows:
        assert row["replicates"] >= 1
        if row.get("curve") != "weights":
            assert row["low"] <= row["estimate"] <= row["high"]
        assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))
    identities = [json.dumps({key: value for key, value in row.items() if key not in ("estimate", "low", "high")}) for row in rows]
    assert len(set(identities)) == len(rows)


@pytest.mark.usefixtures("without_sampling")
@pytest.mark.parametrize(("slug", "name"), NAMED)
def test_the_full_scale_asks_for_more(slug: str, name: str, results: Results) -> None:
    quick, full = (load_rows(run_sweep(slug, name, Laboratory(scale=scale), ROOT, results)) for scale in SCALES)
    more_replicates = sum(row["replicates"] for row in full) > sum(row["replicates"] for row in quick)
    assert len(full) > len(quick) or more_replicates


@pytest.mark.parametrize("slug", slugs())
def test_a_real_sweep_is_a_function_of_the_seed(slug: str, results: Results) -> None:
    def rows(seed: int) -> Any:
        # The budget ends every measurement at its first look.
        return load_rows(run_sweep(slug, SHORT[slug], Laboratory(seed, budget=1), ROOT, results))

    first = rows(3)
    assert rows(3) == first
    assert [row["estimate"] for row in rows(4)] != [row["estimate"] for row in first]


def test_trained_layers_are_a_function_of_seed_and_parameters() -> None:
    parameters = {"context_length": 2, "dimension": 2, "noise_variance": 0.5, "batch_size": 8}
    first = ONE_STEP.trained_layers(Laboratory(1), 2, steps=3, **parameters)
    again = ONE_STEP.trained_layers(Laboratory(1), 2, steps=3, **parameters)
    other = ONE_STEP.trained_layers(Laboratory(2), 2, steps=3, **parameters)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["value_vector"], other["value_vector"])
    a, c = first["value_vector"][1, :-1], first["value_vector"][1, -1]
    matrix, b = first["key_query_matrix"][1, :-1], first["key_query_matrix"][1, -1]
    np.testing.assert_allclose(first["step_matrix"][1], c * matrix.T + np.outer(b, a))
    assert (first["excess"] >= 0.0).all()


@pytest.mark.parametrize("slug", slugs())
def test_a_missing_table_says_what_to_run(slug: str, results: Results) -> None:
    name = SHORT[slug]
    with pytest.raises(ProjectError, match=rf"figure {name} of {slug} has no results at scale full: run theorylab simulate {slug}"):
        draw_figures(slug, [name], "full", ROOT, results)


@pytest.mark.parametrize("slug", slugs())
def test_a_damaged_table_says_so(slug: str, results: Results) -> None:
    table = results.table(slug, SHORT[slug], "quick")
    table.parent.mkdir(parents=True)
    table.write_text('{"rows": [', encoding="utf-8")
    with pytest.raises(ProjectError, match="cannot be read as the table of a sweep"):
        draw_figures(slug, [SHORT[slug]], "quick", ROOT, results)


def test_a_table_that_was_changed_is_refused_and_simulated_again(results: Results) -> None:
    slug = slugs()[0]
    name = SHORT[slug]
    path = run_sweep(slug, name, Laboratory(budget=1), ROOT, results)
    table = json.loads(path.read_text(encoding="utf-8"))
    assert is_current(slug, name, "quick", ROOT, results)
    column = next(key for key, value in table["rows"][0].items() if isinstance(value, float))
    table["rows"][0][column] += 1e-9
    path.write_text(json.dumps(table), encoding="utf-8")
    assert not is_current(slug, name, "quick", ROOT, results)
    with pytest.raises(ProjectError, match=r"cannot be read as the table of a sweep \(its rows were changed\); simulate it again"):
        draw_figures(slug, [name], "quick", ROOT, results)


def test_a_table_of_other_code_is_drawn_or_refused_in_words(results: Results) -> None:
    slug = slugs()[0]
    name = SHORT[slug]
    path = results.table(slug, name, "quick")
    rows = [{"column of another release": 1.0}]
    write_json(path, {"code": "other", "checksum": hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest(), "rows": rows})
    with pytest.raises(ProjectError, match="was made by other code and cannot be drawn"):
        draw_figures(slug, [name], "quick", ROOT, results)


@pytest.mark.parametrize(
    ("slug", "first"),
    [
        ("one_step_gd", "learning_rate, loss_against_context"),
        ("aggregate_responses", "risk_against_weight, "),
        ("naive_bayes_logistic", "sample_size_against_dimension, learning_curves"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(slug: str, first: str, results: Results) -> None:
    message = f"unknown {{}} 'nonsense' of {slug}; known are {first}"
    with pytest.raises(ValueError, match=message.format("sweep")):
        run_sweep(slug, "nonsense", Laboratory(), ROOT, results)
    with pytest.raises(ValueError, match=message.format("figure")):
        draw_figures(slug, ["nonsense"], "quick", ROOT, results)
    with pytest.raises(ValueError, match=message.format("figure")):
        figure_names(slug, ROOT, ["nonsense"])


@pytest.mark.usefixtures("without_sampling")
@pytest.mark.parametrize("slug", slugs())
def test_drawing_twice_gives_the_same_files(slug: str, results: Results, tmp_path: Path) -> None:
    run_sweep(slug, SHORT[slug], Laboratory(), ROOT, results)
    files = draw_figures(slug, [SHORT[slug]], "quick", ROOT, results)[0].files
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [f"figures/{slug}/{SHORT[slug]}.{kind}" for kind in ("png", "pdf")]
    first = [path.read_bytes() for path in files]
    draw_figures(slug, [SHORT[slug]], "quick", ROOT, results)
    assert [path.read_bytes() for path in files] == first


# The drawings: labelled, with legends, inside the page, nothing written over anything else ------------------------------------------------


def written(figure: Figure) -> dict[str, Bbox]:
    """Return the boxes, in pixels, of titles, labels, tick labels and the note, by what they say."""
    boxes = {}
    for number, axes in enumerate(figure.axes):
        texts = [axes._left_title, axes.xaxis.label, axes.yaxis.label]  # type: ignore[attr-defined]
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            texts += [tick.label1 for tick in axis.get_major_ticks() if min(limits) <= tick.get_loc() <= max(limits) and tick.label1.get_visible()]
        for count, text in enumerate(texts):
            if text.get_text():
                boxes[f"{number}.{count} {text.get_text()}"] = text.get_window_extent()
    if figure._supxlabel is not None:  # type: ignore[attr-defined]
        boxes["note"] = figure._supxlabel.get_window_extent()  # type: ignore[attr-defined]
    return boxes


def overlap(one: Bbox, other: Bbox) -> bool:
    """Tell whether two boxes share more than a pixel."""
    common = Bbox.intersection(one, other)
    return common is not None and min(common.width, common.height) > 1.0


def check_page(figure: Figure) -> None:
    """Everything written lies inside the page and over nothing else that is written."""
    boxes = written(figure)
    assert "note" in boxes
    for name, box in boxes.items():
        assert min(box.x0, box.y0, figure.bbox.x1 - box.x1, figure.bbox.y1 - box.y1) >= -1.0, f"{name} leaves the page"
    for (one, first), (other, second) in itertools.combinations(boxes.items(), 2):
        assert not overlap(first, second), f"{one!r} lies over {other!r}"
    for text in (text for axes in figure.axes for text in axes.texts if text.get_text()):
        within = text.get_window_extent()
        for name, box in boxes.items():
            assert not overlap(within, box), f"{text.get_text()!r} lies over {name!r}"


def check_panel(axes: Axes) -> None:
    """A panel says what is seen and what its axes are, and its legend hides neither a line of theory nor a name."""
    title = axes.get_title(loc="left")
    assert title
    # A map names its rows and columns at the ticks; inside a row of panels the first one names the common axis.
    assert axes.images or axes.get_xlabel()
    assert axes.images or axes.get_ylabel() or axes.get_subplotspec().colspan.start > 0  # type: ignore[union-attr]
    legend = axes.get_legend()
    if legend is None:
        return
    frame = legend.get_window_extent()
    for line in axes.get_lines():
        # Points are made up in these tests, so they may lie anywhere, and so may what joins them; lines of theory are real.
        if line.get_linestyle() != "None" and line.get_marker() == "None" and len(np.atleast_1d(line.get_xdata())) > 2:
            vertices = axes.transData.transform(np.column_stack([line.get_xdata(), line.get_ydata()]))
            assert frame.count_contains(vertices[np.isfinite(vertices).all(axis=1)]) == 0, f"the legend of {title!r} lies over a line"
    for text in axes.texts:
        assert not overlap(frame, text.get_window_extent()), f"the legend of {title!r} lies over {text.get_text()!r}"


@pytest.mark.usefixtures("without_sampling")
@pytest.mark.parametrize(("slug", "name"), NAMED)
def test_drawing_is_labelled_and_readable(slug: str, name: str) -> None:
    with style():
        figure = FIGURES[slug][name](SWEEPS[slug][name](Laboratory()))
        figure.canvas.draw()
    check_page(figure)
    for axes in figure.axes:
        check_panel(axes)
    assert any(axes.containers or axes.images for axes in figure.axes), "no simulation is shown"
    # What is drawn is explained: by legends, or by names in the panels.
    assert any(axes.get_legend() is not None or axes.texts for axes in figure.axes)


def test_the_checks_of_drawings_can_fail() -> None:
    """A legend over a line, a title that leaves the page, and a label over another are seen."""
    with style():
        figure, (axes, other) = new_figure(1, 2)
        theory_line(axes, np.linspace(0, 1, 50), np.full(50, 0.5))
        axes.set(xlabel="x", ylabel="y", ylim=(0, 1))
        panel_label(axes, "title")
        series_legend(axes, ["series"], loc="center")
        figure.canvas.draw()
        with pytest.raises(AssertionError, match="lies over a line"):
            check_panel(axes)
        note(figure, "note")
        panel_label(other, "a title that is much too long " * 3)
        figure.canvas.draw()
        with pytest.raises(AssertionError, match="leaves the page"):
            check_page(figure)
        panel_label(other, "")
        panel_label(axes, "a title over the other title")
        panel_label(other, "other")
        figure.set_layout_engine("none")
        other.set_position(axes.get_position().translated(0.1, 0.0))
        figure.canvas.draw()
        with pytest.raises(AssertionError, match="lies over"):
            check_page(figure)
        other.set_visible(False)
        other.remove()
        check_page(figure)
        write_place(axes, 0.2, "a name that runs down into the ticks below the panel", at=0.1)
        figure.canvas.draw()
        with pytest.raises(AssertionError, match=r"runs down into the ticks.* lies over"):
            check_page(figure)
