"""Fills a running Chroma server with a snapshot's default model: embeddings, and the catalogue as metadata.

usage: chroma_fill PORT SNAPSHOT_FOLDER
Prints the path of the collection's URL.
"""
import json
import pathlib
import sqlite3
import sys

import chromadb
import numpy as np

COLUMNS = ("plateifu", "mangaid", "z", "ra_deg", "dec_deg", "fibres", "stellar_mass_msun", "half_light_radius_arcsec",
           "sersic_index", "mae")
BATCH = 1000


def main():
    port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    model = json.loads((folder / "manifest.json").read_text())["models"][0]["name"]
    source = sqlite3.connect(f"file:{folder / 'catalog.sqlite'}?mode=ro", uri=True)
    rows = source.execute(f"SELECT {', '.join(COLUMNS)} FROM galaxy JOIN score USING (galaxy_id) WHERE model_id = 0 "
                          "ORDER BY galaxy_id").fetchall()
    vectors = np.fromfile(folder / f"embeddings-{model}.f32", np.float32).reshape(len(rows), -1)
    client = chromadb.HttpClient(host="127.0.0.1", port=port)
    collection = client.create_collection("galaxies", embedding_function=None)
    for begin in range(0, len(rows), BATCH):
        batch = rows[begin:begin + BATCH]
        collection.add(ids=[row[0] for row in batch], embeddings=vectors[begin:begin + BATCH],
                       metadatas=[{name: value for name, value in zip(COLUMNS, row) if value is not None}
                                  for row in batch])
    print(f"/api/v2/tenants/default_tenant/databases/default_database/collections/{collection.id}")


if __name__ == "__main__":
    main()
