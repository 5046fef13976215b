"""Labels of halfspaces and how noise flips them: at random, as Massart's adversary may, or anywhere (for learners of halfspaces and of means).

Every function works on arrays of numpy or cupy, batch first; flips are described by their probabilities, so that an excess error can be computed
without the realised labels. x is a row of `features` (..., n, d), w* = `target` (d,) of length 1, eta = `noise_rate`.
"""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_broadcast, checked_array
from theorylab.validation import real

__all__ = ["excess_error", "far_flips", "flip_labels", "halfspace_labels", "near_flips", "oriented_massart_noise", "random_classification_noise"]


def halfspace_labels(margins: Any) -> Any:
    """Return 1 where a margin <w, x> is >= 0 and -1 elsewhere."""
    return 2.0 * (checked_array("margins", margins) >= 0.0) - 1.0


def random_classification_noise(margins: Any, noise_rate: float) -> Any:
    """Return the flip probabilities of random classification noise: eta everywhere, in the shape of the margins <w*, x>."""
    return 0.0 * checked_array("margins", margins) + real("noise_rate", noise_rate, minimum=0.0, maximum=1.0)


def oriented_massart_noise(margins: Any, coordinates: Any, noise_rate: float) -> Any:
    """Return the flip probabilities eta 1{coordinate * label > 0}, the noise that holds a learner back along a direction.

    Parameters
    ----------
    margins
        <w*, x>.
    coordinates
        <v, x> for the direction v along which a learner is to be held back.
    noise_rate
        eta in [0, 1/2).
    """
    rate, labels, coordinates = (
        real("noise_rate", noise_rate, minimum=0.0, below=0.5),
        halfspace_labels(margins),
        checked_array("coordinates", coordinates),
    )
    check_broadcast(margins=labels, coordinates=coordinates)
    return rate * (coordinates * labels > 0.0)


def far_flips(margins: Any, threshold: float) -> Any:
    """Return 1 where |<w*, x>| >= `threshold`, 0 elsewhere: flips far from the boundary."""
    return 1.0 * (abs(checked_array("margins", margins)) >= real("threshold", threshold, minimum=0.0))


def near_flips(margins: Any, threshold: float) -> Any:
    """Return 1 where |<w*, x>| <= `threshold`, 0 elsewhere: flips near the boundary."""
    return 1.0 * (abs(checked_array("margins", margins)) <= real("threshold", threshold, minimum=0.0))


def flip_labels(uniforms: Any, clean: Any, flip_probabilities: Any) -> Any:
    """Return the labels -1 and 1 after independent flips; `uniforms` on [0, 1) decide them."""
    uniforms, clean = checked_array("uniforms", uniforms, minimum=0.0, maximum=1.0), checked_array("clean", clean, minimum=-1.0, maximum=1.0)
    # One number for all stays a number, which fits arrays of every module.
    if isinstance(flip_probabilities, int | float):
        flip_probabilities = real("flip_probabilities", flip_probabilities, minimum=0.0, maximum=1.0)
    else:
        flip_probabilities = checked_array("flip_probabilities", flip_probabilities, minimum=0.0, maximum=1.0)
    check_broadcast(uniforms=uniforms, clean=clean, flip_probabilities=flip_probabilities)
    return clean * (1.0 - 2.0 * (uniforms < flip_probabilities))


def excess_error(margins: Any, clean: Any, flip_probabilities: Any) -> Any:
    """Return the mean over rows of (1 - 2 eta(x)) 1{sign<w, x> differs from the clean label}, which is err(w) - err(w*) given the rows.

    Parameters
    ----------
    margins
        <w, x> of the rule in question, (..., n).
    clean, flip_probabilities
        Labels sign<w*, x> and eta(x), (..., n).
    """
    margins, clean = checked_array("margins", margins), checked_array("clean", clean, minimum=-1.0, maximum=1.0)
    flip_probabilities = checked_array("flip_probabilities", flip_probabilities, minimum=0.0, maximum=1.0)
    if 0 in check_broadcast(margins=margins, clean=clean, flip_probabilities=flip_probabilities)[-1:] or margins.ndim == 0:
        raise ValueError(f"margins must have shape (..., n) with n >= 1; got shape {margins.shape}")
    return ((1.0 - 2.0 * flip_probabilities) * (halfspace_labels(margins) != clean)).mean(axis=-1)
