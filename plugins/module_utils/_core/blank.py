# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Null, empty and absent mean the same: an option that is left blank was not given.

AWX writes an answer that was left blank as an empty string, and ansible-core since 2.19 reads that as null
(https://github.com/ansible/awx/issues/16205). Templates produce both as well.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
# Core passes its own arguments among the options. They mean something even if they are empty.
_CORES_OWN: t.Final = "_ansible_"


def is_blank(value: object) -> bool:
    """True for None and for blank text. An empty list is not blank: it may mean "none at all"."""
    return value is None or (isinstance(value, str) and not value.strip())


def given(params: t.Mapping[str, t.Any], spec: Spec) -> t.Dict[str, t.Any]:
    """The options without blank ones, in suboptions too. Values that are not options are left alone."""
    attributes = {alias: item for name, item in spec.items() for alias in (name, *item.get("aliases", ()))}
    return {
        name: _inside(value, attributes.get(name, {}))
        for name, value in params.items()
        if name.startswith(_CORES_OWN) or not is_blank(value)
    }


def _inside(value: t.Any, attributes: t.Mapping[str, t.Any]) -> t.Any:
    inner = attributes.get("options")
    if inner and isinstance(value, dict):
        return given(value, inner)
    if inner and isinstance(value, list):
        return [given(item, inner) if isinstance(item, dict) else item for item in value]
    if attributes.get("elements") == "str" and isinstance(value, list):
        # Before 2.19, core turns None into the text "None".
        return ["" if item is None else item for item in value]
    return value


class BlankIsAbsent(AnsibleModule):
    """A module that drops blank options. ``given`` are the names of the others."""

    given: frozenset[str] = frozenset()

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _load_params(self) -> None:
        super()._load_params()  # type: ignore[no-untyped-call]
        self.params = given(self.params, self.argument_spec)
        self.given = frozenset(self.params)


def blank_is_absent(module_class: t.Any) -> t.Any:
    """The same module class, but one that drops blank options."""
    return type(module_class.__name__, (BlankIsAbsent, module_class), {})
