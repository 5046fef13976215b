"""The drawing of the test errors of hypotheses that fit (arXiv:2406.15941): the fitted family is right in the bulk and wrong in the tail."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form import GammaFit, gamma_bias, gamma_fit_limit, required_inductive_bias, task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import SERIES, column, new_figure, note, panel_label, select, series_legend, simulation_points, theory_line, write_place
from theorylab.rows import Rows

__all__ = ["error_histogram"]


def error_histogram(rows: Rows) -> Figure:
    """Draw the histogram of test errors with exact and fitted densities, and the nats of their lower tails."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    first = rows[0]
    law = task_distribution(kronecker_task(first["dimension"], first["train"], first["test"]))
    fit = gamma_fit_limit(law)
    _density(left, select(rows, panel="density"), law, fit)
    _tail(right, rows, law, fit)
    errors = np.linspace(0.1, 2.0, 400)
    apart = float(np.max(np.abs(np.asarray(law.cdf(errors)) - np.exp(-np.asarray(gamma_bias(fit, errors))))))
    note(
        figure,
        f"Laplace kernel, $d={first['dimension']}$, $n={first['train']}$, $m={first['test']}$; {select(rows, panel='density')[0]['replicates']} "
        r"hypotheses; 99 % intervals. Fitted: the Gamma law of greatest likelihood"
        f"\nto infinitely many; the two distribution functions differ by {apart:.2g} at most. Dotted: all that counting can say.",
    )
    return figure


def _density(axes: Axes, rows: Rows, law: GeneralizedChiSquared, fit: GammaFit) -> None:
    # The outer bins only catch the rest.
    inner = rows[1:-1]
    edges = np.array([row["bin_from"] for row in inner] + [inner[-1]["bin_to"]])
    fine = np.linspace(edges[0], edges[-1], 201)
    middle, step = 0.5 * (fine[1:] + fine[:-1]), fine[1] - fine[0]
    theory_line(axes, middle, np.diff(np.asarray(law.cdf(fine))) / step, 0)
    theory_line(axes, middle, np.diff(np.exp(-np.asarray(gamma_bias(fit, fine)))) / step, 1)
    widths = np.diff(edges)
    for row, width in zip(inner, widths, strict=True):
        axes.bar(row["bin_from"], row["estimate"] / width, width, align="edge", color="0.9", edgecolor="0.75", linewidth=0.5, zorder=0)
    scaled = [{name: row[name] / width for name in ("estimate", "low", "high")} for row, width in zip(inner, widths, strict=True)]
    simulation_points(axes, 0.5 * (edges[1:] + edges[:-1]), scaled, 0, markersize=3.0)
    axes.set(xlabel="test error $L$", ylabel="density", xlim=(edges[0], edges[-1]), ylim=(0, None))
    legend = series_legend(axes, ["exact, and sampled", "fitted Gamma law"], loc="upper right", fontsize=7)
    legend.legend_handles[1].set(marker="None")  # type: ignore[union-attr]
    panel_label(axes, "(a) The bulk")


def _tail(axes: Axes, rows: Rows, law: GeneralizedChiSquared, fit: GammaFit) -> None:
    mean = float(law.mean())
    eps = np.geomspace(0.03, 1.0, 60) * mean
    theory_line(axes, eps, required_inductive_bias(law, eps), 0)
    theory_line(axes, eps, gamma_bias(fit, eps), 1)
    counted, tilted = select(rows, panel="counted"), select(rows, panel="tilted")
    simulation_points(axes, column(tilted, "target_error"), tilted, 2)
    nats = [{name: -np.log(max(row[other], 1e-9)) for name, other in (("estimate", "estimate"), ("low", "high"), ("high", "low"))} for row in counted]
    simulation_points(axes, column(counted, "target_error"), nats, 3, markersize=3.5)
    axes.axhline(np.log(counted[0]["replicates"]), color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    write_place(axes, mean, r"mean $\bar{L}$", right=False)
    axes.set(xlabel=r"target error $\varepsilon$", ylabel=r"$I(\varepsilon)$ (nats)", ylim=(0.3, 110), xlim=(0, 1.05 * mean), yscale="log")
    axes.set_yticks([1, 10, 100], ["1", "10", "100"])
    legend = series_legend(axes, ["exact", "fitted Gamma law", "reweighted draws", "counted"], loc="lower left", fontsize=7)
    for handle, series in zip(legend.legend_handles, range(4), strict=True):
        handle.set(**({"marker": "None"} if series < 2 else {"linestyle": "none", "color": SERIES[series].colour}))  # type: ignore[union-attr]
    panel_label(axes, "(b) The lower tail")
