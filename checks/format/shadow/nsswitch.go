package shadow

import (
	"bytes"
	"slices"
	"strings"
)

// Directory returns the first source of a database of nsswitch.conf(5), such as
// passwd or group, that is a directory service: accounts then exist which no
// local file tells of. It is empty where there is none.
func Directory(nsswitch []byte, database string) string {
	services := []string{"sss", "ldap", "winbind", "nis", "nisplus", "compat"}
	for raw := range bytes.Lines(nsswitch) {
		line, _, _ := strings.Cut(string(raw), "#")
		sources, ok := strings.CutPrefix(strings.TrimSpace(line), database+":")
		if !ok {
			continue
		}
		for source := range strings.FieldsSeq(sources) {
			if slices.Contains(services, source) {
				return source
			}
		}
	}
	return ""
}
