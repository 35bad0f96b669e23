#!/usr/bin/env bash
# Measures what the product costs a machine and what a collector can take, and
# prints one number a line. Needs both programs in bin/ (make build) and Linux.
# A busy machine gives worse numbers, so the load is printed too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d "${TMPDIR:-/tmp}/vigia-bench.XXXXXX")
export VIGIA_DATA=$work/collector
server='' agent=''
finish() {
	status=$?
	for pid in $agent $server; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
line() { printf '%-58s %s\n' "$1" "$2"; }

line 'load average before' "$(cut -d' ' -f1-3 /proc/loadavg)"
line 'vigia-agent, size of the program' "$(stat -c %s bin/vigia-agent | awk '{ printf "%.1f MB", $1 / 1e6 }')"

# All checks, the search for personal data in a folder with nothing in it.
mkdir "$work/documents"
echo 'Nobody is named here.' >"$work/documents/readme.txt"
printf 'packs: [es-rgpd, mx-general]\nscan: ["%s"]\n' "$work/documents" >"$work/policy.yaml"
for _ in 1 2 3 4 5; do
	begin=$(date +%s%N)
	checked=0
	bin/vigia-agent check --policy "$work/policy.yaml" --format json >/dev/null || checked=$?
	case $checked in 0 | 1 | 3) ;; *) exit "$checked" ;; esac
	echo $((($(date +%s%N) - begin) / 1000000))
done | median >"$work/check"
line 'vigia-agent check, all but personal data (median of 5)' "$(cat "$work/check") ms"

bin/vigia serve --agents 127.0.0.1:0 --portal 127.0.0.1:0 --ready "$work/ready" 2>"$work/collector.log" &
server=$!
for _ in $(seq 300); do
	[ ! -s "$work/ready" ] || break
	sleep 0.1
done
# shellcheck source=/dev/null
. "$work/ready" # VIGIA_READY_AGENTS
bin/vigia policy import "$work/policy.yaml" >/dev/null
bin/vigia token create --quiet | bin/vigia-agent enroll --collector "$VIGIA_READY_AGENTS" --token - --data "$work/agent" >/dev/null
bin/vigia-agent run --data "$work/agent" 2>"$work/agent.log" &
agent=$!
sleep "${IDLE:-45}" # the first measures are done, and it waits
line 'vigia-agent run, resident memory when idle' "$(awk '/^VmRSS/ { printf "%.1f MB", $2 / 1e3 }' "/proc/$agent/status")"
line '  the most it ever had' "$(awk '/^VmHWM/ { printf "%.1f MB", $2 / 1e3 }' "/proc/$agent/status")"

go test -tags grpcnotrace -run '^$' -bench '^BenchmarkSpine$' -benchtime 1x -count "${COUNT:-3}" ./collector >"$work/bench" || { cat "$work/bench" >&2; exit 1; }
for agents in 1 64; do
	line "acknowledged reports per second, $agents agent(s) (median)" \
		"$(awk -v a="agents=$agents-" 'index($1, a) { for (i = 1; i < NF; i++) if ($(i + 1) == "reports/s") print $i }' "$work/bench" | median)"
done
line 'load average after' "$(cut -d' ' -f1-3 /proc/loadavg)"
