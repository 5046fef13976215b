"""A valid call of every public function, to be spoilt one argument at a time.

The modules beside this one hold the calls, one module for each package or module of theorylab: ``EXAMPLES``, from the name of a function to one or
more sets of arguments; ``EXCEPTIONS``, from the name of what is not called to the reason; ``CHANGES``, from a name to the arguments that the function
is there to change; ``AFTER``, from the name of a class to what is done with an object of it, since estimators look at their parameters when they fit.
A method is named by its class, ``Class.method``, and has the object as its argument ``self``.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import GenericAlias, SimpleNamespace, UnionType
from typing import Any, get_origin

__all__ = ["FIXED", "Call", "calls_of", "doors", "exceptions_of", "fresh", "public_names", "reason_of", "unlisted"]

# Arguments that are never spoilt, and why.
FIXED = {
    "self": "the object whose method is called",
    "source": "stands for an experiment, and may be anything that can be hashed",
    "namespace": "an array module, which samplers hand on to what they share",
    "xp": "an array module, which samplers hand on to what they share",
}

PREFIX = "theorylab"


def fresh(value: Any) -> Any:
    """Return a copy of an argument; what cannot be copied, such as a module, is itself."""
    try:
        return copy.deepcopy(value)
    except TypeError:
        return value


@dataclass(frozen=True)
class Call:
    """A valid call of a public function.

    Attributes
    ----------
    door, name
        Where the function is found. A class by itself is made, and what ``AFTER`` of its module says is done with it.
    example
        The arguments by name.
    changes
        Arguments that the function is there to change, such as a generator.
    """

    door: str
    name: str
    example: dict[str, Any]
    changes: frozenset[str]
    after: Callable[[Any], Any] | None = None

    @property
    def function(self) -> Callable[..., Any]:
        """The function, class or method."""
        found: Any = importlib.import_module(self.door)
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    @property
    def mutable(self) -> list[str]:
        """The arguments that may be replaced; what goes through ``**fields`` is anybody's."""
        known = inspect.signature(self.function).parameters
        return [name for name in self.example if name not in FIXED and name in known]

    def parameters(self) -> set[str]:
        """Return the names of all parameters."""
        return (set(inspect.signature(self.function).parameters) | set(self.example)) - {"self"}

    def arguments(self) -> dict[str, Any]:
        """Return the arguments afresh, so that no call sees what another did."""
        return {name: fresh(value) for name, value in self.example.items()}

    def run(self, arguments: dict[str, Any]) -> Any:
        """Call the function."""
        function = self.function
        known = inspect.signature(function).parameters
        positional = [name for name, parameter in known.items() if parameter.kind is parameter.POSITIONAL_ONLY or name == "self"]
        rest = {name: value for name, value in arguments.items() if name not in positional}
        result = function(*[arguments[name] for name in positional if name in arguments], **rest)
        return result if self.after is None else self.after(result)


def _has_door(name: str) -> bool:
    return bool(getattr(importlib.import_module(name), "__all__", None))


@cache
def doors() -> tuple[str, ...]:
    """Return the names of all packages and modules that offer something by ``__all__``, without what a package offers for its modules."""

    def walk(name: str) -> list[str]:
        module = importlib.import_module(name)
        if name.endswith("__main__"):
            return []
        own = [name] if _has_door(name) else []
        if not hasattr(module, "__path__") or (own and name not in (PREFIX, f"{PREFIX}.papers")):
            return own
        return own + [found for child in pkgutil.iter_modules(module.__path__, f"{name}.") for found in walk(child.name)]

    return tuple(walk(PREFIX))


def public_names(door: str) -> list[str]:
    """Return the callables that a package or module offers."""
    module = importlib.import_module(door)
    return [name for name in module.__all__ if callable(getattr(module, name))]


def _registry(door: str) -> Any:
    name = door.removeprefix(f"{PREFIX}.").removeprefix("papers.").replace(".", "_")
    try:
        return importlib.import_module(f"example_calls.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"example_calls.{name}":
            raise
        # A door without examples yet; `unlisted` names what it offers.
        return SimpleNamespace(EXAMPLES={})


def reason_of(value: Any) -> str:
    """Return why something public is not called, if it shows that itself, or ``""``."""
    if isinstance(value, GenericAlias | UnionType) or get_origin(value) is not None:
        return "a name for a type"
    if isinstance(value, type) and issubclass(value, BaseException):
        return "raised, not called"
    if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
        return "a record that holds what it is given; who takes one looks at it"
    if hasattr(value, "py_func") or hasattr(value, "targetoptions"):
        return "a compiled loop, whose caller has checked the arrays"
    return ""


def unlisted() -> dict[str, list[str]]:
    """Return, door by door, the public callables that have neither an example nor a reason not to be called."""
    found = {}
    for door in doors():
        known = {call.name.split(".")[0] for call in calls_of(door)} | set(exceptions_of(door))
        module = importlib.import_module(door)
        if missing := [name for name in public_names(door) if name not in known and not reason_of(getattr(module, name))]:
            found[door] = missing
    return found


@cache
def calls_of(door: str) -> tuple[Call, ...]:
    """Return the valid calls of the public functions behind a door."""
    registry = _registry(door)
    changes = getattr(registry, "CHANGES", {})
    found = []
    for name, examples in registry.EXAMPLES.items():
        for example in examples:
            always = {argument for argument in example if argument in ("rng", "self")}
            after = getattr(registry, "AFTER", {}).get(name)
            found.append(Call(door, name, example, frozenset(always | set(changes.get(name, ()))), after))
    return tuple(found)


def exceptions_of(door: str) -> dict[str, str]:
    """Return what behind a door is not called, and why."""
    return dict(getattr(_registry(door), "EXCEPTIONS", {}))
