# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample outputs in the documentation of the AWS CLI, reduced to the names and types of their members.

``python -m selftests.samples …/awscli/examples`` writes the files in ``data`` anew from those of PyPI's
package ``awscli``, so that the tests do not need it.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import botocore.session

from lastgood_simulator.operations import OPERATIONS

# Importing it registers the operations.
importlib.import_module("lastgood_simulator.world")

# Operations that leave their answer to moto.
MOTOS = ("DescribeClusters", "DeleteCluster")
# Name for boto3 to the folder of the examples.
FOLDERS = {"ecs": "ecs", "codedeploy": "deploy", "autoscaling": "autoscaling", "sns": "sns"}
# What moto answers, and is compared all the same: operations that the collection or its tests call.
OF_MOTO = {
    ("autoscaling", "DescribeAutoScalingGroups"),
    ("autoscaling", "DescribeTags"),
    ("sns", "ListSubscriptionsByTopic"),
    ("sns", "Publish"),
    ("sns", "Subscribe"),
}
# A line that ends with "::" and the indented block below it, where that is a JSON object.
_BLOCK = re.compile(r"::[ \t]*\n\s*\n(?P<block>[ \t]+\{(?:.*\n?)(?:[ \t]+\S.*\n?|[ \t]*\n)*)")
_TRAILING_COMMA = re.compile(r",(?=\s*[\]}])")


def data(service: str) -> Path:
    """Where the samples of a service are kept."""
    return Path(__file__).parent / "data" / f"awscli_{service}_samples.json"


def outputs(text: str) -> list[Any]:
    """The JSON documents that a file shows as outputs; those that do not parse (cut short, mistyped) are left out."""
    found = []
    for match in _BLOCK.finditer(text):
        try:
            found.append(json.loads(_TRAILING_COMMA.sub("", textwrap.dedent(match["block"]))))
        except ValueError:
            continue
    return found


def shape(value: Any) -> Any:
    """Members and types of a JSON value; a list has one entry with all that its items have."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        merged: Any = None
        for item in value:
            merged = merge(merged, shape(item))
        return [] if merged is None else [merged]
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"


def merge(one: Any, other: Any) -> Any:
    """What two shapes of the same member have together."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merge(one.get(name), other.get(name)) for name in sorted({*one, *other})}
    if isinstance(one, list) and isinstance(other, list):
        return [merge((one or [None])[0], (other or [None])[0])] if one or other else []
    return one


def operation(path: Path) -> str:
    """``describe-services.rst`` is of DescribeServices."""
    return "".join(part.capitalize() for part in path.stem.split("-"))


def read(folder: Path, service: str) -> dict[str, Any]:
    """Operation to the shape of its sample outputs, for the operations of a service that the simulator answers.

    What a file shows as the input of its command is left out.
    """
    model = botocore.session.get_session().get_service_model(service)
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.rst")):
        name = operation(path)
        if ((service, name) not in OPERATIONS or name in MOTOS) and (service, name) not in OF_MOTO:
            continue
        output_shape = model.operation_model(name).output_shape
        members = output_shape.members if output_shape is not None else {}
        for output in outputs(path.read_text(encoding="utf-8")):
            if set(output) <= set(members):
                found[name] = merge(found.get(name), shape(output))
    return found


if __name__ == "__main__":
    for of, where in FOLDERS.items():
        text = json.dumps(read(Path(sys.argv[1]) / where, of), indent=1, sort_keys=True) + "\n"
        data(of).write_text(text, encoding="utf-8")
