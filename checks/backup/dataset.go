package backup

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// dataset is something whose copies must exist. See policy.Dataset, which has
// the same fields.
type dataset struct {
	Name    string `json:"name"`
	Source  string `json:"source,omitempty"`
	Copies  string `json:"copies"`
	Pattern string `json:"pattern,omitempty"`
	// Kind is what a copy holds: everything (full, also when empty), what changed since
	// another one (incremental), or what is closed and stays as it is (archive). Sizes
	// are compared of full copies only, and an archive may stay the same size for ever.
	Kind string `json:"kind,omitempty"`
	// Format is what writes the copies; empty or auto: it is recognised.
	Format   string          `json:"format,omitempty"`
	Every    checks.Duration `json:"every,omitempty"`
	Grace    checks.Duration `json:"grace,omitempty"`
	MinBytes int64           `json:"min_bytes,omitempty"`
	MaxDrop  int64           `json:"max_drop,omitempty"`
	// SizesFrom is the day (YYYY-MM-DD) from which on sizes count: somebody looked, and
	// what the copies weigh since is right.
	SizesFrom string `json:"sizes_from,omitempty"`
}

// The kinds of copy.
const (
	kindFull        = "full"
	kindIncremental = "incremental"
	kindArchive     = "archive"
)

// What writes copies. A mirror is not recognised, since a folder of folders is one of
// copies too: it must be said.
const (
	storeAuto      = "auto"
	storeFiles     = "files"
	storeMirror    = "mirror"
	storeRestic    = "restic"
	storeBorg      = "borg"
	storeRsnapshot = "rsnapshot"
	storeVzdump    = "vzdump"
	storeWindows   = "windows_server_backup"
)

func kinds() []string { return []string{kindFull, kindIncremental, kindArchive} }

func stores() []string {
	return []string{storeAuto, storeFiles, storeMirror, storeRestic, storeBorg, storeRsnapshot, storeVzdump, storeWindows}
}

// maxDatasets bounds the datasets of one machine.
const maxDatasets = 200

func validate(datasets []dataset) error {
	if len(datasets) > maxDatasets {
		return fmt.Errorf("%d datasets, more than %d", len(datasets), maxDatasets)
	}
	seen := map[string]bool{}
	for i, d := range datasets {
		switch _, err := path.Match(d.Pattern, ""); {
		case d.Name == "" || d.Copies == "":
			return fmt.Errorf("dataset %d needs a name and the folder of its copies", i+1)
		case seen[d.Name]:
			return fmt.Errorf("dataset %q is there twice", d.Name)
		case err != nil:
			return fmt.Errorf("dataset %q: the pattern %q is not one such as *.zip", d.Name, d.Pattern)
		case d.MinBytes < 0:
			return fmt.Errorf("dataset %q: min_bytes is negative", d.Name)
		case d.MaxDrop < 0 || d.MaxDrop > 100:
			return fmt.Errorf("dataset %q: max_drop is a percentage", d.Name)
		case d.SizesFrom != "" && !isDate(d.SizesFrom):
			return fmt.Errorf("dataset %q: sizes_from %q is no day as YYYY-MM-DD", d.Name, d.SizesFrom)
		case d.Kind != "" && !slices.Contains(kinds(), d.Kind):
			return fmt.Errorf("dataset %q: the kind %q is none of %s", d.Name, d.Kind, strings.Join(kinds(), ", "))
		case d.Format != "" && !slices.Contains(stores(), d.Format):
			return fmt.Errorf("dataset %q: the format %q is none of %s", d.Name, d.Format, strings.Join(stores(), ", "))
		}
		seen[d.Name] = true
	}
	return nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// native tells whether a path is written as the system writes paths.
func native(os host.OS, p string) bool {
	if os == host.Windows {
		return isShare(p) || len(p) >= 3 && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
	}
	return strings.HasPrefix(p, "/")
}

// isShare tells of a folder of another machine: \\nas\copias.
func isShare(p string) bool { return strings.HasPrefix(p, `\\`) || strings.HasPrefix(p, "//") }

func join(os host.OS, folder, name string) string {
	if os == host.Windows {
		return strings.TrimRight(folder, `\/`) + `\` + name
	}
	return path.Join(folder, name)
}

// plain brings a folder to a spelling in which paths can be compared.
func plain(os host.OS, p string) string {
	if os == host.Windows {
		p = strings.ToLower(strings.ReplaceAll(p, `\`, "/"))
	}
	return strings.TrimRight(p, "/") + "/"
}

// lastPart is the name of a folder in its parent.
func lastPart(os host.OS, p string) string {
	if os == host.Windows {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Base(p)
}

// parent is the folder that a path is in.
func parent(os host.OS, p string) string {
	if os == host.Windows {
		return strings.TrimRight(p[:strings.LastIndexAny(p, `\/`)+1], `\/`)
	}
	return path.Dir(p)
}
