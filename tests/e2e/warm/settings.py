# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play that was forked reads anew of ansible-core's settings, so that it needs no parent of its own."""

# By environment variable, the names in ansible.constants. ansible-core looks at them when a play begins, not before.
READ_ANEW = {"ANSIBLE_STDOUT_CALLBACK": "DEFAULT_STDOUT_CALLBACK", "ANSIBLE_SHOW_CUSTOM_STATS": "SHOW_CUSTOM_STATS"}
