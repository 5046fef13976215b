"""The arguments that samplers of labelled samples and shifted unlabelled ones have in common, checked."""

from __future__ import annotations

from typing import NamedTuple

from theorylab.validation import moderate, real, whole_number

__all__ = ["Domains", "checked_domains"]


class Domains(NamedTuple):
    """Sizes and means of both domains, in units of the standard deviation.

    Attributes
    ----------
    dimension, labeled_size, unlabeled_size
        d, m >= 1 and n >= 1.
    half_distance, shifted_half_distance
        s > 0 and s1 > 0.
    alignment
        cos(mu0, mu1) in [-1, 1].
    """

    dimension: int
    labeled_size: int
    unlabeled_size: int
    half_distance: float
    shifted_half_distance: float
    alignment: float


def checked_domains(
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shifted_half_distance: float,
    alignment: float,
    *,
    least_dimension: int = 2,
) -> Domains:
    """Return the arguments as plain numbers.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    return Domains(
        whole_number("dimension", dimension, minimum=least_dimension),
        whole_number("labeled_size", labeled_size),
        whole_number("unlabeled_size", unlabeled_size),
        moderate("half_distance", real("half_distance", half_distance, above=0.0), most=1e50, least=1e-50),
        moderate("shifted_half_distance", real("shifted_half_distance", shifted_half_distance, above=0.0), most=1e50, least=1e-50),
        real("alignment", alignment, minimum=-1.0, maximum=1.0),
    )
