// Package hosttest is a machine that was recorded, or written down from the
// documentation of a system: a directory that answers like the machine did.
//
// Load replays a recording as a host.Host on any system, so that a Windows
// machine is measured on Linux. NewRecorder wraps a host and keeps what is
// asked of it; Save writes that as a recording without the people in it:
// accounts, names of machines, serial numbers and hashes are replaced or left
// out (see pseudonyms). FORMAT.md beside this file describes the directory.
//
// Always true: what a recording does not hold is host.ErrNotRecorded, never a
// guess, unless the recording says that it is complete there. The package is
// linked into the agent, so it does not import testing.
package hosttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vigia/checks/host"
)

const (
	// documentName is the file that makes a directory a recording.
	documentName = "recording.json"
	// contentDir holds the contents of the recorded files.
	contentDir = "files"

	maxDocument = 64 << 20 // bytes of recording.json
	maxContent  = 16 << 20 // bytes of one recorded file
	maxContents = 256 << 20
	maxEntries  = 200_000 // paths of one recording
)

// Load reads the recording in dir and returns the machine it holds. An error
// names the file and, where it is in recording.json, the line.
func Load(dir string) (*host.Host, error) {
	name := filepath.Join(dir, documentName)
	data, err := readFile(name, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("load recording: %w", err)
	}
	var doc document
	if err := decodeStrict(data, &doc); err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	contents, err := readContents(filepath.Join(dir, contentDir), doc.OS)
	if err != nil {
		return nil, fmt.Errorf("load recording: %w", err)
	}
	h, err := replay(&doc, contents)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// replay builds the host of a recording.
func replay(doc *document, contents map[string][]byte) (*host.Host, error) {
	files, err := newReplayFiles(doc, contents)
	if err != nil {
		return nil, err
	}
	h := host.Host{
		OS:           doc.OS,
		Now:          func() time.Time { return doc.Time },
		Files:        files,
		System:       replaySystem{doc.System},
		PersonalData: replayPersonalData{doc.PersonalData},
	}
	answers := replayAnswers{doc.Answers}
	h.Permissions, h.Running, h.Network = answers, answers, answers
	h.Media, h.Directory = answers, answers
	if doc.OS == host.Windows {
		registry, err := newReplayRegistry(doc)
		if err != nil {
			return nil, err
		}
		h.Registry = registry
		h.Accounts = replayAccounts{doc.Accounts}
		h.Management, h.Events = answers, answers
	}
	return host.New(h), nil
}

// readContents reads the tree of recorded files; the keys are paths of the
// machine.
func readContents(dir string, system host.OS) (map[string][]byte, error) {
	contents := make(map[string][]byte)
	total := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if name == dir && errors.Is(err, fs.ErrNotExist) {
				return fs.SkipAll // a recording without file contents
			}
			return err
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s: not a regular file", name)
		}
		if len(contents) >= maxEntries {
			return fmt.Errorf("%s: more than %d files", dir, maxEntries)
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		at, err := machinePath(system, filepath.ToSlash(rel))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		data, err := readFile(name, maxContent)
		if err != nil {
			return err
		}
		if total += len(data); total > maxContents {
			return fmt.Errorf("%s: more than %d bytes", dir, maxContents)
		}
		contents[at] = data
		return nil
	})
	return contents, err
}

func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", name, info.Size(), limit)
	}
	return os.ReadFile(name)
}

// machinePath is where "etc/passwd" or "C/Users" of the contents tree belongs
// on the machine, and contentPath the way back.
func machinePath(system host.OS, rel string) (string, error) {
	if system != host.Windows {
		return "/" + rel, nil
	}
	drive, rest, ok := strings.Cut(rel, "/")
	if !ok || len(drive) != 1 {
		return "", fmt.Errorf("not below a drive letter, as in %s/C/Users", contentDir)
	}
	return drive + `:\` + strings.ReplaceAll(rest, "/", `\`), nil
}

func contentPath(system host.OS, name string) (string, error) {
	rel := strings.TrimPrefix(name, "/")
	if system == host.Windows {
		rel = strings.ReplaceAll(strings.Replace(name, ":", "", 1), `\`, "/")
	}
	if !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", fmt.Errorf("%s: has no place in a recording", name)
	}
	return filepath.FromSlash(rel), nil
}

// replaySystem answers the System facet; nil means that nothing was recorded.
type replaySystem struct{ doc *system }

func (r replaySystem) Identity(ctx context.Context) (host.Identity, error) {
	if r.doc == nil {
		return answer[host.Identity](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.Identity, r.doc.Errors, "identity")
}

func (r replaySystem) Hardware(ctx context.Context) (host.Hardware, error) {
	if r.doc == nil {
		return answer[host.Hardware](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.Hardware, r.doc.Errors, "hardware")
}

func (r replaySystem) Volumes(ctx context.Context) ([]host.Volume, error) {
	if r.doc == nil {
		return answer[[]host.Volume](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.Volumes, r.doc.Errors, "volumes")
}

func (r replaySystem) Interfaces(ctx context.Context) ([]host.Interface, error) {
	if r.doc == nil {
		return answer[[]host.Interface](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.Interfaces, r.doc.Errors, "interfaces")
}

// replayAccounts answers the Accounts facet of a Windows recording.
type replayAccounts struct{ doc *accounts }

func (r replayAccounts) Users(ctx context.Context) ([]host.User, error) {
	if r.doc == nil {
		return answer[[]host.User](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.Users, r.doc.Errors, "users")
}

func (r replayAccounts) PasswordPolicy(ctx context.Context) (host.PasswordPolicy, error) {
	if r.doc == nil {
		return answer[host.PasswordPolicy](ctx, nil, nil, "")
	}
	return answer(ctx, r.doc.PasswordPolicy, r.doc.Errors, "password_policy")
}

func (r replayAccounts) Members(ctx context.Context, groupSID string) ([]host.Member, error) {
	if r.doc == nil {
		return answer[[]host.Member](ctx, nil, nil, "")
	}
	var members *[]host.Member
	if m, ok := r.doc.Members[groupSID]; ok {
		members = &m
	}
	return answer(ctx, members, r.doc.Errors, "members "+groupSID)
}

// replayPersonalData answers a scan with the recorded one of the same request.
type replayPersonalData struct{ scans []scan }

func (r replayPersonalData) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	for _, s := range r.scans {
		if s.Request == nil || s.Request.same(req) {
			return answer(ctx, s.Summary, map[string]errorCode{"scan": s.Error}, "scan")
		}
	}
	return answer[host.ScanSummary](ctx, nil, nil, "")
}

// answer gives the recorded value, the recorded error, or ErrNotRecorded.
func answer[T any](ctx context.Context, value *T, errs map[string]errorCode, what string) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if value != nil {
		return *value, nil
	}
	if err := errs[what].err(); err != nil {
		return none, fmt.Errorf("%s: %w", what, err)
	}
	return none, host.ErrNotRecorded
}
