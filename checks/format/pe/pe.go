// Package pe reads from a Windows program or library what its maker called it, whatever
// the file is called now, and who says to have signed it.
//
// It follows the headers of a PE file ("PE Format", Microsoft Learn) to the resource
// directory, and there to the first resource of type RT_VERSION, whose texts are laid out
// as VS_VERSIONINFO describes; and to the attribute certificates, of which it reads the
// first PKCS #7 one. Code and all other resources are passed over. What it reads are
// claims: no signature is validated, neither over the file nor up to an authority.
package pe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

var (
	// ErrFormat is wrapped by the error for a file that is no PE file, or a damaged one.
	ErrFormat = errors.New("not a readable PE file")
	// ErrNoVersion is wrapped by the error for a PE file without a version resource.
	ErrNoVersion = errors.New("no version resource")
)

// Limits on input; what linkers make is far below.
const (
	maxHeader    = 1 << 20  // where the PE header begins, in bytes
	maxSections  = 96       // the loader's own
	maxEntries   = 4096     // of one level of the resource directory
	maxResource  = 64 << 10 // bytes of the version resource
	maxText      = 256      // UTF-16 units of one text that is kept
	maxNesting   = 4        // of blocks in the resource
	maxBlocks    = 2000     // in the resource
	fixedInfo    = 52       // bytes of VS_FIXEDFILEINFO
	fixedMagic   = 0xFEEF04BD
	typeVersion  = 16 // RT_VERSION
	optional32   = 0x10B
	optional64   = 0x20B
	sectionSize  = 40
	resourceSlot = 2 // of the data directories
	securitySlot = 4
)

// A Version is what a version resource says; a text that it lacks is empty.
type Version struct {
	Product     string // ProductName
	Company     string // CompanyName
	Description string // FileDescription
	Original    string // OriginalFilename
	Internal    string // InternalName
	// File is the file's version from the fixed part, as "1.2.3.4".
	File string
}

// ReadVersion reads the version resource of a PE file. It reads a few small parts of the
// file, never all of it.
func ReadVersion(r io.ReaderAt) (Version, error) {
	f, err := open(r)
	if err != nil {
		return Version{}, err
	}
	if f.resources == 0 {
		return Version{}, fmt.Errorf("%w: no resources", ErrNoVersion)
	}
	b, err := f.version()
	if err != nil {
		return Version{}, err
	}
	var v Version
	p := parser{b: b, v: &v, left: maxBlocks}
	p.block(0, len(b), 0)
	if !p.found {
		return Version{}, fmt.Errorf("%w: version resource", ErrFormat)
	}
	return v, nil
}

// file is an open PE file.
type file struct {
	r         io.ReaderAt
	sections  []section
	resources uint32 // relative virtual address of the resource directory; 0: none
	// security is where the attribute certificates are in the file, and their bytes.
	security struct{ at, size uint32 }
}

// section says which part of the file is where in memory.
type section struct{ address, size, offset uint32 }

func open(r io.ReaderAt) (*file, error) {
	f := &file{r: r}
	var dos [64]byte
	if err := f.read(dos[:], 0); err != nil {
		return nil, err
	}
	at := binary.LittleEndian.Uint32(dos[60:])
	if string(dos[:2]) != "MZ" || at > maxHeader {
		return nil, fmt.Errorf("%w: DOS header", ErrFormat)
	}
	// Signature, COFF header and as much of the optional header as is needed.
	var h [24 + 112 + 8*(securitySlot+1)]byte
	n, err := f.r.ReadAt(h[:], int64(at))
	if n < 24 || string(h[:4]) != "PE\x00\x00" {
		return nil, fmt.Errorf("%w: PE header%s", ErrFormat, cause(err))
	}
	sections, optional := int(binary.LittleEndian.Uint16(h[6:])), int(binary.LittleEndian.Uint16(h[20:]))
	directories := 0 // where the table of data directories begins in the optional header
	switch binary.LittleEndian.Uint16(h[24:]) {
	case optional32:
		directories = 96
	case optional64:
		directories = 112
	}
	if directories == 0 || n < 24+directories || optional < directories || sections == 0 || sections > maxSections {
		return nil, fmt.Errorf("%w: optional header", ErrFormat)
	}
	// directory reads a slot of the table, zeros where the table does not have it.
	count := binary.LittleEndian.Uint32(h[24+directories-4:])
	directory := func(slot int) (at, size uint32) {
		if i := 24 + directories + 8*slot; count > uint32(slot) && optional >= directories+8*(slot+1) && n >= i+8 {
			at, size = binary.LittleEndian.Uint32(h[i:]), binary.LittleEndian.Uint32(h[i+4:])
		}
		return at, size
	}
	f.resources, _ = directory(resourceSlot)
	f.security.at, f.security.size = directory(securitySlot)
	table := make([]byte, sectionSize*sections)
	if err := f.read(table, int64(at)+24+int64(optional)); err != nil {
		return nil, err
	}
	for s := range sections {
		e := table[sectionSize*s:]
		f.sections = append(f.sections, section{
			address: binary.LittleEndian.Uint32(e[12:]),
			size:    binary.LittleEndian.Uint32(e[16:]),
			offset:  binary.LittleEndian.Uint32(e[20:]),
		})
	}
	return f, nil
}

// read fills b from the file; its end is a damaged file.
func (f *file) read(b []byte, at int64) error {
	n, err := f.r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the file ends early", ErrFormat)
	}
	return fmt.Errorf("read PE file: %w", err)
}

// cause says an error of reading that is not the end of the file.
func cause(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return ""
	}
	return ": " + err.Error()
}

// at reads n bytes at a relative virtual address.
func (f *file) at(address uint32, n int) ([]byte, error) {
	for _, s := range f.sections {
		if address < s.address || uint64(address)+uint64(n) > uint64(s.address)+uint64(s.size) {
			continue
		}
		b := make([]byte, n)
		return b, f.read(b, int64(s.offset)+int64(address-s.address))
	}
	return nil, fmt.Errorf("%w: an address outside the sections", ErrFormat)
}

// version reads the first version resource, in whichever language it is.
func (f *file) version() ([]byte, error) {
	at, err := f.entry(0, typeVersion) // type, then name, then language
	for range 2 {
		if err == nil {
			at, err = f.entry(at&^directory, first)
		}
	}
	if err != nil {
		return nil, err
	}
	if at&directory != 0 {
		return nil, fmt.Errorf("%w: resource directory", ErrFormat)
	}
	data, err := f.at(f.resources+at, 16)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(data[4:])
	if size > maxResource {
		return nil, fmt.Errorf("%w: a version resource of %d bytes", ErrFormat, size)
	}
	return f.at(binary.LittleEndian.Uint32(data), int(size))
}

const (
	directory = 1 << 31 // marks an offset that leads to another level
	first     = -1
)

// entry finds the entry of a level with an id, or the first one of all, and returns where
// it leads. All but the lowest level must lead to another.
func (f *file) entry(level uint32, id int) (uint32, error) {
	head, err := f.at(f.resources+level, 16)
	if err != nil {
		return 0, err
	}
	named, numbered := int(binary.LittleEndian.Uint16(head[12:])), int(binary.LittleEndian.Uint16(head[14:]))
	if named+numbered > maxEntries {
		return 0, fmt.Errorf("%w: %d resources", ErrFormat, named+numbered)
	}
	entries, err := f.at(f.resources+level+16, 8*(named+numbered))
	if err != nil {
		return 0, err
	}
	if id != first {
		entries = entries[8*named:] // those with a name come before
	}
	for ; len(entries) > 0; entries = entries[8:] {
		if id == first || binary.LittleEndian.Uint32(entries) == uint32(id) {
			to := binary.LittleEndian.Uint32(entries[4:])
			if id != first && to&directory == 0 {
				return 0, fmt.Errorf("%w: resource directory", ErrFormat)
			}
			return to, nil
		}
	}
	return 0, ErrNoVersion
}

// parser reads the blocks of a version resource, which are nested: each has a length, the
// length of its value, whether that is text, a name, the value, and blocks of its own,
// all at multiples of four.
type parser struct {
	b     []byte
	v     *Version
	left  int // blocks that may still be read
	found bool
}

// block reads the block that begins at, up to end, and returns where it ends.
func (p *parser) block(at, end, depth int) int {
	if p.left--; p.left < 0 || at+6 > end {
		return end
	}
	length, value := int(binary.LittleEndian.Uint16(p.b[at:])), int(binary.LittleEndian.Uint16(p.b[at+2:]))
	isText := binary.LittleEndian.Uint16(p.b[at+4:]) == 1
	if length < 6 || at+length > end {
		return end
	}
	next := align(at + length)
	end = at + length
	name, at := p.text(at+6, end, 64)
	at = align(at)
	switch {
	case depth == 0:
		if name != "VS_VERSION_INFO" {
			return next
		}
		p.found = true
		p.fixed(at, end)
		at = align(at + value)
	case depth == 1 && name != "StringFileInfo":
		return next
	case depth == 3:
		if isText || value > 0 {
			text, _ := p.text(at, end, maxText)
			p.keep(name, text)
		}
		return next
	}
	if depth < maxNesting {
		for at < end {
			at = p.block(at, end, depth+1)
		}
	}
	return next
}

func align(at int) int { return (at + 3) &^ 3 }

// text reads a text of UTF-16 up to its NUL or end, of which it keeps most units, and
// returns where what is behind it begins.
func (p *parser) text(at, end, most int) (string, int) {
	var units []uint16
	for at+2 <= end {
		u := binary.LittleEndian.Uint16(p.b[at:])
		at += 2
		if u == 0 {
			break
		}
		if len(units) < most {
			units = append(units, u)
		}
	}
	return string(utf16.Decode(units)), at
}

// fixed reads the version number of the file.
func (p *parser) fixed(at, end int) {
	if at+fixedInfo > end || binary.LittleEndian.Uint32(p.b[at:]) != fixedMagic {
		return
	}
	high, low := binary.LittleEndian.Uint32(p.b[at+8:]), binary.LittleEndian.Uint32(p.b[at+12:])
	p.v.File = fmt.Sprintf("%d.%d.%d.%d", high>>16, high&0xFFFF, low>>16, low&0xFFFF)
}

// keep takes a text; of several languages the first that says it holds.
func (p *parser) keep(name, text string) {
	var to *string
	switch name {
	case "ProductName":
		to = &p.v.Product
	case "CompanyName":
		to = &p.v.Company
	case "FileDescription":
		to = &p.v.Description
	case "OriginalFilename":
		to = &p.v.Original
	case "InternalName":
		to = &p.v.Internal
	default:
		return
	}
	if *to == "" {
		*to = text
	}
}
