"""Where gradient-based descent on the population loss ends when it starts at a random point of parameter space (Sigma = Omega = I)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.device.rows import can_run
from theorylab.montecarlo.samplers import block_size, fetch
from theorylab.papers.one_step_gd.kernels import bfgs_rows, excess_and_gradient, hessian
from theorylab.validation import array_of_shape, moderate, real, whole_number

__all__ = ["descend_many", "sample_descent_outcomes"]

_GRADIENT_TOLERANCE = 1e-10
_MAXIMUM_ITERATIONS = 20_000


def descend_many(starts: ArrayLike, *, context_length: int, dimension: int, noise_variance: float, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Descend by BFGS from every start; the result does not depend on `threads`.

    Parameters
    ----------
    starts
        (size, (d+1)^2): rows hold v and then M row by row.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance
        sigma2 >= 0.
    threads
        How many threads share the starts (the kernel releases the interpreter lock).

    Returns
    -------
    tuple
        Final rows, shape of `starts`, and iterations, (size,).
    """
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    rows = moderate("starts", array_of_shape("starts", starts, ("size", (d + 1) ** 2)), most=1e15)
    shares = np.array_split(rows, whole_number("threads", threads))

    def run(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return bfgs_rows(np.ascontiguousarray(share), n, d, sigma2, _GRADIENT_TOLERANCE, _MAXIMUM_ITERATIONS)

    if len(shares) == 1:
        return run(rows)
    with ThreadPoolExecutor(len(shares)) as pool:
        results = list(pool.map(run, shares))
    return np.concatenate([ends for ends, _ in results]), np.concatenate([counts for _, counts in results])


def _descent_block(*, dimension: int, **_: object) -> int:
    return 128 if dimension <= 2 else 32 if dimension <= 4 else 8


@block_size(_descent_block)
def sample_descent_outcomes(
    rng: Any, size: int, *, context_length: int, dimension: int, noise_variance: float, initial_scale: float
) -> dict[str, Any]:
    """Sample the end points of descents on the population loss from random starts, all entries of v and M iid N(0, initial_scale^2).

    Each end point is rescaled to |v| = |M|_F (a scale between v and M changes no prediction) before its derivatives are taken.

    Parameters
    ----------
    rng, size
        Generator and number of starts.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance
        sigma2 >= 0.
    initial_scale
        Standard deviation of the start's entries, > 0.

    Returns
    -------
    dict
        "excess" L - L* >= 0; "gradient_norm"; "smallest_curvature", the smallest eigenvalue of the Hessian (0 up to rounding at a minimum,
        because of the scale); "learning_rate" tr P / d of the odd part; "iterations". A descent is trapped if its excess is positive,
        its gradient vanishes and no curvature is negative. The fraction depends on optimiser and start, the levels of excess do not.
    """
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    scale = moderate("initial_scale", real("initial_scale", initial_scale, above=0.0), most=1e10, least=1e-100)
    xp = namespace_of(rng)
    starts = scale * rng.standard_normal((size, (d + 1) ** 2))
    find = _outcomes_on_device if can_run(starts) else _outcomes
    ends, iterations, excess, gradients, hessians = find(xp, starts, n, d, sigma2)
    traces = ends[:, d + 1 : d + 1 + d * d : d + 1].sum(axis=1)
    odd_trace = ends[:, d] * traces + (ends[:, :d] * ends[:, d + 1 + d * d :]).sum(axis=1)
    return {
        "excess": excess,
        "gradient_norm": xp.sqrt((gradients**2).sum(axis=1)),
        "smallest_curvature": xp.linalg.eigvalsh(0.5 * (hessians + hessians.swapaxes(1, 2)))[:, 0],
        "learning_rate": odd_trace / d,
        "iterations": iterations.astype(float),
    }


def _balanced(xp: Any, ends: Any, d: int) -> Any:
    """Return end points rescaled to |v| = |M|_F."""
    ratio = ((ends[:, d + 1 :] ** 2).sum(axis=1) / (ends[:, : d + 1] ** 2).sum(axis=1))[:, None] ** 0.25
    return xp.concatenate([ends[:, : d + 1] * ratio, ends[:, d + 1 :] / ratio], axis=1)


def _outcomes(xp: Any, starts: Any, n: int, d: int, sigma2: float) -> tuple[Any, ...]:
    """Return end points, iterations, excess, gradients and Hessians, computed on the processor."""
    rows, iterations = descend_many(fetch(starts), context_length=n, dimension=d, noise_variance=sigma2)
    ends = _balanced(np, rows, d)
    gradients = np.empty_like(ends)
    excess = np.array([excess_and_gradient(end, n, d, sigma2, gradient) for end, gradient in zip(ends, gradients, strict=True)])
    hessians = np.array([hessian(end, n, d, sigma2) for end in ends])
    return tuple(xp.asarray(array) for array in (ends, iterations, excess, gradients, hessians))


def _outcomes_on_device(xp: Any, starts: Any, n: int, d: int, sigma2: float) -> tuple[Any, ...]:
    """Return what `_outcomes` returns, a thread a start."""
    from theorylab.papers.one_step_gd.device_kernels import derivatives, descend

    rows, iterations = descend(xp, starts, n, d, sigma2, _GRADIENT_TOLERANCE, _MAXIMUM_ITERATIONS)
    ends = _balanced(xp, rows, d)
    return (ends, iterations, *derivatives(xp, ends, n, d, sigma2))
