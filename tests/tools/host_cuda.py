"""CUDA sources compiled by the C++ compiler of this machine, thread after thread: their arithmetic without a GPU."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["COMPILER", "compile_for_host", "run_kernel"]

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")

_SHIM = r"""
#include <cmath>
#define __global__
#define __device__
struct dim { unsigned int x; };
static dim threadIdx, blockIdx, blockDim;
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned __int128)a * b >> 64; }
static void sincospi(double x, double* s, double* c) { *s = std::sin(3.14159265358979323846 * x); *c = std::cos(3.14159265358979323846 * x); }
using std::log; using std::sqrt; using std::pow; using std::nan;
using std::exp; using std::log1p; using std::floor; using std::fabs;
extern "C" void place_thread(unsigned int block, unsigned int thread, unsigned int width)
{
    blockIdx.x = block;
    threadIdx.x = thread;
    blockDim.x = width;
}
"""


def compile_for_host(source: str, folder: Path) -> ctypes.CDLL:
    """Compile a CUDA source as C++ and load it."""
    code, library = folder / "kernels.cpp", folder / "kernels.so"
    code.write_text(_SHIM + source, encoding="utf-8")
    assert COMPILER is not None
    # Without fused multiplications, so that the arithmetic is that of numpy.
    subprocess.run([COMPILER, "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-o", str(library), str(code)], check=True)
    return ctypes.CDLL(str(library))


def run_kernel(library: ctypes.CDLL, name: str, grid: int, width: int, arguments: tuple[Any, ...]) -> None:
    """Run every thread of a launch, one after the other; numbers are passed as 64-bit words, arrays as pointers."""
    kernel = getattr(library, name)
    passed = [
        ctypes.c_void_p(argument.ctypes.data) if isinstance(argument, np.ndarray) else ctypes.c_ulonglong(int(argument)) for argument in arguments
    ]
    for block in range(grid):
        for thread in range(width):
            library.place_thread(block, thread, width)
            kernel(*passed)
