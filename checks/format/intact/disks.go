package intact

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the format's own sum
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

const vhdFooter = 512

func isVHD(s *source) bool {
	return bytes.HasPrefix(s.head, []byte("conectix")) ||
		len(s.tail) >= vhdFooter && bytes.HasPrefix(s.tail[len(s.tail)-vhdFooter:], []byte("conectix"))
}

// vhdSum tells whether a footer or header agrees with its checksum: the complement of
// the sum of its bytes without the sum (Virtual Hard Disk Image Format Specification).
func vhdSum(b []byte, at int) bool {
	var sum uint32
	for i, c := range b {
		if i < at || i >= at+4 {
			sum += uint32(c)
		}
	}
	return ^sum == binary.BigEndian.Uint32(b[at:])
}

// lookVHD verifies the footer, its copy at the beginning and the table of a dynamic disk.
func lookVHD(s *source) Result {
	const dynamic, differencing = 3, 4
	footer := s.part(s.size-vhdFooter, vhdFooter)
	if footer == nil || string(footer[:8]) != "conectix" {
		return damaged(Edges, Truncated)
	}
	if !vhdSum(footer, 64) {
		return damaged(Edges, Checksum)
	}
	kind := binary.BigEndian.Uint32(footer[60:])
	if kind != dynamic && kind != differencing {
		if int64(binary.BigEndian.Uint64(footer[48:])) != s.size-vhdFooter {
			return damaged(Edges, Structure)
		}
		return Result{Depth: Edges}
	}
	header := s.part(int64(binary.BigEndian.Uint64(footer[16:])), 1024)
	switch {
	case header == nil || string(header[:8]) != "cxsparse":
		return damaged(Edges, Structure)
	case !vhdSum(header, 36):
		return damaged(Edges, Checksum)
	}
	const maxTable = 16 << 20
	table, entries := int64(binary.BigEndian.Uint64(header[16:])), int64(binary.BigEndian.Uint32(header[28:]))
	block := int64(binary.BigEndian.Uint32(header[32:]))
	if entries*4 > maxTable {
		return Result{Depth: Edges}
	}
	bat := s.part(table, entries*4)
	if bat == nil {
		return damaged(Edges, Structure)
	}
	for ; len(bat) > 0; bat = bat[4:] {
		if sector := binary.BigEndian.Uint32(bat); sector != 0xffffffff && int64(sector)*512+block > s.size {
			return damaged(Edges, Truncated)
		}
	}
	return Result{Depth: Edges}
}

// crc32c is the sum of [MS-VHDX] and of PostgreSQL's files.
func crc32c(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// sumWithout is crc32c of b with the four bytes at 4 as zeros, where MS-VHDX keeps it.
func sumWithout(b []byte) uint32 {
	zeroed := append([]byte(nil), b...)
	copy(zeroed[4:8], []byte{0, 0, 0, 0})
	return crc32c(zeroed)
}

// lookVHDX verifies the headers, the table of regions and that all blocks lie inside
// ([MS-VHDX] 2.2).
func lookVHDX(s *source) Result {
	const headerAt, headerSize, regionAt, regionSize, unit = 64 << 10, 4 << 10, 192 << 10, 64 << 10, 1 << 20
	if s.size%unit != 0 {
		return damaged(Edges, Truncated)
	}
	var current []byte
	for i := range int64(2) {
		h := s.part((i+1)*headerAt, headerSize)
		if h == nil {
			return damaged(Edges, Truncated)
		}
		if string(h[:4]) == "head" && sumWithout(h) == binary.LittleEndian.Uint32(h[4:]) &&
			(current == nil || binary.LittleEndian.Uint64(h[8:]) > binary.LittleEndian.Uint64(current[8:])) {
			current = h
		}
	}
	if current == nil {
		return damaged(Edges, Checksum)
	}
	if !bytes.Equal(current[48:64], make([]byte, 16)) {
		return damaged(Edges, Unfinished) // its log was not played back: it was not closed
	}
	var regions []byte
	for i := range int64(2) {
		r := s.part(regionAt+i*regionSize, regionSize)
		if r != nil && string(r[:4]) == "regi" && sumWithout(r) == binary.LittleEndian.Uint32(r[4:]) {
			regions = r
			break
		}
	}
	if regions == nil {
		return damaged(Edges, Checksum)
	}
	return vhdxBlocks(s, regions)
}

// vhdxBlocks looks at the block allocation table of a disk.
func vhdxBlocks(s *source, regions []byte) Result {
	const maxTable, present, partly, block = 32 << 20, 6, 7, 1 << 20
	bat := []byte{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42, 0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08}
	n := min(int(binary.LittleEndian.Uint32(regions[8:])), 2047)
	for i := range n {
		e := regions[16+32*i : 16+32*(i+1)]
		off, length := int64(binary.LittleEndian.Uint64(e[16:])), int64(binary.LittleEndian.Uint32(e[24:]))
		if off < 0 || off > s.size || length > s.size-off {
			return damaged(Edges, Truncated)
		}
		if !bytes.Equal(e[:16], bat) || length > maxTable {
			continue
		}
		table := s.part(off, length)
		if table == nil {
			return damaged(Edges, Truncated)
		}
		for ; len(table) >= 8; table = table[8:] {
			entry := binary.LittleEndian.Uint64(table)
			if state := entry & 7; (state == present || state == partly) && int64(entry>>20)*block+block > s.size {
				return damaged(Edges, Truncated)
			}
		}
	}
	return Result{Depth: Edges}
}

const (
	vmaHeader     = 12288 // the fixed part, before names and settings
	vmaMaxHeader  = 32 << 20
	vmaExtent     = 512
	vmaBlock      = 4096
	vmaMaxExtents = 59 * 16 // blocks of one
)

// lookVMA verifies the header of an archive of a virtual machine (vma_spec.txt of
// Proxmox).
func lookVMA(s *source) Result {
	return vmaHead(s.stream(0))
}

func vmaHead(r io.Reader) Result {
	h := make([]byte, 60)
	if _, err := io.ReadFull(r, h); err != nil {
		return damaged(Edges, Truncated)
	}
	size := int64(binary.BigEndian.Uint32(h[56:]))
	if size < vmaHeader || size > vmaMaxHeader {
		return damaged(Edges, Structure)
	}
	all := make([]byte, size)
	copy(all, h)
	if _, err := io.ReadFull(r, all[len(h):]); err != nil {
		return damaged(Edges, Truncated)
	}
	if !vmaSum(all, 32) {
		return damaged(Edges, Checksum)
	}
	return Result{Depth: Edges}
}

// vmaSum tells whether a header agrees with the MD5 that stands in it, made with zeros
// in its place.
func vmaSum(b []byte, at int) bool {
	want := append([]byte(nil), b[at:at+16]...)
	copy(b[at:], make([]byte, 16))
	got := md5.Sum(b) //nolint:gosec // as above
	copy(b[at:], want)
	return bytes.Equal(got[:], want)
}

func verifyVMA(s *source) Result { return walkVMA(s.stream(0)) }

// walkVMA goes from extent to extent: their headers carry a sum, their blocks none.
func walkVMA(r io.Reader) Result {
	if res := vmaHead(r); res.Damage != "" {
		return res
	}
	h := make([]byte, vmaExtent)
	for {
		_, err := io.ReadFull(r, h)
		if errors.Is(err, io.EOF) {
			return Result{Depth: Walked}
		}
		if err != nil {
			return damaged(Walked, Truncated)
		}
		blocks := int64(binary.BigEndian.Uint16(h[6:]))
		if string(h[:4]) != "VMAE" || blocks > vmaMaxExtents || !vmaSum(h, 24) {
			return damaged(Walked, Structure)
		}
		if _, err := io.CopyN(io.Discard, r, blocks*vmaBlock); err != nil {
			return damaged(Walked, Truncated)
		}
	}
}

// lookSQLite compares the number of pages with the size of the file (SQLite Database
// File Format 1.3).
func lookSQLite(s *source) Result {
	h := s.head
	if len(h) < 100 {
		return damaged(Edges, Truncated)
	}
	page := int64(binary.BigEndian.Uint16(h[16:]))
	if page == 1 {
		page = 65536
	}
	if page < 512 || page&(page-1) != 0 {
		return damaged(Edges, Structure)
	}
	pages := int64(binary.BigEndian.Uint32(h[28:]))
	valid := pages > 0 && bytes.Equal(h[24:28], h[92:96])
	if s.size%page != 0 || valid && pages*page > s.size {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

func isAccess(s *source) bool {
	return len(s.head) > 24 && string(s.head[:4]) == "\x00\x01\x00\x00" &&
		(string(s.head[4:19]) == "Standard Jet DB" || string(s.head[4:19]) == "Standard ACE DB")
}

// lookAccess: a database of Access is a number of whole pages.
func lookAccess(s *source) Result {
	page := int64(4096)
	if s.head[20] == 0 { // Jet 3
		page = 2048
	}
	if s.size%page != 0 {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}
