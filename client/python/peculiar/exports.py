"""Streams to files: a file is whole or not there, and of what it holds only names are kept in memory."""
from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import json
import os
import pathlib
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Optional

import grpc
import numpy as np

from peculiar import errors, tables
from peculiar.connection import File
from peculiar.filters import choose

FORMATS = {"csv": 1, "jsonl": 2}


def write_galaxies(parts: Iterator[Any], path: File, file_format: Optional[str]) -> int:
    """The galaxies of ExportGalaxiesResponses, and their number. The format is that of the name when none is given."""
    file_format = file_format or pathlib.Path(path).suffix[1:]
    choose("BAD_FORMAT", "format", file_format, FORMATS)
    with _whole(path) as file:
        first = next(parts)
        columns = tables.galaxy_columns(first.galaxies[0] if first.galaxies else None)
        names = [column.name for column in columns] + ["snapshot_id", "model"]
        text = codecs.getwriter("utf-8")(file)
        table = csv.writer(text, lineterminator="\n")
        if file_format == "csv":
            table.writerow(names)
        count = 0
        for count, galaxy in enumerate(_counted("galaxies", first, parts), 1):
            cells = [column.value(galaxy) for column in columns] + [first.snapshot_id, first.model]
            if file_format == "csv":
                table.writerow(map(tables.text, cells))
            else:
                text.write(json.dumps(dict(zip(names, cells)), ensure_ascii=False, allow_nan=False) + "\n")
    return count


def write_embeddings(parts: Iterator[Any], path: File) -> int:
    """The coordinates of ExportEmbeddingsResponses as an .npz, and how many: arrays embeddings (n, dimension) float32,
    plateifu (n), and snapshot_id, model, space."""
    with _whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        first = next(parts)
        rows = _counted("embeddings", first, parts)
        names: list[str] = []
        with archive.open("embeddings.npy", "w", force_zip64=True) as member:
            shape = (first.total_count, len(first.embeddings[0].values) if first.embeddings else 0)
            np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": shape})
            for row in rows:
                names.append(row.plateifu)
                member.write(np.array(row.values, "<f4").tobytes())
        for name, value in (("plateifu", np.array(names, str)), ("snapshot_id", np.array(first.snapshot_id)),
                            ("model", np.array(first.model)), ("space", np.array(first.space))):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, value, allow_pickle=False)
    return len(names)


def _counted(name: str, first: Any, parts: Iterator[Any]) -> Iterator[Any]:
    """The rows of all parts; raises Error when there are not as many as the first one says."""
    count = 0
    for part in itertools.chain([first], parts):
        rows = getattr(part, name)
        count += len(rows)
        yield from rows
    if count != first.total_count:
        raise errors.of_status(grpc.StatusCode.DATA_LOSS, f"the stream ended after {count} of {first.total_count} {name}")


@contextlib.contextmanager
def _whole(path: File) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends well, and leaves nothing otherwise."""
    target = pathlib.Path(path)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with open(part, "xb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:
            part.unlink()
            raise
