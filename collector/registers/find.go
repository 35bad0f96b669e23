package registers

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/collector/storage"
)

// Query says which rows of a book are looked for.
type Query struct {
	// At is the time as of which the book is read; zero: now.
	At time.Time
	// Text are words that all have to be in a row; Names tells that those fields are
	// looked at too that name persons.
	Text  string
	Names bool
	// Department, when Limited, is whose rows they must be.
	Limited    bool
	Department string
	// Sort is the field by which they are sorted; empty: by folio. Down is backwards.
	Sort string
	Down bool
	// Offset and Most are the page; Most 0 is all.
	Offset, Most int
}

// Find is one page of the rows that a query asks for, and how many there are in all.
func (s *Store) Find(ctx context.Context, tx *storage.Tx, b *Book, q Query) (page []Row, total int, err error) {
	where, args := q.where(b)
	if f, ok := b.Field(q.Sort); ok {
		return s.findSorted(ctx, tx, b, f, q, where, args)
	}
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM registers_rows WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count rows of %s: %w", b.Name, err)
	}
	order := ` ORDER BY folio`
	if q.Down {
		order += ` DESC`
	}
	if q.Most > 0 {
		order += fmt.Sprintf(` LIMIT %d OFFSET %d`, q.Most, max(0, q.Offset))
	}
	page, err = s.rowsOf(ctx, tx, b, where+order, args)
	return page, total, err
}

// where is the condition of a query, with its arguments.
func (q Query) where(b *Book) (string, []any) {
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	var out string
	if q.At.IsZero() {
		out = `until_at = ` + arg(int64(forever)) + ` AND removed = 0 AND book = ` + arg(b.Name)
	} else {
		at := q.At.UnixMicro()
		out = `book = ` + arg(b.Name) + ` AND from_at <= ` + arg(at) + ` AND until_at > ` + arg(at) + ` AND removed = 0`
	}
	if q.Limited {
		out += ` AND department = ` + arg(Fold(q.Department))
	}
	return out + likeWords(q.Text, q.Names, arg), args
}

// mostWords bounds the words of one search.
const mostWords = 8

// likeWords is the condition that all words of a text are in a row.
func likeWords(text string, names bool, arg func(any) string) string {
	var out strings.Builder
	words := strings.Fields(Fold(text))
	for _, word := range words[:min(len(words), mostWords)] {
		pattern := arg("%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word) + "%")
		if names {
			out.WriteString(` AND (words LIKE ` + pattern + ` ESCAPE '\' OR names LIKE ` + pattern + ` ESCAPE '\')`)
		} else {
			out.WriteString(` AND words LIKE ` + pattern + ` ESCAPE '\'`)
		}
	}
	return out.String()
}

// Fold makes a text as searches compare it: without case, accents or NUL.
func Fold(text string) string {
	return fold(strings.ReplaceAll(strings.ToValidUTF8(text, " "), "\x00", " "))
}

// findSorted sorts by a field as people sort: numbers by size, choices as they are listed,
// words without accents, what is empty last. It reads one field of every row.
func (s *Store) findSorted(ctx context.Context, tx *storage.Tx, b *Book, f Field, q Query, where string, args []any) ([]Row, int, error) {
	found, err := tx.Query(ctx, `SELECT folio, values_json FROM registers_rows WHERE `+where, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("read the book %s: %w", b.Name, err)
	}
	defer found.Close()
	type place struct {
		folio  int64
		empty  bool
		number int64
		text   string
	}
	var all []place
	for found.Next() {
		var p place
		var values sql.RawBytes // good until the next row
		if err := found.Scan(&p.folio, &values); err != nil {
			return nil, 0, fmt.Errorf("read the book %s: %w", b.Name, err)
		}
		value := oneValue(values, f.Name)
		p.empty = value == ""
		switch f.Kind {
		case Number, Folio:
			p.number, _ = strconv.ParseInt(value, 10, 64)
		case Choice:
			p.number = int64(slices.IndexFunc(f.Options, func(o Option) bool { return o.Code == value }))
		case Day, Moment:
			p.text = value
		case Line, Prose, Account, Host, Choices, Lines, Flag, Paper:
			p.text = fold(value[:min(len(value), 200)])
		}
		all = append(all, p)
	}
	if err := found.Err(); err != nil {
		return nil, 0, fmt.Errorf("read the book %s: %w", b.Name, err)
	}
	slices.SortFunc(all, func(a, c place) int {
		if a.empty != c.empty {
			if a.empty {
				return 1
			}
			return -1
		}
		by := cmp.Or(cmp.Compare(a.number, c.number), strings.Compare(a.text, c.text))
		if q.Down {
			by = -by
		}
		return cmp.Or(by, cmp.Compare(a.folio, c.folio))
	})
	from := min(max(0, q.Offset), len(all))
	to := len(all)
	if q.Most > 0 {
		to = min(from+q.Most, to)
	}
	if from == to {
		return nil, len(all), nil
	}
	if to-from == len(all) { // all of them at once, and then in order
		rows, err := s.rowsOf(ctx, tx, b, where, args)
		order := map[int64]int{}
		for i, p := range all {
			order[p.folio] = i
		}
		slices.SortFunc(rows, func(a, c Row) int { return order[a.Folio] - order[c.Folio] })
		return rows, len(all), err
	}
	order, marks := map[int64]int{}, make([]string, 0, to-from)
	for i, p := range all[from:to] {
		order[p.folio] = i
		args = append(args, p.folio)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
	}
	rows, err := s.rowsOf(ctx, tx, b, where+` AND folio IN (`+strings.Join(marks, ", ")+`)`, args)
	slices.SortFunc(rows, func(a, c Row) int { return order[a.Folio] - order[c.Folio] })
	return rows, len(all), err
}

// oneValue reads one field of the values of a row. They are an object of strings that this
// package wrote, so that the name between quotes stands nowhere but at its place: within a
// string every quote has a backslash before it.
func oneValue(values []byte, name string) string {
	mark := []byte(`"` + name + `":"`)
	for rest := values; ; {
		i := bytes.Index(rest, mark)
		if i < 0 {
			return ""
		}
		before := len(values) - len(rest) + i - 1
		rest = rest[i+len(mark):]
		if before < 0 || values[before] != '{' && values[before] != ',' {
			continue
		}
		for end := 0; end < len(rest); end++ {
			switch rest[end] {
			case '\\':
				end++
			case '"':
				return unquoted(rest[:end])
			}
		}
		return ""
	}
}

// unquoted is a string of JSON without the quotes around it.
func unquoted(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	var out string
	if err := json.Unmarshal(slices.Concat([]byte{'"'}, text, []byte{'"'}), &out); err != nil {
		return ""
	}
	return out
}

// Summary is how a book stands.
type Summary struct {
	Rows int // in force
	// Incomplete rows lack something that is wanted; Ended ones do not hold any more; Ending
	// ones end before long.
	Incomplete, Ended, Ending int
	Last                      time.Time // when it was written to; zero: never
}

// Summaries tell of each book how it stands on a day, by its name. soon is the day before
// which a row is ending. Of a book that is limited only the rows of a department count.
func (s *Store) Summaries(ctx context.Context, tx *storage.Tx, books []*Book, day, soon string, limited bool, department string) (map[string]Summary, error) {
	query := `SELECT book, COUNT(*), SUM(CASE WHEN lacks > 0 THEN 1 ELSE 0 END),
			SUM(CASE WHEN ends <> '' AND ends < $2 THEN 1 ELSE 0 END), SUM(CASE WHEN ends >= $2 AND ends < $3 THEN 1 ELSE 0 END)
		FROM registers_rows WHERE until_at = $1 AND removed = 0`
	args := []any{int64(forever), day, soon}
	if limited {
		query += ` AND department = $4`
		args = append(args, Fold(department))
	}
	found, err := tx.Query(ctx, query+` GROUP BY book`, args...)
	if err != nil {
		return nil, fmt.Errorf("count the books: %w", err)
	}
	defer found.Close()
	out := map[string]Summary{}
	for found.Next() {
		var name string
		var one Summary
		if err := found.Scan(&name, &one.Rows, &one.Incomplete, &one.Ended, &one.Ending); err != nil {
			return nil, fmt.Errorf("count the books: %w", err)
		}
		out[name] = one
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("count the books: %w", err)
	}
	for _, b := range books {
		one := out[b.Name]
		if one.Last, err = s.Last(ctx, tx, b); err != nil {
			return nil, err
		}
		out[b.Name] = one
	}
	return out, nil
}

// Last is when a book was written to; zero: never.
func (s *Store) Last(ctx context.Context, tx *storage.Tx, b *Book) (time.Time, error) {
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(from_at), 0) FROM registers_rows WHERE book = $1`, b.Name).Scan(&last); err != nil {
		return time.Time{}, fmt.Errorf("read the last change of %s: %w", b.Name, err)
	}
	if last == 0 {
		return time.Time{}, nil
	}
	return time.UnixMicro(last).UTC(), nil
}

// Written is a version with its book and the version before.
type Written struct {
	Book *Book
	Row
	Before Values // nil: it is the first
}

// Action tells what the version does to its row.
func (w Written) Action() Action {
	switch {
	case w.Removed:
		return Removed
	case w.Version == 1:
		return Added
	default:
		return Changed
	}
}

// Changes are one page of the versions of some books that were written from one time to
// before another, the newest first, and how many there are in all. The words of text must
// all be in a version, by who wrote it; empty: anybody.
func (s *Store) Changes(ctx context.Context, tx *storage.Tx, books []*Book, from, to time.Time, q Query, by string) (page []Written, total int, err error) {
	if len(books) == 0 {
		return nil, 0, nil
	}
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	where := `from_at >= ` + arg(from.UnixMicro()) + ` AND from_at < ` + arg(to.UnixMicro())
	byName, in := map[string]*Book{}, []string{}
	for _, b := range books {
		byName[b.Name] = b
		in = append(in, arg(b.Name))
	}
	if len(in) == 1 {
		where += ` AND book = ` + in[0]
	} else { // by an expression, so that the index is that of the time and not one of books
		where += ` AND (book || '') IN (` + strings.Join(in, ", ") + `)`
	}
	if q.Limited {
		where += ` AND department = ` + arg(Fold(q.Department))
	}
	if by != "" {
		where += ` AND by_name = ` + arg(by)
	}
	where += likeWords(q.Text, q.Names, arg)
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM registers_rows WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count changes: %w", err)
	}
	limit := ""
	if q.Most > 0 {
		limit = fmt.Sprintf(` LIMIT %d OFFSET %d`, q.Most, max(0, q.Offset))
	}
	found, err := tx.Query(ctx, `SELECT `+rowColumns+`, book FROM registers_rows WHERE `+where+` ORDER BY from_at DESC, leaf DESC`+limit, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("read changes: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var name string
		row, err := scanRow(found, &name)
		if err != nil {
			return nil, 0, fmt.Errorf("read changes: %w", err)
		}
		page = append(page, Written{Book: byName[name], Row: row})
	}
	if err := found.Err(); err != nil {
		return nil, 0, fmt.Errorf("read changes: %w", err)
	}
	return page, total, s.befores(ctx, tx, page)
}

// befores gives each version of a page the values before it, many with one statement.
func (s *Store) befores(ctx context.Context, tx *storage.Tx, page []Written) error {
	type version struct {
		book           string
		folio, version int64
	}
	places := map[version]int{}
	var wanted []version
	for i, w := range page {
		if w.Version > 1 && !w.Removed {
			v := version{w.Book.Name, w.Folio, w.Version - 1}
			places[v] = i
			wanted = append(wanted, v)
		}
	}
	for batch := range slices.Chunk(wanted, 100) {
		var where []string
		var args []any
		for _, v := range batch {
			n := len(args)
			where = append(where, fmt.Sprintf(`(book = $%d AND folio = $%d AND version = $%d)`, n+1, n+2, n+3))
			args = append(args, v.book, v.folio, v.version)
		}
		if err := s.before(ctx, tx, strings.Join(where, ` OR `), args, func(book string, row Row) {
			page[places[version{book, row.Folio, row.Version}]].Before = row.Values
		}); err != nil {
			return err
		}
	}
	return nil
}

// before hands out the versions that a condition names.
func (s *Store) before(ctx context.Context, tx *storage.Tx, where string, args []any, give func(book string, row Row)) error {
	found, err := tx.Query(ctx, `SELECT `+rowColumns+`, book FROM registers_rows WHERE `+where, args...)
	if err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var book string
		row, err := scanRow(found, &book)
		if err != nil {
			return fmt.Errorf("read what changed: %w", err)
		}
		give(book, row)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	return nil
}

// Search looks for words in the rows in force of some books: at most of each book so many.
func (s *Store) Search(ctx context.Context, tx *storage.Tx, books []*Book, q Query) ([]Written, error) {
	var out []Written
	for _, b := range books {
		where, args := q.where(b)
		rows, err := s.rowsOf(ctx, tx, b, where+fmt.Sprintf(` ORDER BY folio DESC LIMIT %d`, max(1, q.Most)), args)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, Written{Book: b, Row: r})
		}
	}
	return out, nil
}
