"""The drawings of tester_learner (arXiv:2302.14853): closed forms as lines over the points of ``simulations/tester_learner.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.tester_learner_certificate import certificate
from figures.tester_learner_gradient import gradient
from figures.tester_learner_noise import adversarial_ratio, critical_ratio
from figures.tester_learner_power import power
from figures.tester_learner_sketch import sketch
from figures.tester_learner_soundness import soundness
from figures.tester_learner_trajectory import trajectory
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "sketch": sketch,
    "gradient": gradient,
    "critical_ratio": critical_ratio,
    "adversarial_ratio": adversarial_ratio,
    "soundness": soundness,
    "power": power,
    "trajectory": trajectory,
    "certificate": certificate,
}
