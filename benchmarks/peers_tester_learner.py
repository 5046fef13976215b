"""What else a user of tester_learner could run: published descent with one sample a step, the same steps and tests in plain numpy, quadrature."""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad
from scipy.stats import logistic

__all__ = [
    "Data",
    "average",
    "descend",
    "draw",
    "extreme_eigenvalues",
    "gradient_by_quadrature",
    "gradient_of_rows",
    "logistic_direction",
    "published",
    "region_statistics",
]

Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, n: int, d: int, noise_rate: float) -> Data:
    """Draw Gaussian rows, labels under random classification noise, and the target."""
    x = rng.standard_normal((n, d))
    target = rng.standard_normal(d)
    target /= np.linalg.norm(target)
    return x, np.where(x @ target >= 0, 1.0, -1.0) * np.where(rng.random(n) < noise_rate, -1.0, 1.0), target


def published(data: Data, *, step: float = 0.005, scale: float = 0.1, frozen: bool = True) -> np.ndarray:
    """Return the direction of projected descent with one sample a step, the best iterate on a fifth of the rows (arXiv:2002.05632).

    With ``frozen`` the slope of the loss comes from a distribution object of scipy made at each step, as in public code, else it is written out.
    """
    x, y, _ = data
    held = len(x) // 5
    w = np.eye(1, x.shape[1])[0]
    iterates = [w]
    for row, label in zip(x[held:], y[held:], strict=True):
        margin = float(row @ w)
        if frozen:
            slope = float(logistic(scale=scale).pdf(-label * margin))
        else:
            tail = math.exp(-abs(margin) / scale)
            slope = tail / (scale * (1.0 + tail) ** 2)
        w = w + step * slope * label * (row - margin * w)
        w = w / math.sqrt(float(w @ w))
        iterates.append(w)
    best, least = w, math.inf
    for candidate in iterates:
        errors = float(np.mean((x[:held] @ candidate >= 0.0) != (y[:held] > 0.0)))
        for signed, error in ((candidate, errors), (-candidate, 1.0 - errors)):
            if error < least:
                best, least = signed, error
    return best


def logistic_direction(data: Data) -> np.ndarray:
    """Return the direction of scikit-learn's logistic regression without intercept."""
    from sklearn.linear_model import LogisticRegression

    w = LogisticRegression(fit_intercept=False).fit(data[0], data[1]).coef_[0]
    return np.asarray(w / np.linalg.norm(w))


def average(data: Data) -> np.ndarray:
    """Return the direction of the mean of y x."""
    w = data[1] @ data[0]
    return np.asarray(w / np.linalg.norm(w))


def descend(x: np.ndarray, y: np.ndarray, start: np.ndarray, *, ramp_width: float, step: float, iterations: int, averaged: int = 20) -> np.ndarray:
    """Take projected full-batch steps on the ramp loss, a product with all rows and one with the rows of the band for each."""
    w, mean = start.copy(), np.zeros(len(start))
    for t in range(iterations):
        margins = x @ w
        band = np.flatnonzero(np.abs(margins) <= 0.5 * ramp_width)
        ascent = y[band] @ x[band] / (ramp_width * len(x))
        w = w + step * (ascent - ascent @ w * w)
        w = w / np.linalg.norm(w)
        if t >= iterations - averaged:
            mean += w
    return np.asarray(mean / np.linalg.norm(mean))


def region_statistics(x: np.ndarray, w: np.ndarray, edges: list[tuple[float, float]]) -> np.ndarray:
    """Return, for each region low < |<w, x>| <= high, its rows, extreme second moments, |mean|^2 and mean |z|^4 of coordinates orthogonal to w."""
    d = len(w)
    basis = np.linalg.qr(np.column_stack([w, np.eye(d)[:, np.argsort(np.abs(w))[: d - 1]]]))[0][:, 1:]
    margins, z = x @ w, x @ basis
    found = []
    for low, high in edges:
        some = z[(np.abs(margins) > low) & (np.abs(margins) <= high)]
        values = np.linalg.eigvalsh(some.T @ some / len(some))
        found.append([len(some), values[0], values[-1], float((some.mean(axis=0) ** 2).sum()), float(np.mean((some**2).sum(axis=1) ** 2))])
    return np.array(found)


def extreme_eigenvalues(rng: np.random.Generator, size: int, rows: int, dimension: int) -> np.ndarray:
    """Draw Gaussian rows and return the least and the largest eigenvalue of their second moments, one sample at a time, (size, 2)."""
    found = np.empty((size, 2))
    for index in range(size):
        z = rng.standard_normal((rows, dimension))
        found[index] = np.linalg.eigvalsh(z.T @ z / rows)[[0, -1]]
    return found


def gradient_of_rows(rng: np.random.Generator, size: int, *, dimension: int, angle: float, ramp_width: float, noise_rate: float) -> np.ndarray:
    """Draw whole rows and labels and return their contributions to minus the gradient of the ramp loss towards w*."""
    x = rng.standard_normal((size, dimension))
    w, v = np.eye(dimension)[0], np.eye(dimension)[1]
    y = np.where(x @ (math.cos(angle) * w + math.sin(angle) * v) >= 0.0, 1.0, -1.0) * np.where(rng.random(size) < noise_rate, -1.0, 1.0)
    return np.asarray(y * (np.abs(x @ w) <= 0.5 * ramp_width) / ramp_width * (x @ v))


def gradient_by_quadrature(angles: np.ndarray, widths: np.ndarray, noise_rate: float) -> np.ndarray:
    """Return the gradient of the ramp loss on a grid (angles, widths) by scipy's quadrature over the band."""
    found = np.empty((len(angles), len(widths)))
    for i, angle in enumerate(angles):
        for j, width in enumerate(widths):
            exponent = -0.5 / math.sin(angle) ** 2
            mass = quad(lambda t, k=exponent: math.exp(k * t * t), 0.0, 0.5 * width, epsabs=0.0, epsrel=1e-12)[0]
            found[i, j] = 2.0 * (1.0 - 2.0 * noise_rate) / math.pi / width * mass
    return found
