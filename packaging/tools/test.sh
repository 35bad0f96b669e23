#!/usr/bin/env bash
# Runs every test with the race detector and sums up. Called by `make test`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

log=.cache/test.log
mkdir -p .cache
start=$SECONDS
echo '== Wine prefix'
packaging/tools/wine-session.sh template || exit # made once, outside any test's deadline
echo '== Debian to boot'
packaging/tools/box-layer.sh base >/dev/null || exit
export VIGIA_TEST_UNTRIED=$PWD/.cache/untried
rm -f "$VIGIA_TEST_UNTRIED"
echo '== tests'
CGO_ENABLED=1 go test -race -tags grpcnotrace -timeout 75m ./... 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

passed=$(grep -c '^ok ' "$log")
failed=$(grep -c '^FAIL[[:space:]]*vigia/' "$log")
echo
echo "== $passed packages passed, $failed failed, $((SECONDS - start)) s; whole output in $log"
if [ "$status" -ne 0 ]; then
	grep -E '^(--- FAIL|FAIL[[:space:]]*vigia/|panic:|WARNING: DATA RACE)' "$log" | sed 's/^/   /'
fi
if [ -s "$VIGIA_TEST_UNTRIED" ]; then
	echo '== NOT TRIED HERE:'
	sed 's/^/   /' "$VIGIA_TEST_UNTRIED"
fi
exit "$status"
