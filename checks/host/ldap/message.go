package ldap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// frames hands on what a server sends, message by message, each of them looked at
// first: go-ldap believes the lengths that stand in a message, and would make room for
// what never comes.
type frames struct {
	net.Conn
	left    int64  // bytes that may still come
	pending []byte // of the message that is being handed on
	// tooLong is set when the server was cut off; go-ldap keeps only an error's text.
	tooLong atomic.Bool
}

// Read implements net.Conn. Only one goroutine may call it.
func (f *frames) Read(p []byte) (int, error) {
	if len(f.pending) == 0 {
		message, err := readMessage(f.Conn, min(maxMessage, f.left))
		if err != nil {
			f.tooLong.Store(errors.Is(err, errTooLong))
			return 0, err
		}
		f.pending = message
		f.left -= int64(len(message))
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// Errors of a message.
var (
	errMalformed = errors.New("the server's message is malformed")
	errTooLong   = errors.New("the server's answer is too long")
)

// readMessage reads one LDAPMessage of at most limit bytes and not a byte more, and
// makes sure that no length in it is longer than what holds it.
func readMessage(r io.Reader, limit int64) ([]byte, error) {
	head := make([]byte, 2, 6)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	if head[0] != tagSequence {
		return nil, errMalformed
	}
	if more := int(head[1] & 0x7f); head[1] >= 0x80 {
		if more == 0 || more > 4 { // without end, or over 4 GB
			return nil, errMalformed
		}
		head = head[:2+more]
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return nil, noEOF(err)
		}
	}
	size, _ := length(head[1:])
	if int64(len(head))+size > limit {
		return nil, errTooLong
	}
	message := append(head, make([]byte, size)...)
	if _, err := io.ReadFull(r, message[len(head):]); err != nil {
		return nil, noEOF(err)
	}
	if !wellFormed(message[len(head):], 1) {
		return nil, errMalformed
	}
	return message, nil
}

// noEOF says that an end in the middle of a message is no end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Tags of BER (X.690) that LDAP uses.
const (
	tagInteger     = 0x02
	tagEnumerated  = 0x0a
	tagSequence    = 0x30
	tagConstructed = 0x20 // a bit
	tagLong        = 0x1f // more bytes of tag follow, which LDAP never needs
	tagExtended    = 0x78 // [APPLICATION 24] ExtendedResponse
)

// maxDepth is how deep elements may be in each other.
const maxDepth = 20

// wellFormed tells whether b is a row of whole elements.
func wellFormed(b []byte, depth int) bool {
	for len(b) > 0 {
		tag, content, rest, ok := element(b)
		if !ok || depth > maxDepth {
			return false
		}
		if tag&tagConstructed != 0 && !wellFormed(content, depth+1) {
			return false
		}
		b = rest
	}
	return true
}

// element takes the first element off b. Its length is definite (RFC 4511 section 5.1).
func element(b []byte) (tag byte, content, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&tagLong == tagLong {
		return 0, nil, nil, false
	}
	size, used := length(b[1:])
	head := 1 + used
	if used == 0 || int64(len(b)-head) < size {
		return 0, nil, nil, false
	}
	return b[0], b[head : int64(head)+size], b[int64(head)+size:], true
}

// length decodes a definite length of at most 4 bytes; used is 0 when it is none.
func length(b []byte) (size int64, used int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 0x80 {
		return int64(b[0]), 1
	}
	n := int(b[0] & 0x7f)
	if n == 0 || n > 4 || len(b) < 1+n {
		return 0, 0
	}
	for _, x := range b[1 : 1+n] {
		size = size<<8 | int64(x)
	}
	return size, 1 + n
}

// oidStartTLS names the request of RFC 4511 section 4.14.
const oidStartTLS = "1.3.6.1.4.1.1466.20037"

// maxStartTLSAnswer bounds what is read before the connection is encrypted.
const maxStartTLSAnswer = 4 << 10

// startTLS asks the server to begin with TLS. It reads no byte beyond the answer, so
// that nothing put behind it is taken for a part of what is encrypted.
func startTLS(conn net.Conn) error {
	name := append([]byte{0x80, byte(len(oidStartTLS))}, oidStartTLS...)
	op := append([]byte{0x77, byte(len(name))}, name...) // [APPLICATION 23] ExtendedRequest
	body := append([]byte{tagInteger, 1, 1}, op...)
	if _, err := conn.Write(append([]byte{tagSequence, byte(len(body))}, body...)); err != nil {
		return fmt.Errorf("ask for TLS: %w", err)
	}
	answer, err := readMessage(conn, maxStartTLSAnswer)
	if err != nil {
		return fmt.Errorf("ask for TLS: %w", err)
	}
	if !agrees(answer) {
		return errors.New("the server offers no TLS")
	}
	return nil
}

// agrees tells whether a message is the ExtendedResponse to request 1 with the result
// success.
func agrees(message []byte) bool {
	_, body, _, ok := element(message)
	if !ok {
		return false
	}
	tag, id, body, ok := element(body)
	if !ok || tag != tagInteger || !bytes.Equal(id, []byte{1}) {
		return false
	}
	tag, body, _, ok = element(body)
	if !ok || tag != tagExtended {
		return false
	}
	tag, code, _, ok := element(body)
	return ok && tag == tagEnumerated && bytes.Equal(code, []byte{0})
}
