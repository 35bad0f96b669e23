package detect

import (
	"math/rand/v2"
	"testing"
)

// naiveMask is what a mask must be.
func naiveMask(b []byte, is func(c byte) bool) (mask uint64) {
	for i, c := range b {
		if is(c) {
			mask |= 1 << i
		}
	}
	return mask
}

// All ways to make masks make the same ones.
func TestMasks(t *testing.T) {
	ways := map[string]simd{"portable": {}, "this processor's": bestSIMD()}
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 1000)
	var digits, ats [16]uint64
	for range 2000 {
		b := text[:r.IntN(len(text))]
		for i := range b {
			switch r.IntN(4) {
			case 0:
				b[i] = '0' + byte(r.IntN(12)) - 1
			case 1:
				b[i] = "@;\n\"A?"[r.IntN(6)]
			default:
				b[i] = byte(r.Uint32())
			}
		}
		for name, v := range ways {
			n := v.anchors(b, digits[:], ats[:])
			if want := (len(b) + blockBytes - 1) / blockBytes; n != want {
				t.Fatalf("%s: %d blocks, want %d", name, n, want)
			}
			for i := range n {
				block := b[i*blockBytes : min(len(b), (i+1)*blockBytes)]
				if got, want := digits[i], naiveMask(block, isDigit); got != want {
					t.Fatalf("%s: digits of %q = %064b, want %064b", name, block, got, want)
				}
				if got, want := ats[i], naiveMask(block, func(c byte) bool { return c == '@' }); got != want {
					t.Fatalf("%s: ats of %q = %064b, want %064b", name, block, got, want)
				}
				if len(block) < blockBytes {
					continue
				}
				letters, digits, capitals := v.words(block)
				for what, m := range map[string]struct {
					got uint64
					is  func(c byte) bool
				}{
					"letters":  {letters, func(c byte) bool { return isLetter(c) || c >= 0x80 }},
					"digits":   {digits, isDigit},
					"capitals": {capitals, isUpper},
				} {
					if want := naiveMask(block, m.is); m.got != want {
						t.Fatalf("%s: %s of %q = %064b, want %064b", name, what, block, m.got, want)
					}
				}
				lines, delims, quotes := v.cells((*[blockBytes]byte)(block), ';')
				for what, m := range map[byte]uint64{'\n': lines, ';': delims, '"': quotes} {
					if want := naiveMask(block, func(c byte) bool { return c == what }); m != want {
						t.Fatalf("%s: %q in %q = %064b, want %064b", name, what, block, m, want)
					}
				}
			}
		}
	}
}

func BenchmarkAnchors(b *testing.B) {
	text := make([]byte, 1<<14)
	for i := range text {
		text[i] = "palabras y "[i%11]
	}
	var digits, ats [1 << 8]uint64
	for name, v := range map[string]simd{"portable": {}, "best": bestSIMD()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				v.anchors(text, digits[:], ats[:])
			}
		})
	}
}
