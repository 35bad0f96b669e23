package extract

import (
	"archive/zip"
	"io"
)

// readZip reads the members of a ZIP archive, each as a document of its own.
func readZip(d *document) Reason {
	at, size, why := d.random()
	if why != "" {
		return why
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return reasonOf(err)
	}
	if name, read := officeOf(z); read != nil {
		d.name = name
		return read(d, z)
	}
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			d.x.note(Encrypted)
			continue
		}
		if f.Mode().IsDir() {
			continue
		}
		if why := d.member(f); why != "" {
			return why
		}
	}
	return ""
}

// member reads one member of an archive.
func (d *document) member(f *zip.File) Reason {
	r, err := f.Open()
	if err != nil {
		d.x.note(reasonOf(err))
		return ""
	}
	defer func() { _ = r.Close() }() // only read
	return d.nested(io.Reader(&inflating{x: d.x, r: r}), -1)
}
