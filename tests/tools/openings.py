"""What in the text of a module could turn data into code, or a text into a command: found by name, under whatever name it was imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["openings"]

# Packages that run what they read, or hand it to something that does.
_MODULES = {
    *("pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "numpy_pickle", "yaml", "jsonpickle"),
    *("code", "codeop", "runpy", "cffi", "pty", "subprocess", "sympy", "numexpr", "jinja2", "mako"),
}
_BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint", "input", "globals"}
_NAMES = {
    *(
        "os.system",
        "os.popen",
        "os.startfile",
        "os.posix_spawn",
        "os.posix_spawnp",
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
    ),
    *(f"os.{kind}{ending}" for kind in ("exec", "spawn") for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *("numpy.load", "numpy.lib.npyio.load", "pandas.eval", "pandas.read_pickle", "scipy.io.loadmat", "ast.literal_eval", "tempfile.mktemp"),
    *(
        "importlib.import_module",
        "importlib.reload",
        "importlib.__import__",
        "importlib.util.spec_from_file_location",
        "importlib.util.module_from_spec",
    ),
    *("sqlite3.enable_callback_tracebacks", "operator.attrgetter", "operator.methodcaller"),
    *(f"cupy.{kind}" for kind in ("load", "RawKernel", "RawModule", "ElementwiseKernel", "ReductionKernel")),
}
# To name these types is harmless, to make one is not.
_CALLED = {"types.CodeType", "types.FunctionType"}
_METHODS = {"enable_load_extension", "load_extension", "exec_module", "load_module", "executescript"}
_LIBRARIES = {"ctypes.CDLL", "ctypes.PyDLL", "ctypes.cdll.LoadLibrary", "ctypes.util.find_library"}
_SWITCHES = {"shell", "allow_pickle", "usetex", "literal_binds"}


def _imported(tree: ast.AST) -> dict[str, str]:
    """Return what the names that a module imports stand for, in full."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found |= {alias.asname: alias.name} if alias.asname else {top: top}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module or ''}.{alias.name}" for alias in node.names}
    return found


def _full(node: ast.AST, imported: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_full(node.value, imported)}.{node.attr}"
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def _is_fixed(node: ast.AST, fixed: set[str]) -> bool:
    """Tell whether a text stands in the module as it is, or is put together from nothing but its constants."""
    if isinstance(node, ast.JoinedStr):
        return all(_is_fixed(part, fixed) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_fixed(node.value, fixed)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("split", "strip"):
        return _is_fixed(node.func.value, fixed)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and (node.id.isupper() or node.id in fixed))


def _fixed_names(tree: ast.AST) -> set[str]:
    """Return the names that stand for texts of the module wherever it gives them a value."""
    values: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            given: list[ast.AST] = [node.value or node]
        elif isinstance(node, ast.For | ast.comprehension):
            targets, given = [node.target], list(node.iter.elts) if isinstance(node.iter, ast.Tuple) else [node.iter]
        else:
            # An argument, or what with and except bind: never fixed.
            targets, given = [ast.Name(getattr(node, "arg", None) or getattr(node, "name", None) or "")], [node]
        for target in targets:
            for each in ast.walk(target):
                if isinstance(each, ast.Name):
                    values.setdefault(each.id, []).extend(given if each is target else [node])
    return {name for name, given in values.items() if all(_is_fixed(value, set()) for value in given)}


def _of_call(node: ast.Call, name: str, fixed: set[str]) -> Iterator[str]:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if method in _METHODS:
        yield method
    if name in _CALLED:
        yield name
    # The process itself, CDLL(None), may be called; a library of a name may not be loaded.
    if name in _LIBRARIES and [ast.unparse(each) for each in node.args] != ["None"]:
        yield name
    # Also where a method of the module hands a statement on to one of these.
    if method in ("execute", "executemany", "_patiently") and node.args and not _is_fixed(node.args[0], fixed):
        yield f"SQL of {ast.unparse(node.args[0])}"
    if method in ("format", "format_map") and not _is_fixed(node.func.value, fixed):  # type: ignore[attr-defined]
        yield "format of a text from elsewhere"
    if name == "getattr" and len(node.args) > 1 and _full(node.args[0], {}) in ("os", "builtins", "np", "numpy", "subprocess"):
        yield "getattr of a module"
    for keyword in node.keywords:
        if keyword.arg in _SWITCHES and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            yield keyword.arg or ""


def openings(text: str) -> Iterator[str]:
    """Yield what in the text of a module could turn data into code.

    Whatever is only handed on counts as used, so that no other name hides it.
    """
    tree = ast.parse(text)
    imported, fixed = _imported(tree), _fixed_names(tree)
    for name in imported.values():
        yield from (f"import {part}" for part in name.split(".") if part in _MODULES)
        if name in _NAMES:
            yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield "import *"
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _BUILTINS and node.id not in imported:
            yield node.id
        if isinstance(node, ast.Attribute):
            name = _full(node, imported)
            if name in _NAMES:
                yield name
            if name.startswith(("builtins.", "__builtins__.")):
                yield name.rpartition(".")[2]
        if isinstance(node, ast.Call):
            yield from _of_call(node, _full(node.func, imported), fixed)
