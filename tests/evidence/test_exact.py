"""Questions without randomness: true ones hold, false ones are refuted, bad ones are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from theorylab.evidence.exact import identity_verdict, limit_verdict, optimum_verdict

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])


def test_an_identity_holds_within_its_margin_only() -> None:
    assert identity_verdict(1.0 + 0.9e-9, 1.0, relative=1e-9)
    assert not identity_verdict(1.0 + 1.1e-9, 1.0, relative=1e-9)
    assert identity_verdict(-200.0 - 0.9e-7, -200.0, relative=1e-9)
    assert identity_verdict(100.0 + 0.9e-9, 100.0, absolute=1e-9)
    assert not identity_verdict(100.0 + 1.1e-9, 100.0, absolute=1e-9)


def test_an_array_deviates_relative_to_its_largest_entry() -> None:
    nudge = np.array([[0.0, 0.0], [3.9e-6, 0.0]])
    assert identity_verdict(MATRIX + nudge, MATRIX, relative=1e-6)
    assert not identity_verdict(MATRIX - 1.1 * nudge, MATRIX, relative=1e-6)
    assert not identity_verdict(MATRIX + nudge, MATRIX, absolute=1e-6)


def test_an_identity_shows_its_numbers() -> None:
    scalar = identity_verdict(2.0, 2.0000001, relative=1e-6)
    assert (scalar.theory, scalar.interval.estimate, scalar.replicates) == (2.0, 2.0000001, 0)
    assert scalar.band.high - scalar.band.low == pytest.approx(4e-6)
    array = identity_verdict(MATRIX, MATRIX + 1e-7, absolute=1e-6)
    assert (array.band.low, array.band.high) == (0.0, 1e-6)
    assert array.interval.estimate == pytest.approx(1e-7)


def test_near_misses_of_an_identity() -> None:
    verdict = identity_verdict(MATRIX, MATRIX, relative=1e-6, refutes={"transposed": MATRIX.T, "rounded": MATRIX + 1e-9, "one number": 1.0})
    assert [each.verdict for each in verdict.counterclaims] == ["refuted", "survives", "refuted"]
    assert verdict.survivors == ("rounded",)
    # The transposed matrix is off by 1 out of 4, that is 250,000 margins.
    assert verdict.counterclaims[0].half_widths == pytest.approx(0.25e6)


@pytest.mark.parametrize(
    ("theory", "witness", "margins", "message"),
    [
        (1.0, 1.0, {}, "one positive margin"),
        (1.0, 1.0, {"relative": 0.1, "absolute": 0.1}, "one positive margin"),
        (1.0, 1.0, {"relative": -0.1}, "one positive margin"),
        (1.0, math.nan, {"relative": 0.1}, "witness must be finite"),
        ([1.0, math.inf], [1.0, 2.0], {"relative": 0.1}, "theory must be finite"),
        ([], [], {"relative": 0.1}, "not empty"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], {"relative": 0.1}, "one shape"),
        (0.0, 0.0, {"relative": 0.1}, "absolute margin"),
    ],
)
def test_bad_identities(theory: Any, witness: Any, margins: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identity_verdict(theory, witness, **margins)


def bowl(**changes: Any) -> Any:
    details: dict[str, Any] = {"gradient": [1e-10, -1e-10], "curvatures": [2.0, 1.0], "searches": [3.0 + 1e-10, 3.5]}
    return optimum_verdict(3.0, **{**details, **changes})


def test_a_minimum_holds() -> None:
    verdict = bowl(refutes={"a step aside": 3.001, "hardly a step": 3.0 + 1e-9})
    assert verdict
    assert [each.verdict for each in verdict.counterclaims] == ["refuted", "survives"]
    assert bowl(curvatures=[2.0, 1e-12], flat_directions=1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gradient": [0.0, -1e-3]}, "the gradient is 0.001"),
        ({"curvatures": [2.0, -1.0]}, "smallest curvature -1"),
        ({"curvatures": [2.0, 1e-12]}, "1 flat directions instead of 0"),
        ({"flat_directions": 1}, "0 flat directions instead of 1"),
        ({"searches": [2.9, 3.0]}, "best of 2 searches is 2.9"),
        ({"searches": [3.1, 3.2]}, "best of 2 searches is 3.1"),
    ],
)
def test_what_is_not_a_minimum_is_refuted_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    verdict = bowl(**changes)
    assert verdict.state == "refuted"
    assert reason in verdict.reason


def test_a_minimum_is_judged_on_the_scale_of_its_curvature_and_shows_what_was_seen() -> None:
    # Tolerance 1e-8 of a curvature of 100: 1e-6 for the gradient and for flat directions.
    verdict = bowl(gradient=[5e-7, -5e-7], curvatures=[100.0, 5e-7], flat_directions=1)
    assert verdict
    assert verdict.replicates == 0
    assert verdict.question == "the point is the minimum (2 searches, gradient 5e-07)"
    assert (verdict.band.low, verdict.band.high) == (3.0 - 4e-8, 3.0 + 4e-8)
    assert bowl(gradient=[2e-6, 0.0], curvatures=[100.0, 1.0]).state == "refuted"
    assert bowl(curvatures=[100.0, 2e-6], flat_directions=1).state == "refuted"


@pytest.mark.parametrize("changes", [{"curvatures": []}, {"searches": []}, {"gradient": [math.nan, 0.0]}, {"searches": [math.nan, 3.0]}])
def test_an_optimum_needs_evidence(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(changes))} must be finite and not empty"):
        bowl(**changes)


SIZES = (10.0, 20.0, 40.0, 80.0)


def test_the_order_of_a_limit() -> None:
    distances = [3 / n + 1 / n**2 for n in SIZES]
    verdict = limit_verdict(SIZES, distances, order=1.0, within=0.05, refutes={"half": 0.5, "two": 2.0, "much the same": 1.001})
    assert verdict
    assert verdict.replicates == 0
    assert [each.verdict for each in verdict.counterclaims] == ["refuted", "refuted", "survives"]
    assert limit_verdict(SIZES, [-each for each in distances], order=1.0, within=0.05)
    assert not limit_verdict(SIZES, distances, order=2.0, within=0.05)
    assert not limit_verdict(SIZES, distances, order=0.5, within=0.05)


def test_a_limit_is_judged_by_its_last_orders_and_their_trend() -> None:
    # Local orders 1, 1.2 and 1.5: the hull of the last two and of the next, 1.8.
    distances = [1.0]
    for order in (1.0, 1.2, 1.5):
        distances.append(distances[-1] * 2.0**-order)
    interval = limit_verdict(SIZES, distances, order=1.5, within=0.1).interval
    assert (interval.low, interval.high, interval.estimate) == pytest.approx((1.2, 1.8, 1.5))
    assert not limit_verdict(SIZES, distances, order=1.5, within=0.25)
    assert limit_verdict(SIZES, distances, order=1.5, within=0.31)


@pytest.mark.parametrize(
    ("sizes", "distances", "message"),
    [
        ((1.0, 2.0), (1.0, 0.5), "at least three sizes"),
        ((1.0, 2.0, 4.0), (1.0, 0.5), "at least three sizes"),
        ((1.0, 4.0, 2.0), (1.0, 0.5, 0.2), "increasing"),
        ((0.0, 1.0, 2.0), (1.0, 0.5, 0.2), "positive"),
        ((1.0, 2.0, 4.0), (1.0, 0.0, 0.2), "not zero"),
        ((1.0, 2.0, 4.0), (1.0, -0.5, 0.2), "one sign"),
        ((1.0, 2.0, 4.0), (1.0, 0.5, math.nan), "finite"),
    ],
)
def test_bad_limits(sizes: tuple[float, ...], distances: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        limit_verdict(sizes, distances, order=1.0, within=0.1)
