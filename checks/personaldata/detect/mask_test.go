package detect

import (
	"math/rand/v2"
	"testing"
)

// What is passed over in a path hides nothing.
func TestHarmlessRun(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := maker{Rand: r}
	parts := []string{"/", "/", "/", " ", "-", ".", "_", "\xc3\xb1", "&", ";", "<", "X", "acta ", "ISSEMYM ", "ES", "tel ", ".pdf", "\n"}
	for range 100_000 {
		var path []byte
		for range 1 + r.IntN(9) {
			switch r.IntN(9) {
			case 0:
				path = append(path, m.curp()...)
			case 1:
				path = append(path, m.dni()...)
			case 2:
				path = append(path, m.nss()...)
			case 3, 4, 5:
				for range 1 + r.IntN(12) {
					path = append(path, byte('0'+r.IntN(10)))
				}
			case 6:
				d := m.dni()
				path = append(path, d[:2]+"."+d[2:5]+"."+d[5:8]+m.pick("- . /")+d[8:]...)
			default:
				path = append(path, m.letters(1+r.IntN(4))...)
			}
			path = append(path, parts[r.IntN(len(parts))]...)
		}
		if got, want := MaskPath(string(path)), maskPath(string(path), true); got != want {
			t.Fatalf("MaskPath(%q) = %q, want %q", path, got, want)
		}
	}
}

// Nor does it in any path at all.
func FuzzHarmlessRun(f *testing.F) {
	for _, path := range []string{"", "/srv/datos/2024/a.txt", "GODE561231", "12345678Z", "4111 1111 1111 1111", "X-1234567-L", "a@example.org", "1/2/3/4/5"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if got, want := MaskPath(path), maskPath(path, true); got != want {
			t.Errorf("MaskPath(%q) = %q, want %q", path, got, want)
		}
	})
}
