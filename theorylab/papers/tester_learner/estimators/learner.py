"""The learner: full-batch projected descent on the surrogate loss E l(-y <w, x>), from a given start or from the mean of y x."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import checked_array
from theorylab.validation import choice, flag, instance, moderate, numbers, real, whole_number

__all__ = [
    "LOSSES",
    "SurrogateFit",
    "averaging_direction",
    "check_rows",
    "checked_level",
    "checked_width",
    "descend_dense",
    "fit_surrogate",
    "surrogate_step",
    "unit_direction",
    "unit_vector",
]

LOSSES = ("ramp", "smooth_ramp", "logistic")
# Steps after the boundary is reached, and how many iterates at the end are averaged: near the optimum the empirical gradient jumps as rows enter and
# leave the band, and the mean of the iterates does not.
_SETTLING, _AVERAGED = 40, 20
# Rows of the first stage, in multiples of the dimension, and at least: enough to come near, after which all rows are used.
_FIRST_ROWS, _LEAST_FIRST_ROWS = 400, 8000
_MOST_STEPS = 10**7
# Sums of fourth powers of larger entries would leave the range of single and of double precision.
_LARGEST_SINGLE, _LARGEST_DOUBLE = 1e9, 1e30


class SurrogateFit(NamedTuple):
    """Where the descent ended.

    Attributes
    ----------
    direction
        (d,), of length 1.
    path
        (iterations, d), the iterates before every step, or (0, d).
    gradient_norms
        (iterations,), the norm of the empirical gradient before every step.
    gradient_norm
        The norm at `direction`, on all rows.
    iterations
        Number of steps in all stages.
    """

    direction: np.ndarray
    path: np.ndarray
    gradient_norms: np.ndarray
    gradient_norm: float
    iterations: int


def check_rows(
    features: ArrayLike, labels: ArrayLike | None = None, *, least_rows: int = 1, names: tuple[str, str] = ("features", "labels")
) -> tuple[np.ndarray, np.ndarray]:
    """Return features as a C-contiguous float32 or float64 matrix, and labels as float64 signs.

    Parameters
    ----------
    features
        (n, d) real and at most 1e30 in magnitude (1e9 in float32), d >= 2. float32 stays float32, everything else becomes float64.
    labels
        (n,), -1 or 1, or None.
    least_rows
        Fewest rows.
    names
        How messages call features and labels.

    Raises
    ------
    ValueError
        If a shape is wrong, an entry is not a finite number, or a label is not -1 or 1.
    """
    given, marks = names
    try:
        x = np.asarray(features)
        if x.dtype.kind not in "iuf":
            raise TypeError
        with np.errstate(over="ignore"):
            x = np.ascontiguousarray(x, dtype=np.float32 if x.dtype == np.float32 else np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{given} must be an array of real numbers of shape (n, d); got {type(features).__name__}") from None
    if x.ndim != 2 or x.shape[1] < 2 or x.shape[0] < least_rows:
        raise ValueError(f"{given} must have shape (n, d) with n >= {least_rows} and d >= 2; got shape {x.shape}")
    most = _LARGEST_SINGLE if x.dtype == np.float32 else _LARGEST_DOUBLE
    # A NaN is the least and the largest of all.
    if not (-most <= x.min(initial=0.0) and x.max(initial=0.0) <= most):
        if np.isfinite(x).all():
            raise ValueError(f"{given} must be at most {most:g} in magnitude; got {x.min():g} to {x.max():g}")
        raise ValueError(f"{given} must be finite; got {int((~np.isfinite(x)).sum())} entries that are NaN or infinite")
    if labels is None:
        return x, np.empty(0)
    try:
        y = np.asarray(labels)
    except (TypeError, ValueError):
        raise ValueError(f"{marks} must be a vector of -1 and 1; got {type(labels).__name__}") from None
    if y.shape != (x.shape[0],):
        raise ValueError(f"{marks} must have shape ({x.shape[0]},), one for each row; got shape {y.shape}")
    if y.dtype.kind not in "iuf" or not np.all((y == 1) | (y == -1)):
        raise ValueError(f"{marks} must be -1 or 1; got {y[:5].tolist()}")
    return x, y.astype(np.float64)


def unit_vector(name: str, value: ArrayLike, dimension: int) -> np.ndarray:
    """Return a vector (d,) divided by its length.

    Raises
    ------
    ValueError
        If the shape is wrong, an entry is not finite, or the vector is 0.
    """
    vector = numbers(name, value)
    if vector.shape != (dimension,) or not np.all(np.isfinite(vector)):
        raise ValueError(f"{name} must be a finite vector of shape ({dimension},); got shape {vector.shape}")
    largest = float(np.max(np.abs(vector)))
    if largest == 0.0:
        raise ValueError(f"{name} must not be the zero vector; got {vector.tolist()[:5]}")
    if not 1e-100 <= largest <= 1e100:
        # Else the squares would leave the range of floating point.
        vector = vector / largest
    return np.asarray(vector / float(np.linalg.norm(vector)))


def unit_direction(name: str, value: ArrayLike, dimension: int | None = None) -> np.ndarray:
    """Return a vector (d,) if it has length 1 up to rounding, as it is: what has been normalised already.

    Raises
    ------
    ValueError
        If it has another shape or length.
    """
    vector = numbers(name, value)
    shape = "(d,) with d >= 2" if dimension is None else f"({dimension},)"
    if vector.ndim != 1 or vector.size < 2 or dimension not in (None, vector.size):
        raise ValueError(f"{name} must have shape {shape}; got shape {vector.shape}")
    with np.errstate(over="ignore"):
        length = float(np.linalg.norm(vector))
    if not abs(length - 1.0) <= 1e-6:
        raise ValueError(f"{name} must have length 1; got length {length:.6g}")
    return vector


def checked_width(ramp_width: float) -> float:
    """Return a ramp width if it is a number > 0 with which double precision does."""
    return float(moderate("ramp_width", real("ramp_width", ramp_width, above=0.0), least=1e-50))


def checked_level(failure_probability: float) -> float:
    """Return a failure probability if it is in (0, 1), and not so small that its inverse is infinite."""
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    return float(moderate("failure_probability", delta, least=1e-300))


def averaging_direction(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the direction (d,) of the mean of y x, the first axis if that is 0: the limit of the surrogate for infinite widths.

    Raises
    ------
    ValueError
        If `check_rows` refuses features or labels.
    """
    features, labels = check_rows(features, labels)
    total = np.asarray(labels.astype(features.dtype) @ features, dtype=np.float64)
    length = float(np.linalg.norm(total))
    return total / length if length > 0.0 else np.eye(1, features.shape[1])[0]


def surrogate_step(ramp_width: float, noise_rate: float) -> float:
    """Return the longest step that is stable for every noise up to the rate: sigma.

    Near w* a step beta multiplies the angle by 1 - beta (1 - 2 eta) sqrt(2/pi)/sigma under Gaussian rows; without noise that is stable up to
    beta = 2.5 sigma, and the learner is not told how much noise there really is.

    Parameters
    ----------
    ramp_width, noise_rate
        sigma > 0 and eta in [0, 1/2).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    return checked_width(ramp_width)


def learning_stages(rows: int, dimension: int, step: float, noise_rate: float) -> list[tuple[int, int]]:
    """Return the stages of `fit_surrogate` as pairs of the first rows that are used and the steps that are taken."""
    travel, settling = math.ceil(math.pi**2 / ((1.0 - 2.0 * noise_rate) * step)), math.ceil(_SETTLING / (1.0 - 2.0 * noise_rate))
    first = min(rows, max(_LEAST_FIRST_ROWS, _FIRST_ROWS * dimension))
    # On few rows the stages are one.
    return [(rows, travel + settling)] if 2 * first > rows else [(first, travel), (rows, settling)]


def fit_surrogate(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    ramp_width: float,
    noise_rate: float,
    start: ArrayLike | None = None,
    step: float | None = None,
    iterations: int | None = None,
    loss: str = "ramp",
    keep_path: bool = False,
) -> SurrogateFit:
    """Descend on the empirical surrogate loss, w <- normalise(w - beta grad), and average the last iterates.

    Formula: for |w| = 1, -grad L(w) = mean of y l'(<w, x>) (x - <w, x> w), l' = 1{|t| <= sigma/2}/sigma for the ramp.

    Parameters
    ----------
    features, labels
        (n, d), d >= 2, and (n,), -1 or 1. Memory is O(n d) beyond no copy of the rows; float32 rows are not converted.
    ramp_width
        sigma > 0, the full width of the ramp (for the logistic loss 1/(1 + exp(-t/sigma)) the scale).
    noise_rate
        eta in [0, 1/2): with the step it sets the number of iterations.
    start
        (d,), not 0. None: the mean of y x.
    step
        beta > 0; None: `surrogate_step`.
    iterations
        Steps, >= 1. None: a first stage of ceil(pi^2/((1 - 2 eta) beta)) steps, enough for half a turn at the Gaussian rate (1 - 2 eta) beta/pi a
        step, on the first max(8000, 400 d) rows, then 40/(1 - 2 eta) steps on all rows.
    loss
        "ramp", "smooth_ramp" or "logistic".
    keep_path
        Whether to return the iterates.

    Returns
    -------
    SurrogateFit
        The direction, of length 1, the norms along the way and at the end.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    keep_path = flag("keep_path", keep_path)
    from theorylab.papers.tester_learner.estimators import learner_kernels as kernels

    x, y = check_rows(features, labels)
    rows, dimension = x.shape
    width = checked_width(ramp_width)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    beta = surrogate_step(width, eta) if step is None else moderate("step", real("step", step, above=0.0), most=1e50, least=1e-50)
    code = LOSSES.index(choice("loss", loss, LOSSES))
    direction = averaging_direction(x, y) if start is None else unit_vector("start", start, dimension)
    stages = learning_stages(rows, dimension, beta, eta) if iterations is None else [(rows, whole_number("iterations", iterations))]
    if sum(steps for _, steps in stages) > _MOST_STEPS:
        raise ValueError(
            f"ramp_width, noise_rate, step and iterations must lead to at most {_MOST_STEPS} steps; got {sum(steps for _, steps in stages):.3g} "
            f"for ramp_width={ramp_width}, noise_rate={noise_rate}, step={step}"
        )
    norms, paths = [], []
    for count, steps in stages:
        gradient_norms, path = np.empty(steps), np.empty((steps if keep_path else 0, dimension))
        kernels.descend(x[:count], y[:count], direction, width, beta, steps, min(_AVERAGED, steps), code, gradient_norms, path)
        norms.append(gradient_norms)
        paths.append(path)
    total = np.empty(dimension)
    last = math.sqrt(kernels.negative_gradient(x, y, direction, width, code, total))
    return SurrogateFit(direction, np.concatenate(paths), np.concatenate(norms), last, sum(steps for _, steps in stages))


def descend_dense(
    namespace: Any,
    features: Any,
    labels: Any,
    directions: Any,
    *,
    ramp_width: float,
    step: float,
    iterations: int,
    averaged: int = _AVERAGED,
    path: list[Any] | None = None,
) -> Any:
    """Take the steps of `fit_surrogate` with the ramp for a batch of data sets at once, in any array module.

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, labels, directions
        (R, n, d), (R, n) and starts (R, d) of length 1.
    ramp_width, step, iterations, averaged
        As in `fit_surrogate`; averaged >= 1 and <= iterations.
    path
        If it is given, the directions before every step are appended.

    Returns
    -------
    array (R, d)
        Directions of length 1.

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    features = checked_array("features", features, ("R", "n", "d"), minimum=-_LARGEST_DOUBLE, maximum=_LARGEST_DOUBLE)
    samples, rows, dimension = features.shape
    labels = checked_array("labels", labels, (samples, rows), minimum=-1.0, maximum=1.0)
    directions = checked_array("directions", directions, (samples, dimension), minimum=-1.000001, maximum=1.000001)
    if rows == 0 or dimension == 0:
        raise ValueError(f"features must have rows and coordinates; got shape {features.shape}")
    ramp_width = checked_width(ramp_width)
    step = moderate("step", real("step", step, above=0.0), most=1e50, least=1e-50)
    iterations, averaged = whole_number("iterations", iterations, maximum=_MOST_STEPS), whole_number("averaged", averaged)
    path = None if path is None else instance("path", path, list)
    mean = namespace.zeros_like(directions)
    for t in range(iterations):
        if path is not None:
            path.append(directions)
        margins = (features @ directions[:, :, None])[:, :, 0]
        weights = labels * (abs(margins) <= 0.5 * ramp_width) / (ramp_width * features.shape[1])
        ascent = (weights[:, None, :] @ features)[:, 0]
        ascent = ascent - (ascent * directions).sum(axis=1)[:, None] * directions
        directions = directions + step * ascent
        directions = directions / namespace.sqrt((directions**2).sum(axis=1))[:, None]
        if t >= iterations - averaged:
            mean = mean + directions
    return mean / namespace.sqrt((mean**2).sum(axis=1))[:, None]
