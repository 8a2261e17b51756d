"""The protos as protoc sees them: its descriptor set, with every element's comment and place."""

import os
import subprocess
import sys

try:
    from google.protobuf import descriptor_pb2
except ImportError:  # an interpreter without it: Debian's python3-protobuf serves any
    sys.path.append("/usr/lib/python3/dist-packages")
    from google.protobuf import descriptor_pb2

ROOT = "proto"  # where the paths of the protos begin
Field = descriptor_pb2.FieldDescriptorProto
TYPES = {number: name[len("TYPE_"):].lower() for name, number in Field.Type.items()}


class ProtocError(Exception):
    pass


def load(tree):
    """FileDescriptorProtos of the tree's .proto files, in the order of their paths."""
    paths = [os.path.relpath(path, ROOT) for path in tree.select(".proto")
             if path.startswith(ROOT + "/")]
    if not paths:
        return []
    result = subprocess.run(
        ["protoc", "--proto_path=.", "--include_source_info", "--descriptor_set_out=/dev/stdout",
         *paths], cwd=os.path.join(tree.root, ROOT), capture_output=True, check=False)
    if result.returncode != 0:
        raise ProtocError(result.stderr.decode(errors="replace").strip())
    return sorted(descriptor_pb2.FileDescriptorSet.FromString(result.stdout).file,
                  key=lambda file: file.name)


class Element:
    """One element: its kind, descriptor, full name, parent, file, line and the comment above it."""

    def __init__(self, kind, descriptor, name, parent, file, location):
        self.kind, self.descriptor, self.name = kind, descriptor, name
        self.parent, self.file = parent, file
        self.line = location.span[0] + 1 if location else 0
        self.comment = text_of(location.leading_comments) if location else ""

    @property
    def where(self):
        return f"{ROOT}/{self.file.name}:{self.line}"


def text_of(comment):
    """A comment without the blank that follows each //; its lines stay."""
    return "\n".join(line[1:] if line.startswith(" ") else line
                     for line in comment.rstrip().split("\n"))


def file_comment(file):
    """The comment that opens the file."""
    for location in file.source_code_info.location:
        if list(location.path) == [12]:  # syntax
            return text_of(location.leading_comments)
    return ""


def elements(files):
    """Every service, method, message, field, enum and value, each after its parent."""
    for file in files:
        locations = {tuple(location.path): location for location in file.source_code_info.location}

        def walk(kind, descriptors, path, parent, file=file, locations=locations):
            for i, descriptor in enumerate(descriptors):
                here = (*path, i)
                prefix = parent.name if parent else file.package
                element = Element(kind, descriptor, f"{prefix}.{descriptor.name}", parent, file,
                                  locations.get(here))
                yield element
                for child, field, number in CHILDREN[kind]:
                    yield from walk(child, getattr(descriptor, field), (*here, number), element)

        yield from walk("service", file.service, (6,), None)
        yield from walk("message", file.message_type, (4,), None)
        yield from walk("enum", file.enum_type, (5,), None)


# Kind -> its children: their kind, the descriptor's field that holds them and its number.
CHILDREN = {
    "service": [("method", "method", 2)],
    "message": [("field", "field", 2), ("message", "nested_type", 3), ("enum", "enum_type", 4)],
    "enum": [("value", "value", 2)],
    "method": [], "field": [], "value": [],
}


def is_repeated(field):
    return field.label == Field.LABEL_REPEATED


def type_of(field):
    """'string', 'peculiar.v1.Galaxy': the type without its label."""
    return field.type_name.lstrip(".") or TYPES[field.type]


def label_of(field):
    """'repeated ', 'optional ' or nothing."""
    if is_repeated(field):
        return "repeated "
    return "optional " if field.proto3_optional else ""


def signature_of(method):
    """'peculiar.v1.ARequest -> stream peculiar.v1.AResponse'."""
    def side(name, is_stream):
        return ("stream " if is_stream else "") + name.lstrip(".")
    return (f"{side(method.input_type, method.client_streaming)} -> "
            f"{side(method.output_type, method.server_streaming)}")
