#!/usr/bin/env bash
# Writes what of others a built program holds: its bill of materials, sbom.cdx.json
# (CycloneDX), and NOTICES, the texts of the licences.
#
#   papers.sh VERSION PROGRAM FOLDER      PROGRAM is the file, for any system
set -euo pipefail

program=$(realpath "$2") folder=$(realpath "$3")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export GOTOOLCHAIN=local
# For this machine, whatever the program that it reads is for.
env -u GOOS -u GOARCH go run ./packaging/sbom/cmd/sbom -version "$1" \
	-modules "$(go env GOMODCACHE)" -go "$(go env GOROOT)" "$program" "$folder"
