package registers

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/checks/message"
)

// Kind is what a field holds, and so how it is read, shown and asked for.
type Kind string

// The kinds, with the canonical form of each.
const (
	Line    Kind = "line"    // one line of text, at most 500 characters
	Prose   Kind = "prose"   // text of some lines, at most 10,000 characters
	Account Kind = "account" // a log-on name, in lower case
	Host    Kind = "host"    // a machine's name, in lower case
	Day     Kind = "day"     // 2026-11-22
	Moment  Kind = "moment"  // 2026-11-22T13:05:00Z
	Choice  Kind = "choice"  // one of the codes of Choices
	Choices Kind = "choices" // some of them, a line each, in their order
	Lines   Kind = "lines"   // some short texts, a line each
	Flag    Kind = "flag"    // yes, or nothing
	Number  Kind = "number"  // digits, not negative
	Folio   Kind = "folio"   // a row of the book that Of names: its number
	// Paper is a file that was handed in: the SHA-256 of package documents, 64 digits.
	Paper Kind = "paper"
)

// Most characters of a value, by kind; of a kind that is not here as many as of a Line.
func (k Kind) most() int {
	if k == Prose || k == Lines || k == Choices {
		return 10_000
	}
	return 500
}

// Field is one column of a book.
type Field struct {
	// Name is the column's own, and never changes: "account".
	Name string
	// Label is what people read; Hint how to fill it, with an example.
	Label, Hint message.Text
	Kind        Kind
	Options     []Option // of a Choice or Choices
	Of          string   // of a Folio: the other book's name
	Required    bool
	// Wanted tells that a row is taken without it, but is not complete.
	Wanted bool
	// Personal tells that it names a person, so that it is not shown to every role.
	Personal bool
	prefix   string // of a Folio: that of the other book's folios, when it was linked
}

// Linked returns books whose fields of kind Folio know how the other book of the list
// cites its rows: they show SIS-0007, read it again, and take no row that is not there.
func Linked(books ...*Book) []*Book {
	out := make([]*Book, 0, len(books))
	for _, b := range books {
		linked := *b
		linked.Fields = slices.Clone(b.Fields)
		for i, f := range linked.Fields {
			for _, other := range books {
				if f.Kind == Folio && other.Name == f.Of {
					linked.Fields[i].prefix = other.Prefix
				}
			}
		}
		out = append(out, &linked)
	}
	return out
}

// Option is one code that a field may hold.
type Option struct {
	Code  string
	Label message.Text
}

// Parse reads what a person wrote into the canonical form. Times without a zone are in
// zone; days may be written as 22/11/2026. Nothing is the empty value.
func (f Field) Parse(text string, zone *time.Location) (string, *Problem) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if f.Kind == Prose || f.Kind == Lines || f.Kind == Choices {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	if strings.ContainsRune(text, utf8.RuneError) {
		return "", f.problem(codeText)
	}
	value, ok := f.canonical(text, zone)
	if !ok {
		return "", f.problem("register.not_"+string(f.Kind), "value", shorten(text))
	}
	if p, bad := f.review(value); bad {
		return "", &p
	}
	return value, nil
}

func (f Field) canonical(text string, zone *time.Location) (string, bool) {
	switch f.Kind {
	case Account, Host:
		return strings.ToLower(text), true
	case Day:
		return parseDay(text)
	case Moment:
		return parseMoment(text, zone)
	case Choice:
		return f.option(text)
	case Choices:
		var codes []string
		for _, part := range parts(text) {
			code, ok := f.option(part)
			if !ok {
				return "", false
			}
			codes = append(codes, code)
		}
		return f.inOrder(codes), true
	case Lines:
		return strings.Join(parts(text), "\n"), true
	case Flag:
		return parseFlag(text)
	case Folio:
		return f.parseFolio(text)
	case Number:
		return parseNumber(text)
	case Paper:
		return parseHash(text)
	case Line, Prose:
	}
	return text, true
}

// parseHash reads a SHA-256 in hexadecimal.
func parseHash(text string) (string, bool) {
	text = strings.ToLower(text)
	return text, len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// inOrder joins codes in the order of the options, each once.
func (f Field) inOrder(codes []string) string {
	var out []string
	for _, o := range f.Options {
		if slices.Contains(codes, o.Code) {
			out = append(out, o.Code)
		}
	}
	return strings.Join(out, "\n")
}

// option finds a code by itself or by its label in any language.
func (f Field) option(text string) (string, bool) {
	for _, o := range f.Options {
		for _, name := range []string{o.Code, o.Label.ES, o.Label.EN} {
			if fold(name) == fold(text) {
				return o.Code, true
			}
		}
	}
	return "", false
}

// review makes sure that a value is in its canonical form and within its bounds.
func (f Field) review(value string) (Problem, bool) {
	if value == "" {
		if f.Required {
			return *f.problem(codeMissing), true
		}
		return Problem{}, false
	}
	if !utf8.ValidString(value) || strings.TrimSpace(value) != value || strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && (r != '\n' && r != '\t' || f.Kind != Prose && f.Kind != Lines && f.Kind != Choices)
	}) {
		return *f.problem(codeText), true
	}
	if n := utf8.RuneCountInString(value); n > f.Kind.most() {
		return *f.problem(codeLong, "most", strconv.Itoa(f.Kind.most())), true
	}
	if again, ok := f.canonical(value, time.UTC); !ok || again != value {
		return *f.problem("register.not_"+string(f.Kind), "value", shorten(value)), true
	}
	if f.Kind == Host && !validHost(value) || f.Kind == Account && strings.ContainsAny(value, " \t/") {
		return *f.problem("register.not_"+string(f.Kind), "value", shorten(value)), true
	}
	return Problem{}, false
}

// Show writes a value for a reader.
func (f Field) Show(value string, lang message.Lang, zone *time.Location) string {
	switch f.Kind {
	case Day:
		if t, err := time.Parse(time.DateOnly, value); err == nil {
			return t.Format("02/01/2006")
		}
	case Moment:
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return t.In(zone).Format("02/01/2006 15:04")
		}
	case Choice, Choices:
		var out []string
		for code := range strings.SplitSeq(value, "\n") {
			out = append(out, f.optionLabel(code, lang))
		}
		return strings.Join(out, ", ")
	case Flag:
		if value != "" {
			return yes.In(lang)
		}
	case Folio:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && f.prefix != "" {
			return (&Book{Prefix: f.prefix}).FolioText(n)
		}
	case Line, Prose, Account, Host, Lines, Number, Paper:
	}
	return value
}

func (f Field) optionLabel(code string, lang message.Lang) string {
	for _, o := range f.Options {
		if o.Code == code {
			return o.Label.In(lang)
		}
	}
	return code
}

func (f Field) problem(code string, pairs ...string) *Problem {
	p := &Problem{Field: f.Name, Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		p.Args[pairs[i]] = pairs[i+1]
	}
	return p
}

// parts are the texts that a line break or a semicolon sets apart, each once.
func parts(text string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == ';' }) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}

// parseDay reads 2026-11-22, 22/11/2026, 22-11-2026 or 22.11.2026.
func parseDay(text string) (string, bool) {
	for _, form := range []string{time.DateOnly, "2/1/2006", "2-1-2006", "2.1.2006"} {
		if t, err := time.Parse(form, text); err == nil && plausible(t) {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// parseMoment reads a day and a time of day, with a zone or in the given one.
func parseMoment(text string, zone *time.Location) (string, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil && plausible(t) {
		return t.UTC().Truncate(time.Second).Format(time.RFC3339), true
	}
	text = strings.Join(strings.Fields(strings.Replace(text, "T", " ", 1)), " ")
	for _, day := range []string{time.DateOnly, "2/1/2006", "2-1-2006", "2.1.2006"} {
		for _, clock := range []string{" 15:04", " 15:04:05", " 15.04"} {
			if t, err := time.ParseInLocation(day+clock, text, zone); err == nil && plausible(t) {
				return t.UTC().Format(time.RFC3339), true
			}
		}
	}
	return "", false
}

// plausible keeps out the years of a slip of the finger.
func plausible(t time.Time) bool { return t.Year() >= 1900 && t.Year() <= 2199 }

func parseFlag(text string) (string, bool) {
	switch fold(text) {
	case "si", "s", "yes", "y", "x", "1", "true", "verdadero", "on":
		return "yes", true
	case "no", "n", "0", "false", "falso":
		return "", true
	default:
		return "", false
	}
}

// parseFolio reads SIS-0007, or 7.
func (f Field) parseFolio(text string) (string, bool) {
	if prefix, digits, ok := strings.Cut(text, "-"); ok {
		if f.prefix != "" && !strings.EqualFold(prefix, f.prefix) || prefix == "" || strings.ContainsFunc(prefix, func(r rune) bool { return !unicode.IsLetter(r) }) {
			return "", false
		}
		text = digits
	}
	value, ok := parseNumber(text)
	return value, ok && value != "0"
}

// parseNumber reads digits, perhaps with spaces between thousands. Points and commas are
// not taken: nobody knows whether they part thousands or decimals.
func parseNumber(text string) (string, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return "", false
	}
	return strconv.FormatInt(n, 10), true
}

// validHost accepts a name or an address.
func validHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// shorten keeps a problem readable, whatever was written.
func shorten(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
