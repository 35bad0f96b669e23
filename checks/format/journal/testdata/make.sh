#!/bin/sh
# Makes the journals of the tests with systemd-journal-remote (Debian package of that name), as root:
# one as before systemd 246, one as since 252, and one as a crash leaves it. They are small because
# the file system is, in a mount namespace of its own.
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" != inside ]; then
	exec unshare --mount "$PWD/$(basename "$0")" inside
fi
work=$(mktemp -d)
trap 'umount "$work"; rmdir "$work"' EXIT
mount -t tmpfs -o size=4m none "$work"
awk 'BEGIN {
	for (i = 0; i < 80; i++) {
		printf "__REALTIME_TIMESTAMP=%d000000\n__MONOTONIC_TIMESTAMP=%d000000\n_BOOT_ID=0123456789abcdef0123456789abcdef\n", 1763700000 + i, 1 + i
		if (i % 4 == 0) {
			printf "SYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=sshd\n_CMDLINE=sshd: secreto-%d\n", i
			printf "MESSAGE=Failed password for usuario01 from 192.0.2.%d port %d ssh2\n\n", i, 40000 + i
		} else if (i % 25 == 1) {
			printf "SYSLOG_FACILITY=4\nSYSLOG_IDENTIFIER=largo\nMESSAGE=largo %d", i
			for (j = 0; j < 120; j++) printf " palabra%d", j % 7
			printf "\n\n"
		} else
			printf "SYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=demonio\nMESSAGE=latido %d\n\n", i
	}
}' >"$work/in.export"
remote=/lib/systemd/systemd-journal-remote
SYSTEMD_JOURNAL_KEYED_HASH=0 SYSTEMD_JOURNAL_COMPACT=0 $remote --output="$work/old.journal" "$work/in.export"
SYSTEMD_JOURNAL_KEYED_HASH=1 SYSTEMD_JOURNAL_COMPACT=1 $remote --output="$work/compact.journal" "$work/in.export"
mkfifo "$work/pipe"
SYSTEMD_JOURNAL_KEYED_HASH=1 SYSTEMD_JOURNAL_COMPACT=0 $remote --output="$work/live.journal" "$work/pipe" &
writer=$!
exec 3>"$work/pipe"
cat "$work/in.export" >&3
sleep 2
cp "$work/live.journal" "$work/online.journal"
exec 3>&-
wait $writer
for name in old compact online; do
	zstd -19 -q -f "$work/$name.journal" -o "$name.journal.zst"
done
