#!/usr/bin/env bash
# Writes the manual page of a program from what its --help says, so that both say the same:
#
#   manpage.sh PROGRAM LANG DATE      PROGRAM is a path; LANG is es or en; DATE is YYYY-MM-DD
set -euo pipefail

program=$1 lang=$2 date=$3
name=$(basename "$program")
case $lang in
es) heads=(NOMBRE SINOPSIS DESCRIPCIÓN) commands='Órdenes:' ;;
en) heads=(NAME SYNOPSIS DESCRIPTION) commands='Commands:' ;;
*)
	sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
	;;
esac

# help says what a command says of itself.
help() {
	if [ "$name" = vigia-agent ]; then "$program" "$@" --help --lang "$lang"; else "$program" "$@" --help; fi
}

# shown makes text that is already laid out what roff shows as it is.
shown() { sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\\&&/" -e 's/-/\\-/g'; }

# listed are the commands that a help lists.
listed() { awk -v head="$1" '/^[^ ]/ { on = ($0 == head || $0 == "Available Commands:") } on && /^  [a-z]/ { print $1 }'; }

[ "$name" != vigia ] || commands='Órdenes:' # its help is in Spanish only
whole=$(help)
printf '.TH %s 1 %s Vigía\n' "${name^^}" "$date"
printf '.SH %s\n%s \\- %s\n' "${heads[0]}" "$name" "$([ "$lang" = es ] && echo 'vigila que los equipos cumplan lo que pide la protección de datos' || echo 'watches that machines meet what data protection asks for')"
printf '.SH %s\n.B %s\n[...]\n' "${heads[1]}" "$name"
printf '.SH %s\n.nf\n' "${heads[2]}"
shown <<<"$whole"
printf '.fi\n'
for command in $(listed "$commands" <<<"$whole"); do
	[ "$command" != help ] || continue
	printf '.SH "%s %s"\n.nf\n' "${name^^}" "${command^^}"
	part=$(help "$command")
	shown <<<"$part"
	for sub in $(listed "$commands" <<<"$part"); do
		printf '\n'
		printf '.B %s %s %s\n' "$name" "$command" "$sub"
		help "$command" "$sub" | shown
	done
	printf '.fi\n'
done
