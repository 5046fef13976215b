"""How many dimensions the moments of a family of interventions span: a number of the sites and their parents, not of the covariates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.models.structural_equations import KINDS, acyclic_coefficients, ancestral_matrix, node_indices
from theorylab.validation import choice, flag, integers, moderate, plain

__all__ = ["largest_family_dimension", "moment_family_dimension"]


def moment_family_dimension(coefficients: ArrayLike, sites: ArrayLike, kind: str = "soft", *, joint: bool = True) -> int:
    """Return D, the dimension of the span of the second moments of a family, for all but exceptional coefficients.

    Formulas (derived here from the clamped form, `theorylab.models.structural_equations.clamped`): joint soft
    D = 1 + sum over sites i of m_i + number of pairs i <= j of sites with a common ancestor or self in the graph, where m_i is the number of parents,
    outside the sites, of sites that are i or its ancestors; joint hard and scale 1 + k; joint shift around zero means 1 + k(k + 1)/2; atomic soft
    1 + sum of (d_i + 1) over sites with d_i parents; atomic scale and shift 1 + k; atomic hard two dimensions for each site with parents and one for
    each without, plus one if there are any without. One less if every node is a site; never more than q(q + 1)/2.

    Parameters
    ----------
    coefficients
        B before interventions, (q, q).
    sites
        k different nodes.
    kind
        "soft", "hard", "scale" or "shift".
    joint
        All sites at once, or one drawn site.

    Raises
    ------
    ValueError
        If the coefficients are not acyclic, sites are unknown or repeated, or the kind is unknown.
    """
    joint = flag("joint", joint)
    b = acyclic_coefficients(coefficients)
    where = node_indices("sites", sites, len(b))
    form = choice("kind", kind, KINDS)
    k = len(where)
    in_degrees = (b[where] != 0.0).sum(axis=1)
    if form == "scale" or (form == "shift" and not joint):
        found = 1 + k
    elif form == "hard":
        roots = int(np.sum(in_degrees == 0))
        found = 1 + k if joint else 2 * (k - roots) + roots + (roots > 0)
    elif form == "shift":
        found = 1 + k * (k + 1) // 2
    elif not joint:
        found = 1 + int(np.sum(in_degrees + 1))
    else:
        found = _joint_soft(b, where)
    return found - (k == len(b))  # Nothing is left then that no intervention changes.


def _joint_soft(b: np.ndarray, sites: np.ndarray) -> int:
    above = ancestral_matrix(b)[np.ix_(sites, sites)]
    outside = np.setdiff1d(np.arange(len(b)), sites)
    parents = b[np.ix_(sites, outside)] != 0.0
    responses = sum(int((parents[above[i]]).any(axis=0).sum()) for i in range(len(sites)))
    everything = ancestral_matrix(b)[sites]
    pairs = sum(bool((everything[i] & everything[j]).any()) for i in range(len(sites)) for j in range(i, len(sites)))
    return 1 + responses + pairs


def largest_family_dimension(sites: ArrayLike, in_degree: ArrayLike) -> Any:
    """Return the largest D over graphs for joint soft interventions on k sites of in-degree at most d, 1 + (d + 1) k(k + 1)/2, which is attained.

    Derived here: site i of a chain of sites sees at most the d i parents of the first i sites.

    Parameters
    ----------
    sites
        k, integers >= 1; the arguments broadcast.
    in_degree
        d, integers >= 0.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    k, d = np.asarray(integers("sites", sites)), np.asarray(integers("in_degree", in_degree, minimum=0))
    check_broadcast(sites=k, in_degree=d)
    for name, number in (("sites", k), ("in_degree", d)):
        moderate(name, number, most=1e6)
    found = 1 + (d + 1) * k * (k + 1) // 2
    return int(found) if found.ndim == 0 else plain(found)
