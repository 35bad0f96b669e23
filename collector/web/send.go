package web

import (
	"mime"
	"strconv"
)

// download answers with a file that the browser keeps and does not show.
func (v *visit) download(name, kind string, data []byte) error {
	return v.send("attachment", name, kind, data)
}

// send answers with a file of a kind that the portal itself made.
func (v *visit) send(disposition, name, kind string, data []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if _, err := v.w.Write(data); err != nil { //nolint:gosec // a document, and told to be one
		v.site.Logger.Debug("client left", "err", err)
	}
	return nil
}
