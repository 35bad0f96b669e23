#!/usr/bin/env bash
# Looks whether files are PowerShell, with a grammar from the npm registry, on Node.js:
#
#   powershell-syntax.sh FILE...
#
# Ends with 1 if one is not, and with 2 if there is no Node.js or the grammar cannot be had.
# It runs nothing of the files.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
store=$top/.cache/tools/powershell
packages=(tree-sitter-powershell@0.26.4 web-tree-sitter@0.27.1)

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo 'powershell-syntax.sh: Node.js and npm are missing; apt-get install nodejs npm' >&2
	exit 2
fi
if [ "$(cat "$store/have" 2>/dev/null)" != "${packages[*]}" ]; then
	mkdir -p "$store"
	npm install --prefix "$store" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --legacy-peer-deps "${packages[@]}" >"$store/log" 2>&1 || {
		cat "$store/log" >&2
		exit 2
	}
	echo "${packages[*]}" >"$store/have"
fi
exec node "$top/packaging/tools/powershell/syntax.mjs" "$store/node_modules" "$@"
