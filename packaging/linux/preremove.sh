#!/bin/sh
set -e
name=@NAME@
# deb: remove; rpm: 0 at the last removal. An upgrade goes on running until it is restarted.
case "${1:-}" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl --quiet disable --now $name.service || true
fi
