#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_content_info
short_description: Show what the next deployment of CodeDeploy will do to the files of an instance
version_added: 1.0.0
description:
  - Runs on an instance that CodeDeploy deploys to, reads what the CodeDeploy agent has there, and predicts what the
    lifecycle event Install of a rollback, or of any other deployment, removes, overwrites, keeps, refuses or forgets.
  - Finds files below the destinations that no deployment is going to remove, and says where they come from as far as
    that can be told; deployed files that were edited; paths that several deployment groups install; names and links
    that the agent does not get right.
  - Shows which scripts of ApplicationStop the next deployment runs first, whether the agent is at work, and what is
    left of deployment groups that the instance is not in any more.
  - Only reads. Bundles in archives are not unpacked to disk.
extends_documentation_fragment:
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
attributes:
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: linux
options:
  deployment_group_id:
    description:
      - Id of the deployment group, such as C(3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d), not its name. It is
        C(deploymentGroupId) of C(GetDeploymentGroup).
      - Without it, that is the only deployment group that the agent has served on the instance. If there are several
        of them, RV(groups) shows them, and nothing is predicted.
    type: str
  bundle:
    description:
      - Path of the bundle to be installed, on the instance. A directory with the unpacked bundle, or a tar, tar.gz or
        zip archive.
      - Without it, the agent's own copy of the revision is taken, that of O(deployment_id), or else that of the last
        Install that ended well. The agent keeps the last five revisions, unless it is configured otherwise.
    type: path
  deployment_id:
    description:
      - Id of a deployment of the group whose revision the agent still has.
      - Not used with O(bundle).
    type: str
  file_exists_behavior:
    description:
      - What the deployment does with files that are in the way, after the agent has removed those of the last Install.
      - C(file_exists_behavior) in the AppSpec file of the bundle wins over this.
      - V(fail) is another word for V(disallow).
    type: str
    choices:
      - disallow
      - fail
      - overwrite
      - retain
    default: disallow
  known_deployment_groups:
    description:
      - Ids of the deployment groups that the instance is in now. All others that have left something here are shown in
        RV(gone_groups).
      - Without it, RV(gone_groups) is empty.
    type: list
    elements: str
  agent_config:
    description:
      - The agent's configuration file, which may name another deployment root.
    type: path
    default: /etc/codedeploy-agent/conf/codedeployagent.yml
  agent_root:
    description:
      - The deployment root of the agent.
      - Without it, that is C(:root_dir:) in O(agent_config), or C(/opt/codedeploy-agent/deployment-root) if that
        does not say.
    type: path
  agent_version:
    description:
      - The version of the agent. Versions 1 and 2 treat links and cleanup files differently.
      - Without it, C(/opt/codedeploy-agent/.version) is read. If that is not there, version 1 is assumed.
    type: str
  max_listed:
    description:
      - How many entries each of the lists in the result shows. Beside each list is its true length.
    type: int
    default: 200
  max_files:
    description:
      - How many files are looked at below the destinations, and how many an archive may hold.
    type: int
    default: 100000
  max_bundle_size:
    description:
      - How many bytes an archive may hold when it is unpacked.
    type: int
    default: 4294967296
notes:
  - >-
    It needs to read everything that the agent has installed, which as a rule takes C(become=true). It fails when it may
    not read something, rather than showing half of it.
  - >-
    The prediction is exact for the time at which it is made. What hooks of the deployment do before its Install, and
    what anybody else does, is not in it.
  - >-
    Contents of files are compared by their SHA-256, and are never in the result.
  - >-
    It needs nothing but Python on the instance. Windows is not supported.
  - >-
    Only the times of files distinguish the work of scripts from that of people. RV(leftovers.entries[].evidence) says
    what a guess is made from.
seealso:
  - module: lastgood.aws.codedeploy_deployment_info
  - module: lastgood.aws.codedeploy_redeploy
  - name: Rollback behavior with existing content
    description: What AWS says that happens to files.
    link: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Show what a redeployment of the revision of d-4KAMTWJPI would do to the files
  lastgood.aws.codedeploy_content_info:
    deployment_id: d-4KAMTWJPI
    file_exists_behavior: retain
  become: true
  register: content

- name: Stop if the Install would fail
  ansible.builtin.assert:
    that: content.prediction.failure is none
    fail_msg: "{{ content.prediction.failure.message }}"

- name: Name the files that would be lost
  ansible.builtin.debug:
    msg: "{{ content.lost.entries | map(attribute='path') }}"

- name: Look at a bundle before it is deployed for the first time
  lastgood.aws.codedeploy_content_info:
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    bundle: /var/tmp/shop-1.8.tgz
  become: true

- name: Find what deployment groups have left that the instance is not in any more
  lastgood.aws.codedeploy_content_info:
    deployment_group_id: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    known_deployment_groups:
      - 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
  become: true
"""

RETURN = r"""
agent:
  description: The agent.
  returned: success
  type: dict
  contains:
    root:
      description: Its deployment root.
      returned: always
      type: str
      sample: /opt/codedeploy-agent/deployment-root
    version:
      description: Its version, null if it is not known.
      returned: always
      type: str
      sample: 1.8.1
    busy:
      description: Whether it is at work just now.
      returned: always
      type: bool
      sample: false
    ongoing:
      description: The deployments that it is at work on.
      returned: always
      type: list
      elements: str
      sample: []
    stale:
      description: Deployments that it was at work on when it crashed, more than a day ago.
      returned: always
      type: list
      elements: str
      sample: []
deployment_group_id:
  description: The deployment group that the rest is about, null if there are several and none was named.
  returned: success
  type: str
  sample: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
groups:
  description: All deployment groups that the agent has served on the instance.
  returned: success
  type: list
  elements: dict
  contains:
    deployment_group_id:
      description: Its id.
      returned: always
      type: str
      sample: 3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d
    cleanup_file:
      description: The list of what the next Install of the group removes.
      returned: always
      type: dict
      contains:
        path:
          description: Where it is.
          returned: always
          type: str
        state:
          description:
            - V(whole), or V(empty) if the last Install has installed nothing.
            - V(partial) if the agent was killed while it wrote.
            - V(never_installed) if there is none because nothing was installed.
            - V(missing_after_failed_install) if there is none because an Install failed before it copied anything.
            - V(missing) if somebody has deleted it.
          returned: always
          type: str
          sample: whole
        lines:
          description: How many lines the agent follows.
          returned: always
          type: int
          sample: 12
        skipped_lines:
          description: How many lines the agent leaves out.
          returned: always
          type: int
          sample: 0
        owner:
          description: Number of its owner, null if there is no file.
          returned: always
          type: int
          sample: 0
        group:
          description: Number of its group, null if there is no file.
          returned: always
          type: int
          sample: 0
        mode:
          description: Its mode, null if there is no file.
          returned: always
          type: str
          sample: "0644"
        distrusted:
          description: Why agent 2.x would not follow it. Empty if it would.
          returned: always
          type: str
          sample: ""
    last_successful_install:
      description: Directory of the deployment whose Install ended well last, even if the deployment failed later.
      returned: always
      type: str
    most_recent_install:
      description: Directory of the deployment whose bundle was downloaded last.
      returned: always
      type: str
    deployments:
      description: Ids of the deployments whose directories are still there, the newest first.
      returned: always
      type: list
      elements: str
gone_groups:
  description: What is left of deployment groups that are not in O(known_deployment_groups).
  returned: success
  type: list
  elements: dict
  contains:
    deployment_group_id:
      description: Its id.
      returned: always
      type: str
    listed:
      description: How many paths its cleanup file lists.
      returned: always
      type: int
      sample: 12
    still_there:
      description: Those that are still there, as C(count) and C(entries).
      returned: always
      type: dict
findings:
  description: What to know before the next deployment.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: What was looked at.
      returned: always
      type: str
      sample: edited
    severity:
      description: V(block) if the deployment is going to fail or nothing can be predicted, V(warn) or V(info).
      returned: always
      type: str
      sample: warn
    message:
      description: What was found.
      returned: always
      type: str
      sample: 2 deployed files were edited since. The next Install removes them, whatever the option
bundle:
  description: The bundle that the prediction is made for, null if there is none.
  returned: if a deployment group was named or is the only one
  type: dict
  contains:
    path:
      description: Where it is.
      returned: always
      type: str
    source:
      description: V(bundle), V(deployment) or V(last_successful_install).
      returned: always
      type: str
      sample: deployment
    appspec:
      description: Name of its AppSpec file.
      returned: if a prediction was made
      type: str
      sample: appspec.yml
    files:
      description: How many files are in it.
      returned: if a prediction was made
      type: int
      sample: 12
    size:
      description: How many bytes they have.
      returned: if a prediction was made
      type: int
      sample: 73119
    free_space:
      description:
        - What is free in the file systems that the bundle is unpacked and installed to, as C(path) and C(free), in
          bytes.
      returned: if a prediction was made
      type: list
      elements: dict
prediction:
  description: What Install does, null if that cannot be predicted.
  returned: if a deployment group was named or is the only one
  type: dict
  contains:
    file_exists_behavior:
      description: The option that counts.
      returned: always
      type: str
      sample: DISALLOW
    file_exists_behavior_of_appspec:
      description: Whether the AppSpec file says so.
      returned: always
      type: bool
      sample: false
    removals:
      description:
        - What happens to the lines of the cleanup file, by outcome. V(removed), V(left_not_empty) for a directory,
          V(already_missing), V(left_dangling_link), V(failed), V(not_reached).
        - Each has C(count) and C(entries), with C(path), C(kind), and if a directory of the path is a link
          C(through) and C(real).
      returned: always
      type: dict
      sample:
        removed:
          count: 1
          entries:
            - path: /srv/app/index.html
              kind: file
    placements:
      description:
        - What happens to the destinations of the bundle, by outcome. V(installed), V(directory_created),
          V(overwritten), V(put_inside_directory), V(kept), V(refused), V(failed), V(not_reached).
        - Entries are those of RV(prediction.removals).
      returned: always
      type: dict
    failure:
      description:
        - Why and at which C(path) Install fails, null if it does not. C(stage) is V(cleanup), V(instructions), when
          the old files are gone and nothing is copied, or V(copy).
      returned: always
      type: dict
    orphans:
      description: What no later deployment is going to remove, with the C(reason), as C(count) and C(entries).
      returned: always
      type: dict
    notes:
      description: What else is odd.
      returned: always
      type: list
      elements: str
lost:
  description:
    - The files whose present content the Install takes away and nobody has any more, as C(count) and C(entries). C(how)
      is V(removed) or V(overwritten).
    - What is as a revision that the agent still has installed it is not among them.
  returned: if a deployment group was named or is the only one
  type: dict
  sample:
    count: 1
    entries:
      - path: /srv/app/settings.conf
        how: overwritten
through_links:
  description: What is removed or written elsewhere than its path says, as C(count) and C(entries).
  returned: if a deployment group was named or is the only one
  type: dict
odd_names:
  description: Names that the agent does not get right, with the C(reason), as C(count) and C(entries).
  returned: if a deployment group was named or is the only one
  type: dict
edited:
  description:
    - Files of the last Install that are not what it has installed, as C(count) and C(entries). C(change) is V(edited),
      V(replaced) by something that is not a file, or V(missing).
  returned: if a deployment group was named or is the only one
  type: dict
leftovers:
  description: What is below the destinations, and is not in the cleanup file of the group.
  returned: if a deployment group was named or is the only one
  type: dict
  contains:
    count:
      description: How many there are.
      returned: always
      type: int
      sample: 2
    origins:
      description: How many there are of each origin.
      returned: always
      type: dict
      sample:
        script: 2
    entries:
      description: The first of them.
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: Where it is. C(path_base64) is there, too, if the name is not UTF-8.
          returned: always
          type: str
          sample: /srv/app/temp/e.txt
        kind:
          description: V(file), V(dir), V(link) or V(other).
          returned: always
          type: str
          sample: file
        origin:
          description:
            - V(other_group) if the cleanup file of another deployment group lists it.
            - V(kept) if the bundle of the last Install has it, and it was not written.
            - V(orphaned) if the agent has installed it, and will never remove it.
            - V(script) if it was last changed while a deployment ran, or within a minute of its last line of log.
            - V(hand) if it was last changed while none ran, by somebody or by a program such as the application.
            - V(unknown) if no deployment is on record to compare with.
          returned: always
          type: str
          sample: script
        evidence:
          description: What shows this.
          returned: always
          type: str
          sample: "it was last changed while d-4KAMTWJPI ran and is in no bundle: most likely by its scripts"
        mtime:
          description: When it was last changed, in seconds since 1970.
          returned: always
          type: int
          sample: 1795000000
        size:
          description: Its size in bytes.
          returned: for files
          type: int
          sample: 15
    not_searched:
      description:
        - Destinations that are left out because they hold many other files, such as V(/etc), and directories on which
          another file system is mounted.
      returned: always
      type: list
      elements: str
      sample: []
    incomplete:
      description: Whether there was more than O(max_files).
      returned: always
      type: bool
      sample: false
shared_paths:
  description:
    - Paths that are or will be installed and that another deployment group removes, with C(deployment_group_ids), as
      C(count) and C(entries).
  returned: if a deployment group was named or is the only one
  type: dict
application_stop:
  description: What the next deployment runs first. It comes from the last Install that ended well.
  returned: if a deployment group was named or is the only one
  type: dict
  contains:
    deployment_directory:
      description: Directory of that deployment, null if there was none, and if no ApplicationStop is run.
      returned: always
      type: str
    archive_exists:
      description: Whether its revision is still there.
      returned: always
      type: bool
      sample: true
    scripts:
      description: The scripts, with C(location), C(path), C(exists), C(executable), C(runas) and C(timeout).
      returned: always
      type: list
      elements: dict
"""

import getpass
import os
import stat
import time
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import contents
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import reading, survey
from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import BlankIsAbsent

ARGUMENT_SPEC: t.Final[t.Dict[str, t.Dict[str, t.Any]]] = {
    "deployment_group_id": {"type": "str"},
    "bundle": {"type": "path"},
    "deployment_id": {"type": "str"},
    "file_exists_behavior": {
        "type": "str",
        "choices": ["disallow", "fail", "overwrite", "retain"],
        "default": "disallow",
    },
    "known_deployment_groups": {"type": "list", "elements": "str"},
    "agent_config": {"type": "path", "default": os.fsdecode(agent.DEFAULT_CONFIG)},
    "agent_root": {"type": "path"},
    "agent_version": {"type": "str"},
    "max_listed": {"type": "int", "default": 200},
    "max_files": {"type": "int", "default": 100_000},
    "max_bundle_size": {"type": "int", "default": 4 << 30},
}


def _layout(params: t.Mapping[str, t.Any]) -> agent.Layout:
    """Where the agent keeps its files. Raises :class:`agent.AgentUnknown`."""
    if params["agent_root"]:
        root = os.path.normpath(os.fsencode(params["agent_root"]))
    else:
        config = reading.content(os.fsencode(params["agent_config"]))
        root = agent.root_of(config or b"") or agent.DEFAULT_ROOT
    if not _is_directory(root):
        raise agent.AgentUnknown(
            f"The CodeDeploy agent has no deployment root at {os.fsdecode(root)}. Give agent_root or agent_config"
        )
    return agent.Layout(root)


def _is_directory(path: bytes) -> bool:
    """Raises PermissionError if it may not be looked at. ``os.path.isdir`` says no then, as if it were not there."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _version(given: t.Optional[str]) -> t.Optional[agent.Version]:
    if not given:
        return agent.version_of(os.fsdecode(reading.content(agent.VERSION_FILE) or b""))
    version = agent.version_of(given)
    if version is None:
        raise agent.AgentUnknown(f"agent_version: {given!r} is not a version, such as 1.8.1")
    return version


def _options(params: t.Mapping[str, t.Any]) -> survey.Options:
    for option in ("max_listed", "max_files", "max_bundle_size"):
        if params[option] < 0:
            raise agent.AgentUnknown(f"{option}: {params[option]} is less than 0")
    behavior = params["file_exists_behavior"].upper()
    return survey.Options(
        layout=_layout(params),
        version=_version(params["agent_version"]),
        deployment_group_id=params["deployment_group_id"],
        bundle=os.fsencode(params["bundle"]) if params["bundle"] else None,
        deployment_id=params["deployment_id"],
        file_exists_behavior="DISALLOW" if behavior == "FAIL" else behavior,
        known=params["known_deployment_groups"],
        limits=contents.Limits(entries=params["max_files"], size=params["max_bundle_size"]),
        most_listed=params["max_listed"],
    )


def main() -> None:
    """Read, and tell."""
    module = BlankIsAbsent(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **survey.survey(_options(module.params), time.time()))
    except (agent.AgentUnknown, contents.BadArchive, state.Unclear) as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    except PermissionError as exc:
        module.fail_json(
            msg=f"{os.fsdecode(exc.filename or '?')} may not be read by {getpass.getuser()}: {exc.strerror}. "
            "What the agent has installed can as a rule be read by root only: use become. Nothing was changed."
        )


if __name__ == "__main__":
    main()
