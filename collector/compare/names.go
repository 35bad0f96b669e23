package compare

import (
	"strings"

	"vigia/collector/registers/software"
)

// names find the lines of the book of software that are about a program, whatever they
// decide and whichever versions they are for.
type names struct {
	exact map[string][]software.Program
	other []software.Program
}

func newNames(all []software.Program) names {
	n := names{exact: map[string][]software.Program{}}
	for _, p := range all {
		if strings.Contains(p.Product, "*") {
			n.other = append(n.other, p)
		} else {
			n.exact[strings.ToLower(p.Product)] = append(n.exact[strings.ToLower(p.Product)], p)
		}
	}
	return n
}

func (n names) covers(p program) bool {
	for _, line := range n.exact[strings.ToLower(p.Name)] {
		if line.Publisher == "" || like(line.Publisher, p.Publisher) {
			return true
		}
	}
	for _, line := range n.other {
		if like(line.Product, p.Name) && (line.Publisher == "" || like(line.Publisher, p.Publisher)) {
			return true
		}
	}
	return false
}

// like compares texts as the checks of programs do: without regard to case, and * stands
// for any text.
func like(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, last)
}
