// Package conf reads the plain-text settings files of desktops, log-in screens,
// units and PAM modules, of which there are three families:
//
//   - ParseINI: groups in brackets with key=value lines, the syntax that GKeyFile
//     (GDM, LightDM, GSettings overrides), Qt (SDDM), systemd and KConfig
//     (kscreenlockerrc) share, with KConfig's nested groups and its [$i] marks,
//     by which an administrator's file keeps a user's from counting (Resolve).
//   - ParseKeyValue: "key = value" lines and bare words, as in pwquality.conf(5)
//     and faillock.conf(5).
//   - ParseResources: "key: value" lines, as in ~/.xscreensaver and the defaults of
//     X applications.
//
// It is as lenient as the programs whose files it reads, because what they pass
// over has no effect on the machine either: a line that makes no sense is passed
// over, and Malformed lists it for a caller that wants to know. The only error is
// about size. It expands no variable, follows no include and imports nothing of
// ours.
package conf

import (
	"bytes"
	"errors"
	"iter"
	"strings"
)

// Limits of a file. A file beyond them is refused whole with ErrTooLarge.
const (
	MaxSize  = 4 << 20 // bytes
	MaxLines = 100_000
)

// ErrTooLarge is the error of a file over the limits.
var ErrTooLarge = errors.New("settings file is larger than this reader accepts")

// maxMalformed bounds the lines that Malformed lists.
const maxMalformed = 100

// malformed collects the numbers of lines that were passed over.
type malformed []int

func (m *malformed) add(line int) {
	if len(*m) < maxMalformed {
		*m = append(*m, line)
	}
}

func check(b []byte) error {
	if len(b) > MaxSize || bytes.Count(b, []byte{'\n'}) > MaxLines {
		return ErrTooLarge
	}
	return nil
}

// lines yields each line without the white space around it, with its 1-based
// number. A byte order mark at the start is dropped.
func lines(b []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for raw := range bytes.Lines(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))) {
			n++
			if !yield(n, strings.TrimSpace(string(raw))) {
				return
			}
		}
	}
}
