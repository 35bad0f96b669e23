package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"vigia/checks/message"
)

//go:embed laws/*.yaml packs/*.yaml
var embedded embed.FS

// LawBook is every duty that Vigía knows, measured or not, with the sources
// that ask for it.
type LawBook struct {
	Version  int         `json:"version"`
	Date     string      `json:"date"` // YYYY-MM-DD, of the last reading
	Sources  []LawSource `json:"sources"`
	Families []Family    `json:"families"`
	Controls []Control   `json:"controls"`
	// Sections are those of the quarterly review, in its order; Duties what people must
	// do at set times.
	Sections []Section `json:"sections,omitempty"`
	Duties   []Duty    `json:"duties,omitempty"`
}

// LawSource is a text that citations point to.
type LawSource struct {
	ID           string       `json:"id"` // as in Citation.Source
	Title        message.Text `json:"title"`
	Kind         string       `json:"kind"`                   // law, policy, agreement, document, standard
	Jurisdiction string       `json:"jurisdiction,omitempty"` // ISO 3166; empty for a standard
	// Reading is primary when the text itself was read, and secondary when the
	// reference comes from a table of equivalences.
	Reading string `json:"reading"`
}

// Family is a group of controls, in the order of reports.
type Family struct {
	ID    string       `json:"id"`
	Title message.Text `json:"title"`
}

// Control finds a control by its id.
func (b LawBook) Control(id string) (Control, bool) {
	i := slices.IndexFunc(b.Controls, func(c Control) bool { return c.ID == id })
	if i < 0 {
		return Control{}, false
	}
	return b.Controls[i], true
}

// Unmeasured lists the core controls that no rule of the packs measures: a
// report shows them as duties without automatic measurement, so that their
// absence is not taken for compliance.
func (b LawBook) Unmeasured(packs []Pack) []Control {
	measured := map[string]bool{}
	for _, p := range packs {
		for _, r := range p.Rules {
			measured[r.Control] = true
		}
	}
	var out []Control
	for _, c := range b.Controls {
		if c.Core && !measured[c.ID] {
			out = append(out, c)
		}
	}
	return out
}

// Laws reads the embedded book of duties. Its controls come in the order of
// the families.
func Laws() (LawBook, error) { return readLaws(embedded) }

// Packs reads the embedded packs, sorted by name. Each rule has its severity:
// that of its control where the pack does not replace it.
func Packs() ([]Pack, error) {
	book, err := Laws()
	if err != nil {
		return nil, err
	}
	return readPacks(embedded, book)
}

func readLaws(files fs.FS) (LawBook, error) {
	var book LawBook
	doc, err := decodeFile(files, "laws/index.yaml", &book)
	if err != nil {
		return LawBook{}, err
	}
	if err := book.check(doc); err != nil {
		return LawBook{}, err
	}
	names, err := fs.Glob(files, "laws/*.yaml")
	if err != nil {
		return LawBook{}, fmt.Errorf("list laws: %w", err)
	}
	for _, name := range names {
		if name == "laws/index.yaml" || name == dutiesFile {
			continue
		}
		var part struct {
			Controls []Control `json:"controls"`
		}
		doc, err := decodeFile(files, name, &part)
		if err != nil {
			return LawBook{}, err
		}
		for i, c := range part.Controls {
			if err := book.checkControl(doc, fmt.Sprintf("controls[%d]", i), c); err != nil {
				return LawBook{}, err
			}
			book.Controls = append(book.Controls, c)
		}
	}
	place := func(c Control) int {
		return slices.IndexFunc(book.Families, func(f Family) bool { return f.ID == c.Family })
	}
	slices.SortStableFunc(book.Controls, func(a, b Control) int { return place(a) - place(b) })
	return book, book.readDuties(files)
}

func decodeFile(files fs.FS, name string, into any) (*document, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return decodeYAML(name, data, into)
}

var (
	controlID = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$`)
	packName  = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]+)+$`)
)

func (b LawBook) check(doc *document) error {
	if b.Version < 1 {
		return doc.errorf("version", "want 1 or more")
	}
	if !isDate(b.Date) {
		return doc.errorf("date", "want YYYY-MM-DD, got %q", b.Date)
	}
	if len(b.Controls) > 0 {
		return doc.errorf("controls", "belong into the other files")
	}
	seen := map[string]bool{}
	for i, s := range b.Sources {
		path := fmt.Sprintf("sources[%d]", i)
		switch {
		case s.ID == "" || seen[s.ID]:
			return doc.errorf(path+".id", "empty or there twice: %q", s.ID)
		case !complete(s.Title):
			return doc.errorf(path+".title", "want both languages")
		case !slices.Contains([]string{"law", "policy", "agreement", "document", "standard"}, s.Kind):
			return doc.errorf(path+".kind", "unknown kind %q", s.Kind)
		case s.Reading != "primary" && s.Reading != "secondary":
			return doc.errorf(path+".reading", "want primary or secondary, got %q", s.Reading)
		}
		seen[s.ID] = true
	}
	for i, f := range b.Families {
		path := fmt.Sprintf("families[%d]", i)
		if f.ID == "" || seen[f.ID] {
			return doc.errorf(path+".id", "empty or there twice: %q", f.ID)
		}
		if !complete(f.Title) {
			return doc.errorf(path+".title", "want both languages")
		}
		seen[f.ID] = true
	}
	return nil
}

func (b LawBook) checkControl(doc *document, path string, c Control) error {
	if !controlID.MatchString(c.ID) {
		return doc.errorf(path+".id", "want an id such as AC-LOCK-15, got %q", c.ID)
	}
	if _, ok := b.Control(c.ID); ok {
		return doc.errorf(path+".id", "%s is there twice", c.ID)
	}
	switch {
	case !slices.ContainsFunc(b.Families, func(f Family) bool { return f.ID == c.Family }):
		return doc.errorf(path+".family", "unknown family %q", c.Family)
	case c.Severity.rank() == 0:
		return doc.errorf(path+".severity", "unknown severity %q", c.Severity)
	case c.Mode != Automatic && c.Mode != Semi && c.Mode != Manual:
		return doc.errorf(path+".mode", "unknown mode %q", c.Mode)
	case !complete(c.Title):
		return doc.errorf(path+".title", "want both languages")
	case !complete(c.Asks):
		return doc.errorf(path+".asks", "want both languages")
	case len(c.Cites) == 0:
		return doc.errorf(path+".cites", "a duty without source is none")
	}
	if c.Proof != nil && (len(c.Proof.Books) == 0 || c.Proof.Days < 0 || c.Proof.Days > 3660) {
		return doc.errorf(path+".proof", "want books, and 0 to 3660 days")
	}
	return b.checkCites(doc, path, c.Cites)
}

func (b LawBook) checkCites(doc *document, path string, cites []Citation) error {
	for i, cite := range cites {
		at := fmt.Sprintf("%s.cites[%d]", path, i)
		if !slices.ContainsFunc(b.Sources, func(s LawSource) bool { return s.ID == cite.Source }) {
			return doc.errorf(at+".source", "unknown source %q", cite.Source)
		}
		if cite.Article == "" {
			return doc.errorf(at+".article", "is empty")
		}
	}
	return nil
}

func readPacks(files fs.FS, book LawBook) ([]Pack, error) {
	names, err := fs.Glob(files, "packs/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	var packs []Pack
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		p, doc, err := decodePack(name, data, book)
		if err != nil {
			return nil, err
		}
		if name != packFile(p.Name) {
			return nil, doc.errorf("name", "want the name of the file, got %q", p.Name)
		}
		packs = append(packs, p)
	}
	return packs, nil
}

func (p Pack) check(doc *document, book LawBook) error {
	if p.Version < 1 {
		return doc.errorf("version", "want 1 or more")
	}
	if !isDate(p.Date) {
		return doc.errorf("date", "want YYYY-MM-DD, got %q", p.Date)
	}
	if !complete(p.Title) {
		return doc.errorf("title", "want both languages")
	}
	seen := map[string]bool{}
	for i, r := range p.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if _, ok := book.Control(r.Control); !ok {
			return doc.errorf(path+".control", "no law holds %q", r.Control)
		}
		switch {
		case seen[r.Control]:
			return doc.errorf(path+".control", "%s is there twice", r.Control)
		case r.Check == "":
			return doc.errorf(path+".check", "is missing")
		case time.Duration(r.Every) < minEvery:
			return doc.errorf(path+".every", "want at least %v", minEvery)
		case r.Severity != "" && r.Severity.rank() == 0:
			return doc.errorf(path+".severity", "unknown severity %q", r.Severity)
		}
		for j, name := range r.Inject {
			if !slices.Contains(registers(), name) {
				return doc.errorf(fmt.Sprintf("%s.inject[%d]", path, j), "no register is called %q; there are %q", name, registers())
			}
		}
		seen[r.Control] = true
	}
	if err := p.checkLevels(doc); err != nil {
		return err
	}
	return p.checkTimes(doc, book)
}

// minEvery is the shortest cadence of a check.
const minEvery = time.Minute

func complete(t message.Text) bool { return t.ES != "" && t.EN != "" }

// isDate tells whether s is a day of the calendar as YYYY-MM-DD.
func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// rank orders severities, 0 for what is none.
func (s Severity) rank() int {
	switch s {
	case Critical:
		return 4
	case High:
		return 3
	case Medium:
		return 2
	case Low:
		return 1
	default:
		return 0
	}
}
