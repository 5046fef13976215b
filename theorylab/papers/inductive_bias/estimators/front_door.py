"""The inductive bias of a task under a kernel, exactly, or under a learner, from repeated fits, with an interval that says what they know."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta
from sklearn.base import clone, is_regressor

from theorylab.numerics.gaussian_process import KERNELS, interpolating_posterior, stationary_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form import (
    GammaFit,
    error_spectrum,
    gamma_bias,
    gamma_shape,
    required_inductive_bias,
    scaled_noncentral_chi2_from_cumulants,
)
from theorylab.validation import array_of_shape, choice, numbers, real, reals, whole_number

__all__ = ["InductiveBias", "fit_bias", "inductive_bias", "kernel_test_error", "naive_bias"]


@dataclass(frozen=True)
class InductiveBias:
    """What is known of -log P(test error <= eps), in nats.

    Attributes
    ----------
    nats
        The value: exact for a kernel, else the estimate named by `method`.
    low, high
        For a kernel both are the value. For a learner an interval that holds whatever the law of its errors is, at level 1 - `failure_probability`:
        from the number of fits that reach the target; `high` is infinite if none does.
    method
        "exact", "counted" (some fits reach the target) or "fitted" (none does: read off a Gamma law, an extrapolation with a bias of its own).
    target_error
        eps, a mean squared error over all test points and outputs.
    mean_error
        Mean test error of the hypotheses.
    test_size
        m: the number grows with it, so state it with the nats.
    errors
        The sampled test errors, empty for a kernel.
    sentence
        The same in words.
    """

    nats: float
    low: float
    high: float
    method: str
    target_error: float
    mean_error: float
    test_size: int
    errors: np.ndarray
    sentence: str


def _two_dimensional(name: str, values: ArrayLike, rows: int) -> np.ndarray:
    array = numbers(name, values)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or len(array) != rows or array.shape[1] == 0:
        raise ValueError(f"{name} must have shape ({rows},) or ({rows}, k) with k >= 1; got {np.shape(values)}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite; got NaN or infinite entries")
    return array


def kernel_test_error(
    kernel: str | Callable[[np.ndarray, np.ndarray], np.ndarray],
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
    *,
    nugget: float = 1e-10,
) -> GeneralizedChiSquared:
    """Return the law of the test error of functions that fit the training data, drawn from a Gaussian process.

    Parameters
    ----------
    kernel
        A name from `theorylab.numerics.gaussian_process.KERNELS`, a kernel of scikit-learn, or any function of two arrays of inputs.
    X_train, y_train, X_test, y_test
        (n, d), (n,) or (n, k), (m, d), (m,) or (m, k).
    nugget
        Added to the training diagonal, >= 0: what equal or nearly equal inputs need.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no test point, the kernel is unknown or not symmetric, or training inputs coincide and the nugget is 0.
    """
    return _test_error("kernel", kernel, X_train, y_train, X_test, y_test, nugget)


def _test_error(
    name: str, kernel: Any, X_train: ArrayLike, y_train: ArrayLike, X_test: ArrayLike, y_test: ArrayLike, nugget: float
) -> GeneralizedChiSquared:
    first, second = array_of_shape("X_train", X_train, ("n", "d")), array_of_shape("X_test", X_test, ("m", "d"))
    if len(second) == 0 or first.shape[1] != second.shape[1]:
        raise ValueError(f"X_test must have at least one row and as many columns as X_train; got {second.shape} and {first.shape}")
    y, target = _two_dimensional("y_train", y_train, len(first)), _two_dimensional("y_test", y_test, len(second))
    if y.shape[1] != target.shape[1]:
        raise ValueError(f"y_train and y_test must have as many outputs; got {y.shape[1]} and {target.shape[1]}")
    points = np.concatenate([first, second])
    if not isinstance(kernel, str) and not callable(kernel):
        raise ValueError(f"{name} must be a name, a kernel of scikit-learn or a function of two arrays of inputs; got {kernel!r}")
    if isinstance(kernel, str):
        matrix = stationary_kernel(points, points, choice(name, kernel, KERNELS))
    else:
        matrix = np.asarray(kernel(points, points), dtype=float)
    found = interpolating_posterior(matrix, len(first), y, nugget=nugget)
    # What rounding leaves of a kernel of finite rank is no direction: its size is set by the prior, however small the posterior is.
    rounding = len(second) * np.finfo(float).eps * float(np.linalg.norm(matrix[len(first) :, len(first) :], 2))
    largest = float(np.linalg.norm(found.covariance, 2))
    cutoff = max(1e-13, min(0.5, rounding / largest)) if largest > 0.0 else 1e-13
    return error_spectrum(found.mean, found.covariance, target, relative_cutoff=cutoff)


def naive_bias(errors: ArrayLike, target_error: float, *, failure_probability: float = 0.05) -> tuple[float, float, float]:
    """Return -log of the share of errors at most eps, and its interval from that of Clopper and Pearson for the share.

    Parameters
    ----------
    errors
        Test errors of S independent hypotheses, (S,), >= 0.
    target_error
        eps >= 0.
    failure_probability
        delta in (0, 1), of the interval.

    Returns
    -------
    tuple of float
        Estimate, low, high; estimate and high are infinite without a hit.

    Raises
    ------
    ValueError
        If errors are not a non-empty vector of finite numbers >= 0 or a number is out of range.
    """
    found = np.asarray(reals("errors", errors, minimum=0.0))
    if found.ndim != 1:
        raise ValueError(f"errors must have shape (S,); got {found.shape}")
    eps = real("target_error", target_error, minimum=0.0)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    hits, s = int(np.sum(found <= eps)), len(found)
    upper = 1.0 if hits == s else float(beta.ppf(1.0 - 0.5 * delta, hits + 1, s - hits))
    lower = 0.0 if hits == 0 else float(beta.ppf(0.5 * delta, hits, s - hits + 1))
    estimate = math.inf if hits == 0 else math.log(s / hits)
    return estimate, max(0.0, -math.log(upper)), math.inf if lower == 0.0 else -math.log(lower)


def fit_bias(errors: ArrayLike, target_error: ArrayLike, *, family: str = "gamma", fit: str = "likelihood") -> Any:
    """Return the bias read off a law that is fitted to sampled test errors, as the paper does.

    Consistent only if that law is the true one: for a Gaussian process, if its eigenvalues are equal and nothing is left to predict. Else the Gamma
    estimate tends to `closed_form.fitted_bias_limit`: too few nats in the tail where residuals are small, too many where they are large.

    Parameters
    ----------
    errors
        (S,), > 0, at least 3 different values.
    target_error
        eps > 0, any shape.
    family
        "gamma": the fitted family on its boundary of no noncentrality, where maximum likelihood ends in practice; "ncx2": the scaled noncentral
        chi-squared law, by scipy's maximum likelihood (seconds) or from three cumulants.
    fit
        "likelihood" or "cumulants" ("gamma": from mean and variance; "ncx2": refused now and then, since sampled cumulants may fall outside).

    Raises
    ------
    ValueError
        If errors are not positive or too few differ, a choice is unknown, or no member of the family has the three cumulants.
    """
    found = np.asarray(reals("errors", errors, above=0.0))
    if found.ndim != 1 or len(np.unique(found)) < 3:
        raise ValueError(f"errors must have shape (S,) with at least 3 different values; got shape {found.shape}")
    which, how = choice("family", family, ("gamma", "ncx2")), choice("fit", fit, ("likelihood", "cumulants"))
    mean = float(found.mean())
    if which == "gamma":
        shape = gamma_shape(math.log(mean) - float(np.log(found).mean())) if how == "likelihood" else mean**2 / float(found.var())
        return gamma_bias(GammaFit(shape, mean), target_error)
    if how == "likelihood":
        from scipy.stats import ncx2

        degrees, noncentrality, _, scale = ncx2.fit(found, floc=0)
    else:
        centred = found - mean
        degrees, noncentrality, scale = scaled_noncentral_chi2_from_cumulants(mean, float((centred**2).mean()), float((centred**3).mean()))
    return required_inductive_bias(GeneralizedChiSquared([scale], degrees, max(noncentrality, 0.0)), target_error)


def inductive_bias(
    estimator_or_kernel: Any,
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
    target_error: float,
    *,
    hypotheses: int = 200,
    nugget: float = 1e-10,
    failure_probability: float = 0.05,
    random_state: int = 0,
) -> InductiveBias:
    """Return how many nats of bias a task needs beyond a hypothesis space: minus the log of the chance of a test error of at most eps.

    With a kernel the hypotheses are the functions of its Gaussian process that fit the training data, and the number is exact at any depth. With a
    regressor of scikit-learn that has a ``random_state`` they are its fits with different seeds; `hypotheses` of them are made, and counting them can
    show no more than log S nats. It depends on the number of test points, on the scale of the kernel and on eps: state all three with it.

    Parameters
    ----------
    estimator_or_kernel
        As `kernel` in `kernel_test_error`, or a regressor with a ``random_state``.
    X_train, y_train, X_test, y_test
        As in `kernel_test_error`.
    target_error
        eps >= 0.
    hypotheses
        S >= 3, fits of a regressor.
    nugget
        As in `kernel_test_error`.
    failure_probability
        delta of the interval for a regressor.
    random_state
        First seed.

    Returns
    -------
    InductiveBias
        Value, interval and a sentence.

    Raises
    ------
    ValueError
        As in `kernel_test_error`, or if a regressor has no ``random_state`` or a number is out of range.
    """
    eps = real("target_error", target_error, minimum=0.0)
    if numbers("X_test", X_test).ndim != 2:
        raise ValueError(f"X_test must have shape (m, d); got {np.shape(X_test)}")
    m, seed = len(np.asarray(X_test)), whole_number("random_state", random_state, minimum=0)
    if not (hasattr(estimator_or_kernel, "fit") and is_regressor(estimator_or_kernel)):
        law = _test_error("estimator_or_kernel", estimator_or_kernel, X_train, y_train, X_test, y_test, nugget)
        nats = float(required_inductive_bias(law, eps))
        words = (
            f"{nats:.4g} nats (exact) for a mean squared error of {eps:.4g} on {m} test points; typical functions of the kernel have {law.mean():.4g}"
        )
        return InductiveBias(nats, nats, nats, "exact", eps, float(law.mean()), m, np.zeros(0), words)
    if "random_state" not in estimator_or_kernel.get_params():
        raise ValueError(f"estimator_or_kernel must have a random_state, so that fits differ; got {estimator_or_kernel!r}")
    s = whole_number("hypotheses", hypotheses, minimum=3)
    target = _two_dimensional("y_test", y_test, m)
    if _two_dimensional("y_train", y_train, len(np.asarray(X_train))).shape[1] != target.shape[1]:
        raise ValueError(f"y_train and y_test must have as many outputs; got {np.shape(y_train)} and {np.shape(y_test)}")
    errors = np.empty(s)
    for index in range(s):
        model = clone(estimator_or_kernel).set_params(random_state=seed + index).fit(X_train, y_train)
        errors[index] = float(np.mean((np.asarray(model.predict(X_test)).reshape(target.shape) - target) ** 2))
    counted, low, high = naive_bias(errors, eps, failure_probability=failure_probability)
    method, nats = ("counted", counted) if math.isfinite(counted) else ("fitted", math.inf)
    if method == "fitted" and eps > 0.0 and errors.min() > 0.0 and len(np.unique(errors)) >= 3:
        nats = float(fit_bias(errors, eps))
    hits = int(np.sum(errors <= eps))
    words = f"{hits} of {s} fits reach a mean squared error of {eps:.4g} on {m} test points: between {low:.4g} and {high:.4g} nats"
    if method == "fitted":
        words += f"; a Gamma law fitted to the errors says {nats:.4g}, an extrapolation"
    return InductiveBias(nats, low, high, method, eps, float(errors.mean()), m, errors, words)
