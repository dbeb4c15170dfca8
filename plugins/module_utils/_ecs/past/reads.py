# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what all of them need: services and task definitions, in as few calls as the API's batches allow."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Pause, Service, TaskDefinition

# A task definition that DescribeTaskDefinition does not know.
MISSING: t.Final = "MISSING"


def explain(error: AnsibleAWSError) -> str:
    """One sentence for the person on call about what went wrong in a call to AWS."""
    if isinstance(error, (AwsCallError, IncompleteAnswerError)):
        return error.explain()
    return str(error)


def services(aws: Aws, cluster: str, names: t.Sequence[str]) -> dict[str, Service | str]:
    """All the services asked for, ten a call. See :func:`.api.describe_services`."""
    found: dict[str, Service | str] = {}
    for batch in batches(names, api.SERVICES_PER_CALL):
        found.update(api.describe_readable_services(aws, cluster, batch))
    return found


def pause(detail: Answer) -> Pause | None:
    """The PAUSE hook that a service deployment waits at; None if it does not wait."""
    for hook in detail.get("lifecycleHookDetails") or []:
        if hook.get("status") == "AWAITING_ACTION" and hook.get("hookId"):
            return Pause(str(hook["hookId"]), hook.get("expiresAt"), str(hook.get("timeoutAction") or ""))
    return None


class TaskDefinitions:
    """Task definitions by ARN, each read once. A missing one is kept as such, so that it is not asked for again."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.known: dict[str, TaskDefinition] = {}
        self._registered: dict[str, list[str]] = {}

    def read(self, name: str) -> TaskDefinition:
        """The task definition with this ARN or ``family:revision``."""
        if name not in self.known:
            found = api.describe_task_definition(self._aws, name)
            self.known[name] = found or TaskDefinition(arn=name, status=MISSING, tags={}, content={})
            if found:
                self.known[found.arn] = found
        return self.known[name]

    def registered(self, family: str) -> list[str]:
        """The family's ACTIVE revisions, the highest number first."""
        if family not in self._registered:
            self._registered[family] = api.list_task_definitions(self._aws, family)
        return self._registered[family]
