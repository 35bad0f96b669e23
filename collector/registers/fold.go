package registers

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold makes texts alike that a person would call the same word: case, accents and
// spaces around and between do not matter.
func fold(text string) string {
	decomposed := norm.NFD.String(strings.ToLower(text))
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, decomposed)
	return strings.Join(strings.Fields(strings.ReplaceAll(plain, "_", " ")), " ")
}
