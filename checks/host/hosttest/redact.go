package hosttest

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// content prepares the content of a recorded file for Save. It answers false
// when the content must not be kept at all: only configuration is, never a
// document, a key or a database.
func (p *pseudonyms) content(name string, data []byte) ([]byte, bool) {
	if !p.isConfiguration(name) || bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return nil, false
	}
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if slices.Contains(identityFiles, base) {
		return []byte(strings.Repeat("0", 31) + "1\n"), true
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		if !binarySettings().MatchString(name) {
			return nil, false
		}
		return p.binary(data), true
	}
	text := string(data)
	if table, ok := accountTables[name]; ok {
		return []byte(p.accountTable(text, table)), true
	}
	if name == "/etc/hostname" {
		return []byte(p.hostname(text)), true
	}
	return []byte(p.text(withoutSecrets(text))), true
}

// identityFiles tell one machine from all others and hold nothing else.
var identityFiles = []string{
	"machine-id", "product_serial", "product_uuid", "board_serial", "chassis_serial", "serial", "serial-number", "wwid",
}

// compiled is a regular expression that is compiled when it is first used: this package
// is in the agent, which rarely does.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var (
	configurationPaths = compiled(`^/(etc|proc|sys|run|lib|usr/(lib|share|local/(etc|share)))/|` +
		`^/var/lib/((AccountsService|dpkg|gdm3?|lightdm|polkit-1|sddm)/|samba/usershares/|apt/extended_states$)`)
	configurationInHome  = compiled(`^\.(config|kde4?|gconf)/|^\.(xscreensaver|dmrc|xprofile|xsessionrc)$`)
	configurationWindows = compiled(`(?i)^[a-z]:\\windows\\.*\.(ini|inf|pol|xml)$`)
	secretPaths          = compiled(`(?i)(^|/)(\.ssh|\.gnupg|private|system-connections|wpa_supplicant|openvpn|wireguard|keyrings?)(/|$)|` +
		`(^|/)\.config/(rclone|nextcloud|owncloud|goa-1\.0|evolution|onedrive|insync)(/|$)|` + // accounts and tokens
		`\.(key|pem|p12|pfx|jks|kdbx|keytab|tdb|sqlite|db)$|_key$|/cmdline$|/environ$`)
	binarySettings = compiled(`/\.config/dconf/[^/]+$|^/etc/dconf/db/[^/]+$|^/usr/share/(dconf|gdm)/[^/]+$|^/var/lib/gdm3?/`)
)

// isConfiguration tells whether a path may be kept with its content.
func (p *pseudonyms) isConfiguration(name string) bool {
	if p.style == backslashes {
		return configurationWindows().MatchString(name)
	}
	if secretPaths().MatchString(name) {
		return false
	}
	parts := strings.Split(name, "/")
	if own := p.homeDepth(parts); own > 0 {
		return configurationInHome().MatchString(strings.Join(parts[own:], "/"))
	}
	return configurationPaths().MatchString(name)
}

// hostname replaces the one name in /etc/hostname, whatever word it is.
func (p *pseudonyms) hostname(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		labels := strings.SplitN(strings.TrimSpace(line), ".", 2)
		for j := range labels {
			labels[j] = p.name(labels[j])
		}
		lines[i] = strings.Join(labels, ".")
	}
	return strings.Join(lines, "\n")
}

// table says what the colon-separated fields of an account table are.
type table struct {
	name, password, gecos, home int   // -1: none
	members                     []int // lists of accounts
}

// accountTables are the files whose first field is an account or a group.
var accountTables = map[string]table{
	"/etc/passwd":           {0, 1, 4, 5, nil},
	"/etc/passwd-":          {0, 1, 4, 5, nil},
	"/etc/shadow":           {0, 1, -1, -1, nil},
	"/etc/shadow-":          {0, 1, -1, -1, nil},
	"/etc/group":            {0, 1, -1, -1, []int{3}},
	"/etc/group-":           {0, 1, -1, -1, []int{3}},
	"/etc/gshadow":          {0, 1, -1, -1, []int{2, 3}},
	"/etc/gshadow-":         {0, 1, -1, -1, []int{2, 3}},
	"/etc/subuid":           {0, -1, -1, -1, nil},
	"/etc/subgid":           {0, -1, -1, -1, nil},
	"/etc/security/opasswd": {0, 3, -1, -1, nil},
}

// accountTable rewrites such a file field by field, so that an account whose
// name is a common word is replaced here although it is not elsewhere. Lines
// without the fields keep only their number.
func (p *pseudonyms) accountTable(text string, t table) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line == "" || line[0] == '+' || line[0] == '-' {
			continue
		}
		fields := strings.Split(line, ":")
		if len(fields) <= max(t.password, t.home) {
			lines[i] = strings.Repeat(":", len(fields)-1)
			continue
		}
		for j, field := range fields {
			switch {
			case j == t.name:
				fields[j] = p.name(field)
			case j == t.password:
				fields[j] = passwordFields(field)
			case j == t.gecos:
				fields[j] = ""
			case j == t.home:
				fields[j] = p.path(field)
			case slices.Contains(t.members, j):
				members := strings.Split(field, ",")
				for k, m := range members {
					members[k] = p.name(m)
				}
				fields[j] = strings.Join(members, ",")
			}
		}
		lines[i] = strings.Join(fields, ":")
	}
	return strings.Join(lines, "\n")
}

// passwordFields reduces one hash, or the list of old ones of opasswd.
func passwordFields(field string) string {
	if schemePattern().MatchString(field) && strings.Contains(field, ",$") {
		hashes := strings.Split(field, ",")
		for i, h := range hashes {
			hashes[i] = passwordField(h)
		}
		return strings.Join(hashes, ",")
	}
	return passwordField(field)
}

var (
	schemePattern = compiled(`^!*(\$[A-Za-z0-9]+)[,$]`)
	crypt64       = compiled(`^[./0-9A-Za-z]+$`)
)

// passwordField keeps of a password field what it says about the account:
// empty, locked, elsewhere, unusable, and by which method a hash was made. The
// stand-in has the shape of a hash of that method and is none.
func passwordField(field string) string {
	marks := field[:len(field)-len(strings.TrimLeft(field, "!"))]
	rest := field[len(marks):]
	switch {
	case rest == "" || rest == "x" || strings.HasPrefix(rest, "*"):
		return field
	case schemePattern().MatchString(rest):
		return marks + schemePattern().FindStringSubmatch(rest)[1] + "$removed"
	case len(rest) == 13 && crypt64().MatchString(rest): // traditional DES
		return marks + "xxxxxxxxxxxxx"
	case len(rest) == 20 && rest[0] == '_' && crypt64().MatchString(rest[1:]): // BSDi
		return marks + "_xxxxxxxxxxxxxxxxxxx"
	default:
		return marks + "*"
	}
}

var (
	hashPattern = compiled(`\$(y|gy|7|2[abxy]?|6|5|sha1|md5|1|3|argon2id?|argon2d|pbkdf2[a-z0-9-]*)[,$][A-Za-z0-9./$=,+*_-]{8,}`)
	grubPattern = compiled(`(grub\.pbkdf2\.\w+\.)[0-9.A-Fa-f]+`)
	// secretPattern is a setting whose name ends in a word for a secret.
	secretPattern = compiled(`(?im)^([ \t]*["']?[\w.-]*(?:password|passwd|passphrase|secret|authtok|bindpw|psk|api_?key|token)["']?[ \t]*=[ \t]*)(\S.*)$`)
	optionPattern = compiled(`(?i)\b((?:password|passwd|pass|bindpw|secret|token)=)([^,\s&"']+)`)
	jsonPattern   = compiled(`(?i)("[\w.-]*(?:password|passphrase|secret|token)"\s*:\s*)"[^"]*"`)
	plainAnswer   = compiled(`(?i)^["']?(yes|no|true|false|on|off|none|default|prohibit-password)["']?\s*$`)
)

const removed = "removed"

// withoutSecrets takes passwords and their hashes out of a configuration.
func withoutSecrets(text string) string {
	text = hashPattern().ReplaceAllString(text, "$$$1$$"+removed)
	text = grubPattern().ReplaceAllString(text, "${1}"+removed)
	text = jsonPattern().ReplaceAllString(text, `${1}"`+removed+`"`)
	for _, pattern := range []*regexp.Regexp{secretPattern(), optionPattern()} {
		text = pattern.ReplaceAllStringFunc(text, func(m string) string {
			parts := pattern.FindStringSubmatch(m)
			if plainAnswer().MatchString(parts[2]) {
				return m
			}
			return parts[1] + removed
		})
	}
	return text
}

// secretValues are registry values that hold, or are, what must not leave.
var secretValues = map[string]bool{
	"defaultpassword": true, "altdefaultpassword": true, "registeredowner": true, "registeredorganization": true,
	"lastloggedondisplayname": true, "productid": true, "digitalproductid": true, "digitalproductid4": true,
	"susclientid": true, "machineguid": true, "machineid": true, "systemserialnumber": true,
}
