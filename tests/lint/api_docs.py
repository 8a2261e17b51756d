"""docs/api.md from the comments of the protos: lint.py --write-api writes it."""

import os
import re

import descriptors
from descriptors import label_of, type_of

PATH = "docs/api.md"
HEAD = """# API

Made from the comments in `proto/peculiar/v1` by `python3 tests/lint/lint.py --write-api`: edit them, not this file.
"""


def anchor(name):
    return name.lower()


def paragraph(comment):
    """A comment as Markdown: indented lines keep their breaks, others flow."""
    if re.search(r"^ +", comment, re.M):
        return re.sub(r"^ +(?=\S)", "  ", re.sub(r"^  (?=[A-Z_]+ )", "- ", comment, flags=re.M),
                      flags=re.M)
    return comment


def cell(comment):
    return " ".join(comment.split()).replace("|", "\\|")


class Page:
    def __init__(self, files):
        found = list(descriptors.elements(files))
        self.files = files
        self.children = {}
        for element in found:
            self.children.setdefault(element.parent.name if element.parent else "", []).append(
                element)
        self.services = [element for element in found if element.kind == "service"]
        self.enums = [element for element in found if element.kind == "enum"]
        self.messages = {element.name: element for element in found if element.kind == "message"}

    def text(self):
        parts = [HEAD]
        of_methods = set()
        for service in self.services:
            parts.append(f"## {service.descriptor.name}\n\n{service.comment}\n")
            parts.append(paragraph(descriptors.file_comment(service.file)) + "\n")
            for method in self.children.get(service.name, []):
                parts += self.method(method)
                of_methods |= {method.descriptor.input_type.lstrip("."),
                               method.descriptor.output_type.lstrip(".")}
        parts.append("## Messages\n")
        for name, message in sorted(self.messages.items()):
            if name not in of_methods:
                parts.append(f"### {message.descriptor.name}\n\n{message.comment}\n")
                parts.append(self.fields(message))
        parts.append("## Enumerations\n")
        for enum in sorted(self.enums, key=lambda element: element.name):
            parts.append(f"### {enum.descriptor.name}\n\n{enum.comment}\n")
            rows = [f"| {value.descriptor.number} | `{value.descriptor.name}` | "
                    f"{cell(value.comment)} |" for value in self.children[enum.name]]
            parts.append("| number | value | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
        return "\n".join(parts)

    def method(self, method):
        request, response = (self.messages.get(name.lstrip(".")) for name in (
            method.descriptor.input_type, method.descriptor.output_type))
        stream = "a stream of " if method.descriptor.server_streaming else ""
        yield f"### {method.descriptor.name}\n\n{method.comment}\n"
        for message, verb in ((request, "takes "), (response, "returns " + stream)):
            if message is not None:
                yield f"{verb}`{message.descriptor.name}`: {message.comment}\n"
                yield self.fields(message)

    def fields(self, message):
        fields = [element for element in self.children.get(message.name, [])
                  if element.kind == "field"]
        if not fields:
            return "No fields.\n"
        rows = [f"| {field.descriptor.number} | `{field.descriptor.name}` | {self.type(field)} | "
                f"{cell(field.comment)} |" for field in fields]
        return "| number | field | type | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"

    def type(self, field):
        full = type_of(field.descriptor)
        short = full.rpartition(".")[2]
        known = full in self.messages or any(full == enum.name for enum in self.enums)
        return label_of(field.descriptor) + (f"[{short}](#{anchor(short)})" if known else short)


def check(tree):
    try:
        files = descriptors.load(tree)
    except descriptors.ProtocError as error:
        yield str(error)
        return
    if files and (PATH not in tree.paths or tree.read(PATH) != Page(files).text()):
        yield f"{PATH}: not as the protos say: python3 tests/lint/lint.py --write-api"


def write(tree):
    with open(os.path.join(tree.root, PATH), "w", encoding="utf-8") as file:
        file.write(Page(descriptors.load(tree)).text())
