"""The drawing of risks under stronger interventions than in training (arXiv:2205.15196): what invariance costs nearby and saves far away."""

from __future__ import annotations

from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.models.structural_equations import apply_intervention, structural_second_moment
from theorylab.papers.pac_invariance.closed_form import best_head, chain_risk_under_intervention, prediction_risk, unmixing_predictor
from theorylab.papers.pac_invariance.reference_models import core_model
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
    select,
    series_legend,
    simulation_points,
    theory_line,
)
from theorylab.rows import Rows

__all__ = ["strength"]

SITES = (1, 4)


def strength(rows: Rows) -> Figure:
    """Draw risks against the strength of interventions at test: CHAIN with its child set by hand, CORE with new mechanisms or shifted means."""
    figure, (left, middle, right) = new_figure(1, 3, height=3.5, sharey=True)
    _chain(left, select(rows, panel="chain"))
    _soft(middle, select(rows, panel="soft"))
    _shift(right, select(rows, panel="shift"))
    first = select(rows, panel="soft")[0]
    note(
        figure,
        f"{POINTS}\n(b), (c): trained on {first['interventions']} environments of strength 1; lines: on infinitely many. (b): new coefficients "
        f"$N({first['coefficient_mean']:g},s^2)$\nat nodes 1 and 4 of CORE. (c): means of all covariates of CORE shifted by $N(0,s^2)$.",
    )
    return figure


def _chain(axes: Axes, rows: Rows) -> None:
    moments = np.geomspace(min(column(rows, "child_moment")) / 1.3, max(column(rows, "child_moment")) * 1.3, 60)
    for series, learner in enumerate(("pooled", "cause")):
        chosen = select(rows, learner=learner)
        theory_line(axes, moments, chain_risk_under_intervention(chosen[0]["head"], 1.2, 1.0, 0.8, moments) * np.ones_like(moments), series)
        simulation_points(axes, column(chosen, "child_moment"), chosen, series)
    plain_log_axis(axes, (0.5, 2, 8, 32))
    plain_log_axis(axes, (0.5, 1, 2, 5, 10, 20), "y")
    axes.set(xlabel="mean square $s$ of the child", ylabel="risk", ylim=(0.3, 60))
    series_legend(axes, ["least squares", "cause alone"], loc="upper left", fontsize=7)
    panel_label(axes, "(a) Child set by hand")


def _mean_moment(coefficient_mean: float, scale: float) -> np.ndarray:
    """Return the mean of the second moment over new coefficients N(mean, scale^2) and variances U[.3, 2] at the sites.

    Each coefficient enters its square at most, so that the two values mean +- scale stand for the normal law, and 1.15 for the variances.
    """
    model, _, _ = core_model()
    edges = [(row, int(node)) for row, site in enumerate(SITES) for node in np.flatnonzero(model.coefficients[site])]
    moments = []
    for signs in product((-1.0, 1.0), repeat=len(edges)):
        new = np.zeros((len(SITES), 6))
        for (row, node), sign in zip(edges, signs, strict=True):
            new[row, node] = coefficient_mean + sign * scale
        changed = apply_intervention(*model, sites=SITES, kind="soft", new_coefficients=new, new_variances=[1.15] * len(SITES))
        moments.append(structural_second_moment(*changed))
    return np.mean(moments, axis=0)


def _soft(axes: Axes, rows: Rows) -> None:
    model, target, _ = core_model()
    mean, strengths = rows[0]["coefficient_mean"], distinct(rows, "strength")
    places = np.geomspace(strengths[0] / 1.2, strengths[-1] * 1.2, 50)
    pooled = best_head(_mean_moment(mean, 1.0), target).head
    theory_line(axes, places, [prediction_risk(_mean_moment(mean, float(place)), target, pooled) for place in places], 0)
    theory_line(axes, places, np.full(len(places), model.noise_variances[target]), 1)
    unmixing = unmixing_predictor(model.noise_variances[target], model.coefficients[5, 3], model.noise_variances[5])
    theory_line(axes, places, np.full(len(places), unmixing.risk), 2)
    for series, learner in enumerate(("pooled", "subset", "irm")):
        chosen = select(rows, learner=learner)
        simulation_points(axes, column(chosen, "strength"), chosen, series)
    _strength_axis(axes, strengths)
    series_legend(axes, ["pooled", "best subset (parents)", "unmixing (IRMv1)"], loc="upper left", fontsize=7)
    panel_label(axes, "(b) New mechanisms")


def _shift(axes: Axes, rows: Rows) -> None:
    model, target, _ = core_model()
    covariates = [node for node in range(6) if node != target]
    base = structural_second_moment(*model)
    between = structural_second_moment(
        *apply_intervention(*model, sites=covariates, kind="scale", new_variances=model.noise_variances[covariates] + 1.0)
    )
    between = between - base
    strengths = distinct(rows, "strength")
    places = np.geomspace(strengths[0] / 1.2, strengths[-1] * 1.2, 50)
    tested = base + places[:, None, None] ** 2 * between
    gammas = distinct(rows, "gamma")
    # Colours of (b): pooled least squares first, the causal limit second.
    looks = dict(zip(gammas, (0, 3, 1), strict=True))
    for gamma in gammas:
        head = best_head(base + gamma * between, target).head
        theory_line(axes, places, prediction_risk(tested, target, head), looks[gamma])
        chosen = select(rows, gamma=gamma)
        simulation_points(axes, column(chosen, "strength"), chosen, looks[gamma])
    _strength_axis(axes, strengths)
    labels = ["pooled, $\\gamma=1$", *(f"anchor, $\\gamma={'10' if gamma < 100 else '10^6'}$" for gamma in gammas[1:])]
    legend = series_legend(axes, labels, loc="upper left", fontsize=7)
    for handle, gamma in zip(legend.legend_handles, gammas, strict=True):
        look = SERIES[looks[gamma]]
        handle.set(color=look.colour, linestyle=look.dash, marker=look.marker)  # type: ignore[union-attr]
    panel_label(axes, "(c) Shifted means")


def _strength_axis(axes: Axes, strengths: list[float]) -> None:
    powers_of_two_axis(axes, least=strengths[0], most=strengths[-1])
    axes.set(xlabel="strength $s$ at test", xlim=(strengths[0] / 1.3, strengths[-1] * 1.3))
    # Only as high as the legend allows.
    axes.axvline(1.0, ymax=0.6, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    place = {"xycoords": ("data", "axes fraction"), "xytext": (-2, 0), "textcoords": "offset points"}
    axes.annotate("training", (1.0, 0.6), rotation=90, va="top", ha="right", fontsize=7, color="0.25", **place)
