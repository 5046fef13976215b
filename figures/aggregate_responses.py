"""The drawings of aggregate_responses (arXiv:2401.11081): closed forms as lines over the simulated points of ``simulations/aggregate_responses.py``.

The parameters of the lines are read off the rows; nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from figures.aggregate_responses_privacy import privacy_audit, private_bag_size
from figures.aggregate_responses_risk import double_descent, finite_size, real_data, risk_against_snr, risk_against_weight
from theorylab.rows import Rows

__all__ = ["FIGURES"]

FIGURES: dict[str, Callable[[Rows], Figure]] = {
    "risk_against_weight": risk_against_weight,
    "risk_against_snr": risk_against_snr,
    "double_descent": double_descent,
    "private_bag_size": private_bag_size,
    "privacy_audit": privacy_audit,
    "real_data": real_data,
    "finite_size": finite_size,
}
