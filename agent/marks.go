package agent

import (
	"crypto/sha256"
	"slices"
	"strings"

	"vigia/checks/host/local"
)

// markSize is how much of a hash tells a machine from the others of an organisation.
const markSize = 16

// Domains of the hashes: who has one of these learns nothing else about the machine.
const (
	hardwareDomain     = "vigia hardware v1\n"
	installationDomain = "vigia installation v1\n"
)

// hardwareID is the hash of what the firmware tells of the machine; nil: nothing that would
// be its own.
func hardwareID(m local.Marks) []byte {
	uuid, serial := m.UUID, ""
	if isFiller(uuid) {
		uuid = ""
	}
	if i := slices.IndexFunc(m.Serials, func(s string) bool { return !isFiller(s) }); i >= 0 {
		serial = m.Serials[i]
	}
	if uuid == "" && serial == "" {
		return nil
	}
	return mark(hardwareDomain, strings.ToLower(uuid)+"\n"+serial)
}

// installationID is the hash of what this installation of a system was given; nil: nothing.
func installationID(m local.Marks) []byte {
	if isFiller(m.Installation) || m.Installation == "uninitialized" { // machine-id(5)
		return nil
	}
	return mark(installationDomain, strings.ToLower(m.Installation))
}

func mark(domain, text string) []byte {
	sum := sha256.Sum256([]byte(domain + text))
	return sum[:markSize]
}

// isFiller tells whether a maker put in what stands in for a number that nobody filled in.
func isFiller(text string) bool {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	bare := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if len(bare) < 4 || strings.Trim(bare, bare[:1]) == "" { // nothing, "1", "0000", "FFFF-FFFF"
		return true
	}
	if strings.HasPrefix("01234567890123456789", bare) || strings.HasPrefix("1234567890", bare) {
		return true
	}
	return slices.Contains([]string{
		"03000200040005000006000700080009", // what AMI's tools leave
		"00020003000400050006000700080009", // the same, with its bytes the other way round
		"12345678123456781234567812345678",
		"12345678123456789012123456789012",
		"tobefilledbyoem", "tobefilledbyo", "defaultstring", "default", "systemserialnumber", "baseboardserialnumber", "chassisserialnumber",
		"serialnumber", "serial", "none", "notspecified", "notapplicable", "notavailable", "notset", "notpresent", "notsettable", "unknown", "undefined", "empty",
		"invalid", "null", "test", "bsn12345678901234567", "123456789abcd", "oemserial", "oemstring", "xxxxxxxxxxx",
	}, bare)
}
