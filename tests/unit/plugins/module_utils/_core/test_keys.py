# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.keys import Place

REGION = "eu-central-1"
CLUSTER = "arn:aws:ecs:eu-central-1:123456789012:cluster/prod"
SERVICE: dict[str, t.Any] = {"service": "web", "cluster": "prod", "region": REGION, "account": "123456789012"}
GROUP: dict[str, t.Any] = {"application": "shop", "deployment_group": "prod", "region": REGION, "account": "1"}


@pytest.mark.parametrize(
    ("item", "key"),
    [
        (SERVICE, "web.prod.eu-central-1.123456789012"),
        ({**SERVICE, "account": None}, "web.prod.eu-central-1"),
        (GROUP, "prod.shop.eu-central-1.1"),
        ({**GROUP, "account": None}, "prod.shop.eu-central-1"),
        # A group of CodeDeploy that deploys an ECS service is found by its own names.
        ({**GROUP, "cluster": "prod", "service": "web"}, "prod.shop.eu-central-1.1"),
    ],
)
def test_key(item: dict[str, t.Any], key: str) -> None:
    assert keys.key(item) == key


@pytest.mark.parametrize(
    ("place", "within", "label"),
    [
        (keys.PLAIN, "prod", "web"),
        (Place(REGION), "prod", "web"),
        (Place(REGION, True), "prod", "web.prod.eu-central-1"),
        (Place(REGION, True), CLUSTER, "web.prod.eu-central-1"),
        # An Auto Scaling group is in nothing.
        (Place(REGION, True), "", "web.eu-central-1"),
        (Place("", True), "prod", "web.prod"),
    ],
)
def test_label(place: Place, within: str, label: str) -> None:
    assert place.label("web", within) == label


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:ecs:eu-central-1:123456789012:service/prod/web", "123456789012"),
        ("arn:aws:iam::123456789012:role/codedeploy", "123456789012"),
        ("arn:aws:s3:::bucket", None),
        ("web", None),
        ("a:b:c:d:e:f", None),
        ("", None),
    ],
)
def test_account(arn: str, account: str | None) -> None:
    assert keys.account(arn) == account
