"""Small deliberate errors in a module: which there are, and how a running process is given one.

A mutant changes one number, one sign, one operator or one comparison, or drops one term of a sum. It is put into the process by giving the functions
of the module, which tests have imported by name long ago, the code of the changed text; so a fork of a process in which everything is imported can
try a mutant in milliseconds.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["Mutant", "apply", "enumerate_mutants", "functions_of"]

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.MatMult: ast.Sub,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    Attributes
    ----------
    path, line
        Where it is.
    function
        The function or class at the top of the module that holds it; empty for the module itself.
    before, after
        The expression, before and after.
    place
        Number of the node among all nodes of the tree, and of the change at that node.
    statement
        The statement that holds it, changed; of a statement with a body, its head.
    twin
        How many changes of the same name come before it.
    """

    path: str
    line: int
    function: str
    before: str
    after: str
    place: tuple[int, int]
    statement: str = ""
    twin: int = 0

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{Path(self.path).name}:{self.line} {self.before} -> {self.after}"


def _changed_number(value: float) -> float:
    if isinstance(value, int):
        return value + 1
    return 1.0 if value == 0.0 else value * 1.1


def _variants(node: ast.AST) -> list[ast.AST]:
    """Return what may stand in place of a node."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [ast.Constant(_changed_number(node.value))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [node.operand]
    if isinstance(node, ast.BinOp):
        found: list[ast.AST] = []
        if type(node.op) in _OPERATORS:
            found.append(ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right))
        if isinstance(node.op, ast.Add | ast.Sub):
            found.append(node.left)
            found.append(node.right if isinstance(node.op, ast.Add) else ast.UnaryOp(ast.USub(), node.right))
        return found
    if isinstance(node, ast.Compare):
        found = []
        for place, operator in enumerate(node.ops):
            if type(operator) in _COMPARISONS:
                operators = list(node.ops)
                operators[place] = _COMPARISONS[type(operator)]()
                found.append(ast.Compare(node.left, operators, node.comparators))
        return found
    return []


def _unseen(tree: ast.AST) -> set[int]:
    """Return the nodes that no number comes from: annotations, the texts of messages, and generous limits of what double precision carries."""
    hidden: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns]
        elif isinstance(node, ast.JoinedStr | ast.Raise):
            parts = [node]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "moderate":
            parts = [keyword.value for keyword in node.keywords]
        for part in parts:
            if part is not None:
                hidden |= {id(inner) for inner in ast.walk(part)}
    return hidden


def _statements(tree: ast.AST) -> dict[int, ast.stmt]:
    """Return for every node the statement that holds it."""
    found: dict[int, ast.stmt] = {}
    waiting: list[tuple[ast.AST, ast.stmt | None]] = [(tree, None)]
    while waiting:
        node, holder = waiting.pop()
        holder = node if isinstance(node, ast.stmt) else holder
        if holder is not None:
            found[id(node)] = holder
        waiting += [(child, holder) for child in ast.iter_child_nodes(node)]
    return found


class _Exchange(ast.NodeTransformer):
    def __init__(self, target: ast.AST, variant: ast.AST) -> None:
        self.target, self.variant = target, variant

    def visit(self, node: ast.AST) -> Any:
        return self.variant if node is self.target else self.generic_visit(node)


def _head(statement: ast.stmt, target: ast.AST, variant: ast.AST) -> str:
    """Return the text of a changed statement; of one with a body, its head."""
    head = copy.copy(statement)
    for part in ("body", "orelse", "finalbody", "handlers"):
        if getattr(head, part, None) and isinstance(getattr(head, part), list):
            setattr(head, part, [ast.Pass()] if part == "body" else [])
    # A deep copy that takes the variant for a copy of the target.
    memory: dict[int, Any] = {id(target): variant}
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(head, memory)))
    return " ".join(text.removesuffix("pass").split())


def enumerate_mutants(path: Path) -> list[Mutant]:
    """Return all mutants of a module, in the order of its text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = _unseen(tree)
    statements = _statements(tree)
    holders: dict[int, str] = {}
    for top in tree.body:
        if isinstance(top, ast.FunctionDef | ast.ClassDef):
            holders |= {id(inner): top.name for inner in ast.walk(top)}
    mutants = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in hidden:
            continue
        for choice, variant in enumerate(_variants(node)):
            after = ast.unparse(ast.fix_missing_locations(copy.deepcopy(variant)))
            statement = _head(statements[id(node)], node, variant)
            line = getattr(node, "lineno", 0)
            mutants.append(Mutant(str(path), line, holders.get(id(node), ""), ast.unparse(node), after, (number, choice), statement))
    return _numbered(sorted(mutants, key=lambda mutant: (mutant.line, mutant.place)))


def _numbered(mutants: list[Mutant]) -> list[Mutant]:
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for mutant in mutants:
        key = (mutant.function, mutant.before, mutant.after, mutant.statement)
        found.append(dataclasses.replace(mutant, twin=seen[key]))
        seen[key] += 1
    return found


def _mutated_tree(mutant: Mutant) -> ast.Module:
    tree = ast.parse(Path(mutant.path).read_text(encoding="utf-8"))
    number, choice = mutant.place
    target = next(node for place, node in enumerate(ast.walk(tree)) if place == number)
    variant = ast.copy_location(_variants(target)[choice], target)

    return ast.fix_missing_locations(_Exchange(target, variant).visit(tree))


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions that a module defines: bare, wrapped, and as methods."""
    for value in list(vars(module).values()):
        for found in [value, *(vars(value).values() if inspect.isclass(value) and value.__module__ == module.__name__ else ())]:
            function = found.fget if isinstance(found, property) else inspect.unwrap(found) if callable(found) else found
            function = getattr(function, "__func__", function)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def apply(mutant: Mutant, module: ModuleType) -> None:
    """Give this process the mutant.

    Raises
    ------
    LookupError
        If no function of the module, and no name at its top, takes the change.
    """
    tree = _mutated_tree(mutant)
    compiled = compile(tree, mutant.path, "exec")
    fresh = {(code.co_qualname, code.co_firstlineno): code for code in _codes(compiled)}
    changed = False
    for function in functions_of(module):
        code = fresh.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if code is not None and not _same(code, function.__code__):
            function.__code__ = code
            changed = True
    # Wrappers remember what the function said before.
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    if not changed:
        _apply_to_names(mutant, module, compiled)


def _same(first: CodeType, second: CodeType) -> bool:
    if first.co_code != second.co_code or len(first.co_consts) != len(second.co_consts):
        return False
    pairs = zip(first.co_consts, second.co_consts, strict=True)
    return all(_same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else type(a) is type(b) and a == b for a, b in pairs)


def _apply_to_names(mutant: Mutant, module: ModuleType, compiled: CodeType) -> None:
    """Run the changed text in a module of its own and take over the names and defaults that differ."""
    other = ModuleType(module.__name__)
    other.__dict__.update(__file__=mutant.path, __package__=module.__package__)
    # Dataclasses look their module up while they are made.
    sys.modules[module.__name__] = other
    try:
        exec(compiled, other.__dict__)
    finally:
        sys.modules[module.__name__] = module
    changed = False
    theirs = {function.__qualname__: function for function in functions_of(other)}
    for function in functions_of(module):
        twin = theirs.get(function.__qualname__)
        if twin is not None and repr((twin.__defaults__, twin.__kwdefaults__)) != repr((function.__defaults__, function.__kwdefaults__)):
            function.__defaults__, function.__kwdefaults__ = twin.__defaults__, twin.__kwdefaults__
            changed = True
    for name, value in vars(other).items():
        old = vars(module).get(name)
        if name.startswith("__") or callable(value) or inspect.ismodule(value) or repr(value) == repr(old):
            continue
        setattr(module, name, value)
        for user in list(sys.modules.values()):
            if user is not module and getattr(user, "__name__", "").startswith("theorylab") and vars(user).get(name) is old and old is not None:
                setattr(user, name, value)
        changed = True
    if not changed:
        raise LookupError(f"nothing in {module.__name__} takes the change {mutant.name}")
