"""Second moments of many interventions without inverting anything of the size of the graph.

Cut the equations of the sites and let s be their values: x = P s + u, where P holds the total effects of the sites when their own equations are cut
and u, the rest, does not depend on the intervention. The sites' equations s = Theta x + e give s = F (Theta u + e) with F = (I - Theta P)^-1, so

    E x x^T = P C P^T + P K + (P K)^T + U,   C = E s s^T = F (Theta U Theta^T + cross terms of means + Omega) F^T,   K = E s u^T,

where only C (k, k) and K = F Theta U + F E[e] E[u]^T change. Derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import array_module
from theorylab.models.structural_equations.graphs import node_indices
from theorylab.models.structural_equations.interventions import Environments, InterventionFamily
from theorylab.models.structural_equations.moments import structural_model, total_effects
from theorylab.validation import instance, reals

__all__ = [
    "ClampedForm",
    "SiteMoments",
    "clamped_decomposition",
    "clamped_features",
    "feature_functionals",
    "second_moment_from_clamped",
    "site_moments",
]

# Entries of second moments made at once on a processor.
_ENTRIES = 2**17


class ClampedForm(NamedTuple):
    """What an intervention on the sites leaves alone: P = `effects` (q, k), U = `rest_moment` (q, q) and E u = `rest_mean` (q,)."""

    effects: np.ndarray
    rest_moment: np.ndarray
    rest_mean: np.ndarray


class SiteMoments(NamedTuple):
    """What it changes: C = E s s^T (T, k, k), H = F Theta (T, k, m) on the parents, and E s - H E u = F E[e] (T, k)."""

    moment: Any
    response: Any
    mean_response: Any


def clamped_decomposition(
    coefficients: ArrayLike, noise_variances: ArrayLike, noise_means: ArrayLike | None = None, *, sites: ArrayLike
) -> ClampedForm:
    """Return the clamped form of a model at some sites.

    Parameters
    ----------
    coefficients, noise_variances, noise_means
        As in `structural_model`; the equations of the sites themselves do not matter.
    sites
        k different nodes.

    Raises
    ------
    ValueError
        If the model is not valid or a site is unknown or repeated.
    """
    b, variances, means = structural_model(coefficients, noise_variances, noise_means)
    where = node_indices("sites", sites, len(b))
    cut = b.copy()
    cut[where] = 0.0
    effects = total_effects(cut)
    others = np.ones(len(b))
    others[where] = 0.0
    mean = effects @ (others * means)
    return ClampedForm(effects[:, where], (effects * (others * variances)) @ effects.T + np.outer(mean, mean), mean)


def site_moments(form: ClampedForm, family: InterventionFamily, environments: Environments) -> SiteMoments:
    """Return what T environments change: k by k solves and no loop over environments.

    Parameters
    ----------
    form
        Of the family's model at the family's sites.
    family, environments
        From `intervention_family` and `sample_environments`; arrays of numpy or a device.
    """
    instance("form", form, ClampedForm)
    instance("family", family, InterventionFamily)
    instance("environments", environments, Environments)
    theta, variances, means = environments
    xp = array_module(theta)
    parents = family.parents
    effects, rest, mean = (xp.asarray(part) for part in (form.effects[parents], form.rest_moment[np.ix_(parents, parents)], form.rest_mean[parents]))
    k = len(family.sites)
    f = xp.linalg.inv(xp.eye(k) - theta @ effects)
    response = f @ theta
    mean_response = (f @ means[..., None])[..., 0]
    noise = (f * variances[..., None, :]) @ xp.swapaxes(f, -1, -2)
    # E[H u (F e)^T] and its transpose, and the means of e itself.
    drift = (response @ mean)[..., :, None] * mean_response[..., None, :]
    moment = response @ rest @ xp.swapaxes(response, -1, -2) + noise + mean_response[..., :, None] * mean_response[..., None, :]
    return SiteMoments(moment + drift + xp.swapaxes(drift, -1, -2), response, mean_response)


def second_moment_from_clamped(form: ClampedForm, family: InterventionFamily, environments: Environments, *, nodes: ArrayLike | None = None) -> Any:
    """Return E x x^T in T environments, (T, q, q), or its block of some nodes.

    Parameters
    ----------
    form, family, environments
        As in `site_moments`.
    nodes
        The nodes of the block, all when left out.

    Raises
    ------
    ValueError
        If a node is unknown or repeated.
    """
    instance("form", form, ClampedForm)
    instance("family", family, InterventionFamily)
    instance("environments", environments, Environments)
    moments = site_moments(form, family, environments)
    xp = array_module(moments.moment)
    q = len(form.effects)
    where = np.arange(q) if nodes is None else node_indices("nodes", nodes, q)
    effects, mean = xp.asarray(form.effects[where]), xp.asarray(form.rest_mean[where])
    cross = moments.response @ xp.asarray(form.rest_moment[np.ix_(family.parents, where)]) + moments.mean_response[..., :, None] * mean
    rest, half = xp.asarray(form.rest_moment[np.ix_(where, where)]), 0.5 * moments.moment
    found = xp.empty((len(half), len(where), len(where)))
    # A processor keeps some matrices in its cache; a device takes all at once.
    chunk = max(1, _ENTRIES // max(rest.size, 1)) if xp is np else max(len(half), 1)
    for begin in range(0, len(half), chunk):
        part = slice(begin, begin + chunk)
        mixed = effects @ (half[part] @ effects.T + cross[part])
        found[part] = mixed
        found[part] += xp.swapaxes(mixed, -1, -2)
        found[part] += rest
    return found


def clamped_features(form: ClampedForm, family: InterventionFamily, environments: Environments) -> Any:
    """Return the numbers through which an environment enters its second moment, (T, features): 1, then C, H and F E[e].

    Every entry of E x x^T is a fixed linear function of them (`feature_functionals`). Columns: 1; the upper triangle of C; H on the parents that are
    not sites, row by row; F E[e], if the rest has a mean.
    """
    instance("form", form, ClampedForm)
    instance("family", family, InterventionFamily)
    instance("environments", environments, Environments)
    moments = site_moments(form, family, environments)
    xp = array_module(moments.moment)
    k = len(family.sites)
    upper = np.triu_indices(k)
    outside = np.flatnonzero(~np.isin(family.parents, family.sites))
    count = len(moments.moment)
    parts = [xp.ones((count, 1)), moments.moment[:, upper[0], upper[1]], moments.response[:, :, outside].reshape(count, -1)]
    if np.any(form.rest_mean):
        parts.append(moments.mean_response)
    return xp.concatenate(parts, axis=1)


def feature_functionals(form: ClampedForm, family: InterventionFamily, left: ArrayLike, right: ArrayLike) -> np.ndarray:
    """Return the coefficients on `clamped_features` of a^T E[x x^T] v, for many a and v.

    Parameters
    ----------
    form, family
        As in `site_moments`.
    left
        a, (..., r, q).
    right
        v, (..., q).

    Returns
    -------
    ndarray
        (..., r, features).
    """
    instance("form", form, ClampedForm)
    instance("family", family, InterventionFamily)
    q = len(form.effects)
    a, v = np.asarray(reals("left", left)), np.asarray(reals("right", right))
    if a.ndim < 2 or a.shape[-1] != q:
        raise ValueError(f"left must have shape (..., r, {q}); got shape {a.shape}")
    if v.ndim == 0 or v.shape[-1] != q or v.shape[:-1] != a.shape[:-2]:
        raise ValueError(f"right must have shape (..., {q}) with the batch of left; got shapes {v.shape} and {a.shape}")
    k = len(family.sites)
    ap, pv = a @ form.effects, (v @ form.effects)[..., None, :]
    av, uv = a @ form.rest_moment, (v @ form.rest_moment)[..., None, :]
    outside = family.parents[~np.isin(family.parents, family.sites)]
    upper = np.triu_indices(k)
    pairs = ap[..., :, upper[0]] * pv[..., upper[1]]
    pairs = np.where(upper[0] == upper[1], pairs, pairs + ap[..., :, upper[1]] * pv[..., upper[0]])
    cross = ap[..., :, :, None] * uv[..., None, outside] + pv[..., None] * av[..., :, None, outside]
    shape = (*ap.shape[:-1], -1)
    parts = [(a @ form.rest_moment @ v[..., None]), pairs, cross.reshape(shape)]
    if np.any(form.rest_mean):
        parts.append(ap * (v @ form.rest_mean)[..., None, None] + pv * (a @ form.rest_mean)[..., None])
    return np.concatenate([np.broadcast_to(part, (*ap.shape[:-1], part.shape[-1])) for part in parts], axis=-1)
