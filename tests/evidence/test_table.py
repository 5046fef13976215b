"""The table that a terminal shows."""

from __future__ import annotations

from typing import Any

import pytest

from theorylab.evidence.table import margin_used, render_claims, weakest_assertion


def assertion(low: float | None, high: float | None, least: float | None, most: float | None, **changes: Any) -> dict[str, Any]:
    estimate = None if low is None or high is None else (low + high) / 2
    plain = {"verdict": "holds", "theory": 1.0, "estimate": estimate, "interval": [low, high], "margin": [least, most], "replicates": 4096}
    return {**plain, **changes}


def claim_record(*assertions: dict[str, Any], verdict: str = "holds", blind: bool = False, claim: str = "C-1") -> dict[str, Any]:
    counterclaims = [{"label": "a", "verdict": "refuted"}, {"label": "b", "verdict": "survives" if blind else "refuted"}]
    return {"claim": claim, "verdict": verdict, "blind": blind, "assertions": list(assertions), "counterclaims": counterclaims, "seconds": 1.234}


@pytest.mark.parametrize(
    ("numbers", "used"),
    [
        ((0.95, 1.05, 0.9, 1.1), 0.5),
        ((1.0, 1.08, 0.9, 1.1), 0.8),
        ((0.88, 1.0, 0.9, 1.1), 1.2),
        ((0.9, 1.1, 0.9, 1.1), 1.0),
        # One-sided: half-width 0.1 and room 0.1, 0.3, none, and one half-width too little.
        ((0.7, 0.9, None, 1.0), 0.5),
        ((1.3, 1.5, 1.0, None), 0.25),
        ((0.8, 1.0, None, 1.0), 1.0),
        ((0.9, 1.1, None, 1.0), 2.0),
        ((0.5, 0.5, None, 1.0), 0.0),
        ((1.5, 1.5, None, 1.0), 9.99),
        ((None, None, 0.9, 1.1), 9.99),
    ],
)
def test_margin_used(numbers: tuple[float | None, ...], used: float) -> None:
    assert margin_used(assertion(*numbers)) == pytest.approx(used)


def test_the_weakest_assertion_is_a_bad_one_or_else_the_tightest_simulated_one() -> None:
    slack, tight = assertion(0.99, 1.01, 0.9, 1.1), assertion(0.92, 1.08, 0.9, 1.1)
    exact = assertion(1.09, 1.09, 0.9, 1.1, replicates=0)
    bad = assertion(0.99, 1.0, 0.9, 1.1, verdict="undecided")
    assert weakest_assertion(claim_record()) is None
    assert weakest_assertion(claim_record(slack, tight, exact)) is tight
    assert weakest_assertion(claim_record(slack, tight, bad)) is bad
    assert weakest_assertion(claim_record(exact)) is exact


def test_the_table_has_a_row_per_claim() -> None:
    first = claim_record(assertion(0.95, 1.05, 0.9, 1.1), assertion(0.7, 0.9, None, 1.0, replicates=8192))
    second = claim_record(assertion(None, None, 0.9, 1.1, verdict="undecided"), verdict="undecided", blind=True, claim="C-2")
    third = claim_record(claim="C-3")
    text = render_claims([first, second, third], colour=False, width=80)
    header, *rows = text.splitlines()
    assert header.split() == ["claim", "verdict", "theory", "estimate", "margin", "used", "refuted", "replicates", "seconds"]
    assert rows[0].split() == ["C-1", "holds", "1", "1", "±", "0.05", "±", "0.1", "50", "%", "2/2", "12,288", "1.2"]
    assert rows[1].split() == ["C-2", "undecided", "(blind)", "1", "-", "±", "0.1", "999", "%", "1/2", "4,096", "1.2"]
    assert rows[2].split() == ["C-3", "holds", "-", "-", "-", "-", "2/2", "0", "1.2"]
    assert "\x1b" not in text


def test_one_sided_margins_and_exact_estimates() -> None:
    text = render_claims([claim_record(assertion(0.5, 0.5, None, 1.0)), claim_record(assertion(2.5, 2.5, 1.0, None))], colour=False, width=200)
    assert "≤ 1" in text
    assert "≥ 1" in text
    assert "0.5  " in text
    assert "±" not in text


@pytest.mark.parametrize(("verdict", "code"), [("holds", "32"), ("refuted", "31"), ("undecided", "33")])
def test_colours(verdict: str, code: str) -> None:
    text = render_claims([claim_record(assertion(0.95, 1.05, 0.9, 1.1), verdict=verdict)], colour=True, width=120)
    assert f"{code}m{verdict}" in text
