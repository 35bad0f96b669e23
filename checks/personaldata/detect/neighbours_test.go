package detect

import (
	"math/rand/v2"
	"testing"
)

// What the neighbours of a number rule out is no identifier: no rule that they take away
// would have found one.
func TestNeighboursLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	parts := []string{
		"28", "1", "612345678", "5512345678", "12345678Z", "X1234567L", "ABCD", "GOMC", "800101", "HDFRRL09", "A", "B", "a", "f", "xyz",
		"-", "-", ".", ".", "/", " ", ",", "+", "(", ")", "_", "<", "Ñ", "\xd1", "&", ";", "\n", "34", "52", "281234567840", "92919084431",
		"4152313312345678", "002180700123456787", "20770024003102575766", "ES91", "G12345678", "AAA123456", "IDESP", "B12345674",
		"0418450200051332", "2100", "45", "GMLPJN80010115H300", "1234567890123", "0000000000",
	}
	tried := 0
	for range 200_000 {
		var b []byte
		for range 2 + r.IntN(7) {
			b = append(b, parts[r.IntN(len(parts))]...)
		}
		for p := 0; p < len(b); p++ {
			if !isDigit(b[p]) {
				continue
			}
			e := digitsEnd(b, p)
			if n := e - p; n >= 6 && n <= maxRun {
				rules := alone[n]
				if groupAt(b, e) {
					rules |= groupRules(b, e, n)
				}
				for rules &^= neighbours(b, p, e); rules != 0; rules &= rules - 1 {
					tried++
					var h hit
					read := reading{b: b, p: p, e: e, rules: rules & -rules}
					if read.next(&h) {
						t.Fatalf("%q: the neighbours of %q rule out kind %v at %q", b, b[p:e], h.kind, b[h.start:h.end])
					}
				}
			}
			p = e
		}
	}
	if tried < 100_000 {
		t.Fatalf("only %d rules tried", tried)
	}
}
