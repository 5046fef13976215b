"""The drawing of the dimension of a family (arXiv:2205.15196): free of the number of nodes, quadratic in the number of sites."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.pac_invariance.closed_form import moment_family_dimension
from theorylab.plotting import (
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

__all__ = ["dimension"]

KINDS = {
    ("soft", True): "soft, joint",
    ("soft", False): "soft, one site",
    ("shift", True): "shift, joint",
    ("hard", False): "hard, one site",
    ("hard", True): "hard, joint",
}


def dimension(rows: Rows) -> Figure:
    """Draw ranks of stacked moments against the number of nodes, flat but for interventions everywhere, and against the number of sites by kind."""
    figure, (left, right) = new_figure(1, 2, height=3.4)
    _nodes(left, select(rows, panel="nodes"), select(rows, panel="everywhere"))
    _kinds(right, select(rows, panel="kinds"))
    first = select(rows, panel="kinds")[0]
    note(
        figure,
        f"Lines: formula, the largest over graphs for $k$ sites of in-degree $d$. Points: numerical rank, mean and range over "
        f"{first['replicates']} random graphs.\n(a): joint soft interventions. (b): $q={first['nodes']}$, $d={first['in_degree']}$.",
    )
    return figure


def _chain(sites: int, in_degree: int) -> tuple[np.ndarray, list[int]]:
    """Return a graph of largest dimension: each site has parents of its own, one of them a child of the site before."""
    coefficients = np.zeros((1 + sites * (in_degree + 1),) * 2)
    where = [(in_degree + 1) * (index + 1) for index in range(sites)]
    for site in where:
        coefficients[site, site - in_degree : site] = 0.5
        coefficients[site - in_degree, site - in_degree - 1] = 0.5
    return coefficients, where


def _nodes(axes: Axes, rows: Rows, everywhere: Rows) -> None:
    nodes = np.array([min(column(everywhere, "nodes")), max(column(rows, "nodes"))])
    settings = sorted({(row["sites"], row["in_degree"]) for row in rows}, reverse=True)
    ambient = np.arange(nodes[0], nodes[1] + 1)
    theory_line(axes, ambient, ambient * (ambient + 1) / 2, 0)
    simulation_points(axes, column(everywhere, "nodes"), everywhere, 0)
    for series, (sites, in_degree) in enumerate(settings, start=1):
        chosen = select(rows, sites=sites, in_degree=in_degree)
        places = column(chosen, "nodes")
        theory_line(axes, places, [moment_family_dimension(*_chain(sites, in_degree))] * len(places), series)
        simulation_points(axes, places, chosen, series)
    powers_of_two_axis(axes, least=nodes[0], most=nodes[1])
    plain_log_axis(axes, (1, 10, 100, 1000, 10_000, 100_000)[: 5 if nodes[1] < 200 else 6], "y")
    axes.set(xlabel="nodes $q=p+1$", ylabel="dimension $D$", xlim=(0.85 * nodes[0], 1.15 * nodes[1]), ylim=(1, 1.5 * ambient[-1] ** 2))
    labels = ["all covariates: $q(q+1)/2$", *(f"$k={sites},\\ d={in_degree}$" for sites, in_degree in settings)]
    series_legend(axes, labels, loc="upper left", fontsize=7)
    panel_label(axes, "(a) Free of the number of nodes")


def _kinds(axes: Axes, rows: Rows) -> None:
    sites = distinct(rows, "sites")
    in_degree = rows[0]["in_degree"]
    for series, (kind, joint) in enumerate(KINDS):
        theory_line(axes, sites, [moment_family_dimension(*_chain(count, in_degree), kind, joint=joint) for count in sites], series)
        chosen = select(rows, kind=kind, joint=joint)
        simulation_points(axes, column(chosen, "sites"), chosen, series)
    axes.set(xlabel="sites $k$", ylabel="dimension $D$", xticks=sites, ylim=(0, 50))
    series_legend(axes, list(KINDS.values()), loc="upper left", fontsize=7)
    panel_label(axes, "(b) At most quadratic in the sites")
