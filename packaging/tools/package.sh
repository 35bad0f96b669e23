#!/usr/bin/env bash
# Makes the packages for Linux, under dist/: deb and rpm of both programs for amd64 and
# arm64, and beside them the bill of materials of each program. The same commit gives the
# same bytes, in whatever folder and for whoever makes them.
#
#   package.sh [VERSION]        VERSION is like 1.2.3; that of the last tag if it is not given
#
# ARCHES, PROGRAMS and FORMATS narrow it, OUT is another folder than dist. PROFILE= builds
# without the profile and COMPRESSION=gzip packs less: faster to make, for tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=${1:-$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null || echo v0.1.0)}
version=${version#v}
out=${OUT:-dist}
profile=${PROFILE-agent/cmd/vigia-agent/agent.pgo}
nfpm=$PWD/.cache/tools/nfpm
[ -x "$nfpm" ] || {
	echo 'package.sh: nfpm is not built yet; run: make package' >&2
	exit 2
}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1790000000)}
export SOURCE_DATE_EPOCH CGO_ENABLED=0 GOTOOLCHAIN=local
stamp=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%FT%TZ)
umask 022 # no mode of a packaged file is that of whoever makes it
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out"

# build PROGRAM PACKAGE ARCH makes one program.
build() {
	local pgo=off
	[ "$1" = vigia-agent ] && [ -n "$profile" ] && pgo=$PWD/$profile
	GOOS=linux GOARCH=$3 go build -trimpath -buildvcs=false -pgo="$pgo" -tags grpcnotrace \
		-ldflags "-s -w -X main.version=$version" -o "$stage/$3/bin/$1" "$2"
}

# papers PROGRAM ARCH makes what goes with a program that holds parts of others.
papers() {
	local folder=$stage/$2/papers/$1
	mkdir -p "$folder"
	packaging/tools/papers.sh "$version" "$stage/$2/bin/$1" "$folder"
	cp "$folder/sbom.cdx.json" "$out/$1-$version-linux-$2.cdx.json"
	gzip --best --no-name "$folder/NOTICES"
}

# pages PROGRAM PACKAGE makes what goes under /usr/share, with the program for this machine.
pages() {
	local program=$1 share=$stage/share/$1 day=${stamp%T*} native
	native=$stage/$(go env GOHOSTARCH)/bin/$program
	[ -x "$native" ] || profile='' build "$program" "$2" "$(go env GOHOSTARCH)"
	mkdir -p "$share"/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d,man/man1,man/es/man1,"doc/$program"}
	"$native" completion bash >"$share/bash-completion/completions/$program"
	"$native" completion zsh >"$share/zsh/vendor-completions/_$program"
	"$native" completion fish >"$share/fish/vendor_completions.d/$program.fish"
	packaging/tools/manpage.sh "$native" es "$day" | gzip --best --no-name >"$share/man/es/man1/$program.1.gz"
	packaging/tools/manpage.sh "$native" en "$day" | gzip --best --no-name >"$share/man/man1/$program.1.gz"
	cp packaging/linux/copyright "$share/doc/$program/copyright"
	printf '%s (%s-1) stable; urgency=medium\n\n  * %s\n\n -- Vigía <vigia@vigia.example>  %s\n' \
		"$program" "$version" 'See the changes of this version in the project.' "$(date --utc -R --date="@$SOURCE_DATE_EPOCH")" |
		gzip --best --no-name >"$share/doc/$program/changelog.Debian.gz"
	if [ "$program" = vigia ]; then # the guide, for whoever administers the server
		cp -r packaging/guide "$share/doc/$program/guia"
	fi
	install -D -m 644 packaging/linux/lintian-overrides "$share/lintian/overrides/$program"
	find "$share" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
}

# pack PROGRAM ARCH FORMAT makes one package of what build and pages made.
pack() {
	local program=$1 arch=$2 format=$3 account='' units=/usr/lib/systemd/system s
	[ "$format" = deb ] && units=/lib/systemd/system # as Debian 12 has it
	[ "$program" = vigia ] && account=vigia
	mkdir -p "$stage/one/scripts" "$stage/one/bin"
	rm -rf "$stage/one/share"
	cp -a "$stage/share/$program" "$stage/one/share"
	if [ "$format" = rpm ]; then # as Red Hat has it
		mv "$stage/one/share/zsh/vendor-completions" "$stage/one/share/zsh/site-functions"
		rm -r "$stage/one/share/lintian"
	fi
	cp "$stage/$arch/bin/$program" "$stage/one/bin/"
	cp "$stage/$arch/papers/$program/"* "$stage/one/share/doc/$program/"
	for s in preinstall postinstall preremove postremove; do
		sed -e "s/@NAME@/$program/g; s/@VERSION@/$version-1/g; s/@ACCOUNT@/$account/g" "packaging/linux/$s.sh" >"$stage/one/scripts/$s"
	done
	case $program in
	vigia-agent) summary='Vigía: measures whether this machine meets data protection rules' detail='The agent reads settings and looks for personal data where it should not\n  be, and delivers what it measured, signed, to the collector. It changes\n  nothing, starts no program and opens no port.' ;;
	vigia) summary='Vigía: collector, portal and quarterly review' detail='Receives the signed reports of the agents, keeps them in a log in which\n  any change shows, flags what is wrong and prepares the quarterly review.' ;;
	esac
	sed -e "s|\${NAME}|$program|g; s|\${GOARCH}|$arch|g; s|\${VERSION}|$version|g; s|\${MTIME}|$stamp|g; s|\${STAGE}|$stage/one|g; s|\${UNITS}|$units|g; s|\${COMPRESSION}|${COMPRESSION:-xz}|g" \
		-e "s|\${SUMMARY}|$summary|g; s|\${DETAIL}|$detail|g" packaging/linux/nfpm.yaml >"$stage/nfpm.yaml"
	if [ -n "$account" ]; then
		sed -i "s|^scripts:|  - src: packaging/linux/vigia.sysusers\n    dst: /usr/lib/sysusers.d/vigia.conf\n    file_info: {mode: 0644}\nscripts:|" "$stage/nfpm.yaml"
	fi
	"$nfpm" package --config "$stage/nfpm.yaml" --packager "$format" --target "$out" >"$stage/nfpm.log" 2>&1 || { cat "$stage/nfpm.log" >&2; return 1; }
}

for program in ${PROGRAMS:-vigia-agent vigia}; do
	case $program in
	vigia-agent) main=./agent/cmd/vigia-agent ;;
	vigia) main=./collector/cmd/vigia ;;
	*)
		echo "package.sh: no program $program" >&2
		exit 2
		;;
	esac
	for arch in ${ARCHES:-amd64 arm64}; do
		echo "== $program $version $arch"
		build "$program" "$main" "$arch"
		papers "$program" "$arch"
	done
	pages "$program" "$main"
	for arch in ${ARCHES:-amd64 arm64}; do
		for format in ${FORMATS:-deb rpm}; do pack "$program" "$arch" "$format"; done
	done
done
ls -l "$out"
