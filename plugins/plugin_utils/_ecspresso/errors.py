# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What can be wrong with an ecspresso configuration file: where, and what to do."""

from __future__ import annotations


class ConfigError(Exception):
    """A configuration file that can't be read, or a value in it that can't be known here.

    ``key`` is the file's own name for the value (``codedeploy.application_name``), ``line`` counts from 1 in the file
    on disk, ``advice`` is a full sentence. The caller adds the file's name (:meth:`explain`).
    """

    def __init__(
        self, problem: str, *, key: str | None = None, line: int | None = None, advice: str | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.key = key
        self.line = line
        self.advice = advice

    def explain(self, path: str) -> str:
        """The whole message: ``<path>, line 2: cluster uses …. Give rollback_cluster explicitly.``"""
        place = path if self.line is None else f"{path}, line {self.line}"
        subject = "" if self.key is None else f"{self.key} "
        advice = "" if self.advice is None else f" {self.advice}"
        return f"{place}: {subject}{self.problem}.{advice}"
