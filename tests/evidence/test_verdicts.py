"""The logic of verdicts: inside, outside or neither, and what a counterclaim needs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.evidence.intervals import Interval
from theorylab.evidence.verdicts import (
    Band,
    Counterclaim,
    UndecidedError,
    Verdict,
    band_around,
    best_case_replicates,
    check_counterclaims,
    judge,
    judge_counterclaims,
    replicates_needed,
)

NUMBERS = st.floats(-10, 10)


def verdict(state: str, **changes: object) -> Verdict:
    details: dict[str, object] = {
        "question": "q agrees with 1",
        "theory": 1.0,
        "interval": Interval(0.5, 1.5, 1.0),
        "band": Band(0.9, 1.1),
        "replicates": 4096,
    }
    return Verdict(state=state, **{**details, **changes})  # type: ignore[arg-type]


@given(ends=st.tuples(NUMBERS, NUMBERS), band=st.tuples(NUMBERS, NUMBERS), strict=st.booleans())
@settings(max_examples=100, deadline=None)
def test_judge_compares_sets(ends: tuple[float, float], band: tuple[float, float], strict: bool) -> None:
    low, high = sorted(ends)
    least, most = sorted(band)
    state = judge(Interval(low, high, (low + high) / 2), Band(least, most, strict))
    if strict:
        inside, outside = least < low and high < most, high <= least or low >= most
    else:
        inside, outside = least <= low and high <= most, high < least or low > most
    assert state == ("holds" if inside else "refuted" if outside else "undecided")


@pytest.mark.parametrize(
    ("low", "high", "closed", "strict"),
    [
        (0.0, 0.5, "holds", "undecided"),
        (0.5, 1.0, "holds", "undecided"),
        (-1.0, 0.0, "undecided", "refuted"),
        (1.0, 2.0, "undecided", "refuted"),
        (0.2, 0.8, "holds", "holds"),
        (-2.0, -1.0, "refuted", "refuted"),
        (2.0, 3.0, "refuted", "refuted"),
        (-1.0, 2.0, "undecided", "undecided"),
    ],
)
def test_an_end_on_the_edge_counts_for_the_closed_band_only(low: float, high: float, closed: str, strict: str) -> None:
    interval = Interval(low, high, (low + high) / 2)
    assert judge(interval, Band(0.0, 1.0)) == closed
    assert judge(interval, Band(0.0, 1.0, strict=True)) == strict


@pytest.mark.parametrize("interval", [Interval(0.4, 0.6, 0.5, "wait", 2.0), Interval(5.0, 6.0, 5.5, "wait", 2.0)])
def test_what_is_not_ready_is_undecided(interval: Interval) -> None:
    assert judge(interval, Band(0.0, 1.0)) == "undecided"


def test_one_sided_bands() -> None:
    assert judge(Interval(-5.0, -1.0, -3.0), Band(-math.inf, 0.0, strict=True)) == "holds"
    assert judge(Interval(0.0, 1.0, 0.5), Band(-math.inf, 0.0, strict=True)) == "refuted"
    assert judge(Interval(1.0, 9.0, 2.0), Band(1.0, math.inf)) == "holds"


def test_truth_of_a_verdict() -> None:
    assert verdict("holds")
    assert not verdict("refuted")
    with pytest.raises(UndecidedError, match="undecided: q agrees with 1"):
        bool(verdict("undecided"))
    with pytest.raises(UndecidedError):
        assert not verdict("undecided")


def test_the_sentence_says_what_would_be_needed() -> None:
    text = verdict("undecided", needed=123456.0, reason="skewness asks for more").sentence()
    assert "estimate 1 in [0.5, 1.5] from 4096 replicates" in text
    assert text.endswith("skewness asks for more; about 1.2e+05 replicates would be needed")
    assert "needed" not in verdict("undecided", needed=math.inf).sentence()
    assert "needed" not in verdict("holds", needed=10.0).sentence()
    assert "replicates" not in verdict("holds", replicates=0).sentence()
    assert repr(verdict("holds")).startswith("<Verdict holds: q agrees")


def test_a_band_around_a_value() -> None:
    assert band_around(-2.0, 0.1, None) == Band(-2.2, -1.8)
    assert band_around(0.0, None, 0.5) == Band(-0.5, 0.5)


@pytest.mark.parametrize(
    ("value", "relative", "absolute", "message"),
    [
        (1.0, None, None, "one positive margin"),
        (1.0, 0.1, 0.1, "one positive margin"),
        (1.0, 0.0, None, "one positive margin"),
        (1.0, None, math.inf, "one positive margin"),
        (1.0, math.nan, None, "one positive margin"),
        (0.0, 0.1, None, "absolute margin"),
        (math.nan, None, 0.1, "finite"),
    ],
)
def test_a_band_needs_one_margin(value: float, relative: float | None, absolute: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        band_around(value, relative, absolute)


# Counterclaims ---------------------------------------------------------------------------------------------------------------------------


def test_a_counterclaim_inside_the_band_is_refused() -> None:
    band = Band(0.9, 1.1)
    check_counterclaims(band, {"near": 1.2}, "")
    for value in (1.0, 0.9, 1.1):
        with pytest.raises(ValueError, match=r"counterclaim 'near' .* lies inside the claim's band \[0.9, 1.1\]; try less"):
            check_counterclaims(band, {"far": 2.0, "near": value}, "; try less")
    check_counterclaims(Band(0.9, 1.1, strict=True), {"edge": 1.1}, "")
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            check_counterclaims(band, {"far": value}, "")


@given(low=NUMBERS, width=st.floats(0.01, 5), value=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_a_counterclaim_is_refuted_outside_the_interval_only(low: float, width: float, value: float) -> None:
    interval = Interval(low, low + width, low + width / 2)
    (judged,) = judge_counterclaims(interval, {"wrong": value})
    outside = value < interval.low or value > interval.high
    assert judged.verdict == ("refuted" if outside else "survives")
    assert (judged.half_widths > 0) is outside
    far = abs(value - interval.estimate) / (width / 2) - 1
    assert judged.half_widths == pytest.approx(far, abs=1e-6 / width)


def test_an_interval_that_waits_or_is_unbounded_refutes_no_counterclaim() -> None:
    waiting, unbounded = Interval(0.0, 1.0, 0.5, "wait", 2.0), Interval(-math.inf, math.inf, 0.5, "no variation", math.inf)
    assert judge_counterclaims(waiting, {"wrong": 5.0})[0].verdict == "survives"
    (judged,) = judge_counterclaims(unbounded, {"wrong": 5.0})
    assert judged.verdict == "survives"
    assert math.isnan(judged.half_widths)


def test_an_exact_interval_refutes_whatever_differs() -> None:
    (judged,) = judge_counterclaims(Interval(1.0, 1.0, 1.0), {"wrong": 1.0 + 1e-12})
    assert judged.verdict == "refuted"
    assert math.isnan(judged.half_widths)


def test_survivors_are_named() -> None:
    both = (Counterclaim("dead", "refuted"), Counterclaim("alive", "survives"))
    assert verdict("holds", counterclaims=both).survivors == ("alive",)


# How far a decision is -------------------------------------------------------------------------------------------------------------------


def test_replicates_needed() -> None:
    band = Band(0.0, 1.0)
    # Half-width 1, nearest end 0.25 away: sixteen times as many.
    assert replicates_needed(Interval(-0.75, 1.25, 0.25), band, 1000) == 16_000
    assert replicates_needed(Interval(-0.75, 1.25, 0.25, "wait", 40.0), band, 1000) == 40_000
    assert replicates_needed(Interval(0.0, 2.0, 1.0), band, 1000) == math.inf
    assert replicates_needed(Interval(-math.inf, math.inf, 0.5, "wait", math.inf), band, 1000) == math.inf


def test_best_case_replicates() -> None:
    # The truth may be the middle of the band, 0.5 from its ends, or the interval's own far end, 0.75 outside it.
    assert best_case_replicates(Interval(-0.75, 1.25, 0.25), Band(0.0, 1.0), 1000) == pytest.approx(1000 / 0.75**2)
    assert best_case_replicates(Interval(-0.25, 0.35, 0.05), Band(0.0, 1.0), 1000) == pytest.approx(1000 * (0.3 / 0.35) ** 2)
    assert best_case_replicates(Interval(-0.1, 0.1, 0.0), Band(-0.001, 0.001), 1000) == pytest.approx(1000 * (0.1 / 0.099) ** 2)
    assert best_case_replicates(Interval(0.0, 2.0, 1.0, "wait", 7.0), Band(0.0, 1.0), 1000) == 7000
    assert best_case_replicates(Interval(0.0, 2.0, 1.0, "wait", math.inf), Band(0.0, 1.0), 1000) == 0.0


def test_before_anything_is_drawn_nothing_is_known() -> None:
    assert replicates_needed(Interval(-0.75, 1.25, 0.25), Band(0.0, 1.0), 0) == 0.0
    assert best_case_replicates(Interval(-0.75, 1.25, 0.25), Band(0.0, 1.0), 0) == 0.0


def test_a_band_must_fit_into_floating_point() -> None:
    with pytest.raises(ValueError, match="value and its margin must fit into floating point"):
        band_around(1.5e308, None, 1.5e308)


def test_distance_is_to_the_nearest_finite_end() -> None:
    assert Band(0.0, 1.0).distance(0.7) == pytest.approx(0.3)
    assert Band(-math.inf, 1.0).distance(-4.0) == 5.0
    assert Band(-math.inf, math.inf).distance(0.0) == math.inf
