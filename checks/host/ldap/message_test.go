package ldap

import (
	"bytes"
	"testing"
)

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"))
	f.Add([]byte("\x30\x84\x7f\xff\xff\xff"))
	f.Add([]byte("\x30\x0a\x02\x01\x01\x04\x84\x7f\xff\xff\xff\x00"))
	f.Add([]byte("\x30\x80\x02\x01\x01\x00\x00"))
	f.Add([]byte("\x30\x03\x1f\x81\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		message, err := readMessage(r, 1<<16)
		if err != nil {
			return
		}
		if read := len(data) - r.Len(); !bytes.Equal(message, data[:read]) {
			t.Errorf("the message has %d bytes, and %d were read", len(message), read)
		}
		if tag, _, rest, ok := element(message); !ok || tag != tagSequence || len(rest) > 0 {
			t.Error("the message is not one element")
		}
		agrees(message)
	})
}
