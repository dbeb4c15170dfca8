# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How to tell services or deployment groups of the same name apart. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

SPEC: t.Final[dict[str, dict[str, t.Any]]] = {"full_names": {"type": "bool", "default": False}}

# The parts of a key, in order: of a service, and of a deployment group.
_SERVICE: t.Final = ("service", "cluster", "region", "account")
_GROUP: t.Final = ("deployment_group", "application", "region", "account")


@dataclass(frozen=True)
class Place:
    """Where a call works. ``full_names`` asks for the cluster and Region in every line."""

    region: str = ""
    full_names: bool = False

    def label(self, name: str, within: str = "") -> str:
        """The start of a line: ``web``, or ``web.prod.eu-central-1``.

        ``within`` is the cluster (name or ARN) or the application; it may be empty.
        """
        parts = (name, last(within), self.region) if self.full_names else (name,)
        return ".".join(part for part in parts if part)


# Just the name.
PLAIN: t.Final = Place()


def last(name: str) -> str:
    """The name, given a name or an ARN."""
    return name.rpartition("/")[2] if name.startswith("arn:") else name


def key(item: t.Mapping[str, t.Any]) -> str:
    """The key of one service's or group's result: ``web.prod.eu-central-1.123456789012``.

    ``item`` is one result of ecs_rollback, codedeploy_redeploy or ecs_deploy. There is no account in the key of
    something that was not found.
    """
    parts = _GROUP if "deployment_group" in item else _SERVICE
    return ".".join(str(item[part]) for part in parts if item.get(part))


def account(arn: str) -> str | None:
    """The account in an ARN, or None if it has none."""
    parts = arn.split(":")
    return parts[4] or None if len(parts) > 5 and parts[0] == "arn" else None
