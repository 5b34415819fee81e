"""Images and labels, by name or as arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import numpy as np
import numpy.typing as npt

from metaplast import _native
from metaplast._progress import Bar, Progress, log
from metaplast._settings import path

Bytes = npt.NDArray[np.uint8]

#: Images and labels in memory.
Pair = tuple[npt.ArrayLike, npt.ArrayLike]

#: A data set's name or path, or (images, labels).
Data = Union[str, "os.PathLike[str]", Pair]

#: The name or path of a data set with both halves, or one set to learn from and one to be
#: tested on.
Halves = Union[str, "os.PathLike[str]", tuple[Pair, Pair]]


class Dataset(NamedTuple):
    """Grey images with labels; as ``data=`` it serves wherever a name does."""

    #: n × height × width, upright, from 0 (background) to 255 (ink).
    images: Bytes
    #: n class labels, from 0.
    labels: Bytes

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        classes = len(np.unique(self.labels))
        return f"Dataset of {n} images of {height} × {width} pixels in {classes} classes"


def dataset(name: str = "glyphs", split: str = "test") -> Dataset:
    """The images of a data set, by its name or path, and their labels.

    Names are those of ``metaplast data list``, such as ``glyphs``, ``emnist-balanced`` or
    ``mnist``; ``split`` is ``test`` or ``train``.

    Raises ValueError if there is no such set, or it is damaged.
    """
    return Dataset(*_native.dataset(str(path("name", name)), split))


def fetch(
    name: str,
    *,
    url: Optional[str] = None,
    into: Optional[Union[str, os.PathLike[str]]] = None,
    progress: Progress = None,
) -> list[Path]:
    """Download a published data set and check it; return the files that were written.

    ``name``: emnist (its balanced split), emnist-SPLIT, emnist-all, emnist-bymerge400, mnist,
    fashion-mnist or kmnist. ``url`` is the folder of another server that has the files. They
    go to ``into``, by default $METAPLAST_DATA or else the user's data folder, where ``train``
    and ``dataset`` find them. What is there already and whole is left alone; what was
    interrupted goes on.

    Raises ValueError for an unknown name, RuntimeError if the network fails or something else
    came than was published.
    """
    if name == "glyphs":
        return []
    where = None if into is None else path("into", into)
    with Bar("B", progress) as tell:
        folder, written, found = _native.fetch(name, url, where, tell)
    if not found:
        log.warning("%s: to have data found there, set METAPLAST_DATA to it", folder)
    return written


#: Arrays as the library takes them.
Arrays = tuple[Bytes, Bytes]


def one_set(data: Optional[Any]) -> Union[str, Arrays, None]:
    """A name, or arrays as the library takes them; None stays None."""
    if data is None or isinstance(data, (str, os.PathLike)):
        return None if data is None else os.fspath(data)
    images, labels = _pair(data, "data: should be a name, a path, or (images, labels)")
    return _images(images), _labels(labels)


def two_sets(data: Optional[Any]) -> Union[str, tuple[Arrays, Arrays], None]:
    """A name, or one set to learn from and one to be tested on; None stays None."""
    if data is None or isinstance(data, (str, os.PathLike)):
        return None if data is None else os.fspath(data)
    wanted = "data: should be a name, a path, or (train, test), each (images, labels)"
    train, test = (_pair(part, wanted) for part in _pair(data, wanted))
    return (_images(train[0]), _labels(train[1])), (_images(test[0]), _labels(test[1]))


def _pair(given: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(given, (str, bytes, Mapping, np.ndarray)):
        raise ValueError(wanted)
    try:
        first, second = given
    except (TypeError, ValueError):
        raise ValueError(wanted) from None
    if isinstance(first, (str, os.PathLike)):
        raise ValueError(wanted)
    return first, second


def _array(what: str, given: Any) -> npt.NDArray[Any]:
    try:
        return np.asarray(given)
    except ValueError:
        raise ValueError(f"{what}: are lists of unlike lengths, should be one array") from None


def _images(given: Any) -> Bytes:
    images = _array("images", given)
    if images.ndim == 2:
        # Rows of pixels; square pictures where they can be, so that they can be shown.
        n, pixels = images.shape
        side = int(round(pixels**0.5))
        sides = (side, side) if side * side == pixels else (1, pixels)
        images = images.reshape(n, *sides)
    # Channels come first or last.
    channels = {axis: images.shape[axis] for axis in (1, 3) if images.ndim == 4}
    for axis, number in channels.items():
        if number == 1:
            images = images.squeeze(axis)
            break
    if images.ndim == 4 and 3 in channels.values():
        raise ValueError(f"images: have colours, shape {images.shape}; make them grey first")
    if images.ndim != 3:
        raise ValueError(
            f"images: have the shape {images.shape}, should be n × height × width or n × pixels"
        )
    if images.dtype.kind == "b":
        images = images * np.uint8(255)
    elif images.dtype.kind == "f":
        images = _levels(images)
    elif images.dtype.kind not in "iu":
        raise ValueError(f"images: are of type {images.dtype}, should be bytes from 0 to 255")
    return _bytes("images", images)


def _levels(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Floats as whole numbers: those from 0 to 1 are shares of 255, all others levels."""
    if not np.all(np.isfinite(images)):
        raise ValueError("images: have numbers that are not finite")
    scale = 255 if images.size and images.max() <= 1 else 1
    levels: npt.NDArray[Any] = np.rint(images * scale)
    # Half precision has three digits.
    near = 0.1 if images.dtype == np.float16 else 1e-3
    if not np.all(np.abs(images * scale - levels) < near):
        raise ValueError(
            "images: have numbers that are no multiples of 1/255; give bytes from 0 to 255, "
            "as in (255 * images).round().astype('uint8')"
        )
    return levels


def _labels(given: Any) -> Bytes:
    labels = _array("labels", given)
    if labels.dtype.kind == "f" and np.all(labels == np.rint(labels)):
        labels = np.rint(labels).astype(np.int64)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels: are {labels.dtype} of shape {labels.shape}, should be a list of whole "
            "numbers from 0 to 255"
        )
    return _bytes("labels", labels)


def _bytes(what: str, values: npt.NDArray[Any]) -> Bytes:
    if values.size and not (values.min() >= 0 and values.max() <= 255):
        raise ValueError(
            f"{what}: run from {values.min()} to {values.max()}, should be from 0 to 255"
        )
    return np.ascontiguousarray(values, dtype=np.uint8)
