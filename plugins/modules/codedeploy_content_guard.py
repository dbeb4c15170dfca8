#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_content_guard
short_description: Save files that a CodeDeploy deployment would take away, and restore them so that they stay
version_added: 1.0.0
description:
  - Runs on the instance, not on the controller, and calls no AWS service. It needs nothing but Python there.
  - The CodeDeploy agent keeps a list of the files that a deployment has installed, the cleanup file. The next
    deployment, a rollback too, removes all of them before it installs its own. A file that was edited by hand, or that
    an earlier deployment kept and a later one overwrote, is gone then.
  - With O(state=saved), the module copies such files to a private place on the same instance.
  - With O(state=restored), it puts them back, and takes them off the cleanup file. A file that is only put back is
    removed by the next deployment.
  - Nothing is ever removed, except a saved set with O(state=absent).
  - Each file is handled by itself. One that cannot be saved or restored is left as it is and named with the reason, and
    its copy is kept. The others are saved or restored all the same, and the task fails at the end.
extends_documentation_fragment:
  - lastgood.aws._attributes
attributes:
  check_mode:
    support: full
    details:
      - Only reads. RV(outcome=planned) means that something would be done.
  diff_mode:
    support: full
    details:
      - Shows paths, never what is in the files.
  idempotent:
    support: full
    details:
      - A run that was killed is finished by the next one with the same options.
options:
  state:
    description:
      - V(saved) copies what the deployment of O(bundle) or O(deployment_id) would take away, or the files that O(paths)
        names. What is in the saved set already is not copied again, and is kept if the file has changed since.
      - V(restored) puts the files of the saved set back, with owner, mode, times, ACL and other extended attributes,
        and takes them off the agent's cleanup file.
      - V(absent) removes the saved set. The files themselves are left as they are.
    type: str
    required: true
    choices:
      - saved
      - restored
      - absent
  deployment_group_id:
    description:
      - The id of the deployment group, not its name. The agent calls its files by it.
      - RV(lastgood.aws.codedeploy_content_info#module:deployment_group_id) has it, as does AWS's GetDeploymentGroup.
    type: str
    required: true
  run:
    description:
      - Names the saved set, for example by the id of the deployment that is about to be rolled back. Sets of different
        names do not touch each other.
      - Letters, digits, C(.), C(_) and C(-), beginning with a letter or digit.
    type: str
    required: true
  paths:
    description:
      - Absolute paths of regular files and symbolic links. A directory is refused, so name each file.
      - With O(state=saved), what is to be saved. With O(state=restored), which files of the saved set are to be
        restored, by default all of them.
    type: list
    elements: str
  bundle:
    description:
      - With O(state=saved), where the revision lies that is about to be deployed, unpacked in a directory or as a tar,
        tar.gz or zip archive. What its deployment would take away is saved.
    type: path
  deployment_id:
    description:
      - With O(state=saved), an earlier deployment whose revision is about to be deployed again. The agent keeps the
        last five by default.
    type: str
  file_exists_behavior:
    description:
      - With O(state=saved), the option that the coming deployment has for files that exist already. The AppSpec file
        may say otherwise and wins.
      - V(fail) is another word for V(disallow).
    type: str
    choices:
      - disallow
      - fail
      - overwrite
      - retain
    default: disallow
  force:
    description:
      - With O(state=saved), replace the copy of a file that has changed since it was saved.
      - With O(state=restored), replace a file that somebody has changed since it was saved or restored. Its present
        content is lost.
    type: bool
    default: false
  allow_paths:
    description:
      - Directories of the system in which files may be saved and restored all the same, as absolute paths. By default
        nothing is done where files decide who may log in, what runs as root by itself, or whether the machine starts,
        such as V(/etc/systemd), V(/etc/sudoers.d), V(/etc/cron.d) or any C(.ssh).
      - Each opens the files in this directory and none in the directories below it. So name V(/etc/systemd/system) for
        a unit file, and V(/etc/systemd/system/shop.service.d) for what changes it.
      - Nothing opens the files of accounts such as V(/etc/passwd), V(/boot), V(/dev), V(/proc), V(/run), V(/sys), the
        agent's own files, or O(store).
    type: list
    elements: str
  store:
    description:
      - The directory in which saved sets are kept, each in C(<deployment group id>/<run>). It must belong to the user
        who runs the module and be closed to everybody else. It is created if missing.
    type: path
    default: /var/lib/lastgood/content-guard
  agent_root:
    description:
      - The root of the agent's files, by default what the agent's configuration says.
    type: path
  agent_config:
    description:
      - The agent's configuration file.
    type: path
    default: /etc/codedeploy-agent/conf/codedeployagent.yml
  agent_version:
    description:
      - The version of the agent, by default what its package has noted. Versions 1 and 2 treat some files differently.
    type: str
notes:
  - >-
    Use C(become). As another user than root it works only on files of that user, with a store and an agent of that
    user. Otherwise it is refused before anything is written.
  - >-
    Saved copies may be secrets. They are readable by their owner alone, and neither contents nor digests are in the
    result. They stay until O(state=absent).
  - >-
    Restore before a rollback with the option RETAIN, or after any rollback. If the bundle has a file of the same
    path, RETAIN in the AppSpec file or in the deployment keeps the restored file, OVERWRITE overwrites it, and
    DISALLOW fails the deployment, from then on each time.
  - >-
    Risk, the agent. It may begin while files are restored. The module refuses while a lifecycle event runs, which it
    learns from C(ongoing-deployment) in the agent's root. It looks before the first write, before the cleanup file is
    replaced, and after it. What it cannot do is keep the agent from beginning. If that happens it fails and says what
    was done, and the same task again puts it right. Start no deployment while it runs. It cannot be used from within a
    hook, except with O(state=saved).
  - >-
    Risk, the cleanup file. A file that was taken off it is nobody's any more. No deployment removes it, and one with
    the option DISALLOW fails if its bundle has a file of the same path. The file is replaced at once, and keeps its
    owner, group and mode, since agent 2.x follows it only with these.
  - >-
    Risk, links. A path with a symbolic link among its directories is refused, as are mount points, directories,
    devices, the system's own directories (see O(allow_paths)), the agent's root and the store.
  - >-
    A hard link is not kept: the restored file is a new one, and other names of the old one stay what they are. Neither
    are attributes of C(chattr), nor holes in sparse files.
seealso:
  - module: lastgood.aws.codedeploy_content_info
  - module: lastgood.aws.codedeploy_redeploy
  - name: Redeploy and roll back a deployment with CodeDeploy
    description: What AWS says of content that a rollback keeps, overwrites or loses.
    link: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Save what going back to the revision of an earlier deployment would take away
  lastgood.aws.codedeploy_content_guard:
    state: saved
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    run: d-FA6FSLH11
    deployment_id: d-AOWU8KHVC
    file_exists_behavior: retain
  become: true

- name: Put it back, before a rollback with RETAIN or after any rollback
  lastgood.aws.codedeploy_content_guard:
    state: restored
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    run: d-FA6FSLH11
  become: true

- name: Save one file by name, whatever would happen to it
  lastgood.aws.codedeploy_content_guard:
    state: saved
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    run: settings
    paths:
      - /srv/app/web/settings.conf
  become: true

- name: Save a unit file that the application deploys
  lastgood.aws.codedeploy_content_guard:
    state: saved
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    run: units
    paths:
      - /etc/systemd/system/shop.service
    allow_paths:
      - /etc/systemd/system
  become: true

- name: Drop the copies when they are not needed any more
  lastgood.aws.codedeploy_content_guard:
    state: absent
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    run: d-FA6FSLH11
  become: true
"""

RETURN = r"""
outcome:
  description:
    - How it ended.
    - V(saved), V(restored) and V(removed) mean that this was done, V(unchanged) that there was nothing to do, and
      V(planned) that it would be done, were this not check mode.
    - V(incomplete) means that some files were saved or restored, or would be, and others were refused. The reasons are
      in RV(files).
    - V(refused) means that nothing was done, V(interrupted) that the agent began meanwhile. The message says what was
      done.
    - V(incomplete), V(refused) and V(interrupted) fail the task.
  returned: always
  type: str
  sample: restored
reason:
  description: What was done, in figures, or which files were refused and why.
  returned: success, or if single files were refused
  type: str
  sample: "to put back: 1, only to take off the cleanup file: 0, in place: 0"
saved_set:
  description: The directory of the saved set.
  returned: always
  type: str
  sample: /var/lib/lastgood/content-guard/3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d/d-FA6FSLH11
new_set:
  description: Whether this run has made the saved set, or would make it. V(false) if there was one before.
  returned: success, or if single files were refused
  type: bool
  sample: true
try_again:
  description: Whether the same may succeed in a moment, because the agent is at work or was while files were restored.
  returned: if RV(outcome) is V(interrupted) or V(refused)
  type: bool
  sample: false
files:
  description: What happens to each file.
  returned: success, or if single files were refused
  type: list
  elements: dict
  contains:
    path:
      description: The path. What cannot be shown in it is replaced.
      returned: always
      type: str
      sample: /srv/app/web/settings.conf
    path_base64:
      description: The path exactly, in base64.
      returned: if RV(files[].path) is not exact
      type: str
      sample: L3Nydi9hcHAv/w==
    outcome:
      description:
        - V(saved), or V(kept) if the copy in the set was kept though the file differs from it by now.
        - V(restored), or V(unlisted) if the file was in place and had only to be taken off the cleanup file.
        - V(refused) if it cannot be saved or restored. Its copy, if there is one, is kept.
        - V(unchanged) otherwise.
      returned: always
      type: str
      sample: restored
    reason:
      description: Why it was refused, in a sentence.
      returned: if RV(files[].outcome) is V(refused)
      type: str
      sample: /srv/app/web/settings.conf is a mount point
    how:
      description:
        - How the file would be lost. V(removed), V(overwritten), or V(named) if it was asked for by O(paths).
      returned: when O(state=saved)
      type: str
      sample: removed
unlisted:
  description: The lines that were taken off the agent's cleanup file, as paths.
  returned: success, or if single files were refused
  type: list
  elements: dict
  contains:
    path:
      description: The path. What cannot be shown in it is replaced.
      returned: always
      type: str
      sample: /srv/app/web/settings.conf
    path_base64:
      description: The path exactly, in base64.
      returned: if RV(unlisted[].path) is not exact
      type: str
      sample: L3Nydi9hcHAv/w==
findings:
  description: What was noticed. Each finding of the severity V(warn) is shown as a warning, too.
  returned: success, or if single files were refused
  type: list
  elements: dict
  contains:
    check:
      description: What was checked.
      returned: always
      type: str
      sample: shared_paths
    severity:
      description: V(warn) or V(info).
      returned: always
      type: str
      sample: warn
    message:
      description: What was found.
      returned: always
      type: str
      sample: >-
        /srv/app/web/settings.conf is on the cleanup files of 7a1f04d2-9c53-4f6e-8b1d-0f2a6c9e3b71, too: a deployment
        there removes it
"""

import os
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import (
    cleanup_file,
    guard,
    restoring,
    store,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown
from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import BlankIsAbsent

ARGUMENT_SPEC: t.Final[t.Dict[str, t.Dict[str, t.Any]]] = {
    "state": {"type": "str", "required": True, "choices": ["saved", "restored", "absent"]},
    "deployment_group_id": {"type": "str", "required": True},
    "run": {"type": "str", "required": True},
    "paths": {"type": "list", "elements": "str"},
    "bundle": {"type": "path"},
    "deployment_id": {"type": "str"},
    "file_exists_behavior": {
        "type": "str",
        "choices": ["disallow", "fail", "overwrite", "retain"],
        "default": "disallow",
    },
    "force": {"type": "bool", "default": False},
    "allow_paths": {"type": "list", "elements": "str"},
    "store": {"type": "path", "default": "/var/lib/lastgood/content-guard"},
    "agent_root": {"type": "path"},
    "agent_config": {"type": "path", "default": "/etc/codedeploy-agent/conf/codedeployagent.yml"},
    "agent_version": {"type": "str"},
}
STATES: t.Final = {"saved": guard.save, "restored": guard.restore, "absent": guard.remove}


def options_of(params: t.Mapping[str, t.Any], check_mode: bool) -> guard.Options:
    """What is asked, with what the agent's own configuration says."""
    place = store.Place(
        os.path.normpath(os.fsencode(params["store"])),
        os.fsencode(params["deployment_group_id"]),
        os.fsencode(params["run"]),
    )
    return guard.Options(
        place=place,
        layout=guard.layout_of(
            os.path.normpath(os.fsencode(params["agent_root"])) if params["agent_root"] else None,
            os.fsencode(params["agent_config"]),
        ),
        generation=guard.generation_of(params["agent_version"]),
        paths=tuple(os.fsencode(path) for path in params["paths"] or ()),
        bundle=os.path.abspath(os.fsencode(params["bundle"])) if params["bundle"] else None,
        deployment_id=params["deployment_id"],
        file_exists_behavior=params["file_exists_behavior"].upper().replace("FAIL", "DISALLOW"),
        force=params["force"],
        check_mode=check_mode,
        allow_paths=tuple(os.path.normpath(os.fsencode(path)) for path in params["allow_paths"] or ()),
    )


def main() -> None:
    """Save, restore or drop, and say what happened to each file."""
    module = BlankIsAbsent(
        argument_spec=ARGUMENT_SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("paths", "bundle", "deployment_id")],
        required_if=[("state", "saved", ("paths", "bundle", "deployment_id"), True)],
    )
    where = "/".join(module.params[name] for name in ("store", "deployment_group_id", "run"))
    try:
        options = options_of(module.params, module.check_mode)
        where = paths.text(options.place.path)
        guard.check(options)
        result = STATES[module.params["state"]](options)
    except restoring.Interrupted as exc:
        module.fail_json(msg=str(exc), outcome="interrupted", changed=True, saved_set=where, try_again=True)
    except Refused as exc:
        busy = isinstance(exc, cleanup_file.Busy)
        text = f"{exc}. No file of the instance was changed."
        module.fail_json(msg=text, outcome="refused", saved_set=where, try_again=busy)
    except guard.NOT_UNDERSTOOD as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.", outcome="refused", saved_set=where)
    except OSError as exc:
        help_out = ". Use become: it needs root" if isinstance(exc, PermissionError) and os.geteuid() != 0 else ""
        name = shown(os.fsencode(exc.filename)) if isinstance(exc.filename, (str, bytes)) else where
        module.fail_json(
            msg=f"{name}: {exc.strerror}{help_out}. No file of the instance was changed. "
            "What was copied to the saved set by then is used by the next run.",
            outcome="refused",
            saved_set=where,
        )
    for finding in result.findings:
        if finding.severity == "warn":
            module.warn(finding.message)
    told = {**result.as_dict(), **({"diff": result.diff} if module._diff else {}), "saved_set": where}
    if result.failed:
        module.fail_json(msg=f"{result.reason}.", **told)
    module.exit_json(**told)


if __name__ == "__main__":
    main()
