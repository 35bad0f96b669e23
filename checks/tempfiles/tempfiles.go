// Package tempfiles checks the places where a system and its programs leave copies of
// what they work with: temporary folders, logs and dumps of memory. What is in them is
// not looked at here; whether others may look at it is.
//
// Only modes, access lists and settings are read. No file of these places is opened.
package tempfiles

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check { return []checks.Check{access()} }

// access is TMP-ACL: temporary copies, logs and dumps are out of reach of those who have
// nothing to do with them.
func access() checks.Check {
	return checks.NewWithParams(checks.Info{ID: "tempfiles.access", Messages: messages(), Covers: covers()},
		params{},
		checks.OnWith[facts, params]{host.Linux: observeModes, host.Windows: observeLists},
		judge)
}

type params struct {
	// Folders are the temporary, log and dump folders of applications that the
	// organisation declares, absolute. A folder that a machine does not have is passed
	// over.
	Folders []string `json:"folders,omitempty"`
}

// maxFolders bounds the folders that a policy may name.
const maxFolders = 200

// Validate implements checks.Validator.
func (p params) Validate() error {
	if len(p.Folders) > maxFolders {
		return fmt.Errorf("%d folders are more than %d", len(p.Folders), maxFolders)
	}
	for _, f := range p.Folders {
		drive := len(f) > 2 && f[1] == ':' && f[2] == '\\'
		if !path.IsAbs(f) && !drive && !strings.HasPrefix(f, `\\`) {
			return fmt.Errorf("folder %q is not absolute", f)
		}
	}
	return nil
}

// facts is the evidence of tempfiles.access. Places that are as they should be are
// counted and not listed.
type facts struct {
	// Declared are the folders of the policy that were looked for.
	Declared []string `json:"declared,omitempty"`
	Open     []place  `json:"open,omitempty"`
	Closed   int      `json:"closed,omitempty"`
	// More counts open places that are not listed.
	More int `json:"more,omitempty"`
	// PrivilegedDumps: the memory of programs with more rights than their user's is
	// dumped for the user (fs.suid_dumpable = 1).
	PrivilegedDumps bool `json:"privileged_dumps,omitempty"`
	// PageFileKept: the page file keeps what was in memory when Windows shuts down.
	PageFileKept bool            `json:"page_file_kept,omitempty"`
	Unread       []checks.Unread `json:"unread,omitempty"`
}

// place is one folder or file that is open to others.
type place struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // temp, log, dump, app, rotate
	// Others may do: "read", "write", "delete" (of the files of each other).
	Others string `json:"others"`
	// Known tells of a log that is known to hold names, addresses or what people did;
	// of another, it is not known what is in it.
	Known bool `json:"known,omitempty"`
}

const (
	kindTemp = "temp"
	kindLog  = "log"
	kindDump = "dump"
	kindApp  = "app"
	// kindRotate is a log as logrotate makes it anew.
	kindRotate = "rotate"

	mayRead   = "read"
	mayWrite  = "write"
	mayDelete = "delete"
)

// maxOpen bounds the places that are listed.
const maxOpen = 100

// add notes what others may do in a place; nothing means that it is closed.
func (f *facts) add(p place) {
	switch {
	case p.Others == "":
		f.Closed++
	case slices.ContainsFunc(f.Open, func(q place) bool { return q.Path == p.Path }):
	case len(f.Open) >= maxOpen:
		f.More++
	default:
		f.Open = append(f.Open, p)
	}
}

func judge(seen facts, p params, _ time.Time) checks.Verdict {
	v := checks.Verdict{Status: checks.Pass, Reason: checks.Because("tempfiles.closed", "places", strconv.Itoa(seen.Closed))}
	add := func(key string, status checks.Status, code string, args ...string) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
	}
	for _, o := range seen.Open {
		status := checks.Fail
		if o.Kind == kindLog && o.Others == mayRead && !o.Known {
			status = checks.Warn
		}
		add("place/"+o.Path, status, "tempfiles."+o.Kind+"_"+o.Others, "path", o.Path)
	}
	if seen.More > 0 {
		add("more", checks.Fail, "tempfiles.more", "count", strconv.Itoa(seen.More))
	}
	if seen.PrivilegedDumps {
		add("dumps/privileged", checks.Fail, "tempfiles.privileged_dumps")
	}
	if seen.PageFileKept {
		add("page_file", checks.Warn, "tempfiles.page_file")
	}
	for _, folder := range p.Folders {
		if !slices.Contains(seen.Declared, folder) {
			add("declared/"+folder, checks.Unknown, "tempfiles.not_looked", "path", folder)
		}
	}
	for _, u := range seen.Unread {
		add("unread/"+u.Source, checks.Unknown, "tempfiles.unread", "source", u.Source, "why", u.Why)
	}
	if len(v.Findings) == 0 {
		return v
	}
	var statuses []checks.Status
	for _, f := range v.Findings {
		statuses = append(statuses, f.Status)
	}
	v.Status = checks.Worst(statuses...)
	worst := slices.DeleteFunc(slices.Clone(v.Findings), func(f checks.Finding) bool { return f.Status != v.Status })
	if v.Reason = worst[0].Reason; len(worst) > 1 {
		v.Reason = checks.Because(several(v.Status), "count", strconv.Itoa(len(worst)))
	}
	return v
}

// several is the reason for more than one finding of a status.
func several(status checks.Status) string {
	if status == checks.Fail {
		return "tempfiles.several_fail"
	}
	if status == checks.Unknown {
		return "tempfiles.several_unknown"
	}
	return "tempfiles.several_warn"
}
