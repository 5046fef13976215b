"""Prompts of random linear regression: n labelled examples of a task that is itself random, and one query.

x_i iid with covariance Sigma, i = 1..n and query; task w with mean `prior_mean` and covariance Omega; labels y_i = w.x_i + eps_i with noise of
variance sigma2. Arrays are batch first: features (size, n, d), labels (size, n), task (size, d), query (size, d), query label (size,).
The covariate laws all have mean 0 and covariance I before Sigma^(1/2) is applied, the priors and noise laws likewise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.validation import array_of_shape, choice, covariance, flag, integers, real, whole_number

__all__ = [
    "COVARIATE_LAWS",
    "NOISE_LAWS",
    "PRIORS",
    "Prompts",
    "covariance_factor",
    "draw_covariates",
    "draw_noise",
    "draw_prompts",
    "draw_sphere",
    "draw_tasks",
    "ridge_weights",
    "squared_norm_moment",
]

COVARIATE_LAWS = ("gaussian", "sphere", "rademacher", "uniform", "laplace", "student_t")
PRIORS = ("gaussian", "one_hot")
NOISE_LAWS = ("gaussian", "rademacher")


class Prompts(NamedTuple):
    """A batch of prompts with the tasks behind them; query and query label are None if none was drawn."""

    features: Any
    labels: Any
    task: Any
    query: Any
    query_label: Any


def covariance_factor(name: str, matrix: ArrayLike, *, dimension: int | None = None, definite: bool = True) -> np.ndarray:
    """Return F with F F^T = `matrix`: the Cholesky factor, or V diag(sqrt(eigenvalues)) if `matrix` is singular.

    Parameters
    ----------
    name
        What error messages call the matrix.
    matrix
        (d, d), symmetric and positive definite (semidefinite if not `definite`).
    dimension
        The d that is expected, if any.
    definite
        Whether a singular matrix is an error.

    Raises
    ------
    ValueError
        If `matrix` is no covariance of that kind or has another shape.
    """
    definite = flag("definite", definite)
    checked = covariance(name, matrix, dimension=dimension, definite=definite)
    eigenvalues, eigenvectors = np.linalg.eigh(checked)
    rounding = checked.shape[0] * np.finfo(float).eps * eigenvalues[-1]
    if eigenvalues[0] > rounding:
        return np.asarray(np.linalg.cholesky(checked))
    # The square root would turn an eigenvalue of 1e-16 into a direction of length 1e-8.
    return np.asarray(eigenvectors * np.sqrt(np.where(eigenvalues > rounding, eigenvalues, 0.0)))


def _signs(rng: Any, shape: tuple[int, ...]) -> Any:
    return 2.0 * rng.integers(0, 2, shape) - 1.0


def draw_sphere(rng: Any, size: int, *, dimension: int) -> Any:
    """Draw points uniformly from the unit sphere, shape (size, d)."""
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    normal = rng.standard_normal((size, whole_number("dimension", dimension)))
    return normal / xp.sqrt((normal**2).sum(axis=1, keepdims=True))


def _check_student(student_degrees_of_freedom: float | None) -> float:
    if student_degrees_of_freedom is None:
        raise ValueError("student_degrees_of_freedom must be a number > 2 for covariate law 'student_t'; got None")
    # With more the law is Gaussian to all digits, and its density too narrow to be integrated.
    return real("student_degrees_of_freedom", student_degrees_of_freedom, above=2.0, maximum=1e8)


def draw_covariates(
    rng: Any,
    size: int,
    context_length: int,
    *,
    dimension: int,
    law: str = "gaussian",
    student_degrees_of_freedom: float | None = None,
    feature_covariance: ArrayLike | None = None,
) -> Any:
    """Draw iid covariates, shape (size, context_length, d), with mean 0 and covariance Sigma.

    Parameters
    ----------
    rng
        Random generator.
    size, context_length
        Number of prompts and of covariates in each.
    dimension
        d >= 1.
    law
        "gaussian"; "sphere" (uniform on radius sqrt d); iid coordinates "rademacher", "uniform", "laplace"; "student_t" (multivariate, a
        Gaussian vector times sqrt((nu - 2) / chi-squared(nu))).
    student_degrees_of_freedom
        nu > 2, for "student_t" only. Moments of order nu and above do not exist.
    feature_covariance
        Sigma, (d, d) positive definite; the identity when left out.

    Raises
    ------
    ValueError
        If the law is unknown or a parameter is out of range.
    """
    size, context_length = check_draw(rng, size), whole_number("context_length", context_length)
    d = whole_number("dimension", dimension)
    choice("law", law, COVARIATE_LAWS)
    xp, shape = namespace_of(rng), (size, context_length, d)
    if law == "uniform":
        covariates = np.sqrt(12.0) * (rng.random(shape) - 0.5)
    elif law == "rademacher":
        covariates = _signs(rng, shape)
    elif law == "laplace":
        covariates = np.sqrt(0.5) * (rng.standard_gamma(1.0, shape) - rng.standard_gamma(1.0, shape))
    else:
        covariates = rng.standard_normal(shape)
        if law == "sphere":
            covariates *= xp.sqrt(d / (covariates**2).sum(axis=2, keepdims=True))
        elif law == "student_t":
            nu = _check_student(student_degrees_of_freedom)
            covariates *= xp.sqrt((nu - 2.0) / rng.chisquare(nu, (size, context_length, 1)))
    if feature_covariance is None:
        return covariates
    return covariates @ xp.asarray(covariance_factor("feature_covariance", feature_covariance, dimension=d).T)


def draw_tasks(
    rng: Any,
    size: int,
    *,
    dimension: int,
    prior: str = "gaussian",
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
) -> Any:
    """Draw tasks w, shape (size, d), with mean `prior_mean` and covariance Omega about it.

    Parameters
    ----------
    rng, size, dimension
        As in `draw_covariates`.
    prior
        "gaussian", or "one_hot": one coordinate is +-sqrt(d), the others 0, before Omega^(1/2) is applied.
    task_covariance
        Omega, (d, d) positive semidefinite; the identity when left out.
    prior_mean
        (d,); zero when left out.
    """
    size = check_draw(rng, size)
    d = whole_number("dimension", dimension)
    choice("prior", prior, PRIORS)
    xp = namespace_of(rng)
    if prior == "gaussian":
        tasks = rng.standard_normal((size, d))
    else:
        hot = rng.integers(0, d, (size,))
        tasks = np.sqrt(d) * _signs(rng, (size, 1)) * (hot[:, None] == xp.arange(d))
    if task_covariance is not None:
        tasks = tasks @ xp.asarray(covariance_factor("task_covariance", task_covariance, dimension=d, definite=False).T)
    if prior_mean is not None:
        tasks = tasks + xp.asarray(array_of_shape("prior_mean", prior_mean, (d,)))
    return tasks


def draw_noise(rng: Any, shape: tuple[int, ...], *, noise_variance: float, law: str = "gaussian") -> Any:
    """Draw label noise of variance `noise_variance` >= 0, law "gaussian" or "rademacher" (+-sqrt of the variance)."""
    namespace_of(rng)
    scale = np.sqrt(real("noise_variance", noise_variance, minimum=0.0, maximum=1e100))
    lengths = np.atleast_1d(integers("shape", shape, minimum=0))
    if lengths.ndim != 1:
        raise ValueError(f"shape must be a tuple of lengths; got {shape!r}")
    shape = tuple(lengths.tolist())
    choice("law", law, NOISE_LAWS)
    return scale * (rng.standard_normal(shape) if law == "gaussian" else _signs(rng, shape))


def draw_prompts(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    covariate_law: str = "gaussian",
    student_degrees_of_freedom: float | None = None,
    prior: str = "gaussian",
    noise_law: str = "gaussian",
    with_query: bool = False,
) -> Prompts:
    """Draw prompts of random linear regression.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    context_length
        n >= 1 labelled examples.
    dimension
        d >= 1.
    noise_variance
        sigma2 >= 0.
    feature_covariance, covariate_law, student_degrees_of_freedom
        Law of the covariates, see `draw_covariates`.
    task_covariance, prior_mean, prior
        Law of the task, see `draw_tasks`.
    noise_law
        Law of the label noise, see `draw_noise`.
    with_query
        Whether to draw a query and its noisy label as well.

    Returns
    -------
    Prompts

    Raises
    ------
    ValueError
        If a law is unknown or a parameter is out of range.
    """
    with_query = flag("with_query", with_query)
    size = check_draw(rng, size)
    n = whole_number("context_length", context_length)
    d = whole_number("dimension", dimension)
    choice("covariate_law", covariate_law, COVARIATE_LAWS)
    choice("noise_law", noise_law, NOISE_LAWS)
    drawn = draw_covariates(
        rng,
        size,
        n + 1 if with_query else n,
        dimension=d,
        law=covariate_law,
        student_degrees_of_freedom=student_degrees_of_freedom,
        feature_covariance=feature_covariance,
    )
    task = draw_tasks(rng, size, dimension=d, prior=prior, task_covariance=task_covariance, prior_mean=prior_mean)
    labels = (drawn @ task[:, :, None])[:, :, 0] + draw_noise(rng, drawn.shape[:2], noise_variance=noise_variance, law=noise_law)
    if not with_query:
        return Prompts(drawn, labels, task, None, None)
    return Prompts(drawn[:, :n], labels[:, :n], task, drawn[:, n], labels[:, n])


def _integral(integrand: Callable[[float], float], low: float, high: float) -> float:
    from scipy.integrate import quad

    value, error = quad(integrand, low, high, epsabs=0.0, epsrel=1e-12, limit=200)
    if not error <= 1e-9 * abs(value):
        raise ArithmeticError(f"numerical integral did not converge: {value} with error estimate {error}")
    return float(value)


def squared_norm_moment(law: str, dimension: int, *, student_degrees_of_freedom: float | None = None) -> float:
    """Return m with E[|x|^2 x x^T] = m I for the covariate laws of `draw_covariates` (Sigma = I), by integrating their densities.

    m = E x_1^4 + d - 1 for iid coordinates; for x = r g with g ~ N(0, I) independent of r, m = (d + 2) E r^4; a vector of constant norm
    sqrt d has m = d.

    Parameters
    ----------
    law, dimension, student_degrees_of_freedom
        As in `draw_covariates`.

    Raises
    ------
    ValueError
        If the law is unknown, or if it is "student_t" with nu <= 4, whose fourth moment does not exist.
    """
    d = whole_number("dimension", dimension)
    choice("law", law, COVARIATE_LAWS)
    if law in ("sphere", "rademacher"):
        return float(d)
    if law == "student_t":
        nu = _check_student(student_degrees_of_freedom)
        if nu <= 4.0:
            raise ValueError(f"student_degrees_of_freedom must be > 4: the fourth moment does not exist; got {nu:g}")
        # With chi-squared(nu) = e^s the density of s is proportional to exp(nu s / 2 - e^s / 2); its top, at s = log nu, is divided out.
        top = np.log(nu)

        def weighted(s: float, power: float) -> float:
            return float(np.exp(0.5 * nu * (s - top) - 0.5 * (np.exp(s) - nu) + power * (s - top)))

        low, high = top - 80.0 / (nu - 4.0) - 20.0, top + 8.0
        moment = sum(_integral(lambda s: weighted(s, -2.0), *ends) for ends in ((low, top), (top, high)))
        mass = sum(_integral(lambda s: weighted(s, 0.0), *ends) for ends in ((low, top), (top, high)))
        return float((d + 2) * (nu - 2.0) ** 2 / nu**2 * moment / mass)
    if law == "uniform":
        root = np.sqrt(3.0)
        fourth = _integral(lambda x: x**4 / (2.0 * root), -root, root)
    elif law == "laplace":
        fourth = _integral(lambda x: x**4 * np.sqrt(2.0) * np.exp(-np.sqrt(2.0) * x), 0.0, np.inf)
    else:
        fourth = _integral(lambda x: x**4 * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * x**2), 0.0, np.inf)
    return float(d - 1 + fourth)


# Products of larger numbers would leave the range of floating point.
_LARGEST = 1e75


def ridge_weights(X: Any, y: Any, noise_ratio: float, *, namespace: Any = np) -> Any:
    """Return the ridge estimate (X^T X + lam I)^-1 X^T y of each prompt; lam = 0 gives the least-squares estimate of smallest norm.

    The smaller of the two linear systems is solved, (n, n) or (d, d), so that lam = 0 never inverts a singular matrix.

    Parameters
    ----------
    X, y
        Examples, (size, n, d) and (size, n).
    noise_ratio
        lam = noise variance over prior variance, >= 0.
    namespace
        The array module of `X`, numpy or cupy.

    Returns
    -------
    array of shape (size, d)

    Raises
    ------
    ValueError
        If `noise_ratio` is negative.
    """
    shift = real("noise_ratio", noise_ratio, minimum=0.0)
    X = checked_array("X", X, ("size", "n", "d"), minimum=-_LARGEST, maximum=_LARGEST)
    size, n, d = X.shape
    y = checked_array("y", y, (size, n), minimum=-_LARGEST, maximum=_LARGEST)
    if 0 in (n, d):
        raise ValueError(f"X must have shape (size, n, d) with n >= 1 and d >= 1; got shape {X.shape}")
    transposed = X.swapaxes(1, 2)
    dual = n <= d
    gram = X @ transposed if dual else transposed @ X
    k = gram.shape[1]
    gram.reshape(size, k * k)[:, :: k + 1] += shift
    right = y[:, :, None] if dual else transposed @ y[:, :, None]
    solution = namespace.linalg.solve(gram, right)
    return (transposed @ solution if dual else solution)[:, :, 0]
