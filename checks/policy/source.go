package policy

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vigia/checks/catalog"
)

// Limits of an imported source.
const (
	maxOverrides = 1000
	maxPermits   = 5000
	maxDatasets  = 2000
	maxSoftware  = 20000
	maxScan      = 100
	maxUsers     = 20000
	maxLeavers   = 2000
	maxMedia     = 20000
	maxText      = 500 // characters of one text
)

// LoadSource reads what an organisation decides, the YAML or JSON file that
// `vigia policy import` takes, and makes sure that a policy can be composed
// from it and the embedded packs. An error names the file, the line and the key.
func LoadSource(name string, data []byte) (Source, error) {
	packs, err := Packs()
	if err != nil {
		return Source{}, err
	}
	return LoadSourceWith(name, data, packs)
}

// LoadSourceWith is LoadSource with other packs to choose from.
func LoadSourceWith(name string, data []byte, packs []Pack) (Source, error) {
	var s Source
	doc, err := decodeYAML(name, data, &s)
	if err != nil {
		return Source{}, err
	}
	r := sourceReview{doc: doc, packs: packs, catalog: catalog.New()}
	if err := r.review(s); err != nil {
		return Source{}, err
	}
	return s, nil
}

// DecodeSource reads a source that LoadSource accepted once, whatever packs there are now.
func DecodeSource(name string, data []byte) (Source, error) {
	var s Source
	_, err := decodeYAML(name, data, &s)
	return s, err
}

// sourceReview looks for what is wrong in a decoded source.
type sourceReview struct {
	doc     *document
	packs   []Pack // all there are
	catalog *catalog.Catalog
}

func (r sourceReview) review(s Source) error {
	for _, part := range []func(Source) error{
		r.sizes, r.chosen, r.overrides, r.permits, r.datasets, r.software, r.media, r.users, r.leavers, r.places, r.absences, r.couriers,
	} {
		if err := part(s); err != nil {
			return err
		}
	}
	// The parts are right by themselves; together they must compose too.
	for _, m := range machines(s) {
		_, err := Compose(ComposeInput{
			Agent: "import", Hostname: m.host, Department: m.department,
			Source: s, Packs: r.packs, Catalog: r.catalog,
		})
		if err != nil {
			return r.doc.errorf("", "%w", err)
		}
	}
	return nil
}

// machine stands for the machines that a source treats in one way.
type machine struct{ host, department string }

// machines lists a machine for each place that overrides or datasets name, and
// one that none of them names.
func machines(s Source) []machine {
	out := []machine{{}}
	add := func(m machine) {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	for _, o := range s.Overrides {
		add(machine{o.Machine, o.Department})
	}
	for _, d := range s.Datasets {
		add(machine{host: d.Machine})
	}
	for _, u := range s.Users {
		add(machine{host: u.Machine})
	}
	for _, l := range s.Leavers {
		add(machine{host: l.Machine})
	}
	return out
}

func (r sourceReview) sizes(s Source) error {
	for _, list := range []struct {
		key      string
		got, max int
	}{
		{"overrides", len(s.Overrides), maxOverrides},
		{"permits", len(s.Permits), maxPermits},
		{"datasets", len(s.Datasets), maxDatasets},
		{"software", len(s.Software), maxSoftware},
		{"denied", len(s.Denied), maxSoftware},
		{"media", len(s.Media), maxMedia},
		{"scan", len(s.Scan), maxScan},
		{"users", len(s.Users), maxUsers},
		{"leavers", len(s.Leavers), maxLeavers},
	} {
		if list.got > list.max {
			return r.doc.errorf(list.key, "%d rows, more than %d", list.got, list.max)
		}
	}
	return nil
}

func (r sourceReview) chosen(s Source) error {
	if len(s.Packs) == 0 {
		return r.doc.errorf("packs", "name at least one of %q", packNames(r.packs))
	}
	for i, name := range s.Packs {
		at := fmt.Sprintf("packs[%d]", i)
		if _, ok := findPack(r.packs, name); !ok {
			return r.doc.errorf(at, "there is no pack %q; there are %q", name, packNames(r.packs))
		}
		if slices.Contains(s.Packs[:i], name) {
			return r.doc.errorf(at, "%s is there twice", name)
		}
	}
	return nil
}

func (r sourceReview) overrides(s Source) error {
	seen := map[string]bool{}
	for i, o := range s.Overrides {
		at := fmt.Sprintf("overrides[%d]", i)
		if err := r.texts(at, mandatory("control", o.Control), mandatory("why", o.Why), mandatory("by", o.By),
			optional("machine", o.Machine), optional("department", o.Department)); err != nil {
			return err
		}
		if o.Machine != "" && o.Department != "" {
			return r.doc.errorf(at, "machine or department, not both")
		}
		where := o.Control + "\n" + strings.ToLower(o.Machine) + "\n" + strings.ToLower(o.Department)
		if seen[where] {
			return r.doc.errorf(at+".control", "%s is changed twice for the same machines", o.Control)
		}
		seen[where] = true
		if len(o.Params) == 0 && o.Every == 0 {
			return r.doc.errorf(at, "changes nothing: give params or every")
		}
		if o.Every != 0 && o.Every < Duration(minEvery) {
			return r.doc.errorf(at+".every", "want at least %v", minEvery)
		}
		if err := r.override(at, s, o); err != nil {
			return err
		}
	}
	return nil
}

// override makes sure that a chosen pack asks the control, and that its check
// takes the changed parameters; of several checks of the control, those that have them.
func (r sourceReview) override(at string, s Source, o Override) error {
	asked := false
	all := checksOf(s, r.packs, r.catalog, o.Control)
	for _, name := range s.Packs {
		pack, _ := findPack(r.packs, name)
		for _, rule := range pack.Rules {
			if rule.Control != o.Control {
				continue
			}
			asked = true
			check, ok := r.catalog.Lookup(rule.Check)
			if !ok {
				return r.doc.errorf(at+".control", "there is no check %q", rule.Check)
			}
			own, err := o.paramsOf(rule.Check, all)
			if err != nil {
				return r.doc.errorf(at+".params", "%w", err)
			}
			params, err := overlay(rule.Params, own)
			if err != nil {
				return r.doc.errorf(at+".params", "%w", err)
			}
			if err := accepts(check, params); err != nil {
				return r.doc.errorf(at+".params", "%s: %w", rule.Check, err)
			}
		}
	}
	if !asked {
		return r.doc.errorf(at+".control", "none of the packs %q measures %q", s.Packs, o.Control)
	}
	return nil
}

func (r sourceReview) permits(s Source) error {
	for i, p := range s.Permits {
		at := fmt.Sprintf("permits[%d]", i)
		if err := r.texts(at, mandatory("folder", p.Folder), mandatory("purpose", p.Purpose),
			mandatory("by", p.By), mandatory("until", p.Until), optional("machine", p.Machine)); err != nil {
			return err
		}
		if !isDate(p.Until) {
			return r.doc.errorf(at+".until", "want the last day as YYYY-MM-DD, got %q", p.Until)
		}
		if err := r.folder(at+".folder", p.Folder); err != nil {
			return err
		}
		if isRoot(p.Folder) {
			return r.doc.errorf(at+".folder", "a permit for a whole disk permits everything; name a folder")
		}
	}
	return nil
}

func (r sourceReview) datasets(s Source) error {
	seen := map[string]bool{}
	for i, d := range s.Datasets {
		at := fmt.Sprintf("datasets[%d]", i)
		if err := r.texts(at, mandatory("name", d.Name), mandatory("copies", d.Copies), optional("source", d.Source),
			optional("pattern", d.Pattern), optional("machine", d.Machine), optional("kind", d.Kind), optional("format", d.Format),
			optional("sizes_from", d.SizesFrom)); err != nil {
			return err
		}
		if seen[d.Name] {
			return r.doc.errorf(at+".name", "%q is there twice", d.Name)
		}
		seen[d.Name] = true
		if err := r.folder(at+".copies", d.Copies); err != nil {
			return err
		}
		if d.Source != "" {
			if err := r.folder(at+".source", d.Source); err != nil {
				return err
			}
		}
		if _, err := path.Match(d.Pattern, ""); err != nil {
			return r.doc.errorf(at+".pattern", "want a form such as *.zip, got %q", d.Pattern)
		}
		if d.MinBytes < 0 {
			return r.doc.errorf(at+".min_bytes", "is negative")
		}
		if d.SizesFrom != "" && !isDate(d.SizesFrom) {
			return r.doc.errorf(at+".sizes_from", "want a day as YYYY-MM-DD, got %q", d.SizesFrom)
		}
	}
	return nil
}

func (r sourceReview) software(s Source) error {
	for key, list := range map[string][]Software{"software": s.Software, "denied": s.Denied} {
		for i, sw := range list {
			at := fmt.Sprintf("%s[%d]", key, i)
			if err := r.texts(at, mandatory("name", sw.Name), optional("publisher", sw.Publisher), optional("versions", sw.Versions)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r sourceReview) media(s Source) error {
	for i, m := range s.Media {
		at := fmt.Sprintf("media[%d]", i)
		if err := r.texts(at, mandatory("serial", m.Serial), optional("until", m.Until)); err != nil {
			return err
		}
		if m.Until != "" && !isDate(m.Until) {
			return r.doc.errorf(at+".until", "want the last day as YYYY-MM-DD, got %q", m.Until)
		}
	}
	return nil
}

func (r sourceReview) users(s Source) error {
	for i, u := range s.Users {
		at := fmt.Sprintf("users[%d]", i)
		if err := r.texts(at, mandatory("account", u.Account), optional("machine", u.Machine), optional("until", u.Until)); err != nil {
			return err
		}
		if u.Until != "" && !isDate(u.Until) {
			return r.doc.errorf(at+".until", "want the last day as YYYY-MM-DD, got %q", u.Until)
		}
	}
	return nil
}

func (r sourceReview) leavers(s Source) error {
	for i, l := range s.Leavers {
		at := fmt.Sprintf("leavers[%d]", i)
		if err := r.texts(at, mandatory("account", l.Account), optional("machine", l.Machine)); err != nil {
			return err
		}
		if l.Left.IsZero() {
			return r.doc.errorf(at+".left", "want when the post was left, as 2026-11-02T15:00:00Z")
		}
	}
	return nil
}

// places reviews the portal, the folders to scan and the schedule.
func (r sourceReview) places(s Source) error {
	if s.Portal != "" {
		u, err := url.Parse(s.Portal)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return r.doc.errorf("portal", "want an address such as https://vigia.example.org:9443")
		}
	}
	for i, folder := range s.Scan {
		if err := r.folder(fmt.Sprintf("scan[%d]", i), folder); err != nil {
			return err
		}
	}
	if key, err := s.Schedule.withDefaults().check(); err != nil {
		return r.doc.errorf("schedule."+key, "%w", err)
	}
	return nil
}

// text is one text of a row, by its key.
type text struct {
	key, value string
	needed     bool
}

func mandatory(key, value string) text { return text{key, value, true} }
func optional(key, value string) text  { return text{key, value, false} }

func (r sourceReview) texts(at string, texts ...text) error {
	for _, t := range texts {
		where := at + "." + t.key
		switch {
		case t.needed && strings.TrimSpace(t.value) == "":
			return r.doc.errorf(where, "is missing")
		case strings.TrimSpace(t.value) != t.value:
			return r.doc.errorf(where, "begins or ends with a space")
		case utf8.RuneCountInString(t.value) > maxText:
			return r.doc.errorf(where, "longer than %d characters", maxText)
		case strings.ContainsFunc(t.value, unicode.IsControl):
			return r.doc.errorf(where, "holds control characters")
		}
	}
	return nil
}

// folder accepts an absolute path of Linux or Windows that does not climb.
func (r sourceReview) folder(at, folder string) error {
	slashed := strings.ReplaceAll(folder, `\`, "/")
	switch {
	case utf8.RuneCountInString(folder) > maxText:
		return r.doc.errorf(at, "longer than %d characters", maxText)
	case !isAbsolute(folder):
		return r.doc.errorf(at, "want a whole path such as /srv/datos or D:\\Datos, got %q", folder)
	case slices.Contains(strings.Split(slashed, "/"), ".."):
		return r.doc.errorf(at, "write the path without ..")
	}
	return nil
}

func isAbsolute(p string) bool {
	return strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\\`) ||
		len(p) >= 3 && isLetter(p[0]) && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
}

// isRoot tells whether a path is a whole disk or file system.
func isRoot(p string) bool {
	rest := strings.Trim(strings.ReplaceAll(p, `\`, "/"), "/")
	return rest == "" || len(rest) == 2 && isLetter(rest[0]) && rest[1] == ':'
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
