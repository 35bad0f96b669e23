package policy

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a YAML file, in bytes.
const maxFile = 1 << 20

// document is a decoded YAML file that remembers on which line each key
// stands, so that what is found wrong later can still be pointed at.
type document struct {
	file  string
	lines map[string]int // by path, such as "rules[2].check"
}

// errorf says what is wrong with the value at path.
func (d *document) errorf(path, format string, args ...any) error {
	line, at := 0, path
	for {
		if n, ok := d.lines[at]; ok {
			line = n
			break
		}
		cut := strings.LastIndexAny(at, ".[")
		if cut < 0 {
			break
		}
		at = at[:cut] // a key that is missing is pointed at through its parent
	}
	err := fmt.Errorf(format, args...)
	switch {
	case path == "":
		return fmt.Errorf("%s: %w", d.file, err)
	case line == 0:
		return fmt.Errorf("%s: %s: %w", d.file, path, err)
	default:
		return fmt.Errorf("%s:%d: %s: %w", d.file, line, path, err)
	}
}

// decodeYAML reads one YAML document strictly into the struct that into points
// to: unknown and repeated keys, values of another type, anchors and further
// documents are errors with file, line and key. Field names are those of the
// json tags, so a file and the wire use the same words.
func decodeYAML(file string, data []byte, into any) (*document, error) {
	d := &document{file: file, lines: map[string]int{}}
	if len(data) > maxFile {
		return nil, d.errorf("", "larger than %d bytes", maxFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	if err := dec.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, d.errorf("", "the file is empty")
		}
		return nil, d.syntax(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, d.syntax(err)
		}
		return nil, d.errorf("", "more than one YAML document")
	}
	if err := d.decode(root.Content[0], reflect.ValueOf(into).Elem(), ""); err != nil {
		return nil, err
	}
	return d, nil
}

// syntax brings the parser's "yaml: line 3: what" into the form of errorf.
func (d *document) syntax(err error) error {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		if line, what, ok := strings.Cut(rest, ": "); ok {
			return fmt.Errorf("%s:%s: %s", d.file, line, what)
		}
	}
	return fmt.Errorf("%s: %s", d.file, what)
}

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *document) decode(n *yaml.Node, v reflect.Value, path string) error {
	if path != "" {
		if _, ok := d.lines[path]; !ok {
			d.lines[path] = n.Line
		}
	}
	if err := d.plain(n, path); err != nil {
		return err
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // a key without value is as good as no key
	}
	if v.Type() == rawType {
		value, err := d.generic(n, path)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return d.errorf(path, "%w", err)
		}
		v.SetBytes(raw)
		return nil
	}
	if reflect.PointerTo(v.Type()).Implements(textType) {
		if n.Kind != yaml.ScalarNode {
			return d.errorf(path, "want a value, got %s", kindOf(n))
		}
		text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
		if !ok {
			return d.errorf(path, "cannot be read")
		}
		if err := text.UnmarshalText([]byte(n.Value)); err != nil {
			return d.errorf(path, "%w", err)
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.decode(n, v.Elem(), path)
	case reflect.Struct:
		return d.decodeStruct(n, v, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return d.errorf(path, "want a list, got %s", kindOf(n))
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			if err := d.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	default:
		return d.decodeScalar(n, v, path)
	}
}

func (d *document) decodeScalar(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.ScalarNode {
		return d.errorf(path, "want a value, got %s", kindOf(n))
	}
	switch v.Kind() {
	case reflect.String:
		// A date is text here, as it is written.
		if n.Tag != "!!str" && n.Tag != "!!timestamp" {
			return d.errorf(path, "want text, got %s: put it in quotes", n.Value)
		}
		v.SetString(n.Value)
		return nil
	case reflect.Bool:
		if n.Tag == "!!bool" && n.Decode(v.Addr().Interface()) == nil {
			return nil
		}
		return d.errorf(path, "want true or false, got %q", n.Value)
	default:
		if n.Tag == "!!int" && n.Decode(v.Addr().Interface()) == nil {
			return nil
		}
		return d.errorf(path, "want a whole number, got %q", n.Value)
	}
}

func (d *document) decodeStruct(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.MappingNode {
		return d.errorf(path, "want keys with values, got %s", kindOf(n))
	}
	fields := map[string]reflect.Value{}
	fieldsOf(v, fields)
	return d.pairs(n, path, func(key, at string, value *yaml.Node) error {
		field, ok := fields[key]
		if !ok {
			return d.errorf(at, "unknown key")
		}
		return d.decode(value, field, at)
	})
}

// fieldsOf collects the fields of a struct by their json name, those of
// embedded structs included.
func fieldsOf(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			fieldsOf(v.Field(i), into)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			into[name] = v.Field(i)
		}
	}
}

// pairs calls each for every key of a mapping, having noted its line.
func (d *document) pairs(n *yaml.Node, path string, each func(key, at string, value *yaml.Node) error) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if err := d.plain(key, path); err != nil {
			return err
		}
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			return fmt.Errorf("%s:%d: %s: a key must be text", d.file, key.Line, or(path, "file"))
		}
		at := key.Value
		if path != "" {
			at = path + "." + key.Value
		}
		if seen[key.Value] {
			return fmt.Errorf("%s:%d: %s: the key is there twice", d.file, key.Line, at)
		}
		seen[key.Value] = true
		d.lines[at] = key.Line
		if err := each(key.Value, at, value); err != nil {
			return err
		}
	}
	return nil
}

// plain refuses what makes a file mean something else than it shows.
func (d *document) plain(n *yaml.Node, path string) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return fmt.Errorf("%s:%d: %s: anchors and aliases are not allowed", d.file, n.Line, or(path, "file"))
	}
	if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge" {
		return fmt.Errorf("%s:%d: %s: tags and merge keys are not allowed", d.file, n.Line, or(path, "file"))
	}
	return nil
}

// generic turns a node into what encoding/json writes with sorted keys.
func (d *document) generic(n *yaml.Node, path string) (any, error) {
	if err := d.plain(n, path); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		err := d.pairs(n, path, func(key, at string, value *yaml.Node) error {
			v, err := d.generic(value, at)
			out[key] = v
			return err
		})
		return out, err
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := d.generic(item, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case yaml.ScalarNode:
		return d.scalar(n, path)
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil, d.errorf(path, "cannot be read")
}

func (d *document) scalar(n *yaml.Node, path string) (any, error) {
	var err error
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!str", "!!timestamp":
		return n.Value, nil
	case "!!bool":
		var b bool
		if err = n.Decode(&b); err == nil {
			return b, nil
		}
	case "!!int":
		var i int64
		if err = n.Decode(&i); err == nil {
			return i, nil
		}
	case "!!float":
		var f float64
		if err = n.Decode(&f); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	}
	return nil, d.errorf(path, "the value %q cannot be used here", n.Value)
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("%q", n.Value)
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return "something else"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
