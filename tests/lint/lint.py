"""Runs the lints: lint.py [--root DIR] [NAME...]; --report prints sizes, --write-api adds to the API."""

import argparse
import os
import sys

import api
import api_docs
import caps
import layers
import protos
import style
from tree import Tree

LINTS = {
    "layers": layers.check,
    "caps": caps.check,
    "protos": protos.check,
    "api": api.check,
    "api_docs": api_docs.check,
    "exceptions": style.check_exceptions,
    "names": style.check_names,
    "contracts": style.check_contracts,
    "space": style.check_space,
    "format": style.check_format,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--root", default=os.path.join(here, "..", ".."))
    parser.add_argument("--report", action="store_true", help="lines a room, longest functions")
    parser.add_argument("--write-api", action="store_true",
                        help=f"what is new in the protos into {api.PATH}, and {api_docs.PATH}")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(LINTS) + "; default all")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(LINTS))
    if unknown:
        parser.error(f"no lint {', '.join(unknown)}; there are {', '.join(LINTS)}")
    tree = Tree(arguments.root)
    if not tree.paths:
        parser.error(f"no files under {arguments.root}")
    if arguments.report:
        caps.report(tree)
        return 0
    if arguments.write_api:
        problems = api.write(tree)
        api_docs.write(tree)
        print("\n".join(problems))
        return 1 if problems else 0
    problems = [problem for name in arguments.names or LINTS for problem in LINTS[name](tree)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
