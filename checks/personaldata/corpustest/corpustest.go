// Package corpustest makes files full of invented identities from a seed, and tells
// which ones stand in them, to prove that a scan finds all of them and nothing else.
//
// The check digits are computed here anew, from their published definitions: the
// package imports nothing of the detector that it tests. Names and streets are common
// ones put together at random; no value is a real person's but by chance. What a
// corpus holds is told in memory alone.
package corpustest

import (
	"fmt"
	"strings"
)

// A Type names a kind of identifier, as reports do.
type Type string

// The types that a corpus holds.
const (
	CURP       Type = "mx.curp"
	RFC        Type = "mx.rfc"
	NSS        Type = "mx.nss"
	CLABE      Type = "mx.clabe"
	INE        Type = "mx.ine"
	PassportMX Type = "mx.passport"
	PhoneMX    Type = "mx.phone"
	PlateMX    Type = "mx.plate"
	ISSEMYM    Type = "mx.issemym"
	DNI        Type = "es.dni"
	NIE        Type = "es.nie"
	CIF        Type = "es.cif"
	NUSS       Type = "es.ss"
	IBAN       Type = "es.iban"
	CCC        Type = "es.ccc"
	PassportES Type = "es.passport"
	PhoneES    Type = "es.phone"
	PlateES    Type = "es.plate"
	MRZ        Type = "mrz"
	Card       Type = "card"
	Email      Type = "email"
	Name       Type = "name"
	Address    Type = "address"
	Birth      Type = "birthdate"
)

// A Class says how a value is written.
type Class string

// The classes.
const (
	OK    Class = "ok"    // as it is printed, beside a word that announces it
	Alone Class = "alone" // as it is printed, with no such word
	Loose Class = "sep"   // with separators, or in lower case
	Ctx   Class = "ctx"   // of a type that means nothing without its word or column
	Near  Class = "near"  // wrong by a digit, a date, a bank or a state: nobody's
)

// A Truth is one value that a file holds.
type Truth struct {
	Type   Type
	Class  Class
	Value  string // as written
	Offset int    // in the text, before it was put into a format or encoding
}

// A File is a text with what it holds.
type File struct {
	Name   string
	Text   string
	Truths []Truth
	// Soft are types that the text holds too (names, addresses, birth dates), although
	// in what number is a matter of opinion.
	Soft  []Type
	Table *Table // the same as Text, when that is a table
}

// A Table is rows under the names of their columns.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Count is how many values of a type the file holds, near ones left out.
func (f *File) Count(t Type) int {
	n := 0
	for _, truth := range f.Truths {
		if truth.Type == t && truth.Class != Near {
			n++
		}
	}
	return n
}

// String names the file and what it holds, for a message of a test.
func (f *File) String() string {
	var b strings.Builder
	b.WriteString(f.Name)
	for _, t := range f.Truths {
		fmt.Fprintf(&b, "\n\t%s %s %q at %d", t.Type, t.Class, t.Value, t.Offset)
	}
	return b.String()
}

// A Maker makes files.
type Maker struct {
	r      *random
	people *People
	kinds  []kind
	turns  map[Class]int // which kind is next, so that each gets its share
	b      strings.Builder
	truths []Truth
	soft   []Type
}

// NewMaker returns a Maker: the same seed and calls give the same files.
func NewMaker(seed uint64) *Maker {
	return &Maker{r: newRandom(seed, 'M'), people: NewPeople(seed), kinds: kinds(), turns: map[Class]int{}}
}

// done returns what was written as a file.
func (m *Maker) done(name string) File {
	f := File{Name: name, Text: m.b.String(), Truths: m.truths, Soft: m.soft}
	m.b, m.truths, m.soft = strings.Builder{}, nil, nil
	return f
}

// put writes a value and remembers it.
func (m *Maker) put(t Type, c Class, value string) {
	m.truths = append(m.truths, Truth{t, c, value, m.b.Len()})
	m.b.WriteString(value)
}

func (m *Maker) print(parts ...string) {
	for _, p := range parts {
		m.b.WriteString(p)
	}
}

// next is the kind whose turn it is among those that can be written in a class.
func (m *Maker) next(c Class) kind {
	for {
		k := m.kinds[m.turns[c]%len(m.kinds)]
		m.turns[c]++
		switch {
		case c == Loose && k.loose == nil, c == Near && k.near == nil, c == Alone && !k.alone, c == Ctx && !k.context:
		default:
			return k
		}
	}
}

// value writes one of a person's values in a class.
func (k *kind) value(r *random, id Identity, c Class) string {
	v := k.plain(id)
	switch c {
	case Loose:
		return k.loose(r, v)
	case Near:
		return k.near(r, v)
	case OK, Alone, Ctx:
	}
	return v
}
