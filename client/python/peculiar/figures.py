"""Pictures of what a server answers: the map of each model, its strangest AGN and what is like them, its training.

The map is figure 2 of Mantha et al. (arXiv 2602.18426): the three-dimensional UMAP coloured by anomaly score with the
histogram of the scores inset, and the AGN selections of Comerford et al. (2020) over it. The galaxies are its figure 3.
"""
import argparse
import json
import pathlib
import shutil
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator, NullFormatter

from peculiar import errors
from peculiar.client import Client
from peculiar.galaxy_figures import Source, draw_rows

# Colours that stay apart for readers with any colour vision (Okabe and Ito 2008), and a shape each.
AGN = (("infrared", "infrared", "#D55E00", "o"), ("x_ray", "X-ray", "#0072B2", "s"),
       ("radio", "radio", "#009E73", "^"), ("broad_line", "broad lines", "#CC79A7", "D"))
FLUX = r"$10^{-17}\,\mathrm{erg\,s^{-1}\,cm^{-2}\,\AA^{-1}\,spaxel^{-1}}$"


def bare(axes, title):
    axes.set_title(title)
    for axis, name in ((axes.xaxis, "UMAP 1"), (axes.yaxis, "UMAP 2"), (axes.zaxis, "UMAP 3")):
        axis.set_label_text(name)
        axis.set_ticklabels([])
        axis.labelpad = -8
    axes.set_box_aspect((1, 1, 1), zoom=0.95)
    axes.computed_zorder = False  # what is drawn later lies above


def inset_histogram(figure, scores, norm, colours):
    axes = figure.add_axes((0.045, 0.70, 0.12, 0.2))
    edges = np.geomspace(scores.min(), scores.max(), 25) if scores.max() > scores.min() else 10
    _, edges, bars = axes.hist(scores, edges)
    for left, bar in zip(edges, bars):
        bar.set_facecolor(colours(norm(left)))
    axes.set_xscale("log")
    axes.set_xlabel("score", fontsize=7)
    axes.set_ylabel("galaxies", fontsize=7)
    axes.tick_params(labelsize=6, which="both")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw_map(client, model, snapshot_id, path):
    rows = client.anomalies(model=model, snapshot_id=snapshot_id)
    scores = np.array(rows["score"])
    places = client.embeddings(rows["plateifu"], model=model, space="umap", snapshot_id=snapshot_id).T
    figure = plt.figure(figsize=(12, 5.2))
    norm, colours = LogNorm(scores.min(), scores.max()), plt.get_cmap("viridis")
    size = np.clip(4000 / len(rows), 4, 40)
    left = figure.add_axes((0.12, 0.03, 0.36, 0.88), projection="3d")
    order = np.argsort(scores)  # the strangest drawn last
    points = left.scatter(*places[:, order], c=scores[order], norm=norm, cmap=colours, s=size, depthshade=False)
    bare(left, f"{model}: anomaly score of {len(rows)} galaxies")
    bar = figure.colorbar(points, cax=figure.add_axes((0.50, 0.2, 0.012, 0.55)))
    bar.set_label("mean absolute error, " + FLUX, fontsize=8)
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.ax.tick_params(labelsize=7, which="both")
    inset_histogram(figure, scores, norm, colours)
    right = figure.add_axes((0.62, 0.03, 0.36, 0.88), projection="3d")
    right.scatter(*places, c="0.8", s=size / 2, depthshade=False, label="all")
    for place, (agn_class, name, colour, marker) in enumerate(AGN):
        chosen = np.array([agn_class in row["agn_classes"].split(";") for row in rows])
        if chosen.any():
            right.scatter(*places[:, chosen], facecolors="none", edgecolors=colour, linewidths=1.5, marker=marker,
                          s=(5 - place) * size, depthshade=False, zorder=2,  # one in several selections shows all
                          label=f"{name} ({chosen.sum()})")
    bare(right, "AGN selections")
    right.legend(loc="upper left", fontsize=8, framealpha=0.8, labelspacing=1.1)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def name_of(row):
    names = [name for agn_class, name, *_ in AGN if agn_class in row["agn_classes"].split(";")]
    return row["plateifu"] + (f"\nAGN: {', '.join(names)}" if names else "")


def draw_galaxies(client, model, snapshot, source, folder):
    """The six AGN with the highest scores (of all galaxies where no AGN is known), and four neighbours of the first two."""
    rows = client.anomalies(model=model, snapshot_id=snapshot.snapshot_id)
    agn = rows[rows["agn_classes"] != ""]
    chosen = (agn or rows)[:6]

    def draw(path, title, galaxies, labels):
        answers = [client.galaxy(plateifu, spaxel_values=True, snapshot_id=snapshot.snapshot_id) for plateifu in galaxies]
        draw_rows(path, title, model, answers, labels, snapshot.lines, source)
        return path

    yield draw(folder / f"anomalies-{model}.png", f"{model}: {'AGN' if agn else 'galaxies'} with the highest anomaly scores",
               list(chosen["plateifu"]),
               [f"{name_of(row)}\nscore {row['score']:.3g}, rank {row['rank']}" for row in chosen])
    for row in chosen[:2]:
        near = client.neighbors(row["plateifu"], model=model, space="umap", count=4, snapshot_id=snapshot.snapshot_id)
        yield draw(folder / f"neighbors-{model}-{row['plateifu']}.png",
                   f"{model}: {row['plateifu']} and its nearest neighbours in UMAP",
                   [row["plateifu"], *near["plateifu"]],
                   [f"{name_of(row)}\nasked for"] +
                   [f"{name_of(neighbor)}\ndistance {neighbor['distance']:.3g}" for neighbor in near])


def draw_training(folder, path):
    """Losses by epoch of every model that has been trained in W/models."""
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for file in sorted(folder.glob("*/metrics.jsonl")):
        epochs = [json.loads(line) for line in file.read_text().splitlines()]
        lines = axes.plot([e["epoch"] for e in epochs], [e["test_loss"] for e in epochs], marker="o", ms=3,
                          label=f"{file.parent.name}, test")
        trained = [e for e in epochs if e.get("train_loss") is not None]
        axes.plot([e["epoch"] for e in trained], [e["train_loss"] for e in trained], ls=":", color=lines[0].get_color(),
                  label=f"{file.parent.name}, training")
    if not axes.lines:
        raise SystemExit(f"peculiar-figures: no model in {folder} has been trained")
    axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean absolute error a voxel\n" + FLUX)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(prog="peculiar-figures", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="folder to write, made when absent")
    parser.add_argument("--server", default="127.0.0.1:50051", metavar="ADDR", help="default: %(default)s")
    parser.add_argument("--model", help="default: every model of the snapshot")
    parser.add_argument("--workspace", type=pathlib.Path, metavar="W", help="for the training curves: a worker's workspace")
    parser.add_argument("--cubes", type=pathlib.Path, metavar="DIR",
                        help="with --workspace, for the galaxies: the folder of the LOGCUBE files it was made from")
    parser.add_argument("--worker", default="peculiar-worker", metavar="PROGRAM", help="default: %(default)s")
    arguments = parser.parse_args()
    if arguments.cubes and not arguments.workspace:
        parser.error("--cubes needs --workspace")
    if arguments.cubes and not shutil.which(arguments.worker):
        parser.error(f"--worker {arguments.worker}: no such program")
    arguments.out.mkdir(parents=True, exist_ok=True)
    written = []
    try:
        with Client(arguments.server) as client:
            snapshot = client.snapshot()
            models = [model for model in snapshot.models if arguments.model in (None, model.model)]
            if not models:
                print(f"peculiar-figures: no model {arguments.model!r} among {[model.model for model in snapshot.models]}",
                      file=sys.stderr)
                return 3
            for model in models:
                if {space.space: space.dimension for space in model.spaces}.get("umap") != 3:
                    print(f"peculiar-figures: {model.model} has no UMAP of three dimensions (peculiar-worker reduce): no map",
                          file=sys.stderr)
                    continue
                written.append(arguments.out / f"map-{model.model}.png")
                draw_map(client, model.model, snapshot.snapshot_id, written[-1])
                if arguments.cubes:
                    source = Source(arguments.workspace, arguments.cubes, arguments.worker)
                    written.extend(draw_galaxies(client, model.model, snapshot, source, arguments.out))
    except errors.Error as error:
        print(f"peculiar-figures: {arguments.server}: {error.message}", file=sys.stderr)
        return 5 if isinstance(error, errors.Unreachable) else 4
    if arguments.workspace:
        written.append(arguments.out / "training.png")
        draw_training(arguments.workspace / "models", written[-1])
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
