package directory

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// binaryValue is the bytes of a value that is no text. Each of those read here begins
// with a version of 1; a recording is text, and has them in base64.
func binaryValue(s string) []byte {
	if s == "" || s[0] == 1 {
		return []byte(s)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// Parts of a security descriptor (MS-DTYP 2.4.4.1 and 2.4.6) and rights over an entry of
// a directory (MS-ADTS 5.1.3.2).
const (
	aceAllow, aceDeny             = 0x00, 0x01
	aceAllowObject, aceDenyObject = 0x05, 0x06
	aceInheritOnly                = 0x08 // it is for entries below
	aceHasType, aceHasInherited   = 0x01, 0x02
	rightList                     = 0x04 // RIGHT_DS_LIST_CONTENTS
	rightGeneric                  = 0x90000000
)

// listsChildren tells whether a security descriptor lets a token list all children of its
// entry. False is also said of one that is damaged or has no list of rights: what cannot
// be proven is not so.
func listsChildren(descriptor []byte, token map[string]bool) bool {
	if len(descriptor) < 20 {
		return false
	}
	at := binary.LittleEndian.Uint32(descriptor[16:])
	if at == 0 || int64(at)+8 > int64(len(descriptor)) {
		return false
	}
	acl := descriptor[at:]
	count := binary.LittleEndian.Uint16(acl[4:])
	rest := acl[8:]
	for ; count > 0; count-- {
		if len(rest) < 8 {
			return false
		}
		size := int(binary.LittleEndian.Uint16(rest[2:]))
		if size < 8 || size > len(rest) {
			return false
		}
		allow, deny := listAce(rest[:size], token)
		switch {
		case deny:
			return false
		case allow:
			return true
		}
		rest = rest[size:]
	}
	return false
}

// listAce tells whether one entry of a list of rights allows or denies the token to list
// children. An entry that holds for some classes only counts where it denies.
func listAce(ace []byte, token map[string]bool) (allow, deny bool) {
	kind, sid := ace[0], ace[8:]
	if ace[1]&aceInheritOnly != 0 || binary.LittleEndian.Uint32(ace[4:])&(rightList|rightGeneric) == 0 {
		return false, false
	}
	limited := false
	if kind == aceAllowObject || kind == aceDenyObject {
		if len(sid) < 4 {
			return false, true // damaged
		}
		flags := sid[0]
		sid = sid[4:]
		for _, part := range []byte{aceHasType, aceHasInherited} {
			if flags&part == 0 {
				continue
			}
			if limited = true; len(sid) < 16 {
				return false, true
			}
			sid = sid[16:]
		}
	}
	if len(sid) < 8 || len(sid) < 8+4*int(sid[1]) {
		return false, true
	}
	if !token[sidText(string(sid[:8+4*int(sid[1])]))] {
		return false, false
	}
	switch kind {
	case aceAllow, aceAllowObject:
		return !limited, false
	case aceDeny, aceDenyObject:
		return false, true
	default:
		return false, false
	}
}

// Numbers of attributes in replPropertyMetaData: the prefix 1.2.840.113556.1.4 is 9 in
// every directory (MS-ADTS 3.1.1.2.6).
const (
	numberControl = 9<<16 | 8   // userAccountControl
	numberExpires = 9<<16 | 159 // accountExpires
)

// lastChanges reads when the attributes of an entry were last changed, by their numbers,
// out of its replPropertyMetaData (PROPERTY_META_DATA_VECTOR of MS-ADTS 3.1.1.1.9): a
// head of 16 bytes with a count, then 48 bytes each, with a time in seconds since 1601.
func lastChanges(blob []byte) map[uint32]time.Time {
	const head, each = 16, 48
	if len(blob) < head || binary.LittleEndian.Uint32(blob) != 1 {
		return nil
	}
	count := uint64(binary.LittleEndian.Uint32(blob[8:]))
	rest := blob[head:]
	if count*each > uint64(len(rest)) {
		return nil
	}
	out := make(map[uint32]time.Time, count)
	for ; count > 0; count-- {
		seconds := binary.LittleEndian.Uint64(rest[8:])
		if seconds > ticksTo1970/ticksPerSecond && seconds < 1<<40 {
			out[binary.LittleEndian.Uint32(rest)] = time.Unix(int64(seconds)-ticksTo1970/ticksPerSecond, 0).UTC()
		}
		rest = rest[each:]
	}
	return out
}
