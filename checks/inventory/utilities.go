package inventory

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
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
	// Hashes are SHA-256 of programs, in hexadecimal; Signers are whom the certificate of
	// a signature names, CN or O, with * for any text. The list that is built in has none:
	// a hash is of one version only, and what tools of this kind are signed with is mostly
	// what all programs of their maker are.
	Hashes  []string `json:"sha256,omitempty"`
	Signers []string `json:"signers,omitempty"`
}

// validate tells what is wrong with a utility that a policy adds.
func (u utility) validate() error {
	switch names := len(u.Packages) + len(u.Programs) + len(u.Files) + len(u.Products) + len(u.Originals) + len(u.Hashes) + len(u.Signers); {
	case u.ID == "" || u.Name == "":
		return errors.New("want id and name")
	case names == 0:
		return errors.New("want names in packages, programs, files, products, originals, sha256 or signers")
	case names > 200:
		return errors.New("more than 200 names")
	case !slices.Contains(utilityKinds(), u.Kind):
		return fmt.Errorf("kind %q: want one of %q", u.Kind, utilityKinds())
	}
	for what, patterns := range map[string][]string{"product": u.Products, "signer": u.Signers} {
		for _, p := range patterns {
			if strings.Trim(p, "*") == "" || strings.Count(p, "*") > 8 {
				return fmt.Errorf("%s %q stands for anything", what, p)
			}
		}
	}
	for _, h := range u.Hashes {
		if b, err := hex.DecodeString(h); err != nil || len(b) != sha256.Size {
			return fmt.Errorf("%q is no SHA-256", h)
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
	hashes    map[string]int
	signers   bool // some utility is known by its signer
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
		hashes: map[string]int{},
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
		for _, h := range u.Hashes {
			b.hashes[strings.ToLower(h)] = i
		}
		b.signers = b.signers || len(u.Signers) > 0
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

// byHash finds a utility by the SHA-256 of a program, in lower-case hexadecimal.
func (b *toolbox) byHash(hash string) (utility, bool) {
	if i, ok := b.hashes[hash]; ok {
		return b.tools[i], true
	}
	return utility{}, false
}

// bySigner finds a utility by whom its signature names.
func (b *toolbox) bySigner(s pe.Signer) (utility, bool) {
	for _, u := range b.tools {
		if slices.ContainsFunc(u.Signers, func(p string) bool {
			return s.Name != "" && like(p, s.Name) || s.Organisation != "" && like(p, s.Organisation)
		}) {
			return u, true
		}
	}
	return utility{}, false
}
