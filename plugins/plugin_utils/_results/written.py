# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Writes reports: data for programs, a page and Markdown for people."""

from __future__ import annotations

import functools
import json
import os
import re
import typing as t

import jinja2

from ansible_collections.lastgood.aws.plugins.module_utils._core import text
from ansible_collections.lastgood.aws.plugins.plugin_utils._results import page

TEMPLATES: t.Final = os.path.join(os.path.dirname(__file__), "..", "..", "..", "roles", "rollback", "templates")
# What begins something in Markdown, or in the HTML that it may contain.
_MARKS: t.Final = re.compile(r"([\\`*_\[\]<>|~&#!])")


def files(path: str) -> dict[str, str]:
    """The files that a report consists of, and the format of each, by the suffix of ``path``.

    A page has its Markdown beside it. Every suffix that is not known means data.
    """
    stem, suffix = os.path.splitext(path)
    if suffix.lower() in (".html", ".htm"):
        return {path: "html", f"{stem}.md": "md"}
    return {path: "md" if suffix.lower() == ".md" else "json"}


def write(path: str, document: t.Mapping[str, t.Any], around: t.Callable[[], page.Around]) -> str:
    """Write a report. The problem in a sentence, if there is one. Relative to where the command was started.

    ``around`` is asked only for a report for people, and may go wrong as rendering may.
    """
    for name, kind in files(path).items():
        try:
            _write(os.path.expanduser(name), rendered(kind, document, around))
        except OSError as exc:
            return f"The report could not be written to {name}: {exc.strerror}"
        # What AWS says has no end of forms, and no report is worth the result.
        except Exception as exc:  # noqa: BLE001
            return f"The report could not be written to {name}: {type(exc).__name__}: {text.line(str(exc))}"
    return ""


def rendered(kind: str, document: t.Mapping[str, t.Any], around: t.Callable[[], page.Around]) -> str:
    """The text of a report of this format: ``json``, ``html`` or ``md``."""
    if kind == "json":
        return json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False) + "\n"
    plain = t.cast("dict[str, t.Any]", text.clean(json.loads(json.dumps(document))))
    shown = page.view(plain, text.clean(around()))
    return _environment(kind).get_template(f"report.{kind}.j2").render(shown)


def in_markdown(value: t.Any) -> str:
    """The value as text in a line of Markdown, and nothing else."""
    return _MARKS.sub(r"\\\1", " ".join(str(value).split()))


@functools.cache
def _environment(kind: str) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=kind == "html",
        finalize=None if kind == "html" else in_markdown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _write(path: str, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
