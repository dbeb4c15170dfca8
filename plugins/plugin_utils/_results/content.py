# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a redeploy that keeps files on instances says of them: which are back, and which are not. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._core import outcomes, text
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.host import Item, Report, Result

# What the role content_guard registers on an instance.
STEPS: t.Final = (
    "content_guard_saved",
    "content_guard_restored",
    "__content_guard_verified",
    "__content_guard_copies",
    "__content_guard_not_saved",
    "__content_guard_came",
)
# Nothing was deployed, so files are as they were.
_UNTOUCHED: t.Final = frozenset({"refused", "not_attempted", "planned"})
# The deployment may still come to an instance.
_NOT_ENDED: t.Final = frozenset({"timeout", "lost_contact"})
_LONGEST: t.Final = 300


@dataclass(frozen=True)
class Instance:
    """The files of one instance. ``restored`` were put back; ``not_back`` are paths, empty if it is not known which.

    ``reason`` is a sentence without its full stop, empty if all is well. ``copies`` is the directory that has them.
    """

    host: str
    restored: int = 0
    not_back: tuple[str, ...] = ()
    reason: str = ""
    copies: str = ""

    def __str__(self) -> str:
        named = bool(self.not_back) and all(path in self.reason for path in self.not_back)
        files = "" if named else f"{', '.join(self.not_back) or 'perhaps files'}: "
        kept = f". Copies are kept there in {self.copies}" if self.copies else ""
        return f"Not back on {self.host}: {files}{self.reason}{kept}"

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {"files": list(self.not_back), "reason": self.reason, "copies": self.copies or None}


def acted(done: Result | None) -> bool:
    """Whether something may have been deployed. ``done`` is the result of the step that acts, if it was reached."""
    return bool(done) and str((done or {}).get("outcome") or "failed") not in _UNTOUCHED


def instance(host: str, registered: t.Mapping[str, t.Any]) -> Instance:
    """What the role registered on an instance after something was deployed."""
    saved, restored, verified, copies, not_saved, came = (registered.get(name) or {} for name in STEPS)
    wanted = tuple(_path(file) for file in saved.get("files", ()) if file["outcome"] != "refused")
    where = str(restored.get("saved_set") or saved.get("saved_set") or "")
    if not_saved:
        lost = tuple(_path(file) for file in saved.get("files", ()) if file["outcome"] == "refused")
        why = f"not saved before the redeploy: {_short(not_saved)}"
        return Instance(host, len(_changed(restored)), lost, why, where if wanted else "")
    if _went_wrong(restored):
        refused = tuple(_path(file) for file in restored.get("files", ()) if file["outcome"] == "refused")
        return Instance(host, len(_changed(restored)), refused or wanted, _why(restored), where)
    if _went_wrong(copies):
        return Instance(host, 0, wanted, _why(copies), where)
    if _went_wrong(verified) or verified.get("changed"):
        changed = tuple(_path(file) for file in verified.get("files", ()) if file["outcome"] != "unchanged")
        why = _why(verified) if _went_wrong(verified) else "put back, and changed again at once"
        return Instance(host, 0, changed or wanted, why, where)
    if wanted and not restored.get("outcome"):
        return Instance(host, 0, wanted, "the step that puts them back was not reached", where)
    if (came.get("stat") or {}).get("exists"):
        other = str(came["stat"]["path"]).rpartition("/")[2]
        why = f"{other} came there after files were saved, and what it then overwrote is lost"
        return Instance(host, len(_changed(restored)), (), why)
    return Instance(host, len(_changed(restored)))


def _went_wrong(result: Result) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))


def _changed(result: Result) -> list[t.Mapping[str, t.Any]]:
    return [file for file in result.get("files", ()) if file["outcome"] in ("restored", "unlisted")]


def _path(file: t.Mapping[str, t.Any]) -> str:
    return text.visible(str(file["path"]))


def _why(result: Result) -> str:
    """Why a step failed: the reasons of the files if there are any, else its message."""
    reasons = [str(file["reason"]) for file in result.get("files", ()) if file.get("reason")]
    if reasons:
        return ". ".join(text.visible(reason) for reason in reasons)
    if result.get("timedout"):
        return "it took longer than rollback_restore_timeout"
    prefix = "the instance cannot be reached: " if result.get("unreachable") else ""
    return prefix + _short(result.get("msg") or "it failed without a message")


def _short(message: t.Any) -> str:
    found = " ".join(text.visible(str(message)).split()).rstrip(".")
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…"


def told(report: Report, found: t.Sequence[Instance]) -> Report:
    """The report of a redeploy, with what is known of files afterwards. One that is not back makes it ``failed``."""
    bad = [one for one in found if one.reason]
    restored = [one for one in found if one.restored and not one.reason]
    sentence = ""
    if bad:
        sentence = ". ".join(map(str, bad))
    elif restored:
        sentence = (
            f"Files put back: {sum(one.restored for one in restored)} on {len(restored)} of {len(found)} instances"
        )
    if not sentence:
        return report
    if restored and any(item["outcome"] in _NOT_ENDED for item in report.items):
        sentence += ". The deployment had not ended: it may take them away again, so their copies are kept"
    items = tuple(_item(item, found, bad, sentence) for item in report.items)
    line = str(items[0]["summary"]) if len(items) == 1 else _after(report.text, sentence)
    return replace(report, items=items, text=line, ended_badly=report.ended_badly or bool(bad))


def _item(item: Item, found: t.Sequence[Instance], bad: t.Sequence[Instance], sentence: str) -> Item:
    content = {
        "instances": len(found),
        "restored": {one.host: one.restored for one in found if one.restored},
        "not_back": {one.host: one.as_dict() for one in bad},
    }
    summary = str(item.get("summary") or "")
    if not bad:
        return {**item, "content": content, "summary": _after(summary, sentence)}
    outcome = str(item["outcome"])
    findings = [{"check": "content_not_back", "severity": "warn", "message": str(one)} for one in bad]
    more = {"content": content, "findings": [*item.get("findings", ()), *findings]}
    if outcome not in GOOD_ENDS:
        return {**item, **more, "summary": _after(summary, sentence)}
    label, mark, rest = summary.partition("] ")
    line = f"failed: {sentence}. The redeploy itself ended as {rest if mark else summary or outcome}"
    worse = outcomes.worst([outcome, "failed"])
    return {**item, **more, "outcome": worse, "reason": sentence, "summary": f"{label}] {line}" if mark else line}


def _after(line: str, sentence: str) -> str:
    return ". ".join(filter(None, [line.rstrip("."), sentence]))
