package extract

import "testing"

func TestAccess(t *testing.T) {
	file := []byte("\x00\x01\x00\x00Standard Jet DB\x00\x01\x00\x00\x00")
	file = append(file, "\xff\xfePEXM830102MMCXYR07\xff\xfePe\xf1a y otros\x03\x00\x12"...)
	file = append(file, wideOf("José Núñez")...)
	file = append(file, 2, 0, 0xFF, 0xFE)
	text, out := extractOf(t, Limits{}, file)
	const want = "--- text\nStandard Jet DB\nPEXM830102MMCXYR07\nPeña y otros\nJosé Núñez\n\n"
	if out.Format != "access" || out.Reason != Undecoded || text != want {
		t.Errorf("got %s %q %q, want access %q %q", out.Format, out.Reason, text, Undecoded, want)
	}
}

func FuzzAccess(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00Standard Jet DB\x00\x01\xff\xfetexto\x00\x00t\x00e\x00x\x00t\x00o\x00"))
	fuzzFormat(f, asIs, readAccess)
}
