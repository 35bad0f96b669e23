#!/usr/bin/env bash
# Makes, once, the file systems on which boxtest boots machines:
#
#   box-layer.sh base                   Debian 12 with systemd; prints its folder
#   box-layer.sh layer NAME PACKAGE...  what these packages add to it; prints its folder
#
# They stand in .cache/boxes, or in $VIGIA_BOX_CACHE. As root.
set -euo pipefail

mirror=${VIGIA_DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=bookworm
cache=${VIGIA_BOX_CACHE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/boxes}
mkdir -p "$cache"

exec 9>"$cache/lock"
flock 9

base() {
	[ -d "$cache/base" ] && return
	rm -rf "$cache/base.new"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libpam-systemd,ca-certificates \
		"$suite" "$cache/base.new" "$mirror" >"$cache/base.log" 2>&1 || { tail -n 5 "$cache/base.log" >&2; return 1; }
	cat >"$cache/base.new/etc/apt/sources.list" <<-EOF
		deb $mirror $suite main
		deb $mirror-security $suite-security main
	EOF
	printf 'force-unsafe-io\n' >"$cache/base.new/etc/dpkg/dpkg.cfg.d/box"
	mv "$cache/base.new" "$cache/base"
}

layer() {
	local name=$1 work root status=0
	shift
	[ -d "$cache/$name" ] && return
	work=$cache/$name.new root=$cache/$name.new/root
	rm -rf "$work"
	mkdir -p "$work/up" "$work/work" "$root"
	mount -t overlay overlay -o "lowerdir=$cache/base,upperdir=$work/up,workdir=$work/work" "$root"
	fill "$root" "$@" >"$cache/$name.log" 2>&1 || status=$?
	umount "$root"
	[ "$status" -eq 0 ] || { tail -n 5 "$cache/$name.log" >&2; return "$status"; }
	mv "$work/up" "$cache/$name"
	rm -rf "$work"
}

# fill installs packages in a root as their maintainers would have them, without
# starting anything.
fill() {
	local root=$1
	shift
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	chroot "$root" apt-get --quiet --quiet update
	DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get --quiet --quiet install --yes --no-install-recommends "$@" </dev/null
	chroot "$root" apt-get clean
	rm "$root/usr/sbin/policy-rc.d"
}

case ${1:-} in
base)
	base
	echo "$cache/base"
	;;
layer)
	base
	shift
	layer "$@"
	echo "$cache/$1"
	;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
	;;
esac
