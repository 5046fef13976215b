"""The row kernels of numba.cuda in its simulator, in a process of its own, and on a GPU where there is one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_kernels_in_the_simulator() -> None:
    # What a kernel calls is compiled for the processor elsewhere; in the simulator it must stay Python.
    simulated = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/device/simulated_kernels.py"]
    run = subprocess.run(command, cwd=ROOT, env=simulated, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-4000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed
    assert int(passed[1]) >= 15
    assert "skipped" not in run.stdout


def test_without_a_device_no_kernel_is_chosen() -> None:
    np = pytest.importorskip("numpy")
    from theorylab.device.rows import can_run

    assert not can_run(np.ones(3))
