"""The strangest AGN that a server knows, what each is called in a list of AGN, and the galaxies most like them.

    anomalous_agn.py 127.0.0.1:50051 comerford2020_agn_classes.csv
    PECULIAR_TOKEN=... anomalous_agn.py server:50051 agn.csv --root-certificates ca.pem
"""
import argparse
import os

from astropy.table import Table, join

import peculiar

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("server", help="host:port")
parser.add_argument("agn_list", help="CSV with a column plateifu")
parser.add_argument("--root-certificates", help="PEM file: the connection is TLS")
arguments = parser.parse_args()

with peculiar.Client(arguments.server, root_certificates=arguments.root_certificates,
                     token=os.environ.get("PECULIAR_TOKEN")) as client:
    strange = client.anomalies(10, agn_presence="any", best_observation=True)
    snapshot = strange.meta["snapshot"]
    matched = join(strange, Table.read(arguments.agn_list, format="ascii.csv"), keys="plateifu", join_type="left")
    matched.sort("rank")
    print(f"snapshot {snapshot}, model {strange.meta['model']}, {strange['score'].description} in {strange['score'].unit}")
    for galaxy in matched:
        listed = [name for name in matched.colnames if name.endswith("_agn") and galaxy[name] == 1]
        print(f"{galaxy['rank']:5d}  {galaxy['plateifu']:<12} z {galaxy['redshift']:.4f}  score {galaxy['score']:.4g}"
              f"  most in {galaxy['top_line']}  listed: {', '.join(listed) or 'no'}")
        for near in client.neighbors(galaxy["plateifu"], 5, exclude_repeats=True, snapshot_id=snapshot):
            print(f"       {near['plateifu']:<12} z {near['redshift']:.4f}  distance {near['distance']:.4g}"
                  f"  {near['agn_classes'] or 'no AGN'}")
