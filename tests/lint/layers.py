"""Who may include whom (docs/architecture.md), and where each vendor's headers may appear."""

import re

from tree import CPP, is_test, room_of

# Rooms of core/ in layer order, and what each may include besides itself and base.
CORE = {
    "base": set(),
    "cube": set(),
    "fits": {"cube"},
    "dataset": {"cube"},
    "simulate": {"cube", "fits"},
    "embedding": set(),
    "feedback": {"cube", "fits", "embedding"},
    "catalog": set(),
    "index": {"embedding"},
    "projection": {"embedding"},
    "weights": set(),
    "network": {"weights"},
    "cuda": {"network"},
    "model": {"dataset", "embedding", "network", "weights", "cuda"},
    "train": {"model", "network", "dataset", "weights", "cuda"},
    "snapshot": {"index", "catalog", "embedding"},
    "query": {"snapshot", "index", "catalog", "embedding", "cube"},
}
PROGRAMS = {
    "worker": set(CORE) - {"query"},
    "server": {"query", "snapshot", "proto"},
    "client": {"proto"},
}
ALLOWED = {**CORE, **PROGRAMS}

# Pattern of the included name, rooms that may include it, and whether their headers may too.
VENDORS = [
    (r"sqlite3\.h|sqlite3ext\.h", {"catalog"}, False),
    (r"(?:cfitsio/)?fitsio2?\.h", {"fits"}, False),
    (r"(?:wcslib/.*|wcs\w*\.h)", {"fits"}, False),
    (r"isa-l(?:/.*|\.h)|igzip_lib\.h", {"fits"}, False),
    (r"faiss/.*", {"index", "tests"}, False),
    (r"(?:torch|ATen|c10)/.*", {"model", "train"}, True),
    (r"cu(?:da|dnn|blas)\w*\.h", {"cuda", "tests"}, True),
    (r"(?:Eigen|Spectra)/.*", {"projection", "feedback"}, True),
    (r"hwy/.*", {"network", "index", "tests"}, True),
    (r"(?:grpcpp|grpc|google/protobuf)/.*|.*\.pb\.h", {"server", "client", "tests"}, True),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
LIBRARY = re.compile(r"^\s*peculiar_library\(\s*(\w+)([^)]*)\)", re.M)
KEYWORDS = {"SRCS", "DEPS", "LINK", "PUBLIC_LINK", "TESTS", "TEST_DEPS", "LABELS"}


def includes(tree, path):
    """(line, name, quoted) of every include of a file."""
    text = tree.read(path)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(2), match.group(1) == '"'


def target_room(name):
    """The room that a quoted include names; None when it is no room of ours."""
    if name.startswith("peculiar/"):
        return "proto"
    room = room_of(name) if "/" in name else None
    return room if room in ALLOWED or room == "tests" or name.startswith("core/") else None


def check_include(path, line, name, quoted):
    room = room_of(path)
    for pattern, rooms, in_headers in VENDORS:
        if re.fullmatch(pattern, name):
            if room not in rooms:
                yield f"{path}:{line}: <{name}> belongs in {', '.join(sorted(rooms))} only"
            elif path.endswith(".h") and not in_headers:
                yield f"{path}:{line}: <{name}> in a header; keep it in the room's .cc files"
    if not quoted or room == "tests" or name.startswith("absl/"):
        return
    target = target_room(name)
    if target is None:
        yield f'{path}:{line}: "{name}" is not a path from the root of the project'
    elif target == "tests":
        if not (is_test(path) and name.startswith("tests/support/")):
            yield f'{path}:{line}: "{name}" may be included by tests only'
    elif target not in ALLOWED.get(room, set()) | {room, "base"}:
        yield f'{path}:{line}: {room} may not use {target} ("{name}")'


def cmake_libraries(tree):
    """Room -> its DEPS, in the order of core/CMakeLists.txt."""
    if "core/CMakeLists.txt" not in tree.paths:
        return {}
    libraries = {}
    for match in LIBRARY.finditer(re.sub(r"#[^\n]*", "", tree.read("core/CMakeLists.txt"))):
        keyword, deps = None, set()
        for word in match.group(2).split():
            keyword = word if word in KEYWORDS else keyword
            if keyword == "DEPS" and word != "DEPS":
                deps.add(word)
        libraries[match.group(1)] = deps
    return libraries


def check_cmake(tree, used):
    libraries, reach = cmake_libraries(tree), {}
    for room, deps in libraries.items():
        for dep in sorted(deps - ALLOWED.get(room, set()) - {"base"}):
            yield f"core/CMakeLists.txt: {room} may not depend on {dep}"
        for dep in sorted(dep for dep in deps if dep not in reach):
            yield f"core/CMakeLists.txt: {room} stands before its dependency {dep}"
        reach[room] = deps.union(*(reach.get(dep, set()) for dep in deps))
        for target in sorted(used.get(room, set()) - reach[room] - {room}):
            yield f"core/CMakeLists.txt: {room} includes {target} but has no DEPS that reach it"
    for room in sorted(room for room in used if room in CORE and room not in libraries):
        yield f"core/CMakeLists.txt: core/{room} is not declared"


def check(tree):
    used = {}
    for path in tree.select(*CPP):
        room = room_of(path)
        if path.startswith("core/") and room not in CORE:
            yield f"{path}: core/{room} is no room; add it to docs/architecture.md and layers.py"
            continue
        targets = used.setdefault(room, set())
        for line, name, quoted in includes(tree, path):
            yield from check_include(path, line, name, quoted)
            if quoted and not is_test(path) and target_room(name) in CORE:
                targets.add(target_room(name))
    yield from check_cmake(tree, used)
