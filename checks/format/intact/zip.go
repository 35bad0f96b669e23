package intact

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

const (
	zipMaxFiles   = 200_000
	zipEncrypted  = 0x1
	zipCommentMax = 1 << 16
)

// lookZip reads the directory at the end (APPNOTE.TXT 4.3).
func lookZip(s *source) Result {
	_, res := openZip(s)
	return res
}

func openZip(s *source) (*zip.Reader, Result) {
	const end, most = "PK\x05\x06", 22 + zipCommentMax
	tail := s.tail
	if !bytes.Contains(tail, []byte(end)) {
		tail = s.part(max(s.size-most, 0), min(s.size, most))
	}
	i := bytes.LastIndex(tail, []byte(end))
	if i < 0 || len(tail)-i < 22 {
		return nil, damaged(Edges, Truncated)
	}
	files, bytesOf := binary.LittleEndian.Uint16(tail[i+10:]), binary.LittleEndian.Uint32(tail[i+12:])
	if files == 0xffff && s.size > 0xffff*46 || bytesOf != 0xffffffff && bytesOf > zipMaxFiles*128 {
		return nil, Result{Depth: Edges, Limit: TooMany}
	}
	z, err := zip.NewReader(s, s.size)
	if err != nil {
		return nil, damaged(Edges, Structure)
	}
	if len(z.File) > zipMaxFiles {
		return nil, Result{Depth: Edges, Limit: TooMany}
	}
	// Folders and empty files alone are no copy of anything.
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.UncompressedSize64 > 0 }) {
		return nil, damaged(Edges, Empty)
	}
	return z, Result{Depth: Edges}
}

// verifyZip unpacks every member and compares its CRC.
func verifyZip(s *source) Result {
	z, res := openZip(s)
	if z == nil {
		return res
	}
	out := Result{Depth: Whole}
	var flat io.ReadCloser
	all := &members{s: s, deep: s.deep + 2}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if f.Flags&zipEncrypted != 0 {
			out.Depth, out.Limit = Edges, Encrypted
			continue
		}
		if f.Method != zip.Store && f.Method != zip.Deflate {
			out.Depth, out.Limit = Edges, Method
			continue
		}
		raw, err := f.OpenRaw()
		if err != nil {
			return damaged(Whole, Structure)
		}
		content := raw
		if f.Method == zip.Deflate {
			if flat == nil {
				flat = flate.NewReader(raw)
			} else if err := flat.(flate.Resetter).Reset(raw, nil); err != nil {
				return damaged(Whole, Structure)
			}
			content = flat
		}
		sum := crc32.NewIEEE()
		in := &faults{ctx: s.ctx, r: content}
		full := all.next(io.TeeReader(in, sum), f.Name, int64(f.UncompressedSize64))
		switch {
		case errors.Is(in.err, io.ErrUnexpectedEOF):
			return damaged(Whole, Truncated)
		case in.err != nil:
			return damaged(Whole, Structure)
		case !full || sum.Sum32() != f.CRC32:
			return damaged(Whole, Checksum)
		}
	}
	if out.Limit == "" {
		out.Damage = all.verdict()
	}
	return out
}
