"""Compares the AE and vAE with the same networks in Keras: reconstruction, loss, and the weights after one Adagrad step.

usage: keras_parity BIN [--engine NAME] [--preset NAME] [--cell-activation linear|tanh]
Prints one JSON line a comparison; exit code 1 when one is above its limit. tests/bench/keras_parity sets up Keras.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import keras
import numpy as np
import tensorflow as tf

import keras_network

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
LATENT_STREAM, ORIGINAL_COPY = 103, -1 & MASK
LIMITS = {"reconstruction": 1e-4, "loss": 1e-4, "kl": 1e-4, "weights": 1e-5, "step": 1e-3}


def mix(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def normal_numbers(seed, labels, count):
    """core/base/random.h: SplitMix64 keyed by labels, then Box and Muller."""
    state = mix((seed + GOLDEN) & MASK)
    for label in labels:
        state = mix((state + GOLDEN) & MASK) ^ mix((label + GOLDEN) & MASK)
    values = []
    while len(values) < count:
        uniform = []
        for _ in range(2):
            state = (state + GOLDEN) & MASK
            uniform.append((mix(state) >> 11) * 2.0**-53)
        radius, angle = math.sqrt(-2 * math.log(1 - uniform[0])), 2 * math.pi * uniform[1]
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(values[:count], np.float32)


def galaxy_label(plateifu):
    """FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in plateifu.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


class Survey:
    """Three simulated galaxies in a workspace, said to be one galaxy observed three times so that all are trained on."""

    def __init__(self, worker, folder):
        self.worker, self.work = worker, folder / "work"
        cubes = folder / "cubes"
        worker("simulate", "--out", cubes, "--galaxies", 3, "--seed", 5, "--fibres", 19)
        rows = [line.split(",") for line in (cubes / "truth.csv").read_text().splitlines()]
        columns = rows[0]
        table = [dict(zip(columns, row)) for row in rows[1:]]
        self.names = sorted(row["plateifu"] for row in table)
        redshift = {row["plateifu"]: row["z"] for row in table}
        (folder / "drpall.csv").write_text("plateifu,z,mangaid\n" +
                                           "".join(f"{name},{redshift[name]},1-1\n" for name in self.names))
        worker("ingest", "--workspace", self.work, "--drpall", folder / "drpall.csv", "--cubes", cubes)
        self.folder = folder

    def arrays(self, model):
        """(cubes, our reconstructions), each [B, T, H, W]."""
        pairs = []
        for name in self.names:
            prefix = self.folder / f"{model}-{name}"
            self.worker("export", "--workspace", self.work, name, "--out", prefix, "--model", model)
            pairs.append([np.load(f"{prefix}-{part}.npy") for part in ("flux", "reconstruction")])
        return [np.stack(part) for part in zip(*pairs)]


def relative(found, expected):
    """Largest difference against the largest expected value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def distance(a, b=None):
    """Euclidean, over all weights; to zero without b."""
    return math.sqrt(sum(float(np.square(a[name].astype(np.float64) - (b[name] if b else 0)).sum()) for name in a))


def compare(survey, kind, arguments):
    network = ["--kind", kind, "--preset", arguments.preset, "--cell-activation", arguments.cell_activation, "--seed", 1]
    first, after = survey.folder / "first.safetensors", survey.folder / "after.safetensors"
    survey.worker("export-weights", "--out", first, *network)
    survey.worker("train", "--workspace", survey.work, "--model", kind, *network, "--optimiser", "adagrad",
                  "--learning-rate", 0.001, "--rate-schedule", "constant", "--clip-norm", 0, "--epochs", 1, "--copies", 0,
                  "--keep-originals", "--engine", arguments.engine)
    survey.worker("export-weights", "--out", after, "--workspace", survey.work, "--model", kind)
    cubes, ours = survey.arrays(kind)
    metrics = [json.loads(line) for line in (survey.work / "models" / kind / "metrics.jsonl").read_text().splitlines()]

    tensors, config = keras_network.read_safetensors(first)
    model = keras_network.build(config)
    keras_network.load(model, tensors)
    noise = np.stack([normal_numbers(1, (LATENT_STREAM, 0, galaxy_label(name), ORIGINAL_COPY), config["latent"])
                      for name in survey.names])
    batch = cubes[..., np.newaxis]
    optimiser = keras.optimizers.Adagrad(0.001, initial_accumulator_value=0.1, epsilon=1e-7)
    with tf.GradientTape() as tape:
        total, reconstruction, kl = keras_network.losses(config, batch, model([batch, noise], training=True))
    optimiser.apply(tape.gradient(total, model.trainable_weights), model.trainable_weights)

    stepped, _ = keras_network.read_safetensors(after)
    theirs = keras_network.weights(model)
    found = {"loss": abs(float(reconstruction) / metrics[1]["train_loss"] - 1),
             "weights": distance(theirs, stepped) / distance(stepped),
             "step": distance(theirs, stepped) / distance(tensors, stepped)}
    if kind == "vae":
        found["kl"] = abs(float(kl) / metrics[1]["train_kl"] - 1)
    keras_network.load(model, stepped)
    found["reconstruction"] = relative(model([batch, 0 * noise])[0].numpy()[..., 0], ours)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path, help="folder of peculiar-worker")
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--cell-activation", default="tanh", help="linear amplifies float rounding beyond comparison")
    arguments = parser.parse_args()

    def worker(*words):
        subprocess.run([arguments.bin / "peculiar-worker", *map(str, words)], check=True, stdout=subprocess.DEVNULL)

    failed = False
    with tempfile.TemporaryDirectory() as folder:
        survey = Survey(worker, pathlib.Path(folder))
        for kind in ("ae", "vae"):
            for what, value in compare(survey, kind, arguments).items():
                ok = value <= LIMITS[what]
                failed |= not ok
                print(json.dumps({"kind": kind, "engine": arguments.engine, "preset": arguments.preset, "compared": what,
                                  "relative_difference": value, "limit": LIMITS[what], "ok": ok}))
    sys.exit(failed)


if __name__ == "__main__":
    main()
