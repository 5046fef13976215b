"""The drawings of pac_invariance (arXiv:2205.15196): closed forms as lines over the points of ``simulations/pac_invariance.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.pac_invariance_dimension import dimension
from figures.pac_invariance_missing_mass import missing_mass
from figures.pac_invariance_samples import finite_samples
from figures.pac_invariance_sensors import sensors
from figures.pac_invariance_strength import strength
from figures.pac_invariance_threshold import threshold
from figures.pac_invariance_violation import violation_rates
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "violation_rates": violation_rates,
    "dimension": dimension,
    "threshold": threshold,
    "missing_mass": missing_mass,
    "finite_samples": finite_samples,
    "strength": strength,
    "sensors": sensors,
}
