#!/usr/bin/env bash
# Fetches axe-core, which looks for what keeps people from using a page, from the npm
# registry, and prints where its script is. Only tests use it; nothing of it is shipped.
set -euo pipefail
store=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/tools/axe
package=axe-core@4.14.1

if [ "$(cat "$store/have" 2>/dev/null)" != "$package" ]; then
	if ! command -v npm >/dev/null; then
		echo 'axe.sh: npm is missing; apt-get install nodejs npm' >&2
		exit 2
	fi
	mkdir -p "$store"
	npm install --prefix "$store" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "$package" >"$store/log" 2>&1 || {
		cat "$store/log" >&2
		exit 2
	}
	echo "$package" >"$store/have"
fi
echo "$store/node_modules/axe-core/axe.min.js"
