"""The parameter grids behind the figures of unlabeled_ood_gmm (arXiv:2310.00027), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``.
"""

from __future__ import annotations

from collections.abc import Callable

from simulations.unlabeled_ood_gmm_adversarial import adversarial
from simulations.unlabeled_ood_gmm_efficiency import efficiency
from simulations.unlabeled_ood_gmm_labels import dro, excess_against_size
from simulations.unlabeled_ood_gmm_proportional import phase_diagram
from simulations.unlabeled_ood_gmm_table import table
from simulations.unlabeled_ood_gmm_theorems import bounds
from theorylab.laboratory import Laboratory
from theorylab.rows import Rows

__all__ = ["SWEEPS"]

SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "table": table,
    "adversarial": adversarial,
    "excess_against_size": excess_against_size,
    "dro": dro,
    "efficiency": efficiency,
    "phase_diagram": phase_diagram,
    "bounds": bounds,
}
