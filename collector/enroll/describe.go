package enroll

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	apiv1 "vigia/collector/api/v1"
)

// maxTextRunes bounds names, reasons and notes.
const maxTextRunes = 200

// checkMachine tells what is not acceptable in a machine's own description.
func checkMachine(m *apiv1.Machine) error {
	if !validHostname(m.GetHostname()) {
		return fmt.Errorf("the host name is empty, longer than 253 bytes or holds other than letters, digits, dots, hyphens and underscores")
	}
	if os := m.GetOs(); os != "linux" && os != "windows" {
		return fmt.Errorf("the system must be linux or windows")
	}
	for name, text := range map[string]string{
		"os_name": m.GetOsName(), "os_version": m.GetOsVersion(), "arch": m.GetArch(), "agent_version": m.GetAgentVersion(),
	} {
		if !validText(text) {
			return fmt.Errorf("%s is longer than %d letters or holds control characters", name, maxTextRunes)
		}
	}
	for name, id := range map[string][]byte{"hardware_id": m.GetHardwareId(), "installation_id": m.GetInstallationId()} {
		if len(id) != 0 && len(id) != idBytes {
			return fmt.Errorf("%s must have %d bytes, or none", name, idBytes)
		}
	}
	return nil
}

// idBytes is the length of Machine.hardware_id and installation_id.
const idBytes = 16

// writeID writes such an id as the tables keep it. Zeros are no id.
func writeID(id []byte) string {
	if len(id) != idBytes || [idBytes]byte(id) == [idBytes]byte{} {
		return ""
	}
	return hex.EncodeToString(id)
}

// ValidHostname tells whether a machine may be called so.
func ValidHostname(name string) bool { return validHostname(name) }

// validHostname accepts what hosts are really called, underscores and letters
// of other alphabets included; it is a label for people, not a DNS query.
func validHostname(name string) bool {
	if name == "" || len(name) > 253 || !utf8.ValidString(name) {
		return false
	}
	for _, r := range name {
		if r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "-")
}

// validText accepts a single line of printable text, or nothing.
func validText(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTextRunes {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// sameHost compares host names as people mean them: without case, and a bare
// name equals the same name with a domain.
func sameHost(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSuffix(a, ".")), strings.ToLower(strings.TrimSuffix(b, "."))
	if a == b {
		return true
	}
	shortA, _, dottedA := strings.Cut(a, ".")
	shortB, _, dottedB := strings.Cut(b, ".")
	return dottedA != dottedB && shortA == shortB
}

// shortName is a host name without its domain: names that sameHost takes for one
// have the same.
func shortName(host string) string {
	name, _, _ := strings.Cut(strings.ToLower(host), ".")
	return name
}
