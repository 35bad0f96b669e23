// Package updateinfo reads the security notices of a repository of rpm packages, which
// dnf keeps as updateinfo.xml: what is mended, since when, how grave it was, and the
// versions of packages that mend it.
//
// It is no reader of XML: such a file has tens of megabytes, of which a few tags matter.
// It goes from tag to tag, and what makes no sense it passes over, as dnf does.
package updateinfo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Limits of a file. One beyond them is ErrTooLarge.
const (
	MaxSize     = 512 << 20 // bytes
	MaxPackages = 20_000    // of one notice
)

// ErrTooLarge is wrapped by the error for a file beyond the limits.
var ErrTooLarge = errors.New("list of notices is larger than the reader's limit")

// A Notice is one security notice.
type Notice struct {
	ID       string
	Severity string    // as its maker says: Critical, Important, Moderate, Low; may be empty
	Issued   time.Time // zero if it is not said
	Packages []Package
}

// A Package is a package that mends what a notice is about.
type Package struct {
	Name, Version, Release, Arch string
	Epoch                        int64
	// Module is the module and the stream that it belongs to, such as "nodejs:20": a machine
	// that follows another stream has other versions. It is empty for one of no module.
	Module string
}

// Security reads a file and yields its notices of the type security, in order. With an
// error of the reader, or ErrTooLarge, it yields that and ends.
func Security(r io.Reader) iter.Seq2[Notice, error] {
	return func(yield func(Notice, error) bool) {
		limited := &io.LimitedReader{R: r, N: MaxSize + 1}
		s := scanner{r: bufio.NewReaderSize(limited, 64<<10)}
		var n Notice
		in, module := false, ""
		for {
			tag, err := s.next()
			switch {
			case limited.N == 0, len(n.Packages) > MaxPackages:
				yield(Notice{}, fmt.Errorf("security notices: %w", ErrTooLarge))
				return
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Notice{}, fmt.Errorf("security notices: %w", err))
				return
			}
			name, _, _ := bytes.Cut(tag, []byte(" "))
			switch string(name) {
			case "update":
				n, in, module = Notice{}, attribute(tag, "type") == "security", ""
			case "/update":
				if in && !yield(n, nil) {
					return
				}
				in = false
			case "/id":
				if n.ID == "" {
					n.ID = s.text
				}
			case "/severity":
				n.Severity = s.text
			case "issued":
				n.Issued = date(attribute(tag, "date"))
			case "collection":
				module = ""
			case "module", "module/":
				module = attribute(tag, "name") + ":" + attribute(tag, "stream")
			case "package":
				if !in {
					continue
				}
				epoch, err := strconv.ParseInt(attribute(tag, "epoch"), 10, 64)
				if err != nil {
					epoch = 0
				}
				p := Package{Name: attribute(tag, "name"), Version: attribute(tag, "version"), Release: attribute(tag, "release"),
					Arch: attribute(tag, "arch"), Epoch: epoch, Module: module}
				if p.Name != "" && p.Version != "" {
					n.Packages = append(n.Packages, p)
				}
			}
		}
	}
}

// date reads a day, with a time behind it or without.
func date(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s[:min(len(s), len(time.DateOnly))])
	if err != nil {
		return time.Time{}
	}
	return t
}

// attribute is the value of an attribute of a tag, empty if it has none.
func attribute(tag []byte, name string) string {
	for rest := tag; ; {
		i := bytes.Index(rest, []byte(name+"="))
		if i < 0 {
			return ""
		}
		before := byte(' ')
		if i > 0 {
			before = rest[i-1]
		}
		rest = rest[i+len(name)+1:]
		if before != ' ' && before != '\n' && before != '\t' || len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			continue // the end of another name, or within a value
		}
		value, _, ok := bytes.Cut(rest[1:], rest[:1])
		if !ok {
			return ""
		}
		return strings.Clone(string(value))
	}
}

// scanner goes from tag to tag.
type scanner struct {
	r    *bufio.Reader
	text string // what stood before the last tag, or the beginning of it
}

// next returns what is inside the next tag; it holds until the next call.
func (s *scanner) next() ([]byte, error) {
	text, err := s.until('<')
	if err != nil {
		return nil, err
	}
	s.text = strings.TrimSpace(string(text[:min(len(text), 200)]))
	return s.until('>')
}

// until returns what is before a byte, or as much of it as the buffer holds.
func (s *scanner) until(end byte) ([]byte, error) {
	b, err := s.r.ReadSlice(end)
	if err == nil {
		return b[:len(b)-1], nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	b = bytes.Clone(b)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = s.r.ReadSlice(end)
	}
	return b, err
}
