package intact

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

const tarBlock = 512

// isTar recognises the first header by its checksum (POSIX.1-2001 pax, ustar): the mark
// alone is missing in old archives.
func isTar(head []byte) bool {
	return len(head) >= tarBlock && head[0] != 0 && tarSum(head[:tarBlock])
}

// tarSum tells whether a header agrees with its checksum, the sum of its bytes with
// blanks in place of the sum itself. Old programs summed signed bytes.
func tarSum(h []byte) bool {
	want, err := strconv.ParseInt(strings.Trim(string(h[148:156]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	var plain, signed int64
	for i, c := range h {
		if i >= 148 && i < 156 {
			c = ' '
		}
		plain += int64(c)
		signed += int64(int8(c))
	}
	return want == plain || want == signed
}

// tarSize reads the length of a member: octal, or base 256 where that is too short.
func tarSize(h []byte) (int64, bool) {
	field := h[124:136]
	if field[0]&0x80 != 0 {
		if field[0] != 0x80 {
			return 0, false // negative, or beyond any file
		}
		var n int64
		for _, c := range field[1:] {
			if n > 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	text := strings.Trim(string(field), " \x00")
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 8, 64)
	return n, err == nil && n >= 0
}

// lookTar looks for the blocks of zeros at the end.
func lookTar(s *source) Result {
	const end = 2 * tarBlock
	if len(s.tail) < end || s.size%tarBlock != 0 {
		return damaged(Edges, Truncated)
	}
	if !bytes.Equal(s.tail[len(s.tail)-end:], make([]byte, end)) {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

func verifyTar(s *source) Result { return walkTar(s.stream(0)) }

// walkTar goes from header to header up to the two blocks of zeros that end an archive.
func walkTar(r io.Reader) Result {
	h := make([]byte, tarBlock)
	zeros := make([]byte, tarBlock)
	for ended := 0; ; {
		if _, err := io.ReadFull(r, h); err != nil {
			return damaged(Walked, Truncated)
		}
		if bytes.Equal(h, zeros) {
			if ended++; ended == 2 {
				return Result{Depth: Walked}
			}
			continue
		}
		if ended > 0 || !tarSum(h) {
			return damaged(Walked, Structure)
		}
		size, ok := tarSize(h)
		if !ok {
			return damaged(Walked, Structure)
		}
		if err := skipSparse(r, h); err != nil {
			return damaged(Walked, Truncated)
		}
		if !tarHasData(h[156]) {
			continue
		}
		if _, err := io.CopyN(io.Discard, r, (size+tarBlock-1)/tarBlock*tarBlock); err != nil {
			return damaged(Walked, Truncated)
		}
	}
}

// tarHasData tells whether data follow a header of this type: links, devices and folders
// have none, whatever their size says.
func tarHasData(kind byte) bool { return kind < '1' || kind > '6' }

// skipSparse skips the blocks that continue the map of a sparse file of GNU tar.
func skipSparse(r io.Reader, h []byte) error {
	if h[156] != 'S' {
		return nil
	}
	more := h[482] != 0
	block := make([]byte, tarBlock)
	for more {
		if _, err := io.ReadFull(r, block); err != nil {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		more = block[504] != 0
	}
	return nil
}
