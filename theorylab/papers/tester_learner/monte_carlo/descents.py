"""Descents on Gaussian samples: whole ones, paths, and the last steps near w* from the rows that they can see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from theorylab.backend import check_draw, namespace_of, special_functions
from theorylab.models.label_noise import excess_error, flip_labels, halfspace_labels, oriented_massart_noise, random_classification_noise
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.tester_learner.estimators.batches import averaging_directions, learn_many
from theorylab.papers.tester_learner.estimators.learner import averaging_direction, checked_width, descend_dense, fit_surrogate
from theorylab.validation import choice, real, whole_number

__all__ = ["sample_descent_angles", "sample_descent_path", "sample_local_angles", "sample_oriented_descent"]

_SPREAD = 8.0


def _data(rng: Any, size: int, n: int, d: int, angle: float, eta: float) -> tuple[Any, Any]:
    """Return Gaussian rows and labels of the w* at this angle to the first axis under random classification noise."""
    xp = namespace_of(rng)
    x = rng.standard_normal((size, n, d))
    clean = halfspace_labels(math.cos(angle) * x[:, :, 0] + math.sin(angle) * x[:, :, 1])
    return x, flip_labels(rng.random((size, n)), clean, random_classification_noise(xp.abs(clean), eta))


def _angles(xp: Any, directions: Any, angle: float) -> Any:
    along, across = math.cos(angle), math.sin(angle)
    cosine = along * directions[:, 0] + across * directions[:, 1]
    sine = xp.sqrt((across * directions[:, 0] - along * directions[:, 1]) ** 2 + (directions[:, 2:] ** 2).sum(axis=1))
    return xp.arctan2(sine, cosine)


def _block(*, sample_size: int, dimension: int, iterations: int, **_: Any) -> int:
    return fitting_block(numbers=2.0 * sample_size * dimension, nanoseconds=sample_size * dimension * (15.0 + 1.5 * iterations))


@block_size(_block)
def sample_descent_angles(
    rng: Any,
    size: int,
    *,
    dimension: int,
    sample_size: int,
    ramp_width: float,
    noise_rate: float,
    step: float,
    iterations: int,
    start_angle: float = 0.3,
) -> dict[str, Any]:
    """Sample where the learner ends on Gaussian rows under random classification noise, from a start at an angle to w*.

    The descent of `fit_surrogate` with given step and iterations, the last 20 averaged; on a device the same in dense batches.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, sample_size
        d >= 3 and n >= 1, the rows of the learner.
    ramp_width, noise_rate, step
        sigma > 0, eta in [0, 1/2), beta > 0.
    iterations
        >= 20.
    start_angle
        In (0, pi).

    Returns
    -------
    dict
        "angle", "square" (its square), "excess" (1 - 2 eta) angle/pi, and "averaging" the square of the angle of the mean of y x.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=3)
    width, eta = checked_width(ramp_width), real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    beta, count = real("step", step, above=0.0), whole_number("iterations", iterations, minimum=20)
    start = real("start_angle", start_angle, above=0.0, below=math.pi)
    xp = namespace_of(rng)
    x, y = _data(rng, size, n, d, start, eta)
    if isinstance(rng, np.random.Generator):
        options: Any = {"ramp_width": width, "noise_rate": eta, "start": np.eye(1, d)[0], "step": beta, "iterations": count}
        found = np.stack([fit_surrogate(x[r], y[r], **options).direction for r in range(size)])
    else:
        starts = xp.zeros((size, d))
        starts[:, 0] = 1.0
        found = descend_dense(xp, x, y, starts, ramp_width=width, step=beta, iterations=count)
    means = (y[:, None, :] @ x)[:, 0]
    means = means / xp.sqrt((means**2).sum(axis=1))[:, None]
    angles = _angles(xp, found, start)
    return {"angle": angles, "square": angles**2, "excess": (1.0 - 2.0 * eta) * angles / math.pi, "averaging": _angles(xp, means, start) ** 2}


def _local_block(*, sample_size: int, dimension: int, ramp_width: float, **_: Any) -> int:
    seen = sample_size * min(1.0, 0.4 * ramp_width + 0.02) * dimension
    return fitting_block(numbers=3.0 * seen, nanoseconds=80.0 * seen)


@block_size(_local_block)
def sample_local_angles(
    rng: Any, size: int, *, dimension: int, sample_size: int, ramp_width: float, noise_rate: float, iterations: int = 25
) -> dict[str, Any]:
    """Sample the angles at which descents with Newton's step from w* settle, from the rows near the boundary of w* alone.

    The gradient at w sees rows with |<w, x>| <= sigma/2. While the angle stays below alpha = 8 times its asymptotic size those have |<w*, x>| <=
    sigma/2 + alpha max |z| or so; rows within sigma/2 + 6 alpha are drawn, a by inversion in its band and a binomial number of them. Equal in law to
    all rows but for what lies more than six standard deviations out.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, sample_size
        d >= 2 and n >= 1.
    ramp_width, noise_rate
        sigma > 0 and eta in [0, 1/2).
    iterations
        Steps, >= 20, the last 20 averaged.

    Returns
    -------
    dict
        "angle" and "square".

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    width, eta = checked_width(ramp_width), real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    size_of_angle = math.sqrt(d * math.pi * min(1.0, width / math.sqrt(2.0 * math.pi)) / (2.0 * n)) / (1.0 - 2.0 * eta)
    reach = 0.5 * width + 6.0 * _SPREAD * size_of_angle / 4.0
    low = 0.5 - 0.5 * math.erf(reach / math.sqrt(2.0))
    step = width * math.sqrt(math.pi / 2.0) / (1.0 - 2.0 * eta)
    if not isinstance(rng, np.random.Generator):
        return _local_angles_in_batches(rng, size, n, d, width, eta, low, step, iterations)
    start, cosines = np.eye(1, d)[0], np.empty(size)
    for r in range(size):
        count = max(int(rng.binomial(n, 1.0 - 2.0 * low)), 1)
        x = np.empty((count, d))
        x[:, 0] = ndtri(low + (1.0 - 2.0 * low) * rng.random(count))
        x[:, 1:] = rng.standard_normal((count, d - 1))
        labels = flip_labels(rng.random(count), halfspace_labels(x[:, 0]), eta)
        # The kernel divides by the rows that it gets.
        fitted = fit_surrogate(x, labels, ramp_width=width, noise_rate=eta, start=start, step=step * count / n, iterations=iterations)
        cosines[r] = np.linalg.norm(fitted.direction[1:])
    angles = np.arcsin(np.minimum(cosines, 1.0))
    return {"angle": angles, "square": angles**2}


def _local_angles_in_batches(
    rng: Any, size: int, n: int, d: int, width: float, eta: float, low: float, step: float, iterations: int
) -> dict[str, Any]:
    """Return what `sample_local_angles` returns, all data sets at once, each with the rows of the largest possible count, some of them idle."""
    xp, functions = namespace_of(rng), special_functions(namespace_of(rng))
    mean = n * (1.0 - 2.0 * low)
    # Twelve standard deviations and a half: a count beyond has a probability below 1e-28, by Bernstein's inequality, and would make its angle NaN.
    rows = min(n, math.ceil(mean + 12.5 * math.sqrt(mean) + 60.0))
    count = xp.maximum(rng.binomial(n, 1.0 - 2.0 * low, (size,)), 1)
    a = functions.ndtri(low + (1.0 - 2.0 * low) * rng.random((size, rows)))
    x = xp.concatenate([a[:, :, None], rng.standard_normal((size, rows, d - 1))], axis=2)
    labels = flip_labels(rng.random((size, rows)), halfspace_labels(a), eta) * (xp.arange(rows) < count[:, None])
    start = xp.zeros((size, d))
    start[:, 0] = 1.0
    w = descend_dense(xp, x, labels, start, ramp_width=width, step=step * rows / n, iterations=iterations)
    sines = xp.where(count <= rows, xp.sqrt((w[:, 1:] ** 2).sum(axis=1)), math.nan)
    angles = xp.arcsin(xp.minimum(sines, 1.0))
    return {"angle": angles, "square": angles**2}


@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=2.0 * sample_size * dimension, nanoseconds=120.0 * sample_size * dimension))
def sample_descent_path(
    rng: Any,
    size: int,
    *,
    dimension: int,
    sample_size: int,
    ramp_width: float,
    noise_rate: float,
    step: float,
    iterations: int,
    start_angle: float,
) -> Any:
    """Return the angles to w* before every step of descents on Gaussian rows, (size, iterations); parameters as in `sample_descent_angles`."""
    size = check_draw(rng, size)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    steps, ramp_width = whole_number("iterations", iterations, maximum=10**7), checked_width(ramp_width)
    sample_size, dimension = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    step, start_angle = real("step", step, above=0.0), real("start_angle", start_angle, above=0.0, below=math.pi)
    if not isinstance(rng, np.random.Generator):
        xp, path = namespace_of(rng), list[Any]()
        x, y = _data(rng, size, sample_size, dimension, start_angle, eta)
        begin = xp.zeros((size, dimension))
        begin[:, 0] = 1.0
        descend_dense(xp, x, y, begin, ramp_width=ramp_width, step=step, iterations=steps, path=path)
        return xp.stack([_angles(xp, directions, start_angle) for directions in path], axis=1)
    paths = np.empty((size, steps))
    for r in range(size):
        x, y = _data(rng, 1, sample_size, dimension, start_angle, eta)
        options: Any = {"ramp_width": ramp_width, "noise_rate": eta, "start": np.eye(1, dimension)[0], "step": step, "iterations": steps}
        paths[r] = _angles(np, fit_surrogate(x[0], y[0], **options, keep_path=True).path, start_angle)
    return paths


@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=2.0 * sample_size * dimension, nanoseconds=120.0 * sample_size * dimension))
def sample_oriented_descent(
    rng: Any, size: int, *, dimension: int, sample_size: int, ramp_width: float, noise_rate: float, trap_angle: float, start: str = "target"
) -> dict[str, Any]:
    """Sample where the learner ends if Massart noise is turned against a direction w0 at an angle from w*.

    On a device the steps of `fit_surrogate` in dense batches.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, sample_size
        d >= 3 and n >= 1.
    ramp_width, noise_rate
        sigma > 0 and eta in (0, 1/2).
    trap_angle
        Angle of w0, the first axis, from w*, in (0, pi/2); eta(x) = eta where <v0, x> times the clean label is positive, v0 the second axis.
    start
        "target" w*, "average" the mean of y x, or "aside", a direction far from both.

    Returns
    -------
    dict
        "angle" of the learner to w*, "excess" on the rows, and "averaging", the angle of the mean of y x.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=3)
    width, eta = checked_width(ramp_width), real("noise_rate", noise_rate, above=0.0, below=0.5)
    trap = real("trap_angle", trap_angle, above=0.0, below=math.pi / 2.0)
    choice("start", start, ("target", "average", "aside"))
    target = np.zeros(d)
    target[:2] = math.cos(trap), math.sin(trap)
    aside = np.full(d, 0.3)
    if not isinstance(rng, np.random.Generator):
        return _oriented_descent_in_batches(rng, size, n, target, {"target": target, "average": None, "aside": aside}[start], width, eta)
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("angle", "excess", "averaging")}
    for r in range(size):
        x = rng.standard_normal((n, d))
        margins = x @ target
        clean = halfspace_labels(margins)
        flips = oriented_massart_noise(margins, x[:, 1], eta)
        labels = flip_labels(rng.random(n), clean, flips)
        begin = {"target": target, "average": None, "aside": aside}[start]
        w = fit_surrogate(x, labels, ramp_width=width, noise_rate=eta, start=begin).direction
        found["angle"][r] = math.acos(min(1.0, float(w @ target)))
        found["excess"][r] = np.mean((1.0 - 2.0 * flips) * (halfspace_labels(x @ w) != clean))
        found["averaging"][r] = math.acos(min(1.0, float(averaging_direction(x, labels) @ target)))
    return found


def _oriented_descent_in_batches(
    rng: Any, size: int, n: int, target: np.ndarray, start: np.ndarray | None, width: float, eta: float
) -> dict[str, Any]:
    """Return what `sample_oriented_descent` returns, all data sets at once, in any array module."""
    xp, d = namespace_of(rng), len(target)
    x, goal = rng.standard_normal((size, n, d)), xp.asarray(target)
    margins = x @ goal
    clean = halfspace_labels(margins)
    flips = oriented_massart_noise(margins, x[:, :, 1], eta)
    labels = flip_labels(rng.random((size, n)), clean, flips)
    means = averaging_directions(xp, x, labels)
    w = learn_many(xp, x, labels, ramp_width=width, noise_rate=eta, start=start)
    return {
        "angle": xp.arccos(xp.minimum(w @ goal, 1.0)),
        "excess": excess_error((x @ w[:, :, None])[:, :, 0], clean, flips),
        "averaging": xp.arccos(xp.minimum(means @ goal, 1.0)),
    }
