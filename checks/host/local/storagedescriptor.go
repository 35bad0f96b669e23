package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// storageFacts is what a STORAGE_DEVICE_DESCRIPTOR of ntddstor.h tells.
type storageFacts struct {
	model, serial string
	removable     bool // a removable medium, or attached by USB or FireWire
}

var errStorageDescriptor = errors.New("damaged storage device descriptor")

// Bus types of STORAGE_BUS_TYPE whose disks are carried about.
const (
	busType1394 = 4
	busTypeUSB  = 7
	busTypeSD   = 12
)

// parseStorageDescriptor reads the answer to IOCTL_STORAGE_QUERY_PROPERTY for
// StorageDeviceProperty.
func parseStorageDescriptor(b []byte) (storageFacts, error) {
	if len(b) < 36 {
		return storageFacts{}, errStorageDescriptor
	}
	if n := binary.LittleEndian.Uint32(b[4:]); uint64(n) < uint64(len(b)) {
		b = b[:max(n, 36)]
	}
	text := func(at int) string {
		offset := binary.LittleEndian.Uint32(b[at:])
		if offset == 0 || uint64(offset) >= uint64(len(b)) {
			return ""
		}
		s, _, _ := bytes.Cut(b[offset:], []byte{0})
		return strings.TrimSpace(strings.ToValidUTF8(string(s), ""))
	}
	facts := storageFacts{
		model:  strings.TrimSpace(text(12) + " " + text(16)),
		serial: text(24),
	}
	switch binary.LittleEndian.Uint32(b[28:]) {
	case busType1394, busTypeUSB, busTypeSD:
		facts.removable = true
	default:
		facts.removable = b[10] != 0
	}
	return facts, nil
}

// parseExtents reads the numbers of the disks that a volume lies on (VOLUME_DISK_EXTENTS).
func parseExtents(b []byte) (disks []uint32) {
	const head, extent = 8, 24
	if len(b) < head {
		return nil
	}
	n := binary.LittleEndian.Uint32(b)
	for b = b[head:]; n > 0 && len(b) >= extent; n, b = n-1, b[extent:] {
		if d := binary.LittleEndian.Uint32(b); !slices.Contains(disks, d) {
			disks = append(disks, d)
		}
	}
	slices.Sort(disks)
	return disks
}
