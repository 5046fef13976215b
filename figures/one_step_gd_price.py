"""Drawings of what one step costs: the gap to ridge regression, the traps of training, other lengths at test time (arXiv:2307.03576)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from theorylab.papers.one_step_gd import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    number_map,
    panel_label,
    powers_of_two_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
    whole_numbers,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["bayes_gap", "landscape", "test_length"]

CONTEXT = "context length $n$ (labelled examples)"


def bayes_gap(rows: Rows) -> Figure:
    """Draw linear attention against Bayes, in the proportional limit and over sizes."""
    figure, (upper_left, upper_right, lower_left, lower_right) = new_figure(2, 2, height=5.8)
    proportional = select(rows, panel="proportional")
    d = proportional[0]["dimension"]
    grid = np.geomspace(1 / 16, 16, 241)
    noises = distinct(proportional, "noise_to_signal")
    curves = [(noise, curve) for noise in noises if noise > 0.0 for curve in ("step", "bayes")]
    labels = []
    for series, (noise, curve) in enumerate(curves):
        limit = closed_form.icl_excess_limit if curve == "step" else closed_form.bayes_excess_marchenko_pastur
        theory_line(upper_left, grid, limit(grid, noise), series)
        chosen = select(proportional, curve=curve, noise_to_signal=noise)
        simulation_points(upper_left, [row["dimension"] / row["context_length"] for row in chosen], chosen, series)
        labels.append(rf"{'one step' if curve == 'step' else 'ridge'}, $s={noise:g}$")
    for series, noise in enumerate(noises):
        gap = closed_form.icl_excess_limit(grid, noise) - closed_form.bayes_excess_marchenko_pastur(grid, noise)
        theory_line(upper_right, grid, gap, series)
        chosen = select(proportional, curve="gap", noise_to_signal=noise)
        simulation_points(upper_right, [row["dimension"] / row["context_length"] for row in chosen], chosen, series)
    for axes in (upper_left, upper_right):
        powers_of_two_axis(axes, least=1 / 16, most=16)
        axes.set_xlabel(r"dimension per example, $\gamma=d/n$")
    upper_left.set(ylabel="excess loss / signal variance", ylim=(0, 1.05))
    series_legend(upper_left, labels, loc="upper left", handlelength=2.2, fontsize=7)
    panel_label(upper_left, rf"(a) Excess at $d={d}$, and its limit")
    upper_right.set(ylabel="gap / signal variance", ylim=(0, 0.56))
    write_level(upper_right, 0.5, "1/2", at=0.06)
    series_legend(upper_right, [f"$s={noise:g}$" for noise in noises], loc="upper right", bbox_to_anchor=(1.0, 0.87))
    panel_label(upper_right, r"(b) Gap to Bayes: worst at $n=d$ without noise")
    _sizes(select(rows, panel="sizes"), lower_left, lower_right)
    note(figure, f"{POINTS}\n" r"$s=\sigma^2/E|w|^2$ is the noise per signal; lines of (a), (b) are limits for $d\to\infty$, those of (c) are exact.")
    return figure


def _sizes(rows: Rows, curves: Any, table: Any) -> None:
    """Draw the gap over (n, d): as curves for some dimensions, and as a map."""
    sizes, noise = distinct(rows, "dimension"), rows[0]["noise_variance"]
    shown = [d for d in (2, 8, 32) if d in sizes]
    grid = whole_numbers(1, sizes[-1])[:: 2 if sizes[-1] > 64 else 1]
    for series, d in enumerate(shown):
        exact = np.array([closed_form.bayes_gap_exact(n, d, noise) for n in grid.tolist()])
        theory_line(curves, grid, exact / np.minimum(grid, d), series)
        chosen = select(rows, dimension=d)
        simulation_points(curves, column(chosen, "context_length"), chosen, series)
    powers_of_two_axis(curves, least=1, most=sizes[-1])
    curves.set(xlabel=CONTEXT, ylabel=r"gap / $\min(n,d)$", ylim=(0, None))
    series_legend(curves, [f"$d={d}$" for d in shown], loc="upper left")
    panel_label(curves, rf"(c) Gap at every size ($\sigma^2={noise:g}$, $\tau^2=1$)")
    values = {(row["dimension"], row["context_length"]): row["estimate"] for row in rows}
    cells = np.array([[values[d, n] for n in sizes] for d in reversed(sizes)])
    number_map(table, cells, [[f"{value:.2f}" for value in line] for line in cells], least=0.0, most=0.5, fontsize=6.5)
    table.set_xticks(range(len(sizes)), sizes)
    table.set_yticks(range(len(sizes)), sizes[::-1])
    table.set(xlabel=CONTEXT, ylabel="dimension $d$")
    panel_label(table, "(d) The same, simulated: symmetric in $n$, $d$")


def landscape(rows: Rows) -> Figure:
    """Draw where descents from random starts end, and at which sizes traps catch them."""
    figure, (*axes, table) = new_figure(mosaic="abc;ddd", height=5.4)
    levels = select(rows, panel="levels")
    problems = sorted({(row["dimension"], row["context_length"], row["noise_variance"]) for row in levels})
    for letter, panel, (d, n, noise) in zip("abc", axes, problems, strict=True):
        _final_losses(panel, select(levels, dimension=d, context_length=n, noise_variance=noise), n, d, noise)
        panel_label(panel, rf"({letter}) $n={n}$, $d={d}$, $\sigma^2={noise:g}$")
    axes[0].set_ylabel("final excess loss $L-L^*$")
    trapped = select(rows, panel="trapped")
    dimensions, lengths, noise = distinct(trapped, "dimension"), distinct(trapped, "context_length"), trapped[0]["noise_variance"]
    values = {(row["dimension"], row["context_length"]): row["estimate"] for row in trapped}
    cells = np.array([[values[d, n] for n in lengths] for d in dimensions])
    number_map(table, cells, [[f"{100 * value:.0f} %" for value in line] for line in cells], least=0.0, most=1.0)
    for (i, j), _ in np.ndenumerate(cells):
        if has_trap(lengths[j], dimensions[i], noise):
            table.add_patch(Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, fill=False, edgecolor="black", linewidth=1.4))
    table.set_xticks(range(len(lengths)), lengths)
    table.set_yticks(range(len(dimensions)), dimensions)
    table.set(xlabel=CONTEXT, ylabel="dimension $d$")
    panel_label(table, rf"(d) Traps appear where the closed forms say  ($\sigma^2={noise:g}$)")
    note(
        figure,
        "Descents by BFGS on the population loss from random starts. (a) to (c): where they end, with 99 % intervals; dotted: closed forms.\n"
        "(d): share of descents that end above the minimum; framed: a closed form has a local minimum there that is not global.",
    )
    return figure


def _final_losses(axes: Any, rows: Rows, n: int, d: int, noise: float) -> None:
    """Draw a histogram of final losses, lying, with the levels that closed forms name."""
    centres = [0.5 * (row["bin_from"] + row["bin_to"]) for row in rows]
    thickness = rows[0]["bin_to"] - rows[0]["bin_from"]
    axes.barh(centres, column(rows, "estimate"), height=1.8 * thickness, color="#56B4E9", edgecolor=SERIES[0].colour, linewidth=0.8, zorder=2)
    for centre, row in zip(centres, rows, strict=True):
        if row["estimate"] > 0.0:
            axes.errorbar(row["estimate"], centre, xerr=[[row["estimate"] - row["low"]], [row["high"] - row["estimate"]]], color="black", zorder=3)
    levels = {"global minimum $L^*$": 0.0}
    stable = float(closed_form.rank_one_stability_ratio(n, d, noise)) > 1.0
    levels[f"rank one ({'local minimum' if stable else 'saddle'})"] = float(closed_form.rank_one_excess(n, d, noise))
    other = closed_form.spurious_minimum(n, d, noise)
    if other is not None:
        levels["other local minimum" if _is_minimum(other, n, d, noise) else "other critical point"] = other.excess
    for name, level in levels.items():
        write_level(axes, level, name, distance=5.0)
    axes.set(xlabel="share of descents", xlim=(0, 1.05), ylim=(-0.07, 1.43))


def has_trap(n: int, d: int, noise: float) -> bool:
    """Tell whether a closed form names a local minimum that is not global: the rank-one point, or the other family's point."""
    if float(closed_form.rank_one_stability_ratio(n, d, noise)) > 1.0:
        return True
    point = closed_form.spurious_minimum(n, d, noise)
    return point is not None and _is_minimum(point, n, d, noise)


def _is_minimum(point: closed_form.SpuriousMinimum, n: int, d: int, noise: float) -> bool:
    identity = np.eye(d)
    curvatures = np.linalg.eigvalsh(closed_form.population_loss_hessian(point.value_vector, point.key_query_matrix, n, identity, identity, noise))
    # The scale and the rotations of the point are flat directions: zero up to rounding.
    return bool(curvatures[0] > -1e-7 * curvatures[-1])


def test_length(rows: Rows) -> Figure:
    """Draw the excess of trained layers at other context lengths."""
    figure, (left, right) = new_figure(1, 2, height=3.2, sharey=True)
    d, noise = rows[0]["dimension"], rows[0]["noise_variance"]
    trained, tested = distinct(rows, "context_length"), distinct(rows, "test_length")
    grid = whole_numbers(tested[0], tested[-1])
    for axes, attention in ((left, "summed"), (right, "averaged")):
        for series, n in enumerate(trained):
            line = closed_form.excess_at_test_length(grid, n, d, noise, normalised=attention == "averaged")
            theory_line(axes, grid, line, series)
            chosen = select(rows, attention=attention, context_length=n)
            simulation_points(axes, column(chosen, "test_length"), chosen, series)
        axes.plot(grid, closed_form.icl_excess(grid, d, noise), color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        write_level(axes, d, "zero predictor", at=0.3 if attention == "summed" else 0.99)
        powers_of_two_axis(axes, least=1, most=tested[-1])
        axes.set(xlabel="test length $m$ (labelled examples)", yscale="log", ylim=(0.05, 40))
    left.set_ylabel(r"excess loss, $\tau^2=1$")
    series_legend(left, [f"trained at $n={n}$" for n in trained], loc="lower left")
    panel_label(left, "(a) Summed attention: longer prompts hurt")
    panel_label(right, "(b) Averaged attention: a bias remains")
    for n in trained:
        best = float(closed_form.optimal_test_length(n, d, noise))
        least = float(closed_form.excess_at_test_length(round(best), n, d, noise))
        left.plot(best, least, marker="d", color="black", markersize=4, linestyle="none", zorder=4)
    note(
        figure,
        rf"{POINTS} $d={d}$, $\sigma^2={noise:g}$."
        "\n"
        r"Thin grey: a layer trained at the test length. Black: the best test length by theory, $n+(d+1+\sigma^2)/2$.",
    )
    return figure
