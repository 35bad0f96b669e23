package local

import (
	"encoding/binary"
	"errors"
	"strings"
)

// smbiosFacts is what the inventory wants of an SMBIOS table (DMTF DSP0134).
type smbiosFacts struct {
	vendor, model, serial string
	chassis               int // 0: not told
}

var errSMBIOS = errors.New("damaged SMBIOS table")

// parseSMBIOS reads the table as GetSystemFirmwareTable hands it over: eight
// bytes of which the last four are the length, then the structures. A damaged
// table gives what stood before the damage, and an error.
func parseSMBIOS(raw []byte) (smbiosFacts, error) {
	var facts smbiosFacts
	if len(raw) < 8 {
		return facts, errSMBIOS
	}
	table := raw[8:]
	if n := binary.LittleEndian.Uint32(raw[4:8]); uint64(n) < uint64(len(table)) {
		table = table[:n]
	}
	for len(table) >= 4 {
		kind, size := table[0], int(table[1])
		if size < 4 || size > len(table) {
			return facts, errSMBIOS
		}
		fixed := table[:size]
		strs, rest, ok := smbiosStrings(table[size:])
		if !ok {
			return facts, errSMBIOS
		}
		text := func(at int) string {
			if at >= len(fixed) || fixed[at] == 0 || int(fixed[at]) > len(strs) {
				return ""
			}
			return strings.TrimSpace(strs[fixed[at]-1])
		}
		switch kind {
		case 1: // system
			facts.vendor, facts.model, facts.serial = text(4), text(5), text(7)
		case 3: // enclosure: the high bit of the type tells of a lock
			if len(fixed) > 5 && facts.chassis == 0 {
				facts.chassis = int(fixed[5] & 0x7f)
			}
		case 127:
			return facts, nil
		}
		table = rest
	}
	return facts, nil
}

// smbiosStrings reads the strings after a structure: each ends in NUL, the set
// in one NUL more; a set without strings is two NULs.
func smbiosStrings(b []byte) (strs []string, rest []byte, ok bool) {
	end := strings.Index(string(b), "\x00\x00")
	if end < 0 {
		return nil, nil, false
	}
	if end > 0 {
		strs = strings.Split(string(b[:end]), "\x00")
	}
	return strs, b[end+2:], true
}
