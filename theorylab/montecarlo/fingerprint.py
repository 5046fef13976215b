"""The fingerprint of a sampler's code tells which recorded blocks were made by the code that stands here now.

It hashes the syntax trees, without docstrings (comments are not in a tree), of the sampler's module and of every module it imports,
transitively, from theorylab, from the sampler's own package, or from any other file that was not installed, and numpy's major.minor version.
It selects records and never randomness: an edit that changes no value changes no bit of what is drawn.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
import sysconfig
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from theorylab.montecarlo.samplers import is_module_level
from theorylab.validation import instance

__all__ = ["fingerprint", "is_installed"]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@lru_cache(maxsize=1024)
def _parsed(source: bytes) -> tuple[str, tuple[tuple[str, int, str], ...]]:
    """Return the digest of one file's content and its imports as (module, relative level, imported name)."""
    tree = ast.parse(source)
    imports: list[tuple[str, int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(alias.name, 0, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports += [(node.module or "", node.level, alias.name) for alias in node.names]
    digest = hashlib.blake2b(ast.dump(_without_docstrings(tree)).encode(), digest_size=16).hexdigest()
    return digest, tuple(imports)


def _find(module: str) -> Path | None:
    """Return the file of ``module``, or None if there is no such module or it is not Python source."""
    loaded = sys.modules.get(module)
    origin = getattr(loaded, "__file__", None)
    if origin is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, AttributeError, ValueError):
            return None
        origin = spec.origin if spec else None
    path = Path(origin) if origin else None
    return path if path and path.suffix == ".py" and path.exists() else None


def is_installed(path: Path) -> bool:
    """Tell whether a file belongs to Python itself or to a package that was installed."""
    return _is_installed(instance("path", path, Path))


@lru_cache(maxsize=4096)
def _is_installed(path: Path) -> bool:
    folders = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or any(path.is_relative_to(folder) for folder in folders)


def _followed(module: str, roots: tuple[str, ...]) -> bool:
    """Tell whether the code of ``module`` counts: all but what was installed, whose versions are not this package's to watch."""
    root = module.split(".")[0]
    if root in roots:
        return True
    # The top package decides: to look for a module inside an installed package would import that package.
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, AttributeError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location and spec.origin else list(spec.submodule_search_locations or [])
    return any(not is_installed(Path(place)) for place in places)


def _imported(module: str, path: Path, imports: tuple[tuple[str, int, str], ...], roots: tuple[str, ...]) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for target, level, name in imports:
        base = target
        if level:
            parent = package.split(".")[: len(package.split(".")) - level + 1]
            base = ".".join([*parent, *([target] if target else [])])
        if _followed(base, roots):
            yield base
            # "from package import module" names a module in its last word.
            if name and _find(f"{base}.{name}"):
                yield f"{base}.{name}"


# What was loaded stays loaded when its file is edited, so the first look at the files counts for as long as the function has this code.
_known: weakref.WeakKeyDictionary[Callable[..., Any], tuple[CodeType, str | None]] = weakref.WeakKeyDictionary()


def fingerprint(sampler: Callable[..., Any]) -> str | None:
    """Return the fingerprint of ``sampler``'s code as 32 hexadecimal digits.

    None if no file stands for it: it was typed at a prompt, or it is not what its module holds under its name (it was made inside another
    function, or its module has been loaded anew since).
    """
    if not inspect.isfunction(sampler):
        raise ValueError(f"sampler must be a function written in Python; got {type(sampler).__name__}")
    code, known = sampler.__code__, _known.get(sampler)
    if known is None or known[0] is not code:
        known = code, _fingerprint_of_files(sampler) if is_module_level(sampler) else None
        _known[sampler] = known
    return known[1]


def _fingerprint_of_files(sampler: Callable[..., Any]) -> str | None:
    start = sampler.__module__
    path = _find(start)
    if start == "__main__" or path is None:
        return None
    roots = ("theorylab", start.split(".")[0])
    digests: dict[str, str] = {}
    queue = [start]
    while queue:
        module = queue.pop()
        found = _find(module)
        if module in digests or found is None:
            continue
        digests[module], imports = _parsed(found.read_bytes())
        queue += list(_imported(module, found, imports, roots))
    version = ".".join(np.__version__.split(".")[:2])
    text = "\n".join([f"numpy {version}", *(f"{module} {digest}" for module, digest in sorted(digests.items()))])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
