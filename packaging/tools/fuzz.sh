#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME (10s) each, one by one. A
# crasher is left in the package's testdata/fuzz, to be committed with its mend.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
while IFS=: read -r file target; do
	folder=$(dirname "$file")
	echo "== $folder $target"
	go test -tags grpcnotrace -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$folder" || status=1
done < <(grep -rEo --include='*_test.go' --exclude-dir=testdata --exclude-dir='.*' '^func Fuzz[A-Za-z0-9_]*' \
	agent checks collector packaging | sed 's/:func /:/')
exit "$status"
