package local

import (
	"encoding/binary"
	"errors"
	"strconv"

	"vigia/checks/host"
)

// Tags and sizes of the value of system.posix_acl_access (linux/posix_acl_xattr.h).
const (
	aclVersion    = 2
	aclHeaderSize = 4
	aclEntrySize  = 8
	// maxACL bounds the value of an extended attribute, as Linux does, in bytes.
	maxACL = 64 << 10

	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

var errBadACL = errors.New("not a sound access list")

// posixACL reads the value of system.posix_acl_access.
func posixACL(b []byte) ([]host.AccessEntry, error) {
	if len(b) < aclHeaderSize || (len(b)-aclHeaderSize)%aclEntrySize != 0 || binary.LittleEndian.Uint32(b) != aclVersion {
		return nil, errBadACL
	}
	var entries []host.AccessEntry
	for b = b[aclHeaderSize:]; len(b) > 0; b = b[aclEntrySize:] {
		rights := binary.LittleEndian.Uint16(b[2:])
		if rights > 7 {
			return nil, errBadACL
		}
		e := host.AccessEntry{Allow: true, Rights: uint32(rights)}
		id := strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[4:])), 10)
		switch binary.LittleEndian.Uint16(b) {
		case aclUserObj:
			e.Who = "user:"
		case aclUser:
			e.Who = "user:" + id
		case aclGroupObj:
			e.Who = "group:"
		case aclGroup:
			e.Who = "group:" + id
		case aclMask:
			e.Who = "mask"
		case aclOther:
			e.Who = "other"
		default:
			return nil, errBadACL
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, errBadACL
	}
	return entries, nil
}
