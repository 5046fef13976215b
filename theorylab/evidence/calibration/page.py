"""The calibration as a page of Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from theorylab.evidence.calibration.measure import Calibration, SequentialRow
from theorylab.evidence.calibration.sequential import WIDE, Rate
from theorylab.validation import instance, items, text, whole_number

__all__ = ["markdown_table", "render_page"]

_HEADERS = ("law", "nominal", "false refutation", "false holds, above", "false holds, below", "ready at (median)", "waiting at the last look")


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return an aligned Markdown table; the first ``left`` columns are left-aligned, the others right-aligned."""
    headers = items("headers", headers, str, minimum=1)
    rows = [items("rows", row, str, length=len(headers)) for row in items("rows", rows)]
    left = whole_number("left", left, minimum=0)
    widths = [max(len(cell) for cell in column) for column in zip(headers, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.ljust(width) if place < left else cell.rjust(width) for place, (cell, width) in enumerate(zip(cells, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if place < left else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    return "\n".join([line(headers), line(rule), *(line(row) for row in rows)])


def _rate(rate: Rate) -> str:
    interval = rate.interval
    return f"{rate.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def _sequential_table(rows: Sequence[SequentialRow]) -> str:
    body = []
    for row in rows:
        tally = row.tally
        ready = f"{tally.median_ready:,.0f}" if math.isfinite(tally.median_ready) else f"> {row.last_look:,}"
        name = row.name + (" (hard)" if row.hard else "")
        body.append([name, f"{tally.alpha:g}", *map(_rate, tally.rates), ready, f"{100 * tally.waiting:.1f} % at {row.last_look:,}"])
    return markdown_table(_HEADERS, body)


def _reading(calibration: Calibration) -> str:
    shares = [(row.tally.refutation.value / row.tally.alpha, row) for row in calibration.sequential if not row.hard and row.kind != "other"]
    worst, row = max(shares, key=lambda pair: pair[0])
    ready = max(calibration.tilted, key=lambda entry: entry.ratio)
    unready = max(calibration.tilted, key=lambda entry: entry.unready_ratio)
    broken = calibration.broken()
    outcome = (
        "No rate on this page exceeds its nominal level beyond chance."
        if not broken
        else "These rates exceed their nominal level beyond chance: " + "; ".join(broken) + "."
    )
    return textwrap.fill(
        f"{outcome} The largest false-refutation rate, as a part of its nominal level, is {worst:.2f} ({row.name} at {row.tally.alpha:g}, "
        f"asked as a {row.kind}). Looking again and again costs nothing beyond the nominal level, because the looks share it. Skewed and "
        "heavy-tailed laws stay below it because a verdict on them waits; the price is replicates, and the last two columns show it. The laws marked "
        "hard have tails for which a mean is the wrong question: most of their runs are still waiting at the last look, and a bounded question "
        "(a quantile, a probability) should be asked instead. "
        f"At the real level the largest ratio is {ready.ratio:.2f} ± {ready.error:.2f} ({ready.name}, n = {ready.count:,}); had no verdict waited, "
        f"it would be {unready.unready_ratio:.2f} ({unready.name}, n = {unready.count:,}).",
        150,
    )


def render_page(calibration: Calibration, *, command: str, runs: int, seed: int) -> str:
    """Return the page.

    Parameters
    ----------
    calibration
        What was measured.
    command
        The command that remakes the page.
    runs, seed
        What it was measured with.
    """
    instance("calibration", calibration, Calibration)
    text("command", command)
    runs, seed = whole_number("runs", runs), whole_number("seed", seed, minimum=0)
    means, proportions, others = (
        _sequential_table([row for row in calibration.sequential if row.kind == kind]) for kind in ("mean", "proportion", "other")
    )
    tilted = markdown_table(
        ("law", "level", "replicates", "false exclusions / nominal", "standard error", "the same without waiting"),
        [
            [entry.name, f"{entry.level:.2g}", f"{entry.count:,}", f"{entry.ratio:.3f}", f"{entry.error:.3f}", f"{entry.unready_ratio:.3f}"]
            for entry in calibration.tilted
        ],
    )
    return f"""# How often a verdict is wrong

This page is made by a command; do not edit it, run

    {command}

It was made with {runs:,} runs per law, seed {seed} and numpy {np.__version__}.

A verdict is read off an interval, and an estimand spends its error level over all its looks. So the chance that any of its intervals, at any
look, excludes the true value must be at most the nominal level, whatever the law of the replicates. Here this is measured with the functions that
verdicts use.

{_reading(calibration)}

## Means, look after look

Each run draws replicates up to looks at 512, 1024, 2048, ... and asks two kinds of question at the error level in the second column:

- *false refutation*: a ready interval, at any look, excludes the true value, so that a true claim would be refuted;
- *false holds*: the run ends in "holds" on a claim that is false by a hair. The claimed band begins just above the true value, or ends just below
  it, and is so wide ({WIDE:g} standard deviations) that only its near end matters.

Rates come with exact 95 % intervals. An interval is *ready* when the sample is large enough for its skewness and kurtosis.

{means}

## Proportions, look after look

Exact binomial intervals never wait.

{proportions}

## Ratios, exponents and differences, look after look

A ratio is asked by Fieller's argument, an exponent is linearised, a difference joins two independent experiments of unequal variance.

{others}

## The real level

Verdicts use an error level of 1e-6 for each estimand, which leaves 5e-7 for the first look and 2.4e-8 for the sixth. Errors so rare are measured by
exponentially tilted sampling, at one look: the probability that a ready interval excludes the true mean on either side, divided by the nominal level.
Sample sizes lie at half, once, one and a half times and two and a half times the size at which the law itself stops asking for more replicates
(but not below 512, the first look).

{tilted}
"""
