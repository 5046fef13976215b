"""The drawings of the private side of arXiv:2401.11081: the best bag size, and an audit of the mechanism."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from theorylab.papers.aggregate_responses import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    number_map,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    rescaled,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
    write_place,
)
from theorylab.rows import Row, Rows

__all__ = ["privacy_audit", "private_bag_size"]


# Bags for privacy ------------------------------------------------------------------------------------------------------------------------


def private_bag_size(rows: Rows) -> Figure:
    """Draw which bag size is best in the leading order, the risk on private releases, and the risk over bag sizes and privacy levels."""
    figure, (left, right, table) = new_figure(mosaic="ab;cc", height=6.0)
    _leading_order(left, select(rows, panel="leading"))
    released = select(rows, panel="released")
    n, d, clip = (released[0][name] for name in ("sample_size", "dimension", "clip"))
    levels = distinct(released, "epsilon")
    sizes = [k for k in range(1, max(column(released, "bag_size")) + 1) if n % k == 0]
    for series, epsilon in enumerate(levels):
        theory_line(right, sizes, [float(closed_form.private_risk_exact(n, d, k, 1.0, 1.0, 1.0, clip, epsilon).risk) for k in sizes], series)
        chosen = select(released, epsilon=epsilon)
        simulation_points(right, column(chosen, "bag_size"), chosen, series)
    write_level(right, 1.0, "predicting 0", at=0.3, below=True)
    powers_of_two_axis(right, least=1, most=16)
    plain_log_axis(right, (0.5, 1, 2, 4, 8, 16), "y")
    right.set(xlabel="bag size $k$", ylabel=r"risk / $|\theta_0|^2$")
    series_legend(right, [rf"$\varepsilon={epsilon:g}$" for epsilon in levels], loc="upper right")
    panel_label(right, r"(b) Private labels, instance level ($\rho=1$)")
    _private_map(table, select(rows, panel="map"))
    note(
        figure,
        f"{POINTS} (b): raw data, labels clipped at\n"
        rf"$C\sqrt{{\log n}}={clip:.2f}$, Laplace noise; (b), (c): $n={n}$, $d={d}$, SNR 1. (c): simulated risk; framed: a row's best bag size by"
        "\nthe exact risk; line: by its limit; hatched: predicting 0 is better.",
    )
    return figure


def _leading_order(axes: Axes, rows: Rows) -> None:
    psi, bag_sizes = rows[0]["sample_size"] / rows[0]["dimension"], distinct(rows, "bag_size")
    weights = np.geomspace(0.7 * distinct(rows, "weight")[0], 1.0, 121)
    for series, k in enumerate(bag_sizes):
        theory_line(axes, weights, closed_form.leading_order_private_risk(psi, k, weights, np.sqrt(1 / 8), 1.0), series)
        chosen = select(rows, bag_size=k)
        simulation_points(axes, column(chosen, "weight"), rescaled(chosen, [1.0 / k] * len(chosen)), series)
    critical = float(closed_form.critical_weight(psi, bag_sizes[-1]))
    write_place(axes, critical, rf"$\rho_c={critical:.3f}$", at=0.42)
    plain_log_axis(axes, (0.003, 0.01, 0.03, 0.1, 0.3, 1))
    plain_log_axis(axes, (0.01, 0.03, 0.1, 0.3, 1), "y")
    axes.set(xlabel=r"weight $\rho$", ylabel=r"risk from the privacy noise, $V/k$")
    series_legend(axes, [f"$k={k}$" for k in bag_sizes], loc="lower left")
    panel_label(axes, rf"(a) Best of 1 to {bag_sizes[-1]}: jumps from 1 to {bag_sizes[-1]} at $\rho_c$")


def _private_map(axes: Axes, rows: Rows) -> None:
    """Draw simulated risks over bag sizes and privacy levels, with what the closed forms say about them."""
    n, d, clip = (rows[0][name] for name in ("sample_size", "dimension", "clip"))
    bag_sizes, levels = distinct(rows, "bag_size"), distinct(rows, "epsilon")[::-1]
    values = {(row["epsilon"], row["bag_size"]): row["estimate"] for row in rows}
    cells = np.array([[values[epsilon, k] for k in bag_sizes] for epsilon in levels])
    texts = [[f"{value:.2f}" if value < 9.95 else f"{value:.0f}" for value in line] for line in cells]
    number_map(axes, np.clip(cells, 0.2, 1.6), texts, least=0.2, most=1.6)
    for i, epsilon in enumerate(levels):
        exact = [float(closed_form.private_risk_exact(n, d, k, 1.0, 1.0, 1.0, clip, epsilon).risk) for k in bag_sizes]
        for j in range(len(bag_sizes)):
            if exact[j] > 1.0:
                axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1.0, 1.0, fill=False, hatch="//", edgecolor=(1, 1, 1, 0.45), linewidth=0.0, zorder=1.5))
        axes.add_patch(Rectangle((int(np.argmin(exact)) - 0.47, i - 0.45), 0.94, 0.9, fill=False, edgecolor="black", linewidth=1.4, zorder=3))
    # Bag sizes and levels stand at whole numbers of the map: the line runs between them.
    fine = np.geomspace(levels[-1], levels[0], 200)
    best = closed_form.optimal_bag_size_instance_level(n / d, 1.0, 1.0, closed_form.unit_bag_noise_variance(clip, fine)).real_optimum
    inside = best <= bag_sizes[-1]
    across = np.interp(best[inside], bag_sizes, range(len(bag_sizes)))
    down = len(levels) - 1 - np.interp(np.log(fine[inside]), np.log(levels[::-1]), range(len(levels)))
    axes.plot(across, down, color=SERIES[1].colour, linewidth=1.3, zorder=2.5)
    axes.set_xticks(range(len(bag_sizes)), bag_sizes)
    axes.set_yticks(range(len(levels)), [f"{epsilon:g}" for epsilon in levels])
    axes.set(xlabel="bag size $k$", ylabel=r"privacy level $\varepsilon$")
    panel_label(axes, r"(c) Risk at $\rho=1$: more privacy asks for larger bags, until predicting 0 wins")


# An audit of the mechanism ---------------------------------------------------------------------------------------------------------------

SCALES = {"full": r"scale $2T/(k\varepsilon)$", "half": "half of it"}


def privacy_audit(rows: Rows) -> Figure:
    """Draw how well releases tell two labels of one person apart, at the right Laplace scale and at half of it."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.1)
    releases, losses = select(rows, panel="releases"), select(rows, panel="losses")
    epsilon, moved = releases[0]["epsilon"], releases[0]["clip"] / releases[0]["bag_size"]
    for series, sign in enumerate((1, -1)):
        # The outer bins hold all that lies beyond, so they show no density.
        bins = select(releases, scale="full", sign=sign)[1:-1]
        ends = np.array([[row["bin_from"], row["bin_to"]] for row in bins])
        theory_line(left, ends.mean(axis=1) / moved, _laplace_share(ends, sign * moved, bins[0]["laplace_scale"]), series)
        simulation_points(left, ends.mean(axis=1) / moved, bins, series, markersize=3)
    left.set(xlabel="release / $(T/k)$", ylabel="share of the releases in a bin", ylim=(0, None))
    left.set_ylim(0, 1.3 * left.get_ylim()[1])
    series_legend(left, ["label $+T$", "label $-T$"], loc="upper left", fontsize=7, handlelength=2.2)
    panel_label(left, rf"(a) One bag, $\varepsilon={epsilon:g}$")
    for series, scale in enumerate(SCALES):
        above, below = (select(releases, scale=scale, sign=sign) for sign in (1, -1))
        ratios = [_log_ratio(one, other) for one, other in zip(above, below, strict=True)]
        grid = np.linspace(above[0]["bin_from"], above[-1]["bin_to"], 241)
        width = above[0]["laplace_scale"]
        theory_line(middle, grid / moved, closed_form.log_likelihood_ratio(grid[:, None], [moved], [-moved], width), series)
        simulation_points(middle, [0.5 * (row["bin_from"] + row["bin_to"]) / moved for row in above], ratios, series, markersize=3)
        chosen = select(losses, scale=scale)
        stated = column(chosen, "epsilon")
        spent = [float(closed_form.privacy_loss(row["clip"], row["bag_size"], row["laplace_scale"])) for row in chosen]
        theory_line(right, stated, spent, series)
        simulation_points(right, column(chosen, "epsilon"), chosen, series)
    for sign in (1, -1):
        write_level(middle, sign * epsilon, rf"${'+' if sign > 0 else '-'}\varepsilon$", at=0.1 if sign > 0 else 0.99, below=sign < 0)
    middle.set(xlabel="release / $(T/k)$", ylabel="log ratio of the shares", ylim=(-2.0, 2.6))
    series_legend(middle, list(SCALES.values()), loc="upper left", fontsize=7, handlelength=2.2)
    panel_label(middle, r"(b) Half the scale leaks twice")
    right.set(xlabel=r"stated privacy level $\varepsilon$", ylabel="privacy loss seen in the tails", xlim=(0, None), ylim=(0, None))
    series_legend(right, list(SCALES.values()), loc="upper left", fontsize=7, handlelength=2.2)
    panel_label(right, "(c) Stated and spent")
    bag_size, draws = releases[0]["bag_size"], releases[0]["replicates"]
    note(
        figure,
        rf"Releases of the mean of a bag of {bag_size} with Laplace noise; one label is $+T$ or $-T$, the others 0. {draws:,} draws each in (a), (b)."
        "\nLines: closed form. Points: simulation, with 99 % intervals (98 % in (b)); the outermost bins hold everything beyond.",
    )
    return figure


def _laplace_share(ends: np.ndarray, centre: float, scale: float) -> np.ndarray:
    """Return the probability of each bin under a Laplace law, from its distribution function, 1/2 + sign(z) (1 - exp(-|z|)) / 2."""
    z = (ends - centre) / scale
    distribution = 0.5 - 0.5 * np.sign(z) * np.expm1(-np.abs(z))
    share: np.ndarray = distribution[:, 1] - distribution[:, 0]
    return share


def _log_ratio(one: Row, other: Row) -> Row:
    """Return the logarithm of the ratio of two independent shares; both intervals together hold at twice the error level."""
    return {
        "estimate": np.log(one["estimate"] / other["estimate"]),
        "low": np.log(one["low"] / other["high"]),
        "high": np.log(one["high"] / other["low"]),
    }
