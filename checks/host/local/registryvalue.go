package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"vigia/checks/host"
)

// maxRegistryValue bounds one registry value.
const maxRegistryValue = 1 << 20

// The types of registry values, as winnt.h numbers them.
const (
	regSZ             = 1
	regExpandSZ       = 2
	regDWORD          = 4
	regDWORDBigEndian = 5
	regMultiSZ        = 7
	regQWORD          = 11
)

// registryValue decodes the bytes of a value. Data too short or too long for
// an integer type, which the registry does not prevent, is binary.
func registryValue(kind uint32, data []byte) host.RegistryValue {
	integer := func(n uint64) host.RegistryValue {
		return host.RegistryValue{Kind: host.RegistryInteger, Integer: n}
	}
	switch {
	case kind == regSZ || kind == regExpandSZ:
		text, _, _ := strings.Cut(utf16Text(data), "\x00")
		return host.RegistryValue{Kind: host.RegistryString, String: text}
	case kind == regMultiSZ:
		return host.RegistryValue{Kind: host.RegistryStrings, Strings: multiText(data)}
	case kind == regDWORD && len(data) == 4:
		return integer(uint64(binary.LittleEndian.Uint32(data)))
	case kind == regDWORDBigEndian && len(data) == 4:
		return integer(uint64(binary.BigEndian.Uint32(data)))
	case kind == regQWORD && len(data) == 8:
		return integer(binary.LittleEndian.Uint64(data))
	}
	return host.RegistryValue{Kind: host.RegistryBinary, Binary: data}
}

// utf16Text decodes little-endian UTF-16; a lone last byte is dropped.
func utf16Text(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// multiText decodes strings that each end in NUL, the list in an empty one.
func multiText(data []byte) []string {
	text, _, _ := strings.Cut(utf16Text(data)+"\x00\x00", "\x00\x00")
	if text = strings.TrimPrefix(text, "\x00"); text == "" {
		return []string{}
	}
	return strings.Split(text, "\x00")
}

var errBadKey = errors.New(`not a registry key that begins with HKLM\ or HKU`)

// splitKey cuts a key of host.Registry into its root, HKLM or HKU, and the
// path below, which may be empty.
func splitKey(key string) (root, path string, err error) {
	root, path, _ = strings.Cut(key, `\`)
	root = strings.ToUpper(root)
	if root != "HKLM" && root != "HKU" || strings.ContainsRune(key, 0) || strings.HasSuffix(path, `\`) {
		return "", "", fmt.Errorf("%q: %w", key, errBadKey)
	}
	return root, path, nil
}
