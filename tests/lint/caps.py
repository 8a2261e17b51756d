"""Caps on the length of files and functions, and a report of both."""

import collections
import re

from tree import CPP, code_only, is_test, room_of

BASE_CAP = 800  # of core/base: docs/adr/2026-11-22-size-of-base.md
FUNCTION_CAP, LONG_FUNCTION_CAP = 40, 60
REASON = re.compile(r"^\s*// long: \S")
TYPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
AFTER_PARAMETERS = re.compile(r"\s*(?:$|\)|:|->|&|const\b|noexcept\b|override\b|final\b|requires\b)")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\(")

Function = collections.namedtuple("Function", "path line name lines has_reason")


def file_cap(path):
    if path.endswith("/main.cc"):
        return 80
    if path.endswith((".h", ".cuh")):
        return 200
    return 500 if is_test(path) else 400


def is_function(header):
    """Whether what stands between the last statement and a brace opens a function's body."""
    header = re.sub(r"\btemplate\s*<[^{}]*?>\s*(?=[\w:~\[])", "", header)
    outside, depth = "", 0
    for character in header:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            outside += character
    if depth != 0 or ")" not in outside:
        return False
    before, _, after = outside.partition(")")
    is_value = re.search(r"(?<![=!<>])=(?!=)", before) and "operator" not in before
    return AFTER_PARAMETERS.match(after) is not None and not is_value


def functions(path, text):
    """Functions of clang-formatted code by their braces; lambdas count within their function."""
    code, lines = code_only(text), text.splitlines()
    scopes, start, found = [], 0, []  # scopes: "type", "other" or a function's (first offset, name)
    for i, character in enumerate(code):
        if character == "{":
            header = code[start:i]
            kind = "other"
            if all(scope == "type" for scope in scopes):
                if is_function(header):
                    kind = (start + len(header) - len(header.lstrip()), header)
                elif TYPE.search(header) and "=" not in header:
                    kind = "type"
            scopes.append(kind)
        elif character == "}" and scopes:
            kind = scopes.pop()
            if isinstance(kind, tuple):
                if code[i + 1:].lstrip()[:1] in (",", "{"):  # a member's braces: the body follows
                    start = kind[0]
                    continue
                found.append(measured(path, lines, code, kind, i))
            elif kind == "other" and all(scope == "type" for scope in scopes):
                continue  # an initialiser's braces: the statement goes on
        if character in "{};" and all(scope == "type" for scope in scopes):
            start = i + 1
    return found


def measured(path, lines, code, kind, end):
    first, header = code.count("\n", 0, kind[0]), " ".join(kind[1].split())
    name = header if TEST.search(header) else re.split(r"\(", header)[0].split(" ")[-1]
    above = first - 1
    while above > 0 and lines[above].lstrip().startswith("//") and not REASON.match(lines[above]):
        above -= 1
    has_reason = above >= 0 and bool(REASON.match(lines[above]))
    return Function(path, first + 1, name, code.count("\n", 0, end) - first + 1, has_reason)


def all_functions(tree):
    return [function for path in tree.select(*CPP) for function in functions(path, tree.read(path))]


def check(tree):
    for path in tree.select(*CPP):
        count = tree.read(path).count("\n")
        if count > file_cap(path):
            yield f"{path}: {count} lines, at most {file_cap(path)}"
    base = lines_by_room(tree, of_tests=False)["core/base"]
    if base > BASE_CAP:
        yield f"core/base: {base} lines, at most {BASE_CAP}"
    for function in all_functions(tree):
        is_long = function.has_reason or TEST.search(function.name)
        cap = LONG_FUNCTION_CAP if is_long else FUNCTION_CAP
        if function.lines > cap:
            yield (f"{function.path}:{function.line}: {function.name} has {function.lines} lines, "
                   f"at most {FUNCTION_CAP}, or {LONG_FUNCTION_CAP} below a '// long: reason'")


def lines_by_room(tree, of_tests):
    lines = collections.Counter()
    for path in tree.select(*CPP):
        room = ("core/" if path.startswith("core/") else "") + room_of(path)
        if is_test(path) == of_tests:
            lines[room] += tree.read(path).count("\n")
    return lines


def report(tree):
    """Lines a room (product and test code), and the ten longest functions."""
    product, test = lines_by_room(tree, of_tests=False), lines_by_room(tree, of_tests=True)
    print(f"{'room':<18}{'product':>8}{'test':>8}")
    for room in sorted(set(product) | set(test)):
        print(f"{room:<18}{product[room]:>8}{test[room]:>8}")
    print(f"{'all':<18}{sum(product.values()):>8}{sum(test.values()):>8}\n\nlongest functions")
    product_functions = [f for f in all_functions(tree) if not is_test(f.path)]
    for function in sorted(product_functions, key=lambda f: -f.lines)[:10]:
        print(f"{function.lines:>4}  {function.name}  {function.path}:{function.line}")
