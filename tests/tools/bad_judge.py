"""Call a public function with one argument replaced, and judge what comes of it."""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import inspect
import io
import re
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np
from bad_values import Attempt, is_numeric, rounded
from example_calls import Call, fresh

__all__ = ["LIMIT_SECONDS", "Outcome", "judge"]

LIMIT_SECONDS = 5.0
# Words by which messages for users call an argument.
ALIASES = {
    "slug": ["paper"],
    "wanted": ["sweep", "figure"],
    "names": ["figure"],
    "name": ["sweep", "figure"],
    "refutes": ["counterclaim"],
    "second_moments": ["second_moment"],
    "records": ["claim"],
}
# Fields of a record that no two runs share.
CLOCKED = re.compile("seconds|hours|bytes|predicted")
# What numpy says of an array that no memory could hold.
TOO_BIG = re.compile(
    "array is too big|Maximum allowed (dimension|size) exceeded|negative dimensions|array size defined by dims is larger|iterator is too large"
)
# What scikit-learn says of X and y, in the words that its own checks of estimators want.
LIBRARY = re.compile(
    "Expected 2D array|Found array with|inconsistent numbers of samples|y should be a 1d array|Unknown label type|Input [Xy]|Complex data|numeric"
    "|at least one array or dtype is required"
    "|could not convert|inhomogeneous shape|Cannot cast|argument must be a string or a real number|Expected a 2-dimensional container"
)
# Counts up to here may take as long as they take.
MUCH = 1e6
# Arguments that name things, in whatever way.
LABELS = ("bags", "groups")
# Checks that are there to let NaN through.
LENIENT = {("theorylab.validation", "plain"), ("theorylab.validation", "numbers")}
# A call may take this much memory beyond what the process has; what asks for more is refused by the machine, not by luck.
LIMIT_BYTES = 3 << 30


class Outcome(NamedTuple):
    """What came of a call.

    Attributes
    ----------
    state
        ``"accepted"``, ``"refused"``, ``"long"`` (valid, and more work than there is time for) or ``"fault"``.
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
def limited() -> Iterator[None]:
    """Stop what is inside after some seconds, and before it takes all memory."""
    seconds = LIMIT_SECONDS
    late = False

    def stop(*_: object) -> None:
        nonlocal late
        late = True
        raise OutOfTimeError

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as status:
        held = int(status.read().split()[0]) * resource.getpagesize()
    # Of processor time, which does not depend on what else the machine does.
    before = signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (held + LIMIT_BYTES if hard == resource.RLIM_INFINITY else min(held + LIMIT_BYTES, hard), hard))
    # Again and again: a library may swallow the first exception that it meets.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    # Compiled code hears no signal: then the whole process ends, and its last words are where it was.
    faulthandler.dump_traceback_later(24.0 * seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    except Exception as error:
        # A library may turn the exception of the clock into its own.
        if late:
            raise OutOfTimeError from error
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
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
        children = [getattr(value, field.name) for field in dataclasses.fields(value) if not CLOCKED.search(field.name)]
    else:
        yield value
        return
    for child in children:
        yield from _parts(child, depth + 1)


def _numbers(value: Any) -> list[np.ndarray]:
    arrays = [np.asarray(part) for part in _parts(value) if isinstance(part, int | float | complex | np.ndarray | np.number | np.bool_)]
    return [_once(array) for array in arrays if array.dtype.kind in "biufc"]


def _once(array: np.ndarray) -> np.ndarray:
    """Return a broadcast array without its repetitions, which may be more than the memory holds."""
    return array[tuple(slice(0, 1) if step == 0 and length > 1 else slice(None) for step, length in zip(array.strides, array.shape, strict=True))]


def _documents(function: Callable[..., Any], result: Any) -> str:
    texts, inside = [inspect.getdoc(function) or ""], [result]
    while inside:
        part = inside.pop()
        if hasattr(part, "__dataclass_fields__") or hasattr(part, "_fields"):
            texts.append(inspect.getdoc(type(part)) or "")
            inside += list(part) if isinstance(part, tuple) else []
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


def _is_large(value: Any) -> bool:
    return any(np.max(np.abs(array), initial=0.0) >= 1e6 for array in _numbers(value))


def _asks_for_more(valid: Any, attempt: Attempt) -> bool:
    """Tell whether a number is another one of the kind that is valid, not one that is beyond all use: then more is computed, and it takes longer."""
    try:
        sizes, known = np.asarray(attempt.value, dtype=np.float64), np.asarray(valid, dtype=np.float64)
        return not attempt.huge and bool(np.all((sizes >= 1.0 / MUCH) & (sizes <= MUCH))) and bool(np.all(known > 0.0))
    except (TypeError, ValueError, OverflowError):
        return False


def _judge_error(call: Call, argument: str, valid: Any, attempt: Attempt, error: BaseException) -> Outcome:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, OutOfTimeError) and _asks_for_more(valid, attempt):
        return Outcome("long", message=f"no end after {LIMIT_SECONDS:g} s")
    if isinstance(error, OutOfTimeError):
        return Outcome("fault", "hangs", f"no end after {LIMIT_SECONDS:g} s")
    if _accepts_callable(valid, attempt.value):
        return Outcome("refused", message=text)
    if isinstance(error, MemoryError) or (isinstance(error, ValueError) and TOO_BIG.search(str(error))):
        # More memory than the machine has is the machine's answer to a count that is valid.
        return Outcome("refused", message=text) if attempt.huge or _is_large(attempt.value) else Outcome("fault", "MemoryError", text)
    if isinstance(error, ValueError | TypeError):
        wanted = [argument] if attempt.kind == "never" else list(call.parameters())
        wanted += [alias for name in wanted for alias in ALIASES.get(name, ())]
        # A check is told the name to speak of.
        wanted += [call.example["name"]] if isinstance(call.example.get("name"), str) else []
        # Of a mapping of arguments the wrong one is named.
        wanted += [key for key in attempt.value if isinstance(key, str)] if isinstance(attempt.value, dict) else []
        if _names(str(error), wanted):
            return Outcome("refused", message=text)
        if "." in call.name and argument in ("X", "y") and LIBRARY.search(str(error)):
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
    # A warning in the package's own words is part of the answer.
    said = [shown for shown in answer.shown if not (shown.category is UserWarning and "site-packages" not in shown.filename)]
    # scikit-learn compares the names of columns, and these examples have none.
    said = [shown for shown in said if "has feature names" not in str(shown.message)]
    noise = [shown for shown in said if shown.category.__name__ not in _documents(call.function, answer.result)]
    if noise:
        return Outcome(
            "fault",
            "warning",
            f"{noise[0].category.__name__}: {noise[0].message} [{noise[0].filename.rpartition('theorylab/')[2]}:{noise[0].lineno}]",
        )
    if not _is_finite_or_documented(call.function, answer.result):
        return Outcome("fault", "not finite", " ".join(repr(answer.result).split())[:150])
    return _judge_result(call, argument, valid, attempt, answer.result)


def _may_mean(valid: Any, value: Any) -> bool:
    """Tell whether a value that no function of numbers takes may be meant where ``valid`` is."""
    if is_numeric(valid) or isinstance(valid, bool):
        return False
    if isinstance(valid, PurePath):
        return isinstance(value, str | PurePath)
    if isinstance(valid, str | dict) or callable(valid):
        return isinstance(value, type(valid)) or (callable(valid) and callable(value))
    return valid is None or isinstance(valid, list | tuple | np.ndarray)


def _judge_result(call: Call, argument: str, valid: Any, attempt: Attempt, result: Any) -> Outcome:
    if attempt.kind == "other" or argument in LABELS or (attempt.label.startswith(("nan", "one entry nan")) and (call.door, call.name) in LENIENT):
        return Outcome("accepted")
    if result is None and re.search(r"\bNone\b", _documents(call.function, None)):
        return Outcome("refused", message="None")
    if attempt.kind == "never" and _may_mean(valid, attempt.value):
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
