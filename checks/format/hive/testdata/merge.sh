#!/bin/sh
# Makes ntuser.dat again from ntuser.reg with libhivex, on a hive of one empty
# root key, which the test writes: go test -run TestMinimal -minimal FILE. Needs
# Debian's libwin-hivex-perl.
set -eu
cd "$(dirname "$0")"
minimal=$(mktemp)
trap 'rm -f "$minimal"' EXIT
(cd .. && go test -count=1 -run TestMinimal -minimal "$minimal" .)
hivexregedit --merge --prefix HKEY_CURRENT_USER --encoding UTF-16LE "$minimal" ntuser.reg
cat "$minimal" > ntuser.dat
