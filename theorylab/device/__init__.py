"""Random variates and kernels of a GPU, each with a plain twin in array operations that it is tested against."""

from __future__ import annotations

from theorylab.device.generator import DeviceGenerator, UnbatchedDrawError

__all__ = ["DeviceGenerator", "UnbatchedDrawError"]
