// Package rpm reads the header of an installed package as rpm keeps it in the table
// Packages of its database: what the package is called, its version and who made it.
//
// A header is a list of index entries and a store that they point into
// (https://rpm-software-management.github.io/rpm/manual/format_header.html). Names of
// files, scripts and signatures are passed over; nothing of it is verified.
package rpm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// ErrHeader is wrapped by the error for bytes that are no header of a package.
var ErrHeader = errors.New("not an rpm header")

// Limits on input, rpm's own.
const (
	maxEntries = 0xFFFF
	maxStore   = 256 << 20
	maxText    = 1 << 10 // bytes of a text that is kept
)

// A Package is what a header says of an installed package.
type Package struct {
	Name    string
	Epoch   int64 // 0 when there is none
	Version string
	Release string
	Arch    string // "noarch", "x86_64"; empty for a public key, which is kept as a package
	Vendor  string // who made it, as the maker says; may be empty
}

// EVR is the version as rpm writes it: epoch if there is one, version and release.
func (p Package) EVR() string {
	s := p.Version + "-" + p.Release
	if p.Epoch != 0 {
		s = strconv.FormatInt(p.Epoch, 10) + ":" + s
	}
	return s
}

// Tags and types, see rpmtag.h.
const (
	tagName    = 1000
	tagVersion = 1001
	tagRelease = 1002
	tagEpoch   = 1003
	tagVendor  = 1011
	tagArch    = 1022

	typeInt32  = 4
	typeString = 6
)

// Parse reads a header as the database holds it, which is without the eight bytes of
// magic of a package file. It may be cut off behind what is read of it: the store is in
// the order of the tags, and those are at its beginning.
func Parse(b []byte) (Package, error) {
	if len(b) < 8 {
		return Package{}, fmt.Errorf("%w: too short", ErrHeader)
	}
	entries, size := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if entries == 0 || entries > maxEntries || size > maxStore || int64(len(b)) < 8+16*int64(entries) {
		return Package{}, fmt.Errorf("%w: %d entries, %d bytes", ErrHeader, entries, size)
	}
	index := b[8 : 8+16*entries]
	store := b[8+16*entries:]
	store = store[:min(uint32(len(store)), size)]
	var p Package
	for ; len(index) > 0; index = index[16:] {
		tag, kind := binary.BigEndian.Uint32(index), binary.BigEndian.Uint32(index[4:])
		at, count := binary.BigEndian.Uint32(index[8:]), binary.BigEndian.Uint32(index[12:])
		var text *string
		switch tag {
		case tagName:
			text = &p.Name
		case tagVersion:
			text = &p.Version
		case tagRelease:
			text = &p.Release
		case tagVendor:
			text = &p.Vendor
		case tagArch:
			text = &p.Arch
		case tagEpoch:
			if kind != typeInt32 || count == 0 || uint64(at)+4 > uint64(len(store)) {
				return Package{}, fmt.Errorf("%w: epoch", ErrHeader)
			}
			p.Epoch = int64(binary.BigEndian.Uint32(store[at:]))
			continue
		default:
			continue
		}
		if kind != typeString || uint64(at) >= uint64(len(store)) {
			return Package{}, fmt.Errorf("%w: tag %d", ErrHeader, tag)
		}
		value, _, ended := bytes.Cut(store[at:min(uint64(len(store)), uint64(at)+maxText)], []byte{0})
		if !ended {
			return Package{}, fmt.Errorf("%w: tag %d has no end", ErrHeader, tag)
		}
		*text = string(value)
	}
	if p.Name == "" || p.Version == "" || p.Release == "" {
		return Package{}, fmt.Errorf("%w: no name, version or release", ErrHeader)
	}
	return p, nil
}
