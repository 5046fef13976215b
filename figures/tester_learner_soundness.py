"""The drawing of soundness (arXiv:2302.14853): how wrong the learner is in every situation, and how often its answer is accepted."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.plotting import SERIES, column, new_figure, note, number_map, panel_label, select, series_legend
from theorylab.rows import Rows

__all__ = ["soundness"]

JUDGES = {"tolerant": "(a) Tolerant", "calibrated": "(b) Calibrated", "searched": "(c) Tolerant, with search"}
ROWS = {"covariance_only": "covariance alone", "tolerant": "tolerant", "calibrated": "calibrated", "searched": "with search"}
KINDS = {"harmless": "harmless", "breaking": "breaks the learner", "trap": "made to be accepted"}
NAMES = {
    "gaussian": "Gaussian",
    "gaussian_massart": "Gaussian, Massart",
    "gaussian_far_flips": "Gaussian, far flips",
    "nodes_generic": "six nodes, generic",
    "hypercube_generic": "hypercube, generic",
    "student": "Student $t_3$",
    "laplace": "Laplace",
    "uniform": "uniform",
    "strongly_log_concave": "cut normal",
    "anisotropic": "one deviation of 3",
    "slab": "slab",
    "nodes": "six nodes",
    "pinched": "pinched",
    "hypercube": "hypercube",
    "hypercube_diagonal": "hypercube, diagonal",
    "lopsided": "lopsided",
    "planar_lopsided": "lopsided in a plane",
    "worst_planar_lopsided": "worst of these",
    "coupled": "coupled signs",
    "coupled_edge": "coupled, edge",
    "coupled_hidden": "coupled, hidden",
    "coupled_balanced": "coupled, balanced",
}


def soundness(rows: Rows) -> Figure:
    """Draw acceptance against excess error for three judges, the forbidden corner shaded, and a map of all rates by name."""
    figure, axes = new_figure(mosaic="abc;ddd", height=5.6, height_ratios=(1.5, 1))
    for judge, place in zip(JUDGES, axes, strict=False):
        _corner(place, rows, judge)
    axes[0].set_ylabel("acceptance rate")
    series_legend(axes[2], list(KINDS.values()), loc="center right", fontsize=7, handlelength=1.0, borderaxespad=0.1)
    for handle in axes[2].get_legend().legend_handles:  # type: ignore[union-attr]
        handle.set_linestyle("none")  # type: ignore[union-attr]
    _map(axes[3], rows)
    first = rows[0]
    note(
        figure,
        f"Simulation, {first['replicates']} runs a situation, 99 % intervals; $d={first['dimension']}$, $n={first['sample_size']}$, "
        f"$\\sigma={first['ramp_width']:g}$, $\\eta={first['noise_rate']:g}$, $\\varepsilon={first['excess_error']:g}$ (balanced: a wider band and a "
        "smaller $\\varepsilon$).\nShaded: accepted and wrong. But for the generic targets "
        "the learner starts at the first axis, where traps are laid.",
    )
    return figure


def _corner(axes: Axes, rows: Rows, judge: str) -> None:
    accepted = select(rows, panel="accepted", judge=judge)
    for series, kind in enumerate(KINDS):
        chosen = select(accepted, kind=kind)
        excess = [next(row for row in select(rows, panel="excess") if row["scenario"] == one["scenario"]) for one in chosen]
        x = np.array([[row[name] / row["excess_error"] for row in excess] for name in ("estimate", "low", "high")])
        y = np.array([column(chosen, name) for name in ("estimate", "low", "high")], dtype=float)
        look = SERIES[series]
        axes.errorbar(
            x[0],
            y[0],
            xerr=np.maximum([x[0] - x[1], x[2] - x[0]], 0.0),
            yerr=np.maximum([y[0] - y[1], y[2] - y[0]], 0.0),
            linestyle="none",
            marker=look.marker,
            color=look.colour,
            markerfacecolor="white",
            markeredgewidth=1.2,
            linewidth=0.9,
            zorder=3,
        )
    axes.fill_between([1.0, 40.0], 0.05, 1.04, color="#D55E00", alpha=0.12, linewidth=0, zorder=0)
    axes.annotate("accepted\nand wrong", (35.0, 1.01), ha="right", va="top", fontsize=7, color="0.25")
    axes.set(xscale="log", xlabel=r"excess error over $\varepsilon$", xlim=(0.05, 40), ylim=(-0.04, 1.06), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    panel_label(axes, JUDGES[judge])


def _map(axes: Axes, rows: Rows) -> None:
    excess = select(rows, panel="excess")
    names = column(excess, "scenario")
    table = np.array([[select(rows, panel="accepted", judge=judge, scenario=name)[0]["estimate"] for name in names] for judge in ROWS])
    texts = [[f"{value:.2f}".lstrip("0") if 0.0 < value < 1.0 else f"{value:.0f}" for value in line] for line in table]
    number_map(axes, table, texts, least=0.0, most=1.0, fontsize=6.0)
    # Where the learner is wrong on average, an acceptance is a failure: a frame around the column.
    for place, row in enumerate(excess):
        if row["estimate"] > row["excess_error"]:
            axes.plot(place + np.array([-0.46, 0.46, 0.46, -0.46, -0.46]), [-0.46, -0.46, 3.46, 3.46, -0.46], color="#D55E00", linewidth=0.9)
    axes.set_xticks(range(len(names)), [NAMES[name] for name in names], rotation=90, fontsize=7)
    axes.set_yticks(range(len(ROWS)), list(ROWS.values()), fontsize=7)
    panel_label(axes, "(d) Acceptance rates; framed: the answer is wrong")
