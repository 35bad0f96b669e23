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
	if all := Directories(nsswitch, database); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Directories returns all such sources of a database, in their order: one that nobody
// configured may stand before one that is in use.
func Directories(nsswitch []byte, database string) []string {
	// authd, himmelblau and aad bring accounts of Entra ID, oslogin those of a cloud,
	// lsass and centrifydc those of a domain.
	services := []string{
		"sss", "ldap", "winbind", "nis", "nisplus", "compat",
		"authd", "himmelblau", "aad", "oslogin", "cache_oslogin", "lsass", "centrifydc", "hesiod", "db", "extrausers",
	}
	var out []string
	for raw := range bytes.Lines(nsswitch) {
		line, _, _ := strings.Cut(string(raw), "#")
		sources, ok := strings.CutPrefix(strings.TrimSpace(line), database+":")
		if !ok {
			continue
		}
		for source := range strings.FieldsSeq(sources) {
			if slices.Contains(services, source) {
				out = append(out, source)
			}
		}
	}
	return out
}
