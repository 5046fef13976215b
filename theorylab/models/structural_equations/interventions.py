"""Interventions on linear structural equation models, and families from which they are drawn at random.

Soft: new coefficients on the same parents and a new noise variance. Hard: no parents and a new noise variance. Scale: a new noise variance. Shift: a
new noise mean. A joint family intervenes on all its sites at once, an atomic one on a single site that is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.structural_equations.graphs import node_indices
from theorylab.models.structural_equations.moments import StructuralModel, structural_model
from theorylab.validation import array_of_shape, choice, flag, instance, items, probabilities, real, reals, whole_number

__all__ = ["KINDS", "Environments", "InterventionFamily", "apply_intervention", "environment_model", "intervention_family", "sample_environments"]

KINDS = ("soft", "hard", "scale", "shift")


def apply_intervention(
    coefficients: ArrayLike,
    noise_variances: ArrayLike,
    noise_means: ArrayLike | None = None,
    *,
    sites: ArrayLike,
    kind: str,
    new_coefficients: ArrayLike | None = None,
    new_variances: ArrayLike | None = None,
    new_means: ArrayLike | None = None,
) -> StructuralModel:
    """Return the model after an intervention.

    Parameters
    ----------
    coefficients, noise_variances, noise_means
        As in `structural_model`.
    sites
        k different nodes.
    kind
        "soft" needs `new_coefficients` and `new_variances`, "hard" and "scale" `new_variances`, "shift" `new_means`.
    new_coefficients
        (k, q); zero wherever the site has no edge in the model.
    new_variances, new_means
        (k,); variances > 0.

    Raises
    ------
    ValueError
        If the model is not valid, a site is unknown or repeated, an argument that the kind needs is missing (or one that it does not know is given),
        or new coefficients lie where there is no edge.
    """
    model = structural_model(coefficients, noise_variances, noise_means)
    b, variances, means = (part.copy() for part in model)
    where = node_indices("sites", sites, len(b))
    needed = {"soft": {"new_coefficients", "new_variances"}, "hard": {"new_variances"}, "scale": {"new_variances"}, "shift": {"new_means"}}
    wanted = needed[choice("kind", kind, KINDS)]
    given = {"new_coefficients": new_coefficients, "new_variances": new_variances, "new_means": new_means}
    for name, value in given.items():
        if (value is not None) != (name in wanted):
            raise ValueError(f"{name} must be {'given' if name in wanted else 'left out'} for kind={kind!r}; got {value!r}")
    if new_coefficients is not None:
        rows = array_of_shape("new_coefficients", new_coefficients, (len(where), len(b)))
        if np.any((rows != 0.0) & (b[where] == 0.0)):
            raise ValueError("new_coefficients must be zero where the site has no edge; got a new edge")
        b[where] = rows
    if kind == "hard":
        b[where] = 0.0
    if new_variances is not None:
        variances[where] = array_of_shape("new_variances", new_variances, (len(where),))
        reals("new_variances", variances[where], above=0.0)
    if new_means is not None:
        means[where] = array_of_shape("new_means", new_means, (len(where),))
    return StructuralModel(b, variances, means)


@dataclass(frozen=True)
class InterventionFamily:
    """A law over interventions; made by `intervention_family`, which checks it.

    Attributes
    ----------
    model
        The model before interventions.
    sites
        The k nodes that may be intervened on.
    kind
        "soft", "hard", "scale" or "shift".
    joint
        True: all sites at once. False: one site, drawn with `site_probabilities`.
    site_probabilities
        (k,); they sum to 1.
    coefficient_mean, coefficient_scale
        New coefficients are N(mean, scale^2).
    variance_range
        New variances are uniform on this interval.
    mean_scale
        New means are N(0, scale^2).
    """

    model: StructuralModel
    sites: np.ndarray
    kind: str
    joint: bool
    site_probabilities: np.ndarray
    coefficient_mean: float
    coefficient_scale: float
    variance_range: tuple[float, float]
    mean_scale: float

    @property
    def parents(self) -> np.ndarray:
        """All parents of sites in the model, sorted, (m,)."""
        return np.flatnonzero((self.model.coefficients[self.sites] != 0.0).any(axis=0))


class Environments(NamedTuple):
    """The equations of the sites in T environments: coefficients (T, k, m) on `InterventionFamily.parents`, variances (T, k) and means (T, k)."""

    site_coefficients: Any
    site_variances: Any
    site_means: Any


def intervention_family(
    coefficients: ArrayLike,
    noise_variances: ArrayLike,
    noise_means: ArrayLike | None = None,
    *,
    sites: ArrayLike,
    kind: str = "soft",
    joint: bool = True,
    site_probabilities: ArrayLike | None = None,
    target: int | None = None,
    allow_target: bool = False,
    coefficient_mean: float = 0.0,
    coefficient_scale: float = 1.0,
    variance_range: tuple[float, float] = (0.3, 2.0),
    mean_scale: float = 1.0,
) -> InterventionFamily:
    """Check and return a law over interventions.

    Parameters
    ----------
    coefficients, noise_variances, noise_means
        As in `structural_model`.
    sites, kind, joint, coefficient_mean, coefficient_scale, variance_range, mean_scale
        As in `InterventionFamily`.
    site_probabilities
        For an atomic family; uniform when left out.
    target
        The node that is predicted, if any: an intervention on it is refused unless `allow_target` is set, for then its parents are not invariant.

    Raises
    ------
    ValueError
        If the model is not valid, sites are unknown, repeated or contain the target, probabilities do not sum to 1 or a range is empty.
    """
    joint = flag("joint", joint)
    allow_target = flag("allow_target", allow_target)
    model = structural_model(coefficients, noise_variances, noise_means)
    where = node_indices("sites", sites, len(model.coefficients))
    if target is not None:
        target = whole_number("target", target, minimum=0, maximum=len(model.coefficients) - 1)
    if target is not None and not allow_target and target in where:
        raise ValueError(f"sites must not contain the target {target} (its parents would not be invariant; allow_target=True permits it)")
    shares = np.full(len(where), 1.0 / len(where))
    if site_probabilities is not None:
        shares = probabilities("site_probabilities", site_probabilities, length=len(where))
    low, high = (real("variance_range", end, above=0.0) for end in items("variance_range", variance_range, length=2))
    if low > high:
        raise ValueError(f"variance_range must be an interval (low, high); got {variance_range!r}")
    return InterventionFamily(
        model,
        where,
        choice("kind", kind, KINDS),
        bool(joint),
        shares,
        real("coefficient_mean", coefficient_mean),
        real("coefficient_scale", coefficient_scale, minimum=0.0),
        (low, high),
        real("mean_scale", mean_scale, minimum=0.0),
    )


def sample_environments(rng: Any, size: int, family: InterventionFamily) -> Environments:
    """Draw the site equations of ``size`` environments.

    Parameters
    ----------
    rng, size
        Random generator (numpy's or a device's) and number of environments.
    family
        The law.
    """
    instance("family", family, InterventionFamily)
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    b, variances, means = family.model
    sites, parents = family.sites, family.parents
    base = b[np.ix_(sites, parents)]
    edges = xp.asarray(base != 0.0)
    # One stream of numbers for every kind, so that families of different kinds but one seed intervene on the same sites alike.
    drawn_coefficients = family.coefficient_mean + family.coefficient_scale * rng.standard_normal((size, *base.shape))
    low, high = family.variance_range
    drawn_variances = low + (high - low) * rng.random((size, len(sites)))
    drawn_means = family.mean_scale * rng.standard_normal((size, len(sites)))
    touched = xp.ones((size, len(sites)), dtype=bool)
    if not family.joint:
        cumulative = xp.asarray(np.cumsum(family.site_probabilities)[:-1])
        chosen = (rng.random((size, 1)) >= cumulative).sum(axis=1)
        touched = xp.arange(len(sites)) == chosen[:, None]
    new = {"soft": edges * drawn_coefficients, "hard": 0.0 * drawn_coefficients}.get(family.kind, xp.asarray(base) + 0.0 * drawn_coefficients)
    new_coefficients = xp.where(touched[:, :, None], new, xp.asarray(base))
    new_variances = xp.where(touched & (family.kind != "shift"), drawn_variances, xp.asarray(variances[sites]))
    new_means = xp.where(touched & (family.kind == "shift"), drawn_means, xp.asarray(means[sites]))
    return Environments(new_coefficients, new_variances, new_means)


def environment_model(family: InterventionFamily, environments: Environments, index: int) -> StructuralModel:
    """Return the whole model of one environment: what its site equations say, put into the equations of the family's model."""
    instance("family", family, InterventionFamily)
    instance("environments", environments, Environments)
    index = whole_number("index", index, minimum=0, maximum=len(environments.site_means) - 1)
    b, variances, means = (part.copy() for part in family.model)
    b[np.ix_(family.sites, family.parents)] = environments.site_coefficients[index]
    variances[family.sites] = environments.site_variances[index]
    means[family.sites] = environments.site_means[index]
    return StructuralModel(b, variances, means)
