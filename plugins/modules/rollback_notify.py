#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback_notify
short_description: Tell an SNS topic how a rollback ended
version_added: 1.0.0
description:
  - Publishes one message for a run of M(lastgood.aws.ecs_rollback) or of a redeployment with CodeDeploy, whether it
    ended well or not. The roles do it if they are given C(rollback_notify_topic_arn).
  - The message is a JSON document, RV(notification). Its subject is one readable line.
  - A message that cannot be sent is a warning, never a failure, because the rollback that it is about has ended by
    then. Only options that are wrong fail the module.
  - It is tried twice, with 2 seconds for the connection and 5 for the answer. So a topic that cannot be reached holds
    the end of a play up by a quarter of a minute, and one that answers late may tell people twice.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
attributes:
  check_mode:
    support: full
    details:
      - Nothing is sent. RV(subject) and RV(notification) are what would have been.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each call sends a message. A FIFO topic drops a second one with the same O(run_id) within five minutes.
options:
  topic_arn:
    description:
      - ARN of the topic. The message is sent in the topic's own Region, which need not be that of the rollback. The
        topic may be of another account whose policy allows it.
    type: str
    required: true
  results:
    description:
      - How the rollback ended, as RV(lastgood.aws.ecs_rollback#module:services) has it.
      - Empty if it ended before there was a result. This counts as V(failed).
    type: list
    elements: dict
    default: []
  summary:
    description:
      - All of it in one line.
    type: str
    default: ""
  outcome:
    description:
      - How all of it ended, in a word. Without it, the worst outcome of O(results).
    type: str
  still_suspended:
    description:
      - Which auto scaling the run has left suspended, and how to put it back, in words.
    type: str
    default: ""
  reason:
    description:
      - Why somebody went back.
    type: str
    default: ""
  run_id:
    description:
      - What this run is called, here and wherever else it left something. Without it, one is made up.
    type: str
notes:
  - >-
    It needs the permission C(sns:Publish) for the topic, and C(kms:GenerateDataKey) and C(kms:Decrypt) if the topic
    is encrypted with a key of yours.
  - >-
    O(region) is the Region that the message says the rollback was in. The account is that of the credentials in use.
  - >-
    A message has at most 50 results, those that went wrong first, and no diagnosis, which may quote what programs have
    logged. RV(notification.results_left_out) says how many there were more.
seealso:
  - module: lastgood.aws.ecs_rollback
  - name: Amazon SNS subscription filter policies
    description: The attribute C(outcome) of the message can be filtered by.
    link: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Go back, and tell about it however it ended
  block:
    - name: Roll back
      lastgood.aws.ecs_rollback:
        cluster: prod
        service: web
      register: rolled_back
  always:
    - name: Tell the people on call
      lastgood.aws.rollback_notify:
        topic_arn: arn:aws:sns:eu-central-1:123456789012:on-call
        results: "{{ rolled_back.services | default([]) }}"
        summary: "{{ rolled_back.summary | default(rolled_back.msg | default('')) }}"
"""

RETURN = r"""
sent:
  description: Whether the topic has the message.
  returned: always
  type: bool
  sample: true
message_id:
  description: What SNS calls the message.
  returned: always, null if it was not sent
  type: str
  sample: 94f20ce6-13c5-43a0-9a9e-ca52d816e90b
run_id:
  description: What this run is called.
  returned: always
  type: str
  sample: 20261120T140311Z-4f7a19c2
subject:
  description: The subject of the message, in ASCII, less than 100 characters long.
  returned: always
  type: str
  sample: "rolled_back: prod/web web:43 -> web:41"
notification:
  description: The document that was sent.
  returned: always
  type: dict
  contains:
    source:
      description: V(lastgood.aws).
      returned: always
      type: str
      sample: lastgood.aws
    run_id:
      description: What this run is called.
      returned: always
      type: str
      sample: 20261120T140311Z-4f7a19c2
    outcome:
      description: How it ended; the worst outcome if there are several results.
      returned: always
      type: str
      sample: rolled_back
    summary:
      description: All of it in one line.
      returned: always
      type: str
      sample: "[web] rolled_back: web:43 → web:41 in 74 s"
    still_suspended:
      description: Which auto scaling the run has left suspended, and the commands that put it back.
      returned: always, null if nothing was left suspended
      type: str
      sample: >-
        Auto scaling is still suspended: scale-in, scale-out, scheduled scaling of service/prod/web. Put it back with:
        ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=prod -e rollback_services=web
    reason:
      description: Why somebody went back.
      returned: always, null if no reason was given
      type: str
      sample: 500s since 13:52
    account:
      description: The account of the credentials in use.
      returned: always, null if it could not be found out
      type: str
      sample: "123456789012"
    region:
      description: The Region.
      returned: always
      type: str
      sample: eu-central-1
    results:
      description: One for each service or deployment group, the worst first.
      returned: always
      type: list
      elements: dict
      contains:
        cluster:
          description: The cluster.
          returned: for services
          type: str
          sample: prod
        service:
          description: The service.
          returned: for services
          type: str
          sample: web
        application:
          description: The application.
          returned: for deployment groups
          type: str
          sample: shop
        deployment_group:
          description: The deployment group.
          returned: for deployment groups
          type: str
          sample: prod
        region:
          description: The Region that it is in.
          returned: if the result says so
          type: str
          sample: eu-central-1
        account:
          description: The account that it is in.
          returned: if it was found
          type: str
          sample: "123456789012"
        deployment_id:
          description: The deployment of CodeDeploy that went back.
          returned: for deployment groups, if there is one
          type: str
          sample: d-4KAMTWJPI
        outcome:
          description: How it ended. V(not_attempted) if the run ended before anything was done.
          returned: always
          type: str
          sample: rolled_back
        from:
          description: The version that was there.
          returned: always, null if it is not known
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        to:
          description: The version to go back to.
          returned: always, null if there is none
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41
        reason:
          description: Why it ended like this.
          returned: always
          type: str
          sample: web:41 is in service with 4 of 4 tasks
    results_left_out:
      description: How many results did not fit in.
      returned: always
      type: int
      sample: 0
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always
  type: dict
  sample:
    GetCallerIdentity: 1
    Publish: 1
"""

import functools
import typing as t
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._notify import message, send

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "topic_arn": {"type": "str", "required": True},
    "results": {"type": "list", "elements": "dict", "default": []},
    "summary": {"type": "str", "default": ""},
    "outcome": {"type": "str"},
    "still_suspended": {"type": "str", "default": ""},
    "reason": {"type": "str", "default": ""},
    "run_id": {"type": "str"},
}


def main() -> None:
    """Send it, or warn."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    try:
        topic = message.Topic.of(params["topic_arn"])
    except message.BadTopic as exc:
        module.fail_json(msg=f"{exc}. Nothing was sent.")
    # SNS answers for the topics of its own Region only.
    aws = Aws(functools.partial(module.brief_client, region=topic.region), make_beside_client=module.beside_client)
    run = message.Run(
        id=params["run_id"] or str(uuid.uuid4()),
        results=params["results"],
        summary=params["summary"],
        outcome=params["outcome"] or "",
        still_suspended=params["still_suspended"],
        reason=params["reason"],
        account=send.account(aws),
        region=module.region,
    )
    told = message.message(run)
    message_id = None
    if not module.check_mode:
        try:
            message_id = send.publish(aws, message.request(topic, told))
        except AwsCallError as exc:
            module.warn(f"Nobody was notified through {topic.arn}. {exc.explain()}")
    module.exit_json(
        changed=message_id is not None,
        sent=message_id is not None,
        message_id=message_id,
        run_id=run.id,
        subject=message.subject(told),
        notification=told,
        api_calls=aws.api_calls,
    )


if __name__ == "__main__":
    main()
