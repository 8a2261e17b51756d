"""The style of the API, read from the text of the .proto files (clang-formatted or not)."""

import re

ELEMENT = re.compile(
    r"(?P<block>service|message|enum|oneof)\s+(?P<name>\w+)\s*\{|"
    r"(?P<rpc>rpc)\s+(?P<method>\w+)\s*\(\s*(?:stream\s+)?(?P<request>[\w.]+)\s*\)\s*returns\s*"
    r"\(\s*(?:stream\s+)?(?P<response>[\w.]+)\s*\)|"
    r"(?P<label>repeated\s+|optional\s+)?(?P<type>map\s*<[^>]*>|[\w.]+)\s+(?P<field>\w+)\s*=\s*"
    r"(?P<number>\d+)|(?P<value>\w+)\s*=\s*(?P<code>-?\d+)")
SKIPPED = ("syntax", "package", "import", "option", "reserved", "extensions")
UNSIGNED = re.compile(r"\b(?:uint32|uint64|fixed32|fixed64)\b")


def statements(text):
    """(line, statement, commented) for every statement; '{' and '}' end one too."""
    commented, statement, first = False, "", 0
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not statement and stripped.startswith("//"):
            commented = True
            continue
        if not statement and not stripped:
            commented = False
            continue
        first = first if statement else number
        for piece in re.findall(r"[^;{}]*[;{}]|[^;{}]+$", re.sub(r"//.*", "", stripped)):
            statement = (statement + " " + piece.strip()).strip()
            if statement.endswith((";", "{", "}")):
                yield first, statement, commented
                statement, commented, first = "", False, number


def check_field(where, block, match):
    name, label = match["field"], (match["label"] or "").strip()
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        yield f"{where}: field {name} is not snake_case"
    if name.startswith("is_"):
        yield f"{where}: field {name}: no is_"
    if (label == "repeated") != name.endswith("s") and label == "repeated":
        yield f"{where}: repeated field {name} is not a plural"
    if UNSIGNED.search(match["type"]):
        yield f"{where}: field {name} is unsigned"
    if re.fullmatch(r"(?:List|Find)\w+Response", block) and match["number"] == "1" \
            and label != "repeated":
        yield f"{where}: field 1 of {block} is not the repeated results"


def check_value(where, block, match):
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", block).upper() + "_"
    if not match["value"].startswith(prefix):
        yield f"{where}: value {match['value']} does not begin with {prefix}"
    if match["code"] == "0" and match["value"] != prefix + "UNSPECIFIED":
        yield f"{where}: value 0 of {block} is not {prefix}UNSPECIFIED"


def check_file(path, text):
    blocks = []  # (kind, name) of the blocks around
    if not text.startswith("//"):
        yield f"{path}:1: the file does not open with a comment"
    for line, statement, commented in statements(text):
        where = f"{path}:{line}"
        if statement.endswith("}"):
            if blocks:
                blocks.pop()
            continue
        if statement == ";" or statement.split()[0] in SKIPPED:
            if statement.endswith("{"):
                blocks.append(("option", ""))
            continue
        match = ELEMENT.match(statement)
        if match is None:
            yield f"{where}: not understood: {statement}"
            continue
        name = match["name"] or match["method"] or match["field"] or match["value"]
        if not commented:
            yield f"{where}: {name} has no comment above it"
        kind, block = blocks[-1] if blocks else ("", "")
        if match["rpc"] and (match["request"], match["response"]) != (name + "Request",
                                                                      name + "Response"):
            yield f"{where}: rpc {name} does not take {name}Request and return {name}Response"
        elif match["field"]:
            yield from check_field(where, block, match)
        elif match["value"] and kind == "enum":
            yield from check_value(where, block, match)
        if statement.endswith("{"):
            blocks.append((match["block"] or "rpc", name))


def check(tree):
    for path in tree.select(".proto"):
        yield from check_file(path, tree.read(path))
