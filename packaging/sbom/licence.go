package sbom

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Text is a file that a module asks to pass on.
type Text struct {
	Name string   // in the module, with slashes
	IDs  []string // of SPDX, sorted; empty for what is no licence, such as a notice
	Body string
}

// covered is how much of a file, in percent, must be words of licences that are known: the
// rest is names and years.
const covered = 70

// allowed are the licences, by SPDX, whose works a program may link that is handed to
// others without its source. Each asks for its text and names to be passed on, or for
// nothing.
func allowed() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Unlicense", "Zlib", "blessing"}
}

// forbidden begin the names of licences that ask for the source of the whole program, or
// of the service that it gives.
func forbidden() []string {
	return []string{"AGPL", "GPL", "LGPL", "SSPL", "BUSL", "EUPL", "CPAL", "OSL"}
}

// readByPerson are files that no reader of licences knows, and what they are. They are of
// one version: another asks to be read again.
func readByPerson() map[string][]string {
	return map[string][]string{
		"modernc.org/libc@v1.77.1/LICENSE-3RD-PARTY.md":   {"BSD-3-Clause", "MIT"}, // Go, musl, go-netdb, nixpkgs
		"modernc.org/memory@v1.12.1/LICENSE-LOGO":         {},                      // where a picture is from that no program holds
		"modernc.org/sqlite@v1.60.1/LICENSE-SQLITE":       {"blessing"},
		"modernc.org/sqlite@v1.60.1/LICENSE-3RD-PARTY.md": {"BSD-3-Clause", "MIT", "blessing"}, // its MPL-2.0 is of what is linked nowhere
	}
}

// translated are works that a module is a translation of, which the linker does not know
// and whoever follows vulnerabilities must.
func translated() map[string]Part {
	return map[string]Part{
		"modernc.org/sqlite@v1.60.1": {Path: "sqlite", Version: "3.53.4"}, // SQLITE_VERSION of its lib
	}
}

// carried are files that are passed on though their names do not tell: notices of what a
// module brings with it.
func carried() map[string][]string {
	return map[string][]string{
		"golang.org/x/image": {"font/gofont/ttfs/README"}, // the letters of the reports
	}
}

// licences reads what a module asks to pass on, wherever it lies in it.
func licences(p Part, folder string) ([]Text, error) {
	root := os.DirFS(folder)
	names := slices.Clone(carried()[p.Path])
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (path.Base(name) == "testdata" || p.Path == std): // Go's own speaks for all of it
			return fs.SkipDir
		case d.Type().IsRegular() && isPaper(path.Base(name)):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var texts []Text
	known := false
	for _, name := range names {
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		t := Text{Name: name, Body: string(body)}
		if isLicence(path.Base(name)) {
			if t.IDs, err = read(p.at(), name, body); err != nil {
				return nil, err
			}
			known = true
		}
		texts = append(texts, t)
	}
	if !known {
		return nil, errors.New("there is none: read it and decide, in packaging/sbom")
	}
	return texts, nil
}

// isLicence tells by the name of a file whether it is a licence.
func isLicence(base string) bool {
	stem, ext := split(base)
	return (ext == "" || ext == ".txt" || ext == ".md" || ext == ".rst") &&
		(strings.HasPrefix(stem, "LICENSE") || strings.HasPrefix(stem, "LICENCE") || strings.HasPrefix(stem, "COPYING") || stem == "UNLICENSE")
}

// isPaper tells whether a file is a licence or what goes with one.
func isPaper(base string) bool {
	stem, ext := split(base)
	return isLicence(base) || (ext == "" || ext == ".txt" || ext == ".md") && (stem == "NOTICE" || stem == "PATENTS")
}

func split(base string) (stem, ext string) {
	ext = strings.ToLower(path.Ext(base))
	return strings.ToUpper(strings.TrimSuffix(base, path.Ext(base))), ext
}

// read tells the licences of a text of a module at a version. One that is not allowed is an error, and so is a text
// that is not known.
func read(module, name string, body []byte) ([]string, error) {
	ids, ok := readByPerson()[module+"/"+name]
	if !ok {
		cover := licensecheck.Scan(body)
		for _, m := range cover.Match {
			if !m.IsURL {
				ids = append(ids, m.ID)
			}
		}
		if len(ids) == 0 || cover.Percent < covered {
			return nil, fmt.Errorf("%s is of no licence that is known (%.0f %% is, %v): read it and decide, in packaging/sbom", name, cover.Percent, ids)
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if err := mayLink(ids); err != nil {
		return nil, fmt.Errorf("%s is %w", name, err)
	}
	return ids, nil
}

// mayLink is an error if one of the licences is not allowed.
func mayLink(ids []string) error {
	for _, id := range ids {
		switch {
		case slices.ContainsFunc(forbidden(), func(f string) bool { return strings.HasPrefix(id, f) }):
			return fmt.Errorf("%s, which asks for the source of the whole: the module cannot be linked", id)
		case !slices.Contains(allowed(), id):
			return fmt.Errorf("%s, of which nobody has decided: read it and decide, in packaging/sbom", id)
		}
	}
	return nil
}
