#!/usr/bin/env bash
# Makes the installers of the agent for Windows, under dist/, on Linux, each with its bill
# of materials (.cdx.json) and the licences of what it holds (.notices.txt):
#
#   msi.sh [VERSION]        VERSION is like 1.2.3; that of the last tag if it is not given
#
# ARCHES narrows amd64, arm64 and 386, OUT is another folder than dist, PROFILE= builds
# without the profile. With SIGN_P12 (a PKCS#12 file) and SIGN_PASS_FILE program and
# installer are signed; SIGN_TIMESTAMP is the address of a time-stamping authority.
#
# The same commit gives the same bytes, signatures of an RSA key included, unless an
# authority puts its time on them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=${1:-$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null || echo v0.1.0)}
version=${version#v}
out=${OUT:-dist}
profile=${PROFILE-agent/cmd/vigia-agent/agent.pgo}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1790000000)}
export CGO_ENABLED=0 GOTOOLCHAIN=local SOURCE_DATE_EPOCH
stamp=$(date --utc --date="@$SOURCE_DATE_EPOCH" '+%F %T')
for tool in wixl msibuild faketime osslsigncode; do
	command -v "$tool" >/dev/null || {
		echo "msi.sh: $tool is missing; apt-get install wixl msitools faketime osslsigncode" >&2
		exit 2
	}
done
mkdir -p "$out"
out=$(cd "$out" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# sign FILE FLAG... signs in place, if there is something to sign with.
sign() {
	local file=$1 when=(-time "$SOURCE_DATE_EPOCH")
	shift
	[ -n "${SIGN_P12:-}" ] || return 0
	[ -z "${SIGN_TIMESTAMP:-}" ] || when=(-ts "$SIGN_TIMESTAMP")
	osslsigncode sign -pkcs12 "$SIGN_P12" -readpass "$SIGN_PASS_FILE" -h sha256 -n 'Vigia' \
		"${when[@]}" "$@" -in "$file" -out "$file.signed" >/dev/null
	mv "$file.signed" "$file"
}

# then_is runs a program to which it is the commit's time, in UTC.
then_is() { TZ=UTC faketime -f "$stamp" "$@"; }

# guid TEXT... names something: the same text has the same name.
guid() {
	local h
	h=$(printf '%s\n' "$@" | sha256sum | tr 'a-f' 'A-F')
	printf '{%s-%s-5%s-A%s-%s}' "${h:0:8}" "${h:8:4}" "${h:13:3}" "${h:17:3}" "${h:20:12}"
}

# quiet runs wixl, which fails without saying so.
quiet() {
	local said
	if ! said=$("$@" 2>&1) || [ -n "$said" ]; then
		printf '%s\n' "$said" >&2
		return 1
	fi
}

for arch in ${ARCHES:-amd64 arm64 386}; do
	echo "== vigia-agent $version windows $arch"
	pgo=off
	[ -z "$profile" ] || pgo=$PWD/$profile
	GOOS=windows GOARCH=$arch go build -trimpath -buildvcs=false -pgo="$pgo" -tags grpcnotrace \
		-ldflags "-s -w -X main.version=$version" -o "$stage/vigia-agent.exe" ./agent/cmd/vigia-agent
	sign "$stage/vigia-agent.exe"
	touch --date="@$SOURCE_DATE_EPOCH" "$stage/vigia-agent.exe" # it stands in the cabinet
	case $arch in
	386) platform=x86 folder=ProgramFilesFolder win64=no template=Intel ;;
	amd64) platform=x64 folder=ProgramFiles64Folder win64=yes template=x64 ;;
	arm64) platform=x64 folder=ProgramFiles64Folder win64=yes template=Arm64 ;; # wixl does not know it
	*)
		echo "msi.sh: no architecture $arch" >&2
		exit 2
		;;
	esac
	msi=$stage/vigia-agent-$version-$arch.msi
	# One product is one version for one processor: another build of it is refused beside it.
	(cd "$stage" && quiet then_is wixl -a "$platform" -D "Version=$version" -D "ProgramFiles=$folder" -D "Win64=$win64" \
		-D "Product=$(guid 'vigia-agent product' "$version" "$arch")" \
		-D Exe=vigia-agent.exe -o "$msi" "$OLDPWD/packaging/windows/vigia-agent.wxs")
	# What wixl cannot say: which properties an administrator may give to the part that runs
	# as the machine; that the action's command line is not logged (0x2000); that an upgrade
	# removes the old version before it brings the new one. How it is started again after a
	# bad end the service sets itself: the installer's own table for that does not work.
	then_is msibuild "$msi" \
		-q "UPDATE \`Property\` SET \`Value\` = 'COLLECTOR;TOKEN;TOKENFILE;DEPARTMENT;PROXY;PURGE;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED' WHERE \`Property\` = 'SecureCustomProperties'" \
		-q "UPDATE \`CustomAction\` SET \`Type\` = 11282 WHERE \`Action\` = 'AskToEnrol'" \
		-q "UPDATE \`InstallExecuteSequence\` SET \`Sequence\` = 1501 WHERE \`Action\` = 'RemoveExistingProducts'"
	then_is msibuild "$msi" -s 'Vigia' 'Vigia' "$template;3082" \
		"$(guid 'vigia-agent package' "$version" "$arch" "$(sha256sum <"$stage/vigia-agent.exe")" "$(sha256sum packaging/windows/vigia-agent.wxs packaging/tools/msi.sh)")"
	sign "$msi" -add-msi-dse
	cp "$msi" "$out/"
	# What of others the program holds goes beside the installer.
	packaging/tools/papers.sh "$version" "$stage/vigia-agent.exe" "$stage"
	cp "$stage/sbom.cdx.json" "$out/vigia-agent-$version-windows-$arch.cdx.json"
	cp "$stage/NOTICES" "$out/vigia-agent-$version-windows-$arch.notices.txt"
done
ls -l "$out"
