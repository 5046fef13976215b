"""The drawings of one_step_gd (arXiv:2307.03576): closed forms as lines over the simulated points of ``simulations/one_step_gd.py``.

The parameters of every line are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable
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

__all__ = ["FIGURES"]

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


FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "learning_rate": learning_rate,
    "loss_against_context": loss_against_context,
    "trained_layer": trained_layer,
    "preconditioner": preconditioner,
    "nonlinear_teachers": nonlinear_teachers,
    "bayes_gap": bayes_gap,
    "landscape": landscape,
    "test_length": test_length,
}
