package reviews

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/collector/findings"
)

// storedSnapshot is a Snapshot as it is kept, with its period in words.
type storedSnapshot struct {
	Organisation string
	Period, Zone string
	At           time.Time
	Final        bool
	Coverage     Coverage
	Controls     []Control
	States       []State
	Findings     []findings.Finding
	Trend        []Point
	Notes        []Note
	Leaves       []int64
}

// maxSnapshot bounds a stored snapshot, inflated.
const maxSnapshot = 1 << 30

func packSnapshot(s Snapshot) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	err := json.NewEncoder(z).Encode(storedSnapshot{Organisation: s.Organisation, Period: s.Period.String(), Zone: s.Period.Zone.String(), At: s.At, Final: s.Final,
		Coverage: s.Coverage, Controls: s.Controls, States: s.States, Findings: s.Findings, Trend: s.Trend, Notes: s.Notes, Leaves: s.Leaves})
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encode the frozen numbers: %w", err)
	}
	return b.Bytes(), nil
}

func unpackSnapshot(data []byte, zone *time.Location) (Snapshot, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the frozen numbers: %w", ErrAltered)
	}
	var s storedSnapshot
	if err := json.NewDecoder(io.LimitReader(z, maxSnapshot)).Decode(&s); err != nil {
		return Snapshot{}, fmt.Errorf("read the frozen numbers: %w", ErrAltered)
	}
	p, err := ParsePeriod(s.Period, zone)
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Organisation: s.Organisation, Period: p, At: s.At.UTC(), Final: s.Final, Coverage: s.Coverage, Controls: s.Controls,
		States: s.States, Findings: s.Findings, Trend: s.Trend, Notes: s.Notes, Leaves: s.Leaves}, nil
}

// Digest is the SHA-256 of the numbers that were frozen: a line for every machine, control,
// state and finding, sorted. Whoever holds the numbers in another form computes the same.
type Digest struct{ lines []string }

// Machine adds a machine of the coverage.
func (d *Digest) Machine(id, hostname, state string) { d.add("machine", id, hostname, state) }

// Control adds a control with its counts.
func (d *Digest) Control(id string, measured bool, counts map[checks.Status]int) {
	parts := []string{"control", id, fmt.Sprint(measured)}
	for _, s := range checks.Statuses() {
		parts = append(parts, fmt.Sprint(counts[s]))
	}
	d.add(parts...)
}

// State adds the state of an entry on a machine, with its evidence.
func (d *Digest) State(machine, entry string, status checks.Status, code string, leaf, facts, policy int64) {
	d.add("state", machine, entry, string(status), code, fmt.Sprint(leaf), fmt.Sprint(facts), fmt.Sprint(policy))
}

// Finding adds a finding.
func (d *Digest) Finding(machine, entry, key string, status checks.Status, code string, phase findings.Phase, opened time.Time) {
	d.add("finding", machine, entry, key, string(status), code, string(phase), fmt.Sprint(opened.UnixMicro()))
}

func (d *Digest) add(parts ...string) {
	for i, p := range parts {
		parts[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(p)
	}
	d.lines = append(d.lines, strings.Join(parts, "\t")+"\n")
}

// Sum is the digest in hexadecimal.
func (d *Digest) Sum() string {
	slices.Sort(d.lines)
	h := sha256.New()
	for _, line := range d.lines {
		_, _ = io.WriteString(h, line) // never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Digest is that of the snapshot's numbers.
func (s Snapshot) Digest() string {
	var d Digest
	for _, m := range s.Coverage.Machines {
		d.Machine(m.ID, m.Hostname, string(m.State))
	}
	for _, c := range s.Controls {
		d.Control(c.ID, c.Measured, c.Counts)
	}
	for _, x := range s.States {
		d.State(x.Machine, x.Entry, x.Status, x.Reason.Code, x.Leaf, x.Facts, x.PolicyLeaf)
	}
	for _, f := range s.Findings {
		d.Finding(f.Machine, f.Entry, f.Key, f.Status, f.Reason.Code, f.Phase, f.OpenedAt)
	}
	return d.Sum()
}
