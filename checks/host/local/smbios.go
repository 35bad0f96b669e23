package local

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// smbiosFacts is what the inventory wants of an SMBIOS table (DMTF DSP0134).
type smbiosFacts struct {
	vendor, model, serial string
	chassis               int    // 0: not told
	uuid                  string // of the system, as RFC 9562 writes it; empty: not told
	board                 string // serial number of the board
}

var errSMBIOS = errors.New("damaged SMBIOS table")

// parseSMBIOS reads the table as GetSystemFirmwareTable hands it over: eight bytes, of
// which the second and third are the version, and the last four the length, then the
// structures. A damaged
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
			if len(fixed) >= 24 {
				facts.uuid = smbiosUUID([16]byte(fixed[8:24]), raw[1] > 2 || raw[1] == 2 && raw[2] >= 6)
			}
		case 2: // board: of several the first
			facts.board = cmp.Or(facts.board, text(7))
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

// smbiosUUID writes a UUID as Linux does. Since version 2.6 its first three fields have the
// low byte first (DSP0134 7.2.1).
func smbiosUUID(b [16]byte, swapped bool) string {
	if swapped {
		b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
		b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
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
