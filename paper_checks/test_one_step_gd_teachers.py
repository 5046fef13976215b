"""arXiv:2307.03576, Theorem 3 and beyond: nonlinear targets, and targets without sign symmetry.

n context_length, d dimension, sigma^2 noise_variance, lambda = sigma^2 / tau^2, beta_f = E[f(x) x | f], B = E|beta_f|^2 linear_power,
V = E[f(x)^2 |x|^2] weighted_power, F = E f(x)^2 power, v = (a; c) value_vector, M = (A; b^T) key_query_matrix.
"""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.papers.one_step_gd.closed_form import TeacherMoments
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2307.03576"
DERIVED = "derived here"


def shifted_square(z: np.ndarray) -> np.ndarray:
    """Return z + z^2, neither odd nor even, of mean 1."""
    return z + z**2


# GD-9 ------------------------------------------------------------------------------------------------------------------------------------

nonlinear_targets = claim(
    "GD-9",
    kind="optimum",
    statement="For targets whose law is invariant under all rotations, the best layer is still one plain gradient step, with another learning rate.",
    tex=r"\eta=\frac{B}{V+\sigma^2d+(n-1)B},\quad L^*=\sigma^2+F-nB\eta",
    source=f"{PAPER}, Theorem 3; closed form derived here",
)


def misread_rates(moments: TeacherMoments, context_length: int, dimension: int, noise_variance: float) -> dict[str, float]:
    """Return near misses of the learning rate by label."""
    n, d, noise = context_length, dimension, noise_variance
    b, v, f = moments.linear_power, moments.weighted_power, moments.power
    return {
        "as for a linear task": theory.optimal_learning_rate(n, d, noise),
        "nonlinearity is extra label noise": 1 / (n + d + 1 + (noise + f - b) * d / b),
        "n for n - 1": b / (v + noise * d + n * b),
        "no label noise": b / (v + (n - 1) * b),
    }


@nonlinear_targets
@pytest.mark.parametrize("dimension", [1, 3, 8])
def test_moments_of_single_index_targets(lab: Laboratory, dimension: int) -> None:
    """B, V, F and E f^4 of phi(u.x) by hand for links whose moments are elementary."""
    d = dimension
    by_hand = {
        "linear": (1, d + 2, 1, 3),
        "sign": (2 / np.pi, d, 1, 1),
        "relu": (1 / 4, (d + 2) / 2, 1 / 2, 3 / 2),
        "square": (0, 3 * d + 12, 3, 105),
        "cube": (9, 15 * (d + 6), 15, 10395),
        "hermite3": (0, 6 * d + 36, 6, 3348),
        shifted_square: (1, 18 + 4 * (d - 1), 4, 198),
    }
    for link, values in by_hand.items():
        moments = theory.nonlinear_teacher_moments(link, d)
        wider = theory.nonlinear_teacher_moments(link, d + 1)
        for name, claimed, value in zip(TeacherMoments._fields, moments, values, strict=True):
            wrong = {"one dimension more": getattr(wider, name)} if name == "weighted_power" else {"one more": claimed + 1}
            label = f"{name} of {getattr(link, '__name__', link)}"
            assert lab.identical(claimed, value, absolute=1e-11 * max(1, value), refutes=wrong, question=label)


@nonlinear_targets
def test_learning_rates_in_closed_form(lab: Laboratory) -> None:
    """The special cases in plain numbers, at random settings; a linear target gives the step of the linear task."""
    rng = np.random.default_rng([lab.seed, 9])
    for n, d, noise in zip(*rng.integers(1, 30, size=(2, 5)).tolist(), rng.uniform(0.1, 2.0, size=5).tolist(), strict=True):
        inverse_rates = {
            "linear": n - 1 + d + 2 + noise * d,
            "sign": n - 1 + np.pi / 2 * d * (1 + noise),
            "relu": n - 1 + 2 * (d + 2) + 4 * noise * d,
            "cube": n - 1 + (15 * (d + 6) + noise * d) / 9,
            "network": n + 2 * d + 3 + 4 * noise,
        }
        for link, inverse in inverse_rates.items():
            moments = theory.relu_network_moments(d) if link == "network" else theory.nonlinear_teacher_moments(link, d)
            b, v, f = moments[:3]
            rate = theory.optimal_learning_rate_nonlinear(b, v, d, n, noise)
            wrong = {"one example more": 1 / (inverse + 1), "one example fewer": 1 / (inverse - 1)}
            assert lab.identical(rate, 1 / inverse, relative=1e-11, refutes=wrong, question=f"learning rate, {link}")
            loss = theory.nonlinear_minimum_loss(b, v, f, d, n, noise)
            wrong = {"zero predictor": noise + f, "n - 1 for n": noise + f - (n - 1) * b / inverse}
            assert lab.identical(loss, noise + f - n * b / inverse, relative=1e-11, refutes=wrong, question=f"least loss, {link}")
        rate, loss = theory.optimal_learning_rate(n, d, noise), theory.minimum_pretraining_loss(n, d, noise)
        wrong = {"V = d^2": theory.optimal_learning_rate_nonlinear(d, d**2, d, n, noise)}
        assert lab.identical(theory.optimal_learning_rate_nonlinear(d, d * (d + 2), d, n, noise), rate, relative=1e-12, refutes=wrong)
        assert lab.identical(theory.nonlinear_minimum_loss(d, d * (d + 2), d, d, n, noise), loss, relative=1e-12, refutes={"no gain": noise + d})


@nonlinear_targets
@pytest.mark.parametrize("link", ["sign", "tanh", "relu"])
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(10, 4, 0.5), (6, 3, 1.0), (3, 6, 0.2)])
def test_single_index_targets(lab: Laboratory, link: str, context_length: int, dimension: int, noise_variance: float) -> None:
    """Learning rate and loss of the step, with only the component of x along u drawn."""
    setting = {"context_length": context_length, "dimension": dimension, "noise_variance": noise_variance}
    moments = theory.nonlinear_teacher_moments(link, dimension)
    b, v, f = moments[:3]
    eta = theory.optimal_learning_rate_nonlinear(b, v, **setting)
    run = lab.run(simulate.sample_teacher_terms, statistics=("correlation", "squared_gradient", "squared_label"), link=link, **setting)
    margin = 0.02 if lab.scale == "quick" else 0.004
    rate = run.mean("correlation") / run.mean("squared_gradient")
    assert rate.agrees_with(eta, relative=margin, refutes=misread_rates(moments, **setting))
    loss = run.mean("squared_label") - 2 * eta * run.mean("correlation") + eta**2 * run.mean("squared_gradient")
    linear_rate = theory.optimal_learning_rate(**setting)
    wrong = {"zero predictor": noise_variance + f, "with the rate of a linear task": noise_variance + f - context_length * b * linear_rate}
    assert loss.agrees_with(theory.nonlinear_minimum_loss(b, v, f, **setting), relative=margin, refutes=wrong)


@nonlinear_targets
@pytest.mark.parametrize("link", ["sign", "tanh"])
def test_single_index_targets_word_for_word(lab: Laboratory, link: str) -> None:
    """Random directions, raw covariates, a drawn query: the ratio of the theorem without any quadrature."""
    setting = {"context_length": 6, "dimension": 3, "noise_variance": 1.0}
    moments = theory.nonlinear_teacher_moments(link, 3)
    eta = theory.optimal_learning_rate_nonlinear(moments.linear_power, moments.weighted_power, **setting)
    run = lab.run(simulate.sample_raw_teacher_terms, statistics=("query_correlation", "squared_gradient"), link=link, **setting)
    rate = run.mean("query_correlation") / run.mean("squared_gradient")
    assert rate.agrees_with(eta, relative=0.04, refutes=misread_rates(moments, **setting))


@nonlinear_targets
@pytest.mark.parametrize(
    ("width", "output_law", "context_length", "dimension", "noise_variance"),
    [(1, "rademacher", 10, 4, 0.5), (3, "gaussian", 6, 3, 1.0), (20, "rademacher", 6, 3, 1.0), (20, "rademacher", 10, 4, 0.5)],
)
def test_random_networks(lab: Laboratory, width: int, output_law: str, context_length: int, dimension: int, noise_variance: float) -> None:
    """Two-layer ReLU networks of any width: raw weights, raw prompts."""
    setting = {"context_length": context_length, "dimension": dimension, "noise_variance": noise_variance}
    moments = theory.relu_network_moments(dimension)
    b, v, f = moments[:3]
    eta = theory.optimal_learning_rate_nonlinear(b, v, **setting)
    statistics = ("correlation", "squared_gradient", "squared_label")
    run = lab.run(simulate.sample_network_terms, statistics=statistics, width=width, output_law=output_law, **setting)
    rate = run.mean("correlation") / run.mean("squared_gradient")
    n, d, noise = context_length, dimension, noise_variance
    wrong = {"as for a linear task": theory.optimal_learning_rate(**setting), "2 d for 2 d + 3": 1 / (n + 2 * d + 4 * noise)}
    wrong["noise not magnified"] = 1 / (n + 2 * d + 3 + noise)
    wrong["as one relu on the sphere"] = 1 / (n - 1 + 2 * (d + 2) + 4 * noise * d)
    assert rate.agrees_with(eta, relative=0.04, refutes=wrong)
    loss = run.mean("squared_label") - 2 * eta * run.mean("correlation") + eta**2 * run.mean("squared_gradient")
    assert loss.agrees_with(theory.nonlinear_minimum_loss(b, v, f, **setting), relative=0.04, refutes={"zero predictor": noise + f})


@nonlinear_targets
@pytest.mark.parametrize(("link", "context_length"), [("linear", 3), ("shifted_square", 2), ("cube", 2)])
def test_best_step_by_enumeration(lab: Laboratory, link: str, context_length: int) -> None:
    """Polynomial targets on the circle, all prompts enumerated: no matrix P does better than eta I."""
    n, noise = context_length, 0.6
    terms = simulate.enumerate_teacher_terms(link, n, noise)
    slope, gram = terms["slope_by_gradient"], terms["gradient_by_gradient"]
    moments = theory.nonlinear_teacher_moments(shifted_square if link == "shifted_square" else link, 2)
    b, v, f = moments[:3]
    eta = theory.optimal_learning_rate_nonlinear(b, v, 2, n, noise)
    best = slope @ np.linalg.inv(gram)
    wrong = {"one example more": theory.optimal_learning_rate_nonlinear(b, v, 2, n + 1, noise) * np.eye(2), "predict zero": np.zeros((2, 2))}
    assert lab.identical(eta * np.eye(2), best, relative=1e-11, refutes=wrong, question=f"best preconditioner, {link}")
    assert lab.identical(n * b, terms["correlation"], relative=1e-11, refutes={"(n - 1) B": (n - 1) * b}, question="numerator of the theorem")
    assert lab.optimum(
        theory.nonlinear_minimum_loss(b, v, f, 2, n, noise),
        gradient=2 * (eta * gram - slope),
        curvatures=2 * np.linalg.eigvalsh(gram),
        searches=[terms["squared_label"] - np.trace(best @ slope.T)],
        tolerance=1e-10,
        refutes={
            f"{factor:g} times the step": terms["squared_label"] - 2 * factor * eta * np.trace(slope) + (factor * eta) ** 2 * np.trace(gram)
            for factor in (0.0, 0.9, 1.1, 2.0)
        },
    )


@nonlinear_targets
@pytest.mark.parametrize(("link", "power", "context_length"), [("square", 3.0, 2), ("hermite3", 6.0, 1)])
def test_targets_without_linear_part(lab: Laboratory, link: str, power: float, context_length: int) -> None:
    """Even targets and the third Hermite polynomial have B = 0: the best layer predicts 0, by many parameters, and any step is worse."""
    n, noise = context_length, 0.6
    moments = theory.nonlinear_teacher_moments(link, 2)
    with pytest.warns(UserWarning, match="not unique"):
        eta = theory.optimal_learning_rate_nonlinear(moments.linear_power, moments.weighted_power, 2, n, noise)
    with pytest.warns(UserWarning, match="not unique"):
        least = theory.nonlinear_minimum_loss(moments.linear_power, moments.weighted_power, moments.power, 2, n, noise)
    terms = simulate.enumerate_teacher_terms(link, n, noise)
    best = terms["correlation"] / terms["squared_gradient"]
    assert lab.identical(eta, best, absolute=1e-12, refutes={"as for a linear task": theory.optimal_learning_rate(n, 2, noise)})
    m = np.random.default_rng([lab.seed, 92]).normal(size=(3, 2))
    wrong = {"one part in a hundred of a step": noise + power + 1e-4 * terms["squared_gradient"], "noise-free": power}
    for v, key_query in (((0.0, 0.0, 0.0), m), ((0.3, -0.2, 0.5), np.zeros((3, 2)))):
        seen = simulate.enumerate_teacher_loss(v, key_query, link, n, noise)
        assert lab.identical(least, seen, relative=1e-12, refutes=wrong, question=f"loss of a layer that predicts 0, {link}")
    step = simulate.enumerate_teacher_loss((0.0, 0.0, 1.0), 0.01 * np.eye(3)[:, :2], link, n, noise)
    assert lab.exact(step).greater_than(least, refutes={"a small step is free": least})


@nonlinear_targets
def test_nonlinearity_is_not_extra_noise(lab: Laboratory) -> None:
    """For sign targets the noise that would explain eta, V/d - (d + 2) B/d, is negative at d = 3 and positive at d = 4."""
    extra = {}
    for d in (3, 4):
        moments = theory.nonlinear_teacher_moments("sign", d)
        extra[d] = lab.exact((moments.weighted_power - (d + 2) * moments.linear_power) / d, 1e-11)
    assert extra[3].agrees_with(1 - 10 / (3 * np.pi), absolute=1e-9, refutes={"the power outside the linear part, F - B": 1 - 2 / np.pi})
    assert extra[3].less_than(0.0)
    assert extra[4].greater_than(0.0)
    rates = {}
    for d in (3, 4):
        run = lab.run(simulate.sample_teacher_terms, link="sign", context_length=2, dimension=d, noise_variance=0.0)
        rates[d] = run.mean("correlation") / run.mean("squared_gradient")
    linear = {d: theory.optimal_learning_rate(2, d, 0.0) for d in (3, 4)}
    assert rates[3].greater_than(linear[3], refutes={"nonlinearity is extra label noise": 1 / (6 + (1 - 2 / np.pi) * 3 * np.pi / 2)})
    assert rates[4].less_than(linear[4], refutes={"a longer step than for a linear task": linear[4]})


# GD-10 -----------------------------------------------------------------------------------------------------------------------------------

no_sign_symmetry = claim(
    "GD-10",
    kind="identity",
    statement="Invariance under all rotations is enough: one-sided targets have the loss of their sign-symmetrised version, at every parameter.",
    tex=r"L(v,M)=\sigma^2+F-2n\tfrac Bd\operatorname{tr}P+n\kappa\|P\|^2+n(n+1)|A^\top a|^2+n\|A\|^2|a|^2+2cm_1b^\top A^\top a+c^2q_4|b|^2",
    source=DERIVED,
)

VALUE_VECTOR = (0.25, -0.15, 0.1, 0.4)
KEY_QUERY_MATRIX = ((0.15, 0.03, 0.0), (0.0, 0.1, -0.05), (0.04, 0.0, 0.12), (0.06, -0.03, 0.04))


@no_sign_symmetry
@pytest.mark.parametrize("link", ["linear", "shifted_square", "cube"])
def test_loss_by_enumeration(lab: Laboratory, link: str) -> None:
    """The loss at random weights on all prompts of polynomial targets on the circle; nothing changes if the even part of the output is negated."""
    rng = np.random.default_rng([lab.seed, 10])
    v, m, n, noise = rng.normal(size=3), rng.normal(size=(3, 2)), 2, 0.6
    moments = theory.nonlinear_teacher_moments(shifted_square if link == "shifted_square" else link, 2)
    claimed = theory.nonlinear_population_loss(v, m, n, moments, noise)
    seen = simulate.enumerate_teacher_loss(v, m, link, n, noise)
    near = {
        "E f^4 = F^2": moments._replace(fourth_moment=moments.power**2),
        "B doubled": moments._replace(linear_power=2 * moments.linear_power),
        "one dimension more in V": theory.nonlinear_teacher_moments(shifted_square if link == "shifted_square" else link, 3),
    }
    wrong = {label: theory.nonlinear_population_loss(v, m, n, other, noise)["total"] for label, other in near.items()}
    wrong["one example more"] = theory.nonlinear_population_loss(v, m, n + 1, moments, noise)["total"]
    wrong["the odd part is all"] = claimed["odd"]
    if link == "linear":
        del wrong["E f^4 = F^2"], wrong["one dimension more in V"]
    assert lab.identical(claimed["total"], seen, relative=1e-11, refutes=wrong, question=f"loss by enumeration, {link}")
    assert lab.identical(claimed["odd"] + claimed["even"], claimed["total"], relative=1e-12, refutes={"without the even part": claimed["odd"]})
    # theta = P X^T y + (A^T S a + c |y|^2 b): the signs of c and A together leave P and turn the even part round.
    turned = simulate.enumerate_teacher_loss(v * [1, 1, -1], m * np.array([[-1.0], [-1.0], [1.0]]), link, n, noise)
    assert lab.identical(seen, turned, relative=1e-11, refutes={"the odd part is all": claimed["odd"]}, question="odd and even parts do not interact")


@no_sign_symmetry
@pytest.mark.parametrize(("dimension", "prior_mean"), [(1, (0.8,)), (2, (0.8, -0.3))])
def test_rotation_invariance_is_needed(lab: Laboratory, dimension: int, prior_mean: tuple[float, ...]) -> None:
    """Linear tasks with a prior mean are not invariant, and odd and even parts do interact; in one dimension no proper rotation could tell."""
    rng = np.random.default_rng([lab.seed, 11, dimension])
    d = dimension
    v, m = rng.normal(size=d + 1), rng.normal(size=(d + 1, d))
    turned = np.append(v[:-1], -v[-1]), np.vstack([-m[:-1], m[-1:]])
    label = "proper rotations are enough (d = 1)" if d == 1 else "targets with a preferred direction"
    for mean, invariant in ((None, True), (prior_mean, False)):
        seen, other = (simulate.enumerate_population_loss(*weights, 2, 0.6, prior_mean=mean)["total"] for weights in ((v, m), turned))
        if invariant:
            assert lab.identical(seen, other, relative=1e-12, question="odd and even parts do not interact")
        else:
            lab.refutes(lab.identical(seen, other, relative=1e-12), label)


@no_sign_symmetry
@pytest.mark.parametrize("symmetrised", [False, True], ids=["one-sided", "symmetrised"])
@pytest.mark.parametrize("link", ["relu", "sign"])
def test_loss_on_raw_prompts(lab: Laboratory, link: str, symmetrised: bool) -> None:
    """Raw prompts through the layer: relu, of nonzero mean, and its symmetrised version have one loss."""
    run = lab.run(
        simulate.sample_teacher_losses,
        value_vector=VALUE_VECTOR,
        key_query_matrix=KEY_QUERY_MATRIX,
        link=link,
        context_length=5,
        noise_variance=0.5,
        symmetrised=symmetrised,
    )
    moments = theory.nonlinear_teacher_moments(link, 3)
    claimed = theory.nonlinear_population_loss(VALUE_VECTOR, KEY_QUERY_MATRIX, 5, moments, 0.5)
    wrong = {"the odd part is all": claimed["odd"]}
    if link == "relu":
        wrong["only the centred target matters"] = theory.nonlinear_population_loss(VALUE_VECTOR, KEY_QUERY_MATRIX, 5, centred_relu(3), 0.5)["total"]
    assert run.mean("loss").agrees_with(claimed["total"], relative=0.02, refutes=wrong)


def centred_relu(dimension: int) -> TeacherMoments:
    """Return the moments of relu(u.x) minus its mean."""
    return theory.nonlinear_teacher_moments(lambda z: np.maximum(z, 0.0) - 1 / np.sqrt(2 * np.pi), dimension, kinks=(0.0,))


@no_sign_symmetry
@pytest.mark.parametrize("symmetrised", [False, True], ids=["one-sided", "symmetrised"])
def test_learning_rate_needs_no_sign_symmetry(lab: Laboratory, symmetrised: bool) -> None:
    """The learning rate is the same for both, and not that of the centred target."""
    setting = {"context_length": 5, "dimension": 3, "noise_variance": 0.5}
    run = lab.run(simulate.sample_teacher_terms, statistics=("correlation", "squared_gradient"), link="relu", symmetrised=symmetrised, **setting)
    moments, centred = theory.nonlinear_teacher_moments("relu", 3), centred_relu(3)
    claimed, wrong = (theory.optimal_learning_rate_nonlinear(each.linear_power, each.weighted_power, **setting) for each in (moments, centred))
    rate = run.mean("correlation") / run.mean("squared_gradient")
    assert rate.agrees_with(claimed, relative=0.02, refutes={"that of the centred target": wrong, **misread_rates(moments, **setting)})


@no_sign_symmetry
@pytest.mark.parametrize(("context_length", "prior_mean"), [(2, (0.9, -0.4)), (4, (0.7,)), (1, (0.5, 0.2, -1.0))])
def test_linear_tasks_with_a_prior_mean(lab: Laboratory, context_length: int, prior_mean: tuple[float, ...]) -> None:
    """For linear tasks w ~ N(m, I) the mean does matter: the gradient with respect to b is not zero at any of the candidate steps."""
    n, mean, d, noise = context_length, np.array(prior_mean), len(prior_mean), 0.5
    second_moment = np.eye(d) + np.outer(mean, mean)
    steps = {
        "plain, for mean zero": theory.optimal_learning_rate(n, d, noise) * np.eye(d),
        "best plain": theory.best_plain_learning_rate(n, np.eye(d), second_moment, noise) * np.eye(d),
        "best preconditioned": theory.optimal_preconditioner(n, np.eye(d), second_moment, noise),
    }
    for label, step in steps.items():
        seen = simulate.enumerate_query_bias_gradient(mean, step, n, noise)
        claimed = theory.prior_mean_even_correlation(step, n, mean, noise)
        wrong = {
            "the step is optimal": np.zeros(d),
            "n + 1 for n + 2": n * (mean @ mean + d + 2 + noise) * (mean - (n + 1) * step @ mean),
            "d for d + 2": n * (mean @ mean + d + noise) * (mean - (n + 2) * step @ mean),
        }
        assert lab.identical(claimed, seen, relative=1e-11, refutes=wrong, question=f"{label} step: E[|y|^2 (w - P X^T y)]")
    # At c = 1.5 and P = c A^T the gradient itself, from the backward pass of the layer.
    key_query = np.vstack([steps["best preconditioned"].T / 1.5, np.zeros(d)])
    _, gradient = simulate.enumerate_loss_gradient(np.append(np.zeros(d), 1.5), key_query, n, noise, prior_mean=mean)
    claimed = theory.prior_mean_gradient(1.5, steps["best preconditioned"], n, mean, noise)
    assert lab.identical(claimed, gradient[-1], relative=1e-11, refutes={"c left out": claimed / 1.5, "opposite sign": -claimed})
    # So a small b against that gradient beats the best step.
    best, moved = (
        simulate.enumerate_population_loss(np.append(np.zeros(d), 1.5), matrix, n, noise, prior_mean=mean)["total"]
        for matrix in (key_query, key_query - 1e-5 * np.outer(np.eye(d + 1)[-1], gradient[-1]))
    )
    assert lab.exact(moved - best, 1e-13).less_than(0.0)


@no_sign_symmetry
def test_prior_mean_in_plain_numbers(lab: Laboratory) -> None:
    """(n, d, sigma^2) = (6, 2, .5) and prior mean (1, 0): 99/19, 33/7 and 99/35; but without noise in one dimension the step stays stationary."""
    omega = np.diag([2.0, 1.0])
    best_plain = theory.best_plain_learning_rate(6, np.eye(2), omega, 0.5)
    assert lab.identical(best_plain, 3 / 28, relative=1e-12, refutes={"for mean zero": 2 / 19}, question="best plain step")
    for label, step, value in (
        ("for mean zero", np.eye(2) / 9.5, 99 / 19),
        ("best plain", best_plain * np.eye(2), 33 / 7),
        ("best preconditioned", theory.optimal_preconditioner(6, np.eye(2), omega, 0.5), 99 / 35),
    ):
        claimed = theory.prior_mean_even_correlation(step, 6, (1.0, 0.0), 0.5)
        assert lab.identical(claimed, [value, 0.0], relative=1e-12, refutes={"the step is optimal": [0.0, 0.0]}, question=f"{label} step")
        if lab.scale == "full" and label == "best preconditioned":
            run = lab.run(
                simulate.sample_query_bias_gradient,
                prior_mean=(1.0, 0.0),
                preconditioner=((4 / 35, 0.0), (0.0, 2 / 21)),
                context_length=6,
                noise_variance=0.5,
            )
            assert run.mean("entry_0").agrees_with(value, relative=0.1, refutes={"the step is optimal": 0.0})
    step = theory.optimal_preconditioner(3, np.eye(1), [[1 + 0.6**2]], 0.0)
    wrong = {
        "as with noise": theory.prior_mean_even_correlation(step, 3, (0.6,), 0.5) + simulate.enumerate_query_bias_gradient((0.6,), 0.9 * step, 3, 0.0)
    }
    assert lab.identical([0.0], simulate.enumerate_query_bias_gradient((0.6,), step, 3, 0.0), absolute=1e-12, refutes=wrong)
