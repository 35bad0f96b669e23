#!/usr/bin/env bash
# Shows the whole product on this machine: a collector on loopback, this
# machine as its agent, the first report, the quarter's review package and its
# verification. Then it serves until Ctrl-C, or ends at once with ONCE=1.
# The data stay in .cache/run, so that a second run goes on; with ONCE=1 they
# are thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

once=${ONCE:-}
if [ -n "$once" ]; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/vigia-run.XXXXXX")
	agents=127.0.0.1:0 portal=127.0.0.1:0
else
	work=$PWD/.cache/run
	mkdir -p "$work"
	agents=127.0.0.1:8443 portal=127.0.0.1:9443
fi
# A port that somebody uses already gives way to a free one.
for port in 8443 9443; do
	if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
		agents=${agents/%:$port/:0} portal=${portal/%:$port/:0}
	fi
done
collector=$work/collector agent=$work/agent ready=$work/ready
export VIGIA_DATA=$collector VIGIA_ORGANISATION='Municipio de demostración'

server='' runner=''
finish() {
	status=$?
	for pid in $runner $server; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	[ -z "$once" ] || rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 0' INT TERM

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

step '1. Colector (SQLite y autoridad propia, en una carpeta)'
rm -f "$ready"
bin/vigia serve --agents "$agents" --portal "$portal" --ready "$ready" >"$work/collector.log" 2>&1 &
server=$!
for _ in $(seq 300); do
	[ ! -s "$ready" ] || break
	kill -0 "$server" 2>/dev/null || { tail -n 5 "$work/collector.log" >&2; exit 2; }
	sleep 0.1
done
[ -s "$ready" ] || { echo "el colector no arrancó; vea $work/collector.log" >&2; exit 2; }
# shellcheck source=/dev/null
. "$ready" # VIGIA_READY_AGENTS and VIGIA_READY_PORTAL
echo "Agentes: $VIGIA_READY_AGENTS   Portal: $VIGIA_READY_PORTAL   Datos: $collector"

# The search for personal data looks at every file of the people of this
# machine, which takes long on a developer's. Here it stops after some thousand
# files, and says so: what it did not look at is not called clean.
cat >"$work/politica.yaml" <<'POLICY'
packs: [es-rgpd, mx-general]
overrides:
  - control: DLP-LOCAL-Q
    params: {max_files: 5000}
    why: Demostración de make run, para que termine en segundos
    by: make run
  - control: DLP-SPECIAL
    params: {max_files: 5000}
    why: Demostración de make run, para que termine en segundos
    by: make run
  - control: TMP-CLEAN-Q
    params: {max_files: 5000}
    why: Demostración de make run, para que termine en segundos
    by: make run
POLICY
bin/vigia policy import "$work/politica.yaml"

step '2. Alta de este equipo, con un código de un solo uso'
if [ -e "$agent/identity.json" ]; then
	echo 'Este equipo ya estaba dado de alta.'
else
	bin/vigia token create --quiet | bin/vigia-agent enroll --collector "$VIGIA_READY_AGENTS" --token - --data "$agent"
fi

step '3. Medidas de este equipo, firmadas y entregadas'
checked=0
bin/vigia-agent run --once --data "$agent" || checked=$?
# 1: something fails; 3: something could not be measured. Both are answers.
case $checked in 0 | 1 | 3) ;; *) exit "$checked" ;; esac

step '4. Paquete de la revisión trimestral'
package=$work/revision.zip
rm -f "$package"
bin/vigia review export --out "$package"

step '5. Verificación del paquete, sin el colector'
bin/vigia verify "$package"

step '6. Portal'
if bin/vigia user list | grep -q '^responsable '; then
	echo "La cuenta «responsable» ya existe; su contraseña se cambia con: VIGIA_DATA=$collector bin/vigia user password responsable"
else
	VIGIA_PORTAL_LISTEN=${VIGIA_READY_PORTAL:8:-1} bin/vigia user add responsable --role officer
fi
echo "Portal: $VIGIA_READY_PORTAL  (certificado de la autoridad propia: $collector/keys/ca.pem)"

if [ -n "$once" ]; then
	step 'Todo funcionó.'
	exit 0
fi
step 'En marcha. Ctrl-C para terminar.'
bin/vigia-agent run --data "$agent" >"$work/agent.log" 2>&1 &
runner=$!
wait "$server"
