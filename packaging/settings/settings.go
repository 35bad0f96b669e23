// Package settings reads the configuration of both programs the same way:
// defaults, then a YAML file, then environment variables, through viper, into
// a struct.
//
// It is strict, because a mistyped key that is ignored is a setting that is
// not in force: an unknown or repeated key, a value of the wrong type and a
// variable that names no key are errors, which say file, line and key. It
// knows no key of its own and imports nothing of ours.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// MaxFile bounds a configuration file, in bytes.
const MaxFile = 1 << 20

// Source says where the settings come from.
type Source struct {
	// File is the YAML file. A missing one is an error if Required, else the
	// same as an empty one.
	File     string
	Required bool
	// Prefix begins the environment variables: with VIGIA, the key
	// agents.listen is VIGIA_AGENTS_LISTEN.
	Prefix string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// Ignore lists variables with the prefix that are not settings.
	Ignore []string
}

// environment is the file of an error about a variable.
const environment = "environment"

// Error is what is wrong with a configuration.
type Error struct {
	File    string // or the environment variable
	Line    int    // 0 when it is not about a line
	Key     string
	Problem string
}

func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Key == "" {
		return at + ": " + e.Problem
	}
	return at + ": " + e.Key + ": " + e.Problem
}

// Load fills the struct that into points to, whose values are the defaults.
// Keys are the mapstructure tags of its fields.
func Load(src Source, into any) error {
	known := keysOf(reflect.TypeOf(into).Elem(), "")
	v := viper.New()
	v.SetConfigType("yaml")
	lines := map[string]int{}
	if src.File != "" {
		data, err := readFile(src.File)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !src.Required:
		case err != nil:
			return &Error{File: src.File, Problem: plain(err)}
		default:
			if lines, err = checkYAML(src.File, data, known); err != nil {
				return err
			}
			if err := v.ReadConfig(bytes.NewReader(data)); err != nil {
				return &Error{File: src.File, Problem: err.Error()}
			}
		}
	}
	if err := readEnviron(v, src, known); err != nil {
		return err
	}
	return decode(v, src, lines, into)
}

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if info.Size() > MaxFile {
		return nil, fmt.Errorf("is larger than %d bytes", MaxFile)
	}
	return os.ReadFile(name)
}

// plain says an error of a file that is shown beside it: the commonest in the same words
// on every system.
func plain(err error) string {
	switch pathErr, ok := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read"
	case ok:
		return pathErr.Err.Error()
	}
	return err.Error()
}

// readEnviron puts the variables with the prefix over the file.
func readEnviron(v *viper.Viper, src Source, known map[string]kind) error {
	keys, names := map[string]string{}, map[string]kind{}
	for key, what := range known {
		if what != section {
			name := src.Prefix + "_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
			keys[name], names[name] = key, what
		}
	}
	for _, pair := range src.Environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, src.Prefix+"_") || slices.Contains(src.Ignore, name) {
			continue
		}
		key, ok := keys[name]
		if !ok {
			return &Error{File: environment, Key: name, Problem: "is not a known setting" + suggest(name, names)}
		}
		if known[key] == list {
			v.Set(key, strings.Split(value, ","))
		} else {
			v.Set(key, value)
		}
	}
	return nil
}

func decode(v *viper.Viper, src Source, lines map[string]int, into any) error {
	hooks := mapstructure.ComposeDecodeHookFunc(
		mapstructure.StringToTimeDurationHookFunc(),
		mapstructure.TextUnmarshallerHookFunc(),
	)
	// One key at a time, so that an error can name its line.
	for _, key := range slices.Sorted(slices.Values(v.AllKeys())) {
		dec, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			Result: into, DecodeHook: hooks, WeaklyTypedInput: true,
		})
		if err != nil {
			return err
		}
		if err := dec.Decode(nest(key, v.Get(key))); err != nil {
			file := src.File
			if lines[key] == 0 {
				file = environment
			}
			return &Error{File: file, Line: lines[key], Key: key, Problem: reason(err)}
		}
	}
	return nil
}

// nest turns a dotted key into nested maps.
func nest(key string, value any) map[string]any {
	parts := strings.Split(key, ".")
	for _, part := range slices.Backward(parts[1:]) {
		value = map[string]any{part: value}
	}
	return map[string]any{parts[0]: value}
}

// reason shortens mapstructure's error to its cause.
func reason(err error) string {
	text := strings.TrimSpace(err.Error())
	if i := strings.LastIndex(text, "\n"); i >= 0 {
		text = text[i+1:]
	}
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "*"))
	if _, after, ok := strings.Cut(text, "' "); ok && strings.HasPrefix(text, "'") {
		text = after
	}
	return text
}

// kind tells sections, lists and single values apart.
type kind int

const (
	single kind = iota
	list
	section
)

// keysOf lists the keys of a struct by their dotted names.
func keysOf(t reflect.Type, prefix string) map[string]kind {
	out := map[string]kind{}
	for f := range t.Fields() {
		name := f.Tag.Get("mapstructure")
		if name == "" || name == "-" {
			continue
		}
		name = prefix + name
		switch {
		case f.Type.Kind() == reflect.Struct && !hasText(f.Type):
			out[name] = section
			maps.Copy(out, keysOf(f.Type, name+"."))
		case f.Type.Kind() == reflect.Slice:
			out[name] = list
		default:
			out[name] = single
		}
	}
	return out
}

func hasText(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("UnmarshalText")
	return ok
}

// checkYAML demands that every key of the file is known and stands once, and
// returns the line of each.
func checkYAML(file string, data []byte, known map[string]kind) (map[string]int, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, &Error{File: file, Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	lines := map[string]int{}
	if len(root.Content) == 0 {
		return lines, nil
	}
	return lines, walk(file, root.Content[0], "", known, lines)
}

func walk(file string, n *yaml.Node, prefix string, known map[string]kind, lines map[string]int) error {
	if n.Kind != yaml.MappingNode {
		return &Error{File: file, Line: n.Line, Key: strings.TrimSuffix(prefix, "."), Problem: "expects keys and values"}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		key := prefix + name.Value
		what, ok := known[key]
		switch {
		case !ok:
			return &Error{File: file, Line: name.Line, Key: key, Problem: "is not a known setting" + suggest(key, known)}
		case lines[key] != 0:
			return &Error{File: file, Line: name.Line, Key: key, Problem: fmt.Sprintf("stands already on line %d", lines[key])}
		case what == single && value.Kind != yaml.ScalarNode:
			return &Error{File: file, Line: value.Line, Key: key, Problem: "expects a single value"}
		case what == list && value.Kind != yaml.SequenceNode:
			return &Error{File: file, Line: value.Line, Key: key, Problem: "expects a list, such as [a, b]"}
		}
		lines[key] = name.Line
		if what == section {
			if err := walk(file, value, key+".", known, lines); err != nil {
				return err
			}
		}
	}
	return nil
}

// suggest names the known key that is nearest to a mistyped one, if any is
// near.
func suggest(key string, known map[string]kind) string {
	best, distance := "", 4
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := levenshtein(key, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// levenshtein counts the single-letter edits between two words.
func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
