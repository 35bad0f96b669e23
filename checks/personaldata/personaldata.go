// Package personaldata checks that documents with personal data stay where
// somebody authorised them (DLP-LOCAL-Q), that none is left behind in temporary
// folders (TMP-CLEAN-Q), that special categories of data are only where that is
// justified (DLP-SPECIAL), and that no document holds passwords (AC-PWD-PLAIN).
//
// The search itself is the PersonalData facet of the machine; here its summary
// is judged against thresholds and permits. A summary holds counts, types and
// masked paths, never a value, and so does everything that this package says.
// What was not looked at whole is never called clean.
package personaldata

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{documents(), leftovers(), categories(), credentials()}
}

// deadline bounds a search. The scanner ends a little before it, so that what
// was found until then is kept, and the next search goes on where it ended. In
// the background it takes so little of the machine that the first one is long.
const deadline = 12 * time.Hour

// documents is DLP-LOCAL-Q.
func documents() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "personaldata.local", Deadline: deadline, Heavy: true, Messages: localMessages(), Covers: localCovers()},
		localParams{MinPersons: 10, MinSpecial: 1},
		checks.OnWith[localFacts, localParams]{host.Linux: observe, host.Windows: observe},
		judge)
}

type localParams struct {
	// Roots are the folders searched; empty means where users keep files. One
	// policy serves machines of every system: folders in another system's
	// notation are not meant for this one.
	Roots []string `json:"roots,omitempty"`
	// MinPersons is the number of distinct persons from which a file, or the
	// smaller files of a folder together, is a finding; MinSpecial that of a
	// file with special categories of data.
	MinPersons int64 `json:"min_persons"`
	MinSpecial int64 `json:"min_special"`
	// Permits are the folders where such files may be.
	Permits []permit `json:"permits,omitempty"`
	// MaxFiles and MaxBytes end the search early; 0 leaves it to the scanner.
	MaxFiles int64 `json:"max_files,omitempty"`
	MaxBytes int64 `json:"max_bytes,omitempty"`
}

// permit allows personal data in a folder and all below it. See policy.Permit,
// which has the same fields; a machine's policy holds only its own.
type permit struct {
	Machine string `json:"machine,omitempty"`
	User    string `json:"user,omitempty"` // whose files; empty: everybody's
	Folder  string `json:"folder"`
	Purpose string `json:"purpose"`
	By      string `json:"by"`
	Until   string `json:"until"` // the last day, YYYY-MM-DD, in UTC
}

// Validate implements checks.Validator.
func (p localParams) Validate() error {
	if p.MinPersons < 1 || p.MinSpecial < 1 {
		return errors.New("min_persons and min_special must be 1 or more")
	}
	if p.MaxFiles < 0 || p.MaxBytes < 0 {
		return errors.New("max_files and max_bytes must not be negative")
	}
	for i, m := range p.Permits {
		if m.Folder == "" || m.By == "" {
			return fmt.Errorf("permit %d needs a folder and who gave it", i+1)
		}
		if _, err := time.Parse(time.DateOnly, m.Until); err != nil {
			return fmt.Errorf("permit %d: until must be the last day as YYYY-MM-DD", i+1)
		}
	}
	return nil
}

// localFacts is the evidence of personaldata.local.
type localFacts struct {
	System host.OS `json:"system"`
	// Asked are the roots of the parameters that were meant for this system,
	// Absent those of them that it does not have. When none was asked, the
	// scanner's own roots were searched.
	Asked  []string `json:"asked,omitempty"`
	Absent []string `json:"absent,omitempty"`
	host.ScanSummary
}

func observe(ctx context.Context, h *host.Host, p localParams) (localFacts, error) {
	return look(ctx, h, p.Roots, host.ScanRequest{MaxFiles: p.MaxFiles, MaxBytes: p.MaxBytes})
}

// look searches the roots that are meant for this system and that it has.
func look(ctx context.Context, h *host.Host, asked []string, req host.ScanRequest) (localFacts, error) {
	f := localFacts{System: h.OS, Asked: native(h.OS, asked)}
	for _, root := range f.Asked {
		if _, err := h.Files.Stat(ctx, root); absent(err) {
			f.Absent = append(f.Absent, root)
			continue
		}
		req.Roots = append(req.Roots, root)
	}
	if len(f.Asked) > 0 && len(req.Roots) == 0 {
		return f, nil // to search no root would mean to search others
	}
	var err error
	f.ScanSummary, err = h.PersonalData.Scan(ctx, req)
	return f, err
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// native keeps the roots that are written as the system writes paths.
func native(os host.OS, roots []string) []string {
	var out []string
	for _, r := range roots {
		if strings.HasPrefix(r, "/") == (os != host.Windows) {
			out = append(out, r)
		}
	}
	return out
}

// folded brings a path to the form in which the system compares paths.
func folded(os host.OS, path string) string {
	if os == host.Windows {
		path = strings.ToLower(strings.ReplaceAll(path, `\`, "/"))
	}
	return strings.TrimRight(path, "/")
}

// covers tells whether the permit is for the folder or one above it, and for the user
// in whose profile that is.
func (m permit) covers(os host.OS, folder string) bool {
	if m.User != "" && folded(os, m.User) != folded(os, userOf(os, folder)) {
		return false
	}
	allowed, folder := folded(os, m.Folder), folded(os, folder)
	return allowed != "" && (folder == allowed || strings.HasPrefix(folder, allowed+"/"))
}

// userOf is the user in whose profile a folder lies, by the name of the profile; empty
// for a folder outside of them.
func userOf(os host.OS, folder string) string {
	parts := strings.Split(strings.ReplaceAll(folder, `\`, "/"), "/")
	if os == host.Linux {
		if len(parts) > 1 && parts[1] == "root" {
			return "root"
		}
		if len(parts) > 2 && parts[1] == "home" {
			return parts[2]
		}
		return ""
	}
	if len(parts) > 2 && strings.EqualFold(parts[1], "Users") {
		return parts[2]
	}
	return ""
}

// permitted returns the permit that covers a folder and holds the longest.
func (p localParams) permitted(os host.OS, folder string) (best permit, ok bool) {
	for _, m := range p.Permits {
		if m.covers(os, folder) && (!ok || m.Until > best.Until) {
			best, ok = m, true
		}
	}
	return best, ok
}

// special tells whether a file holds special categories of data.
func special(f host.FoundFile) bool { return len(f.Categories) > 0 }

// unasked tells whether the parameters ask for a folder that was not searched.
func (p localParams) unasked(seen localFacts) bool {
	return slices.ContainsFunc(native(seen.System, p.Roots), func(root string) bool {
		return !slices.Contains(seen.Asked, root)
	})
}
