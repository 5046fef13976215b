"""Random streams: from which generator block ``b`` of an experiment draws.

The key of an experiment is the 128-bit BLAKE2 hash of (seed, sampler name, parameters); the block number is the top word of the
256-bit Philox counter. Two blocks of one experiment are therefore 2**192 draws apart and cannot overlap, and what a block draws does not
depend on which worker draws it, in which order, or on whatever else is drawn.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from theorylab.validation import function, mapping, text, whole_number

__all__ = ["block_counter", "canonical_parameters", "experiment_key", "fill_defaults", "sampler_name"]

RESERVED = ("rng", "size")


def _canonical(name: str, value: Any) -> Any:
    """Reduce ``value`` to JSON so that equal parameters are equal text: 5 = 5.0 = np.int64(5), a list = a tuple = an array."""
    if value is None or isinstance(value, str | bool | np.bool_):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, np.ndarray):
        return _canonical(name, value.tolist())
    if isinstance(value, list | tuple):
        return [_canonical(name, entry) for entry in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError(f"{name} must have strings as its keys, because it keys the random stream; got {list(value)!r}")
        # Under a word of its own, so that no mapping reads like a number.
        return {"mapping": {key: _canonical(name, value[key]) for key in sorted(value)}}
    if isinstance(value, int | np.integer):
        return {"number": str(int(value))}
    if isinstance(value, float | np.floating):
        number = float(value)
        if number != number:
            raise ValueError(f"{name} must not contain NaN: it is part of the key of the random stream")
        return {"number": str(int(number)) if number.is_integer() else number.hex()}
    raise ValueError(
        f"{name} must be a number, a name, None, or an array or mapping of these, because it keys the random stream; "
        f"got {type(value).__name__} (give a callable a name and look it up inside the sampler)"
    )


def checked_sampler(sampler: Any) -> Any:
    """Return ``sampler`` if it can be called and has the names that key a stream."""
    if not all(isinstance(getattr(function("sampler", sampler), name, None), str) for name in ("__module__", "__qualname__", "__name__")):
        raise ValueError(f"sampler must be a function with a name; got {sampler!r:.80}")
    return sampler


def sampler_name(sampler: Callable[..., Any]) -> str:
    """Return the identity of a sampler: module and qualified name."""
    checked_sampler(sampler)
    return f"{sampler.__module__}.{sampler.__qualname__}"


def _signature(sampler: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(sampler)
    except ValueError:
        raise ValueError(f"sampler must be a function whose parameters are known; got {sampler!r:.80}") from None


def fill_defaults(sampler: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``parameters`` with the sampler's defaults filled in.

    Raises
    ------
    ValueError
        If a parameter is unknown to the sampler or one without default is missing.
    """
    checked_sampler(sampler)
    mapping("parameters", parameters)
    known = {
        name: parameter
        for name, parameter in _signature(sampler).parameters.items()
        if name not in RESERVED and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }
    for name in parameters:
        if name not in known:
            raise ValueError(f"{sampler.__name__} has no parameter {name!r}; it takes {', '.join(known) or 'none'}")
    missing = [name for name, parameter in known.items() if parameter.default is parameter.empty and name not in parameters]
    if missing:
        raise ValueError(f"{sampler.__name__} needs a value for {', '.join(missing)}")
    return {name: parameters.get(name, parameter.default) for name, parameter in known.items()}


def canonical_parameters(parameters: Mapping[str, Any]) -> str:
    """Return the text of ``parameters`` that keys the stream; equal values give equal text."""
    reduced = {name: _canonical(name, value) for name, value in mapping("parameters", parameters).items()}
    return json.dumps(reduced, sort_keys=True, separators=(",", ":"), allow_nan=True)


def experiment_key(seed: int, name: str, canonical: str) -> int:
    """Return the 128-bit Philox key of the experiment (``seed``, sampler ``name``, ``canonical`` parameters)."""
    seed = whole_number("seed", seed, minimum=0)
    parts = json.dumps([seed, text("name", name), text("canonical", canonical)], separators=(",", ":"))
    return int.from_bytes(hashlib.blake2b(parts.encode(), digest_size=16).digest(), "little")


def block_counter(block: int) -> int:
    """Return the 256-bit Philox counter at which block number ``block`` begins."""
    # Beyond int64, so only what is no integer at all goes through the common check.
    number = int(block) if isinstance(block, int | np.integer) and not isinstance(block, bool) else whole_number("block", block, minimum=0)
    if not 0 <= number < 2**64:
        raise ValueError(f"block must be an integer in [0, 2**64); got {block}")
    return number << 192
