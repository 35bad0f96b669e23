// Package registerstest shows that a book takes what is right and says what is wrong.
//
// It is for tests of the books alone.
package registerstest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Row is one way in which values may differ from good ones.
type Row struct {
	Name string
	// Set replaces fields of the good values; an empty text takes the field away.
	Set registers.Values
	// Want are problems as "field: code", in their order; none: the row is taken.
	Want []string
}

// Rules checks a book: its words, its fields, that good values are right, and each row.
func Rules(t *testing.T, book *registers.Book, good registers.Values, rows []Row) {
	t.Helper()
	Words(t, book)
	if err := book.Review(good); err != nil {
		t.Fatalf("the good row: %v", err)
	}
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			got := Problems(t, book, With(good, row.Set))
			if !slices.Equal(got, row.Want) {
				t.Errorf("got %q, want %q", got, row.Want)
			}
		})
	}
}

// With is good values with some replaced.
func With(good, set registers.Values) registers.Values {
	out := maps.Clone(good)
	for name, value := range set {
		if value == "" {
			delete(out, name)
		} else {
			out[name] = value
		}
	}
	return out
}

// Problems are what a book finds wrong, as "field: code".
func Problems(t *testing.T, book *registers.Book, v registers.Values) []string {
	t.Helper()
	err := book.Review(v)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*registers.InvalidError](err)
	if !ok {
		t.Fatal(err)
	}
	var out []string
	for _, p := range invalid.Problems {
		for _, lang := range message.Langs() {
			if said := book.Say(lang, p); said == "" || strings.Contains(said, p.Code) {
				t.Errorf("%s is not said in %s: %q", p.Code, lang, said)
			}
		}
		out = append(out, p.Field+": "+p.Code)
	}
	return out
}

// Words makes sure that all of a book is in both languages and fits together.
func Words(t *testing.T, book *registers.Book) {
	t.Helper()
	both := func(what string, text message.Text, required bool) {
		if (text.ES == "") != (text.EN == "") || required && text.ES == "" {
			t.Errorf("%s: not in both languages: %+v", what, text)
		}
	}
	both("title", book.Title, true)
	both("lead", book.Lead, true)
	for _, problem := range book.Words.Problems() {
		t.Error(problem)
	}
	names := map[string]bool{}
	for _, f := range book.Fields {
		both(f.Name, f.Label, true)
		both(f.Name+" hint", f.Hint, false)
		if names[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		names[f.Name] = true
		for _, o := range f.Options {
			both(f.Name+" "+o.Code, o.Label, true)
		}
		if wants := f.Kind == registers.Choice || f.Kind == registers.Choices; wants != (len(f.Options) > 0) {
			t.Errorf("%s: a %s with %d options", f.Name, f.Kind, len(f.Options))
		}
		if (f.Kind == registers.Folio) != (f.Of != "") {
			t.Errorf("%s: a %s of %q", f.Name, f.Kind, f.Of)
		}
	}
	for _, name := range append(slices.Clone(book.Key), book.Department, book.Ends) {
		if name != "" && !names[name] {
			t.Errorf("the book names a field %q that it has not", name)
		}
	}
}
