// Package report turns a frozen review into what people and programs read: a
// document of numbers, its PDF, tables and the package that an auditor
// verifies alone.
//
// The document holds every number once, in datos/revision.json; tables and PDF
// are rendered from it and nothing else, and each state names the entry of the
// evidence log that it rests on. The same review at the same time gives the
// same bytes. Verify trusts nothing of this program's author or user: it
// recomputes hashes, signatures, proofs, judgements and counts.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/reviews"
)

// Schema names the format of datos/revision.json. Fields are only added.
const Schema = "vigia-review/1"

// Document is the review as data.
type Document struct {
	Schema       string `json:"schema"`
	Organisation string `json:"organisation"`
	Period       string `json:"period"` // 2026Q4
	Zone         string `json:"time_zone"`
	// Begin and End bound the quarter; At is the instant the numbers hold for.
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
	At    time.Time `json:"at"`
	Final bool      `json:"final"`
	// Act is the id of the act whose numbers these are; empty: nobody decided on them.
	Act string `json:"act,omitempty"`
	// Program is the version that made the package.
	Program string `json:"program"`

	Coverage Coverage  `json:"coverage"`
	Controls []Control `json:"controls"`
	States   []State   `json:"states"`
	Findings []Finding `json:"findings"`
	Trend    []Point   `json:"trend"`
	Notes    []Note    `json:"notes"`
	Log      Log       `json:"log"`
	// Warnings are what was wrong with the evidence when the package was made.
	Warnings []string `json:"warnings,omitempty"`
	// Damage names the first entry that was altered, when there is one.
	Damage *Damage `json:"damage,omitempty"`

	location *time.Location // of Zone, once it was looked up
}

// Simulated tells that the log, by its name, holds what was only simulated.
func (d Document) Simulated() bool { return evidence.Simulated(d.Log.Origin) }

// Damage is where the log of a package stops being what was signed.
type Damage struct {
	// First is the first bad entry, or it is one of First to Last.
	First int64  `json:"first"`
	Last  int64  `json:"last"`
	Why   string `json:"why"` // evidence.Defect
}

// Log is the state of the evidence log that the numbers were read from.
type Log struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   []byte `json:"root"`
}

// Coverage says whom the numbers speak for.
type Coverage struct {
	Measured  int       `json:"measured"`
	Partly    int       `json:"partly"`
	Silent    int       `json:"silent"`
	Never     int       `json:"never"`
	Excluded  int       `json:"excluded"`
	Agentless int       `json:"agentless"`
	Departed  int       `json:"departed"`
	Listed    bool      `json:"listed"` // a list of known machines was imported
	Machines  []Machine `json:"machines"`
}

// Machine is one machine of the coverage.
type Machine struct {
	ID         string    `json:"id,omitempty"`
	Hostname   string    `json:"hostname"`
	Department string    `json:"department,omitempty"`
	OS         string    `json:"os,omitempty"`
	State      string    `json:"state"` // reviews.MachineState
	LastSeen   time.Time `json:"last_seen,omitzero"`
	Enrolled   time.Time `json:"enrolled,omitzero"`
	Why        string    `json:"why,omitempty"`
}

// Control is one duty over all machines.
type Control struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Asks     string            `json:"asks"`
	Severity policy.Severity   `json:"severity"`
	Mode     policy.Mode       `json:"mode"`
	Core     bool              `json:"core"`
	Cites    []policy.Citation `json:"cites"`
	Packs    []string          `json:"packs,omitempty"`
	Measured bool              `json:"measured"`
	// Counts are machines by status, Before at the end of the quarter before.
	Counts map[checks.Status]int `json:"counts,omitempty"`
	Before map[checks.Status]int `json:"before,omitempty"`
}

// Worst is the worst status of the control on any machine.
func (c Control) Worst() checks.Status {
	return reviews.Control{Counts: c.Counts}.Worst()
}

// State is one entry of the policy on one machine, with its evidence.
type State struct {
	Machine  string        `json:"machine"`
	Hostname string        `json:"hostname"`
	Entry    string        `json:"entry"`
	Control  string        `json:"control"`
	Check    string        `json:"check"`
	Status   checks.Status `json:"status"`
	// Agent is the agent's own judgement when it was another.
	Agent  checks.Status `json:"agent,omitempty"`
	Reason checks.Reason `json:"reason"`
	Text   string        `json:"text"`
	Do     string        `json:"do,omitempty"`
	Since  time.Time     `json:"since"`
	Last   time.Time     `json:"last"`
	Silent bool          `json:"silent,omitempty"`
	Late   bool          `json:"late,omitempty"`
	// Leaf, Facts and Policy are entries of the log: the last report, the
	// report with the facts and the policy it was judged by; -1 for none.
	Leaf   int64 `json:"leaf"`
	Facts  int64 `json:"facts"`
	Policy int64 `json:"policy"`
}

// Finding is something that is, or was within the quarter, not as it should.
type Finding struct {
	Machine  string          `json:"machine"`
	Hostname string          `json:"hostname"`
	Entry    string          `json:"entry"`
	Control  string          `json:"control"`
	Key      string          `json:"key,omitempty"`
	Status   checks.Status   `json:"status"`
	Severity policy.Severity `json:"severity,omitempty"`
	Phase    findings.Phase  `json:"phase"`
	Reason   checks.Reason   `json:"reason"`
	Text     string          `json:"text"`
	Do       string          `json:"do,omitempty"`
	First    time.Time       `json:"first_seen"`
	Opened   time.Time       `json:"opened"`
	Resolved time.Time       `json:"resolved,omitzero"`
	Times    int             `json:"times"`
	Leaf     int64           `json:"leaf"`
}

// Point counts states at a time.
type Point struct {
	At     time.Time             `json:"at"`
	Counts map[checks.Status]int `json:"counts"`
}

// Note is an event of the quarter.
type Note struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	By      string    `json:"by,omitempty"`
	Why     string    `json:"why,omitempty"`
	Leaf    int64     `json:"leaf"`
}

// NewDocument puts a snapshot into words.
func NewDocument(s reviews.Snapshot, v Voice, program string) Document {
	d := Document{
		Schema: Schema, Organisation: s.Organisation, Period: s.Period.String(), Zone: s.Period.Zone.String(),
		Begin: s.Period.Begin().UTC(), End: s.Period.End().UTC(), At: s.At.UTC(), Final: s.Final, Program: program,
	}
	d.Coverage = newCoverage(s.Coverage)
	hosts := map[string]string{}
	for _, m := range s.Coverage.Machines {
		hosts[m.ID] = m.Hostname
	}
	for _, c := range s.Controls {
		d.Controls = append(d.Controls, Control{
			ID: c.ID, Title: c.Title.In(v.Lang), Asks: c.Asks.In(v.Lang), Severity: c.Severity, Mode: c.Mode, Core: c.Core,
			Cites: c.Cites, Packs: c.Packs, Measured: c.Measured, Counts: c.Counts, Before: c.Before,
		})
	}
	for _, x := range s.States {
		row := State{
			Machine: x.Machine, Hostname: x.Hostname, Entry: x.Entry, Control: x.Control, Check: x.Check,
			Status: x.Status, Reason: x.Reason, Text: v.Say(x.Reason), Do: v.Do(x.Reason),
			Since: x.Since.UTC(), Last: x.Last.UTC(), Silent: x.Silent, Late: x.Late,
			Leaf: x.Leaf, Facts: x.Facts, Policy: x.PolicyLeaf,
		}
		if x.Differs() {
			row.Agent = x.AgentStatus
		}
		d.States = append(d.States, row)
	}
	for _, x := range s.Findings {
		d.Findings = append(d.Findings, Finding{
			Machine: x.Machine, Hostname: hosts[x.Machine], Entry: x.Entry, Control: x.Control, Key: x.Key, Status: x.Status,
			Severity: x.Severity, Phase: x.Phase, Reason: x.Reason, Text: v.Say(x.Reason), Do: v.Do(x.Reason),
			First: x.FirstSeen.UTC(), Opened: x.OpenedAt.UTC(), Resolved: x.ResolvedAt, Times: x.Times, Leaf: x.Leaf,
		})
	}
	slices.SortStableFunc(d.States, func(a, b State) int {
		return cmp.Or(strings.Compare(a.Hostname, b.Hostname), strings.Compare(a.Machine, b.Machine))
	})
	slices.SortStableFunc(d.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Hostname, b.Hostname), strings.Compare(a.Machine, b.Machine))
	})
	for _, p := range s.Trend {
		d.Trend = append(d.Trend, Point(p))
	}
	for _, n := range s.Notes {
		d.Notes = append(d.Notes, Note{At: n.At.UTC(), Kind: string(n.Kind), Subject: n.Subject, By: n.By, Why: n.Why, Leaf: n.Leaf})
	}
	return d
}

func newCoverage(c reviews.Coverage) Coverage {
	out := Coverage{Listed: c.Listed}
	for _, m := range c.Machines {
		out.Machines = append(out.Machines, Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department, OS: m.OS,
			State: string(m.State), LastSeen: m.LastSeen, Enrolled: m.Enrolled, Why: m.Why})
	}
	out.count()
	return out
}

// count sets the numbers from the machines.
func (c *Coverage) count() {
	n := map[reviews.MachineState]int{}
	for _, m := range c.Machines {
		n[reviews.MachineState(m.State)]++
	}
	c.Measured, c.Partly, c.Silent, c.Never = n[reviews.Measured], n[reviews.Partly], n[reviews.Silent], n[reviews.Never]
	c.Excluded, c.Agentless, c.Departed = n[reviews.Excluded], n[reviews.Agentless], n[reviews.Departed]
}

// encode writes the document as indented JSON, the same bytes every time.
func (d Document) encode() ([]byte, error) {
	b, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode the review: %w", err)
	}
	return append(b, '\n'), nil
}

// decodeDocument reads datos/revision.json.
func decodeDocument(b []byte, d *Document) error {
	if err := json.Unmarshal(b, d); err != nil {
		return plainJSON(err)
	}
	return nil
}

// zone is the organisation's time zone, UTC when this machine does not know it.
func (d Document) zone() *time.Location {
	if d.location != nil {
		return d.location
	}
	loc, err := time.LoadLocation(d.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// totals counts the states by status.
func (d Document) totals() map[checks.Status]int {
	out := map[checks.Status]int{}
	for _, s := range d.States {
		out[s.Status]++
	}
	return out
}

// cites writes the articles of a control in one line.
func (c Control) cites() string {
	parts := make([]string, len(c.Cites))
	for i, x := range c.Cites {
		parts[i] = x.Source + " " + x.Article
	}
	return strings.Join(parts, "; ")
}
