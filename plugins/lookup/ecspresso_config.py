# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ecspresso_config
short_description: Read what a rollback needs from an ecspresso configuration file
version_added: 1.0.0
author:
  - The lastgood.aws authors (@lastgood)
description:
  - Reads Region, cluster, service, timeout, and the names of CodeDeploy from the configuration file of ecspresso that
    is already in the repository.
  - Reads YAML (C(.yml), C(.yaml)), JSON (C(.json)), and Jsonnet (C(.jsonnet)). YAML and JSON are Go templates first,
    as they are to ecspresso. So is the text that Jsonnet evaluates to.
  - Understands the template functions C(env), C(must_env), and C(json_escape), of Go's own C(and), C(or), C(print),
    C(printf), and C(println) for text, and in Jsonnet the native functions C(env) and C(must_env). The environment is
    that of the controller.
  - Values that are not needed may use whatever they like, such as the functions of ecspresso's plugins (C(tfstate),
    C(ssm), C(cfn_output), and so on), or an environment variable that is not set. A needed value that does so is an
    error that names the key and the function or variable.
  - Template constructs that reach beyond a single value (C(if), C(range), C(with), C(define), variables) are an error
    that names the construct and its line.
options:
  _terms:
    description:
      - Paths of configuration files.
      - A relative path is looked for in the directory that the command was started in, and where Ansible looks for
        files of a playbook or role. Where these are two different files, the lookup refuses to choose.
    type: list
    elements: path
    required: true
  skip:
    description:
      - Keys whose values are known from elsewhere. They are not evaluated and come out as V(none), so that a file can
        be read although it uses a function of a plugin there.
    type: list
    elements: str
    choices:
      - region
      - cluster
      - service
      - timeout
      - codedeploy
    default: []
requirements:
  - rjsonnet (Python library on the controller), for Jsonnet, and for JSON with comments or trailing commas
notes:
  - Keys are compared without regard to case, and unknown ones are ignored. A needed key that is there twice is an
    error.
  - The environment of a task (the C(environment) keyword) does not reach lookups.
seealso:
  - name: ecspresso
    description: The deployment tool whose configuration this reads.
    link: https://github.com/kayac/ecspresso
"""

EXAMPLES = r"""
---
- name: Show what a rollback would take from the file
  ansible.builtin.debug:
    msg: "{{ lookup('lastgood.aws.ecspresso_config', 'ecspresso.yml') }}"

- name: Look up what the service would go back to
  vars:
    ecspresso: "{{ lookup('lastgood.aws.ecspresso_config', 'ecspresso.yml') }}"
  lastgood.aws.ecs_rollback_info:
    region: "{{ ecspresso.region }}"
    cluster: "{{ ecspresso.cluster }}"
    service: "{{ ecspresso.service }}"

- name: Read a file whose cluster comes from the Terraform state
  ansible.builtin.set_fact:
    ecspresso: "{{ lookup('lastgood.aws.ecspresso_config', 'ecspresso.yml', skip=['cluster']) }}"
"""

RETURN = r"""
_raw:
  description: One dictionary for each file, always with all of its keys.
  type: list
  elements: dict
  contains:
    region:
      description:
        - The Region, of the file or else of E(AWS_REGION). V(none) if neither has one.
      type: str
      sample: eu-central-1
    cluster:
      description:
        - The cluster. V(default) if the file has none.
      type: str
      sample: prod
    service:
      description:
        - The service. V(none) if the file has none.
      type: str
      sample: web
    timeout:
      description:
        - Seconds, rounded up. V(600) if the file has none.
      type: int
      sample: 600
    codedeploy:
      description:
        - The names of CodeDeploy. Each is V(none) if the file does not have it.
      type: dict
      contains:
        application_name:
          description: The application.
          type: str
          sample: AppECS-prod-web
        deployment_group_name:
          description: The deployment group.
          type: str
          sample: DgpECS-prod-web
        deployment_config_name:
          description: The deployment configuration.
          type: str
          sample: CodeDeployDefault.ECSAllAtOnce
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.config import Config, read_config
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[Config]:
        # ansible-core's base class has no type hints.
        plugin = t.cast(t.Any, self)
        plugin.set_options(var_options=variables, direct=kwargs)
        skip = plugin.get_option("skip")
        configs = []
        for term in terms:
            path = self._find(str(term), variables or {})
            try:
                configs.append(read_config(path, os.environ, skip))
            except ConfigError as error:
                raise AnsibleLookupError(error.explain(path)) from None
        return configs

    def _find(self, name: str, variables: dict[str, t.Any]) -> str:
        """The file of that name.

        The playbook of a rollback may be one of this collection, so Ansible's search path says nothing about the user's
        repository; the working directory does.
        """
        here = os.path.abspath(os.path.expanduser(name))
        there = t.cast(t.Any, self).find_file_in_search_path(variables, "files", name, ignore_missing=True)
        if not os.path.exists(here):
            if there is None:
                raise AnsibleLookupError(
                    f"{name}: there is no such file in {os.getcwd()}, nor where Ansible looks for files."
                    " Give rollback_config as an absolute path."
                )
            return str(there)
        if there is not None and not os.path.samefile(here, there):
            raise AnsibleLookupError(
                f"{name} could be {here} or {there}: rolling back the wrong service would make things worse."
                " Give rollback_config as an absolute path."
            )
        return here
