package corpustest

import (
	"math/bits"
	"math/rand/v2"
	"strings"
)

// A random draws from a seed the same on every machine and with every version of Go:
// of math/rand it takes the bits alone, whose order is promised.
type random struct{ pcg *rand.PCG }

func newRandom(seed, stream uint64) *random { return &random{rand.NewPCG(seed, stream)} }

// below draws from 0 to n-1.
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between draws from lo to hi, both included.
func (r *random) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// digits draws n digits.
func (r *random) digits(n int) string { return r.from("0123456789", n) }

// from draws n characters of an alphabet.
func (r *random) from(alphabet string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[r.below(len(alphabet))])
	}
	return b.String()
}

// pick draws one of a list.
func pick[T any](r *random, list []T) T { return list[r.below(len(list))] }

const (
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	consonant = "BCDFGHJKLMNPQRSTVWXYZ"
	hexDigits = "0123456789abcdef"
)
