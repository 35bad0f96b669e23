package extract

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestNextRun holds that no run is passed over, wherever it begins and whatever stands
// around it.
func TestNextRun(t *testing.T) {
	around := noise(300)
	for i := range around {
		around[i] |= 0x80 // nothing that could be text, but letters of Latin languages
	}
	for _, row := range []struct {
		name string
		run  []byte
	}{
		{"digits", []byte("123456")},
		{"blanks", []byte("\t a\t~ ")},
		{"UTF-8", []byte("ñáéí")},
		{"Windows-1252", []byte("Mu\xf1o\xe9s")},
		{"Windows-1252, first", []byte("\xd1andu1")},
		{"UTF-16", wide(binary.LittleEndian, "123456")},
		{"UTF-16, letters of Latin languages", wide(binary.LittleEndian, "Ñúñez1")},
		{"UTF-16, most first", wide(binary.BigEndian, "1234567")[1:]},
	} {
		for at := range 200 {
			for _, fill := range [...][]byte{make([]byte, 300), around} {
				b := bytes.Clone(fill)
				copy(b[at:], row.run)
				for i := 0; i <= at; i++ {
					if got := nextRun(b, i); got > at {
						t.Fatalf("%s at %d: got %d from %d on", row.name, at, got, i)
					}
				}
			}
		}
	}
	if got := nextRun(make([]byte, 300), 0); got < 200 {
		t.Errorf("got %d in zeros, want the end", got)
	}
}

// FuzzRuns holds that runs are found as a look at every byte finds them.
func FuzzRuns(f *testing.F) {
	f.Add([]byte("\x00\x01Mu\xf1oz \xc3\xb1 1\x00\x00" + string(make([]byte, 70)) + "a@b.mx" + string(wide(binary.LittleEndian, "Núñez 1"))))
	f.Add(noise(400))
	f.Fuzz(func(t *testing.T, b []byte) {
		slow := 0 // where the runs begin that are long enough
		for slow < len(b) {
			if long(b, slow) {
				break
			}
			slow++
		}
		if got := nextRun(b, 0); got > slow {
			t.Errorf("got %d, and a run begins at %d", got, slow)
		}
	})
}

// long tells whether a run of text begins at b[i] that is long enough.
func long(b []byte, i int) bool {
	narrow, wide := true, true
	for k := range minRun {
		narrow = narrow && i+k < len(b) && printable(b, i+k)
		wide = wide && printableWide(b, i+2*k)
	}
	return narrow || wide
}
