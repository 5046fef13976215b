"""The clamped form: moments, blocks, features and functionals against inversion of every environment's own matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, cupy_or_skip
from theorylab.backend import generator
from theorylab.models import structural_equations as equations


def setting(seed: int, nodes: int = 9, sites: int = 3, means: bool = True) -> tuple[np.random.Generator, tuple[np.ndarray, ...], np.ndarray]:
    """A graph in an order of its own, some sites, and means of every noise."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(nodes)
    b = equations.random_coefficients(rng, nodes, in_degree=2)[np.ix_(order, order)]
    model = (b, rng.uniform(0.3, 1.5, nodes), rng.standard_normal(nodes) if means else np.zeros(nodes))
    return rng, model, rng.choice(nodes, sites, replace=False)


def inverted(family: equations.InterventionFamily, environments: equations.Environments) -> np.ndarray:
    moments = []
    for index in range(len(environments.site_means)):
        b, variances, means = equations.environment_model(family, environments, index)
        inverse = np.linalg.inv(np.eye(len(b)) - b)
        moments.append(inverse @ (np.diag(variances) + np.outer(means, means)) @ inverse.T)
    return np.array(moments)


def close(found: Any, exact: np.ndarray) -> None:
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("means", [True, False])
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("kind", equations.KINDS)
def test_moments_features_and_functionals(kind: str, joint: bool, means: bool) -> None:
    for seed in range(4):
        rng, model, sites = setting(seed, means=means)
        family = equations.intervention_family(*model, sites=sites, kind=kind, joint=joint)
        form = equations.clamped_decomposition(*model, sites=sites)
        drawn = equations.sample_environments(DeviceGenerator(seed) if seed % 2 else rng, 6, family)
        exact = inverted(family, drawn)
        close(equations.second_moment_from_clamped(form, family, drawn), exact)
        block = rng.permutation(9)[:4]
        close(equations.second_moment_from_clamped(form, family, drawn, nodes=block), exact[:, block[:, None], block])
        features = equations.clamped_features(form, family, drawn)
        outside = len(set(family.parents) - set(sites))
        k = len(sites)
        assert features.shape == (6, 1 + k * (k + 1) // 2 + k * outside + k * means)
        left, right = rng.standard_normal((5, 2, 9)), rng.standard_normal((5, 9))
        functionals = equations.feature_functionals(form, family, left, right)
        assert functionals.shape == (5, 2, features.shape[1])
        close(np.einsum("hrd,td->thr", functionals, features), np.einsum("hra,tab,hb->thr", left, exact, right))
        close(equations.feature_functionals(form, family, left[0], right[0]), functionals[0])


def test_site_moments_are_moments_of_the_sites() -> None:
    rng, model, sites = setting(11)
    family = equations.intervention_family(*model, sites=sites)
    form = equations.clamped_decomposition(*model, sites=sites)
    drawn = equations.sample_environments(rng, 4, family)
    found = equations.site_moments(form, family, drawn)
    close(found.moment, inverted(family, drawn)[:, sites[:, None], sites])
    for index in range(4):
        b, _, means = equations.environment_model(family, drawn, index)
        whole_mean = np.linalg.inv(np.eye(9) - b) @ means
        close(found.response[index] @ form.rest_mean[family.parents] + found.mean_response[index], whole_mean[sites])
        effects = form.effects[family.parents]
        f = np.linalg.inv(np.eye(3) - drawn.site_coefficients[index] @ effects)
        close(found.response[index], f @ drawn.site_coefficients[index])


def test_form_is_that_of_the_cut_graph() -> None:
    _, (b, variances, means), sites = setting(12)
    form = equations.clamped_decomposition(b, variances, means, sites=sites)
    cut = b.copy()
    cut[sites] = 0.0
    inverse = np.linalg.inv(np.eye(9) - cut)
    close(form.effects, inverse[:, sites])
    rest = [node for node in range(9) if node not in sites]
    noise = np.zeros((9, 9))
    noise[rest, rest] = variances[rest]
    mean = np.zeros(9)
    mean[rest] = means[rest]
    close(form.rest_mean, inverse @ mean)
    close(form.rest_moment, inverse @ (noise + np.outer(mean, mean)) @ inverse.T)
    assert np.all(form.rest_moment[sites] == 0.0)
    # The equations of the sites themselves do not matter.
    other = equations.clamped_decomposition(cut, np.where(np.isin(np.arange(9), sites), 7.0, variances), means, sites=sites)
    for part, again in zip(form, other, strict=True):
        close(again, part)


def test_only_features_change() -> None:
    """Two environments with the same features have the same moments, and the features alone span them."""
    rng, model, sites = setting(13, nodes=12, sites=2, means=False)
    family = equations.intervention_family(*model, sites=sites)
    form = equations.clamped_decomposition(*model, sites=sites)
    drawn = equations.sample_environments(rng, 60, family)
    features, moments = equations.clamped_features(form, family, drawn), inverted(family, drawn).reshape(60, -1)
    fitted = features @ np.linalg.lstsq(features[:40], moments[:40], rcond=None)[0]
    np.testing.assert_allclose(fitted[40:], moments[40:], atol=1e-8 * np.abs(moments).max())


@pytest.mark.parametrize("sites", [[0], [8], list(range(9)), [4, 4 + 1]])
def test_ends_of_the_graph(sites: list[int]) -> None:
    """A root, a leaf, every node at once, and neighbours."""
    rng = np.random.default_rng(14)
    model = (equations.random_coefficients(rng, 9, in_degree=3), rng.uniform(0.3, 1.5, 9), rng.standard_normal(9))
    for kind in equations.KINDS:
        family = equations.intervention_family(*model, sites=sites, kind=kind)
        drawn = equations.sample_environments(rng, 5, family)
        form = equations.clamped_decomposition(*model, sites=sites)
        close(equations.second_moment_from_clamped(form, family, drawn), inverted(family, drawn))


def test_bad_nodes_and_models() -> None:
    rng, model, sites = setting(15)
    family = equations.intervention_family(*model, sites=sites)
    form, drawn = equations.clamped_decomposition(*model, sites=sites), equations.sample_environments(rng, 2, family)
    with pytest.raises(ValueError, match=r"^nodes must be different nodes from 0 to 8; got \[1, 1\]"):
        equations.second_moment_from_clamped(form, family, drawn, nodes=[1, 1])
    with pytest.raises(ValueError, match=r"^sites must be different nodes from 0 to 8; got \[9\]"):
        equations.clamped_decomposition(*model, sites=[9])
    with pytest.raises(ValueError, match=r"^noise_variances must be finite and > 0; got"):
        equations.clamped_decomposition(model[0], -model[1], sites=[0])


@pytest.mark.gpu
def test_moments_on_a_gpu() -> None:
    cupy_or_skip()
    _, model, sites = setting(16)
    for kind in equations.KINDS:
        family = equations.intervention_family(*model, sites=sites, kind=kind)
        form = equations.clamped_decomposition(*model, sites=sites)
        drawn = equations.sample_environments(generator("cupy", 1, 0), 6, family)
        there = equations.Environments(*(part.get() for part in drawn))
        close(equations.second_moment_from_clamped(form, family, drawn).get(), inverted(family, there))
        close(equations.clamped_features(form, family, drawn).get(), equations.clamped_features(form, family, there))
