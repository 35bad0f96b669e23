package apiv1

import (
	"crypto/ed25519"
	"crypto/sha256"
)

const (
	checkCodeDomain = "vigia check code v1\n"
	// checkCodeAlphabet has no 0, 1, I and O, which people take for each other.
	checkCodeAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	// checkCodeRounds makes each try at another key with the same code cost
	// milliseconds: of 40 bits alone it would be found in an afternoon.
	checkCodeRounds = 1 << 14
)

// CheckCode is what a machine and the collector both show of a report key, so
// that the person who approves an enrolment sees that it is the machine before
// him which asks: eight characters in two groups, as "K7QM-3XPA". It takes
// some milliseconds. SHA-256 over the domain and the key, then over each
// result again, of which the first 40 bits are written five at a time.
func CheckCode(reportKey ed25519.PublicKey) string {
	sum := sha256.Sum256(append([]byte(checkCodeDomain), reportKey...))
	for range checkCodeRounds - 1 {
		sum = sha256.Sum256(sum[:])
	}
	var bits uint64
	for _, b := range sum[:5] {
		bits = bits<<8 | uint64(b)
	}
	code := make([]byte, 0, 9)
	for shift := 35; shift >= 0; shift -= 5 {
		if len(code) == 4 {
			code = append(code, '-')
		}
		code = append(code, checkCodeAlphabet[bits>>shift&31])
	}
	return string(code)
}
