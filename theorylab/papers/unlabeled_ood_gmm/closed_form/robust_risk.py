r"""The risk of a linear rule when an attacker moves every sample, and the linear rule that is best under attack.

Moves z with |z|_p <= radius, p = 2 or infinity; they lower the margin y <w, x> by radius times the dual norm |w|_q, q = 2 or 1. To minimise
``Phi((radius |w|_q - <w, mu>) / sqrt(w' Sigma w))`` is, up to the length of w, to minimise ``w' Sigma w / 2 - <w, mu> + radius |w|_q``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.optimize import brentq
from scipy.special import ndtr

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.unlabeled_ood_gmm.closed_form.linear_risk import margins_of, scale_of
from theorylab.validation import array_of_shape, choice, moderate, plain, real, reals

__all__ = ["RobustClassifier", "adversarial_linear_risk", "optimal_robust_classifier"]

NORMS = ("l2", "linf")
_LARGEST_SWEEPS = 100_000


class RobustClassifier(NamedTuple):
    """The best rule under attack.

    Attributes
    ----------
    direction
        w, (d,); all zeros if a constant rule is best.
    risk
        Its risk under attack.
    note
        Empty, or why there is no direction.
    """

    direction: np.ndarray
    risk: float
    note: str


def adversarial_linear_risk(
    direction: ArrayLike,
    mean: ArrayLike,
    radius: ArrayLike,
    *,
    norm: str,
    standard_deviation: float = 1.0,
    covariance: ArrayLike | None = None,
) -> Any:
    r"""Return the risk of sign<w, x> when every sample may be moved by up to `radius`.

    Formula: ``Phi((eps |w|_q - <w, mu>) / sqrt(w' Sigma w))``, q = 2 for "l2" and 1 for "linf".

    Parameters
    ----------
    direction, mean, standard_deviation, covariance
        As in `linear_risk`.
    radius
        eps >= 0; broadcasts against the leading axes of ``direction``.
    norm
        "l2" or "linf", the norm of the moves.

    Returns
    -------
    float or ndarray
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, or a direction is 0 or not finite (then it is undefined).

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: the worst move against a linear rule is one of the dual norm's maximisers, -y times it.
    """
    rule = margins_of(direction, mean, standard_deviation=standard_deviation, covariance=covariance)
    eps = reals("radius", radius, minimum=0.0)
    order = 2 if choice("norm", norm, NORMS) == "l2" else 1
    moderate("radius", eps)
    try:
        np.broadcast_shapes(np.shape(eps), rule.mean.shape)
    except ValueError:
        raise ValueError(f"radius must broadcast with the rules, {rule.mean.shape}; got shape {np.shape(eps)}") from None
    return plain(ndtr((eps * np.linalg.norm(rule.direction, ord=order, axis=-1) - rule.mean) / rule.deviation))


def optimal_robust_classifier(
    mean: ArrayLike, radius: float, *, norm: str, standard_deviation: float = 1.0, covariance: ArrayLike | None = None
) -> RobustClassifier:
    r"""Return the linear rule with the smallest risk under attack.

    Formula: ``z = argmin of (mu - z)' Sigma^-1 (mu - z) over |z|_p <= eps``, ``w = Sigma^-1 (mu - z)``, risk Phi of minus the root of the minimum.
    For "l2" w = (Sigma + kappa I)^-1 mu with kappa >= 0 such that |kappa w| = eps: Fisher's rule with a ridge, mu itself if Sigma = sigma^2 I. For
    "linf" w minimises ``w' Sigma w/2 - <w, mu> + eps |w|_1``: the soft threshold sign(mu) max(|mu| - eps, 0) if Sigma = sigma^2 I.

    Parameters
    ----------
    mean
        mu, of shape (d,).
    radius
        eps >= 0.
    norm
        "l2" or "linf", the norm of the moves.
    standard_deviation, covariance
        sigma > 0, or Sigma, (d, d), symmetric positive definite.

    Returns
    -------
    RobustClassifier
        Direction, risk and a note. If |mu|_p <= eps no direction has a risk below 1/2; the direction is 0, the risk 1/2 and the note says so.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the coordinates of the "linf" rule do not settle.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027; the isotropic case is known (Bhagoji, Cullina and Mittal 2019, Dobriban et al. 2020).
    """
    mu = array_of_shape("mean", mean, ("d",))
    if mu.size == 0:
        raise ValueError("mean must have shape (d,) with d >= 1; got an empty array")
    eps, kind = real("radius", radius, minimum=0.0), choice("norm", norm, NORMS)
    sigma = scale_of(mu.size, standard_deviation, covariance)
    if eps >= np.linalg.norm(mu, ord=2 if kind == "l2" else np.inf):
        return RobustClassifier(np.zeros(mu.size), 0.5, "the attack can move the means onto each other: a constant rule is best")
    w = _ridge_rule(mu, sigma, eps) if kind == "l2" else _sparse_rule(mu, sigma, eps)
    risk = adversarial_linear_risk(w, mu, eps, norm=kind, covariance=sigma)
    return RobustClassifier(w, float(risk), "")


def _ridge_rule(mu: np.ndarray, sigma: np.ndarray, eps: float) -> np.ndarray:
    """Return (Sigma + kappa I)^-1 mu with |kappa w| = eps < |mu|; the length grows with kappa from 0 to |mu|."""
    share = eps / np.linalg.norm(mu)
    if share < 1e-15:
        return np.linalg.solve(sigma, mu)
    values, vectors = eigh(sigma)
    coordinates = vectors.T @ mu

    def excess(logarithm: float) -> float:
        kappa = np.exp(logarithm)
        return float(np.linalg.norm(coordinates * kappa / (values + kappa)) - eps)

    # Between kappa/(largest + kappa) and kappa/(smallest + kappa) times |mu|.
    bounds = np.log(values[[0, -1]] * share / (1.0 - share)) + np.array([-1.0, 1.0])
    kappa = np.exp(brentq(excess, *bounds, xtol=1e-14, rtol=1e-14))
    return np.asarray(vectors @ (coordinates / (values + kappa)))


def _sparse_rule(mu: np.ndarray, sigma: np.ndarray, eps: float) -> np.ndarray:
    """Minimise w' Sigma w/2 - <w, mu> + eps |w|_1: coordinates in turn until the signs stay, then the linear system of these signs exactly."""
    w, variances = np.zeros(mu.size), np.diag(sigma)
    for _ in range(_LARGEST_SWEEPS):
        for i in range(mu.size):
            pull = mu[i] - sigma[i] @ w + variances[i] * w[i]
            w[i] = np.sign(pull) * max(abs(pull) - eps, 0.0) / variances[i]
        signs = np.sign(w)
        kept = signs != 0.0
        exact = np.zeros(mu.size)
        exact[kept] = np.linalg.solve(sigma[np.ix_(kept, kept)], mu[kept] - eps * signs[kept])
        # Optimal if and only if the signs are right and the pull on every other coordinate is too weak.
        slack = 1e-12 * np.max(np.abs(mu))
        if np.all(np.sign(exact[kept]) == signs[kept]) and np.all(np.abs(mu - sigma @ exact)[~kept] <= eps + slack):
            return exact
    raise ConvergenceError(f"the coordinates of the robust rule did not settle in {_LARGEST_SWEEPS} sweeps")
