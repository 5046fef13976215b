"""Interventions and their families: what is changed and what is not, laws of what is drawn, devices, bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.backend import generator
from theorylab.models import structural_equations as equations

# 0 -> 1 -> 2, 0 -> 2, 2 -> 3, 4 apart.
B = np.zeros((5, 5))
B[1, 0], B[2, 1], B[2, 0], B[3, 2] = 0.5, -0.8, 0.3, 0.9
VARIANCES, MEANS = np.array([1.0, 0.7, 0.5, 0.9, 1.1]), np.array([0.2, 0.0, -0.4, 1.0, 0.0])


def test_soft_changes_rows_and_variances_of_the_sites_only() -> None:
    new = np.zeros((2, 5))
    new[0, [0, 1]], new[1, 2] = [2.0, 3.0], -1.0
    found = equations.apply_intervention(B, VARIANCES, MEANS, sites=[2, 3], kind="soft", new_coefficients=new, new_variances=[0.1, 0.2])
    expected = B.copy()
    expected[2, 0], expected[2, 1], expected[3, 2] = 2.0, 3.0, -1.0
    assert np.array_equal(found.coefficients, expected)
    assert found.noise_variances.tolist() == [1.0, 0.7, 0.1, 0.2, 1.1]
    assert np.array_equal(found.noise_means, MEANS)


def test_hard_scale_and_shift() -> None:
    hard = equations.apply_intervention(B, VARIANCES, MEANS, sites=[2], kind="hard", new_variances=[3.0])
    expected = B.copy()
    expected[2] = 0.0
    assert np.array_equal(hard.coefficients, expected)
    scale = equations.apply_intervention(B, VARIANCES, MEANS, sites=[2], kind="scale", new_variances=[3.0])
    assert np.array_equal(scale.coefficients, B)
    for found in (hard, scale):
        assert found.noise_variances.tolist() == [1.0, 0.7, 3.0, 0.9, 1.1]
        assert np.array_equal(found.noise_means, MEANS)
    shift = equations.apply_intervention(B, VARIANCES, sites=[3, 0], kind="shift", new_means=[5.0, -1.0])
    assert np.array_equal(shift.coefficients, B)
    assert np.array_equal(shift.noise_variances, VARIANCES)
    assert shift.noise_means.tolist() == [-1.0, 0.0, 0.0, 5.0, 0.0]


def test_the_model_itself_is_left_alone() -> None:
    b, variances, means = B.copy(), VARIANCES.copy(), MEANS.copy()
    equations.apply_intervention(b, variances, means, sites=[2], kind="hard", new_variances=[3.0])
    equations.apply_intervention(b, variances, means, sites=[2], kind="shift", new_means=[3.0])
    family = equations.intervention_family(b, variances, means, sites=[2])
    equations.environment_model(family, equations.sample_environments(np.random.default_rng(0), 2, family), 1)
    for part, original in zip((b, variances, means, *family.model), (B, VARIANCES, MEANS, B, VARIANCES, MEANS), strict=True):
        assert np.array_equal(part, original)


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("kind", equations.KINDS)
@pytest.mark.parametrize("device", [False, True])
def test_environments_differ_from_the_model_where_they_should(kind: str, joint: bool, device: bool) -> None:
    rng: Any = DeviceGenerator(1) if device else np.random.default_rng(1)
    sites, probabilities = [3, 2, 4], [0.5, 0.2, 0.3]
    family = equations.intervention_family(
        B,
        VARIANCES,
        MEANS,
        sites=sites,
        kind=kind,
        joint=joint,
        site_probabilities=None if joint else probabilities,
        coefficient_mean=0.4,
        coefficient_scale=0.6,
        variance_range=(2.5, 3.5),
        mean_scale=2.0,
    )
    assert family.parents.tolist() == [0, 1, 2]
    size = 4000
    drawn = equations.sample_environments(rng, size, family)
    base = B[np.ix_(sites, family.parents)]
    assert drawn.site_coefficients.shape == (size, 3, 3)
    assert drawn.site_variances.shape == drawn.site_means.shape == (size, 3)
    changed = {
        "coefficients": np.any(drawn.site_coefficients != base, axis=2),
        "variances": drawn.site_variances != VARIANCES[sites],
        "means": drawn.site_means != MEANS[sites],
    }
    touched = changed["means"] if kind == "shift" else changed["variances"]
    assert touched.all() if joint else np.all(touched.sum(axis=1) == 1)
    if not joint:
        for site in range(3):
            assert_same_mean(1.0 * touched[:, site], probabilities[site])
    # Node 4 has no parents, so its coefficients cannot change.
    edges = np.any(base != 0.0, axis=1)
    assert np.array_equal(changed["coefficients"], touched & edges & (kind in ("soft", "hard")))
    assert np.array_equal(changed["variances"], touched & (kind != "shift"))
    assert np.array_equal(changed["means"], touched & (kind == "shift"))
    assert np.all(drawn.site_coefficients[:, base == 0.0] == 0.0)
    if kind == "hard":
        assert np.all(drawn.site_coefficients[touched] == 0.0)
    if kind == "soft":
        values = drawn.site_coefficients[:, 1, :2][touched[:, 1]]
        if joint:
            assert_same_mean(values, 0.4)
            assert_same_mean((values - 0.4) ** 2, 0.36)
            assert_same_mean(values[:, 0] * values[:, 1], 0.16)
    if kind == "shift":
        new = drawn.site_means[touched]
        assert_same_mean(new, 0.0)
        assert_same_mean(new**2, 4.0)
    else:
        new = drawn.site_variances[touched]
        assert new.min() > 2.5
        assert new.max() < 3.5
        assert_same_mean(new, 3.0)
        assert_same_mean(1.0 * (new < 2.75), 0.25)


def test_environment_models_are_interventions() -> None:
    rng = np.random.default_rng(2)
    sites = [3, 2]
    for kind in equations.KINDS:
        family = equations.intervention_family(B, VARIANCES, MEANS, sites=sites, kind=kind)
        drawn = equations.sample_environments(rng, 3, family)
        for index in range(3):
            whole = np.zeros((2, 5))
            whole[:, family.parents] = drawn.site_coefficients[index]
            arguments = {
                "soft": {"new_coefficients": whole, "new_variances": drawn.site_variances[index]},
                "hard": {"new_variances": drawn.site_variances[index]},
                "scale": {"new_variances": drawn.site_variances[index]},
                "shift": {"new_means": drawn.site_means[index]},
            }[kind]
            model = equations.environment_model(family, drawn, index)
            again = equations.apply_intervention(B, VARIANCES, MEANS, sites=sites, kind=kind, **arguments)
            for part, other in zip(model, again, strict=True):
                assert np.array_equal(part, other)


def test_one_seed_intervenes_alike_for_every_kind() -> None:
    draws = {}
    for kind in equations.KINDS:
        family = equations.intervention_family(B, VARIANCES, MEANS, sites=[2, 3], kind=kind, joint=False)
        draws[kind] = equations.sample_environments(np.random.default_rng(3), 50, family)
    for kind in ("hard", "scale"):
        assert np.array_equal(draws[kind].site_variances, draws["soft"].site_variances)
    assert np.array_equal(draws["shift"].site_means != MEANS[[2, 3]], draws["soft"].site_variances != VARIANCES[[2, 3]])


def test_defaults_of_families() -> None:
    family = equations.intervention_family(B, VARIANCES, sites=[2, 3])
    assert (family.kind, family.joint, family.coefficient_mean, family.coefficient_scale) == ("soft", True, 0.0, 1.0)
    assert family.variance_range == (0.3, 2.0)
    assert family.mean_scale == 1.0
    assert family.site_probabilities.tolist() == [0.5, 0.5]
    assert equations.intervention_family(B, VARIANCES, sites=[4]).parents.shape == (0,)
    drawn = equations.sample_environments(np.random.default_rng(4), 3, equations.intervention_family(B, VARIANCES, sites=[4]))
    assert drawn.site_coefficients.shape == (3, 1, 0)
    fixed = equations.intervention_family(B, VARIANCES, sites=[2], coefficient_mean=0.7, coefficient_scale=0.0, variance_range=(0.9, 0.9))
    drawn = equations.sample_environments(np.random.default_rng(5), 3, fixed)
    assert np.all(drawn.site_coefficients == 0.7)
    assert np.all(drawn.site_variances == 0.9)
    # A site of probability zero is never touched.
    never = equations.intervention_family(B, VARIANCES, sites=[2, 3], joint=False, site_probabilities=[0.0, 1.0])
    assert np.all(equations.sample_environments(np.random.default_rng(6), 500, never).site_variances[:, 0] == VARIANCES[2])


@pytest.mark.gpu
def test_environments_on_a_gpu() -> None:
    cupy_or_skip()
    for joint in (True, False):
        family = equations.intervention_family(B, VARIANCES, MEANS, sites=[2, 3], joint=joint)
        found = equations.sample_environments(generator("cupy", 1, 0), 2000, family)
        plain = equations.sample_environments(np.random.default_rng(7), 2000, family)
        for part, other in zip(found, plain, strict=True):
            assert part.shape == other.shape
            assert_equal_in_law(part.get().ravel(), other.ravel())


def apply(**changes: Any) -> Any:
    return equations.apply_intervention(B, VARIANCES, **({"sites": [2], "kind": "scale", "new_variances": [1.0]} | changes))


def family_of(**changes: Any) -> Any:
    return equations.intervention_family(B, VARIANCES, **({"sites": [2, 3]} | changes))


NEW_EDGE = np.eye(5)[[4]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: apply(kind="soft"), "new_coefficients must be given for kind='soft'; got None"),
        (lambda: apply(new_variances=None), "new_variances must be given for kind='scale'; got None"),
        (lambda: apply(kind="shift"), r"new_variances must be left out for kind='shift'; got \[1.0\]"),
        (lambda: apply(kind="shift", new_variances=None), "new_means must be given for kind='shift'; got None"),
        (lambda: apply(new_means=[0.0]), r"new_means must be left out for kind='scale'; got \[0.0\]"),
        (lambda: apply(kind="hard", new_coefficients=NEW_EDGE), "new_coefficients must be left out for kind='hard'; got"),
        (lambda: apply(kind="softer"), "kind must be one of 'soft', 'hard', 'scale', 'shift'; got 'softer'"),
        (lambda: apply(kind="soft", new_coefficients=NEW_EDGE), "new_coefficients must be zero where the site has no edge; got a new edge"),
        (lambda: apply(kind="soft", new_coefficients=np.zeros((2, 5))), r"new_coefficients must have shape \(1, 5\); got shape \(2, 5\)"),
        (lambda: apply(new_variances=[0.0]), "new_variances must be finite and > 0; got"),
        (lambda: apply(new_variances=[1.0, 1.0]), r"new_variances must have shape \(1,\); got shape \(2,\)"),
        (lambda: apply(new_variances=[np.nan]), "new_variances must be finite; got 1 entries"),
        (lambda: apply(sites=[5]), r"sites must be different nodes from 0 to 4; got \[5\]"),
        (lambda: apply(sites=[1, 1]), r"sites must be different nodes from 0 to 4; got \[1, 1\]"),
        (
            lambda: family_of(target=3),
            r"sites must not contain the target 3 \(its parents would not be invariant; allow_target=True permits it\)",
        ),
        (lambda: family_of(sites=[]), "sites must name at least one node; got none"),
        (lambda: family_of(kind="all"), "kind must be one of 'soft', 'hard', 'scale', 'shift'; got 'all'"),
        (lambda: family_of(site_probabilities=[0.5, 0.6]), r"site_probabilities must be >= 0 and sum to 1; got \[0.5, 0.6\]"),
        (lambda: family_of(site_probabilities=[1.5, -0.5]), r"site_probabilities must be >= 0 and sum to 1; got \[1.5, -0.5\]"),
        (lambda: family_of(site_probabilities=[1.0]), r"site_probabilities must have shape \(2,\); got shape \(1,\)"),
        (lambda: family_of(variance_range=(2.0, 1.0)), r"variance_range must be an interval \(low, high\); got \(2.0, 1.0\)"),
        (lambda: family_of(variance_range=(0.0, 1.0)), "variance_range must be finite and > 0; got"),
        (lambda: family_of(coefficient_scale=-1.0), "coefficient_scale must be finite and >= 0; got"),
        (lambda: family_of(coefficient_mean=np.inf), "coefficient_mean must be finite; got"),
        (lambda: family_of(mean_scale=-1.0), "mean_scale must be finite and >= 0; got"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_the_target_may_be_allowed() -> None:
    assert family_of(target=3, allow_target=True).sites.tolist() == [2, 3]
    assert family_of(target=1).sites.tolist() == [2, 3]
