package dpkg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// A Candidate is a package that a source of packages offers: a stanza of one of apt's
// lists, /var/lib/apt/lists/*_Packages.
type Candidate struct{ Name, Version, Arch string }

// MaxListSize bounds what is read of one list, in bytes. Those of a whole distribution
// have about 60 MB.
const MaxListSize = 512 << 20

// Candidates reads a list and yields the packages in order. A stanza without a name or a
// version is passed over: apt could not install it either. With an error of the reader,
// or ErrTooLarge, it yields that and ends.
//
// It is made to be fast: a list is the largest thing that a check reads.
func Candidates(r io.Reader) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		limited := &io.LimitedReader{R: r, N: MaxListSize + 1}
		lines := bufio.NewReaderSize(limited, 64<<10)
		var c Candidate
		flush := func() bool {
			full := c
			c = Candidate{}
			return full.Name == "" || full.Version == "" || yield(full, nil)
		}
		for begins := true; ; {
			line, err := lines.ReadSlice('\n')
			long := errors.Is(err, bufio.ErrBufferFull)
			if err != nil && !long && !errors.Is(err, io.EOF) {
				yield(Candidate{}, fmt.Errorf("list of packages: %w", err))
				return
			}
			if limited.N == 0 {
				yield(Candidate{}, fmt.Errorf("list of packages: %w", ErrTooLarge))
				return
			}
			if begins && !c.take(line) && !flush() {
				return
			}
			begins = !long
			if errors.Is(err, io.EOF) {
				flush()
				return
			}
		}
	}
}

// take reads one line; it answers false for the one that ends a stanza.
func (c *Candidate) take(line []byte) bool {
	if len(line) == 0 {
		return true
	}
	switch line[0] {
	case '\n', '\r':
		return false
	case 'P':
		if v, ok := bytes.CutPrefix(line, []byte("Package:")); ok {
			c.Name = field(v)
		}
	case 'V':
		if v, ok := bytes.CutPrefix(line, []byte("Version:")); ok {
			c.Version = field(v)
		}
	case 'A':
		if v, ok := bytes.CutPrefix(line, []byte("Architecture:")); ok {
			c.Arch = field(v)
		}
	}
	return true
}

func field(b []byte) string {
	b = bytes.TrimSpace(b)
	return string(b[:min(len(b), maxValue)])
}
