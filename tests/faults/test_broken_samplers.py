"""A sampler that goes wrong costs one line: what was drawn before stays, nothing is averaged around it, and once it is mended the record is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fault_project
import pytest
from fault_project import SLUG, blocks_in, complaint, simulate

# All in one process, as each would start the interpreter four times.
SCRIPT = """
import contextlib, io, json, os, sys
from pathlib import Path
from theorylab.cli.main import run

def call(how, results):
    module = sys.modules.get("simulations.one_step_gd")
    if module:
        module.blocks = 0
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(["simulate", "one_step_gd", "--name", how, "--results", str(results)])
    return code, said.getvalue()

folder, found = Path(sys.argv[1]), {}
for how in sys.argv[2:]:
    wrong = call(how, folder / how)
    again = call(how, folder / how)
    os.environ["HEALED"] = "1"
    healed, fresh = call(how, folder / how), call(how, folder / (how + "-undisturbed"))
    del os.environ["HEALED"]
    found[how] = [wrong, again, healed, fresh]
print(json.dumps(found))
"""
REASONS = {
    "raise": "RuntimeError: no such luck",
    "exit": "SystemExit: 0",
    "shape": "SamplerError: statistic 'value' must have shape (512,); got (511,)",
    "matrix": "SamplerError: statistic 'value' must have shape (512,); got (512, 1)",
    "nothing": "SamplerError: statistic 'value' must have shape (512,); got ()",
    "complex": "SamplerError: statistic 'value' must be real numbers; got complex128",
    "text": "SamplerError: statistic 'value' must be real numbers; got <U32",
    "objects": "SamplerError: statistic 'value' must be real numbers; got object",
    "nan": "SamplerError: statistic 'value' has 1 of 512 values that are not finite",
    "inf": "SamplerError: statistic 'value' has 1 of 512 values that are not finite",
    "huge": "ValueError: columns are out of range: fourth powers of the values leave the range of floating point",
    "memory": "MemoryError: Unable to allocate 4.00 TiB",
}


@pytest.fixture(scope="module")
def found(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("wrong")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), *REASONS], cwd=project, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder, json.loads(done.stdout)


@pytest.mark.parametrize("how", REASONS)
def test_a_wrong_sampler_is_one_line_and_loses_nothing(found: tuple[Path, dict[str, Any]], how: str) -> None:
    folder, outcomes = found
    wrong, again, healed, fresh = outcomes[how]
    # Four blocks were finished; those of the next run, after which it goes wrong as it did, too.
    for (code, errors), block in ((wrong, 4), (again, 8)):
        assert complaint(code, errors).startswith(f"theorylab: error: block {block} of sample_wrongly(how='{how}') failed: {REASONS[how]}")
    assert healed == fresh == [0, ""]
    blocks = [blocks_in(folder / name / "ledger.sqlite") for name in (how, f"{how}-undisturbed")]
    assert len(blocks[0]) > 8
    assert blocks[0] == blocks[1]
    rows = [json.loads((folder / name / "sweeps" / SLUG / f"{how}.quick.json").read_text())["rows"] for name in (how, f"{how}-undisturbed")]
    assert rows[0] == rows[1]


def test_too_little_memory_for_a_sampler_is_one_line(project: Path, tmp_path: Path) -> None:
    # With a limit of the process, as a cluster sets it: what is left of it is far less than the sampler wants.
    script = f"ulimit -v 2500000; exec {fault_project.PROGRAM} simulate {SLUG} --name much --results {tmp_path}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=project, capture_output=True, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=False
    )
    assert "failed: MemoryError: Unable to allocate" in complaint(done.returncode, done.stderr)
    assert len(blocks_in(tmp_path / "ledger.sqlite")) == 4


def test_a_few_runs_of_a_wrong_sampler(project: Path, tmp_path: Path) -> None:
    code, _, errors = simulate(project, "few", tmp_path)
    assert complaint(code, errors) == "theorylab: error: sample_wrongly failed: RuntimeError: no such luck\n"
    assert simulate(project, "few", tmp_path, environment={"HEALED": "1"})[::2] == (0, "")
