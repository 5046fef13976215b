"""The house keeps its shape: arrows point one way, every paper has all its rooms, the door opens quickly."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import theorylab
from theorylab.papers import catalogue

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "theorylab"
# Lines of the longest file: in the package, and in the wings, where a list of claims or of drawings may be longer.
LONGEST_MODULE, LONGEST_LIST = 400, 600

# Unit -> what it may import, besides itself. A unit is a module or package directly below theorylab.
FOUNDATION = {"device", "validation", "backend"}
BENCH: dict[str, set[str]] = {
    "files": set(),
    "names": set(),
    "device": set(),
    "validation": set(),
    "backend": {"device", "validation"},
    "montecarlo": FOUNDATION | {"files"},
    "evidence": {"files", "montecarlo.moments", "montecarlo.separate_moments", "validation"},
    "numerics": FOUNDATION,
    "models": FOUNDATION | {"numerics", "montecarlo"},
    "quantities": {"evidence", "montecarlo", "validation"},
    "laboratory": {"evidence", "montecarlo", "quantities", "validation"},
    "rows": {"evidence", "quantities", "validation"},
    "session": {"backend", "montecarlo", "validation"},
    "dry_run": FOUNDATION | {"laboratory", "montecarlo", "rows"},
}
PAPER = FOUNDATION | {"montecarlo", "numerics", "models"}
SLUGS = [paper.slug for paper in catalogue()]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _guards_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _imports_below(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not _guards_types(child):
            yield from _imports_below(child)


@cache
def imports(module: str) -> frozenset[str]:
    """Return the theorylab modules that ``module`` imports anywhere, but for those that only name types."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in _imports_below(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            continue
        parent = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*parent, *([node.module] if node.module else [])])
        found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base for alias in node.names}
    return frozenset(name for name in found if name in modules() and name != "theorylab")


@cache
def reach(module: str) -> frozenset[str]:
    """Return all theorylab modules that are loaded with ``module``: what it imports, and the packages around it, transitively."""
    seen: set[str] = set()
    queue = [module]
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        queue += imports(name)
        if name.count(".") > 1:
            queue.append(name.rpartition(".")[0])
    return frozenset(seen)


def unit(module: str) -> str:
    return module.split(".")[1]


def below(module: str, names: set[str]) -> bool:
    return any(module == f"theorylab.{name}" or module.startswith(f"theorylab.{name}.") for name in names)


def test_the_reader_of_imports_sees_what_there_is() -> None:
    assert "theorylab.device.generator" in imports("theorylab.backend")
    assert "theorylab.montecarlo.moments" in imports("theorylab.evidence.estimands")
    assert "theorylab.laboratory" not in imports("theorylab.quantities")  # only under TYPE_CHECKING
    assert "theorylab.session" in imports("theorylab.pytest_plugin")  # inside a function
    assert "theorylab.device.philox" in reach("theorylab.laboratory")
    assert len(modules()) > 40


@pytest.mark.parametrize("name", BENCH)
def test_the_bench_imports_downwards_only(name: str) -> None:
    own = [module for module in modules() if below(module, {name})]
    assert own, f"there is no theorylab.{name}"
    wrong = [(module, target) for module in own for target in imports(module) if not below(target, BENCH[name] | {name})]
    assert not wrong


def test_every_unit_has_a_place() -> None:
    # A new unit must be given one: on the bench, or among those above the papers, which may use everything but a single paper.
    above = {"cli", "plotting", "project", "pytest_plugin", "report", "sweeps"}
    assert {unit(module) for module in modules() if module != "theorylab"} <= set(BENCH) | {"papers"} | above
    for module in modules():
        if module != "theorylab" and unit(module) in above:
            assert not [target for target in imports(module) if target.startswith("theorylab.papers.")], module
        if module != "theorylab" and unit(module) == "plotting":
            assert not [target for target in imports(module) if below(target, {"papers", "cli", "pytest_plugin", "report"})], module


def test_nothing_on_the_bench_reaches_a_paper() -> None:
    assert not [
        (module, target)
        for module in modules()
        if module != "theorylab" and unit(module) in BENCH
        for target in reach(module)
        if below(target, {"papers"})
    ]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_paper_imports_the_bench_and_itself(slug: str) -> None:
    own = [module for module in modules() if below(module, {f"papers.{slug}"})]
    wrong = [(module, target) for module in own for target in imports(module) if not below(target, PAPER | {f"papers.{slug}"})]
    assert not wrong


@pytest.mark.parametrize("slug", SLUGS)
def test_the_two_witnesses_share_nothing_of_their_paper(slug: str) -> None:
    theory = [module for module in modules() if below(module, {f"papers.{slug}.closed_form"})]
    simulator = [module for module in modules() if below(module, {f"papers.{slug}.monte_carlo"})]
    assert theory
    assert simulator
    paper = f"theorylab.papers.{slug}"
    seen_by_theory = {target for module in theory for target in reach(module) if target.startswith(paper + ".")}
    seen_by_simulator = {target for module in simulator for target in reach(module) if target.startswith(paper + ".")}
    assert not seen_by_theory & seen_by_simulator
    # Theory is what estimators for users are built on, never the other way round. A simulator may study an estimator that needs no theory.
    assert not [target for target in seen_by_theory if below(target, {f"papers.{slug}.estimators"})]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    "room",
    [
        "theorylab/papers/{slug}/closed_form*",
        "theorylab/papers/{slug}/monte_carlo*",
        "simulations/{slug}.py",
        "figures/{slug}.py",
        "paper_checks/test_{slug}*.py",
        "tests/papers/test_{slug}*.py",
        "notebooks/{slug}.ipynb",
    ],
)
def test_every_paper_has_all_its_rooms(slug: str, room: str) -> None:
    pattern = room.format(slug=slug)
    found = [path for path in ROOT.glob(pattern) if path.is_dir() or path.stat().st_size > 200]
    assert found, f"{pattern} is missing or empty"


def test_the_catalogue_is_complete() -> None:
    folders = {path.parent.name for path in (PACKAGE / "papers").glob("*/__init__.py")}
    assert folders == set(SLUGS)
    assert len(set(SLUGS)) == len(SLUGS)
    for paper in catalogue():
        assert paper.slug.isidentifier()
        assert paper.slug.islower()
        assert paper.title
        assert paper.authors
        assert paper.venue
        assert paper.theme
        whole, _, number = paper.arxiv.partition(".")
        assert whole.isdigit() and number.isdigit() and len(whole) == 4  # noqa: PT018


def loaded_by(statement: str) -> tuple[set[str], float]:
    code = f"import sys, time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t); print(*sys.modules)"
    # -S -E would hide the package, so what the interpreter loads by itself is taken off.
    idle = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, names = done.stdout.split("\n", 1)
    return set(names.split()) - set(idle.stdout.split()), float(seconds)


HEAVY = {"numba", "matplotlib", "cupy", "sklearn", "statsmodels", "cvxpy", "pandas", "distributed", "dask"}


@pytest.mark.parametrize(
    "statement", ["import theorylab", "import theorylab.pytest_plugin", "from theorylab.laboratory import Laboratory", "import theorylab.papers"]
)
def test_importing_is_light(statement: str) -> None:
    loaded, seconds = loaded_by(statement)
    print(f"{statement}: {1000 * seconds:.0f} ms, {len(loaded)} modules")
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert "scipy.stats" not in loaded
    if statement == "import theorylab":
        assert not {name for name in loaded if name.startswith("theorylab.")}


def test_files_are_short() -> None:
    wings = ("benchmarks", "figures", "paper_checks", "simulations", "tests")
    limits = dict.fromkeys(modules().values(), LONGEST_MODULE) | {path: LONGEST_LIST for wing in wings for path in (ROOT / wing).rglob("*.py")}
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in limits}
    assert not {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > limits[path]}


def _public() -> Iterator[tuple[str, Any]]:
    """Yield every public function, and every public method of a public class, with its name."""
    for found in pkgutil.walk_packages(theorylab.__path__, "theorylab."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            value = getattr(value, "py_func", value)
            if inspect.isclass(value) and value.__module__.startswith("theorylab"):
                yield f"{value.__module__}.{name}", value
                for own, method in vars(value).items():
                    method = getattr(method, "fget", None) or getattr(method, "__func__", method)
                    if inspect.isfunction(method) and not own.startswith("_"):
                        yield f"{value.__module__}.{name}.{own}", method
            elif inspect.isfunction(value):
                yield f"{value.__module__}.{name}", value


def test_all_that_is_public_is_described_and_typed() -> None:
    seen, silent, untyped = 0, set(), set()
    for name, value in _public():
        seen += 1
        own = value.__doc__
        if not own or not own.strip() or (inspect.isclass(value) and own.startswith(f"{value.__name__}(")):
            silent.add(name)
        if inspect.isfunction(value):
            signature = inspect.signature(value)
            parameters = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
            if signature.return_annotation is signature.empty or any(each.annotation is each.empty for each in parameters):
                untyped.add(name)
    assert seen > 100
    assert not silent
    assert not untyped


def test_what_a_module_promises_exists() -> None:
    for found in pkgutil.walk_packages(theorylab.__path__, "theorylab."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            promised = list(getattr(module, "__all__", ()))
            assert len(promised) == len(set(promised)), found.name
            assert not [name for name in promised if not hasattr(module, name)], found.name


def test_the_top_level_holds_what_belongs_there() -> None:
    kept = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if kept.returncode:
        pytest.skip("not a repository: what is kept cannot be told from what was made")
    names = kept.stdout.decode().split("\0")[:-1]
    folders = {"theorylab", "simulations", "figures", "tests", "paper_checks", "notebooks", "benchmarks", "docs", ".ci"}
    files = {"pyproject.toml", "README.md", "Makefile", "MANIFEST.in", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", ".gitignore"}
    assert {name for name in names if "/" not in name} == files
    assert {name.partition("/")[0] for name in names if "/" in name} == folders
    # Names that every file system takes.
    assert not [name for name in names if not all(part.isascii() and part.isprintable() for part in name.split("/"))]
