# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The module class of this collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import remove_values
from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.lastgood.aws.plugins.module_utils._core import text
from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import blank_is_absent

# The same as in galaxy.yml; a unit test compares them.
VERSION: t.Final = "0.1.0"
# Seconds. botocore waits for 60 s each, through five attempts, while nothing can be said and nobody can be heard.
_TIMEOUTS: t.Final = {"connect_timeout": 10, "read_timeout": 20}


class Finding(t.Protocol):
    """Something that was noticed on the way."""

    @property
    def severity(self) -> str:
        """``warn`` is shown to the user."""

    @property
    def message(self) -> str:
        """What was noticed."""


class Result(t.Protocol):
    """How it ended for one of the things that a call was about."""

    @property
    def label(self) -> str:
        """What it is called before a warning; empty where the warning itself says."""

    @property
    def changed(self) -> bool:
        """Something was written."""

    @property
    def failed(self) -> bool:
        """It must fail the module."""

    @property
    def findings(self) -> t.Sequence[Finding]:
        """What was noticed."""

    def as_dict(self) -> dict[str, t.Any]:
        """For the module's result."""

    def diff(self) -> dict[str, t.Any]:
        """For diff mode."""


AnyResult = t.TypeVar("AnyResult", bound=Result)


class LastgoodAWSModule(AnsibleAWSModule):
    """amazon.aws's module class, under our own name in CloudTrail (the user agent).

    Options left blank are absent. Whatever it returns or warns of is safe to print: see :mod:`._text`.
    """

    def __init__(self, **kwargs: t.Any) -> None:
        # amazon.aws asks there which class to use; an argument that names one is not heard.
        settings = self.default_settings
        core_class = settings["module_class"]
        settings["module_class"] = blank_is_absent(core_class)
        try:
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        finally:
            settings["module_class"] = core_class
        set_collection_info(collection_name="lastgood.aws", collection_version=VERSION)

    def client(self, service: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """A boto3 client that does not hang for minutes. The option ``aws_config`` has the last word."""
        return super().client(service, *args, config=_TIMEOUTS, **kwargs)

    def warn(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Tell a warning.

        amazon.aws keeps a list of its own beside core's and hands it to ``exit_json``, for which ansible-core >= 2.21
        shows users a deprecation. Core's collecting is enough.
        """
        self._module.warn(*self._clean(args), **self._clean(kwargs))

    def exit_json(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        """End the module."""
        super().exit_json(*args, **self._clean(kwargs))

    def fail_json(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        """End the module, which has failed."""
        super().fail_json(*self._clean(args), **self._clean(kwargs))

    def _clean(self, told: t.Any) -> t.Any:
        # Secrets are looked for first, as they are: once cleaned, one might not be recognised.
        return text.clean(remove_values(told, self._module.no_log_values))

    def warn_of(self, name: str, findings: t.Iterable[Finding]) -> None:
        """Tell what users have to know of one service or deployment group: warnings, and what could not be read."""
        for finding in findings:
            if finding.severity in ("warn", "unknown"):
                self.warn(f"[{name}] {finding.message}")

    def report(
        self,
        key: str,
        results: t.Sequence[AnyResult],
        api_calls: t.Mapping[str, int],
        summary: t.Callable[[t.Sequence[AnyResult]], str],
    ) -> t.NoReturn:
        """End the module: ``key`` is what the list of results is called, ``summary`` says why it failed."""
        for result in results:
            for finding in result.findings:
                if finding.severity == "warn":
                    self.warn(f"{result.label}: {finding.message}" if result.label else finding.message)
        answer: dict[str, t.Any] = {
            "changed": any(result.changed for result in results),
            key: [result.as_dict() for result in results],
            "api_calls": dict(api_calls),
        }
        if self._diff:
            answer["diff"] = [result.diff() for result in results if result.changed]
        if any(result.failed for result in results):
            self.fail_json(msg=summary(results), **answer)
        self.exit_json(**answer)
