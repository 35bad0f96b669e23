package policy

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"vigia/checks/catalog"
)

// PackSchema is the newest form of a pack's file that this program reads. Form 2 has a
// calendar, terms and two_people.
const PackSchema = 2

// MaxPack bounds a pack's file, in bytes.
const MaxPack = maxFile

// LoadPack reads a pack that came from outside, the way the embedded ones are read, and
// makes sure that this program can run it: its laws are in the book, its checks in the
// catalogue, and they take its parameters. An error names the file, the line and the key.
func LoadPack(name string, data []byte, cat *catalog.Catalog) (Pack, error) {
	book, err := Laws()
	if err != nil {
		return Pack{}, err
	}
	p, doc, err := decodePack(name, data, book)
	if err != nil {
		return Pack{}, err
	}
	if len(p.Rules)+len(p.Levels) == 0 {
		return Pack{}, doc.errorf("rules", "a pack without rules asks nothing")
	}
	for i, r := range p.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		check, ok := cat.Lookup(r.Check)
		if !ok {
			return Pack{}, doc.errorf(at+".check", "this version of Vigía has no check %q: update Vigía first, or correct the name", r.Check)
		}
		if err := accepts(check, r.Params); err != nil {
			return Pack{}, doc.errorf(at+".params", "%s: %w", r.Check, err)
		}
	}
	return p, nil
}

// PackText is the file of an embedded pack.
func PackText(name string) ([]byte, error) {
	data, err := fs.ReadFile(embedded, packFile(name))
	if err != nil {
		return nil, fmt.Errorf("read the embedded pack %q: %w", name, err)
	}
	return data, nil
}

// packFile is the name of an embedded pack's file.
func packFile(name string) string { return "packs/" + name + ".yaml" }

// Newest joins packs of several origins: of each name the highest version, of those of one
// version the first. They come sorted by name.
func Newest(origins ...[]Pack) []Pack {
	var out []Pack
	for _, packs := range origins {
		for _, p := range packs {
			i := slices.IndexFunc(out, func(o Pack) bool { return o.Name == p.Name })
			switch {
			case i < 0:
				out = append(out, p)
			case p.Version > out[i].Version:
				out[i] = p
			}
		}
	}
	slices.SortFunc(out, func(a, b Pack) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// decodePack reads and checks a pack's file. Each rule gets its severity: that of its
// control where the pack does not replace it.
func decodePack(name string, data []byte, book LawBook) (Pack, *document, error) {
	if err := newerSchema(name, data); err != nil {
		return Pack{}, nil, err
	}
	var p Pack
	doc, err := decodeYAML(name, data, &p)
	if err != nil {
		return Pack{}, nil, err
	}
	if !packName.MatchString(p.Name) {
		return Pack{}, nil, doc.errorf("name", "want a name such as mx-general, got %q", p.Name)
	}
	if err := p.check(doc, book); err != nil {
		return Pack{}, nil, err
	}
	for i := range p.Rules {
		if p.Rules[i].Severity == "" {
			c, _ := book.Control(p.Rules[i].Control)
			p.Rules[i].Severity = c.Severity
		}
	}
	return p, doc, nil
}

// newerSchema tells of a pack that was written for a later version of this program, before
// its keys are looked at: what is unknown in it is then no mistake of its author.
func newerSchema(name string, data []byte) error {
	var root yaml.Node
	unfit := len(data) > maxFile || yaml.Unmarshal(data, &root) != nil || len(root.Content) == 0
	if unfit {
		return nil // decodeYAML says so
	}
	keys := root.Content[0].Content
	for i := 0; i+1 < len(keys); i += 2 {
		var schema int
		if keys[i].Value == "schema" && keys[i+1].Decode(&schema) == nil && schema > PackSchema {
			return fmt.Errorf("%s:%d: schema: the pack is written in form %d and this program reads up to %d: update Vigía first, then import it",
				name, keys[i].Line, schema, PackSchema)
		}
	}
	return nil
}
