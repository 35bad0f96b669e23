package secdesc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The SIDs of the tests, as bytes.
var (
	everyone       = []byte{1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}
	administrators = []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	person         = []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xe9, 3, 0, 0}
	faraway        = []byte{1, 1, 1, 2, 0, 0, 0, 5, 7, 0, 0, 0} // an authority over 32 bits
)

// entry makes one entry of a list.
func entry(kind, flags byte, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	return append(binary.LittleEndian.AppendUint16([]byte{kind, flags}, uint16(len(b)+aceHeaderSize)), b...)
}

func mask(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// list makes a list of entries.
func list(entries ...[]byte) []byte {
	b := bytes.Join(entries, nil)
	head := binary.LittleEndian.AppendUint16([]byte{2, 0}, uint16(len(b)+aclHeaderSize))
	head = binary.LittleEndian.AppendUint16(head, uint16(len(entries)))
	return bytes.Join([][]byte{head, {0, 0}, b}, nil)
}

// descriptor puts the parts behind a header, each where there is one.
func descriptor(control uint16, owner, group, dacl []byte) []byte {
	head := binary.LittleEndian.AppendUint16([]byte{1, 0}, control|selfRelative)
	var parts []byte
	place := func(part []byte) uint32 {
		if part == nil {
			return 0
		}
		at := headerSize + len(parts)
		parts = append(parts, part...)
		return uint32(at)
	}
	for _, at := range []uint32{place(owner), place(group), 0, place(dacl)} {
		head = binary.LittleEndian.AppendUint32(head, at)
	}
	return append(head, parts...)
}

func TestParse(t *testing.T) {
	guid := bytes.Repeat([]byte{7}, guidSize)
	for _, row := range []struct {
		name string
		data []byte
		want Descriptor
	}{
		{"a share for everybody", descriptor(daclPresent, administrators, administrators, list(entry(typeAllow, 0, mask(0x1f01ff), everyone))),
			Descriptor{Owner: "S-1-5-32-544", Group: "S-1-5-32-544", Entries: []Entry{{Who: "S-1-1-0", Allow: true, Rights: 0x1f01ff}}}},
		{"no list", descriptor(0, person, nil, nil), Descriptor{Owner: "S-1-5-21-1-2-3-1001", Unrestricted: true}},
		{"a null list", descriptor(daclPresent, nil, nil, nil), Descriptor{Unrestricted: true}},
		{"a list that is not said to be there", descriptor(0, nil, nil, list()), Descriptor{Unrestricted: true}},
		{"an empty list", descriptor(daclPresent, nil, nil, list()), Descriptor{}},
		{"denied first", descriptor(daclPresent, nil, nil, list(entry(typeDeny, 0, mask(2), person), entry(typeAllow, 3|inheritOnly, mask(0x10000000), everyone))),
			Descriptor{Entries: []Entry{{Who: "S-1-5-21-1-2-3-1001", Rights: 2}, {Who: "S-1-1-0", Allow: true, Rights: 0x10000000, InheritOnly: true}}}},
		{"conditions", descriptor(daclPresent, nil, nil, list(entry(typeAllowCallback, 0, mask(1), everyone, []byte("artx")), entry(typeDenyCallback, 0, mask(1), everyone))),
			Descriptor{Entries: []Entry{{Who: "S-1-1-0", Allow: true, Rights: 1}}}},
		{"kinds of things", descriptor(daclPresent, nil, nil, list(
			entry(typeAllowObject, 0, mask(1), mask(3), guid, guid, everyone),
			entry(typeAllowObject, 0, mask(2), mask(0), everyone),
			entry(typeDenyObject, 0, mask(4), mask(1), guid, everyone),
			entry(typeDenyObject, 0, mask(8), mask(0), everyone))),
			Descriptor{Entries: []Entry{{Who: "S-1-1-0", Allow: true, Rights: 1}, {Who: "S-1-1-0", Allow: true, Rights: 2}, {Who: "S-1-1-0", Rights: 8}}}},
		{"other types are passed over", descriptor(daclPresent, nil, nil, list(entry(0x11, 0, []byte{1}), entry(typeAllow, 0, mask(1), faraway))),
			Descriptor{Entries: []Entry{{Who: "S-1-0x010200000005-7", Allow: true, Rights: 1}}}},
		{"more behind it", append(descriptor(0, everyone, nil, nil), 1, 2, 3), Descriptor{Owner: "S-1-1-0", Unrestricted: true}},
	} {
		got, err := Parse(row.data)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.name, diff)
		}
	}
}

func TestUnsound(t *testing.T) {
	good := descriptor(daclPresent, person, administrators, list(entry(typeAllow, 0, mask(1), everyone), entry(typeDeny, 0, mask(2), person)))
	for cut := range len(good) {
		if d, err := Parse(good[:cut]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut at %d: got %+v, %v, want ErrFormat", cut, d, err)
		}
	}
	change := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for name, b := range map[string][]byte{
		"another revision":       change(0, 2),
		"pointers":               change(3, 0),
		"owner inside header":    change(4, 8),
		"owner far behind":       change(7, 0x7f),
		"too many authorities":   change(headerSize+1, 16),
		"list of another form":   change(int(good[16]), 9),
		"more entries than said": change(int(good[16])+4, 3),
		"entry without end":      change(int(good[16])+aclHeaderSize+3, 0xff),
		"over the limit":         make([]byte, MaxSize+1),
	} {
		if d, err := Parse(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %+v, %v, want ErrFormat", name, d, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(descriptor(daclPresent, person, administrators, list(entry(typeAllow, 0, mask(0x1f01ff), everyone))))
	f.Add(descriptor(daclPresent, nil, nil, list(entry(typeDenyObject, 0, mask(4), mask(3), make([]byte, 2*guidSize), everyone))))
	f.Add(descriptor(0, faraway, nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("got %v, want ErrFormat", err)
			}
			return
		}
		if d.Unrestricted && d.Entries != nil {
			t.Error("a list, and none")
		}
		for _, e := range d.Entries {
			if e.Who == "" {
				t.Error("an entry for nobody")
			}
		}
	})
}
