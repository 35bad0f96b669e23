package apiv1

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// Token is what a technician carries from the collector to a machine that
// enrols: a secret that is good once, and the fingerprint of the collector's
// CA, so that the machine's first connection cannot be intercepted.
type Token struct {
	Secret [16]byte // 128 bits from the system's random source
	// CAPin is the SHA-256 of the root certificate's SubjectPublicKeyInfo.
	CAPin [sha256.Size]byte
}

const tokenPrefix = "vigia1-"

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ErrToken is the error of a text that is not a token.
var ErrToken = errors.New("not a valid token")

// NewToken draws a secret for the CA whose root certificate is given.
func NewToken(root *x509.Certificate) Token {
	t := Token{CAPin: Pin(root)}
	rand.Read(t.Secret[:]) // never fails: crypto/rand ends the program instead
	return t
}

// Pin is the fingerprint of a certificate's public key: SHA-256 of its
// SubjectPublicKeyInfo (RFC 7469, section 2.4, without the encoding).
func Pin(cert *x509.Certificate) [sha256.Size]byte {
	return sha256.Sum256(cert.RawSubjectPublicKeyInfo)
}

// String writes the token: prefix, secret, pin and a CRC-32 in base32. It is a
// secret until it is spent.
func (t Token) String() string {
	b := make([]byte, 0, len(t.Secret)+len(t.CAPin)+4)
	b = append(b, t.Secret[:]...)
	b = append(b, t.CAPin[:]...)
	sum := crc32.ChecksumIEEE(b)
	b = append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	return tokenPrefix + tokenEncoding.EncodeToString(b)
}

// ParseToken reads a token as typed or pasted: spaces, line ends and upper
// case do not matter. Any other difference is ErrToken, told by the CRC before
// anything is sent.
func ParseToken(text string) (Token, error) {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	body, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok {
		return Token{}, fmt.Errorf("%w: it begins with %q", ErrToken, tokenPrefix)
	}
	b, err := tokenEncoding.DecodeString(body)
	var t Token
	// The last character has bits to spare: only one way of writing counts.
	if err != nil || len(b) != len(t.Secret)+len(t.CAPin)+4 || tokenEncoding.EncodeToString(b) != body {
		return Token{}, fmt.Errorf("%w: it is incomplete or mistyped", ErrToken)
	}
	data, crc := b[:len(b)-4], b[len(b)-4:]
	sum := crc32.ChecksumIEEE(data)
	if crc[0] != byte(sum>>24) || crc[1] != byte(sum>>16) || crc[2] != byte(sum>>8) || crc[3] != byte(sum) {
		return Token{}, fmt.Errorf("%w: a character is mistyped", ErrToken)
	}
	copy(t.Secret[:], data)
	copy(t.CAPin[:], data[len(t.Secret):])
	return t, nil
}
