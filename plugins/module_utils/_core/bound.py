# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Plans that one step shows and another carries out: their id, their size, and their age. Pure.

The id is a fingerprint of the content. It shows that a plan was changed by mistake, or cut on its way. It is not a
signature: anybody can compute it.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime, timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of, text
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

Content = t.Mapping[str, t.Any]

ID: t.Final = "plan_id"
# The checks of the findings that refuse one.
CHANGED: t.Final = "plan_changed"
TOO_OLD: t.Final = "plan_too_old"
# The outcome that a plan shows if there is nothing to do.
UNCHANGED: t.Final = "unchanged"
MOST_BYTES: t.Final = 1024
# What a plan this old is based on is read again.
FRESH: t.Final = timedelta(seconds=60)
# How old a plan may be at all, in seconds.
MAX_AGE: t.Final = 86400

_DIGITS: t.Final = 12
_KEPT: t.Final = 4


class AsPlan:
    """A dataclass whose fields are the content of a plan."""

    @property
    def plan_id(self) -> str:
        """Its fingerprint."""
        return fingerprint(vars(self))

    def as_dict(self) -> dict[str, t.Any]:
        """As the option takes it."""
        return sealed(vars(self))


def fingerprint(content: Content) -> str:
    """The id of a plan: it depends on the content, not on the order of its keys."""
    return _hash(json.dumps(_without_id(content), sort_keys=True, separators=(",", ":")))


def sealed(content: Content) -> dict[str, t.Any]:
    """The content as a plan, with its id."""
    return {ID: fingerprint(content), **_without_id(content)}


def is_intact(plan: Content) -> bool:
    """Whether the id fits the content."""
    return plan.get(ID) == fingerprint(plan)


def excess(content: Content) -> int:
    """How many bytes a plan with this content is too long, as JSON; 0 or less if it fits."""
    return len(json.dumps(sealed(content))) - MOST_BYTES


def fitting(content: Content, words: str, names: t.Sequence[str]) -> dict[str, t.Any]:
    """The content, short enough for a plan: first the text at ``words`` is cut, then these names are, in this order."""
    found = dict(content)
    while found[words] and (more := excess(found)) > 0:
        # A character takes up to six bytes, and at least one of them goes each time.
        found[words] = found[words].removesuffix("...")[: -(more // 6) - 3].rstrip()
        found[words] += "..." if found[words] else ""
    for name in names:
        if found[name] and excess(found) > 0:
            found[name] = cut(found[name])
    return found


def cut(name: str) -> str:
    """A name that is too long for a plan: how it begins, and its fingerprint."""
    return f"{name[:_KEPT]}~{_hash(name)}"


def is_cut(name: str) -> bool:
    """Whether it is only the beginning of a name. No name of AWS's has this character."""
    return "~" in name


def whole(name: str, known: t.Iterable[str]) -> str:
    """The whole name, from the names that are known; as it is if none of them fits."""
    return next((other for other in known if cut(other) == name), name) if is_cut(name) else name


def when(plan: Content) -> datetime | None:
    """When it was made, None if it does not say."""
    try:
        return as_of.parse(str(plan.get("made") or "")).at
    except as_of.NotATime:
        return None


def is_fresh(made: datetime | None, now: datetime) -> bool:
    """Whether what it is based on need not be read again."""
    return made is not None and now - made <= FRESH


def too_old(plan: Content, now: datetime, max_age: float) -> str:
    """Why a plan may not be carried out any more; empty if it may. ``max_age`` is in seconds."""
    made = when(plan)
    if made is None:
        return "it does not say when it was made"
    age = (now - made).total_seconds()
    if age <= max_age:
        return ""
    return (
        f"the plan was made at {as_of.stamp(made)}, {age:.0f} s ago, and plan_max_age is {max_age:g} s. Make a new one"
    )


# -- what is taken


def beside(given: t.Collection[str], settled: t.Iterable[str]) -> None:
    """Raises :class:`.BadOption` if options are given that a plan settles. ``given`` are those of the call."""
    others = [name for name in settled if name in given]
    if others:
        raise BadOption(f"plan: it says what is done, so it cannot be given with {', '.join(others)}")


def read(plan: Content, names: t.Collection[str], about: str, which: str = "") -> dict[str, t.Any]:
    """The content of a plan as somebody gave it back. Raises :class:`.BadOption` if it is none, or was changed.

    It has these names. The one called ``about`` says what it is about, ``which`` where else plans are.
    """
    name = str(plan.get(about) or "")
    if not name or set(plan) != {ID, *names}:
        raise BadOption(f"plan: it is no plan. Give plan{which} as a run in check mode returned it")
    if not is_intact(plan):
        raise BadOption(
            f"plan: that of {name} was changed since it was made: its plan_id is {plan.get(ID)}, and "
            f"{fingerprint(plan)} fits its content. Give it as it was returned, or make a new one"
        )
    return _without_id(plan)


def same_place(name: str, what: str, planned: str, here: str) -> None:
    """Raises :class:`.BadOption` if the plan of ``name`` is for another ``what``, such as Region."""
    if planned != here:
        raise BadOption(f"plan: that of {name} is for {what} {planned}, and this is {here}")


# -- what is said


def other_account(planned: str | None, here: str | None) -> str:
    """Why a plan for another account may not be carried out; empty if it is for this one, or for none."""
    return "" if planned in (None, here) else f"the plan is for account {planned}, and this is {here}"


def which_had_shown(left: str, target: str) -> str:
    """What the look-up had shown, to end a clause about what has happened since."""
    if not target:
        return ", which had found nothing to do"
    return f", which had shown {f'{left} → ' if left else ''}{target}"


def no_target(what: str, name: str, why: str) -> str:
    """Why a plan without a target is not carried out. ``what`` is what would be a target, such as version."""
    return f"the plan shows no {what} for {name} to go back to: {why}"


def _without_id(content: Content) -> dict[str, t.Any]:
    # As it arrives: every result is cleaned.
    return {key: text.clean(value) for key, value in content.items() if key != ID}


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
