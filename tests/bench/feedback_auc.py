#!/usr/bin/env python3
"""What labels gain: area under the ROC curve of one planted class against all other galaxies, by the scores and by
the relevance that `peculiar-worker feedback` learns from labels, over seeds of which galaxies are labelled.

usage: feedback_auc.py BIN WORKSPACE MODEL TRUTH.csv [--class seyfert_core] [--labels 20] [--seeds 5]

Three ways of labelling; the truth is the person, a galaxy of the class is interesting, all others are not:
  half    half of the labels are galaxies of the class, half others, both drawn at random
  top     the same galaxies of the class; the others are drawn from the 100 of highest mae that are not of it
  active  5 and 5 drawn at random, then the most relevant unlabelled galaxy is labelled, and all is learned anew
Each way is taken with the embedding alone, the errors of reconstruction alone (mae and each line's share), and both.
Labelled galaxies count in no figure of their seed, neither before nor after. "top 20": galaxies of the class among the 20
highest unlabelled. Spread: standard deviation over seeds. Works on a shadow of the workspace, which itself stays as it is.
Standard library only.
"""
import argparse
import array
import csv
import json
import os
import random
import statistics
import struct
import subprocess
import tempfile

SCORES = ("mae", "chi", "relative")


def area(values, is_class, rows):
    """Mann-Whitney; ties count one half."""
    order = sorted(rows, key=lambda row: values[row])
    total, positives, i = 0.0, 0, 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        hits = sum(is_class[row] for row in order[i:j])
        total += hits * (i + j + 1) / 2  # the mean rank of the tied ones, from 1
        positives, i = positives + hits, j
    return (total - positives * (positives + 1) / 2) / (positives * (len(order) - positives))


def among_top(values, is_class, rows, count=20):
    return sum(is_class[row] for row in sorted(rows, key=lambda row: -values[row])[:count])


def read_scores(folder):
    """Score -> values in dataset order, from the parts' safetensors."""
    with open(os.path.join(folder, "embeddings.json"), encoding="utf-8") as file:
        parts = json.load(file)["parts"]
    scores = {name: [] for name in SCORES}
    for part in parts:
        with open(os.path.join(folder, part["file"]), "rb") as file:
            content = file.read()
        start = 8 + struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8:start])
        for name in SCORES:
            first, last = header[name]["data_offsets"]
            scores[name].extend(array.array("d", content[start + first:start + last]))
    return scores


def make_shadow(workspace, model, shadow):
    """A workspace of links, so that nothing of the original is replaced."""
    source, target = os.path.join(workspace, "models", model), os.path.join(shadow, "models", model)
    os.makedirs(target)
    for name in ("workspace.json", "dataset"):
        os.symlink(os.path.realpath(os.path.join(workspace, name)), os.path.join(shadow, name))
    for name in os.listdir(source):
        if name != "relevance.json":
            os.symlink(os.path.realpath(os.path.join(source, name)), os.path.join(target, name))


class Survey:
    def __init__(self, options, shadow):
        self.options, self.shadow = options, shadow
        with open(options.truth, newline="", encoding="utf-8") as file:
            planted = {row["plateifu"]: row["anomaly"] for row in csv.DictReader(file)}
        with open(os.path.join(shadow, "dataset", "dataset.json"), encoding="utf-8") as file:
            self.plateifus = [entry["galaxy"]["plateifu"] for entry in json.load(file)["entries"]]
        self.is_class = [planted[plateifu] == options.kind for plateifu in self.plateifus]
        self.scores = read_scores(os.path.join(shadow, "models", options.model, "embeddings"))
        self.members = [row for row, is_class in enumerate(self.is_class) if is_class]
        self.others = [row for row, is_class in enumerate(self.is_class) if not is_class]

    def learn(self, labelled, learn_on):
        """The relevance of every galaxy, and the fit's facts."""
        path = os.path.join(self.shadow, "labels.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("plateifu", "interesting", "reason"))
            for row in labelled:
                is_class = self.is_class[row]
                writer.writerow((self.plateifus[row], "yes" if is_class else "no", self.options.kind if is_class else ""))
        subprocess.run([os.path.join(self.options.bin, "peculiar-worker"), "feedback", "--workspace", self.shadow, "--model",
                        self.options.model, "--labels", path, "--learn-on", learn_on], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.shadow, "models", self.options.model, "relevance.json"), encoding="utf-8") as file:
            content = json.load(file)
        return content["relevance"], content["fit"]

    def draw(self, way, seed, learn_on):
        chance, half = random.Random(seed), self.options.labels // 2
        if way == "active":
            half = 5
        members = chance.sample(self.members, half)
        others = self.others
        if way == "top":
            others = sorted(others, key=lambda row: -self.scores["mae"][row])[:100]
        labelled = members + chance.sample(others, half)
        relevance, fit = self.learn(labelled, learn_on)
        while len(labelled) < self.options.labels:
            labelled.append(max(set(range(len(relevance))) - set(labelled), key=lambda row: (relevance[row], -row)))
            relevance, fit = self.learn(labelled, learn_on)
        return labelled, relevance, fit


def measure(survey, way, seed, learn_on):
    labelled, relevance, fit = survey.draw(way, seed, learn_on)
    rows = sorted(set(range(len(relevance))) - set(labelled))
    figures = {}
    for name, values in [*survey.scores.items(), ("relevance", relevance)]:
        figures[name] = area(values, survey.is_class, rows)
        figures[name + " top 20"] = among_top(values, survey.is_class, rows)
    figures["of the class labelled"] = sum(survey.is_class[row] for row in labelled)
    if fit["cross_validation"]:
        figures["cross-validated"] = fit["cross_validation"]["auc"]
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "workspace", "model", "truth"):
        parser.add_argument(name)
    parser.add_argument("--class", dest="kind", default="seyfert_core")
    parser.add_argument("--labels", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as shadow:
        make_shadow(options.workspace, options.model, shadow)
        survey = Survey(options, shadow)
        print("%s, model %s: %d galaxies, %d of them %s; %d labels, %d seeds" %
              (options.workspace, options.model, len(survey.is_class), len(survey.members), options.kind, options.labels,
               options.seeds))
        for way in ("half", "top", "active"):
            for learn_on in ("embedding", "errors", "embedding+errors"):
                seeds = [measure(survey, way, seed, learn_on) for seed in range(1, options.seeds + 1)]
                print("\n%-28s %7s %8s   by seed" % ("%s, on %s" % (way, learn_on), "mean", "spread"))
                for name in seeds[0]:
                    values = [figures.get(name, float("nan")) for figures in seeds]
                    print("  %-26s %7.3f %8.3f   %s" % (name, statistics.mean(values), statistics.stdev(values),
                                                        " ".join("%6.3f" % value for value in values)), flush=True)


if __name__ == "__main__":
    main()
