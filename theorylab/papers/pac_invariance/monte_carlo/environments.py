"""Environments that the samplers draw: families of the reference models by name, and their moments by the clamped form."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.structural_equations import (
    ClampedForm,
    InterventionFamily,
    clamped_decomposition,
    intervention_family,
    sample_environments,
    sample_structural_equations,
    second_moment_from_clamped,
    structural_second_moment,
)
from theorylab.papers.pac_invariance.reference_models import core_model, shift_model
from theorylab.validation import choice, integers, whole_number

__all__ = [
    "FAMILIES",
    "NamedFamily",
    "core_rows",
    "draw_features",
    "draw_moments",
    "named_family",
    "observational_moment",
    "sample_chain_environments",
    "sample_product_moments",
]

FAMILIES = ("core", "core_all", "core_pulled", "shifted", "shifted_means")


class NamedFamily(NamedTuple):
    """A family of interventions, its clamped form, the target and the positions of the target's parents among the covariates."""

    family: InterventionFamily
    form: ClampedForm
    target: int
    parents: tuple[int, ...]


def named_family(name: str) -> NamedFamily:
    """Return one of the families.

    "core": CORE, joint soft at nodes 1 and 4, the family of most claims; "core_all": at all covariates; "core_pulled": as "core" with coefficients of
    mean 1/2; "shifted": SHIFTED, joint soft at X1, X2 and X3; "shifted_means": SHIFTED, joint shifts of X1, X2, X3 and X4.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    return _known_family(choice("name", name, FAMILIES))


@lru_cache(maxsize=16)
def _known_family(kind: str) -> NamedFamily:
    reference = shift_model() if kind.startswith("shifted") else core_model()
    sites = {"core_all": [0, 1, 2, 4, 5], "shifted": [0, 2, 3], "shifted_means": [0, 2, 3, 4]}.get(kind, [1, 4])
    family = intervention_family(
        *reference.model,
        sites=sites,
        kind="shift" if kind == "shifted_means" else "soft",
        target=reference.target,
        coefficient_mean=0.5 if kind == "core_pulled" else 0.0,
    )
    positions = tuple(node - (node > reference.target) for node in reference.parents)
    return NamedFamily(family, clamped_decomposition(*reference.model, sites=sites), reference.target, positions)


def draw_moments(rng: Any, size: int, name: str) -> Any:
    """Draw the second moments (size, q, q) of environments of a named family."""
    size = check_draw(rng, size)
    named = named_family(name)
    return second_moment_from_clamped(named.form, named.family, sample_environments(rng, size, named.family))


def draw_features(rng: Any, size: int | tuple[int, ...]) -> tuple[Any, Any]:
    """Draw the two numbers that vary of a site with one parent: its coefficient t ~ N(.8, .5^2), and 1.29 t^2 + o with o ~ U[.3, 2], its own moment.

    With the constant they span the three dimensions of the family: 1.29 is the second moment of the parent.
    """
    namespace_of(rng)
    size = tuple(np.atleast_1d(integers("size", size, minimum=0)).tolist()) if not isinstance(size, tuple) or size else ()
    t = 0.8 + 0.5 * rng.standard_normal(size)
    return t, 1.29 * t**2 + 0.3 + 1.7 * rng.random(size)


def checked_shape(shape: tuple[int, ...] | int) -> tuple[int, ...]:
    """Return a shape as a tuple of integers >= 0."""
    lengths = [] if isinstance(shape, tuple) and not shape else np.atleast_1d(integers("shape", shape, minimum=0)).tolist()
    return tuple(whole_number("shape", length, minimum=0) for length in lengths)


def sample_chain_environments(rng: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Draw S = E X2^2 and c = E X2 Y of the child in CHAIN environments, each of the shape.

    w1 ~ U[.5, 2], a ~ N(1, .5^2), w2 ~ U[.3, 1.5], with b = 1.2 and wY = .8: vY = b^2 w1 + wY, S = a^2 vY + w2, c = a vY.
    """
    namespace_of(rng)
    shape = checked_shape(shape)
    target_variance = 1.44 * (0.5 + 1.5 * rng.random(shape)) + 0.8
    a = 1.0 + 0.5 * rng.standard_normal(shape)
    child_variance = 0.3 + 1.2 * rng.random(shape)
    return a**2 * target_variance + child_variance, a * target_variance


def core_rows(rng: Any, shape: tuple[int, ...]) -> Any:
    """Draw rows of CORE from its equations, one after the other, (*shape, 6)."""
    namespace_of(rng)
    shape = checked_shape(shape)
    b, variances, _ = core_model().model
    return sample_structural_equations(rng, math.prod(shape), coefficients=b, noise_variances=variances).reshape(*shape, 6)


def sample_product_moments(rng: Any, size: int, *, first: int, second: int) -> Any:
    """Sample the product of two nodes of CORE, row by row from its equations.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    first, second
        Nodes, 0 to 5.
    """
    size = check_draw(rng, size)
    first, second = (whole_number(name, node, minimum=0, maximum=5) for name, node in (("first", first), ("second", second)))
    rows = core_rows(rng, (size,))
    return rows[:, first] * rows[:, second]


def observational_moment(name: str) -> np.ndarray:
    """Return the second moment (q, q) of a named family's model before interventions."""
    return structural_second_moment(*named_family(name).family.model)
