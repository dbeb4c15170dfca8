# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: the image that was good, and copies that pin it."""

from __future__ import annotations

import typing as t

import pytest
from moto.ecr.models import ecr_backends

from tests.ecr import LATEST, REPOSITORY, Ecr
from tests.module.services import ACCOUNT, NEVER_STARTS, Run, Shop, arn
from tests.module.strategies import BLUE_GREEN, settle
from tests.world import REGION

OTHER = "registry/web:latest"
OTHER_GOOD, OTHER_BAD, OTHER_WORSE = (f"sha256:{digit * 64}" for digit in "123")


@pytest.fixture
def ecr(shop: Shop) -> Ecr:
    """A repository in the simulator."""
    return Ecr(shop.world)


def release(shop: Shop, image: str = LATEST, settle: float = 600, **more: t.Any) -> str:
    """The next revision, which goes by this image, deployed; the first one creates the service."""
    version = len(shop.world.ecs.list_task_definitions(familyPrefix="web")["taskDefinitionArns"]) + 1
    # Each release differs in something besides its image, as real ones do.
    shop.world.register("web", image, environment=[{"name": "RELEASE", "value": str(version)}])
    if version == 1:
        shop.create("web:1", settle=settle, **more)
    else:
        shop.deploy(f"web:{version}", settle=settle, **more)
    return f"web:{version}"


def moved(shop: Shop, ecr: Ecr, **more: t.Any) -> tuple[str, str]:
    """web:1 was good with the first image, web:2 is bad with the second, and both go by ``latest``."""
    good = ecr.push("good")
    release(shop, **more)
    bad = ecr.push("bad")
    release(shop)
    return good, bad


def moved_elsewhere(shop: Shop) -> None:
    """The same in a registry that is not ECR's."""
    shop.sim.image(OTHER, digest=OTHER_GOOD)
    release(shop, OTHER)
    shop.sim.image(OTHER, digest=OTHER_BAD)
    release(shop, OTHER)


def image_of(shop: Shop, version: str) -> str:
    """The image that a task definition names."""
    described = shop.world.ecs.describe_task_definition(taskDefinition=version)["taskDefinition"]
    return str(described["containerDefinitions"][0]["image"])


def digest(run: Run) -> str:
    """The digest of what runs after it."""
    return str(run.only["after"]["image_digests"].get("app", ""))


def running_digests(shop: Shop) -> set[str]:
    """The digests that the running tasks have."""
    arns = shop.world.ecs.list_tasks(cluster="shop", serviceName="web")["taskArns"]
    tasks = shop.world.ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
    return {task["containers"][0]["imageDigest"] for task in tasks if task["lastStatus"] == "RUNNING"}


# -- the tag moved


def test_a_tag_that_moved_is_pinned_to_the_image_that_was_good(shop: Shop, ecr: Ecr) -> None:
    good, bad = moved(shop, ecr)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, run.only["copy_of"].rpartition("/")[2]) == (
        "rolled_back",
        "update_service",
        "web:3",
        "web:1",
    )
    assert (shop.on(), image_of(shop, "web:3")) == ("web:3", f"{REPOSITORY}@{good}")
    assert (digest(run), running_digests(shop)) == (good, {good})
    assert run.writes == ["TagResource", "RegisterTaskDefinition", "UpdateService", *["TagResource"] * 2]
    finding = run.finding("image_moved")
    assert (finding["severity"], f"it names {bad} now" in finding["message"]) == ("warn", True)
    assert run.findings("image_identity") == []
    assert run.finding("copy")["message"] == "web:3 was registered as a copy of web:1"
    # Its number says nothing, so each line says what it is.
    named = [line for line in run.lines if "web:3" in line]
    assert len(named) > 3
    assert all("web:3 (web:1 with its image pinned)" in line for line in named)


def test_the_copy_is_the_same_in_everything_else(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    shop.mark("web:1", "team", "shop")
    shop.rollback()
    one, other = (
        shop.world.ecs.describe_task_definition(taskDefinition=version)["taskDefinition"]
        for version in ("web:1", "web:3")
    )
    assert {key for key in one if one[key] != other[key]} == {
        "taskDefinitionArn",
        "revision",
        "containerDefinitions",
        "registeredAt",
    }
    [before], [after] = one["containerDefinitions"], other["containerDefinitions"]
    assert {key for key in before if before[key] != after[key]} == {"image"}
    assert shop.tags("web:3") == {"team": "shop", "lastgood:copy-of": "web:1"}


def test_a_tag_that_did_not_move_needs_no_copy(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    run = shop.rollback()
    assert (run.outcome, run.target, run.only["copy_of"], digest(run)) == ("rolled_back", "web:1", None, good)
    assert "RegisterTaskDefinition" not in run.writes
    assert [f for f in run.only["findings"] if f["check"].startswith("image")] == []


def test_a_tag_that_names_an_index_of_the_good_image_has_not_moved(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    index = ecr.push_index("1", good)
    run = shop.rollback()
    assert (run.outcome, run.target, run.only["copy_of"], index == good) == ("rolled_back", "web:1", None, False)
    # What runs now has the index on record, and what was good the image for one platform.
    assert (digest(run), [f for f in run.only["findings"] if f["check"].startswith("image")]) == (index, [])


def test_digests_that_cannot_be_compared_are_not_said_to_be_of_two_images(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    index = ecr.push_index("1", good)
    shop.deny("BatchGetImage")
    run = shop.rollback(pin_images="never")
    assert (run.outcome, digest(run)) == ("rolled_back", index)
    finding = run.finding("image_identity")
    assert (finding["severity"], "cannot be compared" in finding["message"]) == ("warn", True)
    assert "needs the permission ecr:BatchGetImage" in finding["message"]
    assert "runs another image" not in finding["message"]


def test_a_tag_that_was_deleted_is_pinned(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    ecr.delete(imageTag="1")
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", good)
    assert "the tag 1 is gone" in run.finding("image_moved")["message"]


def test_an_image_that_was_deleted_is_found_before_the_write(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    ecr.delete(imageDigest=good)
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert f"the image that was good, {good}, is not in the registry any more" in run.message
    assert run.finding("image_gone")["severity"] == "block"


def test_an_image_that_was_archived_is_found_before_the_write(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    archive(good)
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert (
        f"the image that was good, {good}, is archived and cannot be pulled (ECR shows it as ARCHIVED)" in run.message
    )
    assert "Restore it in ECR, or name another revision" in run.message


def test_with_checks_warn_an_image_out_of_sight_is_pinned(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    archive(good)
    run = shop.rollback(checks="warn")
    assert (run.outcome, run.target, image_of(shop, "web:3")) == ("rolled_back", "web:3", f"{REPOSITORY}@{good}")
    assert running_digests(shop) == {good}
    overridden = run.finding("image_archived")
    assert (overridden["severity"], overridden["message"].partition(": container")[0]) == (
        "warn",
        "overridden with checks: warn",
    )
    assert any("overridden with checks: warn" in warning for warning in run.result["warnings"])


def test_with_checks_warn_no_other_image_takes_the_place_of_one_that_is_gone(shop: Shop, ecr: Ecr) -> None:
    good, bad = moved(shop, ecr)
    ecr.delete(imageDigest=good)
    run = shop.rollback(checks="warn")
    assert (run.outcome, image_of(shop, "web:3"), running_digests(shop)) == ("failed", f"{REPOSITORY}@{good}", {bad})
    assert "CannotPullContainerError" in run.message


def archive(digest_: str) -> None:
    """moto knows no archive: let its image say what ECR's would."""
    for image in ecr_backends[ACCOUNT][REGION].repositories["web"].images:
        if image.get_image_digest() == digest_:
            image.image_status = "ARCHIVED"  # type: ignore[attr-defined]


def test_the_next_run_after_a_refusal_takes_another_one(shop: Shop, ecr: Ecr) -> None:
    older = ecr.push("older", tag="0")
    release(shop, f"{REPOSITORY}:0")
    good = ecr.push("good")
    release(shop)
    ecr.push("bad")
    release(shop)
    ecr.delete(imageDigest=good)
    assert shop.rollback().outcome == "refused"
    run = shop.rollback(steps_back=2)
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", older)


# -- what is not known


def test_without_the_permission_to_ask_ecr_it_is_unknown_and_checked_afterwards(shop: Shop, ecr: Ecr) -> None:
    good, bad = moved(shop, ecr)
    # The last deployment of the target's own tag is what counts then, and it shows that the tag moved.
    shop.deny("DescribeImages")
    plan = shop.info()
    assert plan.only["method"] == "update_service"
    message = plan.finding("image_identity")["message"]
    assert "whether the tag still names the image that was good is not known" in message
    assert "needs the permission ecr:DescribeImages" in message
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", bad)
    finding = run.finding("image_identity")
    assert finding["severity"] == "warn"
    assert "runs another image than when it was good" in finding["message"]
    assert f"app@{good}" in finding["message"]


def test_without_the_permission_but_with_the_same_image_nothing_is_left_unknown(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    shop.deny("DescribeImages")
    run = shop.rollback()
    assert (run.outcome, digest(run), run.findings("image_identity")) == ("rolled_back", good, [])


def test_in_another_registry_a_later_deployment_shows_that_the_tag_moved(shop: Shop) -> None:
    moved_elsewhere(shop)
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", OTHER_GOOD)
    assert "a later deployment pulled another image by the same tag" in run.finding("image_moved")["message"]
    assert "DescribeImages" not in run.operations


def test_in_another_registry_what_no_deployment_shows_is_told_afterwards(shop: Shop) -> None:
    shop.sim.image("registry/web:1", digest=OTHER_GOOD)
    release(shop, "registry/web:1")
    release(shop, "registry/web:2")
    shop.sim.image("registry/web:1", digest=OTHER_BAD)
    assert shop.info().finding("image_identity")["severity"] == "unknown"
    run = shop.rollback()
    assert (run.outcome, digest(run), run.finding("image_identity")["severity"]) == ("rolled_back", OTHER_BAD, "warn")


@pytest.mark.parametrize("mode", ["auto", "always"])
def test_without_a_recorded_digest_nothing_can_be_pinned(shop: Shop, mode: str) -> None:
    release(shop)
    release(shop)
    shop.deny("DescribeServiceRevisions", "ListServiceDeployments")
    run = shop.rollback(fallback="previous_registered", pin_images=mode)
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert "no digest is on record" in run.findings("image_identity")[0]["message"]


# -- never


def test_never_says_that_identity_is_not_proven(shop: Shop, ecr: Ecr) -> None:
    _good, bad = moved(shop, ecr)
    plan = shop.info(pin_images="never")
    assert "that it is the image that was good is not proven" in plan.finding("image_identity")["message"]
    run = shop.rollback(pin_images="never")
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", bad)
    assert "RegisterTaskDefinition" not in run.writes
    assert "DescribeImages" not in run.operations
    assert "runs another image than when it was good" in run.finding("image_identity")["message"]


def test_never_of_what_cannot_be_compared_afterwards_either(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    shop.sim.fail("DescribeServiceRevisions", "AccessDeniedException", times=None, when=None)
    run = shop.rollback(pin_images="never", revision="1")
    assert run.outcome == "rolled_back"
    assert any("not proven" in finding["message"] for finding in run.findings("image_identity"))


# -- always


def test_always_pins_what_did_not_move(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    run = shop.rollback(pin_images="always")
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", good)
    assert image_of(shop, "web:3") == f"{REPOSITORY}@{good}"


@pytest.mark.parametrize("named", [{}, {"revision": "1"}], ids=["chosen", "named"])
def test_always_registers_a_deregistered_target_again(shop: Shop, ecr: Ecr, named: dict[str, str]) -> None:
    good, _bad = moved(shop, ecr)
    shop.deregister("web:1")
    run = shop.rollback(pin_images="always", **named)
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", good)
    assert (shop.status("web:1"), shop.status("web:3")) == ("INACTIVE", "ACTIVE")


@pytest.mark.parametrize("named", [{}, {"revision": "1"}], ids=["chosen", "named"])
def test_always_registers_a_deregistered_target_again_even_without_a_digest(shop: Shop, named: dict[str, str]) -> None:
    # Its image goes by digest already, so there is nothing to pin.
    release(shop, f"registry/web@{OTHER_GOOD}")
    release(shop, f"registry/web@{OTHER_BAD}")
    shop.deregister("web:1")
    run = shop.rollback(pin_images="always", **named)
    assert (run.outcome, run.target, image_of(shop, "web:3")) == (
        "rolled_back",
        "web:3",
        f"registry/web@{OTHER_GOOD}",
    )
    again = shop.rollback(pin_images="always", **named)
    assert (again.outcome, [w for w in again.writes if w == "UpdateService"], shop.on()) == ("unchanged", [], "web:3")


@pytest.mark.parametrize("named", [{}, {"revision": "1"}], ids=["chosen", "named"])
def test_without_always_a_deregistered_target_is_not_registered_again(
    shop: Shop, ecr: Ecr, named: dict[str, str]
) -> None:
    good = ecr.push("good", tag="1")
    release(shop, f"{REPOSITORY}:1")
    ecr.push("bad", tag="2")
    release(shop, f"{REPOSITORY}:2")
    shop.deregister("web:1")
    run = shop.rollback(**named)
    assert (run.outcome, run.writes, bool(good)) == ("refused", [], True)
    assert "INACTIVE" in run.message


# -- the second run


def test_the_same_command_again_changes_nothing(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    shop.rollback()
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:3")
    assert "already rolled back from web:2 to web:3" in run.message


@pytest.mark.parametrize("mode", ["auto", "always"])
def test_the_same_command_with_the_revision_named(shop: Shop, ecr: Ecr, mode: str) -> None:
    moved(shop, ecr)
    shop.rollback(revision="1", pin_images=mode)
    run = shop.rollback(revision="1", pin_images=mode)
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:3")
    assert "lastgood:bad" not in shop.tags("web:3")


def test_the_same_command_with_as_of(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    when = shop.clock.now().isoformat()
    ecr.push("worse")
    release(shop)
    first = shop.rollback(as_of=when)
    assert (first.outcome, first.target) == ("rolled_back", "web:4")
    run = shop.rollback(as_of=when)
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:4")


def test_the_same_command_two_steps_back(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    ecr.push("worse")
    release(shop)
    first = shop.rollback(steps_back=2)
    assert (first.outcome, first.target, digest(first)) == ("rolled_back", "web:4", good)
    run = shop.rollback(steps_back=2)
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:4")


def test_with_never_the_named_revision_itself_is_deployed(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    shop.rollback()
    run = shop.rollback(revision="1", pin_images="never")
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")


def test_the_same_command_without_the_permission_to_tag(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    untagged(shop)
    first = shop.rollback()
    assert (first.outcome, first.target, digest(first)) == ("rolled_back", "web:3", good)
    assert "carries no tags" in first.finding("copy_tags")["message"]
    assert shop.tags("web:3") == {}
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:3")
    assert "somebody returned it from web:2 to web:3" in run.message


def forbid(shop: Shop, key: str, value: str, *, named: bool = True) -> None:
    """A tag policy (its words: https://github.com/runs-on/runs-on/issues/485), or one of IAM, which names no key."""
    policy = f"The tag policy does not allow the specified value for the following tag key: '{key}'."
    code, message = ("TagPolicyViolation", policy) if named else ("AccessDeniedException", "not authorized")
    tag = {"key": key, "value": value}
    shop.sim.fail("RegisterTaskDefinition", code, message, when={"tags": tag}, times=None)


OWNED = {"team": "shop", "Project": "old", "cost": "1"}


@pytest.mark.parametrize(
    ("forbidden", "named", "lacks"),
    [
        ({"Project": "old"}, True, {"Project"}),
        ({"Project": "old", "cost": "1"}, True, {"Project", "cost"}),
        ({"lastgood:copy-of": "web:1"}, True, {"lastgood:copy-of"}),
        ({"lastgood:copy-of": "web:1"}, False, {"lastgood:copy-of"}),
        ({"Project": "old"}, False, {*OWNED, "lastgood:copy-of"}),
        ({**OWNED, "lastgood:copy-of": "web:1"}, True, {*OWNED, "lastgood:copy-of"}),
    ],
    ids=["one", "two", "ours", "ours without its name", "one without its name", "all"],
)
def test_only_the_tags_that_aws_refuses_are_left_out(
    shop: Shop, ecr: Ecr, forbidden: dict[str, str], named: bool, lacks: set[str]
) -> None:
    good, _bad = moved(shop, ecr)
    tags = [{"key": key, "value": value} for key, value in OWNED.items()]
    shop.world.ecs.tag_resource(resourceArn=arn("web:1"), tags=tags)
    for key, value in forbidden.items():
        forbid(shop, key, value, named=named)
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", good)
    kept = {**OWNED, "lastgood:copy-of": "web:1"}
    assert shop.tags("web:3") == {key: value for key, value in kept.items() if key not in lacks}
    message = run.finding("copy_tags")["message"]
    assert message.startswith(
        "the copy web:3 of web:1 carries no tags. " if len(lacks) == 4 else "the copy web:3 of web:1 lacks"
    )
    assert all(key in message for key in lacks) or len(lacks) == 4
    assert run.operations.count("RegisterTaskDefinition") <= 4
    again = shop.rollback()
    assert (again.outcome, again.writes, shop.on()) == ("unchanged", [], "web:3")


def untagged(shop: Shop, original: str = "web:1") -> None:
    """RegisterTaskDefinition with tags needs ecs:TagResource as well."""
    shop.deny("TagResource")
    tag = {"key": "lastgood:copy-of", "value": original}
    shop.sim.fail("RegisterTaskDefinition", "AccessDeniedException", when={"tags": tag}, times=None)


def test_force_does_not_choose_the_same_version_again(shop: Shop, ecr: Ecr) -> None:
    older = ecr.push("older", tag="0")
    release(shop, f"{REPOSITORY}:0")
    ecr.push("good")
    release(shop)
    ecr.push("bad")
    release(shop)
    assert shop.rollback().target == "web:4"
    run = shop.rollback(force=["again"])
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", older)


@pytest.mark.parametrize("tags", [True, False], ids=["with tags", "without tags"])
def test_a_second_bad_release_goes_back_to_the_copy(shop: Shop, ecr: Ecr, tags: bool) -> None:
    good, _bad = moved(shop, ecr)
    if not tags:
        untagged(shop)
    assert shop.rollback().target == "web:3"
    ecr.push("worse")
    release(shop)
    run = shop.rollback()
    assert (run.outcome, run.target, run.only["copy_of"], digest(run)) == ("rolled_back", "web:3", None, good)
    assert "RegisterTaskDefinition" not in run.writes
    again = shop.rollback()
    assert (again.outcome, shop.on()) == ("unchanged", "web:3")


def test_of_two_originals_the_copy_is_of_the_one_with_its_digest(shop: Shop) -> None:
    """Two releases that differ in nothing but their image's tag, of which the first is not the good one."""
    for number, digest_ in ((1, OTHER_GOOD), (2, OTHER_BAD), (3, OTHER_WORSE)):
        shop.sim.image(f"registry/web:{number}", digest=digest_)
        shop.versions(1)
        if number == 1:
            shop.create("web:1")
        else:
            shop.deploy(f"web:{number}")
    untagged(shop, "web:2")
    first = shop.rollback(pin_images="always")
    assert (first.target, digest(first), shop.tags("web:4")) == ("web:4", OTHER_BAD, {})
    # One more step is web:1, since web:2 is what runs.
    run = shop.rollback(force=["again"])
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", OTHER_GOOD)


def test_releases_that_all_go_by_digest_are_not_copies_of_each_other(shop: Shop) -> None:
    for number, digest_ in ((1, OTHER_GOOD), (2, OTHER_BAD)):
        shop.world.register("web", f"registry/web@{digest_}")
        if number == 1:
            shop.create("web:1")
        else:
            shop.deploy("web:2")
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:1", OTHER_GOOD)
    # Nor are all of their task definitions read to find that out; what was left is read once more before it is marked.
    assert len(run.sent("DescribeTaskDefinition")) <= 3


# -- cut off


def cut_off(shop: Shop) -> None:
    """A run that dies between RegisterTaskDefinition and UpdateService."""
    shop.sim.fail("UpdateService", "AccessDeniedException")
    run = shop.rollback()
    assert (run.outcome, run.moves) == ("refused", ["RegisterTaskDefinition", "UpdateService"])
    assert "web:3 was registered as a copy of web:1; the next run uses it" in run.message
    assert "Nothing was written" not in run.message
    assert run.result["changed"] is True


def test_the_copy_of_a_run_that_was_cut_off_is_used(shop: Shop, ecr: Ecr, monkeypatch: pytest.MonkeyPatch) -> None:
    good, _bad = moved(shop, ecr)
    cut_off(shop)
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:3", good)
    assert "RegisterTaskDefinition" not in run.writes
    assert run.findings("copy") == []


def test_a_newer_revision_after_the_cut_off_is_not_treated_as_the_copy(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    cut_off(shop)
    shop.world.register("web", LATEST)
    run = shop.rollback()
    assert (run.outcome, run.target, digest(run)) == ("rolled_back", "web:5", good)


@pytest.mark.parametrize("after", [0.0, 600.0], ids=["at once", "when the deployment has ended"])
@pytest.mark.parametrize("named", [{}, {"revision": "1"}], ids=["chosen", "named"])
def test_killed_while_the_copy_is_deployed(shop: Shop, ecr: Ecr, after: float, named: dict[str, str]) -> None:
    good, _bad = moved(shop, ecr)
    shop.killed(at_sleep=3, **named)
    shop.sim.advance(after)
    run = shop.rollback(**named)
    assert (run.outcome, run.only["method"], run.target, digest(run)) == ("rolled_back", "adopt", "web:3", good)
    assert "lastgood:bad" in shop.tags("web:2")
    assert "lastgood:bad" not in shop.tags("web:3")
    shop.later()
    assert shop.rollback(**named).outcome == "unchanged"


def test_two_runs_at_once_deploy_one_copy(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    second: list[Run] = []

    def start(line: str) -> None:
        if "update_service accepted" in line and not second:
            second.append(t.cast("Run", None))
            second[0] = shop.rollback()

    shop.on_line(start)
    first = shop.rollback()
    assert (first.outcome, second[0].outcome, second[0].only["method"]) == ("rolled_back", "rolled_back", "adopt")
    assert (shop.on(), digest(first), "RegisterTaskDefinition" in second[0].writes) == ("web:3", good, False)


# -- what goes wrong with copies


def test_the_copy_may_not_be_registered(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    shop.deny("RegisterTaskDefinition")
    run = shop.rollback()
    assert (run.outcome, set(run.moves), shop.on()) == ("refused", {"RegisterTaskDefinition"}, "web:2")
    assert "ecs:RegisterTaskDefinition" in run.message


def test_the_copy_does_not_start(shop: Shop, ecr: Ecr) -> None:
    good, _bad = moved(shop, ecr)
    shop.sim.image(f"{REPOSITORY}@{good}", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("failed", "web:3")
    assert "web:3 (web:1 with its image pinned) does not come up" in run.message


def test_in_check_mode_no_copy_is_registered(shop: Shop, ecr: Ecr) -> None:
    moved(shop, ecr)
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.writes, run.target) == ("planned", [], "web:1")
    assert run.finding("image_moved")


def test_a_native_rollback_needs_no_copy(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good")
    release(shop)
    ecr.push("bad")
    release(shop, settle=20)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], digest(run)) == ("rolled_back", "stop_deployment", good)
    assert ("RegisterTaskDefinition" in run.writes, "DescribeImages" in run.operations) == (False, False)


def test_blue_green_with_a_tag_that_moved(shop: Shop, ecr: Ecr) -> None:
    good = ecr.push("good")
    release(shop, settle=0, deploymentConfiguration=BLUE_GREEN)
    settle(shop)
    ecr.push("bad")
    release(shop, settle=0)
    settle(shop)
    run = shop.rollback(fast=True)
    assert (run.outcome, run.target, digest(run), running_digests(shop)) == ("rolled_back", "web:3", good, {good})
    assert shop.rollback().outcome == "unchanged"
