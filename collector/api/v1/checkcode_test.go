package apiv1

import (
	"crypto/ed25519"
	"strings"
	"testing"
)

// Machine and collector may be of different versions: the code of a key never
// changes.
func TestCheckCode(t *testing.T) {
	key := make(ed25519.PublicKey, ed25519.PublicKeySize)
	if got, want := CheckCode(key), "VKYS-KQTZ"; got != want {
		t.Errorf("of the zero key: got %s, want %s", got, want)
	}
	seen := map[string]bool{}
	for i := range 64 {
		key[i%len(key)]++
		code := CheckCode(key)
		if seen[code] {
			t.Errorf("two keys have the code %s", code)
		}
		seen[code] = true
		first, second, ok := strings.Cut(code, "-")
		if !ok || len(first) != 4 || len(second) != 4 || strings.Trim(first+second, checkCodeAlphabet) != "" {
			t.Errorf("%q is not two groups of four characters", code)
		}
	}
}

func BenchmarkCheckCode(b *testing.B) {
	key := make(ed25519.PublicKey, ed25519.PublicKeySize)
	for b.Loop() {
		CheckCode(key)
	}
}
