package carry

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"filippo.io/age"
)

// seal packs any content as a Writer would.
func seal(t testing.TB, to age.Recipient, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	encrypted, err := age.Encrypt(&b, to)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(encrypted)
	if _, err := packed.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(packed.Close(), encrypted.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
