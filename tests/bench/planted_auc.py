#!/usr/bin/env python3
"""How well the scores find what was planted: area under the ROC curve by anomaly class, for every model and score.

usage: planted_auc.py TRUTH.csv CATALOG.sqlite

An anomaly class is compared with the galaxies in which nothing was planted. 0.5 is chance, 1 is perfect. Standard library
only; ties count one half (Mann-Whitney).
"""
import csv
import sqlite3
import sys


def area(planted, normal):
    wins = sum((a > b) + 0.5 * (a == b) for a in planted for b in normal)
    return wins / (len(planted) * len(normal))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="") as file:
        planted = {row["plateifu"]: row["anomaly"] for row in csv.DictReader(file)}
    database = sqlite3.connect("file:%s?mode=ro" % sys.argv[2], uri=True)
    scores = {}
    for model, plateifu, *values in database.execute(
            "SELECT model.name, plateifu, mae, chi, relative FROM score JOIN model USING (model_id)"
            " JOIN galaxy USING (galaxy_id)"):
        for name, value in zip(("mae", "chi", "relative"), values):
            if value is not None and plateifu in planted:
                scores.setdefault((model, name), []).append((planted[plateifu], value))
    classes = sorted({kind for kind in planted.values() if kind})
    columns = sorted(scores)
    print("%-22s %3s  %s" % ("planted", "n", "  ".join("%-12s" % " ".join(c) for c in columns)))
    for kind in classes + ["any"]:
        cells, count = [], 0
        for column in columns:
            strange = [v for k, v in scores[column] if k == kind or (kind == "any" and k)]
            normal = [v for k, v in scores[column] if not k]
            count = len(strange)
            cells.append("%-12.3f" % area(strange, normal) if strange and normal else "%-12s" % "-")
        print("%-22s %3d  %s" % (kind, count, "  ".join(cells)))


if __name__ == "__main__":
    main()
