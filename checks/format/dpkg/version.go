package dpkg

import "strings"

// Compare compares two versions as dpkg does, deb-version(7): -1 if a is older than b,
// 0 if they are the same, 1 if a is newer. What is no version still has its place, so
// that there is always an answer.
func Compare(a, b string) int {
	epochA, restA := epoch(a)
	epochB, restB := epoch(b)
	if c := compareDigits(epochA, epochB); c != 0 {
		return c
	}
	upstreamA, revisionA := revision(restA)
	upstreamB, revisionB := revision(restB)
	if c := comparePart(upstreamA, upstreamB); c != 0 {
		return c
	}
	return comparePart(revisionA, revisionB)
}

// epoch cuts "1:" off; a version without it has the epoch 0.
func epoch(v string) (number, rest string) {
	if number, rest, ok := strings.Cut(v, ":"); ok {
		return number, rest
	}
	return "", v
}

// revision cuts the packager's own number off, behind the last hyphen.
func revision(v string) (upstream, number string) {
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, ""
}

// comparePart compares by turns what is no digit and what is.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		var restA, restB string
		a, restA = splitDigits(a, false)
		b, restB = splitDigits(b, false)
		for i := 0; i < len(a) || i < len(b); i++ {
			if x, y := order(a, i), order(b, i); x != y {
				return sign(x - y)
			}
		}
		a, restA = splitDigits(restA, true)
		b, restB = splitDigits(restB, true)
		if c := compareDigits(a, b); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return 0
}

func splitDigits(s string, digits bool) (head, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) == digits {
		i++
	}
	return s[:i], s[i:]
}

// order is the rank of a character: a tilde before the end, letters before the rest.
func order(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 'a' && s[i] <= 'z':
		return int(s[i])
	}
	return int(s[i]) + 256
}

// compareDigits compares numbers of any length.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
