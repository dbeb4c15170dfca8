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

from ansible_collections.lastgood.aws.plugins.module_utils._aws.credentials import Credentials
from ansible_collections.lastgood.aws.plugins.module_utils._core import called, text
from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import blank_is_absent

# The version in galaxy.yml; a unit test compares them.
VERSION: t.Final = "1.0.0"
# Seconds. botocore's own 60 s each, over five attempts, would keep us silent for minutes.
_TIMEOUTS: t.Final = {"connect_timeout": 10, "read_timeout": 20}
_BESIDE: t.Final = {"connect_timeout": 2, "read_timeout": 5, "retries": {"total_max_attempts": 1}}
_BRIEF: t.Final = {"connect_timeout": 2, "read_timeout": 5, "retries": {"total_max_attempts": 2}}
# Two seconds together, and nothing is tried again.
_PROMPT: t.Final = {"connect_timeout": 1, "read_timeout": 1, "retries": {"total_max_attempts": 1}}


class Finding(t.Protocol):
    """Something noticed on the way."""

    @property
    def severity(self) -> str:
        """``warn`` is shown to the user; see :data:`Severity`."""

    @property
    def message(self) -> str:
        """What was noticed."""


class Result(t.Protocol):
    """How it ended for one of the things a call was about."""

    @property
    def label(self) -> str:
        """The name to put before a warning; empty if the warning names it."""

    @property
    def changed(self) -> bool:
        """Whether something was written."""

    @property
    def failed(self) -> bool:
        """Whether it fails the module."""

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

    Blank options are absent. Everything it returns or warns about is safe to print (:mod:`.._core.text`), and gives
    advice in the words of whoever called it (:mod:`.._core.called`).
    """

    def __init__(self, **kwargs: t.Any) -> None:
        # amazon.aws reads the class from here and ignores an argument that names one.
        settings = self.default_settings
        core_class = settings["module_class"]
        settings["module_class"] = blank_is_absent(core_class)
        self._credentials = Credentials()
        try:
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        finally:
            settings["module_class"] = core_class
        set_collection_info(collection_name="lastgood.aws", collection_version=VERSION)

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that were given, in a task or by module_defaults."""
        return t.cast("frozenset[str]", self._module.given)

    @property
    def verbosity(self) -> int:
        """How often ``-v`` was given."""
        return int(self._module._verbosity)

    def client(self, service: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """A boto3 client that does not hang for minutes. The option ``aws_config`` overrides our timeouts.

        All clients share their credentials. Fails the module if there is no Region.
        """
        if not (kwargs.get("region") or self.region):
            give = f"-e {role}region=…" if (role := called.prefix()) else "region"
            self.fail_json(
                msg=f"No Region is set, so AWS was not asked anything. Give {give}, set AWS_REGION, or name a profile "
                "that has one. Nothing was changed."
            )
        with self._credentials.shared():
            return super().client(service, *args, **{"config": _TIMEOUTS, **kwargs})

    def prompt_client(self, service: str) -> t.Any:
        """A client for requests that must not hold anything up: one try, and two seconds for it."""
        return self.client(service, config=_PROMPT)

    def beside_client(self, service: str) -> t.Any:
        """A client for what only tells more about a deployment: one try, and seconds for it."""
        return self.client(service, config=_BESIDE)

    def brief_client(self, service: str, **kwargs: t.Any) -> t.Any:
        """A client for what is done at the end, while people wait for it: two tries, and seconds for each."""
        return self.client(service, config=_BRIEF, **kwargs)

    def warn(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Show a warning.

        amazon.aws also keeps its own list of warnings and hands it to ``exit_json``, which ansible-core >= 2.21 reports
        as deprecated. Core's own list is enough.
        """
        worded = [called.worded(text, self._module.argument_spec, called.prefix()) for text in args]
        self._module.warn(*self._clean(worded), **self._clean(kwargs))

    def exit_json(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        """End the module successfully."""
        super().exit_json(*args, **self._clean(kwargs))

    def fail_json(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        """End the module with failure."""
        super().fail_json(*self._clean(args), **self._clean(kwargs))

    def _clean(self, told: t.Any) -> t.Any:
        # Remove secrets first: they might not be recognised in cleaned text.
        safe = text.clean(remove_values(told, self._module.no_log_values))
        return called.in_words(safe, self._module.argument_spec, called.prefix())

    def warn_of(self, name: str, findings: t.Iterable[Finding]) -> None:
        """Show the findings users need to see: warnings, and what could not be read."""
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
        """End the module. ``key`` names the list of results, ``summary`` is the message if any of them failed."""
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
