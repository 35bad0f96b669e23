package shadow

import "strings"

// A HashKind says what the password field of an account amounts to.
type HashKind uint8

// The kinds. The zero value is Unusable, the one that grants nothing.
const (
	// Unusable: no password can match ("*", "*LK*" or anything crypt(5) could
	// not have made). The account may still log in by key or other means.
	Unusable HashKind = iota
	// Empty: the field is empty. PAM's nullok then lets the user in without a
	// password.
	Empty
	// Locked: the field begins with "!". Hash.Scheme tells whether a password
	// that passwd -u or usermod -U would bring back is behind the mark.
	Locked
	// Set: the field is a hash that crypt(3) can check.
	Set
	// Elsewhere: the field of passwd(5) is "x"; shadow(5) has the hash.
	Elsewhere
)

func (k HashKind) String() string {
	switch k {
	case Unusable:
		return "unusable"
	case Empty:
		return "empty"
	case Locked:
		return "locked"
	case Set:
		return "set"
	case Elsewhere:
		return "elsewhere"
	}
	return "invalid"
}

// A Scheme is a hashing method of crypt(5), by its usual name.
type Scheme string

// The schemes of crypt(5). NoScheme is that of a field without a hash, Other
// that of a well-formed "$id$" which this package does not know.
const (
	NoScheme    Scheme = ""
	Yescrypt    Scheme = "yescrypt"
	GostYes     Scheme = "gost-yescrypt"
	Scrypt      Scheme = "scrypt"
	Bcrypt      Scheme = "bcrypt"
	SHA512      Scheme = "sha512"
	SHA256      Scheme = "sha256"
	SHA1        Scheme = "sha1"
	SunMD5      Scheme = "sunmd5"
	MD5         Scheme = "md5"
	NTHash      Scheme = "nt"
	BSDiExtDES  Scheme = "bsdi-des"
	Traditional Scheme = "des"
	Other       Scheme = "other"
)

// Weak reports whether crypt(5) advises against the scheme for new passwords:
// every one older than SHA-256, and any that is not known.
func (s Scheme) Weak() bool {
	switch s {
	case NoScheme, Yescrypt, GostYes, Scrypt, Bcrypt, SHA512, SHA256:
		return false
	case SHA1, SunMD5, MD5, NTHash, BSDiExtDES, Traditional, Other:
		return true
	}
	return true
}

// A Hash is all that is ever kept of a password field: its kind and the name of
// the method. The characters of the hash are gone when the line has been read.
type Hash struct {
	Kind HashKind
	// Scheme is set for Set, and for Locked if a hash follows the mark.
	Scheme Scheme
}

// hashOf reduces a password field.
func hashOf(field string) Hash {
	switch {
	case field == "":
		return Hash{Kind: Empty}
	case field == "x":
		return Hash{Kind: Elsewhere}
	case field[0] == '!':
		return Hash{Kind: Locked, Scheme: schemeOf(strings.TrimLeft(field, "!"))}
	}
	if s := schemeOf(field); s != NoScheme {
		return Hash{Kind: Set, Scheme: s}
	}
	return Hash{Kind: Unusable}
}

// schemeOf names the method of a hash by its prefix and shape, NoScheme if
// crypt(3) could not have made it.
func schemeOf(s string) Scheme {
	if strings.HasPrefix(s, "$") {
		id, rest, ok := strings.Cut(s[1:], "$")
		if id, _, _ = strings.Cut(id, ","); !ok || id == "" || rest == "" {
			return NoScheme
		}
		switch id {
		case "y":
			return Yescrypt
		case "gy":
			return GostYes
		case "7":
			return Scrypt
		case "2", "2a", "2b", "2x", "2y":
			return Bcrypt
		case "6":
			return SHA512
		case "5":
			return SHA256
		case "sha1":
			return SHA1
		case "md5":
			return SunMD5
		case "1":
			return MD5
		case "3":
			return NTHash
		}
		return Other
	}
	switch {
	case len(s) == 13 && isCrypt64(s):
		return Traditional
	case len(s) == 20 && s[0] == '_' && isCrypt64(s[1:]):
		return BSDiExtDES
	}
	return NoScheme
}

// isCrypt64 reports whether s is made of the 64 characters of crypt(3).
func isCrypt64(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c == '.', c == '/', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		default:
			return false
		}
	}
	return true
}
