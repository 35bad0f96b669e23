package report

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
)

// persons are the names that a column of somebody would have, in both languages.
func persons() []string {
	return []string{"cuenta", "usuario", "persona", "empleado", "dueño", "perfil", "account", "user", "person", "employee", "owner", "profile", "sid"}
}

// Employees are not ranked: no table of the review and no part of its data has a column of
// a person, by which it could be sorted or counted. Who is concerned stands in the words of
// a finding and in what part it is of, one by one.
func TestNobodyIsRanked(t *testing.T) {
	for name, rows := range map[string][][]string{
		"controles": Document{}.controlRows(message.Spanish), "estados": Document{}.stateRows(message.Spanish),
		"hallazgos": Document{}.findingRows(message.Spanish), "cobertura": Document{}.coverageRows(message.Spanish),
	} {
		for _, column := range rows[0] {
			for word := range strings.FieldsSeq(column) {
				if slices.Contains(persons(), word) {
					t.Errorf("table %s has a column of persons: %s", name, column)
				}
			}
		}
	}
	var walk func(at string, typ reflect.Type, within []reflect.Type)
	walk = func(at string, typ reflect.Type, within []reflect.Type) {
		if slices.Contains(within, typ) || typ == reflect.TypeFor[time.Time]() {
			return
		}
		within = append(slices.Clip(within), typ)
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			walk(at, typ.Elem(), within)
		case reflect.Struct:
			for f := range typ.Fields() {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if !f.IsExported() || name == "-" {
					continue
				}
				if slices.Contains(persons(), strings.ToLower(name)) {
					t.Errorf("the data of the review has a field of persons: %s.%s", at, name)
				}
				walk(at+"."+name, f.Type, within)
			}
		}
	}
	walk("", reflect.TypeFor[Document](), nil)
}
