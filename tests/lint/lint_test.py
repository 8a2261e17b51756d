"""Every lint finds what it is for, and nothing in a clean tree."""

import os
import shutil
import tempfile
import unittest

import api
import api_docs
import caps
import layers
import protos
import style
from tree import Tree, code_only

HEADER = "// A cube.\n// Immutable.\n#pragma once\n"
CMAKE = "peculiar_library(base SRCS a.cc)\npeculiar_library(cube SRCS cube.cc DEPS base)\n"
PROTO_PATH = "proto/peculiar/v1/a.proto"
PROTO = """// A service.
syntax = "proto3";
package peculiar.v1;

// Questions.
service Q {
  // Lists.
  rpc ListThings(ListThingsRequest)
      returns (ListThingsResponse);
}
// Asks.
message ListThingsRequest {
  // Kind.
  Kind kind = 1;
  // Size.
  int32 page_size = 2;
  // Token.
  string page_token = 3;
  // Snapshot.
  string snapshot_id = 4;
  // Model.
  string model = 5;
}
// Answers.
message ListThingsResponse {
  // All.
  repeated string things = 1;  // not a comment above
  // Next.
  string next_page_token = 2;
  // Count.
  int32 total_count = 3;
  // Snapshot.
  string snapshot_id = 4;
  // Model.
  string model = 5;
  // Height, degrees; absent when unknown.
  optional double height_deg = 6;
}
// Kinds.
enum Kind {
  // None.
  KIND_UNSPECIFIED = 0;
  // One.
  KIND_ONE = 1;
}
"""


def function(lines, above="", head="int F(int a = 1) {"):
    return above + head + "\n" + "  a;\n" * (lines - 2) + "}\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def problems(self, check, files):
        for path, text in files.items():
            path = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return list(check(Tree(self.root)))

    def expect(self, check, files, *parts):
        """One problem a part, in this order, each containing its part."""
        found = self.problems(check, files)
        self.assertEqual(len(found), len(parts), found)
        for problem, part in zip(found, parts):
            self.assertIn(part, problem)

    def include(self, path, *names):
        return {path: "".join(f"#include {name}\n" for name in names), "core/CMakeLists.txt": CMAKE}

    def test_layers_accept_what_the_table_allows(self):
        self.expect(layers.check, {
            **self.include("core/cube/cube.cc", '"core/cube/cube.h"', '"core/base/a.h"', "<vector>"),
            **self.include("core/cube/cube_test.cc", '"tests/support/x.h"', "<gtest/gtest.h>"),
            **self.include("server/a.cc", '"core/query/q.h"', '"peculiar/v1/q.pb.h"', "<grpcpp/a.h>"),
            **self.include("worker/a.cc", '"core/fits/q.h"', '"core/model/m.h"'),
            **self.include("tests/support/a.cc", '"core/index/a.h"', '"server/b.h"')})

    def test_layers_refuse_any_other_pair(self):
        self.expect(layers.check, self.include("core/cube/cube.cc", '"core/fits/a.h"'),
                    "cube may not use fits", "no DEPS that reach it")
        self.expect(layers.check, self.include("core/cube/cube.cc", '"server/a.h"'),
                    "cube may not use server")
        self.expect(layers.check, self.include("core/cube/cube.cc", '"tests/support/a.h"'),
                    "by tests only")
        self.expect(layers.check, self.include("core/cube/cube.cc", '"cube.h"'), "not a path")
        os.remove(os.path.join(self.root, "core/cube/cube.cc"))
        self.expect(layers.check, self.include("worker/a.cc", '"core/query/q.h"'), "not use query")
        os.remove(os.path.join(self.root, "worker/a.cc"))
        self.expect(layers.check, self.include("client/a.cc", '"core/cube/cube.h"'), "not use cube")
        os.remove(os.path.join(self.root, "client/a.cc"))
        self.expect(layers.check, self.include("core/misc/a.cc"), "core/misc is no room")

    def test_layers_keep_vendor_headers_in_their_room(self):
        for path, name in [("core/cube/a.cc", "<sqlite3.h>"), ("core/cube/a.cc", "<fitsio.h>"),
                           ("core/cube/a.cc", "<torch/types.h>"), ("core/cube/a.cc", "<faiss/a.h>"),
                           ("core/cube/a.cc", "<Eigen/Core>"), ("core/cube/a.cc", "<isa-l.h>"),
                           ("core/cube/a.cc", "<wcslib/wcs.h>"), ("core/cube/a.cc", "<hwy/a.h>"),
                           ("core/cube/a.cc", "<grpcpp/a.h>"), ("server/a.cc", "<c10/a.h>"),
                           ("core/cube/a.cu", "<cuda_runtime.h>"), ("core/cube/a.cc", "<cublas_v2.h>")]:
            with self.subTest(path=path, name=name):
                self.expect(layers.check, self.include(path, name), "belongs in")
                os.remove(os.path.join(self.root, path))
        self.expect(layers.check, {**self.include("core/fits/a.h", "<fitsio.h>"),
                                   "core/CMakeLists.txt": CMAKE + "peculiar_library(fits)\n"},
                    "in a header")

    def test_layers_compare_cmake(self):
        self.expect(layers.check, {"core/CMakeLists.txt":
                                   "peculiar_library(cube SRCS a.cc DEPS base fits TESTS b.cc)\n"
                                   "peculiar_library(base SRCS a.cc)\n"},
                    "cube may not depend on fits", "before its dependency base",
                    "before its dependency fits")

    def test_caps_count_files(self):
        self.expect(caps.check, {"a/x.h": "//\n" * 201, "a/x.cc": "//\n" * 401,
                                 "a/x_test.cc": "//\n" * 501, "a/main.cc": "//\n" * 81},
                    "main.cc: 81 lines, at most 80", "at most 400", "at most 200", "at most 500")
        self.expect(caps.check, {"a/x.h": "//\n" * 200, "a/x.cc": "//\n" * 400,
                                 "a/x_test.cc": "//\n" * 500, "a/main.cc": "//\n" * 80})

    def test_caps_count_base(self):
        files = {f"core/base/{name}.cc": "//\n" * 300 for name in "ab"}
        self.expect(caps.check, files)
        self.expect(caps.check, {"core/base/c_test.cc": "//\n" * 201})
        self.expect(caps.check, {"core/base/c.cc": "//\n" * 201}, "core/base: 801 lines")

    def test_caps_measure_functions(self):
        self.expect(caps.check, {"x.cc": function(40)})
        self.expect(caps.check, {"x.cc": function(41)}, "F has 41 lines")
        self.expect(caps.check, {"x.cc": function(60, "// What.\n// long: a table\n// More.\n")})
        self.expect(caps.check, {"x.cc": function(61, "// long: a table\n")}, "F has 61 lines")
        self.expect(caps.check, {"x.cc": function(41, head="A::A(int b) : c_{b}, d_(b) {")}, "A::A")
        self.expect(caps.check, {"x.cc": "namespace n {\nclass A {\n" + function(41) + "};\n}\n"},
                    "x.cc:3: F")
        self.expect(caps.check, {"x.cc": function(41, "#define X {\n// {\n", 'auto F(S s = "{") {')},
                    "F has 41")
        self.expect(caps.check, {"x.cc": function(90, head="const T kTable = {").replace("}", "};")})
        self.expect(caps.check, {"x.cc": function(90, head="const A<N.size()> kTable{")})
        self.expect(caps.check, {"x.cc": function(41, "const T k{{1}, {2}};\n")}, "F has 41")

    def test_exceptions_stop_at_the_seams(self):
        code = "void F() {\n  try {\n  } catch (...) {\n  }\n}\n"
        self.expect(style.check_exceptions, {"core/index/guard.h": code, "client/main.cc": code,
                                             "a/x_test.cc": code, "a/y.cc": '// try {\n"try {";\n'})
        self.expect(style.check_exceptions, {"client/show.cc": code}, "outside the seams")
        os.remove(os.path.join(self.root, "client/show.cc"))
        self.expect(style.check_exceptions, {"core/index/b.cc": code}, "one Guard")

    def test_names(self):
        self.expect(style.check_names, {"core/utility_rate.h": "", "core/common_envelope.cc": ""},
                    "common_envelope")
        self.expect(style.check_names, {"core/utils/a.h": "", "core/file_helper.cc": "",
                                        "misc.py": ""},
                    "common", "file_helper", "utils", "misc")

    def test_contracts(self):
        self.expect(style.check_contracts, {"a.h": HEADER, "b.h": "#pragma once\n\n// A.\n// B.\n"})
        self.expect(style.check_contracts, {"c.cuh": "#pragma once\n"}, "c.cuh: does not open")
        os.remove(os.path.join(self.root, "c.cuh"))
        self.expect(style.check_contracts, {"a.h": "// One.\n#pragma once\n"}, "contract comment")
        self.expect(style.check_contracts, {"a.h": "// One.\n// Two.\n"}, "no #pragma once")
        self.expect(style.check_contracts,
                    {"a.h": HEADER, "a-inl.h": "// One.\n// Two.\n#ifdef HWY_TARGET_TOGGLE\n", "b-inl.h": HEADER},
                    "b-inl.h: no HWY_TARGET_TOGGLE")

    def test_space(self):
        self.expect(style.check_space, {"a.md": "x\n", "b.md": "x \ny\t\n", "c.md": "x"},
                    "b.md:1", "b.md:2", "c.md: no newline")

    def test_format(self):
        self.expect(style.check_format, {"a.cc": "int a;\n"})
        self.expect(style.check_format, {"b.cc": "int  b ;\n"}, "b.cc: not as clang-format")

    def test_protos(self):
        self.expect(protos.check, {PROTO_PATH: PROTO})
        for old, new, part in [
                ("  // Kind.\n", "", "kind has no comment"),
                ("  // Lists.\n", "", "ListThings has no comment"),
                ("// Kinds.\n", "", "Kind has no comment"),
                ("  // None.\n", "", "KIND_UNSPECIFIED has no comment"),
                ("// Questions.\n", "// Questions.\n\n", "Q has no comment"),
                ("Kind kind", "Kind kindOf", "not snake_case"),
                ("ListThings(", "List_things(", "not CamelCase"),
                ("Kind kind", "bool is_kind", "no is_"),
                ("Kind kind", "uint32 kind", "unsigned"),
                ("Kind kind", "int64 create_time", "no google.protobuf.Timestamp"),
                ("Kind kind", "double wait_seconds", "no google.protobuf.Duration"),
                ("Kind kind", "int32 rows", "let it end in _count"),
                ("Kind kind", "int32 num_row", "let it end in _count"),
                ("height_deg", "height", "let it end in _deg"),
                ("optional double", "double", "may be absent but is not optional"),
                ("; absent when unknown", "", "does not say what absent means"),
                ("string things", "string thing", "not a plural"),
                ("repeated string things", "string thing", "field 1 of ListThingsResponse"),
                ("  // Size.\n  int32 page_size = 2;\n", "  reserved 2;\n", "no field page_size"),
                ("int32 page_size", "int64 page_size", "no field page_size of type int32"),
                ("next_page_token", "next_token", "no field next_page_token"),
                ("string snapshot_id", "string snapshot", "no field snapshot_id"),
                ("string model = 5;\n  // H", "string name = 5;\n  // H", "Response has no field model"),
                ("Kind kind = 1", "Kind kind = 7", "1 is neither used nor reserved"),
                ("KIND_ONE = 1", "KIND_ONE = 2", "1 is neither used nor reserved"),
                ("KIND_UNSPECIFIED", "KIND_NONE", "value 0"),
                ("KIND_UNSPECIFIED", "UNSPECIFIED", "does not begin with KIND_"),
                ("(ListThingsRequest)", "(ListThingsResponse)", "does not take"),
                ("  // Lists.\n", "  // L.\n  rpc ListThing(ListThingsRequest) returns "
                 "(ListThingsResponse);\n  // Lists.\n", "rpc ListThing does not take"),
                ("package peculiar.v1", "package peculiar.v2", "is not its folder"),
                ("Kind kind", "Nothing kind", '"Nothing" is not defined'),
                ("// A service.\n", "", "does not open with a comment")]:
            with self.subTest(part=part, new=new):
                self.assertIn(old, PROTO)
                found = self.problems(protos.check, {PROTO_PATH: PROTO.replace(old, new, 1)})
                self.assertTrue(any(part in problem for problem in found), found)

    def test_protos_of_the_admin_service_need_no_snapshot(self):
        admin = PROTO.replace("service Q", "service AdminService").replace("string model", "string name")
        self.expect(protos.check, {PROTO_PATH: admin})

    def test_api_keeps_its_promises(self):
        self.problems(protos.check, {PROTO_PATH: PROTO})
        self.assertEqual(api.write(Tree(self.root)), [])
        self.expect(api.check, {PROTO_PATH: PROTO})
        for old, new, *parts in [
                ("  // Kind.\n  Kind kind = 1;\n", "  reserved 1;\n",
                 "ListThingsRequest.kind was removed or renamed: clients", "reserved"),
                ("Kind kind = 1", "Kind sort = 1", "its number is now sort", "sort is new"),
                ("Kind kind = 1", "Kind kind = 9", "'1 peculiar.v1.Kind' and is '9 peculiar.v1.Kind'"),
                ("Kind kind = 1", "string kind = 1", "is '1 string'"),
                ("optional double", "double", "was '6 optional double' and is '6 double'"),
                ("string page_token", "repeated string page_token", "is '3 repeated string'"),
                ("KIND_ONE = 1", "KIND_ONE = 3", "value peculiar.v1.Kind.KIND_ONE was '1'"),
                ("KIND_ONE", "KIND_TWO", "its number is now KIND_TWO", "KIND_TWO is new"),
                ("rpc ListThings", "rpc ListAll", "Q.ListThings was removed", "ListAll is new"),
                ("returns (List", "returns (stream List", "-> stream peculiar.v1.ListThingsResponse"),
                ("service Q", "service R", "service peculiar.v1.Q was removed", "Q.ListThings was removed",
                 "R is new", "R.ListThings is new"),
                ("// Kinds.", "// More.\nmessage More {}\n// Kinds.", "peculiar.v1.More is new")]:
            with self.subTest(new=new):
                self.assertIn(old, PROTO)
                found = self.problems(api.check, {PROTO_PATH: PROTO.replace(old, new, 1)})
                self.assertEqual(len(found), len(parts), found)
                for part in parts:
                    self.assertTrue(any(part in problem for problem in found), found)

    def test_api_takes_in_what_is_new_and_never_what_breaks(self):
        self.problems(protos.check, {PROTO_PATH: PROTO})
        api.write(Tree(self.root))
        changed = PROTO.replace("  // Kind.\n  Kind kind", "  // Sort.\n  string sort = 6;\n  // K.\n  string kind")
        self.problems(protos.check, {PROTO_PATH: changed})
        self.assertEqual(len(api.write(Tree(self.root))), 1)
        self.expect(api.check, {PROTO_PATH: changed}, "'1 peculiar.v1.Kind' and is '1 string'")
        reserved = PROTO.replace("  // Size.", "  reserved 6 to 8;\n  // Size.")
        os.remove(os.path.join(self.root, api.PATH))
        self.problems(protos.check, {PROTO_PATH: reserved})
        self.assertEqual(api.write(Tree(self.root)), [])
        self.expect(api.check, {PROTO_PATH: PROTO}, "Request.6-8 was removed")

    def test_api_docs_are_not_stale(self):
        self.expect(api_docs.check, {PROTO_PATH: PROTO}, "docs/api.md: not as the protos say")
        self.problems(protos.check, {"docs/a.md": "\n"})
        api_docs.write(Tree(self.root))
        self.expect(api_docs.check, {PROTO_PATH: PROTO})
        text = Tree(self.root).read(api_docs.PATH)
        self.assertIn("| 6 | `height_deg` | optional double | Height, degrees; absent when unknown. |", text)
        self.assertIn("| 1 | `kind` | [Kind](#kind) | Kind. |", text)
        self.assertIn("| 1 | `KIND_ONE` | One. |", text)
        self.expect(api_docs.check, {PROTO_PATH: PROTO.replace("// One.", "// The one.")}, "docs/api.md")

    def test_code_only_blanks_comments_and_strings(self):
        text = 'a("// {"); // }\n/* {\n} */ b(\'{\', 1\'000, R"x({)" )x");\n'
        self.assertEqual(code_only(text).split(), "a( ); b( , 1'000, );".split())


if __name__ == "__main__":
    unittest.main()
