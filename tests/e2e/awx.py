# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job of AWX: ansible-runner in a folder that AWX has prepared, from a project that has the files of the pattern.

How AWX prepares it is in ``RunJob`` (awx/main/tasks/jobs.py), how it writes extra variables in
awx/main/utils/safe_yaml.py, and what a credential of a custom type becomes in awx/main/models/credential/__init__.py
(``inject_credential``).
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sys
import typing as t
from pathlib import Path

import ansible_runner
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dev import pattern
from tests.e2e import play
from tests.e2e.stage import Stage
from tests.world import ACCESS_KEY, REGION, SECRET_KEY

Data = dict[str, t.Any]
# Where the pattern is in a project that is this repository.
PLAYBOOKS = "extensions/patterns/rollback/playbooks"
# What AWX sets for every job (``BaseTask.build_env`` and settings.AWX_TASK_ENV).
EVERY_JOB = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "AWX_HOST": "https://awx.example",
    "INVENTORY_ID": "2",
    "MAX_EVENT_RES": "700000",
    "PROJECT_REVISION": "8fa2b1c",
}
# Where the simulator is, and nobody else's credentials. Who and where it is, only the credential says.
KEPT = ("AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ids = itertools.count(4711)


class _Unsafe(yaml.SafeDumper):
    """Marks every text, so that Ansible does not see a template in it."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


def extra_variables(variables: t.Mapping[str, object], trusted: t.Mapping[str, object]) -> str:
    """As AWX writes them. What the job template itself says is ``trusted``."""
    parts = []
    for name, value in {**trusted, **variables}.items():
        dumper = yaml.SafeDumper if name in trusted and trusted[name] == value else _Unsafe
        parts.append(yaml.dump_all([{name: value}], None, Dumper=dumper, default_flow_style=False))
    return "".join(parts)


def meta_variables(job: int, **more: object) -> Data:
    """What AWX says about the job, under both of its names."""
    found = {
        "job_id": job,
        "job_launch_type": "workflow",
        "job_template_id": 9,
        "job_template_name": "Rollback: plan",
        "user_id": 3,
        "user_name": "kim",
        "user_email": "kim@shop.example",
        "workflow_job_id": 4700,
        "inventory_id": 2,
        "inventory_name": "Rollback: services",
        "project_revision": "8fa2b1c",
        "execution_node": "awx-task-0",
        **more,
    }
    return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in found.items()}


def aws_credential() -> dict[str, str]:
    """What "Amazon Web Services" becomes, which is neither a Region nor a role.

    See ``aws`` in awx/main/models/credential/injectors.py.
    """
    return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def credential_with_region(folder: Path, **inputs: str) -> dict[str, str]:
    """What a credential of the pattern's own type becomes: variables of the environment, and a file."""
    controller = pattern.load(pattern.PATTERN / "vars" / "controller.yml")
    [kind] = controller["controller_credential_types"]
    names = {field["id"]: "" for field in kind["inputs"]["fields"]}
    given = {**names, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION, **inputs}
    sandbox = ImmutableSandboxedEnvironment()
    file = folder / "credential"
    file.write_text(sandbox.from_string(kind["injectors"]["file"]["template"]).render(**given))
    known = {**given, "tower": {"filename": str(file)}}
    return {name: sandbox.from_string(text).render(**known) for name, text in kind["injectors"]["env"].items()}


def imported(stage: Stage, folder: Path) -> Data:
    """What AWX has in its inventory after it has read the project's source (``RunInventoryUpdate``)."""
    shutil.copytree(pattern.PATTERN / "inventories", folder / "inventories")
    [source] = folder.glob("inventories/*.ecs_services.yml")
    command = [str(play.BIN / "ansible-inventory"), "-i", str(source), "--list", "--export"]
    done = play.run_as_users_do(stage.url, command, folder, play.environment(stage.url, **EVERY_JOB))
    assert done.rc == 0, done.stderr
    return t.cast(Data, _plain(json.loads(done.stdout)))


def _plain(value: t.Any) -> t.Any:
    """Without what says that a value is no template."""
    if isinstance(value, dict):
        return value.get("__ansible_unsafe", {name: _plain(item) for name, item in value.items()})
    return [_plain(item) for item in value] if isinstance(value, list) else value


def sliced(inventory: Data, number: int, count: int) -> Data:
    """The part of an inventory that one of ``count`` slices gets (``Inventory.get_sliced_hosts``)."""
    kept = set(sorted(inventory["_meta"]["hostvars"])[number - 1 :: count])
    found: Data = {"_meta": {"hostvars": {name: inventory["_meta"]["hostvars"][name] for name in kept}}}
    for name, group in inventory.items():
        if name != "_meta":
            found[name] = {**group, "hosts": [host for host in group.get("hosts", ()) if host in kept]}
    return found


def answers(survey: str, **given: str) -> dict[str, str]:
    """What AWX sends for a survey that a person has answered like this: also what was left as it is."""
    asked = {question["variable"]: question["default"] for question in pattern.surveys()[survey]["spec"]}
    assert set(given) <= set(asked), "AWX drops what is not in the survey"
    return {**asked, **given}


class Job:
    """A job that has ended."""

    def __init__(
        self,
        stage: Stage,
        folder: Path,
        playbook: str,
        variables: t.Mapping[str, object],
        *,
        credential: t.Mapping[str, str] | None = None,
        check: bool = False,
        trusted: t.Mapping[str, object] | None = None,
        inventory: Data | None = None,
        oldest: bool = False,
        settings: Data | None = None,
        cancel: t.Callable[[], bool] | None = None,
    ) -> None:
        self.id = next(_ids)
        self.folder = folder / f"awx_{self.id}"
        programs = play.OLDEST if oldest else play.BIN
        if oldest:
            play.set_up_oldest()
        self._prepare(variables, trusted or {}, inventory or {"_meta": {"hostvars": {}}, "all": {"hosts": []}})
        given = aws_credential() if credential is None else credential
        env = play.environment(stage.url, programs)
        kept = {name: value for name, value in env.items() if name in KEPT or not name.startswith("AWS_")}
        with play.clock_of(stage.control, runs=True):
            self.run = ansible_runner.run(
                private_data_dir=str(self.folder),
                playbook=f"{PLAYBOOKS}/{playbook}",
                envvars={**kept, **EVERY_JOB, "JOB_ID": str(self.id), **given},
                settings=settings or {},
                cancel_callback=cancel,
                cmdline="--check" if check else None,
                quiet=True,
            )
        self.events: list[Data] = list(self.run.events)

    def _prepare(self, variables: t.Mapping[str, object], trusted: t.Mapping[str, object], inventory: Data) -> None:
        project = self.folder / "project" / "extensions" / "patterns" / "rollback"
        for name in ("playbooks", "inventories"):
            shutil.copytree(pattern.PATTERN / name, project / name)
        for name in ("env", "inventory"):
            (self.folder / name).mkdir()
        # A script that prints what AWX knows (``write_inventory_file``).
        hosts = self.folder / "inventory" / "hosts"
        hosts.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n")
        hosts.chmod(0o700)
        text = extra_variables({**meta_variables(self.id), **variables}, trusted)
        (self.folder / "env" / "extravars").write_text(text)

    @property
    def ended(self) -> tuple[str, int]:
        return self.run.status, self.run.rc

    @property
    def artifacts(self) -> Data:
        """What AWX keeps; nothing if the job was killed."""
        found: list[Data] = [
            event["event_data"].get("artifact_data", {})
            for event in self.events
            if event["event"] == "playbook_on_stats"
        ]
        return found[0] if found else {}

    @property
    def output(self) -> str:
        """What a person sees, without colours."""
        return COLOURS.sub("", "".join(f"{event['stdout']}\n" for event in self.events if event.get("stdout")))

    @property
    def failures(self) -> list[str]:
        """What failed tasks said."""
        return [event["event_data"]["res"]["msg"] for event in self.events if event["event"] == "runner_on_failed"]
