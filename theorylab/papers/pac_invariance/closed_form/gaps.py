"""How far a head is from the best one in an environment: gradient, excess risk and distance of heads, for many environments at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import choice, moderate, numbers, plain, reals, whole_number

__all__ = ["GAP_KINDS", "BestHead", "FeatureMoments", "best_head", "feature_moments", "invariance_gap", "prediction_risk", "selection"]

GAP_KINDS = ("gradient", "excess_risk", "head")


class FeatureMoments(NamedTuple):
    """S = E z z^T (..., r, r), c = E z Y (..., r) and E Y^2 (...)."""

    features: np.ndarray
    cross: np.ndarray
    target: Any


class BestHead(NamedTuple):
    """The best head (..., r) of an environment and its risk (...)."""

    head: np.ndarray
    risk: Any


def selection(columns: ArrayLike, covariates: int) -> np.ndarray:
    """Return the representation (r, p) that selects some covariates, given by their positions among the covariates.

    Raises
    ------
    ValueError
        If there is none, or a position is unknown or repeated.
    """
    p = whole_number("covariates", covariates)
    chosen = np.atleast_1d(np.asarray(columns)) if not isinstance(columns, list | tuple) or not any(map(np.ndim, columns)) else np.zeros((0, 0))
    if chosen.ndim != 1 or chosen.size == 0 or chosen.dtype.kind not in "iu" or len(set(chosen.tolist())) < chosen.size:
        raise ValueError(f"columns must be at least one and different positions from 0 to {p - 1}; got {chosen.tolist()}")
    if np.any(chosen < 0) or np.any(chosen >= p):
        raise ValueError(f"columns must be positions from 0 to {p - 1}; got {chosen.tolist()}")
    return np.eye(p)[chosen]


def _moments(second_moment: ArrayLike, target: int) -> tuple[np.ndarray, int, np.ndarray]:
    m = moderate("second_moment", numbers("second_moment", second_moment), most=1e60)
    if m.ndim < 2 or m.shape[-1] != m.shape[-2] or m.shape[-1] < 2:
        raise ValueError(f"second_moment must have shape (..., q, q) with q >= 2; got {m.shape}")
    if not np.all(np.isfinite(m)):
        raise ValueError("second_moment must be finite; got NaN or infinite entries")
    node = whole_number("target", target, minimum=0)
    if node >= m.shape[-1]:
        raise ValueError(f"target must be a node from 0 to {m.shape[-1] - 1}; got {node}")
    return m, node, np.flatnonzero(np.arange(m.shape[-1]) != node)


def feature_moments(second_moment: ArrayLike, target: int, representation: ArrayLike | None = None) -> FeatureMoments:
    """Return the moments of the features z = Phi X and the target.

    Parameters
    ----------
    second_moment
        M, (..., q, q), of all nodes.
    target
        The node of Y.
    representation
        Phi, (..., r, p) with r >= 1 and p = q - 1; the covariates themselves when left out.

    Raises
    ------
    ValueError
        If a shape does not fit, r = 0, or S is singular in some environment: of dependent features there is no best head.
    """
    m, node, rest = _moments(second_moment, target)
    s, c = m[..., rest[:, None], rest], m[..., rest, node]
    if representation is not None:
        phi = moderate("representation", numbers("representation", representation), most=1e60)
        if phi.ndim < 2 or phi.shape[-1] != len(rest) or phi.shape[-2] == 0:
            raise ValueError(f"representation must have shape (..., r, {len(rest)}) with r >= 1; got {phi.shape}")
        if not np.all(np.isfinite(phi)):
            raise ValueError("representation must be finite; got NaN or infinite entries")
        s, c = phi @ s @ np.swapaxes(phi, -1, -2), (phi @ c[..., None])[..., 0]
    scale = np.sqrt(np.maximum(np.diagonal(s, axis1=-2, axis2=-1), 1e-300))
    smallest = np.linalg.eigvalsh(s / scale[..., :, None] / scale[..., None, :])[..., 0]
    given = "second_moment" if representation is None else "representation"
    if np.any(smallest <= 100 * s.shape[-1] * np.finfo(float).eps):
        raise ValueError(
            f"{given} must give independent features, so that E z z^T can be inverted; got rank-deficient ones "
            f"(smallest eigenvalue {np.min(smallest):.3g} after scaling, r = {s.shape[-1]}, p = {len(rest)})"
        )
    return FeatureMoments(s, c, m[..., node, node])


def best_head(second_moment: ArrayLike, target: int, representation: ArrayLike | None = None) -> BestHead:
    """Return the least-squares head w_e = S^-1 c of each environment and its risk E Y^2 - c^T S^-1 c.

    Parameters
    ----------
    second_moment, target, representation
        As in `feature_moments`.

    Raises
    ------
    ValueError
        As in `feature_moments`.
    """
    s, c, yy = feature_moments(second_moment, target, representation)
    w = np.linalg.solve(s, c[..., None])[..., 0]
    return BestHead(w, plain(yy - (w * c).sum(axis=-1)))


def invariance_gap(second_moment: ArrayLike, target: int, representation: ArrayLike | None, head: ArrayLike, gap_kind: str = "gradient") -> Any:
    """Return the gap of a head in each environment.

    Formula: gradient G = 2 |S w - c|, the gradient of the risk; excess_risk R = (w - w_e)^T S (w - w_e) = g^T S^-1 g/4 with g = 2 (S w - c); head
    W = |w - w_e|. With the extreme eigenvalues of S: smallest W^2 <= R <= largest W^2 and G^2/(4 largest) <= R <= G^2/(4 smallest).

    Parameters
    ----------
    second_moment, target, representation
        As in `feature_moments`.
    head
        w, (..., r); leading axes broadcast.
    gap_kind
        "gradient", "excess_risk" or "head".

    Raises
    ------
    ValueError
        As in `feature_moments`, or if the head does not fit or the kind is unknown.
    """
    kind = choice("gap_kind", gap_kind, GAP_KINDS)
    s, c, _ = feature_moments(second_moment, target, representation)
    w = moderate("head", numbers("head", head), most=1e60)
    if w.ndim == 0 or w.shape[-1] != c.shape[-1] or not np.all(np.isfinite(w)):
        raise ValueError(f"head must be finite, of shape (..., {c.shape[-1]}); got shape {w.shape}")
    half = (s @ w[..., None])[..., 0] - c
    if kind == "gradient":
        return plain(2.0 * np.sqrt((half**2).sum(axis=-1)))
    away = np.linalg.solve(s, half[..., None])[..., 0]
    return plain((half * away).sum(axis=-1) if kind == "excess_risk" else np.sqrt((away**2).sum(axis=-1)))


def prediction_risk(second_moment: ArrayLike, target: int, coefficients: ArrayLike) -> Any:
    """Return E (Y - v^T X)^2 in each environment.

    Parameters
    ----------
    second_moment, target
        As in `feature_moments`.
    coefficients
        v, (..., p), on all covariates.

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    m, node, rest = _moments(second_moment, target)
    v = moderate("coefficients", np.asarray(reals("coefficients", coefficients)), most=1e60)
    if v.ndim == 0 or v.shape[-1] != len(rest):
        raise ValueError(f"coefficients must have shape (..., {len(rest)}); got {v.shape}")
    whole = np.insert(-v, node, 1.0, axis=-1)
    return plain((whole[..., None, :] @ m @ whole[..., :, None])[..., 0, 0])
