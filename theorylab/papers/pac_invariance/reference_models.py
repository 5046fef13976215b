"""The graphs that claims, figures and simulators share: CHAIN, CORE, SHIFTED and STAR."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from theorylab.models.structural_equations import StructuralModel, structural_model
from theorylab.validation import moderate, real, whole_number

__all__ = ["ReferenceModel", "chain_model", "core_model", "shift_model", "star_model"]


class ReferenceModel(NamedTuple):
    """A model, its target node and the parents of the target."""

    model: StructuralModel
    target: int
    parents: tuple[int, ...]


def chain_model(
    cause_effect: float = 1.2, child_effect: float = 1.0, cause_variance: float = 1.0, target_variance: float = 0.8, child_variance: float = 0.5
) -> ReferenceModel:
    """Return CHAIN, X1 -> Y -> X2 at nodes 0, 1, 2: Y = b X1 + e, X2 = a Y + e'.

    Parameters
    ----------
    cause_effect, child_effect
        b and a.
    cause_variance, target_variance, child_variance
        Noise variances of X1, Y and X2, > 0.

    Raises
    ------
    ValueError
        If a variance is not positive.
    """
    named = {"cause_effect": cause_effect, "child_effect": child_effect}
    cause_effect, child_effect = (moderate(name, real(name, value), most=1e30) for name, value in named.items())
    variances = {"cause_variance": cause_variance, "target_variance": target_variance, "child_variance": child_variance}
    cause_variance, target_variance, child_variance = (moderate(n, real(n, v, above=0.0), most=1e30) for n, v in variances.items())
    coefficients = [[0.0, 0.0, 0.0], [cause_effect, 0.0, 0.0], [0.0, child_effect, 0.0]]
    return ReferenceModel(structural_model(coefficients, [cause_variance, target_variance, child_variance]), 1, (0,))


def core_model() -> ReferenceModel:
    """Return CORE, six nodes with target 3: 0 -> 1 -> 3 <- 2, children 4 (also of 0) and 5 (also of 4) of the target."""
    b = np.zeros((6, 6))
    b[1, 0], b[3, 1], b[3, 2], b[4, 3], b[4, 0], b[5, 4], b[5, 3] = 0.7, 0.9, -0.8, 0.8, 0.5, 0.6, -0.7
    return ReferenceModel(structural_model(b, [1.0, 0.8, 0.9, 0.6, 0.5, 0.7]), 3, (1, 2))


def shift_model() -> ReferenceModel:
    """Return SHIFTED, X1 -> Y -> X2 and Y -> X3 <- X4 at nodes 0, 1, 2, 3, 4 = X1, Y, X2, X3, X4, target 1."""
    b = np.zeros((5, 5))
    b[1, 0], b[2, 1], b[3, 1], b[3, 4] = 1.0, 0.8, -0.7, 0.9
    return ReferenceModel(structural_model(b, [1.0, 0.6, 0.5, 0.7, 0.8]), 1, (0,))


def star_model(children: int) -> ReferenceModel:
    """Return STAR, a root at node 0, the target at node 1 and ``children`` children of the target after it.

    Raises
    ------
    ValueError
        If there is no child.
    """
    k = whole_number("children", children)
    b = np.zeros((k + 2, k + 2))
    b[1, 0] = 1.0
    b[2:, 1] = 1.0
    return ReferenceModel(structural_model(b, np.concatenate([[1.0, 0.6], np.full(k, 0.5)])), 1, (0,))
