"""Searches the FAISS indices of a published snapshot with Python's faiss and compares with the neighbours it publishes.

usage: faiss_index.py SNAPSHOT_FOLDER
tests/bench/faiss_index sets up faiss. Prints one JSON line an index; exit code 1 when a list differs other than by ties of distance.
"""
import json
import pathlib
import sys

import faiss
import numpy as np


def published(path):
    """(rows, distances), each galaxies x k: neighbors-*.bin of docs/formats.md."""
    data = path.read_bytes()
    k, n = int.from_bytes(data[12:16], "little"), int.from_bytes(data[16:24], "little")
    lists = np.frombuffer(data, np.dtype([("row", "<u8"), ("distance", "<f8")]), n * k, 64).reshape(n, k)
    return lists["row"].astype(np.int64), lists["distance"]


def main():
    wrong = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("index-*.faiss")):
        index = faiss.read_index(str(path))
        vectors = index.reconstruct_n(0, index.ntotal)
        rows, distances = published(path.with_name(path.name.replace("index-", "neighbors-").replace(".faiss", ".bin")))
        squared, found = index.search(vectors, rows.shape[1] + 1)
        others = [[j for j in found[i] if j != i][:rows.shape[1]] for i in range(len(found))]
        same = sum(list(rows[i]) == others[i] for i in range(len(rows)))
        # Where faiss, in float32, orders two neighbours otherwise their distances are equal to rounding.
        swapped = [np.abs(distances[i] - np.sqrt(((vectors[others[i]].astype(float) - vectors[i]) ** 2).sum(1))).max()
                   for i in range(len(rows)) if list(rows[i]) != others[i]]
        scale = distances.max()
        bad = sum(difference > 1e-5 * scale for difference in swapped)
        wrong += bad
        print(json.dumps({"index": path.name, "galaxies": len(rows), "width": vectors.shape[1], "neighbours": rows.shape[1],
                          "lists_the_same": same, "lists_that_differ_beyond_ties": int(bad)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
