package enroll

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// KnownMachine is a machine that the organisation says it has.
type KnownMachine struct {
	Hostname   string `json:"hostname"` // lower case
	Department string `json:"department,omitempty"`
	Note       string `json:"note,omitempty"`
	// Excluded machines get no agent on purpose; the note says why.
	Excluded   bool      `json:"excluded,omitempty"`
	ImportedAt time.Time `json:"-"`
}

// KnownRecord is the payload of a leaf of kind register and subject
// "known-machines", as JSON.
type KnownRecord struct {
	By       string         `json:"by"`
	Machines []KnownMachine `json:"machines"`
}

const knownSubject = "known-machines"

// Limits of an imported list.
const (
	MaxKnownBytes    = 4 << 20
	MaxKnownMachines = 20000
)

// LineError says what is wrong with a line of an imported file.
type LineError struct {
	Line int // the first line is 1
	Why  string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// ParseKnown reads a list of machines as CSV: UTF-8 with or without a byte
// order mark, separated by commas or semicolons, with a header of host,
// department, note and excluded in any order, of which only host is needed.
// excluded is empty, yes or no (sí, si, 1, x, true; no, 0, false). The error
// joins one *LineError per wrong line, so that all can be corrected at once.
func ParseKnown(r io.Reader) ([]KnownMachine, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxKnownBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the list of machines: %w", err)
	}
	if len(data) > MaxKnownBytes {
		return nil, fmt.Errorf("the list of machines is longer than %d bytes", MaxKnownBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("the list of machines is not UTF-8: save it as \"CSV UTF-8\"")
	}
	records := csv.NewReader(bufio.NewReader(bytes.NewReader(data)))
	records.Comma = separator(data)
	records.FieldsPerRecord = -1 // told with our own words
	records.TrimLeadingSpace = true
	columns, err := knownHeader(records)
	if err != nil {
		return nil, err
	}
	var out []KnownMachine
	var wrong []error
	lines := map[string]int{} // first line of each host
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // the quotes are broken: what follows has no meaning
			return nil, errors.Join(append(wrong, csvError(err))...)
		}
		line, _ := records.FieldPos(0)
		m, err := knownRow(record, columns)
		switch first, twice := lines[m.Hostname]; {
		case err != nil:
		case twice:
			err = fmt.Errorf("host %q is on line %d already", m.Hostname, first)
		case len(out) >= MaxKnownMachines:
			return nil, &LineError{Line: line, Why: fmt.Sprintf("more than %d machines", MaxKnownMachines)}
		default:
			lines[m.Hostname] = line
			out = append(out, m)
		}
		if err != nil && len(wrong) < maxLineErrors {
			wrong = append(wrong, &LineError{Line: line, Why: err.Error()})
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	if len(out) == 0 {
		return nil, errors.New("the list holds no machine: nothing was changed")
	}
	return out, nil
}

const maxLineErrors = 50

func csvError(err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return &LineError{Line: p.Line, Why: p.Err.Error()}
	}
	return fmt.Errorf("read the list of machines: %w", err)
}

// separator is a semicolon when the first line has one, as spreadsheets with a
// decimal comma write it.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	if bytes.ContainsRune(first, ';') {
		return ';'
	}
	return ','
}

// knownHeader maps each column's name to its place.
func knownHeader(records *csv.Reader) (map[string]int, error) {
	header, err := records.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the list of machines is empty")
	}
	if err != nil {
		return nil, csvError(err)
	}
	columns := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains([]string{"host", "department", "note", "excluded"}, name) {
			return nil, &LineError{Line: 1, Why: fmt.Sprintf("column %q is none of host, department, note, excluded", name)}
		}
		if _, twice := columns[name]; twice {
			return nil, &LineError{Line: 1, Why: fmt.Sprintf("column %q is there twice", name)}
		}
		columns[name] = i
	}
	if _, ok := columns["host"]; !ok {
		return nil, &LineError{Line: 1, Why: "no column is called host"}
	}
	return columns, nil
}

func knownRow(record []string, columns map[string]int) (KnownMachine, error) {
	if len(record) != len(columns) {
		return KnownMachine{}, fmt.Errorf("%d fields where the header has %d", len(record), len(columns))
	}
	field := func(name string) string {
		if i, ok := columns[name]; ok {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	m := KnownMachine{Hostname: strings.ToLower(field("host")), Department: field("department"), Note: field("note")}
	if !validHostname(m.Hostname) {
		return KnownMachine{}, fmt.Errorf("%q is not a host name", field("host"))
	}
	if !validText(m.Department) || !validText(m.Note) {
		return KnownMachine{}, fmt.Errorf("department or note is longer than %d letters or holds control characters", maxTextRunes)
	}
	switch strings.ToLower(field("excluded")) {
	case "", "no", "0", "false":
	case "yes", "sí", "si", "1", "x", "true":
		m.Excluded = true
	default:
		return KnownMachine{}, fmt.Errorf("excluded is %q: write yes or no, and the reason in note (escriba sí o no, y el motivo en note)", field("excluded"))
	}
	if m.Excluded && m.Note == "" {
		return KnownMachine{}, errors.New("an excluded machine needs a note that says why (escriba el motivo en note)")
	}
	return m, nil
}

// KnownChange counts what an import did.
type KnownChange struct{ Added, Changed, Removed, Same int }

// ImportKnown replaces the list of known machines; by is the account of whoever
// does it.
func (s *Store) ImportKnown(ctx context.Context, tx *storage.Tx, list []KnownMachine, by string) (KnownChange, error) {
	old, err := s.Known(ctx, tx)
	if err != nil {
		return KnownChange{}, err
	}
	before := make(map[string]KnownMachine, len(old))
	for _, m := range old {
		m.ImportedAt = time.Time{}
		before[m.Hostname] = m
	}
	var change KnownChange
	now := s.now()
	for _, m := range list {
		m.ImportedAt = time.Time{}
		was, there := before[m.Hostname]
		delete(before, m.Hostname)
		switch {
		case !there:
			change.Added++
		case was == m:
			change.Same++
			continue
		default:
			change.Changed++
		}
		if _, err := tx.Exec(ctx, `INSERT INTO enroll_known (hostname, department, note, excluded, imported_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hostname) DO UPDATE SET department = excluded.department,
			note = excluded.note, excluded = excluded.excluded, imported_at = excluded.imported_at`,
			m.Hostname, m.Department, m.Note, bit(m.Excluded), micros(now)); err != nil {
			return KnownChange{}, fmt.Errorf("import machine %s: %w", m.Hostname, err)
		}
	}
	for host := range before {
		change.Removed++
		if _, err := tx.Exec(ctx, `DELETE FROM enroll_known WHERE hostname = $1`, host); err != nil {
			return KnownChange{}, fmt.Errorf("remove machine %s from the list: %w", host, err)
		}
	}
	if change.Added+change.Changed+change.Removed == 0 {
		return change, nil
	}
	if err := s.append(ctx, tx, record{evidence.Register, knownSubject, KnownRecord{By: by, Machines: list}}); err != nil {
		return KnownChange{}, err
	}
	return change, s.assignDepartments(ctx, tx, list, by)
}

// assignDepartments gives a department to the active machines that have none
// and are in the list.
func (s *Store) assignDepartments(ctx context.Context, tx *storage.Tx, list []KnownMachine, by string) error {
	machines, err := s.Machines(ctx, tx)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if m.Status != Active || m.Department != "" {
			continue
		}
		i := slices.IndexFunc(list, func(k KnownMachine) bool { return k.Department != "" && sameHost(k.Hostname, m.Hostname) })
		if i < 0 {
			continue
		}
		if err := s.SetDepartment(ctx, tx, m.ID, list[i].Department, by); err != nil {
			return err
		}
	}
	return nil
}

// Known lists the known machines by host name.
func (s *Store) Known(ctx context.Context, tx *storage.Tx) ([]KnownMachine, error) {
	rows, err := tx.Query(ctx, `SELECT hostname, department, note, excluded, imported_at FROM enroll_known`)
	if err != nil {
		return nil, fmt.Errorf("list known machines: %w", err)
	}
	defer rows.Close()
	var out []KnownMachine
	for rows.Next() {
		var m KnownMachine
		var excluded, at int64
		if err := rows.Scan(&m.Hostname, &m.Department, &m.Note, &excluded, &at); err != nil {
			return nil, fmt.Errorf("list known machines: %w", err)
		}
		m.Excluded, m.ImportedAt = excluded != 0, fromMicros(at)
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list known machines: %w", err)
	}
	slices.SortFunc(out, func(a, b KnownMachine) int { return strings.Compare(a.Hostname, b.Hostname) })
	return out, nil
}

// WithoutAgent lists the known machines that should have an agent and have
// none that is active at the given time.
func WithoutAgent(known []KnownMachine, machines []Machine, at time.Time) []KnownMachine {
	active := map[string][]string{} // host names, by their short ones
	for _, m := range machines {
		if m.ActiveAt(at) {
			short := shortName(m.Hostname)
			active[short] = append(active[short], m.Hostname)
		}
	}
	var out []KnownMachine
	for _, k := range known {
		has := slices.ContainsFunc(active[shortName(k.Hostname)], func(host string) bool { return sameHost(k.Hostname, host) })
		if !k.Excluded && !has {
			out = append(out, k)
		}
	}
	return out
}

// departmentOf looks a host up in the list; empty when it is not there.
func (s *Store) departmentOf(ctx context.Context, tx *storage.Tx, hostname string) (string, error) {
	known, err := s.Known(ctx, tx)
	if err != nil {
		return "", err
	}
	for _, k := range known {
		if sameHost(k.Hostname, hostname) {
			return k.Department, nil
		}
	}
	return "", nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
