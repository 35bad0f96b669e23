package intact

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

const armorBegin, armorEnd = "-----BEGIN PGP ", "-----END PGP "

// isOpenPGP tells of a message of OpenPGP by its name and its first byte: every packet
// begins with a bit that no letter has (RFC 4880, 4.2).
func isOpenPGP(s *source) bool {
	return promised(s.name) == "openpgp" && len(s.head) > 0 && (s.head[0]&0x80 != 0 || bytes.HasPrefix(s.head, []byte(armorBegin)))
}

func lookOpenPGP(s *source) Result {
	if s.head[0]&0x80 == 0 && !bytes.Contains(s.tail, []byte(armorEnd)) {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: Edges}
}

// verifyOpenPGP goes from packet to packet up to the end. What is in them is encrypted.
func verifyOpenPGP(s *source) Result {
	walked := Result{Depth: Walked, Limit: Encrypted}
	if s.head[0]&0x80 == 0 {
		return walked
	}
	r := bufio.NewReaderSize(s.stream(0), bufferSize)
	for packets := 0; ; packets++ {
		tag, err := r.ReadByte()
		if errors.Is(err, io.EOF) && packets > 0 {
			return walked
		}
		if err != nil {
			return damaged(Walked, Truncated)
		}
		kind := tag & 0x3f
		if tag&0x40 == 0 {
			kind = tag >> 2 & 0xf
		}
		if tag&0x80 == 0 || !pgpKind(kind, packets == 0) {
			return damaged(Walked, Structure)
		}
		for more := true; more; {
			var n int64
			if n, more, err = pgpLength(r, tag); err == nil && n < 0 {
				return walked // up to the end, wherever that is
			}
			if err == nil {
				_, err = io.CopyN(io.Discard, r, n)
			}
			if err != nil {
				return damaged(Walked, Truncated)
			}
		}
	}
}

// pgpKind tells of a kind of packet that a message has, or begins with: keys for the data,
// signatures, packed or literal or encrypted data.
func pgpKind(kind byte, begins bool) bool {
	switch kind {
	case 1, 2, 3, 4, 8, 9, 10, 11, 18, 20:
		return true
	case 19, 21:
		return !begins
	}
	return false
}

// pgpLength reads a length: -1 for one that is not told, and more where another part of
// the same packet follows.
func pgpLength(r *bufio.Reader, tag byte) (n int64, more bool, err error) {
	number := func(bytes int) (int64, error) {
		b := make([]byte, 8)
		_, err := io.ReadFull(r, b[8-bytes:])
		return int64(binary.BigEndian.Uint64(b)), err
	}
	if tag&0x40 == 0 { // the old form
		if tag&3 == 3 {
			return -1, false, nil
		}
		n, err = number(1 << (tag & 3))
		return n, false, err
	}
	first, err := r.ReadByte()
	switch {
	case err != nil:
		return 0, false, err
	case first < 192:
		return int64(first), false, nil
	case first < 224:
		n, err = number(1)
		return (int64(first)-192)<<8 + n + 192, false, err
	case first == 255:
		n, err = number(4)
		return n, false, err
	default:
		return 1 << (first & 0x1f), true, nil
	}
}

// isAge tells of a file of age, in either of its two forms.
func isAge(s *source) bool {
	return bytes.HasPrefix(s.head, []byte("age-encryption.org/")) || bytes.HasPrefix(s.head, []byte(ageArmor))
}

const ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"

// lookAge: the header of age ends with a sum that only the key can verify, and behind it
// is something in any case.
func lookAge(s *source) Result {
	if text := strings.TrimSpace(string(s.tail)); bytes.HasPrefix(s.head, []byte(ageArmor)) && !strings.HasSuffix(text, "-----END AGE ENCRYPTED FILE-----") {
		return damaged(Edges, Truncated)
	}
	return Result{Depth: None, Limit: Encrypted}
}
