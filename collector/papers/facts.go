package papers

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	apiv1 "vigia/collector/api/v1"
)

// Field is one value that a check can send.
type Field struct {
	// Path is its place in the JSON of the facts: ".accounts[].name"; "{key}" is a name
	// that is itself a value.
	Path string
	Kind Kind
}

// ErrUndescribed means a field of which the papers do not know what it tells.
var ErrUndescribed = errors.New("the papers do not say of which kind it is")

// Describe lists all that can leave a machine with the result of a check. Numbers and
// answers of yes or no need no description; a text or a time without one is an error: add
// it to the lists in kinds.go, and read the annex again with the eyes of an employee.
func Describe(c checks.Check) ([]Field, error) {
	w := walker{check: c.Info().ID, any: anyCheck(), one: oneCheck()}
	w.walk("", reflect.TypeOf(c.NewFacts()).Elem(), nil)
	slices.SortFunc(w.fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return w.fields, errors.Join(w.errs...)
}

type walker struct {
	check    string
	any, one map[string]Kind
	fields   []Field
	errs     []error
}

// walk visits a type as encoding/json does. within are the types that it is in: one that
// holds itself is visited once.
func (w *walker) walk(at string, t reflect.Type, within []reflect.Type) {
	if slices.Contains(within, t) {
		return
	}
	within = append(slices.Clip(within), t)
	switch t.Kind() {
	case reflect.Pointer:
		w.walk(at, t.Elem(), within)
	case reflect.Slice, reflect.Array:
		w.walk(at+"[]", t.Elem(), within)
	case reflect.Map:
		w.leaf(at+"{key}", t.Key())
		w.walk(at+"{}", t.Elem(), within)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			w.leaf(at, t)
			return
		}
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-", !f.IsExported() && !f.Anonymous:
			case f.Anonymous && name == "":
				w.walk(at, f.Type, within)
			default:
				if name == "" {
					name = f.Name
				}
				w.walk(at+"."+name, f.Type, within)
			}
		}
	default:
		w.leaf(at, t)
	}
}

func (w *walker) leaf(at string, t reflect.Type) {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		w.fields = append(w.fields, Field{at, number})
		return
	}
	kind, ok := w.kind(at)
	if !ok {
		w.errs = append(w.errs, fmt.Errorf("%s %s: %w", w.check, at, ErrUndescribed))
		return
	}
	w.fields = append(w.fields, Field{at, kind})
}

func (w *walker) kind(at string) (Kind, bool) {
	domain, _, _ := strings.Cut(w.check, ".")
	for _, key := range []string{w.check + " " + at, domain + ".* " + at} {
		if kind, ok := w.one[key]; ok {
			return kind, true
		}
	}
	name := at[strings.LastIndexByte(at, '.')+1:]
	if i := strings.IndexAny(name, "[{"); i >= 0 {
		name = name[:i]
	}
	kind, ok := w.any[name]
	return kind, ok
}

// fromCollector are the messages of the contract that go the other way.
func fromCollector() []string {
	return []string{"EnrollResponse", "RenewResponse", "DeliverResponse", "SignedPolicy", "FileAnswer", "FileRefusal"}
}

// Envelope lists the fields of the wire contract that a machine fills in, by message.
func Envelope() map[string][]string {
	out := map[string][]string{}
	messages := apiv1.File_collector_api_v1_vigia_proto.Messages()
	for i := range messages.Len() {
		m := messages.Get(i)
		if slices.Contains(fromCollector(), string(m.Name())) {
			continue
		}
		for j := range m.Fields().Len() {
			out[string(m.Name())] = append(out[string(m.Name())], string(m.Fields().Get(j).Name()))
		}
	}
	return out
}
