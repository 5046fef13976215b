"""The Bayes rule for labelled samples when the mean is uniform on a sphere of known radius: its posterior error, by integrals over the sphere."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import real, whole_number

__all__ = ["log_sphere_integral", "sample_posterior_rule"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


def log_sphere_integral(concentration: Any, dimension: int, namespace: Any = np) -> Any:
    """Return log of the mean of exp(kappa <e, u>) over uniform u on the unit sphere, but for a constant; kappa (R,), 0 <= kappa <= 1e3, d >= 2.

    The cosine of the angle to e has density ~ sin^(d-2) in the angle; Gauss and Legendre's points in the angle.

    Raises
    ------
    ValueError
        If an argument is out of range, or so large that the quadrature sees nothing.
    """
    concentration = checked_array("concentration", concentration, ("R",), minimum=0.0)
    dimension = whole_number("dimension", dimension, minimum=2, maximum=10**6)
    angle = 0.5 * np.pi * (1.0 + _NODES)
    weights = namespace.asarray(_WEIGHTS * np.sin(angle) ** (dimension - 2.0))
    lowered = namespace.exp(concentration[:, None] * namespace.asarray(np.cos(angle) - 1.0))
    mass = lowered @ weights
    if namespace is np and not np.all(mass > 0.0):
        raise ValueError(f"concentration must be at most 1e3 or so, and less in high dimension; got up to {np.max(concentration):.3g}")
    return concentration + namespace.log(mass)


def _block(*, dimension: int, labeled_size: int, **_: object) -> int:
    drawn = (labeled_size + 1) * dimension
    return fitting_block(numbers=2 * drawn + 800, nanoseconds=20.0 * drawn + 4000.0)


@block_size(_block)
def sample_posterior_rule(rng: Any, size: int, *, dimension: int, labeled_size: int, half_distance: float) -> dict[str, Any]:
    """Sample how the Bayes rule does on one test sample; the rule weighs all means of the sphere by their likelihood and never looks at the true one.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension
        d >= 2.
    labeled_size
        m >= 1.
    half_distance
        s = |mu0|/sigma0 > 0, known to the rule; (m + 10) s^2 at most a few hundred.

    Returns
    -------
    dict
        "posterior_error", the probability of the less likely class given everything seen, in [0, 1/2]: its mean is the smallest average risk of all
        rules; "error", whether the rule errs, and "disagrees", whether it differs from the mean rule, 0.0 or 1.0; (size,) each.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    d, m = whole_number("dimension", dimension, minimum=2), whole_number("labeled_size", labeled_size)
    s = real("half_distance", half_distance, above=0.0)
    mean = axis_mean(xp, s, d)
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=mean)
    points, classes = draw_symmetric_mixture(rng, size, sample_size=1, mean=mean)
    total, point, truth = (labels[:, :, None] * features).sum(axis=1), points[:, 0], classes[:, 0]
    # A test sample of class y is one more labelled sample: the likelihood of mu is exp(<sum y_i x_i + y x, mu>) on the sphere.
    evidence = [log_sphere_integral(s * xp.sqrt(((total + sign * point) ** 2).sum(axis=1)), d, xp) for sign in (1.0, -1.0)]
    odds = evidence[0] - evidence[1]
    # Beyond this the error is 0 in double precision.
    certain = xp.minimum(xp.abs(odds), 700.0)
    mean_rule = (total * point).sum(axis=1)
    return {
        "posterior_error": 1.0 / (1.0 + xp.exp(certain)),
        "error": (truth * odds <= 0.0).astype(float),
        "disagrees": (odds * mean_rule < 0.0).astype(float),
    }
