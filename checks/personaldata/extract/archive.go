package extract

import (
	"archive/tar"
	"errors"
	"io"
	"strings"

	"github.com/nwaples/rardecode/v2"
)

// readTar reads the members of a tar archive.
func readTar(d *document) Reason {
	t := tar.NewReader(d.r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are not used as paths here
			return reasonOf(err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse || h.Size == 0 {
			continue
		}
		var r io.Reader = t
		if isSparse(h) {
			r = &inflating{x: d.x, r: t} // its holes are made here
		}
		if why := d.nested(streamOnly{r}, h.Size); why != "" {
			return why
		}
	}
}

// streamOnly hides that a reader can do more.
type streamOnly struct{ io.Reader }

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// readRAR reads the members of a RAR archive.
func readRAR(d *document) Reason {
	// How large the dictionary is the library tells nobody before it has made it.
	dictionary := int64(32 << 20)
	for d.hold(dictionary) != "" {
		if dictionary /= 2; dictionary < 1<<20 {
			return LimitHeld
		}
	}
	r, err := rardecode.NewReader(d.r, rardecode.MaxDictionarySize(dictionary))
	if err != nil {
		return rarReason(err)
	}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return rarReason(err)
		}
		switch {
		case h.IsDir:
			continue
		case h.HeaderEncrypted:
			return Encrypted
		case h.Encrypted:
			if d.x.note(Encrypted); d.x.spent() != "" {
				return d.x.spent()
			}
			continue
		}
		size := h.UnPackedSize
		if h.UnKnownSize {
			size = -1
		}
		if why := d.nested(streamOnly{&inflating{x: d.x, r: rarMember{r}}}, size); why != "" {
			return why
		}
	}
}

// rarMember tells the errors of the library as reasons.
type rarMember struct{ r *rardecode.Reader }

func (m rarMember) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = rarReason(err)
	}
	return n, err
}

func rarReason(err error) Reason {
	switch {
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted), errors.Is(err, rardecode.ErrBadPassword):
		return Encrypted
	case errors.Is(err, rardecode.ErrDictionaryTooLarge), errors.Is(err, rardecode.ErrPlatformIntSize):
		return LimitHeld
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrUnsupportedDecoder),
		errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnknownFilter):
		return Undecoded
	}
	return reasonOf(err)
}
