package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of argon2id (RFC 9106): the first choice of OWASP's cheat sheet, which
// a small server still answers in some tens of milliseconds.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
	// atOnce bounds the hashes computed at the same time, and so the memory
	// that somebody who only tries log-ons can make the portal use.
	atOnce = 4
)

// hasher computes password hashes, a few at a time.
type hasher struct {
	slots chan struct{}
}

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, atOnce)} }

// hash returns the PHC string of an acceptable password.
func (h *hasher) hash(ctx context.Context, name, password string) (string, error) {
	switch {
	case len(password) < MinPassword:
		return "", fmt.Errorf("password: %w: it needs at least %d characters", ErrInput, MinPassword)
	case len(password) > MaxPassword:
		return "", fmt.Errorf("password: %w: it has more than %d bytes", ErrInput, MaxPassword)
	case strings.Contains(strings.ToLower(password), name):
		return "", fmt.Errorf("password: %w: it holds the user name", ErrInput)
	}
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key, err := h.key(ctx, password, salt)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// matches tells whether the password is the one of a PHC string. An empty
// string stands for an account that does not exist: the work is done and the
// answer is no.
func (h *hasher) matches(ctx context.Context, phc, password string) (bool, error) {
	salt, want := make([]byte, argonSalt), make([]byte, argonKey)
	if phc != "" {
		var err error
		if salt, want, err = parsePHC(phc); err != nil {
			return false, err
		}
	}
	if len(password) > MaxPassword {
		password = "" // costs the same, matches nothing that hash accepted
	}
	key, err := h.key(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && phc != "", nil
}

func (h *hasher) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey), nil
}

var errHash = errors.New("the stored password hash is damaged")

func parsePHC(phc string) (salt, key []byte, err error) {
	f := strings.Split(phc, "$")
	params := fmt.Sprintf("m=%d,t=%d,p=%d", argonMemory, argonTime, argonThreads)
	if len(f) != 6 || f[1] != "argon2id" || f[3] != params {
		return nil, nil, errHash
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(f[4])
	key, errKey := base64.RawStdEncoding.DecodeString(f[5])
	if errSalt != nil || errKey != nil || len(salt) != argonSalt || len(key) != argonKey {
		return nil, nil, errHash
	}
	return salt, key, nil
}

// passwordAlphabet leaves out what people mistake for something else when they
// copy from paper: 0 O 1 l I.
const passwordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// GeneratePassword draws a password of 80 random bits in groups that a person
// can type: four groups of four.
func GeneratePassword() string {
	b := make([]byte, 16)
	rand.Read(b)
	var out strings.Builder
	for i, v := range b {
		if i > 0 && i%4 == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(passwordAlphabet[int(v)%len(passwordAlphabet)])
	}
	return out.String()
}
