#!/bin/sh
set -e
name=@NAME@ account=@ACCOUNT@
# deb: configure [OLD]; rpm: 1 at the first installation, 2 at an upgrade.
case "${1:-}" in
configure | 1 | 2) ;;
*) exit 0 ;;
esac
if [ -n "$account" ] && ! getent passwd "$account" >/dev/null; then
	systemd-sysusers /usr/lib/sysusers.d/$name.conf
fi
first=yes
case "$1/${2:-}" in
configure/?* | 2/*) [ -e "/run/$name.first" ] || first= ;;
esac
rm -f "/run/$name.first"
if [ -n "$first" ]; then # in an image that is being made too
	systemctl --quiet enable "$name.service"
fi
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if systemctl --quiet is-enabled "$name.service"; then
	# An agent that is not enrolled runs too, and waits for it.
	systemctl restart "$name.service" || echo "$name: no arrancó; vea «journalctl -u $name»." >&2
fi
