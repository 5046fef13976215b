"""The fingerprint of a sampler's code: which recorded blocks were made by the code that stands here now?

It hashes the syntax trees, without docstrings (comments are not in a tree), of the sampler's module and of every module it imports,
transitively, from theorylab or from the sampler's own package, and numpy's major.minor version. It selects records and never randomness: an
edit that changes no value changes no bit of what is drawn.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["fingerprint"]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@lru_cache(maxsize=1024)
def _parsed(path: str, _modified: int) -> tuple[str, tuple[tuple[str, int, str], ...]]:
    """Return the digest of one file and its imports as (module, relative level, imported name)."""
    tree = ast.parse(Path(path).read_bytes())
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


def _imported(module: str, path: Path, imports: tuple[tuple[str, int, str], ...], roots: tuple[str, ...]) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for target, level, name in imports:
        base = target
        if level:
            parent = package.split(".")[: len(package.split(".")) - level + 1]
            base = ".".join([*parent, *([target] if target else [])])
        if base.split(".")[0] in roots:
            yield base
            # "from package import module" names a module in its last word.
            if name and _find(f"{base}.{name}"):
                yield f"{base}.{name}"


def fingerprint(sampler: Callable[..., Any]) -> str | None:
    """Return the fingerprint of ``sampler``'s code as 32 hexadecimal digits, or None if it does not live in a file (typed at a prompt)."""
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
        digests[module], imports = _parsed(str(found), found.stat().st_mtime_ns)
        queue += list(_imported(module, found, imports, roots))
    version = ".".join(np.__version__.split(".")[:2])
    text = "\n".join([f"numpy {version}", *(f"{module} {digest}" for module, digest in sorted(digests.items()))])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
