"""What a block draws does not depend on how many blocks are drawn together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from theorylab.device import DeviceGenerator, UnbatchedDrawError

KEY = int.from_bytes(np.random.default_rng().bytes(16), "little")
BLOCK = 32
# Name -> (what is drawn for `size` replicates, along which axis they lie).
DRAWS: dict[str, tuple[Any, int]] = {
    "one each": (lambda rng, size: rng.random(size), 0),
    "rows": (lambda rng, size: rng.standard_normal((size, 7)), 0),
    "columns": (lambda rng, size: rng.standard_normal((7, size)), 1),
    "in the middle": (lambda rng, size: rng.uniform(-1.0, 2.0, (2, size, 3)), 1),
    "several rows each": (lambda rng, size: rng.standard_normal((size * 3, 2)), 0),
    "integers": (lambda rng, size: rng.integers(0, 10, (size, 3)), 0),
    "exponential": (lambda rng, size: rng.exponential(2.0, (size,)), 0),
    "gamma, one shape": (lambda rng, size: rng.standard_gamma(0.3, (size, 5)), 0),
    "gamma, shapes by place": (lambda rng, size: rng.standard_gamma([0.3, 1.0, 8.0], (size, 3)), 0),
    "gamma, shapes by row": (lambda rng, size: rng.standard_gamma([[0.3], [8.0]], (2, size)), 1),
    "gamma, shapes by replicate": (lambda rng, size: rng.standard_gamma(np.tile(np.linspace(0.1, 3.0, BLOCK), size // BLOCK)), 0),
    "chi-squared": (lambda rng, size: rng.chisquare(np.arange(4, 0, -1), (size, 4)), 0),
    "binomial, one each": (lambda rng, size: rng.binomial(40, 0.3, size), 0),
    "binomial by place": (lambda rng, size: rng.binomial([3, 80, 10**6], [0.5, 0.9, 1e-6], (size, 3)), 0),
    "binomial by replicate": (lambda rng, size: rng.binomial(np.tile(np.arange(BLOCK), size // BLOCK), 0.7), 0),
    "binomial by row": (lambda rng, size: rng.binomial(100, [[0.01], [0.5]], (2, size)), 1),
    "multinomial": (lambda rng, size: rng.multinomial(50, [0.2, 0.5, 0.3], size), 0),
    "nothing": (lambda rng, size: rng.standard_normal((size, 0)), 0),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("blocks", [2, 5])
def test_blocks_drawn_together_are_the_blocks(name: str, blocks: int) -> None:
    draw, axis = DRAWS[name]
    together = DeviceGenerator(np, KEY, 9, blocks, blocks * BLOCK)
    alone = [DeviceGenerator(np, KEY, 9 + number) for number in range(blocks)]
    for _ in range(3):  # the second and third draw go on where the one before ended, in every block
        expected = np.concatenate([draw(rng, BLOCK) for rng in alone], axis=axis)
        np.testing.assert_array_equal(draw(together, blocks * BLOCK), expected)


@pytest.mark.parametrize("shape", [(), (3,), (BLOCK,), (3, 5), (4, 2 * BLOCK, 2 * BLOCK)])
def test_an_array_without_a_place_for_the_replicates_is_refused(shape: tuple[int, ...]) -> None:
    rng = DeviceGenerator(np, KEY, 0, 2, 2 * BLOCK)
    for draw in (rng.random, rng.standard_normal, lambda size: rng.standard_gamma(1.0, size), lambda size: rng.binomial(5, 0.5, size)):
        with pytest.raises(UnbatchedDrawError, match=rf"^an array of shape .* does not tell the {2 * BLOCK} replicates of 2 blocks apart$"):
            draw(shape)


@pytest.mark.parametrize(("blocks", "size"), [(0, 4), (2, None), (2, 5), (3, 0)])
def test_several_blocks_need_their_replicates(blocks: int, size: int | None) -> None:
    with pytest.raises(ValueError, match=r"^size must be a positive multiple of the number of blocks, "):
        DeviceGenerator(np, KEY, 0, blocks, size)
