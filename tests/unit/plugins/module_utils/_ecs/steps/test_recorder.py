# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written down of a move, for later runs: by its direction, and by who has marked what."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.recorder import Recorder, is_anothers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    FakeAws,
    FakeClock,
    accepted_run,
    arn,
    done_tags,
    known,
    planned,
    refused_by_aws,
    service,
    task_definition,
    told,
)

RECORD = done_tags(arn(43), arn(42), "ecs-svc/42", START, "back")
EARLIER = marks.bad_mark(START, "500s", "prod/web", {})
# As it was written before marks said for which service they speak.
OURS = {marks.BAD: EARLIER[marks.BAD]}
STAGING = marks.bad_mark(START, "fails on staging", "staging/web", {})
THEIRS = {marks.BAD: "loses orders"}


class Tags(FakeAws):
    """Takes tags and gives them back; ``now`` are those of web:43."""

    def __init__(self, now: t.Mapping[str, str] | None = None, **answers: t.Any) -> None:
        shown = {
            "taskDefinition": {"taskDefinitionArn": arn(43), "status": "ACTIVE"},
            "tags": [{"key": key, "value": value} for key, value in (now or {}).items()],
        }
        super().__init__(**{"tag_resource": {}, "untag_resource": {}, "describe_task_definition": shown, **answers})

    @property
    def written(self) -> list[tuple[str, list[str]]]:
        """Resource and keys of the tags, in order; of those that were removed with a minus."""
        return [
            (
                str(params["resourceArn"]).rpartition("/")[2],
                [tag["key"] for tag in params.get("tags", [])] + [f"-{key}" for key in params.get("tagKeys", [])],
            )
            for name, params in self.requests
            if name in ("tag_resource", "untag_resource")
        ]

    @property
    def marked(self) -> str:
        """The value of the bad mark that was written."""
        (value,) = [
            tag["value"] for params in self.sent("tag_resource") for tag in params["tags"] if tag["key"] == marks.BAD
        ]
        return str(value)


def going(
    number: int, marked: t.Mapping[str, str] | None = None, record: t.Mapping[str, str] | None = None
) -> RollbackRun:
    """The service is on web:42 and goes to another version; web:42 or web:43, whatever moves, is marked."""
    each = [dataclasses.replace(task_definition(n), tags=dict(marked or {})) for n in (42, 43)]
    on = service(42, tags=dict(record or {}))
    made = planned(on, told(41, 42, 43, 42), Selection(revision=arn(number)), having=known(*each))
    return accepted_run(made)


def recorded(aws: FakeAws, run: RollbackRun, mark: bool = True, reason: str | None = None) -> None:
    recorder = Recorder(aws, FakeClock(), mark, reason, GoBack(Selection()))
    assert run.plan is not None
    recorder.before_the_write(run, run.plan, announced=False)
    recorder.verified(run)
    recorder.all_done([run])


def found(run: RollbackRun) -> list[tuple[str, str]]:
    return [(f.check, f.message) for f in run.findings if f.check in ("marked", "unmarked", "mark", "marked_bad")]


STARTED = ("web", ["lastgood:rollback"])
DONE = ("web", ["lastgood:rollback-done"])


def test_a_rollback_marks_what_it_left() -> None:
    aws, run = Tags(), going(41)
    recorded(aws, run, reason="500s")
    assert aws.written == [STARTED, ("web:42", ["lastgood:bad", "lastgood:bad-of"]), DONE]
    assert found(run) == [("marked", 'web:42 is marked bad: "500s"')]
    # Mark and record say the same time, by which the mark is known later.
    tags = {tag["key"]: tag["value"] for params in aws.sent("tag_resource") for tag in params["tags"]}
    assert marks.given_by(tags, arn(42), tags, "prod/web")


@pytest.mark.parametrize("direction", ["same", "unknown"])
def test_neither_back_nor_forward_marks_nothing(direction: Direction) -> None:
    aws, run = Tags(), going(41)
    assert run.plan is not None
    choice = dataclasses.replace(run.plan.choice, direction=direction)
    run.plan = dataclasses.replace(run.plan, choice=choice)
    recorded(aws, run, reason="500s")
    assert (aws.written, found(run)) == ([STARTED, DONE], [])


def test_a_move_forward_takes_back_the_mark_of_the_rollback_that_it_undoes() -> None:
    aws, run = Tags(OURS), going(43, OURS, RECORD)
    recorded(aws, run)
    assert aws.written == [STARTED, ("web:43", ["-lastgood:bad"]), DONE]
    assert (found(run), run.changed) == ([("unmarked", "web:43 is no longer marked bad")], True)


def test_a_move_forward_to_what_is_not_marked_asks_nothing() -> None:
    aws, run = Tags(), going(43)
    recorded(aws, run)
    assert (aws.written, found(run), aws.sent("describe_task_definition")) == ([STARTED, DONE], [], [])


@pytest.mark.parametrize(
    ("record", "mark"),
    [
        # by hand, before the rollback or meanwhile; of a rollback of another service; and where nothing may be written
        (RECORD, True),
        ({}, True),
        (RECORD, False),
    ],
)
def test_a_mark_that_stays_is_warned_of(record: dict[str, str], mark: bool) -> None:
    aws, run = Tags(THEIRS), going(43, THEIRS, record)
    recorded(aws, run, mark=mark)
    assert aws.sent("untag_resource") == []
    ((check, message),) = found(run)
    assert (check, message.partition(",")[0]) == ("marked_bad", "web:43 stays marked bad (loses orders)")


def test_what_somebody_marked_during_the_move_stays() -> None:
    aws, run = Tags(THEIRS), going(43, OURS, RECORD)
    recorded(aws, run)
    assert (aws.sent("untag_resource"), found(run)[0][0]) == ([], "marked_bad")


def test_a_mark_that_somebody_took_away_during_the_move_is_not_asked_for() -> None:
    aws, run = Tags(), going(43, OURS, RECORD)
    recorded(aws, run)
    assert (aws.sent("untag_resource"), found(run)) == ([], [])


@pytest.mark.parametrize("operation", ["untag_resource", "describe_task_definition"])
def test_a_mark_that_cannot_be_taken_back_is_warned_of(operation: str) -> None:
    aws, run = Tags(OURS, **{operation: refused_by_aws(operation)}), going(43, OURS, RECORD)
    recorded(aws, run)
    ((check, message),) = found(run)
    assert (check, message.partition(",")[0]) == ("mark", "web:43 is still marked bad")


@pytest.mark.parametrize(
    ("marked", "record", "reason", "expected"),
    [
        # their words stay, unless there are new ones
        (THEIRS, {}, None, None),
        (THEIRS, {}, "500s", "500s"),
        (OURS, {}, None, None),
        # ours, of an earlier rollback of this service: its words stay, and it is known for ours again
        (OURS, done_tags(arn(42), arn(41), "ecs-svc/41", START, "back"), None, "500s"),
    ],
)
def test_what_is_marked_already(
    marked: dict[str, str], record: dict[str, str], reason: str | None, expected: str | None
) -> None:
    aws, run = Tags(marked), going(41, marked, record)
    recorded(aws, run, reason=reason)
    if expected is None:
        assert aws.written == [STARTED, DONE]
        assert found(run) == [("marked", "web:42 is marked bad already")]
    else:
        assert aws.marked == f"2026-11-20T16:00:00Z {expected}"


@pytest.mark.parametrize("record", [RECORD, {}])
def test_a_move_forward_takes_back_the_mark_that_names_this_service(record: dict[str, str]) -> None:
    aws, run = Tags(EARLIER), going(43, EARLIER, record)
    recorded(aws, run)
    assert aws.written == [STARTED, ("web:43", ["-lastgood:bad", "-lastgood:bad-of"]), DONE]


def test_a_mark_that_speaks_for_others_too_stays_for_them() -> None:
    both = marks.bad_mark(START, "500s", "prod/web", STAGING)
    aws, run = Tags(both), going(43, both, RECORD)
    recorded(aws, run)
    assert aws.written == [STARTED, ("web:43", ["lastgood:bad-of"]), DONE]
    assert found(run) == [("unmarked", "web:43 is no longer marked bad for web, but still for other services")]


def test_a_mark_of_another_service_stays() -> None:
    aws, run = Tags(STAGING), going(43, STAGING, RECORD)
    recorded(aws, run)
    assert aws.written == [STARTED, DONE]
    assert found(run)[0][0] == "marked_bad"


def test_a_rollback_adds_its_service_to_a_mark_that_was_set_meanwhile() -> None:
    aws, run = Tags(STAGING), going(41)
    recorded(aws, run)
    tags = {tag["key"]: tag["value"] for params in aws.sent("tag_resource") for tag in params["tags"]}
    assert tags["lastgood:bad"] == "2026-11-20T16:00:00Z fails on staging"
    assert tags["lastgood:bad-of"] == "2026-11-20T16:00:00Z staging/web prod/web"


def leaving(number: int, name: str = "web") -> RollbackRun:
    """A rollback from this version to web:41."""
    on = dataclasses.replace(service(number), name=name)
    each = [dataclasses.replace(task_definition(n), tags={}) for n in (41, number)]
    return accepted_run(planned(on, told(41, number), Selection(revision=arn(41)), having=known(*each)))


def shown_together(**tags: t.Mapping[str, str]) -> dict[str, t.Any]:
    return {
        "ResourceTagMappingList": [
            {"ResourceARN": arn(int(name[1:])), "Tags": [{"Key": key, "Value": each[key]} for key in each]}
            for name, each in tags.items()
        ]
    }


@pytest.mark.parametrize(
    ("together", "slices", "read"),
    [
        pytest.param(shown_together(), 1, [], id="without marks none is read by itself"),
        pytest.param(shown_together(v42={"team": "shop"}), 1, [], id="other tags are no marks"),
        pytest.param(shown_together(v43=STAGING), 1, [43], id="one with a mark is"),
        pytest.param(shown_together(), 2, [42, 43], id="other slices may mark them at this moment"),
        pytest.param(refused_by_aws("GetResources"), 1, [42, 43], id="it is denied"),
        pytest.param({}, 1, [42, 43], id="a cut answer"),
    ],
)
def test_marks_are_read_together(together: t.Any, slices: int, read: list[int]) -> None:
    aws, runs = Tags(STAGING if read else None, get_resources=together), [leaving(42), leaving(43)]
    aws._limiter.slices = slices
    recorder = Recorder(aws, FakeClock(), True, None, GoBack(Selection()), many=True)
    recorder.read_marks(runs)
    for run in runs:
        recorder.verified(run)
    assert [params["taskDefinition"] for params in aws.sent("describe_task_definition")] == [arn(n) for n in read]
    written = {
        params["resourceArn"]: {tag["key"]: tag["value"] for tag in params["tags"]}
        for params in aws.sent("tag_resource")
    }
    assert list(written) == [arn(42), arn(43)]
    for number in (42, 43):
        of = written[arn(number)][marks.BAD_OF]
        assert of.endswith(" staging/web prod/web" if number in read else " prod/web")
        assert ("staging" in of) is (number in read)


def test_a_mark_that_this_call_has_set_is_added_to() -> None:
    aws, runs = Tags(get_resources=shown_together()), [leaving(42), leaving(43), leaving(43, "worker")]
    recorder = Recorder(aws, FakeClock(), True, None, GoBack(Selection()), many=True)
    recorder.read_marks(runs)
    for run in runs:
        recorder.verified(run)
    last = {tag["key"]: tag["value"] for tag in aws.sent("tag_resource")[-1]["tags"]}
    assert last[marks.BAD_OF].endswith(" prod/web prod/worker")
    assert aws.sent("describe_task_definition") == []


@pytest.mark.parametrize("many", [True, False])
def test_one_version_is_read_by_itself(many: bool) -> None:
    aws, run = Tags(), going(41)
    recorder = Recorder(aws, FakeClock(), True, None, GoBack(Selection()), many=many)
    recorder.read_marks([run])
    recorder.verified(run)
    assert (len(aws.sent("describe_task_definition")), aws.sent("get_resources")) == (1, [])


def test_without_marks_nothing_is_written() -> None:
    aws, run = Tags(), going(41)
    recorded(aws, run, mark=False)
    assert (aws.requests, run.findings) == ([], [])


def refuses(*arns: str) -> t.Callable[..., dict[str, t.Any]]:
    """TagResource, refused for what these ARNs end in."""

    def tag_resource(**params: t.Any) -> dict[str, t.Any]:
        if params["resourceArn"].rpartition("/")[2] in arns:
            raise refused_by_aws("TagResource")
        return {}

    return tag_resource


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (("web", "web:42"), True),
        # The record tells the next run.
        (("web:42",), False),
        (("web",), False),
        ((), False),
    ],
)
def test_it_is_told_if_the_next_run_cannot_know_what_was_left(refused: tuple[str, ...], told: bool) -> None:
    aws, run = Tags(), going(41)
    aws.answers["tag_resource"] = refuses(*refused)
    recorded(aws, run)
    said = [message for check, message in found(run) if check == "mark"]
    assert any(message.endswith("this rollback left it. Mark it with ecs_revision_mark") for message in said) is told
    assert len(said) == ("web:42" in refused)


def test_what_was_taken_back_is_known_until_it_is_written_again() -> None:
    aws, run = Tags(), going(41)
    void: dict[str, str] = {}
    recorder = Recorder(aws, FakeClock(), True, None, GoBack(Selection()), void=void)
    assert run.plan is not None
    recorder.before_the_write(run, run.plan, announced=False)
    assert void == {}
    recorder.not_written(run)
    assert [record.split(" ")[3:6] for record in void] == [["web:42", "web:41", "back"]]
    # In the same second it says the same.
    recorder.before_the_write(run, run.plan, announced=False)
    assert void == {}


def record(run: str, *, ended: bool = False) -> dict[str, str]:
    made = marks.record_tag(run, START, "ecs-svc/42", arn(42), arn(41), "back")
    return {**made, **(marks.done_tag(run, START) if ended else {})}


@pytest.mark.parametrize(
    ("now", "anothers"),
    [
        ({}, False),
        (record("aaaaaaaa"), False),
        # AWS shows what was there when the plan was made.
        (record("bbbbbbbb"), False),
        (record("cccccccc"), True),
        (record("cccccccc", ended=True), False),
        ({marks.RECORD: "somebody wrote this"}, False),
    ],
    ids=["nothing", "ours", "before ours", "another's", "ended", "by hand"],
)
def test_a_record_of_another_run(now: dict[str, str], anothers: bool) -> None:
    ours = record("aaaaaaaa")[marks.RECORD]
    before = going(41, record=record("bbbbbbbb")).plan
    assert is_anothers(now, ours, before) is anothers
    # Without a record of our own, as where AWS denies tags, nobody knows who came first.
    assert not is_anothers(now, "", before)


def test_another_run_is_waited_for_once_and_its_record_is_left_alone() -> None:
    aws, run, clock = Tags(), going(41), FakeClock()
    recorder = Recorder(aws, clock, True, None, GoBack(Selection()))
    assert run.plan is not None
    recorder.before_the_write(run, run.plan, announced=False)
    theirs = service(42, tags=record("cccccccc"))
    assert not recorder.waited_for_another(run)
    assert recorder.is_left_to_another(run, theirs)
    began = clock.monotonic()
    assert recorder.waited_for_another(run)
    assert 2 <= clock.monotonic() - began <= 4
    recorder.not_written(run)
    assert aws.written == [STARTED]
    # It was killed before it wrote: the next plan is carried out, whatever else is announced.
    recorder.before_the_write(run, run.plan, announced=False)
    assert not recorder.is_left_to_another(run, theirs)
    assert not recorder.waited_for_another(run)
