"""The lessons: each runs from top to bottom with its folded solutions, in this interpreter, and is committed with its output."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from theorylab.papers import slugs

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TIMEOUT = 120
MAXIMUM_BYTES = 600 * 1024
# A home folder, a temporary folder, an installed package or a Windows drive: where a path of somebody's machine gives itself away.
MACHINE_PATH = re.compile(r"/(?:home|root|Users|tmp|private|var|work|opt)/|site-packages|\b[A-Z]:\\\\?Users")
# Names of the last line of a cell whose value is not shown.
SILENT_STARTS = ("import ", "from ", "def ", "for ", "with ", "return ", "%", "#", " ", ")", "]", "}")


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def kernel(folder: Path) -> AsyncKernelManager:
    """Return a manager whose kernel is this interpreter, whatever kernels the machine has under the name python3."""
    spec = folder / "this-python"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "this python", "language": "python"}), encoding="utf-8")
    manager = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name="this-python", kernel_spec_manager=manager)


def folded_solutions(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the Python blocks inside <details> of the text cells: a reader will paste them into a cell."""
    details = [block for cell in notebook.cells if cell.cell_type == "markdown" for block in re.findall(r"<details>.*?</details>", cell.source, re.S)]
    return [code for block in details for code in re.findall(r"```python\n(.*?)```", block, re.S)]


def displays_something(source: str) -> bool:
    """Whether a code cell prints, or ends in an expression whose value is shown."""
    last = source.rstrip().splitlines()[-1]
    shown = not last.startswith(SILENT_STARTS) and not last.endswith(";") and not re.match(r"[\w., \[\]\"]+ [-+*/]?= ", last)
    return "print(" in source or shown


def output_text(cell: nbformat.NotebookNode) -> str:
    """Return all text of a cell's outputs; pictures are left out, since base64 may spell anything."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        found += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(found)


@pytest.mark.parametrize("slug", slugs())
def test_every_paper_has_its_lesson(slug):
    assert FOLDER / f"{slug}.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    # Nothing of the machine's own Jupyter or IPython settings may help or hinder.
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = read(path)
    solutions = folded_solutions(notebook)
    assert solutions, "a lesson has exercises with their solutions folded in <details>"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    notebook.cells += [nbformat.v4.new_code_cell(code) for code in solutions]
    client = NotebookClient(notebook, km=kernel(tmp_path / "kernels"), timeout=TIMEOUT, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # Notes such as the one about the font cache of a fresh machine are no warnings of the lesson's code.
            warned = [output.text for output in cell.outputs if output.get("name") == "stderr" and "Warning" in output.text]
            assert not warned, f"the cell {cell.source[:60]!r} warns: {warned[0]}"
            if displays_something(cell.source):
                assert cell.outputs, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_committed_with_the_output_of_one_run(path):
    notebook = read(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "run it from top to bottom and save it"
    for cell in code:
        assert all(output.output_type != "error" for output in cell.outputs)
        if displays_something(cell.source):
            assert cell.outputs, f"no output is stored for {cell.source!r}"
    pictures = sum("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert pictures >= 3
    assert path.stat().st_size < MAXIMUM_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_are_pictures(path):
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert base64.b64decode(output.data["image/png"]).startswith(b"\x89PNG")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_names_no_machine(path):
    notebook = read(path)
    texts = [json.dumps(notebook.metadata)]
    for cell in notebook.cells:
        texts += [cell.source, output_text(cell), json.dumps(cell.metadata)]
    for text in texts:
        found = MACHINE_PATH.search(text)
        assert found is None, text[max(0, found.start() - 40) : found.end() + 40]
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(
    ("source", "expected"),
    [("x = 1\nx", True), ("print(1)\ny = 2", True), ("a, b = f(x)", False), ("import numpy as np", False), ("for i in r:\n    f(i)", False)],
)
def test_cells_that_display_are_recognised(source, expected):
    assert displays_something(source) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/home/ann/x.py:3: Warning", True), (".venv/lib/python3.11/site-packages/x", True), ("C:\\\\Users\\\\ann", True), ("$a/b$ and y/x_q", False)],
)
def test_machine_paths_are_recognised(text, expected):
    assert bool(MACHINE_PATH.search(text)) is expected
