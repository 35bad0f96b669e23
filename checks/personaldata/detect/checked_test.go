package detect

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What the digits of a run take away at once, the validators would not accept either.
func TestCheckedKeepsWhatIsValid(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		n := 9 + r.IntN(12)
		b := []byte("antes de todo, ")
		p := r.IntN(len(b))
		b = b[:p]
		for range n {
			b = append(b, byte('0'+r.IntN(10)))
		}
		d := b[p:]
		if got, want := luhnRun(b, p, len(b)), luhn(d); got != want {
			t.Fatalf("luhnRun(%s) = %v, want %v", d, got, want)
		}
		if n == 11 || n == 12 {
			outcome, _ := nussOutcome(d)
			if got := mod97Run(d); outcome == Valid && !got {
				t.Fatalf("mod97Run(%s) = false of a valid number", d)
			}
		}
		rules := checked(b, p, len(b))
		var g digitGroups
		g.read(b, p, len(b))
		var h hit
		for rule, read := range map[rule]func() bool{
			ruleNSS:       func() bool { return n == 11 && h.matchNSS(b, p, len(b), true) },
			ruleCCC:       func() bool { return h.matchCCC(b, &g, true) },
			ruleCLABE:     func() bool { return h.matchCLABE(b, &g, true) },
			ruleCard:      func() bool { return h.matchCard(b, &g, true) },
			ruleNUSS:      func() bool { return h.matchNUSS(b, &g, true) },
			rulePhone:     func() bool { return h.matchPhone(b, &g, true) },
			ruleINENumber: func() bool { return h.matchINENumber(b, &g, true) },
		} {
			if alone[n]&rule != 0 && read() && h.outcome != DigitWrong && rules&rule == 0 {
				t.Fatalf("checked(%s) takes away %s, which is %s", d, fmt.Sprint(typeOf[h.kind]), h.outcome)
			}
		}
	}
}
