"""The parameter grids behind the figures of one_step_gd (arXiv:2307.03576), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``. Layers that
are trained are too dear for an interval: their rows hold the mean and the range of a few independent layers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import fetch
from theorylab.papers.one_step_gd import closed_form, monte_carlo
from theorylab.quantities import Quantity
from theorylab.rows import Rows, histogram, point, powers_of_two, share, spread

__all__ = ["SWEEPS"]


# The learning rate -------------------------------------------------------------------------------------------------------------------------


# A layer within this excess has reached the minimum: minibatch noise leaves some 0.005, saddles and traps lie far above.
REACHED = 0.05


def trained_layers(lab: Laboratory, runs: int, **parameters: Any) -> dict[str, np.ndarray]:
    """Train layers by minibatch Adam in a stream of their own.

    Besides what the training returns: "step_matrix" P = c A^T + b a^T, (runs, d, d), and "excess", population loss minus minimum, (runs,).
    """
    trained = lab.draw(monte_carlo.train_linear_attention, runs, **parameters)
    host = {name: fetch(value) for name, value in trained.items()}
    vector, matrix = host["value_vector"], host["key_query_matrix"]
    host["step_matrix"] = vector[:, -1, None, None] * matrix[:, :-1].swapaxes(1, 2) + matrix[:, -1, :, None] * vector[:, None, :-1]
    identity, n, noise = np.eye(matrix.shape[2]), parameters["context_length"], parameters["noise_variance"]
    host["excess"] = np.array([closed_form.excess_over_minimum(v, m, n, identity, identity, noise) for v, m in zip(vector, matrix, strict=True)])
    return host


def learning_rate(lab: Laboratory) -> Rows:
    """Theorem 1's ratio E|X^T y|^2 / E[w_ridge^T X^T y] = 1 / eta on raw prompts, and the same number d / tr P read off trained layers.

    Some layers are still near a saddle of the loss when training ends: they are counted, and left out of the mean.
    """
    dimension, relative = 3, lab.at_scale(0.015, 0.003)
    noises = lab.at_scale([0.0, 1.0, 2.0, 3.0, 4.0], [0.5 * step for step in range(9)])
    problems = [(n, noise) for n in (4, 8, 16) for noise in noises]
    problems += [(n, noise) for noise in (0.0, 4.0, 16.0) for n in lab.at_scale(powers_of_two(0, 6), powers_of_two(0, 9))]
    rows = []
    for n, noise in sorted(set(problems)):
        fields: dict[str, Any] = {"context_length": n, "dimension": dimension, "noise_variance": noise}
        run = lab.run(monte_carlo.sample_learning_rate_terms, statistics=("squared_gradient", "correlation"), **fields)
        rows.append(point(run.mean("squared_gradient") / run.mean("correlation"), relative=relative, source="ratio", **fields))
    layers, batch, steps = lab.at_scale((4, 64, 2500), (16, 512, 4000))
    missing = 0
    trained = lab.at_scale(
        [(8, 0.0), (8, 2.0), (8, 4.0), (16, 0.0), (16, 4.0)], [(n, noise) for n in (4, 8, 16, 32) for noise in (0.0, 1.0, 2.0, 4.0)]
    )
    for n, noise in trained:
        fields = {"context_length": n, "dimension": dimension, "noise_variance": noise}
        ends = trained_layers(lab, layers, batch_size=batch, steps=steps, **fields)
        reached = ends["excess"] < REACHED
        missing += int(np.sum(~reached))
        inverse_rates = dimension / np.trace(ends["step_matrix"], axis1=1, axis2=2)
        if reached.any():
            rows.append(spread(inverse_rates[reached], source="trained", **fields))
    return [*rows, share(missing, layers * len(trained), source="not_reached", count=missing)]


# Loss against the length of the context ----------------------------------------------------------------------------------------------------


def loss_against_context(lab: Laboratory) -> Rows:
    """Losses of the zero predictor, the optimal gradient step and ridge regression on the same raw prompts, and the ratio of the excesses."""
    dimension, relative = 5, lab.at_scale(0.02, 0.004)
    lengths = lab.at_scale([1, 2, 4, 8, 16, 32, 64, 128], powers_of_two(0, 10))
    rows = []
    for noise in (0.5, 1.0, 4.0):
        for n in lengths:
            eta = float(closed_form.optimal_learning_rate(n, dimension, noise))
            parameters: dict[str, Any] = {"context_length": n, "dimension": dimension, "noise_variance": noise}
            run = lab.run(monte_carlo.sample_bayes_gap, statistics=("step_error", "ridge_error"), learning_rate=eta, **parameters)
            step, ridge = run.mean("step_error"), run.mean("ridge_error")
            rows.append(point(step / ridge, relative=relative, predictor="ratio", **parameters))
            if noise == 0.5:
                zero = lab.run(monte_carlo.sample_prompt_terms, **parameters).mean("squared_task")
                for predictor, quantity in (("zero", zero), ("step", step), ("ridge", ridge)):
                    rows.append(point(quantity + noise, relative=relative, predictor=predictor, **parameters))
    return rows


# One trained layer -------------------------------------------------------------------------------------------------------------------------


def trained_layer(lab: Laboratory) -> Rows:
    """Train layers from random weights: loss on the way, the matrix P in units of eta, and the blocks of v and M."""
    layers, batch, steps, bins = lab.at_scale((4, 256, 2000, 25), (8, 1024, 8000, 40))
    parameters: dict[str, Any] = {"context_length": 8, "dimension": 3, "noise_variance": 0.5}
    trained = trained_layers(lab, layers, batch_size=batch, steps=steps, **parameters)
    rows: Rows = []
    edges = np.unique(np.round(np.geomspace(1, steps + 1, bins + 1)).astype(int)) - 1
    for first, last in itertools.pairwise(edges.tolist()):
        losses = trained["losses"][first:last].mean(axis=0)
        step = 0.5 * (first + 1 + last)
        rows.append(spread(losses, curve="loss", step=step, prompts_per_step=batch, **parameters))
    relative_steps = trained["step_matrix"] / closed_form.optimal_learning_rate(**parameters)
    for (row, column), _ in np.ndenumerate(relative_steps[0]):
        rows.append(spread(relative_steps[:, row, column], curve="step", row=row, column=column, **parameters))
    # The loss does not see a scale between v and M, nor a common sign: show |v| = |M|, c > 0.
    vector, matrix = trained["value_vector"][0], trained["key_query_matrix"][0]
    scale = np.sign(vector[-1]) * np.sqrt(np.linalg.norm(matrix) / np.linalg.norm(vector))
    return [*rows, {"curve": "weights", "value_vector": vector * scale, "key_query_matrix": matrix / scale, "replicates": 1, **parameters}]


# Preconditioner ----------------------------------------------------------------------------------------------------------------------------


def preconditioner(lab: Laboratory) -> Rows:
    """Best diagonal steps, found from losses alone, and what they gain on the best plain step; Sigma diagonal, two priors.

    The loss is a parabola in every diagonal entry p of P, with no mixed terms. From the losses at p = -1, 0, 1 (other entries 0) its vertex is
    (loss(-1) - loss(1)) / 2 / (loss(-1) - 2 loss(0) + loss(1)).
    """
    dimension, length, noise, relative = 6, 20, 0.5, lab.at_scale(0.03, 0.005)
    spectrum = [2.0**-j for j in range(dimension)]
    sigma = np.diag(spectrum)
    rows: Rows = []
    for prior, omega in (("inverse", np.diag([1.0 / value for value in spectrum])), ("identity", np.eye(dimension))):
        world: dict[str, Any] = {"noise_variance": noise, "feature_covariance": sigma, "task_covariance": omega}
        fields: dict[str, Any] = {"prior": prior, "spectrum": spectrum, "noise_variance": noise}
        for j, eigenvalue in enumerate(spectrum):
            unit = np.zeros((dimension, dimension))
            unit[j, j] = 1.0
            run = lab.run(
                monte_carlo.sample_preconditioner_errors, preconditioners=[-unit, np.zeros_like(unit), unit], context_length=length, **world
            )
            below, middle, above = (run.mean(f"error_{k}") for k in range(3))
            vertex = (0.5 * (below - above)) / (below - 2.0 * middle + above)
            rows.append(point(vertex, relative=relative, panel="eigenvalues", eigenvalue=eigenvalue, context_length=length, **fields))
        variance = float(np.sum(sigma * omega))
        for n in lab.at_scale(powers_of_two(0, 7), powers_of_two(0, 10)):
            # Rounded, because the last bits of linear algebra must not key a random stream; the loss feels the square of 1e-6.
            best = np.round(closed_form.optimal_preconditioner(n, **world), 6)
            plain = round(closed_form.best_plain_learning_rate(n, **world), 6) * np.eye(dimension)
            run = lab.run(monte_carlo.sample_preconditioner_errors, preconditioners=[best, plain], context_length=n, **world)
            for k, step in enumerate(("preconditioned", "plain")):
                share = run.mean(f"error_{k}") / variance
                rows.append(point(share, relative=relative, panel="loss", step=step, context_length=n, **fields))
    return rows


# Nonlinear teachers ------------------------------------------------------------------------------------------------------------------------

TEACHERS = ("linear", "sign", "tanh", "network", "relu", "hermite3")


def teacher_rate(teacher: str, context_length: int, dimension: int, noise_variance: float) -> float:
    """Return the optimal learning rate for one of the teachers."""
    if teacher == "hermite3":
        return 0.0
    moments = closed_form.relu_network_moments(dimension) if teacher == "network" else closed_form.nonlinear_teacher_moments(teacher, dimension)
    power, weighted = moments.linear_power, moments.weighted_power
    return float(closed_form.optimal_learning_rate_nonlinear(power, weighted, dimension, context_length, noise_variance))


def nonlinear_teachers(lab: Laboratory) -> Rows:
    """Best averaged step n eta = n E[beta.X^T y] / E|X^T y|^2 for linear and nonlinear teachers, and the share of label variance it leaves."""
    lengths = lab.at_scale(powers_of_two(0, 6), powers_of_two(0, 9))
    rows: Rows = []
    for teacher in TEACHERS:
        # Where beta vanishes identically, f(x_q) x_q with a drawn query stands for it: the same mean, 0, but not by construction.
        aligned = "query_correlation" if teacher == "hermite3" else "correlation"
        # A cubic of Gaussians is so heavy-tailed that its intervals are dear, and at short contexts they have to wait for long.
        absolute = lab.at_scale(0.04, 0.02) if teacher == "hermite3" else lab.at_scale(0.02, 0.004)
        for n in [length for length in lengths if teacher != "hermite3" or length >= 32]:
            parameters: dict[str, Any] = {"context_length": n, "dimension": 4, "noise_variance": 0.5}
            statistics = (aligned, "squared_gradient", "squared_label")
            if teacher == "network":
                run = lab.run(monte_carlo.sample_network_terms, statistics=statistics, width=8, **parameters)
            else:
                run = lab.run(monte_carlo.sample_teacher_terms, statistics=statistics, link=teacher, **parameters)
            correlation, gradient, label = (run.mean(name) for name in statistics)
            rows.append(point(float(n) * correlation / gradient, absolute=absolute, panel="rate", teacher=teacher, **parameters))
            eta = teacher_rate(teacher, **parameters)
            # A step of length 0 leaves the whole variance: nothing to measure.
            if eta > 0.0:
                loss = label - 2.0 * eta * correlation + eta**2 * gradient
                rows.append(point(loss / label, absolute=absolute, panel="loss", teacher=teacher, **parameters))
    return rows


# The gap to Bayes --------------------------------------------------------------------------------------------------------------------------


def excesses(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> tuple[Quantity, Quantity]:
    """Return the excess losses of the optimal step and of ridge regression, from spectra with task and noise integrated out."""
    parameters: dict[str, Any] = {"dimension": dimension, "noise_variance": noise_variance, "prior_variance": prior_variance}
    eta = float(closed_form.optimal_learning_rate(context_length, **parameters))
    step = lab.run(monte_carlo.sample_test_length_excess, context_length=context_length, test_length=context_length, learning_rate=eta, **parameters)
    return step.mean("summed"), lab.run(monte_carlo.sample_bayes_excess, context_length=context_length, **parameters).mean()


def bayes_gap(lab: Laboratory) -> Rows:
    """Excess of linear attention and of the Bayes predictor at one large size over d / n, and their gap over a grid of sizes."""
    relative = lab.at_scale(0.01, 0.002)
    dimension, ratios = lab.at_scale((128, 9), (512, 17))
    rows: Rows = []
    for features_per_sample in np.geomspace(1 / 16, 16, ratios):
        n = round(float(dimension / features_per_sample))
        for noise in (0.0, 0.1, 1.0):
            fields: dict[str, Any] = {"panel": "proportional", "context_length": n, "dimension": dimension, "noise_to_signal": noise}
            step, bayes = excesses(lab, n, dimension, noise, 1.0 / dimension)
            rows.append(point(step - bayes, absolute=relative, curve="gap", **fields))
            rows.append(point(step, relative=relative, curve="step", **fields))
            # Without noise the Bayes excess is the same for every prompt.
            if noise > 0.0:
                rows.append(point(bayes, relative=relative, curve="bayes", **fields))
    sizes = lab.at_scale(powers_of_two(0, 6), powers_of_two(0, 9))
    for n in sizes:
        for d in sizes:
            step, bayes = excesses(lab, n, d, 1.0, 1.0)
            share = (step - bayes) / float(min(n, d))
            rows.append(point(share, absolute=relative, panel="sizes", curve="gap", context_length=n, dimension=d, noise_variance=1.0))
    return rows


# Landscape ---------------------------------------------------------------------------------------------------------------------------------


def landscape(lab: Laboratory) -> Rows:
    """Where descents from random starts end: the distribution of their excess in three problems, the fraction trapped over a grid of sizes."""
    starts = lab.at_scale(512, 8192)
    rows: Rows = []
    edges = np.linspace(-0.0125, 1.4375, 59)
    for n, d, noise in ((1, 2, 0.0), (10, 2, 0.0), (8, 3, 0.5)):
        problem: dict[str, Any] = {"context_length": n, "dimension": d, "noise_variance": noise}
        ends = lab.replicates(monte_carlo.sample_descent_outcomes, least=starts, initial_scale=initial_scale(n), **problem)
        rows += histogram(ends["excess"], edges, panel="levels", largest_gradient=ends["gradient_norm"].max(), **problem)
    dimensions, lengths = lab.at_scale((range(2, 6), powers_of_two(0, 7)), (range(2, 9), powers_of_two(0, 9)))
    for d in dimensions:
        for n in lengths:
            problem = {"context_length": n, "dimension": d, "noise_variance": 0.0}
            run = lab.run(monte_carlo.sample_descent_outcomes, initial_scale=initial_scale(n), **problem)
            trapped = run.probability_above(TRAPPED, "excess")
            rows.append(point(trapped, absolute=lab.at_scale(0.08, 0.02), panel="trapped", **problem))
    return rows


# Every trap of the grids lies above this excess (the lowest, at n = 512 and d = 2, near 0.17); descents that reach the minimum end below 1e-12.
TRAPPED = 0.01


def initial_scale(context_length: int) -> float:
    """Return the standard deviation of the starts."""
    return float(0.3 / np.sqrt(context_length))


# Another length at test time ---------------------------------------------------------------------------------------------------------------


def test_length_sweep(lab: Laboratory) -> Rows:
    """Excess of layers trained at length n on prompts of length m, with summed and with averaged attention."""
    relative = lab.at_scale(0.02, 0.004)
    rows = []
    parameters: dict[str, Any] = {"dimension": 4, "noise_variance": 0.5}
    for n in (5, 10, 40):
        eta = float(closed_form.optimal_learning_rate(n, **parameters))
        for m in lab.at_scale(
            (1, 2, 4, 7, 12, 20, 33, 60, 120, 250), (1, 2, 3, 4, 5, 7, 9, 12, 15, 20, 26, 33, 45, 60, 85, 120, 170, 250, 500, 1000)
        ):
            sampler = monte_carlo.sample_test_length_excess
            run = lab.run(sampler, context_length=n, test_length=m, learning_rate=eta, statistics=("summed", "averaged"), **parameters)
            for attention in ("summed", "averaged"):
                excess = run.mean(attention)
                rows.append(point(excess, relative=relative, attention=attention, context_length=n, test_length=m, **parameters))
    return rows


SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "learning_rate": learning_rate,
    "loss_against_context": loss_against_context,
    "trained_layer": trained_layer,
    "preconditioner": preconditioner,
    "nonlinear_teachers": nonlinear_teachers,
    "bayes_gap": bayes_gap,
    "landscape": landscape,
    "test_length": test_length_sweep,
}
