"""Sites that no training intervention has touched: as multinomial counts, and as the real search over invariant subsets in STAR."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, host_only
from theorylab.papers.pac_invariance.reference_models import star_model
from theorylab.validation import probabilities as valid
from theorylab.validation import whole_number

__all__ = ["sample_missing_mass", "sample_star_learner"]


@block_size(4096)
def sample_missing_mass(rng: Any, size: int, *, probabilities: tuple[float, ...], interventions: int) -> dict[str, Any]:
    """Sample the probability of the sites that N atomic interventions did not touch.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    probabilities
        (k,), of the sites.
    interventions
        N >= 1.

    Returns
    -------
    dict
        "mass", its "square", and "all" 1 if every site was touched.

    Raises
    ------
    ValueError
        If the probabilities do not sum to 1 or N is not a positive integer.
    """
    size = check_draw(rng, size)
    p = valid("probabilities", probabilities)
    unseen = rng.multinomial(whole_number("interventions", interventions), p, size) == 0
    mass = unseen @ namespace_of(rng).asarray(p)
    return {"mass": mass, "square": mass**2, "all": 1.0 * ~unseen.any(axis=1)}


def _moment(coefficients: np.ndarray, variances: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(np.eye(len(coefficients)) - coefficients)
    return inverse @ np.diag(variances) @ inverse.T


def _intervened(rng: np.random.Generator, child: int, k: int) -> np.ndarray:
    b, variances, _ = (part.copy() for part in star_model(k).model)
    b[2 + child, 1], variances[2 + child] = rng.standard_normal(), rng.uniform(0.3, 2.0)
    return _moment(b, variances)


def _fit(moment: np.ndarray, nodes: tuple[int, ...]) -> tuple[np.ndarray, float]:
    where = list(nodes)
    w = np.linalg.solve(moment[np.ix_(where, where)], moment[where, 1]) if where else np.zeros(0)
    return w, float(moment[1, 1] - w @ moment[where, 1])


@host_only("searches the subsets of one training set after the other")
@block_size(4)
def sample_star_learner(rng: np.random.Generator, size: int, *, probabilities: tuple[float, ...], interventions: int) -> dict[str, Any]:
    """Sample V of the most predictive subset that is exactly invariant on the observational environment and N atomic soft interventions in STAR.

    By search over all subsets of cause and children, from inverted matrices.

    Parameters
    ----------
    rng, size, probabilities, interventions
        As in `sample_missing_mass`.

    Returns
    -------
    dict
        "violation": total probability of the children whose intervention gives the learned head a gap; "mass" of the children not touched.

    Raises
    ------
    ValueError
        As in `sample_missing_mass`.
    """
    size = check_draw(rng, size)
    p, n = valid("probabilities", probabilities), whole_number("interventions", interventions)
    k = len(p)
    subsets = [chosen for count in range(1, k + 2) for chosen in combinations([0, *range(2, k + 2)], count)]
    violation, mass = np.zeros(size), np.zeros(size)
    for row in range(size):
        children = rng.choice(k, n, p=p)
        model = star_model(k).model
        moments = [_moment(model.coefficients, model.noise_variances)] + [_intervened(rng, int(child), k) for child in children]
        best, least = (0,), np.inf
        for nodes in subsets:
            head, risk = _fit(moments[0], nodes)
            others = [_fit(moment, nodes) for moment in moments[1:]]
            if risk < least and all(np.allclose(w, head, atol=1e-9) and abs(r - risk) < 1e-9 for w, r in others):
                best, least = nodes, risk
        head, where = _fit(moments[0], best)[0], list(best)
        for child in range(k):
            fresh = _intervened(rng, child, k)
            gap = np.linalg.norm(2.0 * (fresh[np.ix_(where, where)] @ head - fresh[where, 1]))
            violation[row] += p[child] * (gap > 1e-9)
        mass[row] = p[np.setdiff1d(np.arange(k), children)].sum()
    return {"violation": violation, "mass": mass}
