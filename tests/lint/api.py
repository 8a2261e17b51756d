"""The API as it was promised: proto/peculiar-v1.api, a line an element of protoc's descriptor set.

An element that is there may never go or change; a new one is added by `lint.py --write-api`. The
list is text so that a review reads what a change promises, branches merge, and protoc's version
does not show. What must break all the same is taken out of the list by hand, with a reason in the
commit: its number stays reserved (the lint protos sees to that).
"""

import os

import descriptors
from descriptors import label_of, signature_of, type_of

PATH = "proto/peculiar-v1.api"
HEAD = """# What clients of peculiar.v1 rely on: elements of protoc's descriptor set. No line may go or change.
# New ones: python3 tests/lint/lint.py --write-api
"""


def lines(files):
    """{key: what is promised of it}; the key is what clients name it by."""
    promised = {}
    for element in descriptors.elements(files):
        kind, descriptor, name = element.kind, element.descriptor, element.name
        if kind == "method":
            promised[f"method {name}"] = signature_of(descriptor)
        elif kind == "field":
            oneof = ""
            if descriptor.HasField("oneof_index") and not descriptor.proto3_optional:
                oneof = f" of {element.parent.descriptor.oneof_decl[descriptor.oneof_index].name}"
            promised[f"field {name}"] = (
                f"{descriptor.number} {label_of(descriptor)}{type_of(descriptor)}{oneof}")
        elif kind == "value":
            promised[f"value {name}"] = str(descriptor.number)
        else:
            promised[f"{kind} {name}"] = ""
        if kind in ("message", "enum"):
            last = 0 if kind == "enum" else 1  # a message's ranges end before their end
            for one in descriptor.reserved_range:
                promised[f"reserved {name}.{one.start}-{one.end - last}"] = ""
    return promised


def text_of(promised):
    return HEAD + "".join(f"{key} {what}".rstrip() + "\n" for key, what in sorted(promised.items()))


def read(tree):
    """The list that is committed, in the form of lines(); empty when there is none."""
    promised = {}
    if PATH in tree.paths:
        for line in tree.read(PATH).splitlines():
            if line and not line.startswith("#"):
                kind, name, *what = line.split(" ", 2)
                promised[f"{kind} {name}"] = what[0] if what else ""
    return promised


def broken(promised, found):
    """Problems of what was promised and is not so."""
    parent_and_number = {}
    for key, what in found.items():
        kind, name = key.split(" ")
        if kind in ("field", "value"):
            parent_and_number[kind, name.rpartition(".")[0], what.split(" ")[0]] = name
    for key, what in promised.items():
        kind, name = key.split(" ")
        if key not in found:
            parent, _, short = name.rpartition(".")
            now = parent_and_number.get((kind, parent, what.split(" ")[0]))
            renamed = f"; its number is now {now.rpartition('.')[2]}" if now else ""
            yield f"{PATH}: {kind} {parent}.{short} was removed or renamed{renamed}: clients use it"
        elif found[key] != what:
            yield f"{PATH}: {kind} {name} was '{what}' and is '{found[key]}': clients rely on it"


def check(tree):
    try:
        found = lines(descriptors.load(tree))
    except descriptors.ProtocError as error:
        yield str(error)
        return
    promised = read(tree)
    yield from broken(promised, found)
    for key in found:
        if key not in promised:
            yield f"{PATH}: {key} is new: python3 tests/lint/lint.py --write-api"


def write(tree):
    """Adds what is new; gives the problems of what is broken, which stays as it was promised."""
    found, promised = lines(descriptors.load(tree)), read(tree)
    problems = list(broken(promised, found))
    with open(os.path.join(tree.root, PATH), "w", encoding="utf-8") as file:
        file.write(text_of({**found, **promised}))
    return problems
