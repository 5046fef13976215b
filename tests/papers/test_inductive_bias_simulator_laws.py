"""Samplers of inductive_bias: equal in law or mean by independent routes, exact where they can be, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task

SMALL = {"dimension": 3, "train": 10, "test": 12}


def test_errors_of_functions_and_of_the_spectrum_are_equal_in_law() -> None:
    rng = np.random.default_rng(1)
    problem = {"dimension": 2, "train": 4, "test": 5, "outputs": 2}
    drawn = [simulate.sample_errors(rng, 40_000, **problem, route=route) for route in simulate.ROUTES]
    assert_equal_in_law(drawn[0]["error"], drawn[1]["error"])
    law = theory.task_distribution(kronecker_task(2, 4, 5, outputs=2))
    assert_same_mean(drawn[0]["error"], float(law.mean()))
    assert_same_mean(drawn[0]["logarithm"], float(law.mean_log()))
    prior = simulate.sample_errors(rng, 20_000, dimension=2, train=0, test=5, target_error=0.5)
    assert_same_mean(prior["hit"], float(theory.task_distribution(kronecker_task(2, 0, 5)).cdf(0.5)))


def test_fits_are_the_closed_form_of_their_own_sample() -> None:
    found = simulate.sample_gamma_fit(np.random.default_rng(2), 3, dimension=1, train=1, test=8, hypotheses=50, target_error=0.01, equal=True)
    errors = np.random.default_rng(2).chisquare(8, (3, 50)) / 8
    shape = theory.gamma_shape(np.log(errors.mean(axis=1)) - np.log(errors).mean(axis=1))
    np.testing.assert_allclose(found, theory.gamma_bias(theory.GammaFit(shape, errors.mean(axis=1)), 0.01), rtol=1e-9)
    deep = simulate.sample_gamma_fit(np.random.default_rng(2), 1, dimension=1, train=1, test=8, hypotheses=50, target_error=1e-80, equal=True)
    assert deep[0] == pytest.approx(float(np.asarray(theory.gamma_bias(theory.GammaFit(shape[0], errors.mean(axis=1)[0]), 1e-80))), rel=1e-9)
    high = simulate.sample_gamma_fit(np.random.default_rng(2), 1, dimension=1, train=1, test=8, hypotheses=50, target_error=3.0, equal=True)
    assert high[0] == pytest.approx(float(np.asarray(theory.gamma_bias(theory.GammaFit(shape[0], errors.mean(axis=1)[0]), 3.0))), rel=1e-8)


def test_hits() -> None:
    drawn = simulate.sample_hits(np.random.default_rng(3), 50_000, probability=0.02, hypotheses=100, failure_probability=0.1)
    assert_same_mean(drawn["share"], 0.02)
    assert_same_mean(drawn["none"], 0.98**100)
    assert drawn["bound_holds"].mean() > 0.9


def test_tilted_weights_and_last_particles() -> None:
    law = theory.task_distribution(kronecker_task(**SMALL))
    eps = 0.2 * float(law.mean())
    nats = float(theory.required_inductive_bias(law, eps))
    for tilt in (0.5 * theory.kl_inductive_bias(law, eps).tilt, theory.kl_inductive_bias(law, eps).tilt):
        weights = simulate.sample_tilted_weight(np.random.default_rng(4), 200_000, **SMALL, target_error=eps, tilt=tilt, nats=nats)
        assert_same_mean(weights, 1.0, skewness=10.0)
    drawn = simulate.sample_last_particle(np.random.default_rng(5), 20_000, particles=5, nats=2.0)
    assert_same_mean(drawn["kills"], 10.0)
    assert_same_mean(drawn["squared"], 1.0, skewness=8.0)


def test_splitting_counts_nats_of_a_known_tail() -> None:
    rng = np.random.default_rng(6)
    found = [simulate.splitting(rng, lambda z: (z**2).sum(axis=1), 2, 0.02, particles=400) for _ in range(30)]
    exact = -math.log(-math.expm1(-0.01))
    assert abs(np.mean(found) - exact) < 6 * np.std(found) / math.sqrt(30) + 0.03
    # A target that the first particles reach.
    assert simulate.splitting(rng, lambda z: z[:, 0], 1, 10.0) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(RuntimeError, match="was not reached in 3 levels"):
        simulate.splitting(rng, lambda z: (z**2).sum(axis=1), 2, 1e-12, most_levels=3)


def test_finite_width_against_plain_conditioning() -> None:
    # One network: its chance by the law of its own kernel, built from the same features.
    setting = {"dimension": 3, "train": 4, "test": 5, "width": 7, "depth": 2, "nugget": 0.05}
    found = simulate.sample_finite_width(np.random.default_rng(7), 6, **setting, target_errors=(0.4, 0.8))
    task = kronecker_task(3, 4, 5, normalized=True)
    layers = simulate.hidden_features(np.random.default_rng(7), 6, task.inputs, 7, 2)
    for row in range(6):
        k = layers[row] @ layers[row].T + 0.05 * np.eye(9)
        c = np.linalg.inv(np.linalg.inv(k)[4:, 4:])
        mean = k[4:, :4] @ np.linalg.solve(k[:4, :4], task.targets[:4])
        law = theory.error_spectrum(mean, c, task.targets[4:])
        assert found["chance_1"][row] == pytest.approx(float(law.cdf(0.8)), rel=1e-7)
        y = task.targets[:4, 0]
        log = -0.5 * y @ np.linalg.solve(k[:4, :4], y) - 0.5 * np.linalg.slogdet(k[:4, :4])[1] + 0.5 * y @ y
        assert found["evidence"][row] == pytest.approx(math.exp(log), rel=1e-9)
        assert found["joint_1"][row] == found["evidence"][row] * found["chance_1"][row]


def test_wide_layers_are_drawn_without_their_weights() -> None:
    # Layers wider than the number of points: chances of networks whose weights are drawn have the same law.
    setting = {"dimension": 3, "train": 0, "test": 4, "width": 9, "depth": 3, "nugget": 0.05}
    rng = np.random.default_rng(17)
    found = simulate.sample_finite_width(rng, 40_000, **setting, target_errors=(0.5,))["chance_0"]
    task = kronecker_task(3, 0, 4, normalized=True)
    layers = simulate.hidden_features(rng, 40_000, task.inputs, 9, 3)
    values, vectors = np.linalg.eigh(layers @ layers.swapaxes(1, 2) + 0.05 * np.eye(4))
    law = GeneralizedChiSquared(values / 4, 1.0, (vectors.swapaxes(1, 2) @ task.targets[:, 0]) ** 2 / values)
    assert_equal_in_law(found, np.asarray(law.cdf(0.5)))
    errors = simulate.sample_width_errors(rng, 40_000, dimension=3, test=4, width=9, depth=3, nugget=0.05)
    assert_same_mean(1.0 * (errors <= 0.5), float(found.mean()), skewness=10.0)


def test_weights_drawn_in_pieces_are_those_drawn_at_once() -> None:
    x = kronecker_task(3, 0, 4, normalized=True).inputs
    rng = np.random.default_rng(18)
    found = simulate.hidden_features(rng, 7, x, 300, 2)
    again = np.random.default_rng(18)
    layer = np.maximum(x / math.sqrt(3) @ again.standard_normal((7, 3, 300)), 0.0) * math.sqrt(2 / 300)
    layer = np.maximum(layer @ again.standard_normal((7, 300, 300)), 0.0) * math.sqrt(2 / 300)
    np.testing.assert_allclose(found, layer, rtol=1e-12)
    assert rng.random() == again.random()


def test_forward_passes_have_the_mean_of_their_kernels() -> None:
    rng = np.random.default_rng(8)
    setting = {"dimension": 3, "test": 4, "width": 5, "depth": 2, "nugget": 0.1}
    errors = simulate.sample_width_errors(rng, 60_000, **setting)
    task = kronecker_task(3, 0, 4, normalized=True)
    # The mean kernel is that of infinite width: 1 on the diagonal.
    assert_same_mean(errors, 1.1 + float((task.targets**2).mean()), skewness=12.0)


def test_trained_networks_against_one_written_out() -> None:
    setting = {"dimension": 2, "train": 6, "test": 4, "width": 3, "steps": 25}
    for start in simulate.INITIALISATIONS:
        found = simulate.sample_trained_errors(np.random.default_rng(9), 2, **setting, initialisation=start)
        assert found[0] == pytest.approx(_trained(start, 0, **setting), rel=1e-9)
        assert found[1] == pytest.approx(_trained(start, 1, **setting), rel=1e-9)
    with pytest.raises(ValueError, match=r"^initialisation must be one of 'he', 'uniform', 'he_without_biases'; got 'zero'$"):
        simulate.sample_trained_errors(np.random.default_rng(9), 2, **setting, initialisation="zero")


def _trained(start: str, row: int, *, dimension: int, train: int, test: int, width: int, steps: int) -> float:
    """One network with loops over its weights' gradients by differences of the loss."""
    rng = np.random.default_rng(9)
    shapes, fans = [(dimension, width), (1, width), (width, 1), (1, 1)], [dimension, dimension, width, width]
    if start == "uniform":
        state = [((2 * rng.random((2, *shape)) - 1) / math.sqrt(fan))[row] for shape, fan in zip(shapes, fans, strict=True)]
    else:
        state = [(rng.standard_normal((2, *shape)) * math.sqrt(2 / fan))[row] for shape, fan in zip(shapes, fans, strict=True)]
        state[1], state[3] = 0 * state[1], 0 * state[3]
    task = kronecker_task(dimension, train, test)
    x, y = task.inputs, task.targets[:, 0]

    def outputs(parts: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
        return (np.maximum(rows @ parts[0] + parts[1], 0) @ parts[2] + parts[3])[:, 0]

    first, second = [0 * part for part in state], [0 * part for part in state]
    for step in range(1, steps + 1):
        for index in (0, 1, 2, 3) if start != "he_without_biases" else (0, 2):
            first[index], second[index] = 0.9 * first[index], 0.999 * second[index]
        gradients = []
        for part in state:
            gradient = np.zeros_like(part)
            for place in np.ndindex(part.shape):
                kept = part[place]
                values = []
                for shift in (1e-6, -1e-6):
                    part[place] = kept + shift
                    values.append(np.mean((outputs(state, x[:train]) - y[:train]) ** 2))
                part[place] = kept
                gradient[place] = (values[0] - values[1]) / 2e-6
            gradients.append(gradient)
        for index in (0, 1, 2, 3) if start != "he_without_biases" else (0, 2):
            first[index] = first[index] + 0.1 * gradients[index]
            second[index] = second[index] + 0.001 * gradients[index] ** 2
            root = np.sqrt(second[index] / (1 - 0.999**step)) + 1e-8
            state[index] = state[index] - 0.01 * first[index] / (1 - 0.9**step) / root
    return float(np.mean((outputs(state, x[train:]) - y[train:]) ** 2))


def test_half_planes_by_their_definition() -> None:
    drawn = simulate.sample_half_planes(np.random.default_rng(10), 40_000, sample_size=4, target_error=0.1)
    rng = np.random.default_rng(11)
    # Examples are directions; a half-plane at angle t to the teacher disagrees on an arc of measure t/pi.
    angles = rng.random((40_000, 4))
    a, b = angles.min(axis=1), 1 - angles.max(axis=1)
    assert_equal_in_law(drawn["nats"], -np.log((a + b) / 2))
    assert_equal_in_law(drawn["risk"], (a**2 + b**2) / (2 * (a + b)))
    assert np.all(drawn["sum"] >= math.log(10) - 1e-12)


def test_samplers_need_no_more_than_a_device_offers() -> None:
    for sampler, setting in (
        (simulate.sample_errors, SMALL),
        (simulate.sample_gamma_fit, SMALL | {"hypotheses": 20, "target_error": 0.1}),
        (simulate.sample_tilted_weight, SMALL | {"target_error": 0.1, "tilt": 10.0, "nats": 9.0}),
        (simulate.sample_half_planes, {"sample_size": 5, "target_error": 0.1}),
        (simulate.sample_width_errors, {"dimension": 2, "test": 3, "width": 4, "depth": 1, "nugget": 0.1}),
        (simulate.sample_trained_errors, {"dimension": 2, "train": 3, "test": 3, "width": 4, "steps": 2}),
    ):
        drawn = sampler(DeviceGenerator(12), 5, **setting)
        values = drawn if isinstance(drawn, np.ndarray) else next(iter(drawn.values()))
        assert values.shape == (5,)


def test_bad_input() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"^route must be one of 'spectrum', 'functions'; got 'guess'$"):
        simulate.sample_errors(rng, 2, **SMALL, route="guess")
    with pytest.raises(ValueError, match=r"^hypotheses must be an integer >= 3; got 2$"):
        simulate.sample_gamma_fit(rng, 2, **SMALL, hypotheses=2, target_error=0.1)
    with pytest.raises(ValueError, match=r"^particles must be an integer >= 2; got 1$"):
        simulate.sample_last_particle(rng, 2, particles=1, nats=1.0)
    with pytest.raises(ValueError, match=r"^level must be finite and > 0 and < 1; got 1.0$"):
        simulate.splitting(rng, lambda z: z[:, 0], 1, 0.0, level=1.0)
