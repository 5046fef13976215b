"""The stopping rule of the simulations of arXiv:2302.02334: enlarge the training set until a single fit is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw
from theorylab.models.gaussian_mixture import draw_class_counts, grouped_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import rule_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.naive_bayes import standardised_fit
from theorylab.papers.naive_bayes_logistic.monte_carlo.walks import LARGEST_SIZE, first_good_size, reachable_target
from theorylab.validation import whole_number

__all__ = ["sample_stopping_size"]


def _walk_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], averaged_fits: int, test_points: int, **_: object) -> int:
    classes, d = len(class_positions), int(sum(multiplicities))
    drawn = 3.0 * classes**2 * test_points if classes > 3 else 0.0
    numbers = averaged_fits * (4.0 * classes * d + drawn)
    # A handful of steps, each a fit and its error.
    return fitting_block(numbers=numbers, nanoseconds=5 * averaged_fits * (30.0 * classes * d + 4000.0 * (classes == 3) + 8.0 * drawn))


@block_size(_walk_block)
def sample_stopping_size(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    target_error: float,
    step: int,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    averaged_fits: int = 1,
    test_points: int = 1000,
) -> dict[str, Any]:
    """Sample the training size at which a walk m = 2 K, 2 K + step, ... first sees an error below the target.

    At each m one fresh training set with random class counts (every class present) is drawn and the pooled naive Bayes of the paper fitted to it; the
    walk stops at the first m whose error is below ``target_error``. It does not estimate where the expected error crosses the target: every m before
    gives it one more chance to stop early, a lucky fit is enough, and the grid has few points.

    Parameters
    ----------
    rng, size
        Generator and number of walks.
    gaps, multiplicities, class_positions, standard_deviations
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`; features are independent.
    target_error
        In (0, 1), above the Bayes error. The paper's is the Bayes error plus 0.01.
    step
        Of the grid, an integer >= 1. The paper's code takes the least integer above log d.
    averaged_fits
        So many fits at each m, whose mean error is compared with the target; 1 in the paper's script.
    test_points
        Of every class for each fit, with more than three classes. Up to three classes the error of a fit is computed instead: test points add little,
        a standard deviation of 0.001 with the paper's 10^4.

    Returns
    -------
    dict
        "stopping_size": (size,). Tails are geometric or lighter, so every moment exists; the skewness is below 1 in the paper's mixtures.

    Raises
    ------
    ValueError
        If a parameter is out of range, or a walk has not stopped by m = 10000.

    Notes
    -----
    arXiv:2302.02334, the code of its simulations.
    """
    size = check_draw(rng, size)
    grouped_mixture(gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions)
    mixture = grouped_mixture(gaps, multiplicities, class_positions=class_positions)
    classes = mixture.class_count
    target = reachable_target(target_error, mixture)
    stride, fits = whole_number("step", step), whole_number("averaged_fits", averaged_fits)
    points = whole_number("test_points", test_points)

    def fresh_errors(samples: int, walks: int) -> Any:
        counts = draw_class_counts(rng, walks * fits, class_count=classes, sample_size=samples)
        fit = standardised_fit(rng, counts, mixture, variance="pooled", sample_size=samples)
        return rule_error(rng, fit, mixture, test_points=points).reshape(walks, fits).mean(axis=1)

    return {"stopping_size": first_good_size(rng, size, range(2 * classes, LARGEST_SIZE + 1, stride), fresh_errors, target)}
