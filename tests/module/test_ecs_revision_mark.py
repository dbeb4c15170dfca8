# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_revision_mark, in process, against the simulator."""

from __future__ import annotations

import re
import typing as t

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.modules import ecs_revision_mark
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import SHOWN, Shop, arn
from tests.world import REGION

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def run(shop: Shop, *names: str, mark: str = "bad", **more: t.Any) -> Result:
    """The module on these task definitions (default: web:2), counting its calls alone."""
    shop.sim.reset_calls()
    given = {"region": REGION, "task_definition": list(names) or ["web:2"], "mark": mark, **more}
    try:
        return run_module(ecs_revision_mark, **given)
    finally:
        # Until AWS shows what it wrote.
        shop.sim.advance(SHOWN)


def fails(shop: Shop, *names: str, **more: t.Any) -> Result:
    """The result of the module, which must fail."""
    with pytest.raises(ModuleFailed) as caught:
        run(shop, *names, **more)
    return caught.value.result


def only(result: Result) -> dict[str, t.Any]:
    [item] = result["task_definitions"]
    return dict(item)


@pytest.fixture
def web(shop: Shop) -> Shop:
    """The family web with three revisions."""
    shop.versions(3)
    return shop


def test_mark_and_unmark(web: Shop) -> None:
    web.mark("web:2", "team", "shop")
    result = run(web, reason="sends every mail twice")
    item = only(result)
    assert result["changed"]
    assert item["changed"]
    assert (item["task_definition"], item["status"], item["outcome"]) == (arn("web:2"), "ACTIVE", "marked")
    assert item["before"] == {}
    assert re.fullmatch(f"{STAMP} sends every mail twice", item["after"]["bad"])
    assert web.tags("web:2") == {"team": "shop", "lastgood:bad": item["after"]["bad"]}
    assert result["api_calls"] == {"DescribeTaskDefinition": 1, "TagResource": 1}
    assert "diff" not in result

    for reason in (None, "", "sends every mail twice"):
        again = run(web, reason=reason)
        assert not again["changed"]
        assert only(again)["outcome"] == "unchanged"
        assert only(again)["before"] == only(again)["after"] == item["after"]
        assert again["api_calls"] == web.sim.calls() == {"DescribeTaskDefinition": 1}

    other = only(run(web, reason="loses orders"))
    assert other["outcome"] == "marked"
    assert web.tags("web:2")["lastgood:bad"].endswith("Z loses orders")

    gone = only(run(web, state="absent"))
    assert (gone["outcome"], gone["after"]) == ("unmarked", {})
    assert gone["reason"] == "no longer marked bad"
    assert web.tags("web:2") == {"team": "shop"}
    assert only(run(web, state="absent"))["outcome"] == "unchanged"


@pytest.mark.parametrize("mark", ["good", "bad", "pinned", "barrier"])
def test_each_mark_is_a_tag_of_its_own(web: Shop, mark: str) -> None:
    run(web, mark=mark)
    assert set(web.tags("web:2")) == {f"lastgood:{mark}"}


def test_good_takes_bad_away_and_says_so(web: Shop) -> None:
    web.mark("web:2", "lastgood:bad", "2026-11-20T14:03:05Z 500s")
    result = run(web, mark="good", reason="it was the database", diff=True)
    item = only(result)
    assert item["reason"].endswith("it was the database, no longer bad")
    assert item["before"] == {"bad": "2026-11-20T14:03:05Z 500s"}
    assert set(item["after"]) == set(key.removeprefix("lastgood:") for key in web.tags("web:2")) == {"good"}
    [diff] = result["diff"]
    assert (diff["before_header"], diff["before"], diff["after"]) == ("web:2", item["before"], item["after"])


def test_check_mode_writes_nothing(web: Shop) -> None:
    web.mark("web:2", "lastgood:good", "x")
    result = run(web, reason="500s", check_mode=True, diff=True)
    item = only(result)
    assert (result["changed"], item["outcome"], set(item["after"])) == (True, "planned", {"bad"})
    assert result["diff"][0]["after"] == item["after"]
    assert web.sim.calls() == {"DescribeTaskDefinition": 1}
    assert web.tags("web:2") == {"lastgood:good": "x"}


def test_the_alias_and_two_names_of_one_revision(web: Shop) -> None:
    web.sim.reset_calls()
    result = run_module(
        ecs_revision_mark, region=REGION, task_definitions=["web:1", arn("web:1"), "web:3"], mark="pinned"
    )
    assert [item["task_definition"] for item in result["task_definitions"]] == [arn("web:1"), arn("web:3")]
    assert web.sim.calls() == {"DescribeTaskDefinition": 3, "TagResource": 2}


def test_one_that_fails_does_not_hide_the_others(web: Shop) -> None:
    web.sim.fail("TagResource", "AccessDeniedException", times=None, when={"resourceArn": arn("web:2")})
    result = fails(web, "web:9", "web:1", "web:2", "web:3")
    outcomes = [item["outcome"] for item in result["task_definitions"]]
    assert outcomes == ["failed", "marked", "failed", "marked"]
    assert result["changed"]
    assert set(web.tags("web:1")) == set(web.tags("web:3")) == {"lastgood:bad"}
    assert "web:9: there is no task definition web:9 in this account and Region" in result["msg"]
    assert "web:2: Failed to tag" in result["msg"]
    assert f"needs the permission ecs:TagResource on {arn('web:2')}. No mark was changed." in result["msg"]
    assert result["msg"].endswith("2 of 4 task definitions are as they should be.")
    unknown = result["task_definitions"][0]
    assert (unknown["task_definition"], unknown["status"], unknown["before"]) == ("web:9", None, {})


def test_reading_is_denied(web: Shop) -> None:
    web.deny("DescribeTaskDefinition")
    result = fails(web)
    assert "needs the permission ecs:DescribeTaskDefinition. No mark was changed" in result["msg"]
    assert not result["changed"]


def test_removing_is_denied_after_the_new_mark_was_written(web: Shop) -> None:
    web.mark("web:2", "lastgood:bad", "x")
    web.deny("UntagResource")
    result = fails(web, mark="good")
    item = only(result)
    assert (item["outcome"], item["changed"], set(item["after"])) == ("failed", True, {"good", "bad"})
    assert "needs the permission ecs:UntagResource" in item["reason"]
    assert item["reason"].endswith("lastgood:bad was not removed. It now has both marks, of which bad counts")
    web.sim.clear_failures()
    run(web, mark="good")
    assert set(web.tags("web:2")) == {"lastgood:good"}


def test_fifty_tags(web: Shop) -> None:
    web.world.ecs.tag_resource(
        resourceArn=arn("web:2"), tags=[{"key": f"team:{number}", "value": "x"} for number in range(50)]
    )
    result = fails(web)
    assert "web:2: it has 50 tags, and AWS allows no more, so lastgood:bad does not fit." in result["msg"]
    assert web.sim.calls() == {"DescribeTaskDefinition": 1}


def test_a_limit_that_only_aws_knows(web: Shop) -> None:
    # botocore takes the code for throttling and tries again first.
    web.sim.fail("TagResource", "LimitExceededException", "The limit for the resource has been exceeded.", times=None)
    msg = fails(web)["msg"]
    assert "LimitExceededException (The limit for the resource has been exceeded)" in msg
    assert "Remove a tag that is no longer needed, then run the same command again. No mark was changed." in msg


def test_an_inactive_one_can_be_marked(web: Shop) -> None:
    web.deregister("web:2")
    result = run(web, mark="good")
    assert (only(result)["status"], only(result)["outcome"]) == ("INACTIVE", "marked")
    assert result["warnings"] == [f["message"] for f in only(result)["findings"]]
    assert "ECS deploys only ACTIVE task definitions" in result["warnings"][0]


def test_aws_refuses_to_tag_an_inactive_one(web: Shop) -> None:
    web.deregister("web:2")
    web.sim.fail("TagResource", "InvalidParameterException", "The task definition is inactive.")
    msg = fails(web)["msg"]
    assert "InvalidParameterException (The task definition is inactive)" in msg
    assert "web:2 is INACTIVE: AWS does not document that the tags of such a revision can be changed." in msg
    assert "No mark was changed." in msg


def test_no_answer_to_a_write(web: Shop, sleeps: list[float]) -> None:
    web.sim.fail("TagResource", times=None, kind="drop", after=True)
    result = fails(web)
    item = only(result)
    assert (item["changed"], item["after"]) == (True, None)
    assert "Whether the marks of web:2 have changed is not known. Run the same command again" in item["reason"]
    web.sim.clear_failures()
    assert only(run(web))["outcome"] == "unchanged"


def test_an_answer_that_was_cut(web: Shop) -> None:
    web.sim.fail("DescribeTaskDefinition", times=None, kind="empty")
    result = fails(web)
    assert (
        "The answer to describe_task_definition lacks 'taskDefinition', so it was cut off on the way" in result["msg"]
    )
    assert not result["changed"]


def test_throttling_is_waited_out(web: Shop) -> None:
    web.sim.fail("TagResource", "ThrottlingException", times=2)
    result = run(web)
    assert (only(result)["outcome"], result["api_calls"]["TagResource"]) == ("marked", 3)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "task_definition: no task definition is named"),
        (["web:1", ""], "task_definition: no task definition is named"),
        (["web"], "task_definition: 'web' is neither family:number (web:41) nor the ARN"),
    ],
)
def test_bad_names_change_nothing(web: Shop, names: list[str], says: str) -> None:
    web.sim.reset_calls()
    with pytest.raises(ModuleFailed) as caught:
        run_module(ecs_revision_mark, region=REGION, task_definition=names, mark="bad")
    assert caught.value.msg.startswith(says)
    assert caught.value.msg.endswith("Nothing was changed.")
    assert web.sim.calls() == {}


def test_the_documentation_covers_the_options_and_the_results(web: Shop) -> None:
    options = yaml.safe_load(ecs_revision_mark.DOCUMENTATION)["options"]
    assert set(options) == set(ecs_revision_mark.ARGUMENT_SPEC)
    assert options["mark"]["choices"] == ecs_revision_mark.ARGUMENT_SPEC["mark"]["choices"]
    returned = yaml.safe_load(ecs_revision_mark.RETURN)
    web.deregister("web:2")
    item = only(run(web, mark="good"))
    described = returned["task_definitions"]["contains"]
    assert set(item) == set(described)
    assert set(item["findings"][0]) == set(described["findings"]["contains"])
    assert set(described["after"]["contains"]) == {"good", "bad", "pinned", "barrier"}
