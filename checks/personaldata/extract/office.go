package extract

import "archive/zip"

// officeOf tells which office format an archive is, by its members, and what reads it.
// Nil: it is an archive like any other.
func officeOf(_ *zip.Reader) (name string, read func(d *document, z *zip.Reader) Reason) {
	return "", nil
}
