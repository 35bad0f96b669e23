#!/bin/sh
set -e
name=@NAME@ version=@VERSION@
# A version of before may not know what the data holds now: nothing is lost by staying.
if [ "${1:-}" = upgrade ] && [ -n "${2:-}" ] && command -v dpkg >/dev/null; then
	if dpkg --compare-versions "$2" gt "$version"; then
		echo "$name: la versión instalada ($2) es más nueva que esta ($version); no se instala una anterior." >&2
		echo "$name: si de verdad la quiere, quite antes el paquete (apt remove $name; los datos se quedan)." >&2
		exit 1
	fi
fi
# A package that comes back after it was removed is a first installation too; what its
# removal left would not say so to the script that follows.
if [ "${1:-}" = install ]; then
	mkdir -p /run
	: >"/run/$name.first"
fi
