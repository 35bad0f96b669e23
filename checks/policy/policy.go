// Package policy holds the law as data: the controls with their articles, the
// packs that turn a jurisdiction's rules into checks with parameters, and the
// Policy, which is what one machine must obey.
//
// Code names no article: laws/*.yaml and packs/*.yaml do, versioned and dated.
// The same strict decoder reads the embedded files, an officer's policy file
// and the policy that an agent receives, so what was accepted in one place
// runs in the other. The package talks to nobody and keeps no state.
package policy

import (
	"encoding/json"
	"time"

	"vigia/checks"
	"vigia/checks/message"
)

// Severity says how much a failing control matters.
type Severity string

// The severities, as the catalogue of controls writes them.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Mode says who decides a control.
type Mode string

// The modes: software alone; software collects and a person decides; a
// person's attestation.
const (
	Automatic Mode = "automatic"
	Semi      Mode = "semi"
	Manual    Mode = "manual"
)

// Control is one duty, as the laws state it.
type Control struct {
	ID       string       `json:"id" yaml:"id"` // "AC-LOCK-15"
	Family   string       `json:"family" yaml:"family"`
	Title    message.Text `json:"title" yaml:"title"`
	Severity Severity     `json:"severity" yaml:"severity"`
	Mode     Mode         `json:"mode" yaml:"mode"`
	Core     bool         `json:"core" yaml:"core"`
	// Asks says in a sentence what the duty demands.
	Asks message.Text `json:"asks" yaml:"asks"`
	// Cites lists the articles, primary source first.
	Cites []Citation `json:"cites" yaml:"cites"`
	// Proof is how people prove it where no program can; nil: it is measured, or a review
	// decides it.
	Proof *Proof `json:"proof,omitempty" yaml:"proof,omitempty"`
}

// Proof is how people prove a duty.
type Proof struct {
	// Books names the registers that show it, the first of them best.
	Books []string `json:"books" yaml:"books"`
	// Days after which a declaration ends; 0: it does not.
	Days int `json:"days,omitempty" yaml:"days,omitempty"`
}

// Citation points to an article of a law; it never quotes it.
type Citation struct {
	Source  string `json:"source" yaml:"source"` // "ES-POL", "RGPD", "ZAC"
	Article string `json:"article" yaml:"article"`
}

// Pack is the set of rules of one jurisdiction, versioned and dated.
type Pack struct {
	// Schema is the form of the file, PackSchema when it does not say.
	Schema  int          `json:"schema,omitempty" yaml:"schema,omitempty"`
	Name    string       `json:"name" yaml:"name"` // "es-rgpd"
	Version int          `json:"version" yaml:"version"`
	Date    string       `json:"date" yaml:"date"` // YYYY-MM-DD, since when it holds
	Title   message.Text `json:"title" yaml:"title"`
	Rules   []Rule       `json:"rules" yaml:"rules"`
	// Calendar says when offices work; nil: the pack says nothing of it.
	Calendar *Calendar `json:"calendar,omitempty" yaml:"calendar,omitempty"`
	// Terms are the times that its laws give.
	Terms []Term `json:"terms,omitempty" yaml:"terms,omitempty"`
	// TwoPeople names what one person asks for and another approves: TwoPeopleWaivers.
	TwoPeople []string `json:"two_people,omitempty" yaml:"two_people,omitempty"`
	// Levels say which data ask for which level of security of a system.
	Levels []LevelRule `json:"levels,omitempty" yaml:"levels,omitempty"`
}

// TwoPeopleWaivers means that nobody approves a waiver that he asked for.
const TwoPeopleWaivers = "waivers"

// Rule demands a control of a machine by running a check.
type Rule struct {
	Control string `json:"control" yaml:"control"`
	Check   string `json:"check" yaml:"check"`
	// Params are the check's parameters, over its defaults.
	Params json.RawMessage `json:"params,omitempty" yaml:"params,omitempty"`
	// Every is the cadence of the check.
	Every Duration `json:"every" yaml:"every"`
	// Severity replaces the control's own when set.
	Severity Severity `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Inject names registers whose rows become parameters of the same name:
	// authorised (of media), datasets, denied, leavers, permits, roots, software, users.
	Inject []string `json:"inject,omitempty" yaml:"inject,omitempty"`
}

// Duration is a time.Duration that is written as "24h" or "15m" in files.
type Duration = checks.Duration

// Dataset is something whose copies must exist.
type Dataset struct {
	Name string `json:"name" yaml:"name"`
	// Source is the folder or file whose data are protected; empty when it
	// lives on another machine.
	Source string `json:"source,omitempty" yaml:"source,omitempty"`
	// Copies is the folder that receives the copies.
	Copies string `json:"copies" yaml:"copies"`
	// Pattern selects the copies inside the folder, such as "*.zip"; empty
	// means every file and every first-level folder.
	Pattern string `json:"pattern,omitempty" yaml:"pattern,omitempty"`
	// Kind is what a copy holds: full (also when empty), incremental, or archive for data
	// that are closed and stay as they are.
	Kind string `json:"kind,omitempty" yaml:"kind,omitempty"`
	// Format is what writes the copies: auto (also when empty), files, mirror, restic,
	// borg, rsnapshot, vzdump or windows_server_backup. A mirror must be said.
	Format string `json:"format,omitempty" yaml:"format,omitempty"`
	// Every is the cadence of copies, Grace what a late one may take.
	Every Duration `json:"every,omitempty" yaml:"every,omitempty"`
	Grace Duration `json:"grace,omitempty" yaml:"grace,omitempty"`
	// MinBytes is the size below which a copy is not one, and MaxDrop by how many per
	// cent it may be smaller than those before; 0 is the pack's own.
	MinBytes int64 `json:"min_bytes,omitempty" yaml:"min_bytes,omitempty"`
	MaxDrop  int64 `json:"max_drop,omitempty" yaml:"max_drop,omitempty"`
	// SizesFrom is the day (YYYY-MM-DD) from which on the sizes of copies count: somebody
	// looked at copies that have shrunk, and what they weigh since then is right.
	SizesFrom string `json:"sizes_from,omitempty" yaml:"sizes_from,omitempty"`
}

// Permit allows personal data in a folder of a machine.
type Permit struct {
	Machine string `json:"machine,omitempty" yaml:"machine,omitempty"` // host name; empty: every machine
	User    string `json:"user,omitempty" yaml:"user,omitempty"`       // whose files, by the name of the profile; empty: everybody's
	Folder  string `json:"folder" yaml:"folder"`
	Purpose string `json:"purpose" yaml:"purpose"`
	// By is the office that authorised it, Until the last day (YYYY-MM-DD).
	By    string `json:"by" yaml:"by"`
	Until string `json:"until" yaml:"until"`
}

// Software is one line of the allow-list.
type Software struct {
	Name      string `json:"name" yaml:"name"` // * stands for any text, in the publisher too
	Publisher string `json:"publisher,omitempty" yaml:"publisher,omitempty"`
	// Versions bounds the version, as "24.2", "24.*" or ">=24.2 <25".
	Versions string `json:"versions,omitempty" yaml:"versions,omitempty"`
}

// Portable is one line of the register of media: one that may be plugged in.
type Portable struct {
	Serial string `json:"serial" yaml:"serial"`
	// Until is the last day (YYYY-MM-DD), empty for no end.
	Until string `json:"until,omitempty" yaml:"until,omitempty"`
}

// User is one line of the register of authorised users: an account that may log on.
type User struct {
	Machine string `json:"machine,omitempty" yaml:"machine,omitempty"` // host name; empty: every machine
	Account string `json:"account" yaml:"account"`                     // name or SID
	// Admin: the account may administer the machine.
	Admin bool `json:"admin,omitempty" yaml:"admin,omitempty"`
	// Until is the last day (YYYY-MM-DD), empty for no end.
	Until string `json:"until,omitempty" yaml:"until,omitempty"`
}

// Leaver is one line of the register of people: somebody who left the post, or will.
type Leaver struct {
	Machine string    `json:"machine,omitempty" yaml:"machine,omitempty"` // host name; empty: every machine
	Account string    `json:"account" yaml:"account"`                     // name, or SID on Windows
	Left    time.Time `json:"left" yaml:"left"`
}

// Override changes a rule for all machines, a department or one machine.
type Override struct {
	Control    string          `json:"control" yaml:"control"`
	Department string          `json:"department,omitempty" yaml:"department,omitempty"`
	Machine    string          `json:"machine,omitempty" yaml:"machine,omitempty"`
	Params     json.RawMessage `json:"params,omitempty" yaml:"params,omitempty"`
	Every      Duration        `json:"every,omitempty" yaml:"every,omitempty"`
	// Why and By are mandatory: a review shows who changed a bar.
	Why string `json:"why" yaml:"why"`
	By  string `json:"by" yaml:"by"`
}

// Absence says that machines are not expected to report for a time: a holiday, a PC of the
// tax season, a portable that is at home. What they met is unknown meanwhile and alarms
// nobody.
type Absence struct {
	// Machine is a host name, Department a department; both empty means every machine.
	Machine    string `json:"machine,omitempty" yaml:"machine,omitempty"`
	Department string `json:"department,omitempty" yaml:"department,omitempty"`
	From       string `json:"from" yaml:"from"`   // the first day, YYYY-MM-DD
	Until      string `json:"until" yaml:"until"` // the last day
	// Why and By are mandatory: a review shows who said so.
	Why string `json:"why" yaml:"why"`
	By  string `json:"by" yaml:"by"`
}

// Source is what an organisation decides: the file of `vigia policy import`.
type Source struct {
	Packs     []string   `json:"packs" yaml:"packs"`
	Portal    string     `json:"portal,omitempty" yaml:"portal,omitempty"`
	Overrides []Override `json:"overrides,omitempty" yaml:"overrides,omitempty"`
	Permits   []Permit   `json:"permits,omitempty" yaml:"permits,omitempty"`
	// Datasets may be limited to machines by host name.
	Datasets []PlacedDataset `json:"datasets,omitempty" yaml:"datasets,omitempty"`
	Software []Software      `json:"software,omitempty" yaml:"software,omitempty"`
	// Denied are programs that were decided against, whatever Software says.
	Denied []Software `json:"denied,omitempty" yaml:"denied,omitempty"`
	// Media are the removable media that may be used; nil: nobody keeps a list of them,
	// empty: none may.
	Media []Portable `json:"media,omitempty" yaml:"media,omitempty"`
	// Users are the accounts that may log on. The quarterly comparison needs it.
	Users []User `json:"users,omitempty" yaml:"users,omitempty"`
	// Leavers are those who left: nothing of theirs may open a machine.
	Leavers []Leaver `json:"leavers,omitempty" yaml:"leavers,omitempty"`
	// Scan lists the folders searched for personal data; empty means where
	// users keep their files.
	Scan     []string  `json:"scan,omitempty" yaml:"scan,omitempty"`
	Schedule *Schedule `json:"schedule,omitempty" yaml:"schedule,omitempty"`
	// Absences tell when machines are not expected to report.
	Absences []Absence `json:"absences,omitempty" yaml:"absences,omitempty"`
	// Couriers tell whose evidence comes by hand, and how seldom.
	Couriers []Courier `json:"couriers,omitempty" yaml:"couriers,omitempty"`
}

// PlacedDataset is a dataset and the machine that sees its copies.
type PlacedDataset struct {
	Machine string `json:"machine,omitempty" yaml:"machine,omitempty"`
	Dataset `yaml:",inline"`
}

// Schedule says when an agent reports.
type Schedule struct {
	// Report is the longest time between two reports (default 1h), Snapshot
	// between two full ones (24h), Silence after which the collector stops
	// believing the last ones (48h).
	Report   Duration `json:"report,omitempty" yaml:"report,omitempty"`
	Snapshot Duration `json:"snapshot,omitempty" yaml:"snapshot,omitempty"`
	Silence  Duration `json:"silence,omitempty" yaml:"silence,omitempty"`
}

// Policy is what one machine must obey: rules of its packs with overrides and
// registers folded in. It is signed by the collector; (Epoch, Version) orders
// the policies of one machine and never goes back.
type Policy struct {
	Agent    string    `json:"agent"` // the machine's id; a policy is for no other
	Epoch    uint64    `json:"epoch"`
	Version  uint64    `json:"version"`
	Issued   time.Time `json:"issued"`
	Packs    []PackRef `json:"packs"`
	Portal   string    `json:"portal,omitempty"`
	Schedule Schedule  `json:"schedule"`
	Entries  []Entry   `json:"entries"`
}

// PackRef names the version of a pack that a policy was made from.
type PackRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// Entry is one rule ready to run. ID is the control's id, with "@pack" added
// when two packs ask the same control with different parameters: both hold,
// and the worst status counts.
type Entry struct {
	ID       string          `json:"id"`
	Control  string          `json:"control"`
	Check    string          `json:"check"`
	Params   json.RawMessage `json:"params,omitempty"`
	Every    Duration        `json:"every"`
	Severity Severity        `json:"severity"`
	Packs    []string        `json:"packs"`
	// Changed tells that an override loosened or tightened the pack's rule.
	Changed *Change `json:"changed,omitempty"`
}

// Change is the author and reason of an override.
type Change struct {
	Why string `json:"why"`
	By  string `json:"by"`
}
