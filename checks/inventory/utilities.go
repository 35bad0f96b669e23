package inventory

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vigia/checks/format/pe"
)

// listed is the list of utilities of this version, dated. It is data: names that the
// makers of the tools and of distributions gave them.
//
//go:embed utilities.json
var listed []byte

// utility is a program that reads or changes what its user may not, or that breaks into
// machines and accounts.
type utility struct {
	ID   string `json:"id"`   // stable: a policy allows a tool by it
	Name string `json:"name"` // as people know it
	// Kind is credentials, remote_execution, disk_editor, recovery, forensics,
	// database_browser, sniffer, scanner, privilege or other.
	Kind string `json:"kind"`
	// Packages are names of packages of Linux, Programs of files on Linux, Files of
	// files on Windows: each exactly, on Windows without regard to case.
	Packages []string `json:"packages,omitempty"`
	Programs []string `json:"programs,omitempty"`
	Files    []string `json:"files,omitempty"`
	// Products are names of products, as Windows lists them or a version resource has
	// them, with * for any text; Originals are original file names of version resources.
	Products  []string `json:"products,omitempty"`
	Originals []string `json:"originals,omitempty"`
}

// validate tells what is wrong with a utility that a policy adds.
func (u utility) validate() error {
	switch names := len(u.Packages) + len(u.Programs) + len(u.Files) + len(u.Products) + len(u.Originals); {
	case u.ID == "" || u.Name == "":
		return errors.New("want id and name")
	case names == 0:
		return errors.New("want names in packages, programs, files, products or originals")
	case names > 200:
		return errors.New("more than 200 names")
	case !slices.Contains(utilityKinds(), u.Kind):
		return fmt.Errorf("kind %q: want one of %q", u.Kind, utilityKinds())
	}
	for _, p := range u.Products {
		if strings.Trim(p, "*") == "" || strings.Count(p, "*") > 8 {
			return fmt.Errorf("product %q stands for anything", p)
		}
	}
	return nil
}

func utilityKinds() []string {
	return []string{
		"credentials", "remote_execution", "disk_editor", "recovery", "forensics",
		"database_browser", "sniffer", "scanner", "privilege", "other",
	}
}

// toolbox finds a utility by what there is on a machine.
type toolbox struct {
	date      string
	tools     []utility
	packages  map[string]int // to the index in tools
	programs  map[string]int
	files     map[string]int
	originals map[string]int
}

// newToolbox reads the list and adds those of a policy.
func newToolbox(more []utility) (*toolbox, error) {
	var list struct {
		Date  string    `json:"date"` // since when it holds
		Tools []utility `json:"tools"`
	}
	if err := json.Unmarshal(listed, &list); err != nil {
		return nil, fmt.Errorf("read the list of utilities: %w", err)
	}
	b := &toolbox{
		date: list.Date, tools: append(list.Tools, more...),
		packages: map[string]int{}, programs: map[string]int{}, files: map[string]int{}, originals: map[string]int{},
	}
	for i, u := range b.tools {
		for _, n := range u.Packages {
			b.packages[n] = i
		}
		for _, n := range u.Programs {
			b.programs[n] = i
		}
		for _, n := range u.Files {
			b.files[strings.ToLower(n)] = i
			b.originals[strings.ToLower(n)] = i
		}
		for _, n := range u.Originals {
			b.originals[strings.ToLower(n)] = i
		}
	}
	return b, nil
}

// byName finds a utility by the name of a file.
func (b *toolbox) byName(name string, windows bool) (utility, bool) {
	if i, ok := b.files[strings.ToLower(name)]; ok {
		return b.tools[i], true
	}
	if i, ok := b.programs[name]; ok && !windows {
		return b.tools[i], true
	}
	return utility{}, false
}

// byPackage finds a utility by an installed program or package.
func (b *toolbox) byPackage(p program) (utility, bool) {
	switch p.From {
	case "machine", "machine32", "user", "store":
		return b.byProduct(p.Name)
	}
	i, ok := b.packages[p.Name]
	if !ok {
		return utility{}, false
	}
	return b.tools[i], true
}

func (b *toolbox) byProduct(product string) (utility, bool) {
	for _, u := range b.tools {
		if slices.ContainsFunc(u.Products, func(p string) bool { return like(p, product) }) {
			return u, true
		}
	}
	return utility{}, false
}

// byVersion finds a utility by what its maker wrote into the program.
func (b *toolbox) byVersion(v pe.Version) (utility, bool) {
	for _, name := range []string{v.Original, v.Internal, v.Internal + ".exe"} {
		if i, ok := b.originals[strings.ToLower(name)]; ok && name != "" {
			return b.tools[i], true
		}
	}
	for _, product := range []string{v.Product, v.Description} {
		if product == "" {
			continue
		}
		if u, ok := b.byProduct(product); ok {
			return u, true
		}
	}
	return utility{}, false
}
