"""A certificate without assumptions on the marginal: explicit constants, finite samples, every term measured on fresh rows.

With the band |a| <= c, a = <w, x>, z the coordinates orthogonal to w, b = <v, z> for the unknown v towards w* = cos(theta) w + sin(theta) v:
where |b| > |a| |cot theta| the clean label is sign b; elsewhere it costs at most min(|b|, |a cot theta|). So over the rows in the band

    mean E[y | x] b >= (1 - 2 eta) mean |b| - 2 (1 - eta) |cot theta| mean |a|,

and, with C = mean z z^T and a bound K on the directional fourth moments,

* Hoelder: mean |b| >= r^3/sqrt(K), r = sqrt(v^T C v) in [sqrt(lambda_min), sqrt(lambda_max)];
* labels: mean y b is within q r of its mean, q = sqrt(2 log(1/delta)/m): given the rows, v is fixed, so one direction is enough, not a norm;
* fourth moments: mean <u, z>^4 <= 3 + lambda_max(M4 - M4 of a Gaussian) on symmetric matrices, exactly; the largest eigenvalue is found without
forming
  M4 where it is large.

Hence tan(theta') <= 2 (1 - eta) mean |a|/den for theta' = min(theta, pi - theta), where den = min over r of (1 - 2 eta) r^3/sqrt(K) - q r - |g|,
g = mean y z. Derived here. Adversarial flips of a share rho of the rows in the band take up to 2 sqrt(rho) r (Cauchy and Schwarz) off the left side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.tester_learner.estimators.learner import check_rows, checked_level, checked_width, unit_direction, unit_vector
from theorylab.papers.tester_learner.estimators.regions import basis_orthogonal_to
from theorylab.validation import array_of_shape, flag, instance, moderate, real, whole_number

__all__ = [
    "DENSE_DIMENSION",
    "STRIP_RATIOS",
    "BandMoments",
    "Certificate",
    "band_moments",
    "certificate_of",
    "certified_tangent",
    "largest_fourth_moment",
    "massart_certificate",
    "sample_disagreement_bound",
    "strip_edges",
]

# Above this dimension the matrix of fourth moments is not formed.
DENSE_DIMENSION = 40
STRIP_RATIOS = (0.25, 0.5, 1.0, 2.0)
# Strips of equal width near the boundary, then each half as wide again as the one before.
_EQUAL_STRIPS, _STRIP_GROWTH = 12, 1.5


class BandMoments(NamedTuple):
    """The rows of a band as the certificate sees them.

    Attributes
    ----------
    half_width, rows
        c and their number m.
    distance
        Mean |<w, x>|.
    gradient_norm
        |mean y z|.
    smallest, largest
        Extreme eigenvalues of mean z z^T.
    fourth
        Bound on the fourth moment mean <u, z>^4 in every direction; infinite where the second moments are singular.
    """

    half_width: float
    rows: int
    distance: float
    gradient_norm: float
    smallest: float
    largest: float
    fourth: float


class Certificate(NamedTuple):
    """What is certain about a direction.

    Attributes
    ----------
    angle
        Bound on min(theta, pi - theta), in [0, pi/2]; pi/2 says nothing.
    disagreement
        Bound on P[sign<w, x> differs from sign<w*, x>] for the one of w and -w that is nearer to w*, hence on its excess error; 1 says nothing.
    half_width
        The band that gave the angle.
    parts
        The moments of every band that was tried, infinite where nothing bounds them.
    """

    angle: float
    disagreement: float
    half_width: float
    parts: tuple[BandMoments, ...]


def massart_certificate(
    features: ArrayLike,
    labels: ArrayLike,
    direction: ArrayLike,
    *,
    ramp_width: float,
    noise_rate: float,
    failure_probability: float,
    flipped_mass: float = 0.0,
    bands: int = 4,
) -> Certificate:
    """Return what is certain about w whatever the marginal is.

    Parameters
    ----------
    features, labels
        (n, d), d >= 2, and (n,), rows that were not used to find w.
    direction
        w (d,), not 0; it is normalised.
    ramp_width
        sigma > 0. Tried are the bands of half-width sigma/2, sigma/4, ...: all are valid, at a share of the failure probability each.
    noise_rate
        eta in [0, 1/2), a bound on the flip probabilities (0 for adversarial noise).
    failure_probability
        delta in (0, 1): half for the labels in the bands, half for the step from the rows to the law.
    flipped_mass
        rho in [0, 1): a bound on the mass that an adversary has flipped, anywhere.
    bands
        Number of bands, from 1 to 50.

    Returns
    -------
    Certificate
        With probability at least 1 - delta over the labels and rows, for every marginal and every w* fixed beforehand, both bounds hold.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    x, y = check_rows(features, labels)
    w = unit_vector("direction", direction, x.shape[1])
    width, bands = checked_width(ramp_width), whole_number("bands", bands, maximum=50)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    delta = moderate("failure_probability", checked_level(failure_probability), least=1e-280)
    rho = real("flipped_mass", flipped_mass, minimum=0.0, below=1.0)
    n = x.shape[0]
    level = delta / (2.0 * bands)
    # An adversary flips a share rho of the law; how many of the rows that can be is one more event.
    flipped_rows = 0.0 if rho == 0.0 else n * (rho + math.sqrt(math.log(1.0 / level) / (2.0 * n)))
    parts = [band_moments(x, y, w, half_width=width / 2.0 / 2.0**k) for k in range(bands)]
    tangents = [
        certified_tangent(
            part, noise_rate=eta, failure_probability=level / (1.0 if rho == 0.0 else 2.0), flipped_share=flipped_rows / max(part.rows, 1)
        )
        for part in parts
    ]
    best = int(np.argmin(tangents))
    rows = sample_disagreement_bound(x, w, tangents[best]) if math.isfinite(tangents[best]) else 1.0
    return certificate_of(parts, tangents[best], best, rows, n, delta)


def certificate_of(
    parts: Sequence[BandMoments], tangent: float, best: int, disagreement: float, rows: int, failure_probability: float
) -> Certificate:
    """Return the certificate that the best band gives, with the disagreement on n rows made one under their law."""
    certain = 1.0
    if math.isfinite(tangent):
        certain = min(1.0, disagreement + math.sqrt(math.log(2.0 / failure_probability) / (2.0 * rows)))
    return Certificate(math.atan(tangent), certain, parts[best].half_width, tuple(parts))


def certified_tangent(
    moments: BandMoments, *, noise_rate: float, failure_probability: float, flipped_share: float = 0.0, label_noise: bool = True
) -> float:
    """Return the bound 2 (1 - eta) mean |a|/den on tan min(theta, pi - theta), infinity if den <= 0.

    Parameters
    ----------
    moments
        Of one band.
    noise_rate, failure_probability
        eta and delta.
    flipped_share
        Share of the rows in the band that an adversary may have flipped.
    label_noise
        False leaves the term q out, which is wrong: for demonstrations only.
    """
    instance("moments", moments, BandMoments)
    label_noise = flag("label_noise", label_noise)
    noise_rate = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    failure_probability, flipped_share = checked_level(failure_probability), real("flipped_share", flipped_share, minimum=0.0)
    if moments.rows == 0 or moments.smallest <= 0.0 or flipped_share >= 1.0:
        return math.inf
    cubic = (1.0 - 2.0 * noise_rate) / math.sqrt(moments.fourth)
    linear = 2.0 * math.sqrt(flipped_share)
    if label_noise:
        linear += math.sqrt(2.0 * math.log(1.0 / failure_probability) / moments.rows)
    # cubic r^3 - linear r falls until r0 and rises afterwards.
    turning = math.sqrt(linear / (3.0 * cubic))
    low, high = math.sqrt(moments.smallest), math.sqrt(moments.largest)
    r = min(max(turning, low), high)
    denominator = cubic * r**3 - linear * r - moments.gradient_norm
    return 2.0 * (1.0 - noise_rate) * moments.distance / denominator if denominator > 0.0 else math.inf


def band_moments(features: np.ndarray, labels: np.ndarray, direction: np.ndarray, *, half_width: float) -> BandMoments:
    """Return the moments of the band |<w, x>| <= c; cost O(n d), and O(m d^2) a step for the fourth moments (O(m d^4) below 40 dimensions).

    The fourth moment is infinite where the second moments are singular.

    Parameters
    ----------
    features, labels, direction
        (n, d), (n,) and w (d,), of length 1.
    half_width
        c > 0.

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    features, labels = check_rows(features, labels)
    direction, half_width = unit_direction("direction", direction, features.shape[1]), real("half_width", half_width, above=0.0)
    margins = features @ direction.astype(features.dtype)
    chosen = np.flatnonzero(np.abs(margins) <= half_width)
    m, p = chosen.size, direction.size - 1
    if m < p:
        # The second moments are singular, so nothing is certain.
        return BandMoments(half_width, m, 0.0, 0.0, 0.0, 0.0, math.inf)
    z = np.asarray(features[chosen], dtype=np.float64) @ basis_orthogonal_to(direction)
    eigenvalues = np.linalg.eigvalsh(z.T @ z / m)
    gradient = labels[chosen] @ z / m
    distance = float(np.mean(np.abs(margins[chosen]), dtype=np.float64))
    fourth = largest_fourth_moment(z) if eigenvalues[0] > 0.0 else math.inf
    return BandMoments(half_width, m, distance, float(np.linalg.norm(gradient)), max(float(eigenvalues[0]), 0.0), float(eigenvalues[-1]), fourth)


def largest_fourth_moment(z: np.ndarray) -> float:
    """Return 3 + lambda_max(M4 - M4 of a Gaussian), at least the fourth moment mean <u, z>^4 in every direction u of length 1.

    M4 acts on symmetric matrices S by mean <z, S z> z z^T, a Gaussian's by 2 S + tr(S) I; u u^T has length 1 and the value mean <u, z>^4 - 3.

    Parameters
    ----------
    z
        (m, p) rows.

    Returns
    -------
    float
        Up to 40 coordinates from a p (p + 1)/2 square matrix; beyond, by Lanczos' method on the operator, whose residual is added.

    Raises
    ------
    ValueError
        If it is no matrix of moderate numbers with a row and a column.
    """
    z = moderate("z", array_of_shape("z", z, ("m", "p")), most=1e50)
    m, p = z.shape
    if z.size == 0:
        raise ValueError(f"z must have at least one row and one column; got shape {z.shape}")
    if p <= DENSE_DIMENSION:
        rows, columns = np.triu_indices(p)
        scale = np.where(rows == columns, 1.0, math.sqrt(2.0))
        matrix = -2.0 * np.eye(rows.size)
        diagonal = np.flatnonzero(rows == columns)
        matrix[np.ix_(diagonal, diagonal)] -= 1.0
        # Blocks of rows keep the products small.
        for begin in range(0, m, 4096):
            products = z[begin : begin + 4096, rows] * z[begin : begin + 4096, columns] * scale
            matrix += products.T @ products / m
        return 3.0 + float(np.linalg.eigvalsh(matrix)[-1])
    from scipy.sparse.linalg import LinearOperator, eigsh

    def act(flat: np.ndarray) -> np.ndarray:
        square = flat.reshape(p, p)
        square = 0.5 * (square + square.T)
        weights = np.einsum("ij,ij->i", z @ square, z)
        image = (z * (weights / m)[:, None]).T @ z - 2.0 * square - np.trace(square) * np.eye(p)
        return np.asarray(image.ravel())

    operator = LinearOperator((p * p, p * p), matvec=act, dtype=np.float64)
    start = (np.outer(z[0], z[0]) + np.eye(p)).ravel()
    values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=1e-6)
    residual = np.linalg.norm(act(vectors[:, 0]) - values[0] * vectors[:, 0])
    return 3.0 + float(values[0] + residual)


def sample_disagreement_bound(features: np.ndarray, direction: np.ndarray, tangent: float) -> float:
    """Return a bound on the share of rows on which sign<w, x> and sign<w*, x> differ, over all w* with tan(angle) <= `tangent`.

    Formula: sum over strips lo < |<w, x>| <= hi of (share of rows) min(1, lambda_max t^2/lo^2), lambda_max of mean z z^T in the strip: where they
    differ |<v, z>| t >= |<w, x>|. It holds for every partition into strips, so the smallest of several is taken.

    Parameters
    ----------
    features, direction
        (n, d) rows and w (d,) of length 1.
    tangent
        t > 0.

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    features, _ = check_rows(features)
    direction = unit_direction("direction", direction, features.shape[1])
    tangent = moderate("tangent", real("tangent", tangent, above=0.0), least=1e-50)
    margins = np.abs(np.asarray(features @ direction.astype(features.dtype), dtype=np.float64))
    order = np.argsort(margins)
    margins = margins[order]
    z = np.asarray(features, dtype=np.float64)[order] @ basis_orthogonal_to(direction)
    return min(_strip_sum(margins, z, tangent, ratio) for ratio in STRIP_RATIOS)


def strip_edges(width: float, reach: float) -> list[float]:
    """Return the edges of strips from 0 to `reach` or beyond: some of this width, and then each half as wide again as the one before."""
    edges = [0.0, width]
    while edges[-1] < reach:
        if len(edges) > _EQUAL_STRIPS:
            width *= _STRIP_GROWTH
        edges.append(edges[-1] + width)
    return edges


def _strip_sum(margins: np.ndarray, z: np.ndarray, tangent: float, ratio: float) -> float:
    edges = strip_edges(ratio * tangent, float(margins[-1]))
    ends = np.searchsorted(margins, edges, side="right")
    total = float(ends[0])
    for low, begin, end in zip(edges[:-1], ends[:-1], ends[1:], strict=True):
        count = end - begin
        if count == 0:
            continue
        if low == 0.0:
            total += count
            continue
        rows = z[begin:end]
        gram = rows.T @ rows if count > rows.shape[1] else rows @ rows.T
        total += min(float(count), float(np.linalg.eigvalsh(gram)[-1]) * (tangent / low) ** 2)
    return total / margins.size
