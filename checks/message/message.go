// Package message is the catalogue type behind everything Vigía says to people.
//
// A package that speaks keeps its own Catalogue beside its code: codes on one
// side, Spanish and English prose on the other. Facts, verdicts and reports
// carry only codes and arguments; prose is made here, at the edge, in the
// reader's language. The package decides nothing and imports nothing of ours.
package message

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lang is a language Vigía speaks, as an ISO 639-1 code.
type Lang string

// The languages of every catalogue. Spanish is the default everywhere.
const (
	Spanish Lang = "es"
	English Lang = "en"
)

// Langs lists the languages, the default first.
func Langs() []Lang { return []Lang{Spanish, English} }

// ParseLang accepts a language tag such as "es", "es-MX" or "en_GB.UTF-8" and
// answers Spanish for anything it does not know.
func ParseLang(tag string) Lang {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if tag == "en" || strings.HasPrefix(tag, "en-") || strings.HasPrefix(tag, "en_") {
		return English
	}
	return Spanish
}

// Text is one sentence or label in both languages. It may hold placeholders in
// braces, such as {seconds}, which Format fills.
type Text struct {
	ES string `json:"es" yaml:"es"`
	EN string `json:"en" yaml:"en"`
}

// In returns the text in the given language, Spanish for an unknown one.
func (t Text) In(lang Lang) string {
	if lang == English {
		return t.EN
	}
	return t.ES
}

// Format returns the text in lang with each {name} replaced by args[name]. A
// placeholder without argument stays as it is, so that a mistake is visible.
func (t Text) Format(lang Lang, args map[string]string) string {
	s := t.In(lang)
	if !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, 2*len(args))
	for _, name := range slices.Sorted(maps.Keys(args)) {
		pairs = append(pairs, "{"+name+"}", args[name])
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Entry is what is said of one code: the sentence, and what to do about it
// (empty where there is nothing to do).
type Entry struct {
	Say Text
	Do  Text
}

// Catalogue holds the entries of one speaker by code. Codes are lower-case
// words joined by dots and underscores: "screenlock.too_long".
type Catalogue map[string]Entry

// Say renders the sentence of a code. An unknown code renders as itself with
// its arguments: old evidence must stay readable.
func (c Catalogue) Say(lang Lang, code string, args map[string]string) string {
	if e, ok := c[code]; ok {
		return e.Say.Format(lang, args)
	}
	if len(args) == 0 {
		return code
	}
	return fmt.Sprintf("%s %v", code, args)
}

// Do renders what to do about a code, empty when there is nothing to do.
func (c Catalogue) Do(lang Lang, code string, args map[string]string) string {
	return c[code].Do.Format(lang, args)
}

// Merge adds other's entries to c and returns the codes that both hold with
// different text, sorted: a conflict is a mistake of the caller.
func (c Catalogue) Merge(other Catalogue) (conflicts []string) {
	for code, e := range other {
		if old, ok := c[code]; ok && old != e {
			conflicts = append(conflicts, code)
			continue
		}
		c[code] = e
	}
	slices.Sort(conflicts)
	return conflicts
}

// Problems lists what is wrong with the catalogue, sorted: an entry without
// both languages, or whose languages use different placeholders.
func (c Catalogue) Problems() []string {
	var out []string
	for code, e := range c {
		out = append(out, problems(code, "say", e.Say, true)...)
		out = append(out, problems(code, "do", e.Do, false)...)
	}
	slices.Sort(out)
	return out
}

func problems(code, part string, t Text, required bool) []string {
	if t.ES == "" && t.EN == "" && !required {
		return nil
	}
	var out []string
	if t.ES == "" {
		out = append(out, fmt.Sprintf("%s: %s has no Spanish", code, part))
	}
	if t.EN == "" {
		out = append(out, fmt.Sprintf("%s: %s has no English", code, part))
	}
	if len(out) == 0 && !slices.Equal(placeholders(t.ES), placeholders(t.EN)) {
		out = append(out, fmt.Sprintf("%s: %s has other placeholders in each language", code, part))
	}
	return out
}

func placeholders(s string) []string {
	set := map[string]bool{}
	for {
		_, rest, ok := strings.Cut(s, "{")
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			break
		}
		set[name] = true
		s = after
	}
	return slices.Sorted(maps.Keys(set))
}
