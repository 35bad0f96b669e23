package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 32

// headerFormat opens every header and names its version.
const headerFormat = "vigia-leaf/1"

// maxHeader bounds a header in bytes: the longest is far shorter.
const maxHeader = 1024

// PayloadHash binds a payload: SHA-256(salt || payload). The salt keeps a pruned
// payload from being guessed.
func PayloadHash(salt, payload []byte) [32]byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(payload)
	return [32]byte(h.Sum(nil))
}

// LeafHash is the hash of an entry in the tree, RFC 6962's leaf hash of the
// header followed by the payload hash: SHA-256(0x00 || header || payload hash).
func LeafHash(header []byte, payloadHash [32]byte) tlog.Hash {
	data := make([]byte, 0, len(header)+len(payloadHash))
	data = append(data, header...)
	return tlog.RecordHash(append(data, payloadHash[:]...))
}

// Marshal gives the canonical bytes of the header.
func (h Header) Marshal() ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nkind: %s\nsubject: %s\nreceived: %d\nepoch: %d\nsequence: %d\n\n",
		headerFormat, h.Kind, h.Subject, h.Received.UnixMicro(), h.Epoch, h.Sequence)
	return b.Bytes(), nil
}

func (h Header) check() error {
	switch {
	case len(h.Kind) == 0 || len(h.Kind) > 32 || strings.Trim(string(h.Kind), "abcdefghijklmnopqrstuvwxyz_") != "":
		return errors.New("leaf kind: 1 to 32 letters a to z")
	case h.Received.UnixMicro() < 0:
		return errors.New("leaf time: before 1970")
	case h.Epoch == 0 || h.Epoch > math.MaxInt64:
		return errors.New("leaf epoch: out of range")
	case h.Sequence > math.MaxInt64:
		return errors.New("leaf sequence: out of range")
	}
	return checkSubject(h.Subject)
}

func checkSubject(s string) error {
	if s == "" || len(s) > MaxSubject || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return fmt.Errorf("leaf subject: 1 to %d bytes of UTF-8 without spaces around", MaxSubject)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return errors.New("leaf subject: holds a control character")
		}
	}
	return nil
}

// ParseHeader reads the canonical bytes of a header and accepts no others.
func ParseHeader(b []byte) (Header, error) {
	if len(b) > maxHeader {
		return Header{}, fmt.Errorf("leaf header: %d bytes, at most %d", len(b), maxHeader)
	}
	lines := strings.Split(string(b), "\n")
	if lines[0] != headerFormat {
		return Header{}, fmt.Errorf("leaf header: does not begin with %q: made by another version?", headerFormat)
	}
	names := []string{"kind: ", "subject: ", "received: ", "epoch: ", "sequence: "}
	if len(lines) != len(names)+3 {
		return Header{}, errors.New("leaf header: wrong number of lines")
	}
	values := make([]string, len(names))
	for i, name := range names {
		value, ok := strings.CutPrefix(lines[i+1], name)
		if !ok {
			return Header{}, fmt.Errorf("leaf header: line %d does not begin with %q", i+2, name)
		}
		values[i] = value
	}
	received, err1 := strconv.ParseInt(values[2], 10, 64)
	epoch, err2 := strconv.ParseUint(values[3], 10, 64)
	sequence, err3 := strconv.ParseUint(values[4], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Header{}, fmt.Errorf("leaf header: %w", err)
	}
	h := Header{
		Kind: Kind(values[0]), Subject: values[1],
		Received: time.UnixMicro(received).UTC(), Epoch: epoch, Sequence: sequence,
	}
	canonical, err := h.Marshal()
	if err != nil {
		return Header{}, err
	}
	if !bytes.Equal(canonical, b) {
		return Header{}, errors.New("leaf header: not in its canonical form")
	}
	return h, nil
}
