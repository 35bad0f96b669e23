package rpm

import (
	"cmp"
	"strings"
)

// Compare compares the versions of two packages as rpm does: by epoch, then version,
// then release. It is -1 if a is older than b, 0 if they are the same, 1 if a is newer.
func Compare(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), compareVersions(a.Version, b.Version), compareVersions(a.Release, b.Release))
}

// compareVersions compares by turns numbers and words, whatever stands between them; see
// rpm-version(7). A tilde is older than the end, a caret newer than the end and older
// than anything else.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		a = strings.TrimLeftFunc(a, isSeparator)
		b = strings.TrimLeftFunc(b, isSeparator)
		switch tildeA, tildeB := strings.HasPrefix(a, "~"), strings.HasPrefix(b, "~"); {
		case tildeA && tildeB:
			a, b = a[1:], b[1:]
			continue
		case tildeA:
			return -1
		case tildeB:
			return 1
		}
		switch caretA, caretB := strings.HasPrefix(a, "^"), strings.HasPrefix(b, "^"); {
		case caretA && caretB:
			a, b = a[1:], b[1:]
			continue
		case caretA && b == "", caretB && a != "":
			return 1
		case caretA, caretB:
			return -1
		}
		if a == "" || b == "" {
			return cmp.Compare(len(a), len(b))
		}
		numbers := isDigit(a[0])
		segmentA, restA := segment(a, numbers)
		segmentB, restB := segment(b, numbers)
		switch {
		case segmentB == "" && numbers: // a number is newer than a word
			return 1
		case segmentB == "":
			return -1
		case numbers:
			segmentA, segmentB = strings.TrimLeft(segmentA, "0"), strings.TrimLeft(segmentB, "0")
			if c := cmp.Compare(len(segmentA), len(segmentB)); c != 0 {
				return c
			}
		}
		if c := strings.Compare(segmentA, segmentB); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return 0
}

func segment(s string, numbers bool) (head, rest string) {
	i := 0
	for i < len(s) && (numbers && isDigit(s[i]) || !numbers && isLetter(s[i])) {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }

func isSeparator(r rune) bool {
	return r != '~' && r != '^' && (r > 'z' || !isDigit(byte(r)) && !isLetter(byte(r)))
}
