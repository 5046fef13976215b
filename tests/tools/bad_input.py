"""Put bad values into every public function, one argument of a valid call at a time, and into every option, and judge what comes of it.

A call may end in a correct result or in a ``ValueError`` or ``TypeError`` that names the argument. It may not end in another exception, in a result
that is not finite and not documented to be so, in a warning, in changed arguments, or not at all. The same value in another form (a list, a strided
array, single precision, a data frame) must give the same result.

``python tests/tools/bad_input.py --cases 200000 --parts 40 --record results/bad_input.jsonl`` runs many cases and prints a table; the same words
again go on after an interruption.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_judge import Outcome, judge
from bad_options import Option, run_option_cases
from bad_values import Attempt, attempts
from example_calls import Call, calls_of, doors
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

__all__ = ["cases_of", "run_cases", "shown_fault"]

STATES = ("accepted", "refused", "long", "fault")


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 70 else text[:67] + "..."


def shown_fault(call: Call, argument: str, attempt: Attempt, outcome: Outcome) -> str:
    """Return a fault in one line."""
    return f"{call.door}.{call.name}({argument}={_shown(attempt.value)}) [{attempt.label}]: {outcome.fault}: {outcome.message[:200]}"


def cases_of(door: str, cases: int) -> int:
    """Return how many of so many cases fall to a door, by the number of its calls."""
    total = sum(len(calls_of(each)) for each in doors())
    return max(1, round(cases * len(calls_of(door)) / total)) if calls_of(door) else 0


def run_cases(door: str, cases: int, number: int, told: Callable[[Call, str, Attempt, Outcome], None]) -> None:
    """Run cases of the public functions behind a door, drawn by hypothesis.

    Parameters
    ----------
    door
        Name of a module or package.
    cases
        How many.
    number
        Seed.
    told
        Called with every case and its outcome.
    """
    calls = [call for call in calls_of(door) if call.mutable]
    if not calls:
        return
    for call in calls:
        # What is compiled on first use is compiled here, where no clock runs.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call.run(call.arguments())
    # Names of files are among what is tried.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _run_calls(calls, cases, number, told)


def _run_calls(calls: list[Call], cases: int, number: int, told: Callable[[Call, str, Attempt, Outcome], None]) -> None:
    once: dict[tuple[int, str], st.SearchStrategy[Attempt]] = {}

    def strategy(index: int, argument: str) -> st.SearchStrategy[Attempt]:
        if (index, argument) not in once:
            once[index, argument] = attempts(calls[index].arguments()[argument])
        return once[index, argument]

    @seed(number)
    @settings(max_examples=cases, database=None, deadline=None, phases=[Phase.generate], derandomize=False, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def one(data: Any) -> None:
        index = data.draw(st.integers(0, len(calls) - 1))
        argument = data.draw(st.sampled_from(calls[index].mutable))
        attempt = data.draw(strategy(index, argument))
        told(calls[index], argument, attempt, judge(calls[index], argument, attempt))

    one()


def _run_part(chosen: list[str], cases: int, options: int, number: int) -> dict[str, Any]:
    """Run one part and return its counts by door, its seconds and its faults."""
    counts: dict[str, dict[str, int]] = {}
    seconds: dict[str, float] = {}
    faults: list[str] = []
    total = sum(len(calls_of(door)) for door in chosen)
    for door in chosen:
        own = counts.setdefault(door, dict.fromkeys(STATES, 0))

        def told(call: Call, argument: str, attempt: Attempt, outcome: Outcome, own: dict[str, int] = own) -> None:
            own[outcome.state] += 1
            if outcome.state == "fault":
                faults.append(shown_fault(call, argument, attempt, outcome))

        begin = time.process_time()
        if calls_of(door):
            run_cases(door, max(1, round(cases * len(calls_of(door)) / total)), number, told)
        seconds[door] = time.process_time() - begin
    if options:
        own = counts.setdefault("the command line", dict.fromkeys(STATES, 0))

        def heard(option: Option, word: str, outcome: Outcome) -> None:
            own[outcome.state] += 1
            if outcome.state == "fault":
                faults.append(f"{' '.join(option.command)} {option.flag or option.name} {_shown(word)}: {outcome.fault}: {outcome.message[:200]}")

        begin = time.process_time()
        run_option_cases(options, number, heard)
        seconds["the command line"] = time.process_time() - begin
    return {"seed": number, "counts": counts, "seconds": seconds, "faults": faults}


def _table(parts: list[dict[str, Any]]) -> str:
    totals: dict[str, Counter[str]] = {}
    seconds: Counter[str] = Counter()
    for part in parts:
        for door, counts in part["counts"].items():
            totals.setdefault(door, Counter()).update(counts)
        seconds.update(part["seconds"])
    lines = [f"{'package':<52} {'calls':>6} {'cases':>8} {'accepted':>9} {'refused':>8} {'long':>6} {'faults':>7} {'seconds':>8}"]
    totals["all"] = sum(totals.values(), Counter())
    seconds["all"] = sum(seconds.values())
    known = {door: len(calls_of(door)) for door in doors()}
    known["all"] = sum(known.get(door, 0) for door in totals)
    for door, own in totals.items():
        numbers = " ".join(f"{own[state]:>{width}}" for state, width in zip(STATES, (9, 8, 6, 7), strict=True))
        lines.append(f"{door:<52} {known.get(door, 0):>6} {sum(own.values()):>8} {numbers} {seconds[door]:>8.1f}")
    return "\n".join(lines)


def main() -> int:
    """Run many cases and print what came of them; exit code 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000, help="cases of functions in all")
    parser.add_argument("--options", type=int, default=0, help="cases of the command line in all")
    parser.add_argument("--parts", type=int, default=1, help="how many parts they are run in, each with a seed of its own")
    parser.add_argument("--seed", type=int, default=None, help="seed of the first part; the clock's if left out")
    parser.add_argument("--only", default="", help="part of the name of a module or package")
    parser.add_argument("--show", type=int, default=1, help="cases shown of every kind of fault of a function")
    parser.add_argument("--record", type=Path, default=None, help="file that keeps finished parts; those of its first seed are not run again")
    options = parser.parse_args()
    parts = (
        [json.loads(line) for line in options.record.read_text(encoding="utf-8").splitlines()] if options.record and options.record.exists() else []
    )
    first = parts[0]["seed"] if parts else int(time.time()) if options.seed is None else options.seed
    chosen = [door for door in doors() if options.only in door]
    seen: Counter[str] = Counter()
    for number in range(first + len(parts), first + options.parts):
        part = _run_part(chosen, -(-options.cases // options.parts), -(-options.options // options.parts), number)
        parts.append(part)
        if options.record:
            options.record.parent.mkdir(parents=True, exist_ok=True)
            with options.record.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(part) + "\n")
    for fault in (fault for part in parts for fault in part["faults"]):
        key = fault.partition("=")[0] + fault.partition("]: ")[2].partition(":")[0]
        seen[key] += 1
        if seen[key] <= options.show:
            print(fault)
    print(f"\nseeds {first} to {first + len(parts) - 1}\n{_table(parts)}")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
