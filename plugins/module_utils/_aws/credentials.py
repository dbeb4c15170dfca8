# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One credentials object for all clients of a module.

amazon.aws opens a session for each client, and each session would assume the role, or run the ``credential_process``,
again. botocore refreshes the one object for all of them before it expires.
"""

from __future__ import annotations

import contextlib
import typing as t

try:
    import botocore.exceptions
    import botocore.session

    class MfaCodeNeededError(botocore.exceptions.BotoCoreError):
        """A profile asks for an MFA code, and nobody can type one here."""

        fmt = "the profile assumes its role with the MFA device {serial}"
except ImportError:
    pass  # The module says that boto3 is missing.


class Credentials:
    """The credentials of all sessions that are opened inside :meth:`shared`."""

    def __init__(self) -> None:
        self._found: t.Any = None

    @contextlib.contextmanager
    def shared(self) -> t.Iterator[None]:
        """Sessions that look for credentials in this context get the same ones. Explicit keys are not touched."""
        session_class: t.Any = botocore.session.Session
        look_up = session_class.get_credentials

        def get_credentials(session: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            if self._found is None:
                _never_prompt(session)
                self._found = look_up(session, *args, **kwargs)
            return self._found

        session_class.get_credentials = get_credentials
        try:
            yield
        finally:
            session_class.get_credentials = look_up


def _never_prompt(session: t.Any) -> None:
    """Fail at once where botocore would ask on a terminal for an MFA code. A worker has none: it would read nothing."""

    def refuse(prompt: str = "") -> t.NoReturn:
        # botocore's prompt is "Enter MFA code for ARN: ".
        raise MfaCodeNeededError(serial=prompt.partition(" for ")[2].rstrip(": "))

    with contextlib.suppress(Exception):
        session.get_component("credential_provider").get_provider("assume-role")._prompter = refuse
