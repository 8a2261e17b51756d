"""The files of deploy/ and docker/ against the programs, each other and the rules that they promise to keep."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import yaml

import programs

DEPLOY = programs.ROOT / "deploy"
DOCKER = programs.ROOT / "docker"
KUBERNETES = DEPLOY / "kubernetes"
SYSTEMD = DEPLOY / "systemd"
UID = 10001
PROGRAM_OF_IMAGE = {"peculiar-server": "peculiar-server", "peculiar-worker": "peculiar-worker", "peculiar-front": "nginx"}


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def flags_of(*command, known={}):
    """Every --flag that the help of a program, or of its verb, names."""
    if command not in known:
        known[command] = set(re.findall(r"--[a-z][a-z-]*", programs.run(command[0], *command[1:], "--help").stdout))
    return known[command]


def pods():
    """Every pod that the Kubernetes files describe: its file and its spec."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for document in documents(path):
            if document["kind"] in ("Deployment", "Job") and "containers" in document["spec"]["template"]["spec"]:
                yield path, document["spec"]["template"]["spec"]


def containers():
    for _, pod in pods():
        yield from pod["containers"]


def commands():
    """(where, program, arguments) of everything that a deployment file starts."""
    for service in documents(DEPLOY / "compose.yaml")[0]["services"].values():
        program = PROGRAM_OF_IMAGE[service["image"].split(":")[0]]
        yield "compose.yaml", program, list(map(str, service.get("command", ())))
    for container in containers():
        yield "kubernetes", PROGRAM_OF_IMAGE[container["image"]], container.get("args", [])
        probe = container.get("livenessProbe", {}).get("exec", {}).get("command")
        if probe:
            yield "kubernetes", *program_and_arguments(probe[-1].split(">")[0])
    for unit in SYSTEMD.glob("*.service"):
        line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.M)[1]
        yield unit.name, *program_and_arguments(line)
    for file in (DEPLOY / "slurm").glob("*.sbatch"):
        batch = file.read_text().replace("\\\n", " ")
        yield file.name, *program_and_arguments(re.search(r"^.*\b(peculiar-worker .*)(?= &$)", batch, re.M)[1])
    for file in DOCKER.glob("*.Dockerfile"):
        text = file.read_text()
        entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.M)[1])
        arguments = re.search(r"^CMD (.*)$", text, re.M)
        yield file.name, entry[0], entry[1:] + (json.loads(arguments[1]) if arguments else [])
        check = re.search(r"^HEALTHCHECK .*CMD (.*)$", text, re.M)
        if check:
            yield file.name, json.loads(check[1])[0], json.loads(check[1])[1:]


def program_and_arguments(line):
    program, *arguments = shlex.split(line)
    return pathlib.Path(program).name, arguments


class Commands(unittest.TestCase):
    def test_programs_verbs_and_flags_are_real(self):
        seen = set()
        for where, program, arguments in commands():
            seen.add(program)
            if program == "nginx":
                continue
            verb = []
            if program != "peculiar-server" and not arguments[0].startswith("--"):
                verb = arguments[:1]
            flags = {argument for argument in arguments if argument.startswith("--")}
            known = flags_of(program, *verb)
            if program == "peculiar":  # a probe: the program's flags, then the verb with its own
                self.assertIn("status", arguments)
                known = known | flags_of(program, "status")
            self.assertEqual(flags - known, set(), where)
        self.assertEqual(seen, {"peculiar-server", "peculiar-worker", "peculiar", "nginx"})

    def test_the_settings_in_the_environment_are_the_servers(self):
        files = [DEPLOY / "compose.yaml", *KUBERNETES.rglob("*.yaml"), *SYSTEMD.iterdir(), *DOCKER.iterdir()]
        names = {name for file in files for name in re.findall(r"\bPECULIAR_SERVER_([A-Z_]+)\b", file.read_text())}
        names.discard("NAME")  # of a comment
        self.assertIn("METRICS_LISTEN", names)
        flags = {"--" + name.lower().replace("_", "-") for name in names}
        self.assertEqual(flags - flags_of("peculiar-server"), set())

    def test_the_worker_names_what_run_requires(self):
        runs = [arguments for _, program, arguments in commands() if program == "peculiar-worker" and arguments[0] == "run"]
        self.assertEqual(len(runs), 4)
        for arguments in runs:
            self.assertLessEqual({"--workspace", "--drpall", "--cubes"}, set(arguments))

    def test_the_server_listens_where_the_front_looks(self):
        upstream = (DEPLOY / "nginx" / "peculiar.conf").read_text()
        address = re.search(r"server (127\.0\.0\.1:\d+);", upstream)[1]
        listening = [arguments[arguments.index("--listen") + 1] for _, program, arguments in commands()
                     if program == "peculiar-server"]
        self.assertEqual(set(listening), {address})
        self.assertEqual(len(listening), 4)
        metrics = re.search(r"proxy_pass http://([\d.:]+);", (DEPLOY / "nginx" / "probes.conf").read_text())[1]
        for file in (KUBERNETES / "base" / "server.yaml", SYSTEMD / "peculiar-server.service", DOCKER / "server.Dockerfile"):
            self.assertIn(metrics, file.read_text())


class Compose(unittest.TestCase):
    def setUp(self):
        self.file = documents(DEPLOY / "compose.yaml")[0]
        self.services = self.file["services"]

    def test_nothing_runs_as_root_or_writes_outside_its_volume(self):
        for name, service in self.services.items():
            self.assertEqual(service["user"], "%d:%d" % (UID, UID), name)
            self.assertIs(service["read_only"], True, name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertIn("no-new-privileges:true", service["security_opt"], name)
            writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
            self.assertEqual(writable, ["workspace:/workspace"] if name == "worker" else [], name)

    def test_the_images_are_built_from_files_that_there_are(self):
        for service in self.services.values():
            build = service["build"]
            self.assertTrue((DEPLOY / build["context"] / build["dockerfile"]).is_file())

    def test_the_default_tag_is_the_version(self):
        version = programs.run("peculiar-server", "--version").stdout.strip()
        for service in self.services.values():
            self.assertTrue(service["image"].endswith(":${PECULIAR_TAG:-%s}" % version), service["image"])
        for path in KUBERNETES.rglob("kustomization.yaml"):
            for image in documents(path)[0].get("images", ()):
                self.assertEqual(image["newTag"], version, path)


class Kubernetes(unittest.TestCase):
    def test_pods_keep_the_restricted_standard(self):
        self.assertEqual(len(list(pods())), 2)
        for path, pod in pods():
            context = pod["securityContext"]
            self.assertIs(context["runAsNonRoot"], True, path)
            self.assertEqual((context["runAsUser"], context["runAsGroup"]), (UID, UID), path)
            self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"}, path)
            self.assertIs(pod["automountServiceAccountToken"], False, path)
            self.assertLessEqual({key for volume in pod["volumes"] for key in volume} - {"name"},
                                 {"persistentVolumeClaim", "secret", "emptyDir"}, path)
            for container in pod["containers"]:
                self.assertEqual(container["securityContext"],
                                 {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                  "capabilities": {"drop": ["ALL"]}}, path)
                self.assertIn("memory", container["resources"]["limits"], path)

    def test_only_the_worker_writes_the_volume(self):
        for container in containers():
            for mount in container["volumeMounts"]:
                writes = not mount.get("readOnly", False)
                self.assertEqual(writes, mount["name"] == "tmp" or container["name"] == "worker" and mount["name"] == "workspace")

    def test_probes_ask_what_a_full_server_answers(self):
        text = (DOCKER / "server.Dockerfile").read_text()
        probes = [re.search(r"^HEALTHCHECK .*CMD (.*)$", text, re.M)[1]]
        probes += [str(container["livenessProbe"]) for container in containers() if "livenessProbe" in container]
        self.assertEqual(len(probes), 2)
        for probe in probes:
            self.assertIn("--health", probe)

    def test_what_is_named_is_there(self):
        for path in KUBERNETES.rglob("kustomization.yaml"):
            kustomization = documents(path)[0]
            for name in kustomization["resources"] + [patch["path"] for patch in kustomization.get("patches", ())]:
                target = (path.parent / name).resolve()
                self.assertTrue(target.is_file() or (target / "kustomization.yaml").is_file(), "%s: %s" % (path, name))
        for _, pod in pods():
            volumes = {volume["name"] for volume in pod["volumes"]}
            for container in pod["containers"]:
                self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)

    def test_ports_are_those_of_nginx(self):
        listens = set()
        for file in (DEPLOY / "nginx").glob("*.conf"):
            listens |= set(map(int, re.findall(r"listen (\d+)", file.read_text())))
        front = next(container for container in containers() if container["name"] == "front")
        self.assertEqual({port["containerPort"] for port in front["ports"]}, listens)
        self.assertIn(front["readinessProbe"]["grpc"]["port"], listens)
        names = {port["name"] for port in front["ports"]}
        self.assertLessEqual({port["targetPort"] for port in documents(KUBERNETES / "base" / "service.yaml")[0]["spec"]["ports"]},
                             names)
        policy = documents(KUBERNETES / "base" / "network-policy.yaml")[0]["spec"]
        self.assertLessEqual({port["port"] for rule in policy["ingress"] for port in rule["ports"]}, names)

    @unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed")
    def test_overlays_render(self):
        rendered = {}
        for overlay in ("overlays/one-node", "overlays/cluster", "worker"):
            done = subprocess.run(["kubectl", "kustomize", KUBERNETES / overlay], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            rendered[overlay] = {document["kind"]: document for document in yaml.safe_load_all(done.stdout)}
        for kinds in rendered.values():
            self.assertEqual({document["metadata"].get("namespace", "peculiar") for document in kinds.values()}, {"peculiar"})
        one, cluster = rendered["overlays/one-node"], rendered["overlays/cluster"]
        self.assertEqual((one["Deployment"]["spec"]["replicas"], cluster["Deployment"]["spec"]["replicas"]), (1, 3))
        self.assertEqual(cluster["PersistentVolumeClaim"]["spec"]["accessModes"], ["ReadWriteMany"])
        self.assertEqual(len(cluster["Deployment"]["spec"]["template"]["spec"]["containers"]), 2)


class Systemd(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_units_are_valid_and_confined(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in sorted(SYSTEMD.glob("*.service")):
                # The programs are not where an installation puts them.
                copy = pathlib.Path(folder) / unit.name
                copy.write_text(unit.read_text().replace("/usr/local/bin/", "%s/" % programs.BIN.resolve()))
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copy],
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr.strip()), (0, ""))
                # Of 100: unconfined is 96.
                done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", copy],
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout[-300:])


    @unittest.skipUnless(shutil.which("systemd-sysusers"), "systemd-sysusers is not installed")
    def test_the_units_user_is_made(self):
        done = subprocess.run(["systemd-sysusers", "--dry-run", SYSTEMD / "peculiar.conf"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout + done.stderr, "user '?peculiar'?")
        for unit in SYSTEMD.glob("*.service"):
            self.assertIn("\nUser=peculiar\nGroup=peculiar\n", unit.read_text())


class Docker(unittest.TestCase):
    def test_images_take_their_packages_from_the_list_and_run_without_root(self):
        sections = set(re.findall(r"^\[(\w+)\]$", (DEPLOY / "packages.txt").read_text(), re.M))
        files = sorted(DOCKER.glob("*.Dockerfile"))
        self.assertEqual([file.name for file in files], ["front.Dockerfile", "server.Dockerfile", "worker-cuda.Dockerfile",
                                                       "worker.Dockerfile"])
        for file in files:
            text = file.read_text()
            asked = set(re.search(r"setup --only ([a-z ]+?)\s*(?:\\)?$", text, re.M)[1].split())
            self.assertLessEqual(asked, sections, file)
            for package in re.findall(r"apt-get install[^\n]*", text):
                self.assertTrue(package.endswith("$(cat /usr/local/share/peculiar/packages) \\"), package)
            self.assertRegex(text, r"(?m)^USER %d:%d$" % (UID, UID))
            self.assertIn("--uid %d " % UID, text)
            self.assertGreater(text.index("\nUSER "), text.rindex("\nRUN "))
            for source in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
                for name in source.split():
                    self.assertTrue((programs.ROOT / name).exists(), name)

    def test_the_packages_of_a_program_hold_its_libraries(self):
        linked = subprocess.run(["ldd", programs.BIN / "peculiar-server"], capture_output=True, text=True, timeout=60).stdout
        if "libgrpc++" not in linked:
            self.skipTest("gRPC is in the program: preset cuda, of which no image of the server is made")
        done = subprocess.run([DOCKER / "runtime-packages", programs.BIN / "peculiar-server", programs.BIN / "peculiar"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        packages = done.stdout.split()
        self.assertLessEqual({"libc6", "libstdc++6", "libgrpc++1.51", "libopenblas0-openmp"}, set(packages))
        self.assertEqual([name for name in packages if "torch" in name or name.endswith("-dev")], [])


class Slurm(unittest.TestCase):
    """The batch file with bash, as sbatch runs it."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {**os.environ, "PATH": "%s:%s:/usr/bin:/bin" % (self.folder, programs.BIN), "SLURM_JOB_ID": "7",
                            "SLURM_CPUS_PER_TASK": "1", "PECULIAR_WORKSPACE": str(self.folder / "work"),
                            "PECULIAR_DRPALL": str(programs.SURVEY / "drpall.fits"), "PECULIAR_CUBES": str(programs.SURVEY)}
        self.tool("scontrol", "if [ \"$1\" = show ]; then echo 127.0.0.1; else echo \"$@\" >'%s/queued'; fi" % self.folder)

    def tool(self, name, script):
        """One of Slurm's, for as much as the batch files need."""
        path = self.folder / name
        path.write_text("#!/bin/bash\n%s\n" % script)
        path.chmod(0o755)

    def start(self, *flags, file="peculiar-worker.sbatch", **environment):
        return subprocess.Popen(["bash", DEPLOY / "slurm" / file, "--preset", "tiny", *flags],
                                env={**self.environment, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def expect_queued_again(self, job, is_training, seconds):
        """At its time limit, once it trains; each in this time."""
        programs.wait_until(is_training, "the job trains", seconds, [job])
        job.send_signal(signal.SIGTERM)
        _, errors = job.communicate(timeout=seconds)
        self.assertEqual(job.returncode, 0, errors)
        self.assertEqual((self.folder / "queued").read_text(), "requeue 7\n")

    def test_a_job_at_its_time_limit_is_queued_again_and_goes_on(self):
        job = self.start("--models", "ae", "--epochs", "3")
        self.expect_queued_again(job, lambda: list((self.folder / "work").glob("models/ae/checkpoint*")), seconds=120)

        (self.folder / "queued").unlink()
        job = self.start("--models", "ae", "--epochs", "3")
        _, errors = job.communicate(timeout=120)
        self.assertEqual(job.returncode, 0, errors)
        self.assertFalse((self.folder / "queued").exists())
        self.assertTrue((self.folder / "work" / "snapshots" / "CURRENT").is_file())

    def test_processes_that_train_together_are_queued_again_together(self):
        work = self.folder / "work"
        work.mkdir()
        shutil.copy(programs.WORK / "workspace.json", work)
        shutil.copytree(programs.WORK / "dataset", work / "dataset")
        self.tool("srun", "shift; pids=; for rank in 0 1; do SLURM_PROCID=$rank \"$@\" & pids=\"$pids $!\"; done\n"
                          "echo $pids >'%s/pids'; code=0; for pid in $pids; do wait $pid || code=$?; done; exit $code" % self.folder)
        self.tool("scancel", "kill -TERM $(cat '%s/pids')" % self.folder)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        place = {"SLURM_JOB_NODELIST": "here", "SLURM_NTASKS": "2", "MASTER_PORT": str(port)}
        flags = ("--kind", "ae", "--batch", "8", "--output", "json", "--rate-schedule", "constant")
        job = self.start(*flags, "--epochs", "100000", file="peculiar-train.sbatch", **place)
        self.expect_queued_again(job, (work / "models" / "ae" / "metrics.jsonl").exists, seconds=60)
        done = json.loads((work / "models" / "ae" / "checkpoint.json").read_text())["epoch"]
        job = self.start(*flags, "--epochs", str(done + 1), file="peculiar-train.sbatch", **place)
        output, errors = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 0, errors)
        self.assertEqual((json.loads(output)["processes"], json.loads(output)["epochs"]), (2, done + 1))

    def test_the_workers_exit_code_is_the_jobs(self):
        job = self.start(PECULIAR_DRPALL=str(self.folder / "none.fits"))
        _, errors = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 3, errors)
        self.assertIn("none.fits", errors)
        self.assertFalse((self.folder / "queued").exists())


if __name__ == "__main__":
    unittest.main()
