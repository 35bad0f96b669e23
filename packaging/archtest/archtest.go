// Package archtest holds the arrows of Vigía: which package may import which.
//
// The arrows are data, in arrows.go, one row per package or family of
// packages. Every Go file of the tree is read, whatever its build constraints,
// so an import that only Windows compiles is seen on Linux too. A package that
// no row names is itself an error: whoever adds one says where it stands.
//
// Test files are free to import what they like, and so are test-support
// packages, those whose last path element ends in "test"; importing a
// test-support package is not free. Nothing here runs the code it reads.
package archtest

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Package is one folder of Go files, test files left out.
type Package struct {
	// Path is the folder, relative to the module's root: "checks/host".
	Path string
	// Name is the name in the package clause of the first file.
	Name string
	// Imports are all imports of all files, sorted by path, then place.
	Imports []Import
	// Comments are the files that carry a package comment, sorted.
	Comments []string
	// Tagged are the files that only some operating systems compile, sorted.
	Tagged []string
}

// Import is one import declaration.
type Import struct {
	// Path is what is imported. A package of the module is told by its folder,
	// with Ours set; any other by its import path.
	Path string
	Ours bool
	// Place is "file:line", relative to the module's root.
	Place string
}

// IsTestSupport tells whether a package exists for tests only, by its name.
func IsTestSupport(pkg string) bool { return strings.HasSuffix(path.Base(pkg), "test") }

// Load reads every package of a module, sorted by path. Folders that the go
// command would not enter (hidden, testdata, other modules) are left out.
func Load(root fs.FS, module string) ([]Package, error) {
	found := map[string]*Package{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(root, name)
		}
		if !isSource(entry.Name()) {
			return nil
		}
		dir := path.Dir(name)
		if found[dir] == nil {
			found[dir] = &Package{Path: dir}
		}
		return found[dir].read(root, name, module)
	})
	if err != nil {
		return nil, fmt.Errorf("read the packages of %s: %w", module, err)
	}
	pkgs := make([]Package, 0, len(found))
	for _, pkg := range found {
		slices.SortFunc(pkg.Imports, func(a, b Import) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Place, b.Place))
		})
		pkgs = append(pkgs, *pkg)
	}
	slices.SortFunc(pkgs, func(a, b Package) int { return cmp.Compare(a.Path, b.Path) })
	return pkgs, nil
}

// enter answers fs.SkipDir for a folder that holds none of the module's
// packages.
func enter(root fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	switch _, err := fs.Stat(root, path.Join(dir, "go.mod")); {
	case err == nil:
		return fs.SkipDir
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

func isSource(file string) bool {
	return strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") &&
		file[0] != '.' && file[0] != '_'
}

func (p *Package) read(root fs.FS, name, module string) error {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	if p.Name == "" {
		p.Name = file.Name.Name
	}
	if isPackageComment(file.Doc) {
		p.Comments = append(p.Comments, name)
	}
	if isOSTagged(path.Base(name), file) {
		p.Tagged = append(p.Tagged, name)
	}
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		at := set.Position(spec.Pos())
		imp := Import{Path: target, Place: fmt.Sprintf("%s:%d", at.Filename, at.Line)}
		if target == module {
			imp.Path, imp.Ours = ".", true
		} else if folder, ok := strings.CutPrefix(target, module+"/"); ok {
			imp.Path, imp.Ours = folder, true
		}
		p.Imports = append(p.Imports, imp)
	}
	return nil
}

// isPackageComment tells whether godoc would show the comment: directives such
// as go:build are no documentation.
func isPackageComment(doc *ast.CommentGroup) bool {
	return doc != nil && strings.TrimSpace(doc.Text()) != ""
}

// isOSTagged tells whether a file's name or its go:build line names an
// operating system.
func isOSTagged(base string, file *ast.File) bool {
	parts := strings.Split(strings.TrimSuffix(base, ".go"), "_")
	if slices.ContainsFunc(parts[min(len(parts), max(1, len(parts)-2)):], isOS) {
		return true
	}
	tagged := false
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() > file.Package || !constraint.IsGoBuild(comment.Text) {
				continue
			}
			expr, err := constraint.Parse(comment.Text)
			if err != nil {
				continue // the compiler says it better
			}
			expr.Eval(func(tag string) bool { // sees every tag of the line
				tagged = tagged || isOS(tag)
				return false
			})
		}
	}
	return tagged
}

func isOS(tag string) bool {
	return slices.Contains([]string{"linux", "windows", "unix", "darwin", "freebsd", "openbsd", "netbsd"}, tag)
}

// Match tells whether a path fits a pattern. In a pattern, a star stands for
// one path element, or a part of one, and a last element "..." for anything
// below the rest, and for the rest itself.
func Match(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	prefix, below := strings.CutSuffix(pattern, "/...")
	if below {
		want := strings.Count(prefix, "/") + 1
		elements := strings.Split(name, "/")
		if len(elements) < want {
			return false
		}
		name = strings.Join(elements[:want], "/")
	}
	ok, err := path.Match(prefix, name)
	return ok && err == nil
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return Match(p, name) })
}
