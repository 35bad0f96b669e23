#!/usr/bin/env bash
# Plays what the guide tells a technician to type, with the real programs, in a machine of its
# own inside this one: its own name, network, /etc/hosts and /var/lib, all gone at the end.
# Writes to $OUT one file for each picture: title, then prompts, commands and what they said.
#
#   terminal.sh BIN OUT
set -euo pipefail
if [ -z "${PICTURES_INSIDE:-}" ]; then
	exec env PICTURES_INSIDE=1 unshare --uts --mount --net --pid --fork --kill-child "$0" "$@"
fi
bin=$(realpath "$1") out=$(realpath "$2")
work=$(mktemp -d)
hostname vigia
ip link set lo up
printf '127.0.0.1 localhost\n127.0.0.1 vigia.villaejemplo.local vigia\n' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts
mkdir "$work/root"
mount -t tmpfs -o mode=755 none /var/lib
mkdir -p /var/lib/vigia
cat >/var/lib/vigia/vigia.yaml <<'YAML'
organisation: Ayuntamiento de Villa Ejemplo
time_zone: Europe/Madrid
agents:
  listen: 127.0.0.1:8443
  hosts: [vigia.villaejemplo.local]
portal:
  listen: 127.0.0.1:9443
  hosts: [vigia.villaejemplo.local]
YAML
cd "$work/root"
export PATH="$bin:$PATH" TZ=Europe/Madrid

vigia serve --ready "$work/ready" >"$work/log" 2>&1 &
server=$!
for _ in $(seq 100); do
	[ ! -s "$work/ready" ] || break
	sleep 0.1
done
[ -s "$work/ready" ] || { cat "$work/log" >&2; exit 2; }

# The search for personal data would look at everything that people have on this machine.
cat >"$work/politica.yaml" <<'YAML'
packs: [es-rgpd]
overrides:
  - {control: DLP-LOCAL-Q, params: {max_files: 200}, why: imagen, by: imagen}
  - {control: DLP-SPECIAL, params: {max_files: 200}, why: imagen, by: imagen}
  - {control: TMP-CLEAN-Q, params: {max_files: 200}, why: imagen, by: imagen}
YAML
vigia policy import "$work/politica.yaml" >>"$work/log" 2>&1

# shot NAME TITLE begins a picture; server and pc type a command there.
shot() { file=$out/$1.txt; printf '%s\n' "$2" >"$file"; }
on() {
	local host=$1
	shift
	printf 'root@%s:~# %s\n' "$host" "$*" >>"$file"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --uts sh -c 'hostname "$1"; shift; exec sh -c "$*"' - "$host" "$*" >>"$file" 2>&1 || true
}
server() { on vigia "$@"; }
pc() { on pc-014 "$@"; }

shot terminal-servidor 'En el servidor'
server vigia user add ana --role officer
server vigia token create --host PC-014 --department Tesorería

code=$(grep -o 'vigia1-[a-z0-9]*' "$file")
shot terminal-alta 'En el equipo'
printf '%s\n' "$code" >codigo.txt
pc vigia-agent enroll --collector vigia.villaejemplo.local:8443 --token-file codigo.txt
unshare --uts sh -c 'hostname pc-014; exec vigia-agent run --once' >>"$work/log" 2>&1 || true
pc vigia-agent status

shot terminal-comprobar 'En cualquier equipo'
pc vigia-agent check --pack es-rgpd AC-LOCK-15 AC-PWD-LEN

shot terminal-revision 'La revisión, y quien la verifica'
server vigia review export --period "$(date +%Y)Q$((($(date +%-m) + 2) / 3))" --out revision.zip
on auditoria vigia verify revision.zip

printf 'seis palabras largas al azar aquí\n' >frase.txt
shot terminal-copia 'La copia, y su prueba'
server vigia backup --out vigia.age --passphrase-file frase.txt
server vigia restore vigia.age --data prueba --passphrase-file frase.txt

kill "$server"
wait "$server" || true
rm -rf "$work/root"
