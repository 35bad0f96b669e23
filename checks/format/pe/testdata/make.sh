#!/usr/bin/env bash
# Makes the programs of testdata with Debian's binutils-mingw-w64-x86-64: headers and a
# version resource, and nothing that could run.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make FILE BITS LANGUAGE COMPANY DESCRIPTION INTERNAL ORIGINAL PRODUCT
make() {
	cat >"$work/v.rc" <<RC
1 VERSIONINFO
FILEVERSION 2,1,0,7
PRODUCTVERSION 2,1,0,7
{
 BLOCK "StringFileInfo"
 {
  BLOCK "$3"
  {
   VALUE "CompanyName", "$4"
   VALUE "FileDescription", "$5"
   VALUE "InternalName", "$6"
   VALUE "OriginalFilename", "$7"
   VALUE "ProductName", "$8"
  }
 }
 BLOCK "VarFileInfo"
 {
  VALUE "Translation", 0x$(cut -c1-4 <<<"$3"), 0x$(cut -c5-8 <<<"$3")
 }
}
RC
	case $2 in
	64) object=pe-x86-64 image=i386pep ;;
	32) object=pe-i386 image=i386pe ;;
	esac
	x86_64-w64-mingw32-windres --codepage=65001 --preprocessor=cat -F "$object" -o "$work/v.o" "$work/v.rc"
	script=()
	if [ "$2" = 32 ]; then # the linker's own is in another package
		echo 'SECTIONS { . = __image_base__ + 0x1000; .rsrc : { *(.rsrc) *(.rsrc$*) } }' >"$work/script"
		script=(-T "$work/script")
	fi
	x86_64-w64-mingw32-ld -m "$image" "${script[@]}" --strip-all --no-insert-timestamp --entry 0 --subsystem windows -o "$1" "$work/v.o"
	chmod 644 "$1"
}

make notas.exe 64 0C0A04B0 "Informática del Valle, S. A." "Editor de notas" notas notas.exe "Notas del Valle"
make notas32.exe 32 080A04B0 "Informática del Valle, S. A." "Editor de notas" notas notas.exe "Notas del Valle"

# firmado.exe is notas.exe with the signature of a certificate that signed itself
# (osslsigncode). Keys are thrown away, so that it comes out anew each time.
if command -v osslsigncode >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 3650 \
		-subj "/C=ES/O=Herramientas del Valle, S. L./CN=Herramientas del Valle" 2>/dev/null
	rm -f firmado.exe
	osslsigncode sign -certs "$work/cert.pem" -key "$work/key.pem" -h sha256 -in notas.exe -out firmado.exe >/dev/null
	chmod 644 firmado.exe
fi
