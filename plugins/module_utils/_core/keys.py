# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a service or a deployment group is called where there are several of one name. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

SPEC: t.Final[dict[str, dict[str, t.Any]]] = {"full_names": {"type": "bool", "default": False}}

# The parts of a key, in order: those of a service and those of a deployment group.
_SERVICE: t.Final = ("service", "cluster", "region", "account")
_GROUP: t.Final = ("deployment_group", "application", "region", "account")


@dataclass(frozen=True)
class Place:
    """Where a call works, and whether its lines have to say so."""

    region: str = ""
    full_names: bool = False

    def label(self, name: str, within: str = "") -> str:
        """What a line begins with: ``web``, or ``web.prod.eu-central-1``.

        ``within`` is the cluster, by name or ARN, or the application; empty where there is none.
        """
        parts = (name, last(within), self.region) if self.full_names else (name,)
        return ".".join(part for part in parts if part)


# Names alone.
PLAIN: t.Final = Place()


def last(name: str) -> str:
    """The name of what may be named by its ARN."""
    return name.rpartition("/")[2] if name.startswith("arn:") else name


def key(item: t.Mapping[str, t.Any]) -> str:
    """What the result of one service or group is found by: ``web.prod.eu-central-1.123456789012``.

    ``item`` is one result of ecs_rollback, codedeploy_redeploy or ecs_deploy. The account is not known of what was not
    found.
    """
    parts = _GROUP if "deployment_group" in item else _SERVICE
    return ".".join(str(item[part]) for part in parts if item.get(part))


def account(arn: str) -> str | None:
    """The account that an ARN names, None where it names none."""
    parts = arn.split(":")
    return parts[4] or None if len(parts) > 5 and parts[0] == "arn" else None
