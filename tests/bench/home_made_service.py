"""What a user would write instead of Peculiar's server: a snapshot's vectors in FAISS, its catalogue in SQLite, FastAPI.

usage: home_made_service SNAPSHOT_FOLDER PORT [tuned]
GET /embedding/ID, /neighbors/ID?k=10, /anomalies?max_redshift=Z&limit=50, as JSON. Handlers return dicts, as FastAPI's own
tutorial writes them, and are `async`, since they never wait. tuned: dicts are turned into JSON once, and are not gone through
before to see whether JSON can hold them.
"""
import json
import pathlib
import sqlite3
import sys

import faiss
import fastapi
import numpy as np
import uvicorn

app = fastapi.FastAPI()
answer = fastapi.responses.JSONResponse if sys.argv[3:] == ["tuned"] else dict
SNAPSHOT = pathlib.Path(sys.argv[1])
COLUMNS = "plateifu, mangaid, z, ra_deg, dec_deg, fibres, stellar_mass_msun, half_light_radius_arcsec, sersic_index"


class Survey:
    def __init__(self, folder):
        model = json.loads((folder / "manifest.json").read_text())["models"][0]["name"]
        self.vectors = np.fromfile(folder / f"embeddings-{model}.f32", np.float32)
        source = sqlite3.connect(f"file:{folder / 'catalog.sqlite'}?mode=ro", uri=True)
        galaxies = source.execute(f"SELECT {COLUMNS}, mae FROM galaxy JOIN score USING (galaxy_id) WHERE model_id = 0 "
                                  "ORDER BY galaxy_id").fetchall()
        self.ids = [galaxy[0] for galaxy in galaxies]
        self.row = {galaxy_id: row for row, galaxy_id in enumerate(self.ids)}
        self.vectors = self.vectors.reshape(len(galaxies), -1)
        self.index = faiss.IndexFlatL2(self.vectors.shape[1])
        self.index.add(self.vectors)
        self.database = sqlite3.connect(":memory:")
        self.database.row_factory = sqlite3.Row
        self.database.execute(f"CREATE TABLE galaxies ({COLUMNS}, score)")
        self.database.executemany(f"INSERT INTO galaxies VALUES ({','.join('?' * len(galaxies[0]))})", galaxies)
        self.database.execute("CREATE INDEX by_score ON galaxies (score DESC)")
        self.database.execute("CREATE UNIQUE INDEX by_id ON galaxies (plateifu)")

    def find(self, galaxy_id):
        if galaxy_id not in self.row:
            raise fastapi.HTTPException(404, f"no galaxy {galaxy_id}")
        return self.row[galaxy_id]


survey = Survey(SNAPSHOT)


@app.get("/embedding/{galaxy_id}")
async def embedding(galaxy_id: str):
    return answer({"plateifu": galaxy_id, "values": survey.vectors[survey.find(galaxy_id)].tolist()})


@app.get("/neighbors/{galaxy_id}")
async def neighbors(galaxy_id: str, k: int = 10):
    row = survey.find(galaxy_id)
    squares, rows = survey.index.search(survey.vectors[row:row + 1], k + 1)
    found = [(survey.ids[near], float(square)**0.5) for near, square in zip(rows[0], squares[0]) if near != row][:k]
    galaxies = {galaxy["plateifu"]: dict(galaxy) for galaxy in survey.database.execute(
        f"SELECT * FROM galaxies WHERE plateifu IN ({','.join('?' * len(found))})", [name for name, _ in found])}
    return answer(
        {"neighbors": [{"galaxy": galaxies[name], "distance": distance} for name, distance in found]})


@app.get("/anomalies")
async def anomalies(max_redshift: float = 1e9, limit: int = 50):
    rows = survey.database.execute("SELECT * FROM galaxies WHERE z <= ? ORDER BY score DESC LIMIT ?",
                                   [max_redshift, limit])
    return answer({"anomalies": [dict(row) for row in rows]})


if __name__ == "__main__":
    faiss.omp_set_num_threads(1)  # a search of one vector is faster without
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
