package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vigia/collector/api/carry"
)

// maxExportName bounds a name that a person chooses, in bytes: it gets a number, and the
// answer a prefix, within the 255 that every file system has.
const maxExportName = 200

// stickOf tells where an export goes: into a folder or, if the argument is none but lies in
// one, into that under this name.
func stickOf(arg string) (dir, name string, err error) {
	info, err := os.Stat(arg)
	dir, name = filepath.Dir(arg), filepath.Base(arg)
	switch {
	case err == nil && info.IsDir():
		return arg, "", nil
	case err == nil && !info.Mode().IsRegular():
		return "", "", &problem{code: "usage.not_file", args: map[string]string{"path": arg}}
	case err != nil && (!errors.Is(err, fs.ErrNotExist) || arg == "" || os.IsPathSeparator(arg[len(arg)-1])):
		return "", "", &problem{code: "usage.path", args: map[string]string{"path": arg}, err: plainPath(err)}
	}
	if info, parentErr := os.Stat(dir); parentErr != nil || !info.IsDir() {
		return "", "", &problem{code: "usage.path", args: map[string]string{"path": arg}, err: fs.ErrNotExist}
	}
	// Nobody would find such a request again, or it would be taken for something else.
	low := strings.ToLower(name)
	if len(name) > maxExportName || strings.HasPrefix(low, ".") || strings.HasPrefix(low, carry.AnswerPrefix) || low == carry.KitFile {
		return "", "", &problem{code: "usage.export_name", args: map[string]string{"path": arg}}
	}
	return dir, name, nil
}

// partName is the name of a part of an export whose first part, 0, a person gave a name.
func partName(name string, part int) string {
	if part == 0 {
		return name
	}
	stem, suffix := name, ""
	if at := len(name) - len(carry.Suffix); at > 0 && strings.EqualFold(name[at:], carry.Suffix) {
		stem, suffix = name[:at], name[at:] // which is how a collector finds it in a folder
	}
	return fmt.Sprintf("%s-%d%s", stem, part+1, suffix)
}

// mayTake is an error if a name that a person chose belongs to something else than a
// request of this machine.
func (e *exporter) mayTake(name string) error {
	ours, err := carry.IsFile(filepath.Join(e.stick, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return onStick(err)
	}
	if !ours || !slices.ContainsFunc(e.errands.List, func(one errand) bool { return one.File == name }) {
		return &problem{code: "usage.export_taken", args: map[string]string{"path": filepath.Join(e.stick, name)}}
	}
	return nil
}

// answers names the answers on the stick: those that their names tell, and those to
// requests whose names a person chose.
func (e *exporter) answers() ([]string, error) {
	names, err := carry.Answers(e.stick)
	if err != nil {
		return nil, onStick(err)
	}
	for _, one := range e.errands.List {
		name := carry.AnswerPrefix + one.File
		if !one.Named || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			continue
		}
		if info, err := os.Lstat(filepath.Join(e.stick, name)); err == nil && info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// remove removes a file of an errand from the stick. What has a name that a person chose
// may be his own on this stick.
func (e *exporter) remove(one errand, name string) error {
	path := filepath.Join(e.stick, name)
	if one.Named {
		if ours, err := carry.IsFile(path); errors.Is(err, fs.ErrNotExist) || err == nil && !ours {
			return nil
		} else if err != nil {
			return onStick(err)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return onStick(err)
	}
	return nil
}
