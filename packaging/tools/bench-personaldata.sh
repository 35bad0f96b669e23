#!/usr/bin/env bash
# Measures the search for personal data against ripgrep and Go's regular expressions on a
# corpus that is made from a seed, prints tables in Markdown, and ends with status 1 when
# a promise is not kept. Some minutes; 5 GB below TMPDIR. The variables SEED, MB (of the
# corpus), ROUNDS and FILES (that have not changed) set how much, PART which of text, tree,
# unchanged, documents and memory. Linux, 2 cores.
# With Debian's linux-source-6.1 and Spanish manuals installed it measures those too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

command -v rg >/dev/null || {
	echo 'Needs ripgrep: apt-get install --no-install-recommends ripgrep' >&2
	exit 2
}
build=(go build -trimpath -buildvcs=false -ldflags '-s -w')
work=$(mktemp -d "${TMPDIR:-/tmp}/vigia-bench-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0
profile=agent/cmd/vigia-agent/agent.pgo # as in a released program
"${build[@]}" -tags grpcnotrace -pgo "$profile" -o "$work/vigia-agent" ./agent/cmd/vigia-agent
"${build[@]}" -tags grpcnotrace,purego -pgo "$profile" -o "$work/portable" ./agent/cmd/vigia-agent
"${build[@]}" -o "$work/bench" ./checks/personaldata/benchtest

status=0
"$work/bench" -agent "$work/vigia-agent" -portable "$work/portable" -seed "${SEED:-1}" -mb "${MB:-1730}" \
	-rounds "${ROUNDS:-5}" -files "${FILES:-250000}" -part "${PART:-}" "$@" || status=$?
exit "$status"
