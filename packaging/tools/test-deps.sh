#!/usr/bin/env bash
# Installs, on Debian and as root, what `make test` needs beside Go and make.
# Elsewhere says what is missing and ends with status 2.
set -euo pipefail

packages=(
	gcc libc6-dev                           # the race detector
	wine wine64 binutils-mingw-w64-x86-64   # the Windows agent
	libhivex-bin                            # registry hives of unloaded profiles
	rpm db5.3-util                          # a package database as rpm writes it, and wrote it
	osslsigncode                            # signed programs of Windows
	postgresql                              # the other database
	mariadb-server-core mariadb-client      # dumps as another one's program writes them
	slapd                                   # a directory
	exim4-daemon-light                      # a mail server
	rsyslog rsyslog-openssl                 # a syslog server
	samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind iproute2 # and another, in a network of its own
	chromium fonts-dejavu-core              # the portal
	poppler-utils                           # what a PDF says
	unzip                                   # a review package, as an auditor opens it
	nftables iptables iproute2              # packet filters as others set them
	pamtester libpwquality-tools            # what the real PAM modules make of a configuration
	openssh-server                          # what sshd itself makes of a configuration
	debootstrap systemd-container           # machines that boot
	lintian                                 # packages in good form
	wixl msitools osslsigncode faketime     # the installer for Windows
	tinyproxy                               # a proxy between agent and collector
	strace                                  # failing fsyncs; programs that the agent must not start
	openssl                                 # the evidence log's format, verified by hand
	libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui p7zip-full # documents and archives as others write them
	zip bzip2 xz-utils zstd                 # archives as others write them
	restic borgbackup rsnapshot rsync lzop qemu-utils # copies as the programs of copies write them
	manpages-es debian-handbook debian-reference-es unicode-data # texts in which there is nobody
	ripgrep                                 # what the search for personal data is measured against
	ca-certificates shellcheck
)

if ! command -v dpkg-query >/dev/null; then
	echo "make test knows Debian's packages only. Install the likes of:" >&2
	echo "  ${packages[*]}" >&2
	exit 2
fi

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || status=none
	[ "$status" = installed ] || missing+=("$package")
done
# The accessibility checker comes from the npm registry.
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -eq 0 ]; then
	packaging/tools/axe.sh >/dev/null
	exit
fi

if [ "$(id -u)" -ne 0 ]; then
	echo 'The tests need more packages. As root, run:' >&2
	echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 2
fi

echo "== install ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get --quiet --quiet --option DPkg::Lock::Timeout=300)
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null
packaging/tools/axe.sh >/dev/null
