"""Put bad values into every public function, one argument of a valid call at a time, and judge what comes of it.

A call may end in a correct result or in a ``ValueError`` or ``TypeError`` that names the argument. It may not end in another exception, in a result
that is not finite and not documented to be so, in a warning, in changed arguments, or not at all. The same value in another form (a list, a strided
array, single precision) must give the same result.

``python tests/tools/bad_input.py --cases 200000`` runs many cases and prints a table.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import inspect
import io
import re
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from bad_values import Attempt, attempts, is_numeric, rounded
from example_calls import Call, calls_of, doors, fresh
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

__all__ = ["LIMIT_SECONDS", "Outcome", "judge", "run_cases"]

LIMIT_SECONDS = 5.0
# A call may take this much memory beyond what the process has; what asks for more is refused by the machine, not by luck.
LIMIT_BYTES = 3 << 30


class Outcome(NamedTuple):
    """What came of a call.

    Attributes
    ----------
    state
        ``"accepted"``, ``"refused"`` or ``"fault"``.
    fault
        What kind of fault, in a word or two.
    message
        The exception, the warning or the difference.
    """

    state: str
    fault: str = ""
    message: str = ""


class OutOfTimeError(BaseException):
    """A call that did not come to its end."""


@contextlib.contextmanager
def limited(seconds: float = LIMIT_SECONDS) -> Iterator[None]:
    """Stop what is inside after some seconds, and before it takes all memory."""

    def stop(*_: object) -> None:
        raise OutOfTimeError

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as status:
        held = int(status.read().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, stop)
    resource.setrlimit(resource.RLIMIT_AS, (held + LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(held + LIMIT_BYTES, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Walk through the numbers and texts of a result."""
    if depth > 6:
        return
    if isinstance(value, dict):
        children: Any = value.values()
    elif isinstance(value, list | tuple):
        children = value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        children = [getattr(value, field.name) for field in dataclasses.fields(value)]
    else:
        yield value
        return
    for child in children:
        yield from _parts(child, depth + 1)


def _numbers(value: Any) -> list[np.ndarray]:
    arrays = [np.asarray(part) for part in _parts(value) if isinstance(part, int | float | complex | np.ndarray | np.number)]
    return [array for array in arrays if array.dtype.kind in "biufc"]


def _documents(function: Callable[..., Any], result: Any) -> str:
    texts = [inspect.getdoc(function) or ""]
    if hasattr(result, "__dataclass_fields__") or hasattr(result, "_fields"):
        texts.append(inspect.getdoc(type(result)) or "")
    return " ".join(texts)


def _is_finite_or_documented(function: Callable[..., Any], result: Any) -> bool:
    if all(np.isfinite(array).all() for array in _numbers(result)):
        return True
    has_nan = any(np.isnan(array).any() for array in _numbers(result))
    words = r"\bnan\b" if has_nan else r"\binf\b|infinit"
    return re.search(words, _documents(function, result), re.IGNORECASE) is not None


def _equal(first: Any, second: Any, tolerance: float) -> bool:
    one, other = _numbers(first), _numbers(second)
    if len(one) != len(other):
        return False
    for a, b in zip(one, other, strict=True):
        if a.shape != b.shape:
            return False
        scale = float(np.max(np.abs(a[np.isfinite(a)]), initial=0.0))
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance * scale + 1e-300, equal_nan=True):
            return False
    return [part for part in _parts(first) if isinstance(part, str)] == [part for part in _parts(second) if isinstance(part, str)]


def _unchanged(before: Any, after: Any) -> bool:
    one, other = _numbers(before), _numbers(after)
    return len(one) == len(other) and all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True)
    )


def _names(message: str, names: list[str]) -> bool:
    # An article is no name.
    return any(re.search(rf"\b{re.escape(name)}\b" if name not in ("a", "A", "is") else rf"\b{name} must\b", message) for name in names)


class Answer(NamedTuple):
    """What a call gave: a result or an exception, and its warnings."""

    result: Any
    error: BaseException | None
    shown: list[warnings.WarningMessage]


def _answer(call: Call, arguments: dict[str, Any]) -> Answer:
    result, error = None, None
    with warnings.catch_warnings(record=True) as shown, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("always")
        try:
            with limited():
                result = call.run(arguments)
        except (Exception, OutOfTimeError) as caught:
            error = caught
    return Answer(result, error, shown)


def _accepts_callable(valid: Any, value: Any) -> bool:
    return callable(valid) and callable(value)


def _judge_error(call: Call, argument: str, valid: Any, attempt: Attempt, error: BaseException) -> Outcome:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, OutOfTimeError):
        return Outcome("fault", "hangs", f"no end after {LIMIT_SECONDS:g} s")
    if _accepts_callable(valid, attempt.value):
        return Outcome("refused", message=text)
    if isinstance(error, MemoryError):
        # More memory than the machine has is the machine's answer to a count that is valid.
        return Outcome("refused", message=text) if attempt.huge else Outcome("fault", "MemoryError", text)
    if isinstance(error, ValueError | TypeError):
        wanted = [argument] if attempt.kind == "never" else list(call.parameters())
        if _names(str(error), wanted):
            return Outcome("refused", message=text)
        if type(error) not in (ValueError, TypeError) and re.search(rf"\b{type(error).__name__}\b", _documents(call.function, None)):
            return Outcome("refused", message=text)
        return Outcome("fault", "argument not named", text)
    if re.search(rf"\b{type(error).__name__}\b", _documents(call.function, None)):
        return Outcome("refused", message=text)
    origin = traceback.extract_tb(error.__traceback__)[-1]
    return Outcome("fault", type(error).__name__, f"{text} [{origin.filename.rpartition('theorylab/')[2]}:{origin.lineno}]")


def judge(call: Call, argument: str, attempt: Attempt) -> Outcome:
    """Call a public function with one argument replaced, and judge the answer.

    Parameters
    ----------
    call
        A valid call.
    argument
        Name of the argument that is replaced.
    attempt
        What takes its place.
    """
    arguments = call.arguments()
    valid = arguments[argument]
    arguments[argument] = fresh(attempt.value)
    before = {name: fresh(value) for name, value in arguments.items() if name not in call.changes}
    answer = _answer(call, arguments)
    if not all(_unchanged(value, arguments[name]) for name, value in before.items()):
        return Outcome("fault", "argument changed", "an argument is not what it was")
    if answer.error is not None:
        outcome = _judge_error(call, argument, valid, attempt, answer.error)
        if outcome.state == "refused" and attempt.kind in ("same", "rounded"):
            base = _answer(call, call.arguments() | ({argument: rounded(valid)} if attempt.kind == "rounded" else {}))
            if base.error is None:
                return Outcome("fault", "valid value refused", outcome.message)
        return outcome
    noise = [shown for shown in answer.shown if shown.category.__name__ not in _documents(call.function, answer.result)]
    if noise:
        return Outcome(
            "fault",
            "warning",
            f"{noise[0].category.__name__}: {noise[0].message} [{noise[0].filename.rpartition('theorylab/')[2]}:{noise[0].lineno}]",
        )
    if not _is_finite_or_documented(call.function, answer.result):
        return Outcome("fault", "not finite", " ".join(repr(answer.result).split())[:150])
    return _judge_result(call, argument, valid, attempt, answer.result)


def _judge_result(call: Call, argument: str, valid: Any, attempt: Attempt, result: Any) -> Outcome:
    if attempt.kind == "other":
        return Outcome("accepted")
    if attempt.kind == "never" and not (is_numeric(valid) or isinstance(valid, bool)):
        return Outcome("accepted")
    value = rounded(valid) if attempt.kind == "rounded" else valid
    base = _answer(call, call.arguments() | {argument: value})
    if base.error is not None:
        return Outcome("fault", "valid value refused", f"{type(base.error).__name__}: {base.error}")
    equal = _equal(base.result, result, 1e-4 if attempt.kind == "rounded" else 1e-6)
    if attempt.kind == "never":
        # Where the argument plays no part, its value does not matter.
        return Outcome("accepted") if equal else Outcome("fault", "nonsense accepted", " ".join(repr(result).split())[:150])
    return (
        Outcome("accepted")
        if equal
        else Outcome("fault", "another result", f"{' '.join(repr(base.result).split())[:100]} became {' '.join(repr(result).split())[:100]}")
    )


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 70 else text[:67] + "..."


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


def main() -> int:
    """Run many cases and print what came of them; exit code 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000, help="cases in all")
    parser.add_argument("--seed", type=int, default=None, help="seed of the draws; the clock's if left out")
    parser.add_argument("--only", default="", help="part of the name of a module or package")
    parser.add_argument("--show", type=int, default=1, help="cases shown of every kind of fault of a function")
    options = parser.parse_args()
    number = int(time.time()) if options.seed is None else options.seed
    chosen = [door for door in doors() if options.only in door]
    functions = {door: len(calls_of(door)) for door in chosen}
    rows, seen, total = [], Counter[tuple[str, ...]](), Counter[str]()
    for door in chosen:
        states: Counter[str] = Counter()

        def told(call: Call, argument: str, attempt: Attempt, outcome: Outcome, states: Counter[str] = states) -> None:
            states[outcome.state] += 1
            if outcome.state == "fault":
                key = call.door, call.name, argument, outcome.fault
                seen[key] += 1
                if seen[key] <= options.show:
                    text = f"{call.door}.{call.name}({argument}={_shown(attempt.value)}) [{attempt.label}]: {outcome.fault}: {outcome.message[:200]}"
                    print(text, flush=True)

        begin = time.process_time()
        run_cases(door, max(1, round(options.cases * functions[door] / max(1, sum(functions.values())))), number, told)
        rows.append((door, functions[door], states, time.process_time() - begin))
        total.update(states)
    print(f"\nseed {number}\n{'package':<52} {'calls':>6} {'cases':>8} {'accepted':>9} {'refused':>8} {'faults':>7} {'seconds':>8}")
    for door, count, states, seconds in rows:
        print(f"{door:<52} {count:>6} {sum(states.values()):>8} {states['accepted']:>9} {states['refused']:>8} {states['fault']:>7} {seconds:>8.1f}")
    print(f"{'all':<52} {sum(functions.values()):>6} {sum(total.values()):>8} {total['accepted']:>9} {total['refused']:>8} {total['fault']:>7}")
    return 1 if total["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
