"""The stopping rule of the simulations of arXiv:2302.02334 for logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import draw_features, draw_labels, exact_or_drawn_error, grouped_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import fitted
from theorylab.papers.naive_bayes_logistic.monte_carlo.walks import LARGEST_SIZE, first_good_size, reachable_target
from theorylab.validation import real, whole_number

__all__ = ["sample_logistic_stopping_size"]


def _walk_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], step: int, **_: object) -> int:
    # In the paper's mixtures a walk ends near m = d: d / step fits, each some ten passes over m (K - 1) d numbers and a few Hessians.
    free, d = len(class_positions) - 1, float(sum(multiplicities))
    return fitting_block(nanoseconds=d / step * (10.0 * d * free * d + 0.5 * d * (free * d) ** 2), numbers=4.0 * d * d * free)


@block_size(_walk_block)
def sample_logistic_stopping_size(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    target_error: float,
    step: int,
    ridge: float = 1.0,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    test_points: int = 1000,
) -> dict[str, Any]:
    """Sample the training size at which a walk m = 2 K, 2 K + step, ... first sees a logistic regression whose error is below the target.

    As `sample_stopping_size`, whose docstring says what such a walk does and does not estimate, but for logistic regression with a ridge penalty and
    free intercepts. Here the scales of the features matter.

    Parameters
    ----------
    rng, size
        Generator and number of walks.
    gaps, multiplicities, class_positions, standard_deviations
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`; features are independent.
    target_error
        In (0, 1), above the Bayes error. The paper's is the Bayes error plus 0.01.
    step
        Of the grid, an integer >= 1.
    ridge
        Coefficient of the penalty, > 0; the paper's code has 1.
    test_points
        Of every class for each fit, with more than three classes; for fewer classes the error of a fit is computed.

    Returns
    -------
    dict
        "stopping_size": (size,), from 2 K to 10000.

    Raises
    ------
    ValueError
        If a parameter is out of range, or a walk has not stopped by m = 10000.

    Notes
    -----
    arXiv:2302.02334, the code of its simulations.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    mixture = grouped_mixture(gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions)
    classes, penalty = mixture.class_count, real("ridge", ridge, above=0.0)
    target = reachable_target(target_error, mixture)
    stride, points = whole_number("step", step), whole_number("test_points", test_points)

    def error_of_fits(samples: int, walks: int) -> Any:
        labels = draw_labels(rng, walks, class_count=classes, sample_size=samples)
        features = draw_features(rng, mixture, labels)
        fit = fitted(features, labels, classes, ridge=penalty, namespace=xp)
        return exact_or_drawn_error(rng, fit.weights, fit.intercepts, mixture, test_points=points)

    sizes = range(2 * classes, LARGEST_SIZE + 1, stride)
    return {"stopping_size": first_good_size(rng, size, sizes, error_of_fits, target)}
