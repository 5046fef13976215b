"""The table of claims that a terminal shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from theorylab.validation import flag, items, whole_number
from theorylab.validation import record as checked

__all__ = ["margin_used", "render_claims", "weakest_assertion"]

_STYLE = {"holds": "green", "refuted": "bold red", "undecided": "yellow"}


def margin_used(assertion: dict[str, Any]) -> float:
    """Return how much of its margin an assertion used: 0 with all to spare, 1 at the edge, above 1 beyond it.

    A two-sided margin is compared with the interval's farther end, a one-sided one with half-widths of room (0.5: one half-width of room
    between interval and bound), a deviation from 0 with the largest that is allowed.
    """
    checked("assertion", assertion, ("interval", "margin", "theory"))
    low, high = assertion["interval"]
    least, most = assertion["margin"]
    if low is None or high is None:
        return 9.99
    if least == assertion["theory"] == 0.0 and low == high and most:
        return abs(high) / most
    if least is not None and most is not None and most > least:
        middle, half = (least + most) / 2, (most - least) / 2
        return max(abs(low - middle), abs(high - middle)) / half
    room = min((most - high) if most is not None else float("inf"), (low - least) if least is not None else float("inf"))
    width = (high - low) / 2
    if width == 0.0:
        return 0.0 if room >= 0 else 9.99
    return width / (width + room) if room >= 0 else 1.0 - room / width


def weakest_assertion(record: dict[str, Any]) -> dict[str, Any] | None:
    """Return the assertion of a claim that does not hold, or else the simulated one that used most of its margin."""
    assertions = checked("record", record, ("assertions",))["assertions"]
    if not assertions:
        return None
    bad = [assertion for assertion in assertions if assertion["verdict"] != "holds"]
    simulated = [assertion for assertion in assertions if assertion["replicates"]]
    return max(bad or simulated or assertions, key=margin_used)


def _printable(text: str) -> str:
    """Return ``text`` without what would move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _value(number: float | None) -> str:
    return "-" if number is None else f"{number:.6g}"


def _estimate(assertion: dict[str, Any]) -> str:
    low, high = assertion["interval"]
    if low is None or high is None:
        return _value(assertion["estimate"])
    return f"{_value(assertion['estimate'])} ± {(high - low) / 2:.2g}" if high > low else _value(assertion["estimate"])


def _margin(assertion: dict[str, Any]) -> str:
    least, most = assertion["margin"]
    if least is None or most is None:
        return f"≤ {_value(most)}" if least is None else f"≥ {_value(least)}"
    return f"± {(most - least) / 2:.2g}"


def render_claims(records: Sequence[dict[str, Any]], *, colour: bool, width: int) -> str:
    """Return the table: one row per claim, with the assertion that used most of its margin."""
    colour, width = flag("colour", colour), whole_number("width", width, minimum=0, maximum=10_000)
    records = items("records", records, dict)
    for each in records:
        checked("records", each, ("claim", "verdict", "blind", "assertions", "counterclaims", "seconds"))
    table = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for name, justify in (
        ("claim", "left"),
        ("verdict", "left"),
        ("theory", "right"),
        ("estimate", "right"),
        ("margin", "right"),
        ("used", "right"),
        ("refuted", "right"),
        ("replicates", "right"),
        ("seconds", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for record in records:
        weakest = weakest_assertion(record)
        refuted = sum(each["verdict"] == "refuted" for each in record["counterclaims"])
        replicates = sum(assertion["replicates"] for assertion in record["assertions"])
        verdict = record["verdict"] + (" (blind)" if record["blind"] else "")
        cells = (
            ["-"] * 4 if weakest is None else [_value(weakest["theory"]), _estimate(weakest), _margin(weakest), f"{100 * margin_used(weakest):.0f} %"]
        )
        style = _STYLE.get(record["verdict"], "") if colour else ""
        # As texts, since in a plain string rich would take what stands in brackets for markup.
        table.add_row(
            Text(_printable(record["claim"])),
            Text(verdict, style),
            *cells,
            f"{refuted}/{len(record['counterclaims'])}",
            f"{replicates:,}",
            f"{record['seconds']:.1f}",
        )
    stream = io.StringIO()
    Console(file=stream, width=max(width, 100), force_terminal=colour, no_color=not colour, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
