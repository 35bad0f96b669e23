// Package secdesc reads self-relative security descriptors of Windows ([MS-DTYP]
// 2.4.6): what the system answers for a file or key, and what it keeps as a binary value
// in the registry, for a share or a service.
//
// It tells who may do what, and nothing of auditing. Of entries that only hold under a
// condition it keeps those that allow and leaves out those that deny: what it reports is
// never less than what somebody may do. It imports nothing of ours.
package secdesc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxSize bounds a descriptor, in bytes: two lists of the format's own limit and the rest.
const MaxSize = 2*0xffff + 4096

// ErrFormat is wrapped by the error for bytes that are no sound descriptor.
var ErrFormat = errors.New("not a sound security descriptor")

// Descriptor is what a security descriptor says of access.
type Descriptor struct {
	// Owner and Group are SIDs, empty when the descriptor names none.
	Owner, Group string
	// Unrestricted: there is no list, or a null one: everybody may do everything. A list
	// without entries is the contrary.
	Unrestricted bool
	Entries      []Entry // in the order in which they are evaluated
}

// Entry allows or denies somebody something.
type Entry struct {
	Who    string // SID
	Allow  bool
	Rights uint32 // access mask ([MS-DTYP] 2.4.3), generic rights as they stand
	// InheritOnly entries bind only what is made below the object.
	InheritOnly bool
}

// Control bits, flags of entries and types of entries ([MS-DTYP] 2.4.6, 2.4.4.1).
const (
	daclPresent  = 0x0004
	selfRelative = 0x8000

	inheritOnly = 0x08

	typeAllow               = 0x00
	typeDeny                = 0x01
	typeAllowObject         = 0x05
	typeDenyObject          = 0x06
	typeAllowCallback       = 0x09
	typeDenyCallback        = 0x0a
	typeAllowCallbackObject = 0x0b
	typeDenyCallbackObject  = 0x0c
)

const (
	headerSize    = 20
	aclHeaderSize = 8
	aceHeaderSize = 4
	guidSize      = 16
)

// Parse reads a descriptor. What follows it is passed over, as the registry may keep
// more.
func Parse(b []byte) (Descriptor, error) {
	if len(b) < headerSize || len(b) > MaxSize || b[0] != 1 {
		return Descriptor{}, ErrFormat
	}
	control := binary.LittleEndian.Uint16(b[2:])
	if control&selfRelative == 0 {
		return Descriptor{}, fmt.Errorf("pointers instead of offsets: %w", ErrFormat)
	}
	var d Descriptor
	for _, part := range []struct {
		to *string
		at uint32
	}{
		{&d.Owner, binary.LittleEndian.Uint32(b[4:])},
		{&d.Group, binary.LittleEndian.Uint32(b[8:])},
	} {
		if part.at == 0 {
			continue
		}
		rest, err := from(b, part.at)
		if err != nil {
			return Descriptor{}, err
		}
		if *part.to, err = sid(rest); err != nil {
			return Descriptor{}, err
		}
	}
	dacl := binary.LittleEndian.Uint32(b[16:])
	if control&daclPresent == 0 || dacl == 0 {
		d.Unrestricted = true
		return d, nil
	}
	rest, err := from(b, dacl)
	if err != nil {
		return Descriptor{}, err
	}
	if d.Entries, err = acl(rest); err != nil {
		return Descriptor{}, err
	}
	return d, nil
}

// from returns what begins at an offset, which lies behind the header.
func from(b []byte, at uint32) ([]byte, error) {
	if at < headerSize || uint64(at) >= uint64(len(b)) {
		return nil, fmt.Errorf("offset %d of %d bytes: %w", at, len(b), ErrFormat)
	}
	return b[at:], nil
}

// acl reads a list ([MS-DTYP] 2.4.5).
func acl(b []byte) ([]Entry, error) {
	if len(b) < aclHeaderSize || b[0] < 2 || b[0] > 4 {
		return nil, fmt.Errorf("access list: %w", ErrFormat)
	}
	size, count := int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint16(b[4:]))
	if size < aclHeaderSize || size > len(b) {
		return nil, fmt.Errorf("access list of %d bytes: %w", size, ErrFormat)
	}
	b = b[aclHeaderSize:size]
	var entries []Entry
	for range count {
		if len(b) < aceHeaderSize {
			return nil, fmt.Errorf("access entry: %w", ErrFormat)
		}
		size := int(binary.LittleEndian.Uint16(b[2:]))
		if size < aceHeaderSize || size > len(b) {
			return nil, fmt.Errorf("access entry of %d bytes: %w", size, ErrFormat)
		}
		e, ok, err := ace(b[0], b[1], b[aceHeaderSize:size])
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
		b = b[size:]
	}
	return entries, nil
}

// ace reads one entry after its header. ok is false for one that allows and denies
// nobody anything for certain: those of other types, and denials under a condition.
func ace(kind, flags byte, b []byte) (e Entry, ok bool, err error) {
	object := false
	switch kind {
	case typeAllow, typeAllowCallback:
		e.Allow = true
	case typeAllowObject, typeAllowCallbackObject:
		e.Allow, object = true, true
	case typeDeny:
	case typeDenyObject:
		object = true
	default: // typeDenyCallback and typeDenyCallbackObject among them
		return Entry{}, false, nil
	}
	if len(b) < 4 {
		return Entry{}, false, fmt.Errorf("access entry: %w", ErrFormat)
	}
	e.Rights = binary.LittleEndian.Uint32(b)
	e.InheritOnly = flags&inheritOnly != 0
	b = b[4:]
	if object { // which kind of thing below a directory's entry; of files, any
		if len(b) < 4 {
			return Entry{}, false, fmt.Errorf("access entry: %w", ErrFormat)
		}
		present := binary.LittleEndian.Uint32(b)
		skip := 4 + guidSize*int(present&1+present>>1&1)
		if len(b) < skip {
			return Entry{}, false, fmt.Errorf("access entry: %w", ErrFormat)
		}
		if kind == typeDenyObject && skip > 4 {
			return Entry{}, false, nil // of one kind of thing only
		}
		b = b[skip:]
	}
	e.Who, err = sid(b)
	return e, err == nil, err
}

// maxSubAuthorities is the format's own limit.
const maxSubAuthorities = 15

// sid writes a SID as text ([MS-DTYP] 2.4.2.1).
func sid(b []byte) (string, error) {
	if len(b) < 8 || b[0] != 1 || b[1] > maxSubAuthorities || len(b) < 8+4*int(b[1]) {
		return "", fmt.Errorf("SID: %w", ErrFormat)
	}
	authority := binary.BigEndian.Uint64(b) & (1<<48 - 1)
	var s strings.Builder
	s.WriteString("S-1-")
	if authority < 1<<32 {
		s.WriteString(strconv.FormatUint(authority, 10))
	} else {
		fmt.Fprintf(&s, "0x%012X", authority)
	}
	for i := range int(b[1]) {
		s.WriteByte('-')
		s.WriteString(strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10))
	}
	return s.String(), nil
}
