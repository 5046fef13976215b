"""The drawings of the risk of arXiv:2401.11081: against weight, signal-to-noise ratio, samples per feature and size, and on real data."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.aggregate_responses import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    rescaled,
    select,
    series_legend,
    simulation_points,
    theory_line,
    whole_numbers,
    write_level,
    write_place,
)
from theorylab.rows import Row, Rows

__all__ = ["double_descent", "finite_size", "real_data", "risk_against_snr", "risk_against_weight"]

WEIGHT = r"weight $\rho$ of the within-bag variance"
OPTIMUM: dict[str, Any] = {"marker": "d", "color": "black", "markersize": 5, "linestyle": "none", "zorder": 5}


def samples_per_feature(row: Row) -> float:
    """Return psi = n / d of a row."""
    return float(row["sample_size"] / row["dimension"])


# The weight ------------------------------------------------------------------------------------------------------------------------------


def risk_against_weight(rows: Rows) -> Figure:
    """Draw the risk and its parts against the weight, and the best weight against the signal-to-noise ratio."""
    figure, axes = new_figure(mosaic="abc;def", height=5.0)
    psi, d, bag_sizes = samples_per_feature(rows[0]), rows[0]["dimension"], distinct(rows, "bag_size")
    weights = np.geomspace(0.008, 1.0, 121)
    noises = sorted(distinct(select(rows, panel="risk"), "noise_variance"), reverse=True)
    for panel, letter, noise in zip(axes[:3], "abc", noises, strict=True):
        for series, k in enumerate(bag_sizes):
            theory_line(panel, weights, closed_form.asymptotic_risk(psi, k, weights, 1.0, noise).risk, series)
            chosen = select(rows, panel="risk", bag_size=k, noise_variance=noise)
            simulation_points(panel, column(chosen, "weight"), chosen, series)
            best = float(closed_form.optimal_weight(psi, k, 1.0 / noise))
            panel.plot(best, float(closed_form.asymptotic_risk(psi, k, best, 1.0, noise).risk), **OPTIMUM)
        panel_label(panel, rf"({letter}) Risk at SNR {1.0 / noise:.2g}")
    axes[0].set_ylabel(r"risk / $|\theta_0|^2$")
    plain_log_axis(axes[0], (0.7, 1, 2, 4, 8), "y")
    plain_log_axis(axes[1], (0.4, 0.6, 1, 2, 4), "y")
    plain_log_axis(axes[2], (0.1, 0.2, 0.4, 0.8), "y")
    for panel, part in zip(axes[3:5], ("bias_squared", "variance"), strict=True):
        for series, k in enumerate(bag_sizes):
            theory_line(panel, weights, getattr(closed_form.asymptotic_risk(psi, k, weights), part), series)
            chosen = select(rows, panel="parts", part=part, bag_size=k)
            simulation_points(panel, column(chosen, "weight"), chosen, series)
    axes[3].set_ylabel(r"bias$^2$ / $|\theta_0|^2$")
    axes[4].set_ylabel(r"variance / $\sigma^2$")
    panel_label(axes[3], "(d) The bias grows")
    panel_label(axes[4], "(e) The variance falls")
    axes[3].set_ylim(0.0, 0.88)
    plain_log_axis(axes[4], (0.1, 0.3, 1, 3), "y")
    for panel in axes[:5]:
        plain_log_axis(panel, (0.01, 0.1, 1))
        panel.set_xlabel(r"weight $\rho$")
    series_legend(axes[3], [f"$k={k}$" for k in bag_sizes], loc="upper left")
    _best_weights(axes[5], psi, bag_sizes, [1.0 / noise for noise in noises])
    note(
        figure,
        rf"{POINTS}"
        "\n"
        rf"Six samples a feature ($\psi={psi:g}$), bags of $k$ samples. SNR $=|\theta_0|^2/\sigma^2$. Lines are limits, points have $d={d}$. "
        "Black: best weight. Filled\nin (f): SNR$_1$, above which the best weight is below 1.",
    )
    return figure


def _best_weights(axes: Axes, psi: float, bag_sizes: list[int], shown: list[float]) -> None:
    ratios = np.geomspace(0.2, 12.0, 181)
    for series, k in enumerate(bag_sizes):
        theory_line(axes, ratios, closed_form.optimal_weight(psi, k, ratios), series)
        threshold = float(closed_form.snr_threshold_interior_weight(psi, k))
        look = SERIES[series]
        axes.plot(threshold, 1.0, marker=look.marker, color=look.colour, markersize=4, clip_on=False, zorder=4, linestyle="none")
    for letter, ratio in zip("abc", shown, strict=True):
        write_place(axes, ratio, f"({letter})", at=0.6 if letter == "a" else 0.98)
    plain_log_axis(axes, (0.3, 1, 3, 10))
    plain_log_axis(axes, (0.02, 0.05, 0.1, 0.2, 0.5, 1), "y")
    axes.set(xlabel="signal-to-noise ratio SNR", ylabel=r"best weight $\rho^*$")
    panel_label(axes, "(f) The best weight")


# The signal-to-noise ratio ---------------------------------------------------------------------------------------------------------------

ESTIMATORS = {
    "bag": r"bag level, $\rho=0$",
    "instance": r"instance level, $\rho=1$",
    "best": r"best weight $\rho^*$",
    "ridge": "ridge on the bag means",
}


def risk_against_snr(rows: Rows) -> Figure:
    """Draw the risk of four estimators against the signal-to-noise ratio, as it is and relative to ridge on the bag means."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    psi, n, d, k = samples_per_feature(rows[0]), rows[0]["sample_size"], rows[0]["dimension"], rows[0]["bag_size"]
    measured = distinct(rows, "signal_to_noise_ratio")
    ratios = np.geomspace(measured[0], measured[-1], 61)
    weights = {"bag": np.zeros_like(ratios), "instance": np.ones_like(ratios), "best": closed_form.optimal_weight(psi, k, ratios)}
    lines = {}
    for estimator, weight in weights.items():
        parts = closed_form.interpolation_risk_exact(n, d, k, weight, 1.0, 1.0)
        lines[estimator] = parts.bias_squared + parts.variance / ratios
    lines["ridge"] = np.array([closed_form.ridge_risk_exact(n, d, k, 1.0, 1.0 / ratio).risk for ratio in ratios.tolist()])
    ridge = np.array([closed_form.ridge_risk_exact(n, d, k, 1.0, 1.0 / ratio).risk for ratio in measured])
    for series, (estimator, line) in enumerate(lines.items()):
        theory_line(left, ratios, line, series)
        theory_line(right, ratios, line / lines["ridge"], series)
        chosen = select(rows, estimator=estimator)
        simulation_points(left, measured, chosen, series)
        simulation_points(right, measured, rescaled(chosen, 1.0 / ridge), series)
    crossing = closed_form.snr_threshold_bag_vs_instance_exact(n, d, k)
    tuning = float(closed_form.snr_threshold_interior_weight(psi, k))
    for axes in (left, right):
        plain_log_axis(axes, (0.1, 0.3, 1, 3, 10, 30))
        axes.set_xlabel(r"signal-to-noise ratio SNR $=|\theta_0|^2/\sigma^2$")
    write_place(right, crossing, rf"SNR$^*={crossing:.2f}$")
    write_place(right, tuning, rf"SNR$_1={tuning:.2f}$", at=0.55)
    risk = float(closed_form.bag_level_risk_exact(n, d, k, 1.0, 1.0 / crossing).risk)
    left.plot(crossing, risk, marker="o", markersize=4, color="black", linestyle="none", zorder=5)
    left.annotate("SNR$^*$", (crossing, risk), xytext=(3, 4), textcoords="offset points", fontsize=7, color="0.25")
    write_level(left, 1.0, "predicting 0", at=0.99)
    plain_log_axis(left, (0.03, 0.1, 0.3, 1, 3, 10), "y")
    left.set_ylabel(r"risk / $|\theta_0|^2$")
    plain_log_axis(right, (1, 1.5, 2, 3, 5, 8), "y")
    right.set(ylabel="risk / risk of ridge", ylim=(0.95, 11))
    series_legend(left, list(ESTIMATORS.values()), loc="upper right", fontsize=7)
    panel_label(left, rf"(a) Risk at $n={n}$, $d={d}$, $k={k}$")
    panel_label(right, "(b) Relative to ridge")
    note(
        figure,
        f"{POINTS} Lines are exact at this size.\n"
        r"Bag level wins above SNR$^*$; below SNR$_1$ no weight in [0, 1] beats the instance level; ridge with the best penalty beats them all.",
    )
    return figure


# Samples per feature ---------------------------------------------------------------------------------------------------------------------


def double_descent(rows: Rows) -> Figure:
    """Draw the risk against the samples per feature, its bias, and the height of the peak at n = k d."""
    figure, (top, left, right) = new_figure(mosaic="aa;bc", height=5.6)
    risks, peaks = select(rows, panel="risk"), select(rows, panel="peak")
    k, d, noise = risks[0]["bag_size"], risks[0]["dimension"], risks[0]["noise_variance"]
    weights = distinct(risks, "weight")
    ends = np.geomspace(0.18, 0.996, 120), np.geomspace(1.004, 13.0, 400)
    few, many = np.geomspace(0.18, 0.996 * k, 300), np.geomspace(1.004 * k, 13.0, 200)
    for axes, part in ((top, "risk"), (left, "bias_squared")):
        for series, weight in enumerate(weights):
            if weight == 0.0:
                theory_line(axes, few, getattr(closed_form.minimum_norm_risk_limit(few, k, 1.0, noise), part), series)
                theory_line(axes, many, getattr(closed_form.bag_level_risk_limit(many, k, 1.0, noise), part), series)
            else:
                theory_line(axes, ends[1], getattr(closed_form.asymptotic_risk(ends[1], k, weight, 1.0, noise), part), series)
            chosen = select(risks, weight=weight, part=part)
            simulation_points(axes, [samples_per_feature(row) for row in chosen], chosen, series)
        theory_line(axes, ends[0], getattr(closed_form.overparametrised_risk_limit(ends[0], k, 1.0, noise), part), len(weights) - 1)
        powers_of_two_axis(axes, least=1 / 4, most=8)
        axes.set(xlim=(0.18, 13.0), xlabel=r"samples per feature $\psi=n/d$")
        between = np.geomspace(1.004, 0.996 * k, 200)
        limit = getattr(closed_form.small_weight_risk_limit(between, k, 1.0, noise), part)
        axes.plot(between, limit, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    write_place(top, 1.0, "$n=d$", at=0.3)
    write_place(top, float(k), "$n/k=d$", at=0.3)
    plain_log_axis(top, (0.1, 0.3, 1, 3, 10), "y")
    top.set(ylabel=r"risk / $|\theta_0|^2$", ylim=(0.05, 20.0))
    labels = [r"$\rho=0$" if weight == 0.0 else rf"$\rho={weight:g}$" for weight in weights]
    labels[-1] += r", and every $\rho>0$ for $n<d$"
    series_legend(top, labels, loc="lower left", fontsize=7)
    panel_label(top, rf"(a) Weight 0 diverges only where bags equal features, other weights only at $n=d$  ($k={k}$, SNR {1 / noise:g})")
    left.set(ylabel=r"bias$^2$ / $|\theta_0|^2$", ylim=(0.0, 3.2))
    panel_label(left, r"(b) The peak at $n=d$ is in the bias too")
    _peak(right, peaks)
    note(
        figure,
        f"{POINTS}\n"
        rf"Lines are limits; points have $d={d}$ in (a), (b) and $d={peaks[0]['dimension']}$ in (c). Thin grey: $\rho\to 0$ with fewer bags than "
        r"features, which is not $\rho=0$.",
    )
    return figure


def _peak(axes: Axes, rows: Rows) -> None:
    weights = np.geomspace(0.7 * distinct(rows, "weight")[0], 1.0, 121)
    bag_sizes = distinct(rows, "bag_size")
    for series, k in enumerate(bag_sizes):
        law = closed_form.peak_variance_asymptotic(k, weights)
        theory_line(axes, weights, closed_form.asymptotic_risk(float(k), k, weights).variance / law, series)
        chosen = select(rows, bag_size=k)
        law = closed_form.peak_variance_asymptotic(k, column(chosen, "weight"))
        simulation_points(axes, column(chosen, "weight"), rescaled(chosen, 1.0 / law), series)
    plain_log_axis(axes, [tick for tick in (1e-4, 1e-3, 0.01, 0.1, 1) if tick >= weights[0]])
    axes.set(xlabel=r"weight $\rho$", ylabel=r"variance $\cdot\,2\sqrt{(k-1)\rho}\,/\,\sigma^2$", ylim=(0.0, 1.15))
    series_legend(axes, [f"$k={k}$" for k in bag_sizes], loc="lower left")
    panel_label(axes, r"(c) Height of the peak at $n=kd$")


# Real data -------------------------------------------------------------------------------------------------------------------------------


def real_data(rows: Rows) -> Figure:
    """Draw the test error on the diabetes data against the weight and the bag size, over what Gaussian features would give."""
    figure, (left, right) = new_figure(1, 2, height=3.3)
    n, d, r2, noise = (rows[0][name] for name in ("training_size", "dimension", "squared_signal_norm", "noise_variance"))
    grids = select(rows, estimator="grid")
    weights = np.geomspace(0.7 * distinct(grids, "weight")[0], 1.0, 81)
    shown = distinct(grids, "bag_size")
    for series, k in enumerate(shown):
        theory_line(left, weights, _expected_error(n, d, k, weights, r2, noise), series)
        chosen = [*select(grids, bag_size=k), *select(rows, estimator="instance", bag_size=k)]
        simulation_points(left, column(chosen, "weight"), chosen, series)
        best = float(closed_form.optimal_weight(n / d, k, r2 / noise))
        left.plot(best, _expected_error(n, d, k, best, r2, noise), **OPTIMUM)
    bag_sizes = [k for k in range(1, max(column(rows, "bag_size")) + 1) if n % k == 0]
    for series, estimator in enumerate(("bag", "instance", "best")):
        line = []
        for k in bag_sizes:
            weight = {"bag": 0.0, "instance": 1.0}.get(estimator, float(closed_form.optimal_weight(n / d, k, r2 / noise)))
            line.append(_expected_error(n, d, k, weight, r2, noise))
        theory_line(right, bag_sizes, line, series)
        chosen = select(rows, estimator=estimator)
        simulation_points(right, column(chosen, "bag_size"), chosen, series)
    for axes in (left, right):
        write_level(axes, 1.0, "predicting the mean", at=0.6 if axes is right else 0.99)
        write_level(axes, noise, "noise", below=True)
    plain_log_axis(left, (0.003, 0.01, 0.03, 0.1, 0.3, 1))
    left.set(xlabel=WEIGHT, ylabel="test error / variance of the label", ylim=(0.4, 1.25))
    series_legend(left, [f"$k={k}$" for k in shown], loc="upper center", ncols=4, handlelength=2.2, columnspacing=0.9, fontsize=7)
    panel_label(left, "(a) Error against the weight")
    right.set(xlabel="bag size $k$", ylabel="test error / variance of the label", ylim=(0.4, 1.75))
    right.set_xticks([1, 5, 10, 15, 20])
    series_legend(right, ["bag level", "instance level", "best weight by theory"], loc="upper left")
    panel_label(right, "(b) Error against the bag size")
    note(
        figure,
        rf"Diabetes data ({d} features), random splits, {n} training labels in random bags; means with 99 % intervals. Lines: exact risk for Gaussian"
        "\n"
        rf"features, one bag given to the intercept; signal {r2:.2f} and noise {noise:.2f} estimated from single labels. Black: best weight.",
    )
    return figure


def _expected_error(n: int, d: int, k: int, weight: Any, r2: float, noise: float) -> Any:
    """Return the test error for Gaussian features; the intercept takes one of the bags."""
    return noise + closed_form.interpolation_risk_exact(n - k, d, k, weight, r2, noise).risk


# Finite sizes ----------------------------------------------------------------------------------------------------------------------------

WITNESSES = {"jacobi": "Jacobi spectrum", "wishart": "two Wishart matrices", "raw": "raw data"}


def finite_size(rows: Rows) -> Figure:
    """Draw how the risk approaches its limit by three samplers, and how much one replicate of two of them tells."""
    figure, (left, right) = new_figure(1, 2, height=3.2)
    psi, k, weight = samples_per_feature(rows[0]), rows[0]["bag_size"], rows[0]["weight"]
    distances, deviations = select(rows, panel="distance"), select(rows, panel="deviation")
    largest = max(column(distances, "dimension"))
    grid = whole_numbers(4, 1.3 * largest)[::3]
    limit = float(closed_form.asymptotic_risk(psi, k, weight).risk)
    exact = [d * (float(closed_form.interpolation_risk_exact(round(psi * d), d, k, weight).risk) - limit) for d in grid.tolist()]
    theory_line(left, grid, exact, color="black", linestyle="-", linewidth=1.2)
    coefficient = float(closed_form.second_order_coefficient(psi, k, weight).risk)
    write_level(left, coefficient, f"limit {coefficient:.4f}", at=0.99, distance=7.0)
    for series, witness in enumerate(WITNESSES):
        chosen = select(distances, witness=witness)
        # Side by side, or they would hide one another.
        places = np.array(column(chosen, "dimension")) * 1.06 ** (series - 1)
        simulation_points(left, places, chosen, series)
    powers_of_two_axis(left, least=4, most=largest)
    left.set(xlabel="dimension $d$", ylabel=r"$d\,\cdot$ (mean risk $-$ limit)")
    panel_label(left, "(a) The limit is approached like $1/d$")
    left.set_ylim(0.0, 0.28)
    for series, witness in ((2, "raw"), (0, "jacobi")):
        chosen = select(deviations, witness=witness)
        sizes = np.array(column(chosen, "dimension"), dtype=float)
        simulation_points(right, sizes, chosen, series)
        rate = 0.5 if witness == "raw" else 1.0
        guide = chosen[-1]["estimate"] * (sizes[-1] / sizes) ** rate
        right.plot(sizes, guide, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        name = "$d^{-1/2}$" if witness == "raw" else "$d^{-1}$"
        right.annotate(name, (sizes[1], guide[1]), xytext=(6, 5), textcoords="offset points", fontsize=7, color="0.25")
    powers_of_two_axis(right, least=4, most=max(column(deviations, "dimension")))
    plain_log_axis(right, (0.003, 0.01, 0.03, 0.1, 0.3), "y")
    right.set(xlabel="dimension $d$", ylabel="standard deviation of one replicate")
    panel_label(right, "(b) What one replicate is worth")
    series_legend(left, list(WITNESSES.values()), loc="upper right", handlelength=0.0, fontsize=7)
    note(
        figure,
        rf"$\psi={psi:g}$, $k={k}$, $\rho={weight:g}$. Black line: exact. Points: three samplers of the same mean, side by side, with 99 % intervals."
        "\n(b): the realised error on raw data, and the risk given a spectrum, which has noise, signal and directions integrated out.",
    )
    return figure
