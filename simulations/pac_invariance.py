"""The parameter grids behind the figures of pac_invariance (arXiv:2205.15196), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``.
"""

from __future__ import annotations

from collections.abc import Callable

from simulations.pac_invariance_dimension import dimension
from simulations.pac_invariance_missing_mass import missing_mass
from simulations.pac_invariance_samples import finite_samples
from simulations.pac_invariance_sensors import sensors
from simulations.pac_invariance_strength import strength
from simulations.pac_invariance_threshold import threshold
from simulations.pac_invariance_violation import violation_rates
from theorylab.laboratory import Laboratory
from theorylab.rows import Rows

__all__ = ["SWEEPS"]

SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "violation_rates": violation_rates,
    "dimension": dimension,
    "threshold": threshold,
    "missing_mass": missing_mass,
    "finite_samples": finite_samples,
    "strength": strength,
    "sensors": sensors,
}
