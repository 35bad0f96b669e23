package sbom

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Notices writes every text that the parts of a program ask to pass on, the same text
// once.
func (p Program) Notices(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s %s: partes de otros y sus licencias / parts of others and their licences\n\n", p.Name, p.Version)
	type place struct{ part, file string }
	var bodies []string
	places := make(map[string][]place)
	for _, part := range p.Parts {
		fmt.Fprintf(out, "  %s %s (%s)\n", part.name(), part.Version, strings.Join(part.ids(), ", "))
		for _, t := range part.Licences {
			body := strings.TrimSpace(strings.ReplaceAll(t.Body, "\r\n", "\n"))
			if places[body] == nil {
				bodies = append(bodies, body)
			}
			places[body] = append(places[body], place{part.name() + " " + part.Version, t.Name})
		}
	}
	for _, body := range bodies {
		fmt.Fprintf(out, "\n%s\n", strings.Repeat("=", 80))
		for _, at := range places[body] {
			fmt.Fprintf(out, "%s: %s\n", at.part, at.file)
		}
		fmt.Fprintf(out, "%s\n\n%s\n", strings.Repeat("-", 80), body)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the notices of %s: %w", p.Name, err)
	}
	return nil
}

// name is what a person calls a part.
func (p Part) name() string {
	if p.Path == std {
		return "Go"
	}
	return p.Path
}
