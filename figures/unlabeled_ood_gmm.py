"""The drawings of unlabeled_ood_gmm (arXiv:2310.00027): closed forms as lines over the points of ``simulations/unlabeled_ood_gmm.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.unlabeled_ood_gmm_adversarial import adversarial
from figures.unlabeled_ood_gmm_efficiency import efficiency
from figures.unlabeled_ood_gmm_labels import dro, excess_against_size
from figures.unlabeled_ood_gmm_proportional import phase_diagram
from figures.unlabeled_ood_gmm_table import table
from figures.unlabeled_ood_gmm_theorems import bounds
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "table": table,
    "adversarial": adversarial,
    "excess_against_size": excess_against_size,
    "dro": dro,
    "efficiency": efficiency,
    "phase_diagram": phase_diagram,
    "bounds": bounds,
}
