"""Tags and labels, from the worker's verbs through publish to a live server's answers."""
import shutil
import tempfile
import unittest

import programs


class Labels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = programs.pathlib.Path(cls.folder.name)
        cls.work = root / "work"
        shutil.copytree(programs.WORK, cls.work)
        with programs.Server(cls.work / "snapshots") as server:
            cls.names = sorted(row["plateifu"] for row in server.ask_json("anomalies", "--limit", 0)["anomalies"])
        (root / "set.txt").write_text("# odd ones\n%s\nmanga-%s\n" % (cls.names[3], cls.names[1]))
        programs.worker("tag", "--workspace", cls.work, "--name", "odd", "--file", root / "set.txt",
                        "--description", "Looked odd")
        cls.labels = root / "labels.csv"
        cls.labels.write_text("plateifu,interesting,reason\n" + "".join(
            "%s,%s,because\n" % (name, "yes" if i % 2 else "no") for i, name in enumerate(cls.names[:10])))
        cls.feedback = programs.worker("feedback", "--workspace", cls.work, "--model", "vae", "--labels", cls.labels)
        programs.worker("publish", "--workspace", cls.work)
        cls.server = programs.Server(cls.work / "snapshots").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.folder.cleanup()

    def test_a_tag_is_a_filter_a_population_and_told_of_its_galaxies(self):
        rows = self.server.ask_json("anomalies", "--tag", "odd", "--limit", 0)["anomalies"]
        self.assertEqual(sorted(row["plateifu"] for row in rows), [self.names[1], self.names[3]])
        self.assertEqual(rows[0]["tags"], ["odd"])
        [population] = self.server.ask_json("distribution", "--by", "tag")["populations"]
        self.assertEqual((population["population"], population["galaxies"]), ("odd", 2))
        self.assertEqual(self.server.ask_json("show", self.names[1])["galaxy"]["tags"], ["odd"])
        self.assertIn("Looked odd", self.server.ask("status").stdout)
        done = self.server.ask("anomalies", "--tag", "od", check=False)
        self.assertEqual((done.returncode, "UNKNOWN_TAG" in done.stderr), (3, True))

    def test_relevance_ranks_the_model_that_learned_it_and_names_its_labels(self):
        rows = self.server.ask_json("anomalies", "--model", "vae", "--score", "relevance", "--limit", 0)["anomalies"]
        self.assertEqual(len(rows), len(self.names))
        self.assertEqual([row["score"] for row in rows], sorted((row["score"] for row in rows), reverse=True))
        self.assertIn("relevance", self.server.ask("show", self.names[0]).stdout)
        labels = self.server.ask_json("status")["models"]["vae"]["relevance"]["labels"]
        self.assertEqual([label["plateifu"] for label in labels], self.names[:10])
        done = self.server.ask("anomalies", "--model", "ae", "--score", "relevance", check=False)
        self.assertEqual((done.returncode, "NO_RELEVANCE" in done.stderr), (4, True))

    def test_too_few_labels_are_refused_with_their_number(self):
        few = self.labels.with_name("few.csv")
        few.write_text("plateifu,interesting\n%s,yes\n%s,no\n" % (self.names[0], self.names[1]))
        done = programs.worker("feedback", "--workspace", self.work, "--model", "vae", "--labels", few, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("5", done.stderr)


if __name__ == "__main__":
    unittest.main()
