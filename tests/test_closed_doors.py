"""Doors that stay closed: what a file says is data, and no name leads out of the results folder."""

from __future__ import annotations

import ast
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from theorylab.cli.main import run
from theorylab.evidence.store import read_evidence, write_evidence, write_whole
from theorylab.evidence.table import render_claims
from theorylab.montecarlo.ledger import Ledger, LedgerError
from theorylab.names import file_name
from theorylab.papers import catalogue, find_paper, read_catalogue
from theorylab.plotting import new_figure, save_figure
from theorylab.project import ProjectError, Results, check_files, load_wing, project_root
from theorylab.sweeps import is_current, load_rows

ROOT = project_root(Path(__file__).parent)
SLUG = "one_step_gd"
CODE = ("theorylab", "simulations", "figures", "paper_checks")

# What turns data into code, or a text into a command. A name with a dot is looked for as it is written, one without among calls of builtins.
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "code", "codeop", "runpy", "cffi"}
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
ATTRIBUTES = {
    *("os.system", "os.popen", "os.startfile", "np.load", "numpy.load", "np.fromregex", "pd.eval", "pandas.eval", "pd.read_pickle"),
    *("ast.literal_eval", "importlib.import_module", "importlib.reload", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("tempfile.mktemp", "sqlite3.enable_callback_tracebacks"),
}
METHODS = {"enable_load_extension", "load_extension", "exec_module", "load_module", "executescript", "query_eval"}
PROCESSES = {"subprocess"}
LIBRARIES = {"CDLL", "PyDLL", "LoadLibrary", "dlopen"}
# (file, what) -> why it may. Everything else is a finding.
ALLOWED = {
    ("theorylab/montecarlo/cluster.py", "import pickle"): "Dask's own form of a call, from this process to its workers; never read from a file",
    ("theorylab/montecarlo/cluster.py", "import cloudpickle"): "the same",
    ("theorylab/project.py", "importlib.import_module"): "the wing of a paper: its slug must be in the catalogue, its file in the project",
    ("theorylab/cli/interrupts.py", "import subprocess"): "starts pytest, as a list of words and without a shell",
}


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def openings(tree: ast.AST) -> Iterator[str]:
    """Yield what in a module could turn data into code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = []
        yield from (f"import {name}" for name in names if name.partition(".")[0] in MODULES | PROCESSES and "." not in name)
        yield from (name for name in names if name in ATTRIBUTES)
        if isinstance(node, ast.Attribute) and _dotted(node) in ATTRIBUTES:
            yield _dotted(node)
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            yield node.func.id
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.func.attr
        for keyword in node.keywords:
            if keyword.arg in ("shell", "allow_pickle") and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
                yield keyword.arg
            if keyword.arg == "usetex":
                yield keyword.arg
        # The process itself, CDLL(None), may be called; a library of a name may not be loaded.
        if isinstance(node.func, ast.Attribute) and node.func.attr in LIBRARIES and [ast.unparse(each) for each in node.args] != ["None"]:
            yield node.func.attr


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import pickle", "import pickle"),
        ("from pickle import loads", "import pickle"),
        ("import numpy as np\nnp.load(path)", "np.load"),
        ("from numpy import load", "numpy.load"),
        ("np.loadtxt(path, allow_pickle=True)", "allow_pickle"),
        ("eval(text)", "eval"),
        ("import os\nos.system(text)", "os.system"),
        ("from os import system", "os.system"),
        ("subprocess.run(text, shell=True)", "shell"),
        ("import yaml\nyaml.load(text)", "import yaml"),
        ("connection.enable_load_extension(True)", "enable_load_extension"),
        ("ctypes.CDLL(name)", "CDLL"),
        ("def f():\n    import joblib", "import joblib"),
    ],
)
def test_the_search_finds_what_it_is_for(text: str, found: str) -> None:
    assert found in set(openings(ast.parse(text)))


def test_nothing_turns_data_into_code() -> None:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 150
    found = {(path.relative_to(ROOT).as_posix(), what) for path in files for what in openings(ast.parse(path.read_text(encoding="utf-8")))}
    assert found - ALLOWED.keys() == set()
    assert ALLOWED.keys() - found == set(), "no longer needed"


def test_pickles_of_the_cluster_come_from_this_process() -> None:
    tree = ast.parse((ROOT / "theorylab/montecarlo/cluster.py").read_text(encoding="utf-8"))
    calls = {_dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and "pickle" in _dotted(node)}
    assert calls == {"pickle.loads", "pickle.dumps", "cloudpickle.dumps"}
    # What is read from files there is read as JSON, and nothing is opened.
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _dotted(node.func).endswith(("open", "read_bytes"))]


# Content -----------------------------------------------------------------------------------------------------------------------------------

# Each would leave a file behind if something ran it.
PAYLOADS = [
    "__import__('os').system('touch {mark}')",
    "$(touch {mark})",
    "`touch {mark}`",
    "'; ATTACH DATABASE '{mark}' AS x; CREATE TABLE x.y (z); --",
    "cos\nsystem\n(S'touch {mark}'\ntR.",
    "!!python/object/apply:os.system ['touch {mark}']",
    "{{mark.__class__}} {0.__class__} %(mark)s ${papers} $summary",
    "[link=file://{mark}]x[/link] [/] [bold",
    "\x1b]0;x\x07\x1b[2J\x00",
]


def claim(text: str, **changed: object) -> dict[str, object]:
    question = {"question": text, "verdict": "holds", "theory": 1.0, "estimate": 1.0, "interval": [0.9, 1.1], "margin": [0.8, 1.2]}
    record = {
        **dict.fromkeys(("paper", "claim", "kind", "statement", "tex", "source", "scale", "backend", "version", "checked"), text),
        "verdict": "holds",
        "blind": False,
        "assertions": [{**question, "replicates": 512, "seconds": 0.1, "reason": text, "test": text}],
        "counterclaims": [{"label": text, "verdict": "refuted", "half_widths": 2.0, "test": text}],
        "tests": [{"id": text, "outcome": "passed", "seconds": 0.1}],
        "seconds": 0.1,
        "seed": 0,
        "alpha": 1e-6,
    }
    return record | changed


@pytest.mark.parametrize("payload", PAYLOADS)
def test_evidence_is_data(payload: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = tmp_path / "mark"
    text = payload.replace("{mark}", str(mark))
    results = tmp_path / "results"
    write_evidence(results / "evidence.json", [claim(text)])
    write_evidence(results / "evidence.json", [claim("other")])
    assert [record["statement"] for record in read_evidence(results / "evidence.json") if record["claim"] == text] == [text]
    assert run(["report", "--results", str(results)]) == 0
    shown = render_claims([claim(text)], colour=True, width=200)
    assert "\x1b]" not in shown
    assert "\x1b[2J" not in shown
    if text.isprintable():
        assert text in shown.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert not mark.exists()
    assert sorted(path.name for path in results.iterdir()) == ["evidence.json", "report"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_ledger_is_data(payload: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = payload.replace("{mark}", str(mark))
    ledger = Ledger(tmp_path / "a.sqlite")
    record = ledger.record(text)
    ledger.insert(record, 0, np.ones((2, 5)))
    ledger.fail(record, 2, text)
    other = Ledger(tmp_path / "b.sqlite")
    assert other.merge(tmp_path / "a.sqlite") == 2
    assert other.identities() == [(1, text)]
    assert other.record(text) == 1
    np.testing.assert_array_equal(other.vectors(1, 2), np.ones((2, 5)))
    assert list(other.verify()) == []
    assert not mark.exists()


def _forged(path: Path, *statements: str) -> Path:
    """Return a ledger that somebody else changed."""
    Ledger(path).close()
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON block BEGIN DELETE FROM record; END",
        "CREATE VIEW v AS SELECT load_extension('x') FROM block",
        "CREATE INDEX i ON record (abs(id))",
        "CREATE TABLE t (x TEXT CHECK (x <> ''))",
    ],
)
def test_a_ledger_with_a_schema_of_its_own_is_set_aside(statement: str, tmp_path: Path) -> None:
    path = _forged(tmp_path / "ledger.sqlite", statement)
    with pytest.raises(LedgerError, match="its schema is not what was written"):
        Ledger(path)
    assert not path.exists()
    assert [each for each in tmp_path.iterdir() if each.name.startswith("ledger.sqlite.damaged-")]


def test_blocks_of_another_shape_are_refused_even_with_a_right_checksum(tmp_path: Path) -> None:
    def row(number: int, numbers: int) -> str:
        moments = np.ones(numbers).tobytes()
        checksum = zlib.crc32(moments, zlib.crc32(number.to_bytes(8, "little")))
        return f"INSERT INTO block VALUES (1, {number}, x'{moments.hex()}', {checksum})"

    # Eight numbers in all: without a look at each, two blocks of four.
    path = _forged(tmp_path / "ledger.sqlite", "INSERT INTO record (id, identity) VALUES (1, 'r')", row(0, 3), row(1, 5))
    ledger = Ledger(path)
    with pytest.raises(LedgerError, match="the blocks of record 1 are not of one length"):
        ledger.vectors(1, 2)


def test_nothing_of_a_ledger_reaches_the_terminal_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "INSERT INTO block VALUES (1, CAST(x'1b5d303b781b5b324a' AS TEXT), x'00', 0)"
    path = _forged(tmp_path / "ledger.sqlite", "INSERT INTO record (id, identity) VALUES (1, 'r')", row)
    assert run(["ledger", "verify", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "fails its checksum" in shown
    assert "\x1b" not in shown
    assert run(["ledger", "info", "a\x1b[2Jb"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_sqlite_loads_no_extension(tmp_path: Path) -> None:
    connection = Ledger(tmp_path / "ledger.sqlite")._connection
    with pytest.raises(sqlite3.OperationalError, match=r"not authorized|no such function"):
        connection.execute("SELECT load_extension('x')")
    assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)


@pytest.mark.parametrize("name", ["file:x?mode=memory", "x;y", "x y", "-x"])
def test_the_name_of_a_ledger_is_a_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Ledger(name).close()
    assert (tmp_path / name).is_file()
    assert Ledger("other").merge(name) == 0


GOOD = claim("x")
WRONG_FIELDS = [
    *({"verdict": value} for value in ("maybe", None, ["holds"], "<b>holds</b>")),
    *({"seconds": value} for value in ("1", -1, float("nan"), float("inf"), 10**400, True, None)),
    *({"alpha": value} for value in (0, 1, "1e-6", float("nan"))),
    *({"seed": value} for value in (-1, 0.5, "0", None)),
    *({"statement": value} for value in (None, 1, ["x"], {"x": 1}, "\ud800")),
    *({"blind": value} for value in (0, "false", None)),
    *({"assertions": value} for value in ({}, None, ["x"], [[]], [{}], "x")),
    *({"counterclaims": [{"label": "x", "verdict": "refuted", "half_widths": value, "test": "t"}]} for value in ("2", float("nan"), [2])),
    *({"assertions": [{**GOOD["assertions"][0], "interval": value}]} for value in ([1], [1, 2, 3], "12", ["1", "2"], {"0": 1})),  # type: ignore[index]
    *({"assertions": [{**GOOD["assertions"][0], "replicates": value}]} for value in ("512", -1, 1.5, None)),  # type: ignore[index]
    {"tests": [{"id": "t"}]},
]


@pytest.mark.parametrize("changed", WRONG_FIELDS, ids=lambda changed: ascii(changed)[:60])
def test_evidence_that_cannot_be_is_refused_in_one_line(changed: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps([claim("good"), claim("bad", **changed)]), encoding="utf-8")
    before = path.read_bytes()
    name = next(iter(changed))
    with pytest.raises(ValueError, match=f"{name}.*move it away"):
        read_evidence(path)
    assert run(["report", "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("theorylab: error: ")
    assert error.count("\n") == 1
    assert path.read_bytes() == before
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("content", ["[" * 100_000, "[" + "9" * 10_000 + "]", "\x00", '{"__class__": "os.system"}', "[[], []]", "NaN"])
def test_json_at_its_limits_is_refused_in_one_line(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evidence.json").write_text(content, encoding="utf-8")
    assert run(["report", "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    table = tmp_path / "sweeps" / SLUG / "x.quick.json"
    table.parent.mkdir(parents=True)
    table.write_text(content, encoding="utf-8")
    assert not is_current(SLUG, "x", "quick", ROOT, Results(tmp_path))
    with pytest.raises(ProjectError, match="cannot be read as the table of a sweep"):
        load_rows(table)


# The catalogue -----------------------------------------------------------------------------------------------------------------------------

ENTRY = {"slug": "a_b", "title": "T", "authors": ["A"], "venue": "V", "arxiv": "1.2", "theme": "H"}


def _toml(**changed: object) -> str:
    return "[[paper]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in (ENTRY | changed).items())


@pytest.mark.parametrize("slug", ["", "../x", "/etc/passwd", "a/b", "a.b", "os; import os", "A_B", "-x", "1a", "ä", "a\x00", "a b", 7, ["a_b"]])
def test_a_slug_of_the_catalogue_is_a_plain_identifier(slug: object) -> None:
    assert read_catalogue(_toml())[0].slug == "a_b"
    with pytest.raises(ValueError, match="slug of paper 1 of the catalogue must be a lower-case identifier"):
        read_catalogue(_toml(slug=slug))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paper = 1", "entries"),
        ("", "entries"),
        ("[x]\n" + _toml(), "entries"),
        ("paper = [1]", "must have the fields"),
        (_toml(__class__="x"), "must have the fields"),
        (_toml(title=["x"]), "texts"),
        (_toml(authors="x"), "texts"),
        (_toml(authors=[1]), "texts"),
        (_toml() + _toml(), "unique"),
        ("[[paper]", "Expected"),
    ],
)
def test_a_catalogue_is_data_of_one_form(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_catalogue(text)


@pytest.mark.parametrize("payload", PAYLOADS[:-1])
def test_texts_of_the_catalogue_stay_texts(payload: str) -> None:
    (paper,) = read_catalogue(_toml(title=payload, authors=[payload], venue=payload, theme=payload))
    assert (paper.title, paper.authors) == (payload, (payload,))


# Paths -------------------------------------------------------------------------------------------------------------------------------------

ESCAPES = ["../x", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "C:x", "a\x00b", ".hidden", "a\nb", "\x1b[2J"]


@pytest.mark.parametrize("name", ESCAPES)
def test_names_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    for words in ((name, "x", "quick"), (SLUG, name, "quick"), (SLUG, "x", name)):
        with pytest.raises(ValueError, match="must be the name of one file"):
            results.table(*words)
    with pytest.raises(ValueError, match="must be the name of one file"):
        results.figures(name)
    with pytest.raises(ValueError, match="must be the name of one file"):
        file_name("name", name)
    with pytest.raises(ValueError, match="unknown paper"):
        find_paper(name)
    with pytest.raises(ValueError, match="unknown paper"):
        load_wing("simulations", name, ROOT)
    with pytest.raises(ValueError, match="unknown paper"):
        check_files(name, ROOT)
    figure, _ = new_figure()
    with pytest.raises(ValueError, match="name must be the name of one file"):
        save_figure(figure, tmp_path / "figures", name)
    assert [path.name for path in tmp_path.rglob("*")] == ["results"]


def test_names_that_are_meant_pass() -> None:
    for slug in (paper.slug for paper in catalogue()):
        for name in (slug, *load_wing("simulations", slug, ROOT).SWEEPS, *load_wing("figures", slug, ROOT).FIGURES):
            assert file_name("name", name) == name


@pytest.mark.parametrize("name", [escape for escape in ESCAPES if escape])
@pytest.mark.parametrize("words", [["check"], ["simulate"], ["figure"], ["reproduce"], ["simulate", SLUG, "--name"], ["figure", SLUG, "--name"]])
def test_the_command_line_refuses_them_too(words: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, name, "--results", str(tmp_path / "results")]) == 2
    error = capsys.readouterr().err
    assert "unknown" in error
    assert error.count("\n") == 1
    assert error.rstrip("\n").isprintable()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_nul_in_a_path_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--results", f"{tmp_path}/a\x00b"], ["--results", str(tmp_path), "--ledger", f"{tmp_path}/a\x00b"]):
        assert run(["simulate", SLUG, *words]) == 2
        error = capsys.readouterr().err
        assert "NUL" in error or "null byte" in error
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    "place", ["sweeps", f"sweeps/{SLUG}", "figures", f"figures/{SLUG}", "report", "report/index.html", "evidence.json", "ledger.sqlite"]
)
def test_links_out_of_the_results_folder_are_refused(place: str, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "results"
    outside.mkdir()
    results = Results(inside)
    link = inside / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "target" if "." in place else outside)
    asked = {"sweeps": lambda: results.table(SLUG, "x", "quick"), "figures": lambda: results.figures(SLUG)}
    simple = {"report": lambda: results.report, "evidence.json": lambda: results.evidence, "ledger.sqlite": lambda: results.ledger}
    with pytest.raises(ProjectError, match="is a link that leads out of the results folder"):
        (asked | simple)[place.partition("/")[0]]()
    assert list(outside.iterdir()) == []


def test_links_that_stay_or_are_the_folder_itself_are_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    results = Results(tmp_path / "results")
    (tmp_path / "disk" / "sweeps").symlink_to(tmp_path / "disk")
    assert results.table(SLUG, "x", "quick").name == "x.quick.json"
    (tmp_path / "disk" / "figures").symlink_to(tmp_path / "disk" / "figures")
    with pytest.raises(ProjectError, match="is a link"):
        results.figures(SLUG)


def test_writing_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    for name in ("evidence.json", "x.png", f".evidence.json.{os.getpid()}", f".x.png.{os.getpid()}"):
        precious.write_text("mine", encoding="utf-8")
        folder = tmp_path / f"of-{name}"
        folder.mkdir()
        (folder / name).symlink_to(precious)
        write_whole(folder / "evidence.json", "new")
        save_figure(new_figure()[0], folder, "x", ["png"])
        assert precious.read_text(encoding="utf-8") == "mine", name
        assert sorted(path.name for path in folder.iterdir()) == ["evidence.json", "x.png"]
        assert not [path for path in folder.iterdir() if path.is_symlink()]
