// Package backup checks that what must be copied is copied: every dataset that
// the policy names has a good copy that is recent enough, or it is proved that
// nothing changed since the last one (BK-DAILY).
//
// It looks at a plain folder that receives the copies, whatever tool writes
// them. It opens no copy and no file of a dataset: names, contents and hashes
// of contents stay where they are, and the evidence is times, sizes and
// counts. A copy that is empty, too small, dated in the future or still being
// written is never a good one, and what could not be looked at is never proof.
package backup

import (
	"errors"
	"fmt"
	"path"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check { return []checks.Check{daily()} }

// daily is BK-DAILY.
func daily() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "backup.daily", Deadline: 30 * time.Minute, Heavy: true, Messages: messages()},
		dailyParams{
			Every: checks.Duration(24 * time.Hour), Grace: checks.Duration(6 * time.Hour),
			MinBytes: 1, Quiet: checks.Duration(time.Hour),
		},
		checks.OnWith[dailyFacts, dailyParams]{host.Linux: observe, host.Windows: observe},
		judge)
}

type dailyParams struct {
	Datasets []dataset `json:"datasets,omitempty"`
	// Every is the cadence of copies, Grace what a late one may take and
	// MinBytes the size below which a copy is not one, for the datasets that
	// do not say it themselves.
	Every    checks.Duration `json:"every"`
	Grace    checks.Duration `json:"grace"`
	MinBytes int64           `json:"min_bytes"`
	// Quiet is how long before the time of a copy its source must have been
	// untouched for the copy to hold it whole: a copy is dated when it ends,
	// and what changed while it ran may not be in it.
	Quiet checks.Duration `json:"quiet"`
}

// dataset is something whose copies must exist. See policy.Dataset, which has
// the same fields.
type dataset struct {
	Name     string          `json:"name"`
	Source   string          `json:"source,omitempty"`
	Copies   string          `json:"copies"`
	Pattern  string          `json:"pattern,omitempty"`
	Every    checks.Duration `json:"every,omitempty"`
	Grace    checks.Duration `json:"grace,omitempty"`
	MinBytes int64           `json:"min_bytes,omitempty"`
}

// maxDatasets bounds the datasets of one machine.
const maxDatasets = 200

// Validate implements checks.Validator.
func (p dailyParams) Validate() error {
	if p.Every <= 0 || p.MinBytes < 1 {
		return errors.New("every and min_bytes must be more than 0")
	}
	if len(p.Datasets) > maxDatasets {
		return fmt.Errorf("%d datasets, more than %d", len(p.Datasets), maxDatasets)
	}
	seen := map[string]bool{}
	for i, d := range p.Datasets {
		switch _, err := path.Match(d.Pattern, ""); {
		case d.Name == "" || d.Copies == "":
			return fmt.Errorf("dataset %d needs a name and the folder of its copies", i+1)
		case seen[d.Name]:
			return fmt.Errorf("dataset %q is there twice", d.Name)
		case err != nil:
			return fmt.Errorf("dataset %q: the pattern %q is not one such as *.zip", d.Name, d.Pattern)
		case d.MinBytes < 0:
			return fmt.Errorf("dataset %q: min_bytes is negative", d.Name)
		}
		seen[d.Name] = true
	}
	return nil
}

// limit is the greatest age of the newest good copy.
func (p dailyParams) limit(d dataset) time.Duration {
	every, grace := p.Every, p.Grace
	if d.Every > 0 {
		every = d.Every
	}
	if d.Grace > 0 {
		grace = d.Grace
	}
	return time.Duration(every) + time.Duration(grace)
}

func (p dailyParams) floor(d dataset) int64 {
	if d.MinBytes > 0 {
		return d.MinBytes
	}
	return p.MinBytes
}

// dailyFacts is the evidence of backup.daily.
type dailyFacts struct {
	Datasets []datasetFacts `json:"datasets,omitempty"`
}

// datasetFacts is what was seen of one dataset. The places are those of the
// parameters, so that a later judgement knows what was looked at.
type datasetFacts struct {
	Name    string      `json:"name"`
	Source  string      `json:"source,omitempty"`
	Copies  string      `json:"copies"`
	Pattern string      `json:"pattern,omitempty"`
	Seen    copiesFacts `json:"seen"`
	// Tree is the source as walked; nil when the copies made that needless.
	Tree *treeFacts `json:"tree,omitempty"`
}

// copiesFacts is what the folder of copies holds.
type copiesFacts struct {
	// Why the folder could not be listed, a code of checks.WhyUnread.
	Why string `json:"why,omitempty"`
	// Matching counts the entries that the pattern selects. Of these, Future
	// are dated later than the observation, Writing changed moments before it,
	// and Unread could not be looked at whole.
	Matching int `json:"matching"`
	Future   int `json:"future,omitempty"`
	Writing  int `json:"writing,omitempty"`
	Unread   int `json:"unread,omitempty"`
	// Best are the finished copies of which none newer is as large, newest
	// first: whatever the size floor, the newest copy above it is among them.
	Best []copyFact `json:"best,omitempty"`
	// BestMore counts those left out beyond the limit of the list.
	BestMore int `json:"best_more,omitempty"`
}

// copyFact is one copy: a file, or a folder with all it holds. Its name is not
// kept, since people name copies after people.
type copyFact struct {
	// Time is when the file, or the newest file of the folder, was written.
	Time   time.Time `json:"time"`
	Size   int64     `json:"size"` // bytes
	Folder bool      `json:"folder,omitempty"`
	Files  int64     `json:"files,omitempty"` // in the folder
}

// treeFacts is what the times of a source say about its last change.
type treeFacts struct {
	// Why the source could not be walked at all, a code of checks.WhyUnread.
	Why string `json:"why,omitempty"`
	// Stopped says why the walk did not reach its end, empty when it did.
	Stopped string `json:"stopped,omitempty"`
	Files   int64  `json:"files"`
	Folders int64  `json:"folders"`
	Bytes   int64  `json:"bytes"`
	// Written is the latest time at which a file or folder was written, and
	// Changed the latest change of anything about one, both as of the
	// observation; Future counts those dated later than it.
	Written time.Time `json:"written,omitzero"`
	Changed time.Time `json:"changed,omitzero"`
	Future  int64     `json:"future,omitempty"`
	// Entries whose times prove nothing: Unread could not be looked at, Links
	// lead elsewhere, Untimed are on a file system without change times, and
	// Lazy are databases whose times Windows updates only when they close.
	Unread  int64 `json:"unread,omitempty"`
	Links   int64 `json:"links,omitempty"`
	Untimed int64 `json:"untimed,omitempty"`
	Lazy    int64 `json:"lazy,omitempty"`
	// Mounts counts file systems mounted inside the source; MountsWhy is why
	// they are not known.
	Mounts    int    `json:"mounts,omitempty"`
	MountsWhy string `json:"mounts_why,omitempty"`
	// Fingerprint digests kind, size and time of every entry in order, without
	// names: two equal ones mean that nothing was written in between.
	Fingerprint string `json:"fingerprint,omitempty"`
}
