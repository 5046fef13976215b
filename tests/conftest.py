"""Settings of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from theorylab.montecarlo.threads import one_blas_thread

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def blas_with_one_thread() -> Iterator[None]:
    """Keep the workers of a parallel run from waiting for each other's BLAS threads."""
    with one_blas_thread():
        yield
