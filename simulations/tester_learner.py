"""The parameter grids behind the figures of tester_learner (arXiv:2302.14853), one function a figure.

Every simulated point is a row with its parameters and ``estimate``, ``low``, ``high`` (an interval of level 99 %) and ``replicates``.
"""

from __future__ import annotations

from collections.abc import Callable

from simulations.tester_learner_certificate import certificate
from simulations.tester_learner_gradient import gradient
from simulations.tester_learner_noise import adversarial_ratio, critical_ratio
from simulations.tester_learner_power import power
from simulations.tester_learner_sketch import sketch
from simulations.tester_learner_soundness import soundness
from simulations.tester_learner_trajectory import trajectory
from theorylab.laboratory import Laboratory
from theorylab.rows import Rows

__all__ = ["SWEEPS"]

SWEEPS: dict[str, Callable[[Laboratory], Rows]] = {
    "sketch": sketch,
    "gradient": gradient,
    "critical_ratio": critical_ratio,
    "adversarial_ratio": adversarial_ratio,
    "soundness": soundness,
    "power": power,
    "trajectory": trajectory,
    "certificate": certificate,
}
