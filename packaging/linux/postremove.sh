#!/bin/sh
set -e
name=@NAME@ account=@ACCOUNT@
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
# Only a purge of Debian removes what was measured; a removal keeps it.
if [ "${1:-}" = purge ]; then
	rm -rf "/var/lib/${name:?}" "/var/lib/${name:?}".before-restore-* "/etc/${name:?}"
	if [ -n "$account" ] && getent passwd "$account" >/dev/null && command -v deluser >/dev/null; then
		deluser --quiet --system "$account" || true
	fi
fi
