"""The drawing of the cliff (arXiv:2205.15196): exact invariance on D environments is exact invariance on the whole family, on fewer it is not."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.pac_invariance.closed_form import moment_family_dimension
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.plotting import SERIES, column, distinct, new_figure, note, panel_label, select, write_place
from theorylab.rows import Rows

__all__ = ["threshold"]

# Below it a gap is what rounding leaves.
FLOOR = 1e-16


def threshold(rows: Rows) -> Figure:
    """Draw the largest gap on fresh environments of representations that are invariant on N: the worst in random graphs, and IRMv1's in CORE."""
    figure, (left, right) = new_figure(1, 2, height=3.3, sharey=True)
    roots, learned = select(rows, panel="root"), select(rows, panel="irm")
    chain = np.zeros((3, 3))
    chain[1, 0] = chain[2, 1] = 0.5
    _cliff(left, roots, 0, moment_family_dimension(chain, [2]))
    _cliff(right, learned, 1, moment_family_dimension(core_model().model.coefficients, [1, 4]))
    covariates = 5
    write_place(right, covariates, f"$p={covariates}$", right=False)
    left.set_ylabel("largest gap $G$ on fresh environments")
    panel_label(left, "(a) Worst root, one site of in-degree 1")
    panel_label(right, "(b) IRMv1, CORE with two sites")
    note(
        figure,
        r"Small: one random graph (a) or training set (b); large: median. (a): of all $\phi$ with $\phi^T(M_{xx}\phi-m_{xy})=0$ in $N$ environments"
        f"\nthe one that fails most, $q={roots[0]['nodes']}$; in some graphs none fails at $N=2$. (b): $N=p$ leaves isolated solutions, $N=D$ is the "
        "guarantee;\ngaps near $10^{-6}$ are left by the finite penalty.",
    )
    return figure


def _cliff(axes: Axes, rows: Rows, series: int, dimension: int) -> None:
    look = SERIES[series]
    numbers = distinct(rows, "interventions")
    medians = []
    for number in numbers:
        gaps = np.maximum(column(select(rows, interventions=number), "estimate"), FLOOR)
        # Side by side, so that no point hides another.
        places = number + 0.5 * (np.arange(len(gaps)) + 0.5) / len(gaps) - 0.25
        axes.plot(places, gaps, linestyle="none", marker=look.marker, markersize=2.5, color=look.colour, alpha=0.55, markeredgewidth=0, zorder=2)
        medians.append(np.median(gaps))
    axes.errorbar(numbers, medians, linestyle="none", marker=look.marker, color=look.colour, markerfacecolor="white", markersize=6, zorder=3)
    axes.axvspan(dimension - 0.5, numbers[-1] + 0.6, color="0.94", linewidth=0, zorder=0)
    write_place(axes, dimension - 0.5, rf"$N\geq D={dimension}$", at=0.98)
    axes.set(xlabel="interventions $N$", xticks=numbers, yscale="log", xlim=(numbers[0] - 0.6, numbers[-1] + 0.6), ylim=(FLOOR / 5, 1e4))
    axes.set_yticks([1e-16, 1e-12, 1e-8, 1e-4, 1.0, 1e4])
