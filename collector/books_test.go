package collector

import (
	"slices"
	"testing"

	"vigia/collector/access"
	"vigia/collector/registers"
)

// TestBooks holds that every book says all that the pages of books, imports and searches
// stand on, and that books refer to fields, books and roles that there are.
func TestBooks(t *testing.T) {
	t.Parallel()
	names, prefixes := map[string]bool{}, map[string]bool{}
	for _, b := range Books() {
		if names[b.Name] || prefixes[b.Prefix] || b.Name == "" || len(b.Prefix) != 3 {
			t.Errorf("%s: its name or prefix %q is another's, or not one", b.Name, b.Prefix)
		}
		names[b.Name], prefixes[b.Prefix] = true, true
	}
	for _, b := range Books() {
		if b.Title.ES == "" || b.Title.EN == "" || b.Lead.ES == "" || b.Lead.EN == "" {
			t.Errorf("%s: title or lead lacks a language", b.Name)
		}
		if !slices.ContainsFunc(registers.Themes(), func(o registers.Option) bool { return o.Code == string(b.Theme) }) || b.Theme == registers.ThemeOther {
			t.Errorf("%s: on no shelf: %q", b.Name, b.Theme)
		}
		for _, role := range slices.Concat(b.Writers, b.Readers) {
			if _, ok := access.Roles()[access.Role(role)]; !ok {
				t.Errorf("%s: no role %q", b.Name, role)
			}
		}
		if slices.Contains(b.Writers, string(access.Liaison)) && b.Department == "" {
			t.Errorf("%s: a liaison writes, and the book has no department", b.Name)
		}
		for _, name := range append(slices.Clone(b.Key), b.Department, b.Ends) {
			if f, ok := b.Field(name); name != "" && !ok || name != "" && name == b.Ends && f.Kind != registers.Day {
				t.Errorf("%s: no field %q, or not of its kind", b.Name, name)
			}
		}
		labels := map[string]bool{}
		for _, f := range b.Fields {
			if f.Name == "" || f.Label.ES == "" || f.Label.EN == "" || (f.Hint.ES == "") != (f.Hint.EN == "") {
				t.Errorf("%s.%s: a label or hint lacks a language", b.Name, f.Name)
			}
			folded := registers.Fold(f.Label.ES)
			if labels[folded] || folded == "folio" {
				t.Errorf("%s.%s: two columns of an import would be called %q", b.Name, f.Name, f.Label.ES)
			}
			labels[folded] = true
			if choice := f.Kind == registers.Choice || f.Kind == registers.Choices; choice != (len(f.Options) > 0) {
				t.Errorf("%s.%s: a choice has options, and nothing else has", b.Name, f.Name)
			}
			for _, o := range f.Options {
				if o.Code == "" || o.Label.ES == "" || o.Label.EN == "" {
					t.Errorf("%s.%s: the option %q lacks a language", b.Name, f.Name, o.Code)
				}
			}
			if (f.Kind == registers.Folio) != (f.Of != "") || f.Of != "" && !names[f.Of] {
				t.Errorf("%s.%s: refers to the book %q", b.Name, f.Name, f.Of)
			}
		}
	}
}
