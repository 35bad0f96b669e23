package registers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"vigia/collector/storage"
)

// Plan is what an import would do to a book: nothing was written yet.
type Plan struct {
	Changes []Planned
	// Same counts the lines that say what the book says already.
	Same int
	// Problems are what is wrong, by line: the first maxProblems, of Bad lines in all. A plan
	// with problems is not carried out, unless Good says that it is to be without those lines.
	Problems []LineError
	Bad      int
	Good     bool
	// Missing are rows in force that the file does not hold. They stay, unless the import
	// replaces the book.
	Missing []Row
	// Replace tells that they are to be struck out.
	Replace bool
	// Unreadable tells that the file as a whole is not of this book, so that there is
	// nothing good in it either.
	Unreadable bool
}

// Digest tells a plan from another: what was shown is what is carried out. It is the same
// for the same file, options and book.
func (p Plan) Digest() string {
	h := sha256.New()
	write := func(parts ...any) { fmt.Fprintln(h, parts...) }
	write(p.Same, p.Bad, p.Good, p.Replace, len(p.Missing))
	if p.Replace {
		for _, r := range p.Missing {
			write(r.Folio, r.Version)
		}
	}
	for _, c := range p.Changes {
		write(c.Line, c.Action, c.Folio, c.Version)
		for _, d := range c.Differences {
			fmt.Fprintf(h, "%q %q %q\n", d.Field, d.Old, d.New)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Carries tells whether there is something to write, and nothing in the way of it. Rows
// are not struck out by a file of which some lines are wrong: they might be those.
func (p Plan) Carries() bool {
	writes := len(p.Changes) > 0 || p.Replace && len(p.Missing) > 0
	return writes && !p.Unreadable && (p.Bad == 0 || p.Good && !p.Replace)
}

// Planned is one line's change.
type Planned struct {
	Line        int
	Action      Action
	Folio       int64 // 0: a new row
	Version     int64 // that was seen
	Old, New    Values
	Differences []Difference
}

// Count counts the planned changes of a kind.
func (p Plan) Count(action Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == action {
			n++
		}
	}
	return n
}

// PlanOptions say how a file is to be read.
type PlanOptions struct {
	Zone *time.Location // of times without one
	// Replace strikes out the rows that the file does not hold.
	Replace bool
	// Good leaves out the lines that are wrong.
	Good bool
	// Fixed are fields that every line gets, whatever the file says: the department of a
	// liaison.
	Fixed Values
}

// Plan compares a file with a book. A line is about the row whose folio it names, else
// about the row with its key, else it is a new row. Columns that the file does not have
// keep their value. Where no key tells rows apart, a line that says exactly what a row says
// is that row, so that a file that is imported twice is in the book once.
func (s *Store) Plan(ctx context.Context, tx *storage.Tx, b *Book, sheet Sheet, opts PlanOptions) (Plan, error) {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	rows, err := s.Rows(ctx, tx, b)
	if err != nil {
		return Plan{}, err
	}
	p := planning{book: b, opts: opts, sheet: sheet, out: Plan{Replace: opts.Replace && !b.AppendOnly, Good: opts.Good},
		byFolio: map[int64]Row{}, byKey: map[string]Row{}, lines: map[string]int{}}
	for _, r := range rows {
		p.byFolio[r.Folio] = r
		if key := b.keyOf(r.Values); key != "" {
			p.byKey[key] = r
		}
	}
	if p.columns(); len(p.out.Problems) > 0 {
		p.out.Unreadable = true // without columns no line means anything
		return p.out, nil
	}
	if err := p.readReferences(ctx, tx); err != nil {
		return Plan{}, err
	}
	seen := map[int64]bool{}
	for _, line := range sheet.Lines {
		p.bad = false
		if folio := p.line(line); folio > 0 {
			seen[folio] = true
		}
		if p.bad {
			p.out.Bad++
		}
	}
	for _, r := range rows {
		if !seen[r.Folio] {
			p.out.Missing = append(p.out.Missing, r)
		}
	}
	return p.out, nil
}

// Carry writes a plan that Carries, all of it or nothing. ErrConflict if somebody wrote to
// one of its rows since it was made.
func (s *Store) Carry(ctx context.Context, tx *storage.Tx, b *Book, p Plan, act Act) ([]Row, error) {
	if len(p.Problems) > 0 && !p.Carries() {
		return nil, &p.Problems[0]
	}
	var changes []change
	if p.Replace { // first, so that their keys are free
		for _, r := range p.Missing {
			changes = append(changes, change{folio: r.Folio, version: r.Version, remove: true})
		}
	}
	for _, c := range p.Changes {
		changes = append(changes, change{folio: c.Folio, version: c.Version, values: c.New})
	}
	if len(changes) == 0 {
		return nil, nil
	}
	return s.write(ctx, tx, b, changes, act)
}

// planning is one Plan under way.
type planning struct {
	book    *Book
	opts    PlanOptions
	sheet   Sheet
	byFolio map[int64]Row
	byKey   map[string]Row
	lines   map[string]int             // by folio or key: the line that has it
	fields  []*Field                   // by column; nil: the folio
	refers  map[string]map[string]bool // by the name of a book: the folios in force, as values
	same    map[string][]Row           // by all values: rows without a key that no line is about
	bad     bool                       // the line at hand
	out     Plan
}

// readReferences reads which rows there are that the file may name.
func (p *planning) readReferences(ctx context.Context, tx *storage.Tx) error {
	p.refers = map[string]map[string]bool{}
	for _, f := range p.fields {
		if f == nil || f.Kind != Folio || f.prefix == "" || p.refers[f.Of] != nil {
			continue
		}
		folios := map[string]bool{}
		found, err := tx.Query(ctx, `SELECT folio FROM registers_rows WHERE until_at = $1 AND removed = 0 AND book = $2`, int64(forever), f.Of)
		if err != nil {
			return fmt.Errorf("read the folios of %s: %w", f.Of, err)
		}
		defer found.Close()
		for found.Next() {
			var folio int64
			if err := found.Scan(&folio); err != nil {
				return fmt.Errorf("read the folios of %s: %w", f.Of, err)
			}
			folios[strconv.FormatInt(folio, 10)] = true
		}
		if err := errors.Join(found.Err(), found.Close()); err != nil {
			return fmt.Errorf("read the folios of %s: %w", f.Of, err)
		}
		p.refers[f.Of] = folios
	}
	return nil
}

// maxProblems bounds what is said to be wrong: beyond that nobody reads on.
const maxProblems = 500

// folioColumns are the names of the column that holds folios.
func isFolioColumn(name string) bool { return fold(name) == "folio" }

func (p *planning) wrong(line int, problem Problem) {
	p.bad = true
	if len(p.out.Problems) < maxProblems {
		p.out.Problems = append(p.out.Problems, LineError{Line: line, Problem: problem})
	}
}

// columns finds the field of each column.
func (p *planning) columns() {
	used := map[string]bool{}
	for _, name := range p.sheet.Header {
		if isFolioColumn(name) {
			p.fields = append(p.fields, nil)
			continue
		}
		field := p.fieldOf(name)
		switch {
		case field == nil:
			p.wrong(1, Problem{Code: "sheet.column", Args: map[string]string{"column": shorten(name)}})
		case used[field.Name]:
			p.wrong(1, Problem{Code: "sheet.column_two", Args: map[string]string{"column": shorten(name)}})
		default:
			used[field.Name] = true
		}
		p.fields = append(p.fields, field)
	}
	if len(used) == 0 {
		p.out.Problems = nil
		p.wrong(1, Problem{Code: "sheet.header"})
	}
}

func (p *planning) fieldOf(name string) *Field {
	for i, f := range p.book.Fields {
		for _, own := range []string{f.Name, f.Label.ES, f.Label.EN} {
			if fold(own) == fold(name) {
				return &p.book.Fields[i]
			}
		}
	}
	return nil
}

// line plans one line and returns the folio that it is about, 0 for none.
func (p *planning) line(line SheetLine) int64 {
	if len(line.Cells) > len(p.fields) {
		p.wrong(line.Number, Problem{Code: "sheet.cells", Args: map[string]string{
			"n": strconv.Itoa(len(line.Cells)), "want": strconv.Itoa(len(p.fields))}})
		return 0
	}
	given, folio, ok := p.read(line)
	old, known := p.byFolio[folio]
	if folio == 0 {
		if key := p.book.keyOf(given); key != "" && !p.book.AppendOnly {
			old, known = p.byKey[key]
		}
	}
	if !ok {
		return old.Folio // it is in the file, whatever is wrong with it
	}
	if p.twice(line.Number, given, old, known) {
		return old.Folio
	}
	next := Values{}
	if known {
		maps.Copy(next, old.Values)
	}
	for name, value := range given {
		if value == "" {
			delete(next, name)
		} else {
			next[name] = value
		}
	}
	if err := p.book.Review(next); err != nil {
		invalid, _ := err.(*InvalidError) //nolint:errorlint // Review returns no other
		for _, problem := range invalid.Problems {
			p.wrong(line.Number, problem)
		}
		return old.Folio
	}
	if !known {
		if old, known = p.alike(next); known {
			p.out.Same++
			return old.Folio
		}
	}
	differences := Differences(old.Values, next)
	switch {
	case known && len(differences) == 0:
		p.out.Same++
	case known && p.book.AppendOnly:
		p.wrong(line.Number, Problem{Code: "sheet.append_only", Args: map[string]string{"folio": p.book.FolioText(old.Folio)}})
	case known:
		p.out.Changes = append(p.out.Changes, Planned{Line: line.Number, Action: Changed, Folio: old.Folio, Version: old.Version,
			Old: old.Values, New: next, Differences: differences})
	default:
		p.out.Changes = append(p.out.Changes, Planned{Line: line.Number, Action: Added, New: next, Differences: differences})
	}
	return old.Folio
}

// alike takes a row that says the same from those that no line is about yet.
func (p *planning) alike(values Values) (Row, bool) {
	if p.book.keyOf(values) != "" && !p.book.AppendOnly {
		return Row{}, false
	}
	if p.same == nil {
		p.same = map[string][]Row{}
		for _, r := range p.byFolio {
			if p.book.keyOf(r.Values) == "" || p.book.AppendOnly {
				p.same[allOf(r.Values)] = append(p.same[allOf(r.Values)], r)
			}
		}
		for _, rows := range p.same {
			slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(b.Folio, a.Folio) })
		}
	}
	rows := p.same[allOf(values)]
	if len(rows) == 0 {
		return Row{}, false
	}
	p.same[allOf(values)] = rows[:len(rows)-1]
	return rows[len(rows)-1], true
}

// allOf is one text of all values.
func allOf(v Values) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&out, "%s\x00%s\x00", name, v[name])
	}
	return out.String()
}

// read reads the cells of a line. Empty cells are in given with an empty value, so that
// they clear what the row had.
func (p *planning) read(line SheetLine) (given Values, folio int64, ok bool) {
	given, ok = Values{}, true
	for i, f := range p.fields {
		text := ""
		if i < len(line.Cells) {
			text = line.Cells[i]
		}
		if f == nil {
			if text == "" {
				continue
			}
			n, valid := p.book.ParseFolio(text)
			if _, known := p.byFolio[n]; !valid || !known {
				p.wrong(line.Number, Problem{Code: "sheet.no_row", Args: map[string]string{"folio": shorten(text)}})
				ok = false
			}
			folio = n
			continue
		}
		if p.sheet.Workbook {
			text = serial(f.Kind, text, p.opts.Zone)
		}
		value, problem := f.Parse(text, p.opts.Zone)
		if problem != nil {
			p.wrong(line.Number, *problem)
			ok = false
		}
		if f.Kind == Folio && value != "" && f.prefix != "" && !p.refers[f.Of][value] {
			p.wrong(line.Number, *f.problem(codeNoRow, "value", f.Show(value, "", nil)))
			ok = false
		}
		given[f.Name] = value
	}
	maps.Copy(given, p.opts.Fixed)
	return given, folio, ok
}

// twice tells whether another line of the file is about the same row.
func (p *planning) twice(line int, given Values, old Row, known bool) bool {
	var marks []string
	if known {
		marks = append(marks, fmt.Sprintf("folio %d", old.Folio))
	}
	if key := p.book.keyOf(given); key != "" && !p.book.AppendOnly {
		marks = append(marks, "key "+key)
	}
	for _, mark := range marks {
		if first, there := p.lines[mark]; there {
			p.wrong(line, Problem{Code: "sheet.same", Args: map[string]string{"line": strconv.Itoa(first)}})
			return true
		}
	}
	for _, mark := range marks {
		p.lines[mark] = line
	}
	return false
}

// serial turns the number by which workbooks keep days and times into text.
func serial(kind Kind, text string, zone *time.Location) string {
	if kind != Day && kind != Moment || strings.ContainsAny(text, "/-:") {
		return text
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 1 || n > 110_000 { // to the year 2201
		return text
	}
	at, err := excelize.ExcelDateToTime(n, false)
	if err != nil {
		return text
	}
	if kind == Day {
		return at.Format(time.DateOnly)
	}
	at = at.Add(500 * time.Millisecond)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone).Format(time.RFC3339)
}
