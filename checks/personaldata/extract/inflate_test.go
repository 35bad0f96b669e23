package extract

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"
)

// TestInflateStream holds that a stream is inflated as if it were in memory, however it
// comes, with the reader used before.
func TestInflateStream(t *testing.T) {
	texts := map[string][]byte{
		"nothing":    {},
		"a byte":     {'a'},
		"zeros":      make([]byte, 1<<20),
		"prose":      prosa(1 << 20),
		"noise":      noise(1 << 20),
		"prose last": append(noise(100_000), prosa(100_000)...),
	}
	var shared scratch
	for name, want := range texts {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
			var b bytes.Buffer
			w := must(flate.NewWriter(&b, level))
			must(w.Write(want))
			must(0, w.Close())
			for how, in := range map[string]io.Reader{
				"at once":       bytes.NewReader(b.Bytes()),
				"half by half":  iotest.HalfReader(bytes.NewReader(b.Bytes())),
				"end with data": iotest.DataErrReader(bytes.NewReader(b.Bytes())),
			} {
				r := shared.inflate(in)
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, level %d, %s: got %d bytes and error %v, want %d", name, level, how, len(got), err, len(want))
				}
				must(0, r.Close())
				i := shared.inflaters[len(shared.inflaters)-1]
				if len(bytes.Trim(i.out[:cap(i.out)], "\x00")) > 0 || len(bytes.Trim(i.packed, "\x00")) > 0 {
					t.Errorf("%s, level %d, %s: text is left behind", name, level, how)
				}
			}
			if b.Len() < 10 {
				continue
			}
			cut := b.Bytes()[:b.Len()-b.Len()/4]
			got, err := io.ReadAll(shared.inflate(bytes.NewReader(cut)))
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(want, got[:max(0, len(got)-2)]) {
				t.Errorf("%s, level %d, cut: got %d bytes and error %v", name, level, len(got), err)
			}
			_, err = io.ReadAll(shared.inflate(io.MultiReader(bytes.NewReader(cut), iotest.ErrReader(LimitBytes))))
			if !errors.Is(err, LimitBytes) {
				t.Errorf("%s, level %d, limited: got error %v, want %v", name, level, err, LimitBytes)
			}
		}
	}
}
