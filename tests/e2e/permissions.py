# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user with limited permissions."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
import urllib.request

from tests.e2e import play
from tests.e2e.stage import Stage


def documented(page: str) -> list[str]:
    """The actions that are always needed: those of the first statement of the policy on a page of docs/."""
    text = (play.ROOT / "docs" / page).read_text()
    [policy] = [
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if '"Statement"' in block
    ]
    actions: list[str] = policy["Statement"][0]["Action"]
    return actions


@contextlib.contextmanager
def allowed(stage: Stage, actions: list[str]) -> t.Iterator[dict[str, str]]:
    """A user with only these permissions; yields the variables of the environment that hold the user's credentials."""
    iam = stage.world.client("iam")
    iam.create_user(UserName="on-call")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_user_policy(UserName="on-call", PolicyName="rollback", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="on-call")["AccessKey"]
    enforce_after(stage, "0")
    try:
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    finally:
        enforce_after(stage, "inf")


def enforce_after(stage: Stage, requests: str) -> None:
    """So many requests are let through before policies decide."""
    request = urllib.request.Request(
        f"{stage.url}/moto-api/reset-auth", requests.encode(), {"Content-Type": "text/plain"}, method="POST"
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()
