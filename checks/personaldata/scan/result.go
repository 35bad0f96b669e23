package scan

import (
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"syscall"

	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/extract"
)

// Status is what a scan can say of one file.
type Status string

const (
	// Found means that the file holds identifiers. A Reason beside it means that only a part was read.
	Found Status = "found"
	// Clean means that the whole file was read and understood, and nothing was found.
	Clean Status = "clean"
	// Incomplete means that nothing was found in the part that could be read.
	Incomplete Status = "incomplete"
	// Unreadable means that the file could not be opened or read.
	Unreadable Status = "unreadable"
	// Skipped means that the file was left alone on purpose.
	Skipped Status = "skipped"
)

// Statuses lists every Status.
func Statuses() []Status { return []Status{Found, Clean, Incomplete, Unreadable, Skipped} }

// Reason is a code that says why a file is not simply found or clean. These are part
// of the report format: add, never rename.
type Reason = extract.Reason

// The reasons of Skipped.
const (
	ReasonLink        Reason = "file.link"              // symbolic link or junction: its target is looked at where it is
	ReasonSpecial     Reason = "file.special"           // FIFO, socket, device
	ReasonPlaceholder Reason = "file.cloud_placeholder" // its content is elsewhere, and reading would fetch it
	ReasonMount       Reason = "mount.other"            // another file system than the root's
	ReasonVirtual     Reason = "mount.virtual"          // /proc, /sys, /dev
	ReasonGone        Reason = "file.gone"              // deleted since its folder was listed
	ReasonHardLink    Reason = "file.hard_link"         // another name of a file that was looked at
)

// The reasons of Unreadable.
const (
	ReasonDenied  Reason = "access.denied"
	ReasonLocked  Reason = "file.locked"  // another program has it open for itself
	ReasonChanged Reason = "file.changed" // replaced between looking and opening
	ReasonIO      Reason = extract.ReadError
	ReasonWorker  Reason = "worker.crashed" // the process that read it ended: the file is hostile, or too much for its limits
)

// The reasons of Incomplete, and of a Found that is not whole. Those of a file's content
// are extract's.
const (
	ReasonFileBytes Reason = extract.LimitBytes
	ReasonFileTime  Reason = extract.LimitTime
	ReasonDepth     Reason = "limit.depth"
)

// The reasons that end a whole scan; those of a file may be the same.
const (
	ReasonFiles    Reason = "limit.files"
	ReasonBytes    Reason = "limit.bytes"
	ReasonTime     Reason = "limit.time"
	ReasonCanceled Reason = extract.Canceled
)

// Level is how much protection the data in a file ask for, in the three steps of
// Mexican state law. A policy may see it otherwise: the types are beside it.
type Level string

// The levels; a file without identifiers has none.
const (
	Basic  Level = "basic"
	Medium Level = "medium"
	High   Level = "high"
)

// levelOf is the level of one type, after the groups of data that the law of Zacatecas
// names in its article 37.B: high for a name, a home and the numbers by which a state
// knows a person, medium for property and finance, basic for any other.
func levelOf(t detect.Type) Level {
	switch {
	case slices.Contains(highTypes[:], t):
		return High
	case slices.Contains(mediumTypes[:], t):
		return Medium
	}
	return Basic
}

var (
	highTypes = [...]detect.Type{
		detect.CURP, detect.RFC, detect.INE, detect.PassportMexico, detect.DNI, detect.NIE, detect.PassportSpain,
		detect.MRZ, detect.Name, detect.Address,
	}
	mediumTypes = [...]detect.Type{detect.CLABE, detect.IBAN, detect.CCC, detect.Card}
)

// levelOfCounts is the highest level of the types that were found, high wherever
// special categories are. Where nobody is a person there are companies' numbers alone.
func levelOfCounts(counts map[detect.Type]int, persons int, categories []string) Level {
	switch {
	case len(counts) == 0:
		return ""
	case persons == 0:
		return Basic
	case len(categories) > 0:
		return High
	}
	level := Basic
	for t := range counts {
		switch levelOf(t) {
		case High:
			return High
		case Medium:
			level = Medium
		case Basic:
		}
	}
	return level
}

// A FileResult says what was found in one file, and never shows a value. Its JSON is
// one line of `vigia-agent scan --format json`.
type FileResult struct {
	Path   string `json:"path"` // as reached from the root, identifiers in names masked
	Status Status `json:"status"`
	Reason Reason `json:"reason"` // empty for a file that was read whole
	Bytes  int64  `json:"bytes"`  // read
	Format string `json:"format"` // text, utf-16, pdf, directory, ...; empty when not known
	// Counts are matches by type, Distinct the different values among them, at most
	// detect.MaxDistinct of a type.
	Counts     map[detect.Type]int `json:"counts"`
	Distinct   map[detect.Type]int `json:"distinct"`
	Categories []string            `json:"categories"` // special ones beside an identity: health, religion, ...
	Level      Level               `json:"level"`

	// Pictures counts the pictures and pages without text in it.
	Pictures int `json:"-"`
	// Persons is at least how many persons the file speaks of.
	Persons int `json:"-"`
	// Modified is the day of the file's last change, YYYY-MM-DD in UTC.
	Modified string `json:"-"`
	// Owner is the numeric id of the file's owner, where the system has one.
	Owner string `json:"-"`
}

// Whole tells whether everything in the file was read.
func (r FileResult) Whole() bool {
	return r.Reason == "" && (r.Status == Found || r.Status == Clean)
}

// leftUnread tells whether anything may be in the file that was not seen.
func (r FileResult) leftUnread() bool {
	return r.Status == Incomplete || r.Status == Unreadable || r.Reason == ReasonPlaceholder || r.Reason == ReasonMount
}

// newFileResult returns a result of which nothing else is known.
func newFileResult(status Status, reason Reason) FileResult {
	return FileResult{Status: status, Reason: reason}
}

// A Summary adds up a scan. Its JSON is the last line of `vigia-agent scan --format json`,
// under the key "summary".
type Summary struct {
	Roots []string `json:"roots"` // masked
	// Files counts results by status, Reasons by reason.
	Files   map[Status]int64 `json:"files"`
	Reasons map[Reason]int64 `json:"reasons"`
	Bytes   int64            `json:"bytes"` // read
	// Unchanged counts the files that were not read again, for they held nothing and have
	// not changed since.
	Unchanged int64               `json:"unchanged"`
	Counts    map[detect.Type]int `json:"counts"`
	Distinct  map[detect.Type]int `json:"distinct"` // over all files, at most detect.MaxDistinct of a type
	Persons   int                 `json:"persons"`  // at least
	// Complete is false when the walk missed something: a limit or the end of time
	// stopped it, or a directory could not be read.
	Complete bool   `json:"complete"`
	Stopped  Reason `json:"stopped"` // what ended the walk early, or empty
	TookMS   int64  `json:"took_ms"`
	// CacheError is why no cache could be kept, so that the next scan reads all again, or empty.
	CacheError string `json:"cache_error,omitempty"`
	// Confinement names what the worker process was kept from; see isolate.Confinement.
	Confinement []string `json:"confinement,omitempty"`
}

// Unknown is how many files may hold anything, for they were not read whole: those
// that are incomplete, unreadable, or in a format or place that is not looked at.
func (s Summary) Unknown() int64 {
	n := s.Files[Incomplete] + s.Files[Unreadable]
	return n + s.Reasons[ReasonPlaceholder]
}

// reasonOf turns an error of opening or reading into a reason.
func reasonOf(err error) Reason {
	const sharingViolation, lockViolation = syscall.Errno(32), syscall.Errno(33)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ReasonDenied
	case errors.Is(err, fs.ErrNotExist):
		return ReasonGone
	case runtime.GOOS == "windows" && (errors.Is(err, sharingViolation) || errors.Is(err, lockViolation)):
		return ReasonLocked
	}
	return ReasonIO
}

// failed is the result of a file that could not be opened or read.
func failed(err error) FileResult { return failedFor(reasonOf(err)) }

// failedFor is failed for an error that has been turned into a reason.
func failedFor(reason Reason) FileResult {
	if reason == ReasonGone {
		return newFileResult(Skipped, reason)
	}
	return newFileResult(Unreadable, reason)
}

// sortedRoots returns roots in order without those that lie inside another.
func sortedRoots(roots []string, inside func(child, parent string) bool) []string {
	sorted := slices.Clone(roots)
	slices.Sort(sorted)
	var kept []string
	for _, r := range slices.Compact(sorted) {
		if !slices.ContainsFunc(kept, func(k string) bool { return inside(r, k) }) {
			kept = append(kept, r)
		}
	}
	return kept
}
