r"""Laws that share many moments with a Gaussian and look different near 0: Gauss-Hermite nodes, and what testers of raw moments pay for them.

The k-node rule for N(0, 1) matches all moments of degree at most 2k - 1; its error at x^(2k) is k!, the squared norm of the monic polynomial.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, roots_hermitenorm

from theorylab.backend import check_broadcast
from theorylab.papers.tester_learner.closed_form.band import band_probability
from theorylab.validation import integers, moderate, plain, reals, whole_number

__all__ = [
    "band_test_sample_size",
    "central_quadrature_weight",
    "degree_for_band_from_above",
    "degree_for_band_from_below",
    "first_moment_gap",
    "raw_moment_sample_size",
    "smallest_quadrature_node",
]


_MOST_NODES = 150


@lru_cache(maxsize=512)
def _smallest_node(nodes: int) -> float:
    return float(np.min(np.abs(roots_hermitenorm(nodes)[0])))


def smallest_quadrature_node(nodes: ArrayLike) -> Any:
    r"""Return the smallest |x| among the Gauss-Hermite nodes of N(0, 1): no mass lies closer to 0.

    For even k it is near ``pi/(2 sqrt k)``, for odd k it is 0.

    Parameters
    ----------
    nodes
        k >= 1.

    Raises
    ------
    ValueError
        If a number is not an integer >= 1.
    """
    k = np.asarray(integers("nodes", nodes))
    values = [0.0 if count % 2 else _smallest_node(count) for count in k.ravel().tolist()]
    return plain(np.array(values).reshape(k.shape))


def central_quadrature_weight(nodes: ArrayLike) -> Any:
    r"""Return the weight of the node 0 in the k-node rule, the largest atom at 0 of any law with the first 2k - 2 moments of N(0, 1) (k odd).

    Formula (Christoffel number at 0): ``w_0 = 2^(k-1) ((k-1)/2)!^2/k!``, near ``sqrt(pi/(2 k))``; 0 for even k, which has no node there.

    Parameters
    ----------
    nodes
        k >= 1.

    Raises
    ------
    ValueError
        If a number is not an integer >= 1.
    """
    k = np.asarray(integers("nodes", nodes))
    # w_0 = k!/(k He_{k-1}(0))^2 with He_{2j}(0)^2 = ((2j - 1)!!)^2, in logarithms.
    half = (k - 1) / 2.0
    log_double = gammaln(2.0 * half + 1.0) - half * math.log(2.0) - gammaln(half + 1.0)
    weight = np.exp(gammaln(k + 1.0) - 2.0 * np.log(k) - 2.0 * log_double)
    return plain(np.where(k % 2 == 1, weight, 0.0))


def first_moment_gap(nodes: ArrayLike) -> Any:
    r"""Return by how much the k-node law falls short of N(0, 1) in its first unequal moment, the one of degree 2k: k!.

    Parameters
    ----------
    nodes
        k >= 1, at most 150.

    Raises
    ------
    ValueError
        If a number is not an integer >= 1.
    """
    k = np.asarray(integers("nodes", nodes))
    if np.any(k > _MOST_NODES):
        raise ValueError(f"nodes must be at most {_MOST_NODES}, beyond which the weights lose their digits; got {np.max(k)}")
    return plain(np.exp(gammaln(k + 1.0)))


def raw_moment_sample_size(nodes: int) -> float:
    r"""Return the rows after which the mean of x^(2k) tells the k-node law from N(0, 1) at two standard errors, if the direction is known.

    Formula: ``4 [(4k - 1)!! - (2k - 1)!!^2]/(k!)^2``. It is the price of this statistic, not of the problem: the mean of He_k(x)^2, which is k! under
    N(0, 1) and 0 on the nodes, tells them apart with a few rows. Derived here.

    Parameters
    ----------
    nodes
        k >= 1, at most 150.

    Raises
    ------
    ValueError
        If the number is not an integer in this range.
    """
    k = whole_number("nodes", nodes, maximum=_MOST_NODES)
    variance = math.prod(range(1, 4 * k, 2)) - math.prod(range(1, 2 * k, 2)) ** 2
    return 4.0 * variance / math.factorial(k) ** 2


def band_test_sample_size(half_width: ArrayLike, failure_probability: ArrayLike) -> Any:
    r"""Return the rows after which an empty band is told from a Gaussian one by counting: ``8 log(2/delta)/p_c``, p_c = erf(c/sqrt 2).

    Parameters
    ----------
    half_width
        c > 0.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(half_width=half_width, failure_probability=failure_probability)
    mass = np.asarray(band_probability(half_width))
    delta = np.asarray(reals("failure_probability", failure_probability, above=0.0, below=1.0))
    return plain(8.0 * np.log(2.0 / delta) / mass)


def degree_for_band_from_above(half_width: ArrayLike) -> Any:
    r"""Return the number of nodes k from which 2k - 2 matched moments keep an atom at 0 below twice the mass of the band |x| <= c.

    Formula: ``pi^2/(16 c^2)``, from w_0 = sqrt(pi/(2 k)) against 2 c sqrt(2/pi), for narrow bands. Derived here (Chebyshev, Markov and Stieltjes).

    Parameters
    ----------
    half_width
        c > 0.

    Raises
    ------
    ValueError
        If a half-width is not positive.
    """
    c = np.asarray(moderate("half_width", reals("half_width", half_width, above=0.0), least=1e-100))
    return plain(np.pi**2 / (16.0 * c**2))


def degree_for_band_from_below(half_width: ArrayLike) -> Any:
    r"""Return the number of nodes k from which 2k - 1 matched moments exclude an empty band |x| < c: ``pi^2/(4 c^2)``, from the smallest node.

    Parameters and errors as in `degree_for_band_from_above`.
    """
    return plain(4.0 * np.asarray(degree_for_band_from_above(half_width)))
