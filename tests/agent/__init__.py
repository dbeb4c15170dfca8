# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the CodeDeploy agent 1.8 that really installs bundles, below a scratch directory.

It is there to prove or to refute the predictions of ``plugins/module_utils/_content``, of which it uses nothing but the
reader of AppSpec files. Both are measured against the recordings in ``tests/recordings/codedeploy-agent``.
"""
