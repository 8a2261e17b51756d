"""Trains networks with several settings on one ingested workspace; prints a line of JSON for each: its settings and test
losses by epoch.

usage: learning.py BIN WORKSPACE [--vary NAME=VALUE,VALUE...]... [train options]
--vary gives an option of `peculiar-worker train` several values; every combination is trained, each in a model of its own
that an earlier call's with the same settings goes on from. Example, the study of docs/benchmarks.md:
  learning.py build/release/bin W --vary optimiser=adam,adagrad --vary learning-rate=0.003,0.01,0.03 --kind ae --epochs 10
"""
import argparse
import hashlib
import itertools
import json
import pathlib
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("workspace", type=pathlib.Path)
    parser.add_argument("--vary", action="append", default=[], metavar="NAME=VALUES")
    arguments, fixed = parser.parse_known_args()
    names = [vary.split("=")[0] for vary in arguments.vary]
    choices = [vary.split("=")[1].split(",") for vary in arguments.vary]
    for values in itertools.product(*choices):
        settings = dict(zip(names, values))
        options = [f"--{name}={value}" for name, value in settings.items()] + fixed
        model = "study-" + hashlib.sha256(" ".join(sorted(options)).encode()).hexdigest()[:12]
        done = subprocess.run([arguments.bin / "peculiar-worker", "train", "--workspace", arguments.workspace, "--model", model,
                               "-o", "json", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0 and "non-finite" not in done.stderr:  # that is a result too
            sys.exit(done.stderr)
        metrics = arguments.workspace / "models" / model / "metrics.jsonl"
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
        print(json.dumps({**settings, "model": model, "finished": done.returncode == 0,
                          "test_loss": [round(line["test_loss"], 5) for line in lines],
                          "train_loss": lines[-1]["train_loss"], "test_kl": lines[-1]["test_kl"]}), flush=True)


if __name__ == "__main__":
    main()
