"""The style of the API (CONTRIBUTING.md), checked on protoc's descriptor set."""

import collections
import re

import descriptors
from descriptors import Field, is_repeated, type_of

# Services whose questions are not of one snapshot and model.
WITHOUT_SNAPSHOT = {"AdminService"}
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CAMEL = re.compile(r"([A-Z][a-z0-9]*)+")
UNSIGNED = {Field.TYPE_UINT32, Field.TYPE_UINT64, Field.TYPE_FIXED32, Field.TYPE_FIXED64}
SIGNED = {Field.TYPE_INT32, Field.TYPE_INT64, Field.TYPE_SINT32, Field.TYPE_SINT64,
          Field.TYPE_SFIXED32, Field.TYPE_SFIXED64}
# Unit that a number's comment names -> how its field ends.
UNITS = [(r"\bdegrees?\b", "_deg"), (r"(?<![/\w])Angstrom\b", "_angstrom"),
         (r"\bkm/s\b", "_km_per_s"), (r"\barcsec\b", "_arcsec"), (r"\bsolar masses\b", "_msun"),
         (r"\bbytes\b", "_bytes")]
DURATION = re.compile(r".*_(?:seconds|ms|millis(?:econds)?|micros|us|minutes|hours)|"
                      r"(?:.*_)?(?:duration|timeout|interval)")


def check_comment(element):
    if not element.comment:
        yield f"{element.descriptor.name} has no comment above it"


def check_names(element):
    pattern = {"field": SNAKE, "value": None}.get(element.kind, CAMEL)
    name = element.descriptor.name
    if pattern and not pattern.fullmatch(name):
        yield f"{element.kind} {name} is not {'snake_case' if pattern is SNAKE else 'CamelCase'}"


def check_field_name(element):
    field, name = element.descriptor, element.descriptor.name
    if name.startswith("is_"):
        yield f"field {name}: no is_"
    if is_repeated(field) and not name.endswith("s"):
        yield f"repeated field {name} is not a plural"
    if field.type in SIGNED and not is_repeated(field) and (
            name.endswith("s") and not name.endswith(("_bytes", "ss"))
            or re.match(r"(?:num|n|number)_", name)):
        yield f"field {name} counts: let it end in _count"
    if field.type in SIGNED | {Field.TYPE_FLOAT, Field.TYPE_DOUBLE}:
        for unit, ending in UNITS:
            if re.search(unit, element.comment) and not re.search(ending + r"s?$", name):
                yield f"field {name} has a unit: let it end in {ending}"


def check_field_type(element):
    field, name = element.descriptor, element.descriptor.name
    if field.type in UNSIGNED:
        yield f"field {name} is unsigned"
    if name.endswith("_time") and type_of(field) != "google.protobuf.Timestamp":
        yield f"field {name} is no google.protobuf.Timestamp"
    if DURATION.fullmatch(name) and type_of(field) != "google.protobuf.Duration":
        yield f"field {name} is no google.protobuf.Duration"
    if field.type == Field.TYPE_MESSAGE or is_repeated(field):
        return
    if re.search(r"\babsent\b", element.comment, re.I) and not field.proto3_optional:
        yield f"field {name} may be absent but is not optional"
    if field.proto3_optional and not re.search(r"\babsent\b", element.comment, re.I):
        yield f"optional field {name}: its comment does not say what absent means"


def check_value(element):
    name, enum = element.descriptor.name, element.parent.descriptor.name
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum).upper() + "_"
    if not name.startswith(prefix) or not re.fullmatch(r"[A-Z0-9_]+", name):
        yield f"value {name} does not begin with {prefix}"
    if element.descriptor.number == 0 and name != prefix + "UNSPECIFIED":
        yield f"value 0 of {enum} is not {prefix}UNSPECIFIED"


def check_reserved(element):
    """A number that is left out was taken once: it stays reserved."""
    kind, descriptor = element.kind, element.descriptor
    used = {one.number for one in (descriptor.field if kind == "message" else descriptor.value)}
    for one in descriptor.reserved_range:
        used.update(range(one.start, one.end + (kind == "enum")))
    for number in range(1, max(used, default=0)):
        if number not in used:
            yield f"{kind} {descriptor.name}: {number} is neither used nor reserved"


def field_types(message):
    return {field.name: ("repeated " if is_repeated(field) else "") + type_of(field)
            for field in message.descriptor.field}


def missing(message, wanted):
    found = field_types(message)
    for name, kind in wanted.items():
        if found.get(name) != kind:
            yield f"{message.descriptor.name} has no field {name} of type {kind}"


def check_method(element, messages, takers):
    method, name = element.descriptor, element.descriptor.name
    ends = [(method.input_type, name + "Request"), (method.output_type, name + "Response")]
    for full, wanted in ends:
        if full.split(".")[-1] != wanted or full.lstrip(".") not in messages:
            yield f"rpc {name} does not take {name}Request and return {name}Response"
            return
        takers[full] += 1
        if takers[full] > 1:
            yield f"rpc {name}: {wanted} belongs to another rpc too"
    request, response = (messages[full.lstrip(".")] for full, _ in ends)
    if element.parent.descriptor.name not in WITHOUT_SNAPSHOT:
        for message in (request, response):
            yield from missing(message, {"snapshot_id": "string", "model": "string"})
    if re.match(r"(?:List|Find)[A-Z]", name):
        first = [field for field in response.descriptor.field if field.number == 1]
        if not first or not is_repeated(first[0]):
            yield f"field 1 of {name}Response is not the repeated results"
    if re.match(r"List[A-Z]", name):
        yield from missing(request, {"page_size": "int32", "page_token": "string"})
        yield from missing(response, {"next_page_token": "string", "total_count": "int32"})


CHECKS = {
    "service": [], "method": [], "message": [check_reserved], "enum": [check_reserved],
    "field": [check_field_name, check_field_type], "value": [check_value],
}


def check(tree):
    try:
        files = descriptors.load(tree)
    except descriptors.ProtocError as error:
        yield str(error)
        return
    for file in files:
        if not descriptors.file_comment(file):
            yield f"{descriptors.ROOT}/{file.name}:1: the file does not open with a comment"
        if file.package.replace(".", "/") != file.name.rpartition("/")[0]:
            yield f"{descriptors.ROOT}/{file.name}:1: package {file.package} is not its folder"
    found = list(descriptors.elements(files))
    messages = {element.name: element for element in found if element.kind == "message"}
    takers = collections.Counter()
    for element in found:
        checks = [check_comment, check_names, *CHECKS[element.kind]]
        for problem in (problem for one in checks for problem in one(element)):
            yield f"{element.where}: {problem}"
        if element.kind == "method":
            for problem in check_method(element, messages, takers):
                yield f"{element.where}: {problem}"
