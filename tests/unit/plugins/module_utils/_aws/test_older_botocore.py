# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is used of AWS's answers that the oldest supported botocore hides stands on the page about versions.

botocore's parser drops members that its model lacks, and says nothing.
"""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import botocore
import botocore.session
import pytest

COLLECTION = Path(__file__).parents[5]
PAGE = COLLECTION / "docs" / "versions.md"
OLDEST = Path(__file__).parent / "botocore_1_38_10.txt"
ROOMS = ("_ecs", "_codedeploy")
# Members by these names are new in the models of ECS and CodeDeploy, and what is used is something else: names of our
# own, of other services, and parameters that have been there for long.
SOMETHING_ELSE = {"logGroupName", "logGroups", "names", "resources", "s3"}


def known_to(service: str) -> set[str]:
    """The operations and members in the model of the installed botocore."""
    model = botocore.session.get_session().get_service_model(service)
    shapes = [model.shape_for(name) for name in model.shape_names]
    members = {member for shape in shapes if shape.type_name == "structure" for member in shape.members}
    return members | set(model.operation_names)


def known_to_the_oldest() -> set[str]:
    lines = OLDEST.read_text(encoding="utf-8").splitlines()
    return {name for line in lines if not line.startswith("#") for name in line.split()}


def named_in(source: str) -> set[str]:
    """Texts, keywords of calls, and API operations by boto3's names for them."""
    nodes = list(ast.walk(ast.parse(source)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    operations = {"".join(part.capitalize() for part in text.split("_")) for text in texts if text.isidentifier()}
    return texts | operations | {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def used() -> set[str]:
    files = [file for room in ROOMS for file in (COLLECTION / "plugins" / "module_utils" / room).rglob("*.py")]
    return set().union(*(named_in(file.read_text(encoding="utf-8")) for file in files))


def on_the_page() -> set[str]:
    """What the table of hidden members names."""
    _before, _heading, section = PAGE.read_text(encoding="utf-8").partition("## What an older botocore hides")
    rows = [line.split("|")[2] for line in section.splitlines() if line.startswith("| 1.")]
    return {name for row in rows for name in re.findall("`([^`]+)`", row)}


def hidden(new: t.Iterable[str]) -> set[str]:
    """Those of these names that are used, and that the oldest botocore lacks."""
    return (set(new) & used()) - known_to_the_oldest() - SOMETHING_ELSE


def test_whatever_an_older_botocore_hides_is_on_the_page() -> None:
    assert hidden(known_to("ecs") | known_to("codedeploy")) - on_the_page() == set()


def test_a_member_without_a_word_is_found() -> None:
    assert "resetOnHealthyTask" in hidden(["resetOnHealthyTask", "desiredCount"])
    assert hidden(["desiredCount", "logGroups"]) == set()


def test_nothing_on_the_page_is_old_or_unused() -> None:
    assert on_the_page() - used() == set()
    assert on_the_page() & known_to_the_oldest() == set()


@pytest.mark.parametrize("service", ["ecs", "codedeploy"])
def test_the_list_is_that_of_the_oldest_botocore(service: str) -> None:
    # No member has ever been taken away, so that this holds for newer ones too.
    assert len(known_to_the_oldest() & known_to(service)) > 200
    if botocore.__version__ == "1.38.10":
        assert known_to(service) <= known_to_the_oldest()
