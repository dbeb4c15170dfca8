# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files for contributors and for the hosting service name must exist: targets, files, versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def targets() -> set[str]:
    """What the Makefile can make."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def jobs() -> Iterator[tuple[str, Any]]:
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def made(job: Any) -> set[str]:
    """The targets that a job makes; those that come from its matrix too."""
    matrix = job.get("strategy", {}).get("matrix", {})
    found: set[str] = set()
    for step in job["steps"]:
        for target in re.findall(r"\bmake (\S+)", step.get("run", "")):
            found |= set(matrix["target"]) if target == '"$TARGET"' else {target}
    return found


@pytest.mark.parametrize(("name", "job"), list(jobs()), ids=lambda value: value if isinstance(value, str) else "")
def test_workflows_make_what_can_be_made(name: str, job: Any) -> None:
    assert made(job) <= targets(), name
    assert job["timeout-minutes"], name


def test_each_change_runs_the_gates() -> None:
    workflow = load(ROOT / ".github" / "workflows" / "test.yml")
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request" in workflow[True]
    assert "test" in made(workflow["jobs"]["make-test"])


def test_the_oldest_core_that_is_promised_is_tested() -> None:
    oldest = load(ROOT / "meta" / "runtime.yml")["requires_ansible"].removeprefix(">=").rpartition(".")[0]
    cores = load(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["ansible-test"]["strategy"]["matrix"]["core"]
    assert cores[0] == f"stable-{oldest}"
    assert cores[-1] == "devel"


def test_the_page_of_versions_says_what_is_promised() -> None:
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    oldest = load(ROOT / "meta" / "runtime.yml")["requires_ansible"].removeprefix(">=").rpartition(".")[0]
    pins = dict(
        line.split("==")
        for line in (ROOT / "tests" / "unit" / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    amazon = load(ROOT / "galaxy.yml")["dependencies"]["amazon.aws"].removeprefix(">=").rpartition(".")[0]
    assert f"| ansible-core | {oldest} |" in page
    assert f"| boto3 and botocore | {pins['boto3']} |" in page
    assert f"| amazon.aws | {amazon} |" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    relative = {target.partition("#")[0] for target in LINK.findall(text) if "://" not in target}
    missing = [target for target in sorted(relative - {""}) if not (page.parent / target).exists()]
    assert not missing


def test_local_hooks_run_what_setup_installs() -> None:
    hooks = [hook for repo in load(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert hooks
    for hook in hooks:
        assert hook["entry"].startswith((".venv-lint/bin/", ".venv/bin/")), hook["id"]
        assert hook["language"] == "system", hook["id"]
