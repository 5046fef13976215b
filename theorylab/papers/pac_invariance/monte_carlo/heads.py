"""Heads on N sampled environments, and how many of m fresh environments violate their gap. Fresh ones for every head: no shared hold-out."""

from __future__ import annotations

from typing import Any

from theorylab.backend import array_module, check_draw, namespace_of
from theorylab.models.structural_equations import node_indices
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.numerics.convex import minimax_norms
from theorylab.papers.pac_invariance.monte_carlo.environments import FAMILIES, draw_moments, named_family, sample_chain_environments
from theorylab.validation import choice, whole_number

__all__ = ["GAPS", "sample_core_heads", "sample_fixed_head", "sample_scalar_head", "sample_shift_heads"]

GAPS = ("gradient", "excess_risk", "head")
# Rounding must not turn the environments that hold a head into violations.
_SLACK = 1.0 + 1e-9


def _norms(s: Any, c: Any, gap: str) -> tuple[Any, Any]:
    """Return A and b with gap = |A w - b| (its square for the excess risk): word for word, by a symmetric root where one is needed."""
    if gap == "gradient":
        return 2.0 * s, 2.0 * c
    xp = array_module(s)
    best = xp.linalg.solve(s, c[..., None])
    if gap == "head":
        return xp.broadcast_to(xp.eye(s.shape[-1]), s.shape), best[..., 0]
    values, vectors = xp.linalg.eigh(s)
    root = (vectors * xp.sqrt(values)[..., None, :]) @ vectors.swapaxes(-1, -2)
    return root, (root @ best)[..., 0]


def _counts(a: Any, b: Any, train: int) -> tuple[Any, Any]:
    """Solve on the first environments and return (counts of violations among the others, numbers of environments that hold the head)."""
    found = minimax_norms(a[:, :train], b[:, :train])
    residuals = (a[:, train:] @ found.points[:, None, :, None])[..., 0] - b[:, train:]
    norms = array_module(a).sqrt((residuals**2).sum(axis=-1))
    return (norms > found.values[:, None] * _SLACK).sum(axis=1), found.supports


def _report(counts: Any, fresh: int) -> dict[str, Any]:
    return {"count": 1.0 * counts, "share": counts / fresh, "none": 1.0 * (counts == 0)}


@block_size(lambda *, interventions, fresh, **_: fitting_block(numbers=8.0 * (interventions + fresh), nanoseconds=21.0 * (interventions + fresh)))
def sample_fixed_head(rng: Any, size: int, *, interventions: int, fresh: int) -> dict[str, Any]:
    """Sample how many fresh CHAIN environments have a larger gradient gap than the largest of N, for the child with w = .4.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    interventions, fresh
        N and m, >= 1.

    Returns
    -------
    dict
        "count" 0 to m, "share" count/m, whose mean is that of V, and "none" 1 if the count is 0.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    n, m = whole_number("interventions", interventions), whole_number("fresh", fresh)
    s, c = sample_chain_environments(rng, (size, n + m))
    gaps = 2.0 * abs(0.4 * s - c)
    return _report((gaps[:, n:] > gaps[:, :n].max(axis=1)[:, None]).sum(axis=1), m)


@block_size(512)
def sample_scalar_head(rng: Any, size: int, *, interventions: int, fresh: int, gap_kind: str = "gradient") -> dict[str, Any]:
    """Sample the same for the trained head of the child, the minimax of its gap over N environments.

    Parameters
    ----------
    rng, size, interventions, fresh
        As in `sample_fixed_head`.
    gap_kind
        "gradient", "excess_risk" or "head".

    Returns
    -------
    dict
        As in `sample_fixed_head`.

    Raises
    ------
    ValueError
        If a number or the kind is out of range.
    """
    size = check_draw(rng, size)
    n, m = whole_number("interventions", interventions), whole_number("fresh", fresh)
    s, c = sample_chain_environments(rng, (size, n + m))
    a, b = _norms(s[..., None, None], c[..., None], choice("gap_kind", gap_kind, GAPS))
    return _report(_counts(a, b, n)[0], m)


@block_size(512)
def sample_shift_heads(rng: Any, size: int, *, interventions: int, fresh: int, features: int) -> dict[str, Any]:
    """Sample the same for the mean residual |E(Y - w^T z)| in SHIFTED with shifts of X1, X2, X3 and X4, z the first of (X2, X3, X4).

    Without X1 no head has residual zero everywhere, and the numbers are continuous: fully supported.

    Parameters
    ----------
    rng, size, interventions, fresh
        As in `sample_fixed_head`.
    features
        r, 1 to 3.

    Returns
    -------
    dict
        As in `sample_fixed_head`.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    n, m, r = whole_number("interventions", interventions), whole_number("fresh", fresh), whole_number("features", features)
    if r > 3:
        raise ValueError(f"features must be at most 3; got {r}")
    x1, e2, e3, x4 = rng.standard_normal((4, size, n + m))
    y = 1.0 * x1
    means = namespace_of(rng).stack([0.8 * y + e2, -0.7 * y + 0.9 * x4 + e3, x4], axis=-1)[..., :r]
    return _report(_counts(means[..., None, :], y[..., None], n)[0], m)


@block_size(256)
def sample_core_heads(
    rng: Any, size: int, *, interventions: int, fresh: int, nodes: tuple[int, ...], gap_kind: str = "gradient", family: str = "core"
) -> dict[str, Any]:
    """Sample the same for a head on some covariates of a named family, with the environments that hold the head on N + 1.

    Parameters
    ----------
    rng, size, interventions, fresh
        As in `sample_fixed_head`.
    nodes
        The nodes of the r covariates.
    gap_kind
        As in `sample_scalar_head`.
    family
        A name from `FAMILIES`.

    Returns
    -------
    dict
        As in `sample_fixed_head`, with "supports" and "support_share", s and s/(N + 1) for the head on N + 1 environments, and "difference" of share
        and support_share, whose mean is 0.

    Raises
    ------
    ValueError
        If a number or a name is out of range.
    """
    size = check_draw(rng, size)
    n, m, kind = whole_number("interventions", interventions), whole_number("fresh", fresh), choice("gap_kind", gap_kind, GAPS)
    target = named_family(choice("family", family, FAMILIES)).target
    where = node_indices("nodes", nodes, len(named_family(family).form.rest_moment))
    if target in where:
        raise ValueError(f"nodes must be covariates, not the target {target}; got {nodes!r:.80}")
    moments = draw_moments(rng, size * (n + m), family).reshape(size, n + m, *named_family(family).form.rest_moment.shape)
    a, b = _norms(moments[:, :, where[:, None], where], moments[:, :, where, target], kind)
    counts = _counts(a, b, n)[0]
    supports = minimax_norms(a[:, : n + 1], b[:, : n + 1]).supports
    share = supports / (n + 1.0)
    return _report(counts, m) | {"supports": 1.0 * supports, "support_share": share, "difference": counts / m - share}
