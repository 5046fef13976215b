"""The tool that tries whether checks bite: it finds the changes of a text, and gives them to functions that others have imported already."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import mutations
import pytest

TEXT = '''"""A module."""
from functools import lru_cache

_STEP = 0.5


def line(x: float, slope: float = 2.0) -> float:
    """Return a line."""
    if x > 3:
        raise ValueError(f"x must be <= 3; got {x + 1}")
    return slope * x - _STEP


@lru_cache
def power(x: int) -> int:
    return -x**2
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "mutated_example.py").write_text(TEXT)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("mutated_example")
    del sys.modules["mutated_example"]


def mutants_of(module: ModuleType) -> dict[str, mutations.Mutant]:
    assert module.__file__
    return {f"{mutant.before} -> {mutant.after}": mutant for mutant in mutations.enumerate_mutants(Path(module.__file__))}


def test_changes_are_those_of_numbers_operators_and_terms(module: ModuleType) -> None:
    assert set(mutants_of(module)) == {
        "0.5 -> 0.55",
        "2.0 -> 2.2",
        "x > 3 -> x <= 3",
        "3 -> 4",
        "slope * x - _STEP -> slope * x + _STEP",
        "slope * x - _STEP -> slope * x",
        "slope * x - _STEP -> -_STEP",
        "slope * x -> slope / x",
        "-x ** 2 -> x ** 2",
        "x ** 2 -> x * 2",
        "2 -> 3",
    }
    assert mutants_of(module)["x ** 2 -> x * 2"].function == "power"
    assert mutants_of(module)["0.5 -> 0.55"].function == ""


@pytest.mark.parametrize(
    ("change", "use", "before", "after"),
    [
        ("slope * x - _STEP -> slope * x", lambda line, power: line(1.0), 1.5, 2.0),
        ("2.0 -> 2.2", lambda line, power: line(1.0), 1.5, 1.7),
        ("0.5 -> 0.55", lambda line, power: line(1.0), 1.5, 1.45),
        ("-x ** 2 -> x ** 2", lambda line, power: power(3), -9, 9),
        ("2 -> 3", lambda line, power: power(3), -9, -27),
    ],
)
def test_whoever_has_the_function_has_the_mutant(module: ModuleType, change: str, use: Callable[..., float], before: float, after: float) -> None:
    line, power = module.line, module.power  # as a test imports them
    assert use(line, power) == pytest.approx(before)
    mutations.apply(mutants_of(module)[change], module)
    assert use(line, power) == pytest.approx(after)


def test_a_change_that_nobody_takes_is_said(module: ModuleType) -> None:
    mutant = mutants_of(module)["2 -> 3"]
    del module.power
    with pytest.raises(LookupError, match=r"^nothing in mutated_example takes the change mutated_example.py:16 2 -> 3$"):
        mutations.apply(mutant, module)
