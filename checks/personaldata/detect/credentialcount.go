package detect

import "bytes"

// Lines of a text as a CredentialCounter takes them.
const (
	maxCredentialLine = 4 << 10 // a longer one is taken in pieces
	credentialAhead   = 512     // what a password's word may be followed by, over line ends
)

// A CredentialCounter counts the passwords that are written down in one text after
// another. Give it a text in blocks of any size with Scan, and end it with Finish. It
// keeps no value. The zero CredentialCounter is ready for a text in Bytes encoding; it
// is not safe for concurrent use.
type CredentialCounter struct {
	enc   Encoding
	half  []byte // first half of a UTF-16 unit that a block cut in two
	buf   []byte // what is not looked at yet
	table passwordTable
	login int // where the last "login" of a netrc stood, from buf's beginning
	began bool
	count int
}

// Reset wipes what the counter holds and makes it ready for a new text.
func (c *CredentialCounter) Reset(enc Encoding) {
	clear(c.buf[:cap(c.buf)])
	*c = CredentialCounter{enc: enc, buf: c.buf[:0]}
}

// Scan takes the next block of the text. It does not keep block.
func (c *CredentialCounter) Scan(block []byte) {
	const step = 16 << 10 // so that buf stays small
	for len(block) > 0 {
		k := min(len(block), step)
		if c.enc == Bytes {
			c.buf = append(c.buf, block[:k]...)
		} else {
			units := append(c.half, block[:k]...)
			n := len(c.buf)
			c.buf = append(c.buf, make([]byte, len(units)/2)...)
			narrow(c.buf[n:], units, c.enc)
			c.half = append([]byte(nil), units[len(units)&^1:]...)
		}
		block = block[k:]
		c.look(len(c.buf) - credentialAhead)
	}
}

// Finish ends the text and returns how many passwords it had. The counter is then ready
// for another text in the same encoding.
func (c *CredentialCounter) Finish() int {
	c.look(len(c.buf))
	count := c.count
	c.Reset(c.enc)
	return count
}

// look takes the whole lines that end before to, and all up to the end if that is to.
func (c *CredentialCounter) look(to int) {
	if !c.began {
		c.began, c.login = true, never
	}
	b, at := c.buf, 0
	for at < len(b) {
		end := min(len(b), at+maxCredentialLine)
		next := end
		if k := bytes.IndexByte(b[at:end], '\n'); k >= 0 {
			end, next = at+k, at+k+1
		} else if end < at+maxCredentialLine && to < len(b) {
			break // the line goes on in the next block
		}
		if next > to {
			break
		}
		switch line := b[at:end]; {
		case c.table.row(line):
			c.count++
		case isPasswordFileLine(line):
			c.count++
		default:
			c.count += wordedPasswords(b, at, end, &c.login)
			c.table.header(line)
		}
		at = next
	}
	c.buf = b[:copy(b, b[at:])]
	c.login = max(never, c.login-at)
}

// AddCredentials counts passwords of a CredentialCounter. They tell no persons apart.
func (t *Tally) AddCredentials(n int) { t.counts[kindCredential] += n }
