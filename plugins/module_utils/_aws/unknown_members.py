# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Members of an answer that the installed botocore does not know. It drops them silently, so a copy would lack them."""

from __future__ import annotations

import json
import typing as t

# Where an answer lists them, as paths (``taskDefinition.containerDefinitions.restartPolicy``).
KEY: t.Final = "lastgood:UnknownMembers"


def note(operation_model: t.Any, response_dict: t.Any, customized_response_dict: t.Any, **_kwargs: t.Any) -> None:
    """A handler of botocore's event ``before-parse`` for services that speak JSON: adds :data:`KEY` to the answer."""
    try:
        raw = json.loads(response_dict["body"])
    except (KeyError, TypeError, ValueError):
        return
    found = list(dict.fromkeys(_unknown(operation_model.output_shape, raw, "")))
    if found:
        customized_response_dict[KEY] = found


def _unknown(shape: t.Any, raw: t.Any, path: str) -> t.Iterator[str]:
    if shape.type_name == "structure" and isinstance(raw, dict):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, value in raw.items():
            where = f"{path}.{name}" if path else str(name)
            if name not in known:
                # botocore's parser ignores the type of an answer, too.
                if name != "__type":
                    yield where
            else:
                yield from _unknown(known[name], value, where)
    elif shape.type_name == "list" and isinstance(raw, list):
        for item in raw:
            yield from _unknown(shape.member, item, path)
    elif shape.type_name == "map" and isinstance(raw, dict):
        for item in raw.values():
            yield from _unknown(shape.value, item, path)
