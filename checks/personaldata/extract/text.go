package extract

import (
	"bytes"
	"errors"
	"io"
)

// readText gives a text in ASCII, UTF-8 or Windows-1252 to the sink as it is.
func readText(d *document) Reason {
	d.beginText(Bytes)
	skip := 0
	if bytes.HasPrefix(d.head, []byte("\xef\xbb\xbf")) {
		skip = 3
	}
	var why Reason
	for {
		n, err := d.r.Read(d.x.block)
		d.x.used = max(d.x.used, n)
		block := d.x.block[:n]
		if bytes.IndexByte(block, 0) >= 0 {
			why = Binary // not what the head promised; what text there is still counts
		}
		if len(block) > skip {
			d.write(block[skip:])
		}
		skip = max(0, skip-n)
		if errors.Is(err, io.EOF) {
			return why
		}
		if err != nil {
			return reasonOf(err)
		}
	}
}

// utf16Text gives a text in UTF-16 to the sink as it is, without its byte order mark.
func utf16Text(enc Encoding) func(d *document) Reason {
	return func(d *document) Reason {
		if bytes.HasPrefix(d.head, []byte("\xff\xfe")) || bytes.HasPrefix(d.head, []byte("\xfe\xff")) {
			if _, err := io.CopyN(io.Discard, d.r, 2); err != nil {
				return reasonOf(err)
			}
		}
		return d.copyText(d.r, enc)
	}
}
