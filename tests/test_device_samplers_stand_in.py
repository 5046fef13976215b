"""The stand-in for a GPU refuses what cupy refuses, counts what waits, and computes what numpy does; on a GPU, cupy itself is asked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import strict_device
from numba import njit
from numba.core.errors import TypingError
from sampling import cupy_or_skip

from theorylab.backend import array_module, check_backend, generator, namespace_of, special_functions

XP = strict_device.NAMESPACE
HOST = np.arange(1.0, 7.0).reshape(2, 3)

# Each is an error of cupy, which hands only this one on to numpy.
STRICTER = "numpy's array in a function"
REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "conversion": lambda xp, a: np.asarray(a),
    "numpy's array on the right": lambda xp, a: a + HOST,
    "numpy's array on the left": lambda xp, a: HOST * a,
    "numpy's array in place": lambda xp, a: operator.iadd(a, HOST),
    "numpy's array in a ufunc": lambda xp, a: xp.maximum(a, HOST),
    "numpy's array in a function": lambda xp, a: xp.sum(HOST),
    "numpy's array in a join": lambda xp, a: xp.concatenate([a, HOST]),
    "numpy's array of no dimension": lambda xp, a: a * np.array(2.0),
    "numpy's array stored": lambda xp, a: operator.setitem(a, 0, HOST[0]),
    "numpy's array in a product": lambda xp, a: a @ HOST.T,
    "a list in a ufunc": lambda xp, a: xp.sqrt([1.0, 2.0]),
    "a start of a maximum": lambda xp, a: a.max(initial=0.0),
    "a mask of a sum": lambda xp, a: xp.sum(a, where=a > 0.0),
    "object arrays": lambda xp, a: xp.asarray(np.array([None])),
    "long doubles": lambda xp, a: xp.asarray(HOST.astype(np.longdouble)),
    "a function that cupy has not": lambda xp, a: xp.vecdot(a, a),
    "a state of errors": lambda xp, a: xp.errstate(all="ignore"),
    "batches that do not match": lambda xp, a: xp.linalg.solve(xp.ones((2, 3, 3)), xp.ones((3, 1))),
    "an index of a list": lambda xp, a: [1, 2][xp.argmax(a)],
    "a length": lambda xp, a: range(xp.argmax(a)),
    "a special function of scipy": lambda xp, a: __import__("scipy.special").special.ndtr(a),
    "a kernel of the host": lambda xp, a: _double(a),
}


@njit
def _double(array: np.ndarray) -> np.ndarray:
    return 2.0 * array


# Each makes the host wait.
WAITS: dict[str, Callable[[Any, Any], Any]] = {
    "get": lambda xp, a: a.get(),
    "item": lambda xp, a: a[0, 0].item(),
    "tolist": lambda xp, a: a.tolist(),
    "float": lambda xp, a: float(a.sum()),
    "int": lambda xp, a: int(a.sum()),
    "bool": lambda xp, a: bool((a > 0.0).all()),
    "mask": lambda xp, a: a[a > 2.0],
    "mask and values": lambda xp, a: operator.setitem(a, a > 2.0, a[a > 2.0]),
    "places": lambda xp, a: xp.flatnonzero(a > 2.0),
    "one argument of where": lambda xp, a: xp.where(a > 2.0),
}
FREE: dict[str, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda xp, a: 2.0 * a**2 - np.float64(3.0) / a,
    "mask and one value": lambda xp, a: operator.setitem(a, a > 2.0, 0.0),
    "places of the host": lambda xp, a: a[:, np.array([0, 2])],
    "iteration": lambda xp, a: [row + 1.0 for row in a],
    "shapes": lambda xp, a: (len(a), a.shape, a.size, a.ndim),
    "upload": lambda xp, a: xp.asarray(HOST),
    "choice": lambda xp, a: xp.where(a > 2.0, a, 0.0),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError, TypingError)) as caught:
        REFUSED[what](XP, XP.asarray(HOST))
    assert str(caught.value)


@pytest.mark.parametrize("what", [*WAITS, *FREE])
def test_what_waits(what: str) -> None:
    array = XP.asarray(HOST)
    with strict_device.waits() as count:
        (WAITS | FREE)[what](XP, array)
    assert (count() > 0) == (what in WAITS)


@pytest.mark.gpu
@pytest.mark.parametrize("what", [what for what in REFUSED if what != STRICTER])
def test_what_cupy_refuses(what: str) -> None:
    cupy = cupy_or_skip()
    with pytest.raises(Exception):  # noqa: B017, PT011 - cupy and its linear algebra have classes of their own
        REFUSED[what](cupy, cupy.asarray(HOST))


@pytest.mark.gpu
@pytest.mark.parametrize("what", [*WAITS, *FREE])
def test_what_cupy_allows(what: str) -> None:
    cupy = cupy_or_skip()
    (WAITS | FREE)[what](cupy, cupy.asarray(HOST))


def test_it_computes_what_numpy_does() -> None:
    array = XP.asarray(HOST)
    for found, expected in (
        (XP.sqrt(array) @ array.T, np.sqrt(HOST) @ HOST.T),
        (1.0 / array - array % 4.0, 1.0 / HOST - HOST % 4.0),
        (np.float64(2.0) - array, 2.0 - HOST),
        (XP.einsum("ij,kj->ik", array, array), HOST @ HOST.T),
        (XP.linalg.eigvalsh(array @ array.T), np.linalg.eigvalsh(HOST @ HOST.T)),
        (array.sum(axis=0, keepdims=True), HOST.sum(axis=0, keepdims=True)),
        (XP.stack(list(array)), HOST),
        (array.astype(int) // 2, HOST.astype(int) // 2),
    ):
        assert isinstance(found, strict_device.DeviceArray)
        np.testing.assert_array_equal(found.get(), expected)
    view = array[0]
    view += 10.0
    array[1, 2] = array[0, 0]
    np.testing.assert_array_equal(array.get(), [[11.0, 12.0, 13.0], [4.0, 5.0, 11.0]])
    assert HOST[0, 0] == 1.0


def test_what_cannot_be_solved_is_nan() -> None:
    matrices = np.array([np.eye(2), np.zeros((2, 2)), -np.eye(2)])
    for name, bad in (("inv", [False, True, False]), ("cholesky", [False, True, True])):
        found = getattr(XP.linalg, name)(XP.asarray(matrices)).get()
        assert np.isnan(found).any(axis=(1, 2)).tolist() == bad
    solved = XP.linalg.solve(XP.asarray(matrices), XP.ones((3, 2, 1))).get()
    assert np.isnan(solved).any(axis=(1, 2)).tolist() == [False, True, False]
    assert np.isinf((XP.ones(1) / 0.0).get())  # and nothing warns


def test_it_takes_the_place_of_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert strict_device.install(monkeypatch) is XP
    assert check_backend("cupy") == "cupy"
    rng = generator("cupy", 3, 0)
    assert namespace_of(rng) is XP
    drawn = rng.standard_normal((4,))
    assert array_module(drawn) is XP
    assert special_functions(XP).ndtr(drawn).shape == (4,)
    assert not hasattr(special_functions(XP), "stdtrit")
