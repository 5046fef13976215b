"""The drawing of the bias against the dimension of the inputs and, on real data, against the target error (arXiv:2406.15941)."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form import (
    gamma_bias,
    gamma_fit_limit,
    kl_inductive_bias,
    radius_bound_bias,
    required_inductive_bias,
    sankaran_score,
    scaled_noncentral_chi2_from_cumulants,
    task_distribution,
)
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import (
    SERIES,
    column,
    new_figure,
    note,
    panel_label,
    plain_log_axis,
    powers_of_two_axis,
    select,
    series_legend,
    simulation_points,
    theory_line,
)
from theorylab.rows import Rows

__all__ = ["dimension"]

LINES = ("exact", "fitted Gamma law", "published fallback", "radius bound", "KL version", "three cumulants")


def dimension(rows: Rows) -> Figure:
    """Draw nats against the dimension with four other readings of them, and nats of digits and diabetes for five kernels."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.7)
    inputs = select(rows, panel="dimension")
    _dimensions(left, inputs)
    _data(middle, select(rows, data="digits"))
    _data(right, select(rows, data="diabetes"))
    plain_log_axis(middle, (0.005, 0.02, 0.1))
    plain_log_axis(right, (0.1, 0.2, 0.4, 0.8))
    panel_label(middle, "(b) Digits, ten outputs")
    panel_label(right, "(c) Diabetes")
    first, digits, diabetes = inputs[0], select(rows, data="digits")[0], select(rows, data="diabetes")[0]
    note(
        figure,
        f"(a): Laplace kernel, $n={first['train']}$, $m={first['test']}$, $\\varepsilon={first['target_error']:g}$. Points: Gamma laws fitted to "
        f"$S={first['hypotheses']}$ test errors, mean and 99 % interval of\n{first['replicates']} fits. Three cumulants: the member of the paper's "
        "family that has those of the law, where there is one. (b), (c): exact,\n"
        f"$n={digits['train']}$, $m={digits['test']}$ and $n={diabetes['train']}$, $m={diabetes['test']}$, noise of variance {digits['nugget']:g} on "
        "training targets. Uprights: the linear space goes no lower at any price.",
    )
    return figure


def _dimensions(axes: Axes, rows: Rows) -> None:
    eps = rows[0]["target_error"]
    inputs = np.unique(np.round(np.geomspace(1, max(column(rows, "dimension")), 25)).astype(int))
    found = np.full((len(LINES), len(inputs)), np.nan)
    for place, count in enumerate(inputs):
        law = task_distribution(kronecker_task(int(count), rows[0]["train"], rows[0]["test"]))
        fit = gamma_fit_limit(law)
        score = sankaran_score(eps, 2.0 * fit.shape, 0.0, fit.mean / (2.0 * fit.shape))
        found[:, place] = (
            required_inductive_bias(law, eps),
            gamma_bias(fit, eps),
            # Squared, the score would turn likely errors into many nats.
            0.5 * min(score, 0.0) ** 2,
            radius_bound_bias(law, eps),
            kl_inductive_bias(law, eps).nats,
            _three_cumulants(law, eps),
        )
    for series, values in enumerate(found):
        theory_line(axes, inputs, values, series, linewidth=1.5 if series else 2.2)
    simulation_points(axes, column(rows, "dimension"), rows, 1)
    powers_of_two_axis(axes, least=1, most=256)
    axes.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
    axes.set(xlabel="dimension $d$", ylabel=r"nats $I(\varepsilon)$", ylim=(0, 180))
    legend = series_legend(axes, LINES, loc="upper left", fontsize=6.5, labelspacing=0.3)
    for series, handle in enumerate(legend.legend_handles):
        if series != 1:
            handle.set_marker("None")  # type: ignore[union-attr]
    panel_label(axes, "(a) Dimension of the inputs")


def _three_cumulants(law: GeneralizedChiSquared, eps: float) -> float:
    """Return the bias under the member of the family with the cumulants of the law, NaN if there is none."""
    try:
        member = scaled_noncentral_chi2_from_cumulants(*law.cumulants(3))
    except ValueError:
        return math.nan
    return float(required_inductive_bias(GeneralizedChiSquared([member.scale], member.degrees, max(member.noncentrality, 0.0)), eps))


def _data(axes: Axes, rows: Rows) -> None:
    kernels = list(dict.fromkeys(column(rows, "kernel")))
    for series, kernel in enumerate(kernels):
        chosen = [row for row in select(rows, kernel=kernel) if row["estimate"] > 0.1]
        look = SERIES[series]
        simulation_points(axes, column(chosen, "target_error"), chosen, series, linestyle=look.dash, linewidth=1.1, markersize=3.5, capsize=0)
        wall = select(rows, kernel=kernel)[0]["wall"]
        if wall > 0.0:
            axes.axvline(wall, color=look.colour, linewidth=0.8, alpha=0.7, zorder=1)
    axes.set(xlabel=r"target error $\varepsilon$", yscale="log")
    names = [{"matern_5/2": "Matern 5/2", "rbf": "RBF", "laplace": "Laplace"}.get(kernel, kernel) for kernel in kernels]
    series_legend(axes, names, loc="lower left", fontsize=6.5, labelspacing=0.3, handlelength=2.2)
