package hosttest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// pseudonyms replaces what names a person, a machine or an organisation. The
// same original always gets the same stand-in, so that a profile still belongs
// to its account. Names are replaced as whole words, in any case; SIDs keep
// their last part, so that what Windows itself means by it stays readable.
//
// A pseudonyms is used by one goroutine.
type pseudonyms struct {
	style  pathStyle
	homes  []string          // folders of people that are not /home/NAME
	names  []rename          // the longest first
	byRune map[rune][]rename // the same, by lower-cased first letter
	exact  map[string]string // lower-cased name to stand-in, vocabulary too
	given  map[string]string // stand-ins made on the way, by kind and original
	count  map[string]int    // how many of each kind
}

type rename struct{ from, to string }

func newPseudonyms(style pathStyle) *pseudonyms {
	return &pseudonyms{
		style:  style,
		byRune: make(map[rune][]rename),
		exact:  make(map[string]string),
		given:  make(map[string]string),
		count:  make(map[string]int),
	}
}

// add makes from be replaced by to. The first stand-in of a name stays.
func (p *pseudonyms) add(from, to string) {
	key := strings.ToLower(from)
	if _, ok := p.exact[key]; ok || from == "" {
		return
	}
	p.exact[key] = to
	if isVocabulary(from) {
		return
	}
	longestFirst := func(a, b rename) int { return cmp.Compare(len(b.from), len(a.from)) }
	p.names = append(p.names, rename{from, to})
	slices.SortStableFunc(p.names, longestFirst)
	r, _ := utf8.DecodeRuneInString(key)
	p.byRune[r] = append(p.byRune[r], rename{from, to})
	slices.SortStableFunc(p.byRune[r], longestFirst)
}

// alias returns the stand-in of a name, making one of the form "prefix01" if
// it has none yet.
func (p *pseudonyms) alias(name, prefix string) string {
	if to, ok := p.exact[strings.ToLower(name)]; ok {
		return to
	}
	to := p.next(prefix, "%s%02d")
	p.add(name, to)
	return to
}

func (p *pseudonyms) next(prefix, format string) string {
	p.count[prefix]++
	return fmt.Sprintf(format, prefix, p.count[prefix])
}

// stand returns the one stand-in of an original of some kind.
func (p *pseudonyms) stand(kind, original string, invent func(n int) string) string {
	key := kind + "\x00" + strings.ToLower(original)
	if to, ok := p.given[key]; ok {
		return to
	}
	p.count[kind]++
	to := invent(p.count[kind])
	p.given[key] = to
	return to
}

// name replaces something that is an account or host name and nothing else.
func (p *pseudonyms) name(s string) string {
	if to, ok := p.exact[strings.ToLower(s)]; ok {
		return to
	}
	return p.text(s)
}

var (
	sidPattern  = compiled(`\bS-1-5-21-(\d{1,10}-\d{1,10}-\d{1,10})\b`)
	macPattern  = compiled(`(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b`)
	mailPattern = compiled(`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.(\pL{2,})`)
	uncPattern  = compiled(`\\\\([\pL\pN][\pL\pN._-]*)\\`)
	homePattern = compiled(`(?i)(/home/|[/\\]users[/\\])([^/\\:"'\s,;]+)`)
	// DNI, NIE, CURP and RFC, which people put into the names of files.
	identifierPattern = compiled(`(?i)\b(?:\d{8}|[XYZ]\d{7})-?[A-Z]\b|\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b|\b[A-ZÑ&]{3,4}\d{6}[0-9A-Z]{3}\b`)
)

// text replaces every name in a text that may hold anything else. The searches
// for a character only save time.
func (p *pseudonyms) text(s string) string {
	if strings.Contains(s, "S-1-5-21-") {
		s = p.sid(s)
	}
	if strings.Contains(s, "@") {
		s = mailPattern().ReplaceAllStringFunc(s, p.mail)
	}
	if strings.ContainsAny(s, ":-") {
		s = macPattern().ReplaceAllStringFunc(s, p.mac)
	}
	if strings.Contains(s, `\\`) {
		s = uncPattern().ReplaceAllStringFunc(s, p.share)
	}
	if strings.ContainsAny(s, `/\`) {
		s = homePattern().ReplaceAllStringFunc(s, p.home)
	}
	return p.words(s)
}

// share replaces the server in the beginning of a \\server\share path.
func (p *pseudonyms) share(s string) string {
	server := s[2 : len(s)-1]
	if server == "." || isVocabulary(server) {
		return s
	}
	return `\\` + p.alias(server, "equipo") + `\`
}

// home replaces the account at the end of a path such as /home/ana.
func (p *pseudonyms) home(s string) string {
	i := strings.LastIndexAny(s, `/\`) + 1
	if to, ok := p.exact[strings.ToLower(s[i:])]; ok {
		return s[:i] + to
	}
	return s
}

// words replaces the names that stand in s as whole words.
func (p *pseudonyms) words(s string) string {
	if len(p.names) == 0 {
		return s
	}
	var b strings.Builder
	inWord := false // the rune before i is a letter or digit
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n, ok := matchWord(s[i:], p.byRune[unicode.ToLower(r)], inWord); ok {
			b.WriteString(n.to)
			i += len(n.from)
			inWord = true
			continue
		}
		b.WriteString(s[i : i+size])
		inWord = wordRune(r)
		i += size
	}
	return b.String()
}

// matchWord finds the longest name that s begins with as a whole word.
func matchWord(s string, names []rename, inWord bool) (rename, bool) {
	for _, n := range names {
		if len(s) < len(n.from) || !strings.EqualFold(s[:len(n.from)], n.from) {
			continue
		}
		first, _ := utf8.DecodeRuneInString(n.from)
		last, _ := utf8.DecodeLastRuneInString(n.from)
		next, _ := utf8.DecodeRuneInString(s[len(n.from):])
		if inWord && wordRune(first) || wordRune(last) && len(s) > len(n.from) && wordRune(next) {
			continue
		}
		return n, true
	}
	return rename{}, false
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (p *pseudonyms) sid(s string) string {
	return sidPattern().ReplaceAllStringFunc(s, func(m string) string {
		sub := strings.TrimPrefix(m, "S-1-5-21-")
		return "S-1-5-21-" + p.stand("sid", sub, func(n int) string {
			return fmt.Sprintf("%d-%d-%d", 1000000000+n, 2000000000+n, 3000000000+int64(n)) // more than an int of 32 bits holds
		})
	})
}

// binarySIDs replaces the parts of a SID that name a machine or domain where
// data holds SIDs as Windows keeps them in memory.
func (p *pseudonyms) binarySIDs(data []byte) []byte {
	// Revision 1, four or five parts, authority 5, first part 21.
	const size = 12 + 12
	out := slices.Clone(data)
	for i := 0; i+size <= len(data); i++ {
		head := data[i : i+12]
		if head[0] != 1 || head[1] < 4 || head[1] > 5 || string(head[2:]) != "\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00" {
			continue
		}
		part := func(n int) uint32 { return binary.LittleEndian.Uint32(data[i+12+4*n:]) }
		sid := p.sid(fmt.Sprintf("S-1-5-21-%d-%d-%d", part(0), part(1), part(2)))
		for n, text := range strings.Split(strings.TrimPrefix(sid, "S-1-5-21-"), "-") {
			value, err := strconv.ParseUint(text, 10, 32)
			if err == nil {
				binary.LittleEndian.PutUint32(out[i+12+4*n:], uint32(value))
			}
		}
	}
	return out
}

func (p *pseudonyms) mail(s string) string {
	switch s[strings.LastIndexByte(s, '.')+1:] {
	case "service", "socket", "target", "timer", "mount", "path", "slice", "scope", "device", "swap", "conf":
		return s // an instance of a systemd unit
	}
	return p.stand("mail", s, func(n int) string { return fmt.Sprintf("correo%02d@dominio.example", n) })
}

func (p *pseudonyms) mac(s string) string {
	plain := strings.NewReplacer(":", "", "-", "").Replace(strings.ToLower(s))
	if plain == "000000000000" || plain == "ffffffffffff" {
		return s
	}
	to := p.stand("mac", plain, func(n int) string { return fmt.Sprintf("0200%08x", n) })
	sep := s[2:3]
	var parts []string
	for i := 0; i < len(to); i += 2 {
		parts = append(parts, to[i:i+2])
	}
	return strings.Join(parts, sep)
}

// serial replaces a serial number; what manufacturers write for none stays.
func (p *pseudonyms) serial(s string) string {
	if !strings.ContainsAny(s, "123456789") {
		return s
	}
	return p.stand("serial", s, func(n int) string { return fmt.Sprintf("SERIE%04d", n) })
}

// path replaces names in a path of the machine, and what people themselves
// have named in their folders.
func (p *pseudonyms) path(name string) string {
	sep := p.style.separator()
	parts := strings.Split(name, sep)
	own, ownNames := p.homeDepth(parts), false
	inHome := own > 0
	for i, part := range parts {
		if part == "" {
			continue
		}
		before := ""
		if i > 0 {
			before = strings.ToLower(parts[i-1])
		}
		switch {
		case accountFolders[before] && (own == 0 || i < own):
			parts[i] = p.entryName(part)
		case i < own:
			parts[i] = p.text(part)
		case inHome && !ownNames && isSettingsFolder(part):
			inHome = false // what lies in there is named by programs
			parts[i] = p.text(part)
		case inHome && !knownFolders[strings.ToLower(part)]:
			ownNames = true
			parts[i] = p.stand("element", part, func(n int) string {
				return fmt.Sprintf("elemento%04d%s", n, extension(part))
			})
		default:
			parts[i] = p.text(identifierPattern().ReplaceAllString(part, "identificador"))
		}
	}
	return strings.Join(parts, sep)
}

// homeDepth tells with how many of its elements a path names somebody's home
// folder; 0 if it does not lie in one.
func (p *pseudonyms) homeDepth(parts []string) int {
	if len(parts) > 2 && (parts[1] == "home" || p.style == backslashes && strings.EqualFold(parts[1], "users")) {
		return 3
	}
	if len(parts) > 1 && parts[1] == "root" && p.style == slashes {
		return 2
	}
	for _, home := range p.homes {
		if elements := strings.Split(home, p.style.separator()); len(parts) >= len(elements) && slices.Equal(parts[:len(elements)], elements) {
			return len(elements)
		}
	}
	return 0
}

// entryName replaces an element that should be an account's name, perhaps
// with a file type.
func (p *pseudonyms) entryName(part string) string {
	ext := path.Ext(part)
	for _, ending := range []string{"", ext} {
		if to, ok := p.exact[strings.ToLower(strings.TrimSuffix(part, ending))]; ok {
			return to + ending
		}
	}
	return p.text(identifierPattern().ReplaceAllString(part, "identificador"))
}

// accountFolders hold entries named for accounts.
var accountFolders = map[string]bool{
	"home": true, "users": true, "crontabs": true, "mail": true, "icons": true, "sudoers.d": true, "linger": true,
}

// knownFolders are the names that systems give to folders in a home.
var knownFolders = map[string]bool{
	"desktop": true, "escritorio": true, "documents": true, "documentos": true, "downloads": true, "descargas": true,
	"pictures": true, "imágenes": true, "music": true, "música": true, "videos": true, "vídeos": true,
	"public": true, "público": true, "templates": true, "plantillas": true, "onedrive": true,
}

// isSettingsFolder tells whether programs keep their settings there.
func isSettingsFolder(name string) bool {
	return strings.HasPrefix(name, ".") || strings.EqualFold(name, "AppData") ||
		strings.HasPrefix(strings.ToUpper(name), "NTUSER.")
}

// extension is the ending of a file name if it looks like a type.
func extension(name string) string {
	ext := path.Ext(name)
	plain := func(r rune) bool { return r < 128 && wordRune(r) }
	if len(ext) < 2 || len(ext) > 6 || strings.IndexFunc(ext[1:], func(r rune) bool { return !plain(r) }) >= 0 {
		return ""
	}
	return strings.ToLower(ext)
}

// binary overwrites the names in data without moving anything, in UTF-8 and
// in UTF-16.
func (p *pseudonyms) binary(data []byte) []byte {
	data = slices.Clone(data)
	lower := strings.ToLower(string(data))
	if len(lower) != len(data) { // not text: fold ASCII only
		lower = asciiLower(data)
	}
	for _, n := range p.names {
		for _, wide := range []bool{false, true} {
			from, to := strings.ToLower(n.from), n.to
			if wide {
				from, to = widen(from), widen(to)
			}
			for len(to) < len(from) {
				to += to
			}
			for at := 0; ; {
				i := strings.Index(lower[at:], from)
				if i < 0 {
					break
				}
				start, end := at+i, at+i+len(from)
				if !wordByte(lower, start-1, wide) && !wordByte(lower, end, wide) {
					copy(data[start:], to[:len(from)])
				}
				at = end
			}
		}
	}
	return data
}

// wordByte tells whether a letter or digit of ASCII stands at i or, in UTF-16,
// ends at i. A byte string before UTF-16 text is not taken for a part of it:
// in doubt the name is overwritten.
func wordByte(s string, i int, wide bool) bool {
	if wide && i > 0 && i < len(s) && s[i] == 0 {
		i-- // the low byte of the character before
		if i > 0 && s[i-1] != 0 {
			return false
		}
	}
	return i >= 0 && i < len(s) && s[i] < utf8.RuneSelf && wordRune(rune(s[i]))
}

func asciiLower(data []byte) string {
	out := make([]byte, len(data))
	for i, c := range data {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return string(out)
}

// widen encodes s as little-endian UTF-16.
func widen(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// mentions tells whether binary data holds a name that binary would overwrite.
func (p *pseudonyms) mentions(data []byte) bool { return string(p.binary(data)) != string(data) }

// isPerson tells whether a SID is that of an account that people made: its
// machine or domain, and a number of 1000 or more.
func isPerson(sid string) bool {
	m := sidPattern().FindStringIndex(sid)
	if m == nil || m[0] != 0 {
		return false
	}
	rid, err := strconv.ParseUint(strings.TrimPrefix(sid[m[1]:], "-"), 10, 32)
	return err == nil && rid >= 1000
}
