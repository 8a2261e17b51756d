"""Compares our PCA and UMAP with numpy and umap-learn.

usage: umap_reference BIN [--sets sheets,digits] [--npy FILE] [--seeds N] [--threads T]
Prints one JSON line a comparison; exit code 1 when one is beyond its limit. Wall times are `_seconds`, processor times
of all threads `_cpu_seconds`: on a shared machine only the latter can be compared. FILE: n x d latents.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import sklearn.datasets
import sklearn.neighbors
import umap
import umap.umap_

warnings.filterwarnings("ignore")
K = 15
SHEETS, SHEET_ROWS, HELD_OUT_SHARE = 8, 10500, 1 / 21
LIMITS = {"pca_values": 1e-5, "pca_ratio": 1e-5, "graph_weights": 1e-5, "curve": 1e-3, "reruns_differ": 0,
          "trustworthiness_behind": 0.01, "continuity_behind": 0.01, "placement_behind": 0.02}


def curved_sheets():
    """(points, class): curved two-dimensional sheets in 50 dimensions, with noise."""
    random = np.random.default_rng(7)
    kind = np.arange(SHEET_ROWS) % SHEETS
    u, v = random.uniform(-1, 1, (2, SHEET_ROWS))
    points = np.empty((SHEET_ROWS, 50))
    for sheet in range(SHEETS):
        rows = kind == sheet
        s, t = u[rows], v[rows]
        shape = np.stack([s, t, np.sin(2 * s + sheet), np.cos(2 * t), s * t, s * s], 1)
        points[rows] = shape @ random.normal(size=(6, 50)) / np.sqrt(6) + 0.35 * random.normal(size=50)
    points += 0.05 * random.normal(size=points.shape)
    return points.astype(np.float32), kind


def data_set(name, npy):
    if name == "sheets":
        return curved_sheets()
    if name == "digits":
        points, kind = sklearn.datasets.load_digits(return_X_y=True)
        return points.astype(np.float32), kind
    return np.load(npy).astype(np.float32), None


def split(points, kind):
    """The last ones are held out, where classes are known."""
    order = np.random.default_rng(11).permutation(len(points))
    held_out = round(len(points) * HELD_OUT_SHARE) if kind is not None else 0
    fitted, added = order[:len(points) - held_out], order[len(points) - held_out:]
    return fitted, added


class Ours:
    def __init__(self, bench, folder, threads):
        self.bench, self.folder, self.threads = bench, folder, threads

    def run(self, points, added, seed):
        prefix = self.folder / "ours"
        points.tofile(self.folder / "points")
        command = [self.bench, "--points", self.folder / "points", "--width", points.shape[1], "--out", prefix,
                   "--seed", seed, "--threads", self.threads]
        if len(added):
            added.tofile(self.folder / "added")
            command += ["--new", self.folder / "added"]
        line = json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True).stdout)
        return line, lambda name, kind: np.fromfile(f"{prefix}.{name}", kind)


def trust(original, projected):
    """Trustworthiness (Venna and Kaski 2006): ranks in `original` of the nearest in `projected`."""
    n, total = len(original), 0
    near = nearest(projected, projected, K + 1)
    squares = (original.astype(np.float64)**2).sum(1)
    for begin in range(0, n, 500):
        rows = np.arange(begin, min(begin + 500, n))
        distance = squares[rows, None] + squares - 2 * original[rows].astype(np.float64) @ original.T
        distance[np.arange(len(rows)), rows] = -np.inf  # rank 0
        for row, i in enumerate(rows):
            others = near[i][near[i] != i][:K]
            ranks = (distance[row] < distance[row, others, None]).sum(1)
            total += np.maximum(ranks - K, 0).sum()
    return 1 - 2 * total / (n * K * (2 * n - 3 * K - 1))


def nearest(points, queries, k):
    return sklearn.neighbors.NearestNeighbors(n_neighbors=k).fit(points).kneighbors(queries, return_distance=False)


def share_of_class(fitted, fitted_kind, placed, placed_kind):
    return float((fitted_kind[nearest(fitted, placed, K)] == placed_kind[:, None]).mean())


def check_pca(points, line, read):
    centred = points.astype(np.float64) - points.mean(0, dtype=np.float64)
    _, deviations, axes = np.linalg.svd(centred, full_matrices=False)
    count = min(50, *points.shape)
    axes = axes[:count]
    largest = np.abs(axes).argmax(1)
    axes *= np.sign(axes[np.arange(count), largest])[:, None]
    expected = centred @ axes.T
    variances = deviations**2 / (len(points) - 1)
    # An axis without variance has no direction.
    real = deviations[:count] > 1e-9 * deviations[0]
    values = read("pca", np.float32).reshape(len(points), count)
    return {"pca_values": float(np.abs(values - expected)[:, real].max() / np.abs(expected).max()),
            "pca_ratio": float(np.abs(read("variances", np.float64) - variances[:count]).max() / variances.sum()),
            "pca_seconds": line["pca_seconds"]}


def check_graph(points, line, read):
    """Weights from the same neighbours; the point itself comes first in umap-learn's lists."""
    n = len(points)
    rows = np.column_stack([np.arange(n), read("neighbors", np.uint64).reshape(n, -1).astype(np.int64)])
    distances = np.column_stack([np.zeros(n), read("distances", np.float64).reshape(n, -1)])
    graph, _, _ = umap.umap_.fuzzy_simplicial_set(points, K, np.random.RandomState(0), "euclidean", knn_indices=rows,
                                                  knn_dists=distances.astype(np.float32))
    edges, weights = read("edges", np.uint64).reshape(-1, 2).astype(np.int64), read("weights", np.float32)
    ours = type(graph)((weights, (edges[:, 0], edges[:, 1])), shape=graph.shape).tocsr()
    a, b = umap.umap_.find_ab_params(1.0, 0.1)
    return {"graph_weights": float(abs(ours - graph.tocsr()).max()), "edges": int(len(weights)),
            "curve": max(abs(line["a"] - a), abs(line["b"] - b))}


def reference(points, added, seed):
    times = time.perf_counter(), time.process_time()
    model = umap.UMAP(n_components=3, random_state=seed).fit(points)
    line = {"fit_seconds": time.perf_counter() - times[0], "fit_cpu_seconds": time.process_time() - times[1]}
    return line, model.embedding_, model.transform(added) if len(added) else None


def quality(points, kind, projected, added_kind, placed):
    line = {"trustworthiness": trust(points, projected), "continuity": trust(projected, points)}
    if placed is not None:
        line["placement"] = share_of_class(projected, kind, placed, added_kind)
    return line


class Report:
    def __init__(self):
        self.failed = False

    def line(self, **values):
        beyond = [name for name, limit in LIMITS.items() if values.get(name, 0) > limit]
        self.failed |= bool(beyond)
        print(json.dumps({**values, **({"beyond": beyond} if beyond else {})}), flush=True)


def means(lines, *names):
    return {name: float(np.mean([line[name] for line in lines])) for name in names if name in lines[0]}


def compare(name, points, kind, ours, seeds, report):
    fitted, added = split(points, kind)
    fit_kind, added_kind = (kind[fitted], kind[added]) if kind is not None else (None, None)
    known, new = np.ascontiguousarray(points[fitted]), np.ascontiguousarray(points[added])
    reference(known, new[:0], 0)  # compiles
    lines = {"ours": [], "umap_learn": []}
    for seed in range(1, seeds + 1):
        line, read = ours.run(known, new, seed)
        projected = read("umap", np.float32).reshape(-1, 3)
        if seed == 1:
            again, _ = ours.run(known, new, seed)
            report.line(set=name, rows=len(known), width=known.shape[1], parts=line["parts"],
                        spectral_parts=line["spectral_parts"], **check_pca(known, line, read),
                        **check_graph(known, line, read),
                        reruns_differ=int((read("umap", np.float32).reshape(-1, 3) != projected).sum()))
        placed = read("new", np.float32).reshape(-1, 3) if len(new) else None
        line["fit_cpu_seconds"] += line["neighbors_cpu_seconds"]
        line["fit_seconds"] += line["neighbors_seconds"]
        lines["ours"].append({**line, **quality(known, fit_kind, projected, added_kind, placed)})
        other, projected, placed = reference(known, new, seed)
        lines["umap_learn"].append({**other, **quality(known, fit_kind, projected, added_kind, placed)})
        for who, of in lines.items():
            report.line(set=name, seed=seed, of=who, **means(of[-1:], "fit_seconds", "fit_cpu_seconds",
                                                             "neighbors_cpu_seconds", "trustworthiness", "continuity",
                                                             "placement"))
    mine, theirs = (means(lines[who], "fit_seconds", "fit_cpu_seconds", "trustworthiness", "continuity", "placement")
                    for who in ("ours", "umap_learn"))
    report.line(set=name, seeds=seeds, threads=ours.threads,
                **{f"{key}_behind": theirs[key] - mine[key] for key in mine if not key.endswith("seconds")},
                time_ratio=mine["fit_seconds"] / theirs["fit_seconds"],
                cpu_time_ratio=mine["fit_cpu_seconds"] / theirs["fit_cpu_seconds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--sets", default="sheets,digits")
    parser.add_argument("--npy")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    report = Report()
    names = [name for name in arguments.sets.split(",") if name] + (["npy"] if arguments.npy else [])
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.bin / "projection_bench", pathlib.Path(folder), arguments.threads)
        for name in names:
            compare(name, *data_set(name, arguments.npy), ours, arguments.seeds, report)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
