"""Drawings of what the trained layer is: its step, its loss, its preconditioner, other teachers (arXiv:2307.03576)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from theorylab.papers.one_step_gd import closed_form
from theorylab.plotting import (
    POINTS,
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

__all__ = ["learning_rate", "loss_against_context", "nonlinear_teachers", "preconditioner", "trained_layer"]

CONTEXT = "context length $n$ (labelled examples)"


def learning_rate(rows: Rows) -> Figure:
    """Draw the learning rate against noise and against context length."""
    figure, (left, right) = new_figure(1, 2, height=3.1)
    ratios, trained = select(rows, source="ratio"), select(rows, source="trained")
    d = ratios[0]["dimension"]
    lengths = [4, 8, 16]
    noises = np.linspace(0.0, 4.0, 41)
    for series, n in enumerate(lengths):
        theory_line(left, noises, 1.0 / closed_form.optimal_learning_rate(n, d, noises), series)
        chosen = [row for row in select(ratios, context_length=n) if row["noise_variance"] <= 4.0]
        simulation_points(left, column(chosen, "noise_variance"), chosen, series)
    measured = [row for row in trained if row["context_length"] in lengths]
    star: dict[str, Any] = {"color": "black", "marker": "*", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 0.9, "zorder": 4}
    simulation_points(left, column(measured, "noise_variance"), measured, **star)
    left.set(xlabel=r"label-noise variance $\sigma^2$", ylabel=r"inverse learning rate $1/\eta$", ylim=(0, None))
    series_legend(left, [f"$n={n}$" for n in lengths], loc="upper left", bbox_to_anchor=(0.0, 0.98), ncols=3, columnspacing=1.0, handlelength=2.2)
    left.set_ylim(0, 31)
    panel_label(left, rf"(a) Noise adds $\sigma^2$ to $1/\eta$  ($d={d}$)")
    levels = [0.0, 4.0, 16.0]
    longest = max(column(ratios, "context_length"))
    for series, noise in enumerate(levels):
        grid = whole_numbers(1, longest)
        theory_line(right, grid, closed_form.optimal_learning_rate(grid, d, noise), series)
        chosen = [_inverse(row) for row in select(ratios, noise_variance=noise)]
        simulation_points(right, column(chosen, "context_length"), chosen, series)
    measured = [_inverse(row) for row in trained if row["noise_variance"] in levels]
    simulation_points(right, column(measured, "context_length"), measured, **star)
    grid = np.geomspace(3.0, longest, 20)
    right.plot(grid, 1.0 / grid, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    right.annotate("$1/n$", (5.0, 0.2), xytext=(4, 2), textcoords="offset points", fontsize=7, color="0.25")
    powers_of_two_axis(right, least=1, most=longest)
    least = float(closed_form.optimal_learning_rate(longest, d, levels[-1]))
    powers_of_two_axis(right, "y", least=least, most=1 / 4)
    right.set_ylim(0.7 * least, 0.4)
    right.set(xlabel=CONTEXT, ylabel=r"learning rate $\eta$")
    series_legend(right, [rf"$\sigma^2={noise:g}$" for noise in levels], loc="lower left")
    panel_label(right, r"(b) $\eta=1/(n+d+1+\sigma^2)$ tends to $1/n$")
    slow = select(rows, source="not_reached")[0]
    note(
        figure,
        "Lines: closed form. Points: Theorem 1's ratio of expectations on raw prompts, with 99 % intervals. Stars: layers trained by Adam, mean and\n"
        f"range ({slow['count']} of {slow['replicates']} layers had not reached the minimum when training ended, and are left out).",
    )
    return figure


def _inverse(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"estimate": 1.0 / row["estimate"], "low": 1.0 / row["high"], "high": 1.0 / row["low"]}


def loss_against_context(rows: Rows) -> Figure:
    """Draw the losses of three predictors, and the price of linear attention, against the context length."""
    figure, (left, right) = new_figure(1, 2, height=3.0)
    first = select(rows, predictor="step")[0]
    d, noise = first["dimension"], first["noise_variance"]
    longest = max(column(rows, "context_length"))
    grid = whole_numbers(1, longest)
    lines = {
        "zero": np.full(grid.shape, d + noise),
        "step": closed_form.minimum_pretraining_loss(grid, d, noise),
        "ridge": noise + closed_form.bayes_excess_exact(grid, d, noise),
    }
    for series, (predictor, line) in enumerate(lines.items()):
        theory_line(left, grid, line, series)
        chosen = select(rows, predictor=predictor)
        simulation_points(left, column(chosen, "context_length"), chosen, series)
    write_level(left, noise, r"noise floor $\sigma^2$", at=0.35, below=True)
    powers_of_two_axis(left, least=1, most=longest)
    left.set(xlabel=CONTEXT, ylabel="squared error at the query", ylim=(0, 1.12 * (d + noise)))
    names = ["zero predictor", "one gradient step ($L^*$)", "ridge (Bayes)"]
    series_legend(left, names, loc="upper right", bbox_to_anchor=(1.0, 0.84))
    panel_label(left, rf"(a) Loss at $d={d}$, $\sigma^2={noise:g}$")
    levels = distinct(rows, "noise_variance")
    for series, level in enumerate(levels):
        theory_line(right, grid, closed_form.icl_excess(grid, d, level) / closed_form.bayes_excess_exact(grid, d, level), series)
        chosen = select(rows, predictor="ratio", noise_variance=level)
        simulation_points(right, column(chosen, "context_length"), chosen, series)
        limit = float(closed_form.inefficiency_limit(d, level))
        write_level(right, limit, f"limit {limit:g}", at=0.17, below=level == levels[-1])
    powers_of_two_axis(right, least=1, most=longest)
    right.set_yscale("log", base=2)
    powers_of_two_axis(right, "y", least=1, most=16)
    right.set_ylim(0.9, 16)
    right.set(xlabel=CONTEXT, ylabel="excess of step / excess of ridge")
    series_legend(right, [rf"$\sigma^2={level:g}$" for level in levels], loc="upper left", bbox_to_anchor=(0.0, 0.7), handlelength=2.0)
    panel_label(right, r"(b) The excess ratio tends to $1+(d+1)/\sigma^2$")
    note(figure, POINTS)
    return figure


def trained_layer(rows: Rows) -> Figure:
    """Draw layers during and after their training."""
    figure, (left, middle, right) = new_figure(1, 3, height=2.9, width_ratios=(1.25, 1.0, 1.15))
    losses = select(rows, curve="loss")
    n, d, noise = (losses[0][name] for name in ("context_length", "dimension", "noise_variance"))
    simulation_points(left, column(losses, "step"), losses, linestyle="-", linewidth=0.8, markersize=3.5)
    best = float(closed_form.minimum_pretraining_loss(n, d, noise))
    write_level(left, best, f"minimum $L^*={best:.3f}$", below=True)
    write_level(left, d + noise, "zero predictor")
    left.set(xscale="log", xlabel="training step", ylabel="minibatch loss", ylim=(0, None))
    panel_label(left, "(a) Training reaches $L^*$")
    matrix, texts = np.zeros((d, d)), [[""] * d for _ in range(d)]
    for row in select(rows, curve="step"):
        matrix[row["row"], row["column"]] = row["estimate"]
        texts[row["row"]][row["column"]] = f"{_plain(row['estimate'])}\n±{0.5 * (row['high'] - row['low']):.2f}"
    number_map(middle, np.abs(matrix), texts, least=0.0, most=1.0)
    middle.set_xticks(range(d), [str(i + 1) for i in range(d)])
    middle.set_yticks(range(d), [str(i + 1) for i in range(d)])
    middle.set(xlabel="coordinate", ylabel="coordinate")
    panel_label(middle, r"(b) $P/\eta$ is the identity")
    weights = select(rows, curve="weights")[0]
    table = np.column_stack([weights["value_vector"], np.full(d + 1, np.nan), weights["key_query_matrix"]])
    texts = [["" if np.isnan(value) else _plain(value) for value in line] for line in table]
    number_map(right, np.abs(table), texts, least=0.0, most=float(np.nanmax(np.abs(table))))
    right.set_xticks([0, 2 + 0.5 * (d - 1)], ["$v$", "$M$"])
    right.set_yticks([0.5 * (d - 1), d], ["$a,\\ A$", "$c,\\ b^\\top$"])
    right.axhline(d - 0.5, color="0.3", linewidth=0.8)
    panel_label(right, "(c) Only $c$ and $A$ are left")
    count = select(rows, curve="step")[0]["replicates"]
    note(
        figure,
        rf"Real layers with $d={d}$, $n={n}$, $\sigma^2={noise:g}$, trained by Adam from random weights. (a), (b): mean and range of {count} layers; "
        "(c): one\n"
        r"layer, balanced to $|v|=|M|$. $P=cA^\top+ba^\top$ is the matrix of the step $\theta=P\,X^\top y$ that the layer takes.",
    )
    return figure


def _plain(value: float) -> str:
    """Return two decimals, without the sign of a rounded zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def preconditioner(rows: Rows) -> Figure:
    """Draw the eigenvalues of the learned preconditioner and its gain, for two priors."""
    figure, (left, right) = new_figure(1, 2, height=3.0)
    spectrum, noise = np.array(rows[0]["spectrum"]), rows[0]["noise_variance"]
    sigma = np.diag(spectrum)
    priors = {"inverse": (np.diag(1.0 / spectrum), r"$\Omega=\Sigma^{-1}$"), "identity": (np.eye(spectrum.size), r"$\Omega=I$")}
    n = select(rows, panel="eigenvalues")[0]["context_length"]
    for series, (prior, (omega, _)) in enumerate(priors.items()):
        best = np.diag(closed_form.optimal_preconditioner(n, sigma, omega, noise))
        theory_line(left, spectrum, best, series)
        chosen = select(rows, panel="eigenvalues", prior=prior)
        simulation_points(left, column(chosen, "eigenvalue"), chosen, series)
    powers_of_two_axis(left, least=spectrum.min(), most=spectrum.max())
    powers_of_two_axis(left, "y", least=1 / 32, most=2)
    left.set_ylim(1 / 34, 2)
    left.set(xlabel=r"eigenvalue of the covariance $\Sigma$", ylabel="eigenvalue of $P^*$")
    series_legend(left, [label for _, label in priors.values()], loc="upper right")
    panel_label(left, rf"(a) $P^*$ whitens only for $\Omega=\Sigma^{{-1}}$  ($n={n}$)")
    lengths = distinct(select(rows, panel="loss"), "context_length")
    grid = whole_numbers(1, lengths[-1])
    labels = []
    for series, (prior, step) in enumerate((prior, step) for prior in priors for step in ("preconditioned", "plain")):
        omega, label = priors[prior]
        theory_line(right, grid, [_share(step, length, sigma, omega, noise) for length in grid.tolist()], series)
        chosen = select(rows, panel="loss", prior=prior, step=step)
        simulation_points(right, column(chosen, "context_length"), chosen, series)
        labels.append(f"{label}, {'best $P$' if step == 'preconditioned' else 'best plain'}")
    powers_of_two_axis(right, least=1, most=lengths[-1])
    right.set(xlabel=CONTEXT, ylabel="unexplained share of the signal", ylim=(0, 1.25))
    series_legend(right, labels, loc="upper right", ncols=2, handlelength=2.2, columnspacing=0.9, fontsize=7)
    panel_label(right, "(b) What preconditioning gains")
    note(figure, POINTS)
    return figure


def _share(step: str, n: int, sigma: np.ndarray, omega: np.ndarray, noise: float) -> float:
    if step == "preconditioned":
        loss = closed_form.minimum_loss_general(n, sigma, omega, noise)
    else:
        rate = closed_form.best_plain_learning_rate(n, sigma, omega, noise)
        loss = closed_form.preconditioned_loss(rate * np.eye(len(sigma)), n, sigma, omega, noise)
    return float((loss - noise) / np.sum(sigma * omega))


TEACHERS = {
    "linear": "linear",
    "sign": "sign",
    "tanh": "tanh",
    "network": "ReLU network",
    "relu": "one ReLU",
    "hermite3": "Hermite $He_3$",
}


def nonlinear_teachers(rows: Rows) -> Figure:
    """Draw step and loss for nonlinear teachers."""
    figure, (left, right) = new_figure(1, 2, height=3.1)
    d, noise = rows[0]["dimension"], rows[0]["noise_variance"]
    grid = whole_numbers(1, max(column(rows, "context_length")))
    for series, teacher in enumerate(TEACHERS):
        moments = closed_form.relu_network_moments(d) if teacher == "network" else closed_form.nonlinear_teacher_moments(teacher, d)
        power, label_variance = moments.linear_power, moments.power + noise
        rate = np.zeros(grid.shape)
        # A teacher without a linear part has rate 0, about which the closed form warns.
        if power > 0.0:
            rate = closed_form.optimal_learning_rate_nonlinear(power, moments.weighted_power, d, grid, noise)
        theory_line(left, grid, grid * rate, series)
        theory_line(right, grid, 1.0 - grid * power * rate / label_variance, series)
        for axes, panel in ((left, "rate"), (right, "loss")):
            chosen = select(rows, teacher=teacher, panel=panel)
            simulation_points(axes, column(chosen, "context_length"), chosen, series)
    for axes in (left, right):
        powers_of_two_axis(axes, least=1, most=grid[-1])
        axes.set_xlabel("context length $n$")
    left.set(ylabel=r"step on the averaged loss, $n\,\eta$", ylim=(-0.05, 1.05))
    right.set(ylabel="loss / variance of the labels", ylim=(0.0, 1.05))
    panel_label(left, rf"(a) Still one plain step  ($d={d}$, $\sigma^2={noise:g}$)")
    panel_label(right, "(b) Only the linear part is learned")
    legend = series_legend(right, list(TEACHERS.values()), loc="center left", bbox_to_anchor=(1.02, 0.5))
    legend.set_title("teacher")
    note(figure, POINTS)
    return figure
