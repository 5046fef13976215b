"""Minimax problems on a device, a thread a problem: the compiled functions of `convex_kernels` are called from there, so there is one text for both.

Problems and the room to work in lie on the device with the problems along the last axis; a thread sees its own column.
"""

from __future__ import annotations

from typing import Any

from numba import cuda

from theorylab.device.rows import launch
from theorylab.numerics.convex_kernels import Room, minimax_row, room_shapes

__all__ = ["minimax_on_device"]


@cuda.jit
def _minimax_kernel(
    matrices: Any,
    vectors: Any,
    points: Any,
    values: Any,
    multipliers: Any,
    steps: Any,
    hessians: Any,
    gradients: Any,
    work: Any,
    places: Any,
    equations: Any,
    right: Any,
    trials: Any,
    held: Any,
) -> None:
    row = cuda.grid(1)
    if row < values.size:
        steps[row], values[row] = minimax_row(
            matrices[:, :, :, row],
            vectors[:, :, row],
            points[:, row],
            multipliers[:, row],
            hessians[:, :, :, row],
            gradients[:, :, row],
            work[:, :, row],
            places[:, row],
            equations[:, :, row],
            right[:, row],
            trials[:, :, row],
            held[:, :, row],
        )


def minimax_on_device(namespace: Any, matrices: Any, vectors: Any) -> tuple[Any, Any, Any, Any]:
    """Return points (T, r), values (T,), multipliers (T, n) and steps (T,) of problems A (T, n, m, r) and b (T, n, m), as `minimax_kernel` does."""
    count, n, _, r = matrices.shape
    points, multipliers = namespace.empty((r, count)), namespace.empty((n, count))
    values, steps = namespace.empty(count), namespace.empty(count, dtype=int)
    room = [
        namespace.empty((*shape, count), dtype=int if name == "places" else float)
        for name, shape in zip(Room._fields, room_shapes(n, r), strict=True)
    ]
    a, b = (namespace.moveaxis(array, 0, -1).copy() for array in (matrices, vectors))
    launch(_minimax_kernel, count, a, b, points, values, multipliers, steps, *room)
    return points.T, values, multipliers.T, steps
