"""The drawing of the fitted bias against the number of hypotheses (arXiv:2406.15941): the noise goes, an error stays."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form import fitted_bias_limit, fitted_bias_standard_deviation, required_inductive_bias, task_distribution
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.plotting import SERIES, column, new_figure, note, panel_label, plain_log_axis, select, theory_line
from theorylab.rows import Rows

__all__ = ["hypotheses"]


def hypotheses(rows: Rows) -> Figure:
    """Draw single fits against S with the band that they should fill: about a wrong number, and about the right one where the family is right."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    for axes, equal in ((left, False), (right, True)):
        chosen = select(rows, equal=equal)
        first = chosen[0]
        test = first["test"]
        law = GeneralizedChiSquared([1.0 / test], test) if equal else task_distribution(kronecker_task(first["dimension"], first["train"], test))
        _fits(axes, chosen, law)
    left.set_ylabel("fitted nats")
    panel_label(left, "(a) A Gaussian process: the wrong limit")
    panel_label(right, "(b) Equal eigenvalues: the right one")
    note(
        figure,
        rf"Points: single fits of a Gamma law to $S$ test errors, read at a tenth of the mean error, $m={rows[0]['test']}$. Bands: limit "
        r"$\pm 2c/\sqrt{S}$ by the delta method."
        "\nIn (a), Laplace kernel, "
        f"$d={rows[0]['dimension']}$, $n={rows[0]['train']}$, more hypotheses make the estimate precise, not right.",
    )
    return figure


def _fits(axes: Axes, rows: Rows, law: GeneralizedChiSquared) -> None:
    eps = rows[0]["target_error"]
    limit, exact = float(fitted_bias_limit(law, eps)), float(required_inductive_bias(law, eps))
    counts = np.array(sorted(set(column(rows, "hypotheses"))))
    line = np.geomspace(counts[0] / 1.5, counts[-1] * 2.2, 60)
    half = 2.0 * fitted_bias_standard_deviation(law, eps) / np.sqrt(line)
    axes.fill_between(line, limit - half, limit + half, color=SERIES[1].colour, alpha=0.15, linewidth=0, zorder=0)
    theory_line(axes, line, np.full(len(line), exact), 0, linewidth=2.2)
    theory_line(axes, line, np.full(len(line), limit), 1)
    numbers = [row["number"] for row in rows]
    # Side by side, so that no point hides another.
    places = np.array(column(rows, "hypotheses")) * 1.35 ** ((np.array(numbers) + 0.5) / (max(numbers) + 1) - 0.5)
    look = {"linestyle": "none", "marker": "o", "markersize": 2.5, "color": SERIES[1].colour, "alpha": 0.6, "markeredgewidth": 0}
    axes.errorbar(places, column(rows, "estimate"), **look, zorder=3)
    handles = [
        Line2D([], [], color=SERIES[0].colour, linestyle=SERIES[0].dash),
        Line2D([], [], color=SERIES[1].colour, linestyle=SERIES[1].dash),
        Line2D([], [], **look),
    ]
    axes.legend(handles, ["exact", "limit of the fits", "fits"], loc="lower right", fontsize=7)
    plain_log_axis(axes, (30, 300, 3000, 30_000, 300_000)[: 4 if counts[-1] < 100_000 else 5])
    axes.set(xlabel="hypotheses $S$", xlim=(line[0], line[-1]), ylim=(0.55 * limit, max(1.6 * limit, 1.15 * exact)))
