# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the gates, a few at a time, each with a log of its own, and fails when one of them fails.

``dev/gates.py`` runs those that every change has to pass, ``dev/gates.py --all`` all of them (but for those of which
another one runs more), ``dev/gates.py sanity mypy`` those named, ``dev/gates.py --list`` names them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import versions
from setup import BUILD, ENVIRONMENTS, ROOT
from tree import collection_files, make_home, make_tree, search_path

RUN, LINT, OLDEST = (ENVIRONMENTS[name] for name in ("run", "lint", "oldest"))
LOGS = BUILD / "logs"
# Lines of a failed gate's log that are shown; the whole log is in LOGS.
TAIL = 80
WIDTH = 240
# What a developer's shell may carry and a gate must not see. PIP_* and proxies stay: they lead to the package index.
FOREIGN = ("ANSIBLE_", "AWS_", "BOTO_", "MOLECULE_", "MOTO_", "PYTEST_", "PYTHON")
PYTEST_CLOSING = re.compile(r"\b\d+ passed\b.* in [0-9.]+s")
# What pip says while ansible-test sets up a test, and would push the findings out of the tail.
NOISE = re.compile(
    r"\s*(Attempting|Collecting|Downloading|Found existing|Installing|Requirement already|Successfully|Uninstalling"
    r"|Using cached|Running sanity test|━)"
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Trees:
    """Where the gates work: the repository copied for ansible's tools, one copy for each ansible-core."""

    current: Path
    oldest: Path


@dataclass(frozen=True)
class Gate:
    """One check: ``command`` is run in ``directory``; exit status 0 is success."""

    name: str
    what: str
    command: Callable[[], Sequence[str | Path]]
    directory: Callable[[Trees], Path] = lambda _trees: ROOT
    # Earlier ones come first on PATH.
    environments: tuple[str, ...] = ("run",)
    variables: Callable[[Trees], dict[str, str]] = lambda _trees: {}
    # The gate is left out while no file of the repository matches.
    needs: str = "galaxy.yml"
    # One that takes long and seldom finds anything is run by `make test-all` only.
    always: bool = True
    # The gate that runs all of this one and more.
    part_of: str = ""

    def applies(self) -> bool:
        return any(ROOT.glob(self.needs))


def in_current(trees: Trees) -> Path:
    return trees.current


def in_oldest(trees: Trees) -> Path:
    return trees.oldest


def collections_path(trees: Trees) -> dict[str, str]:
    return {"ANSIBLE_COLLECTIONS_PATH": str(trees.current.parents[2])}


def for_mypy(trees: Trees) -> dict[str, str]:
    return {"MYPYPATH": str(trees.current.parents[2])}


def python_version(environment: str) -> str:
    python = ENVIRONMENTS[environment].python
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


# Its plugin takes a second to say at the end that it has nothing to say, and no test needs it.
NO_HYPOTHESIS = ("-p", "no:hypothesispytest")
# Up to a quarter of the CPU time of such a run was spent on memory.
TIDY = ("-p", "tests.tidy")
# Half of what a test of the simulator costs is what botocore and moto work out for each client and request anew.
QUICK = ("-p", "tests.quick")


def pytest(*arguments: str) -> Callable[[], Sequence[str | Path]]:
    return lambda: (RUN.python, "-m", "pytest", "--quiet", *NO_HYPOTHESIS, *arguments)


def plays(*selection: str) -> Callable[[], Sequence[str | Path]]:
    """The e2e tests. By file, because the tests of one may look at the same play. Three at a time on two cores: some
    tests wait.
    """
    return pytest("tests/e2e", *selection, "-n", "3", "--dist", "loadfile")


def listed(path: Path) -> list[str]:
    """The lines of a file that are not comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def as_late_as_aws(_trees: Trees) -> dict[str, str]:
    return {"LASTGOOD_SIMULATOR_PROFILE": "aws"}


def linter(*arguments: str) -> Callable[[], Sequence[str | Path]]:
    return lambda: (LINT.path / "bin" / arguments[0], *arguments[1:])


def oldest_collections_path(trees: Trees) -> dict[str, str]:
    return {"PYTHONPATH": str(trees.oldest.parents[2])}


def not_shipped() -> list[str]:
    """Tests and tools that users do not get, as ansible-test names paths; see ``build_ignore`` in galaxy.yml.

    pylint takes longer for them than for plugins/. ruff reads them in the same `make test`, by the same rules where
    it has them (see ruff.toml), and what pylint infers beyond that fails when they run. `sanity-all` reads all.
    """
    paths = sorted({Path(*file.parts[:2]) for file in collection_files() if file.parts[0] == "tests"})
    tests = [f"{path}{'/' * (ROOT / path).is_dir()}" for path in paths if path.name != "config.yml"]
    return [*tests, "dev/", "simulator/"]


def sanity(environment: str, every_python: bool = False, shipped_only: bool = False) -> Callable[[], list[str | Path]]:
    program = ENVIRONMENTS[environment].path / "bin" / "ansible-test"
    # Asked for when the gate starts: the environment may not be there before.
    return lambda: [
        *(program, "sanity", "--color", "no"),
        *(() if every_python else ("--python", python_version(environment))),
        *(part for path in (not_shipped() if shipped_only else ()) for part in ("--exclude", path)),
    ]


def ansible_test_units(environment: str) -> Callable[[], Sequence[str | Path]]:
    program = ENVIRONMENTS[environment].path / "bin" / "ansible-test"
    return lambda: (program, "units", "--color", "no", "--python", python_version(environment))


# In the order in which they start. At first those that wait now and then: another gate or e2e's other tests use the
# time. Then the longest first, so that the end is not one gate alone.
GATES = (
    Gate(
        "e2e",
        "real ansible-playbook runs against the simulator",
        plays("-m", "not long"),
        needs="tests/e2e/**/test_*.py",
    ),
    Gate(
        "e2e-long",
        "the ansible-playbook runs that are marked long",
        plays("-m", "long"),
        needs="tests/e2e/**/test_*.py",
        always=False,
    ),
    Gate(
        "e2e-oldest",
        "the ansible-playbook runs, also those marked long, of the oldest ansible-core and boto3",
        plays("-m", "not newest"),
        environments=("run", "oldest"),
        variables=lambda _trees: {"E2E_OLDEST": "1"},
        needs="tests/e2e/**/test_*.py",
        always=False,
    ),
    Gate(
        "e2e-aws",
        "the ansible-playbook runs with answers as late as AWS's",
        plays(),
        variables=as_late_as_aws,
        always=False,
    ),
    Gate(
        "eda",
        "ansible-rulebook against the simulator, from an event in a queue to the service that is back",
        pytest(*TIDY, "tests/eda"),
        environments=("run", "eda"),
        needs="tests/eda/test_*.py",
    ),
    Gate(
        "molecule",
        "molecule, all scenarios",
        lambda: (LINT.path / "bin" / "molecule", "test", "--all", "--report"),
        in_current,
        ("run", "lint"),
        collections_path,
        needs="extensions/molecule/*/molecule.yml",
    ),
    Gate(
        "module",
        "modules in process against the simulator",
        pytest(*TIDY, "tests/module"),
        needs="tests/module/**/test_*.py",
    ),
    Gate(
        "module-aws",
        "all tests of modules with answers as late as AWS's",
        pytest("tests/module"),
        variables=as_late_as_aws,
        always=False,
    ),
    Gate(
        "sanity",
        "ansible-test sanity, all tests, with the Python of .venv, of what users get",
        sanity("run", shipped_only=True),
        in_current,
        part_of="sanity-all",
    ),
    Gate(
        "sanity-all",
        "ansible-test sanity, all tests, with every Python that is found",
        sanity("run", every_python=True),
        in_current,
        always=False,
    ),
    Gate(
        "sanity-oldest",
        "ansible-test sanity of the oldest ansible-core",
        sanity("oldest"),
        in_oldest,
        ("oldest",),
        always=False,
    ),
    Gate(
        "units",
        "ansible-test units, current ansible-core",
        ansible_test_units("run"),
        in_current,
        needs="tests/unit/plugins/**/test_*.py",
        always=False,
    ),
    Gate(
        "units-oldest",
        "ansible-test units, oldest ansible-core and boto3",
        ansible_test_units("oldest"),
        in_oldest,
        ("oldest",),
        needs="tests/unit/plugins/**/test_*.py",
        always=False,
    ),
    Gate(
        "integration",
        "ansible-test integration, all targets, against the simulator",
        lambda: (RUN.python, "-B", ROOT / "dev" / "integration.py"),
        in_current,
        needs="tests/integration/targets/*/aliases",
        always=False,
    ),
    Gate(
        "simulator",
        "the own tests of the simulator, of the agent that stands in for CodeDeploy's, and of make live",
        pytest(*TIDY, *QUICK, "simulator/selftests", "tests/agent", "tests/live"),
        needs="simulator/selftests/test_*.py",
    ),
    Gate(
        "simulator-package",
        "the simulator installed by pip into an environment of its own, and its command",
        lambda: (RUN.python, "-B", ROOT / "dev" / "simulator_package.py"),
        needs="simulator/pyproject.toml",
        always=False,
    ),
    Gate(
        "unit",
        "unit tests, and those of what the repository says of itself",
        pytest(*TIDY, "tests/unit", "tests/repository"),
        needs="tests/unit/plugins/**/test_*.py",
    ),
    Gate(
        "ansible-lint",
        "ansible-lint, production profile",
        linter("ansible-lint", "--profile", "production", "--offline"),
        in_current,
        ("lint",),
        collections_path,
    ),
    Gate(
        "faults",
        "a sample of what make faults tries",
        pytest(*TIDY, *QUICK, "tests/faults"),
        needs="tests/faults/test_*.py",
    ),
    Gate(
        "docs-site",
        "guides and modules as a site, by antsibull-docs and Sphinx, without a warning",
        lambda: (ENVIRONMENTS["docs"].python, "-B", ROOT / "dev" / "docs.py"),
        environments=("docs",),
        needs="docs/index.md",
    ),
    Gate(
        "docs",
        "antsibull-docs lint-collection-docs",
        linter(
            *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs"),
            *("--validate-collection-refs=all", "--disallow-unknown-collection-refs", "."),
        ),
        in_current,
        ("lint",),
        collections_path,
    ),
    Gate(
        "unit-oldest",
        "the unit tests that depend on a version, with the oldest ansible-core and boto3",
        lambda: (OLDEST.python, "-m", "pytest", "--quiet", *NO_HYPOTHESIS, *TIDY, *versions.dependent(ROOT)),
        environments=("oldest",),
        variables=oldest_collections_path,
        needs="tests/unit/plugins/**/test_*.py",
        part_of="units-oldest",
    ),
    Gate(
        "sample-aws",
        "some tests of modules with answers as late as AWS's",
        pytest(*TIDY, *listed(ROOT / "tests" / "module" / "late_sample.txt")),
        variables=as_late_as_aws,
        part_of="module-aws",
    ),
    Gate(
        "mypy",
        "mypy --strict on plugins",
        lambda: (
            *(LINT.path / "bin" / "mypy", "--namespace-packages", "--explicit-package-bases"),
            *("--package", "ansible_collections.lastgood.aws.plugins"),
        ),
        in_current,
        ("lint",),
        for_mypy,
    ),
    Gate(
        "artifact",
        "ansible-galaxy collection build, and what is in it",
        lambda: (RUN.python, "-B", ROOT / "dev" / "artifact.py"),
        in_current,
    ),
    Gate(
        "complexity",
        "no function in plugins/module_utils above 15, counted by radon",
        lambda: (LINT.python, "-B", ROOT / "dev" / "complexity.py"),
        environments=("lint",),
    ),
    Gate(
        "awx",
        "pattern.json, the execution environment and event_query.yml, as their tools want them",
        lambda: (LINT.python, "-B", ROOT / "dev" / "awx.py"),
        in_current,
        ("lint",),
    ),
    Gate("changelog", "antsibull-changelog lint", linter("antsibull-changelog", "lint"), in_current, ("lint",)),
    Gate("licences", "reuse lint", linter("reuse", "lint"), environments=("lint",)),
    Gate("yamllint", "yamllint", linter("yamllint", "--strict", "."), environments=("lint",)),
    Gate("ruff", "ruff check", linter("ruff", "check", "."), environments=("lint",)),
    Gate("format", "ruff format --check", linter("ruff", "format", "--check", "."), environments=("lint",)),
)


@dataclass(frozen=True)
class Result:
    gate: Gate
    passed: bool
    seconds: float
    log: Path

    @property
    def lines(self) -> list[str]:
        return [line for line in ANSI.sub("", self.log.read_text(errors="replace")).splitlines() if line.strip()]

    @property
    def summary(self) -> str:
        """What the tool says of itself: pytest's closing line (ansible-test prints more after it), else the last."""
        lines = [line for line in self.lines if not line.startswith("WARNING")]
        closing = [line for line in lines if PYTEST_CLOSING.search(line)] or lines
        return closing[-1].strip("= ") if closing else ""


def run_gate(gate: Gate, trees: Trees, home: Path) -> Result:
    log = LOGS / f"{gate.name}.log"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    variables |= {
        "HOME": str(home),
        "PATH": search_path(*(ENVIRONMENTS[name] for name in gate.environments)),
        # The simulator is on loopback, and nothing may ask EC2's metadata service for credentials.
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Logs are read in files.
        "NO_COLOR": "1",
    }
    variables |= gate.variables(trees)
    begin = time.monotonic()
    with log.open("w") as output:
        done = subprocess.run(
            [str(part) for part in gate.command()],
            cwd=gate.directory(trees),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return Result(gate, done.returncode == 0, time.monotonic() - begin, log)


def report(result: Result) -> None:
    word = "ok" if result.passed else "FAILED"
    heading = f"== {result.gate.name}: {word} in {result.seconds:.1f} s"
    if result.passed:
        print(f"{heading}  ({result.summary[:100]})" if result.summary else heading, flush=True)
        return
    print(f"{heading}: {result.gate.what}", flush=True)
    for line in [line for line in result.lines if not NOISE.match(line)][-TAIL:]:
        print(f"   {line[:WIDTH]}")
    print(f"   (all of it: {result.log.relative_to(ROOT)}; again: make gate-{result.gate.name})", flush=True)


def choose(names: Sequence[str]) -> list[Gate]:
    """Those named, in that order. Without names those of `make test`; all where ``--all`` is the only one."""
    if not names:
        return [gate for gate in GATES if gate.always]
    if list(names) == ["--all"]:
        return [gate for gate in GATES if not gate.part_of]
    known = {gate.name: gate for gate in GATES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such gate: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]


def main(names: list[str]) -> int:
    if names == ["--list"]:
        for gate in GATES:
            print(f"{gate.name:<18}{'' if gate.always else 'test-all: '}{gate.what}")
        return 0
    gates = choose(names)
    LOGS.mkdir(parents=True, exist_ok=True)
    trees = Trees(make_tree("tree", RUN), make_tree("tree-oldest", RUN))
    home = make_home(RUN, OLDEST)
    begin = time.monotonic()
    results = []
    for gate in gates:
        if not gate.applies():
            print(f"== {gate.name}: nothing to run, no {gate.needs}", flush=True)
    applicable = [gate for gate in gates if gate.applies()]
    workers = max(1, min(4, len(applicable), os.cpu_count() or 1))
    if len(applicable) > workers:
        print(f"{len(applicable)} gates, {workers} at a time; logs are in {LOGS.relative_to(ROOT)}", flush=True)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in as_completed([pool.submit(run_gate, gate, trees, home) for gate in applicable]):
            results.append(future.result())
            report(results[-1])
    failed = [result.gate.name for result in results if not result.passed]
    print(f"\n{time.monotonic() - begin:.0f} s in all")
    if failed:
        print(f"failed: {', '.join(failed)}")
    print(f"gates: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
