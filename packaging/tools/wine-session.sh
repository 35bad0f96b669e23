#!/usr/bin/env bash
# Windows sessions for the tests, under Wine.
#
#   wine-session.sh template    make the prefix that sessions are cloned from, once
#   wine-session.sh start DIR   clone it into DIR, boot it, print its environment
#   wine-session.sh stop DIR    end the session and remove DIR
#
# A session is one Windows machine: its own registry, its own processes. Several
# run side by side. One that nobody stops ends by itself two minutes after its
# last program. By hand:
#
#   export $(packaging/tools/wine-session.sh start .cache/wine/session-mine)
#   wine bin/vigia-agent.exe check
#
# Everything is kept under .cache/wine, or VIGIA_WINE_CACHE; DIR must be on the
# same file system, because clones share the Windows folder by hard links.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${VIGIA_WINE_CACHE:-$top/.cache/wine}
template=$cache/template
packages='wine wine64 binutils-mingw-w64-x86-64'

die() {
	echo "wine-session: $*" >&2
	exit 2
}

need() {
	local program
	for program in wine wineserver wineboot x86_64-w64-mingw32-dlltool x86_64-w64-mingw32-ld flock; do
		command -v "$program" >/dev/null ||
			die "$program is missing; install it: apt-get install --no-install-recommends $packages"
	done
}

# environment PREFIX prints what a program needs to run in a session.
environment() {
	printf '%s\n' "WINEPREFIX=$1" WINEARCH=win64 WINEDEBUG=-all \
		'WINEDLLOVERRIDES=mscoree=;mshtml=;winemenubuilder.exe='
}

enter() {
	local line
	while read -r line; do export "${line?}"; done < <(environment "$1")
	unset DISPLAY WAYLAND_DISPLAY
}

# quiet runs a Wine program that may leave the server behind: it must hold none
# of our files open, or whoever reads our output would wait for it.
quiet() {
	timeout --kill-after=5 180 "$@" </dev/null >/dev/null 2>&1 9>&- || die "$* ended with status $?"
}

# key names all that a template is made of.
key() {
	{ WINEDEBUG=-all wine --version; go version; sha256sum <"${BASH_SOURCE[0]}"; } | sha256sum | cut -c1-16
}

make_template() {
	local want
	mkdir -p "$cache"
	want=$(key)
	exec 9>"$cache/lock"
	flock 9
	if [ "$(cat "$template/key" 2>/dev/null)" = "$want" ]; then
		exec 9>&-
		return
	fi
	find "$cache" -maxdepth 1 -name 'session-*' -mmin +240 -exec rm -rf {} + # of tests that were killed
	rm -rf "$template"
	mkdir -p "$template"
	enter "$template/prefix"
	quiet wineboot --init
	quiet wineserver --wait
	quiet wine winecfg /v win10
	quiet wineserver --wait
	forward_random
	detach_home
	overlay
	echo "$want" >"$template/key"
	exec 9>&-
}

# forward_random adds bcryptprimitives.dll, which Go programs load for their
# random numbers and Wine 8 does not have.
forward_random() {
	local def=$template/bcryptprimitives.def
	printf 'LIBRARY bcryptprimitives.dll\nEXPORTS\n  ProcessPrng = advapi32.SystemFunction036\n' >"$def"
	x86_64-w64-mingw32-dlltool -d "$def" -D bcryptprimitives.dll -e "$def.o"
	x86_64-w64-mingw32-ld -shared --entry=0 \
		-o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$def.o"
	rm "$def" "$def.o"
}

# detach_home turns a profile's links to the real home directory into folders:
# a scan of the Windows user's files must not walk the developer's.
detach_home() {
	local link
	find "$WINEPREFIX/drive_c/users" -type l -print0 | while IFS= read -r -d '' link; do
		rm "$link"
		mkdir "$link"
	done
}

# overlay lets os.RemoveAll, and so t.TempDir, work in Go test binaries: Wine
# answers "not implemented" where Windows answers "invalid class", and both mean
# "use the older call". For `go test -overlay`, never for a program that ships.
overlay() {
	local source
	source=$(go env GOROOT)/src/internal/syscall/windows/at_windows.go
	sed 's|case STATUS_INVALID_INFO_CLASS,|case NTStatus(0xC0000002), STATUS_INVALID_INFO_CLASS,|' \
		"$source" >"$template/at_windows.go"
	! cmp -s "$source" "$template/at_windows.go" ||
		die "this Go's os.RemoveAll is written otherwise: adapt overlay() to $source"
	printf '{"Replace":{"%s":"%s"}}\n' "$source" "$template/at_windows.go" >"$template/overlay.json"
}

start() {
	local dir=$1
	need
	make_template
	[ ! -e "$dir/prefix" ] || die "$dir holds a session already; stop it first"
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	cp -a --link "$template/prefix" "$dir/prefix"
	# What a session writes to is its own: the registry and the users' files.
	rm -rf "$dir/prefix/drive_c/users" "$dir/prefix"/*.reg
	cp -a "$template/prefix/drive_c/users" "$dir/prefix/drive_c/users"
	cp -a "$template/prefix"/*.reg "$dir/prefix/"
	enter "$dir/prefix"
	quiet wineserver --persistent=120
	quiet wineboot
	environment "$dir/prefix"
	echo "VIGIA_WINE_OVERLAY=$template/overlay.json"
}

stop() {
	local dir=$1
	[ -d "$dir/prefix" ] || die "$dir holds no session"
	enter "$(cd "$dir" && pwd)/prefix"
	wineserver --kill || true # none left is fine
	wineserver --wait
	rm -rf "$dir"
}

usage='usage: wine-session.sh template | start DIR | stop DIR'
case ${1:-} in
template) need && make_template ;;
start) start "${2:?$usage}" ;;
stop) stop "${2:?$usage}" ;;
*) die "$usage" ;;
esac
