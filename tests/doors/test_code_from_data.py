"""No module loads pickles, evaluates a text, runs a shell, or imports what a file names, but for the few places listed here with a reason."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest
from openings import openings

from theorylab.project import project_root

ROOT = project_root(Path(__file__).parent)
CODE = ("theorylab", "simulations", "figures", "paper_checks", "benchmarks")
CLUSTER = "theorylab/montecarlo/cluster.py"

# (files, what) -> why it may. Everything else is a finding.
ALLOWED = {
    (CLUSTER, "import pickle"): "Dask's own form of a call, from this process to its workers; never read from a file",
    (CLUSTER, "import cloudpickle"): "the same",
    ("theorylab/project.py", "importlib.import_module"): "the wing of a paper: its slug must be in the catalogue, its file in the project",
    ("theorylab/cli/interrupts.py", "import subprocess"): "starts pytest, as a list of words and without a shell",
    ("theorylab/montecarlo/ledger.py", "SQL of statement"): "handed on by a method whose own statements are looked at",
    ("theorylab/montecarlo/ledger_schema.py", "SQL of statement"): "the tables, texts of this very module",
    ("theorylab/montecarlo/ledger_schema.py", "SQL of statements()[1]"): "the same",
    ("theorylab/device/generator.py", "cupy.RawModule"): "the CUDA text of this very module",
    ("benchmarks/*.py", "import subprocess"): "starts Python in a process of its own",
    ("benchmarks/*.py", "importlib.import_module"): "benchmarks and peers of a list in the same file",
    ("benchmarks/bench_cluster.py", "import pickle"): "measures how long the messages of the cluster are",
    ("benchmarks/bench_cluster.py", "import cloudpickle"): "the same",
    ("benchmarks/bench_growth.py", "format of a text from elsewhere"): "the format of a number, given by the caller in the same file",
}


def test_nothing_turns_data_into_code() -> None:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 200
    found = {(path.relative_to(ROOT).as_posix(), what) for path in files for what in openings(path.read_text(encoding="utf-8"))}
    used = {known for known in ALLOWED for file, what in found if fnmatch(file, known[0]) and what == known[1]}
    assert {(file, what) for file, what in found if not any(fnmatch(file, names) and what == known for names, known in ALLOWED)} == set()
    assert ALLOWED.keys() - used == set(), "no longer needed"


def test_pickles_of_the_cluster_come_from_this_process() -> None:
    tree = ast.parse((ROOT / CLUSTER).read_text(encoding="utf-8"))
    uses = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and "pickle" in ast.unparse(node.value)}
    assert uses == {"pickle.loads", "pickle.dumps", "cloudpickle.dumps"}
    # What is read from files there is read as text, for JSON, and nothing else is opened.
    read = [ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not {"open", "read_bytes", "fdopen", "memmap", "fromfile", "load"} & set(read)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import pickle", "import pickle"),
        ("import pickle as harmless", "import pickle"),
        ("from pickle import loads", "import pickle"),
        ("import joblib.numpy_pickle", "import joblib"),
        ("from joblib.numpy_pickle import load", "import joblib"),
        ("from sklearn.utils import joblib", "import joblib"),
        ("def f():\n    import joblib", "import joblib"),
        ("import numpy as np\nnp.load(path)", "numpy.load"),
        ("import numpy as data\nread = data.load", "numpy.load"),
        ("from numpy import load as read", "numpy.load"),
        ("np.loadtxt(path, allow_pickle=True)", "allow_pickle"),
        ("np.loadtxt(path, allow_pickle=wanted)", "allow_pickle"),
        ("eval(text)", "eval"),
        ("run = eval", "eval"),
        ("import builtins\nbuiltins.exec(text)", "exec"),
        ("import os\nos.system(text)", "os.system"),
        ("import os as system\nsystem.execvp(name, words)", "os.execvp"),
        ("from os import system", "os.system"),
        ("import os\ngetattr(os, name)(text)", "getattr of a module"),
        ("from os import *", "import *"),
        ("import subprocess\nsubprocess.run(text, shell=True)", "shell"),
        ("import subprocess", "import subprocess"),
        ("import yaml\nyaml.load(text)", "import yaml"),
        ("import ast\nast.literal_eval(text)", "ast.literal_eval"),
        ("from importlib import import_module", "importlib.import_module"),
        ("connection.enable_load_extension(True)", "enable_load_extension"),
        ("connection.executescript(text)", "executescript"),
        ("connection.execute(f'SELECT {text}')", "SQL of f'SELECT {text}'"),
        ("connection.execute('SELECT ' + text)", "SQL of 'SELECT ' + text"),
        ("connection.execute('SELECT %s' % text)", "SQL of 'SELECT %s' % text"),
        ("connection.executemany(text, rows)", "SQL of text"),
        ("def f(text):\n    connection.execute(text)", "SQL of text"),
        ("query = 'SELECT 1'\nquery = text\nconnection.execute(query)", "SQL of query"),
        ("query = 'SELECT 1'\nquery += text\nconnection.execute(query)", "SQL of query"),
        ("for query in texts:\n    connection.execute(query)", "SQL of query"),
        ("record['statement'].format(paper=paper)", "format of a text from elsewhere"),
        ("import ctypes\nctypes.CDLL(name)", "ctypes.CDLL"),
        ("from ctypes import CDLL\nCDLL(name)", "ctypes.CDLL"),
        ("import cupy\ncupy.RawKernel(text, 'f')", "cupy.RawKernel"),
    ],
)
def test_the_search_finds_what_it_is_for(text: str, found: str) -> None:
    assert found in set(openings(text))


@pytest.mark.parametrize(
    "text",
    [
        "import re\nre.compile(text)",
        "import json\njson.loads(text)",
        "import numpy as np\nnp.loadtxt(path)\nnp.save(path, values)",
        "connection.execute('SELECT 1 WHERE x = ?', (text,))",
        "connection.execute(f'PRAGMA user_version = {VERSION}')",
        "query = 'SELECT x'\nconnection.execute(f'{query} FROM y')",
        "[connection.execute(f'SELECT * FROM {table}') for table in ('a', 'b')]",
        "'{} of {}'.format(some, all)",
        "import ctypes\nctypes.CDLL(None)",
        "model.load(path)",
        "run(words, shell=False)",
    ],
)
def test_the_search_lets_the_harmless_pass(text: str) -> None:
    assert list(openings(text)) == []
