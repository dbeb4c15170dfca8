# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup in a real playbook: how it finds files, its options, its errors. What it reads has its own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml

Task = t.Dict[str, t.Any]


def expect(arguments: str, *that: str) -> Task:
    """A task that runs ``query`` with the arguments and asserts on its ``configs``."""
    return {
        "vars": {"configs": f"{{{{ query('lastgood.aws.ecspresso_config', {arguments}) }}}}"},
        "ansible.builtin.assert": {"that": list(that)},
    }


def expect_failure(arguments: str, message: str) -> Task:
    """A block that needs the lookup to fail with the message."""
    return {
        "block": [
            {"ansible.builtin.debug": {"msg": f"{{{{ lookup('lastgood.aws.ecspresso_config', {arguments}) }}}}"}},
            {"ansible.builtin.fail": {"msg": "The lookup did not fail."}},
        ],
        "rescue": [
            {
                "vars": {"message": message},
                "ansible.builtin.assert": {"that": ["message in ansible_failed_result.msg"]},
            }
        ],
    }


def test_the_lookup_in_a_playbook(tmp_path: Path) -> None:
    work, project = tmp_path / "work", tmp_path / "project"
    for folder in (work, project):
        folder.mkdir()
        (folder / "both.yml").write_text(f"service: {folder.name}")
    (work / "here.yml").write_text(
        "region: '{{ must_env `LASTGOOD_REGION` }}'\nservice: web\ncluster: '{{ `{{ 1 }}` }}'"
    )
    (work / "plugin.yml").write_text("service: web\ncluster: '{{ tfstate `a.b` }}'")
    (project / "there.yml").write_text("service: beside-the-playbook")
    tasks = [
        expect(
            "'here.yml'",
            "configs | length == 1",
            "configs[0].keys() | sort == ['cluster', 'codedeploy', 'region', 'service', 'timeout']",
            "configs[0].region == 'eu-west-1'",
            # Text stays text, even where it looks like a template of Jinja.
            "configs[0].cluster == '{' ~ '{ 1 }' ~ '}'",
            "configs[0].timeout + 1 == 601",
            "configs[0].codedeploy.application_name is none",
        ),
        expect(
            f"'here.yml', 'there.yml', '{work}/here.yml'",
            "configs | map(attribute='service') | list == ['web', 'beside-the-playbook', 'web']",
        ),
        expect("'plugin.yml', skip=['cluster']", "configs[0].cluster is none", "configs[0].service == 'web'"),
        expect_failure(
            "'plugin.yml'",
            f"{work}/plugin.yml, line 2: cluster uses the template function tfstate, which only ecspresso with its"
            " plugins can evaluate. Correct that, or give rollback_cluster explicitly.",
        ),
        expect_failure(
            "'nothing.yml'",
            f"nothing.yml: there is no such file in {work}, nor where Ansible looks for files."
            " Give rollback_config as an absolute path.",
        ),
        expect_failure(
            "'both.yml'",
            f"both.yml could be {work}/both.yml or {project}/both.yml: rolling back the wrong service would make things"
            " worse. Give rollback_config as an absolute path.",
        ),
        expect_failure("'here.yml', skip=['service', 'name']", "Invalid value"),
    ]
    # Not JSON: ansible-core 2.18 does not know where a task of a JSON playbook stands, and looks for files elsewhere.
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (project / "play.yml").write_text(yaml.safe_dump([play]))
    environ = {**os.environ, "LASTGOOD_REGION": "eu-west-1", "ANSIBLE_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    # Under ansible-test the collection is where this file is, elsewhere it is installed.
    trees = [str(parent.parent) for parent in Path(__file__).parents if parent.name == "ansible_collections"]
    if trees:
        environ["ANSIBLE_COLLECTIONS_PATH"] = trees[0]
    run = subprocess.run(
        [sys.executable, "-m", "ansible.cli.playbook", "-i", "localhost,", "-c", "local", "../project/play.yml"],
        cwd=work,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
