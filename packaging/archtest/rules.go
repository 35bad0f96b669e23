package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Row says what the packages that fit one of From may import of ours.
type Row struct {
	From []string
	May  []string
	// Why is for the reader, where the row is not plain from the design.
	Why string
}

// Reserved says which packages of ours may import some foreign packages; all
// others may not. Test-support packages may, unless Tests says otherwise.
type Reserved struct {
	Foreign []string
	Only    []string
	Why     string
}

// Unlinked says which packages must not reach a program, however indirectly.
type Unlinked struct {
	// Program is the folder of a main package.
	Program string
	// Never are patterns of import paths; ours begin with the module's name.
	Never []string
	// But are exceptions from Never.
	But []string
	Why string
}

// Arrows reports every import of one of our packages by another that no row
// allows, every package that no row names, and every one that two rows name.
// A test-support package is held to a row only if one names it.
func Arrows(pkgs []Package, rows []Row, anyone []string) []string {
	var problems []string
	for _, pkg := range pkgs {
		fits := rowsOf(pkg.Path, rows)
		switch {
		case len(fits) == 1:
			problems = append(problems, fits[0].forbids(pkg, anyone)...)
		case len(fits) > 1:
			problems = append(problems, fmt.Sprintf("%s: %d rows speak of this package, want one", pkg.Path, len(fits)))
		case !IsTestSupport(pkg.Path):
			problems = append(problems, pkg.Path+": no arrow begins here: give the package a row in packaging/archtest/arrows.go")
		}
	}
	return problems
}

func rowsOf(pkg string, rows []Row) []Row {
	var fits []Row
	for _, row := range rows {
		if matchAny(row.From, pkg) {
			fits = append(fits, row)
		}
	}
	return fits
}

func (r Row) forbids(pkg Package, anyone []string) []string {
	var problems []string
	for _, imp := range pkg.Imports {
		if !imp.Ours || matchAny(r.May, imp.Path) || matchAny(anyone, imp.Path) {
			continue
		}
		problem := fmt.Sprintf("%s: %s may not import %s, only %s", imp.Place, pkg.Path, imp.Path, list(r.May))
		if r.Why != "" {
			problem += ": " + r.Why
		}
		problems = append(problems, problem)
	}
	return problems
}

// Foreign reports every import of a reserved package by one that may not.
func Foreign(pkgs []Package, reserved []Reserved) []string {
	var problems []string
	for _, pkg := range pkgs {
		if IsTestSupport(pkg.Path) {
			continue
		}
		for _, imp := range pkg.Imports {
			for _, r := range reserved {
				if imp.Ours || !matchAny(r.Foreign, imp.Path) || matchAny(r.Only, pkg.Path) {
					continue
				}
				problems = append(problems, fmt.Sprintf("%s: %s may not import %s, only %s may: %s",
					imp.Place, pkg.Path, imp.Path, list(r.Only), r.Why))
			}
		}
	}
	return problems
}

// PackageComments reports every package without a package comment or with more
// than one.
func PackageComments(pkgs []Package) []string {
	var problems []string
	for _, pkg := range pkgs {
		switch len(pkg.Comments) {
		case 0:
			problems = append(problems, fmt.Sprintf("%s: no package comment: say what package %s is for", pkg.Path, pkg.Name))
		case 1:
		default:
			problems = append(problems, fmt.Sprintf("%s: %d package comments, want one: %s",
				pkg.Path, len(pkg.Comments), strings.Join(pkg.Comments, ", ")))
		}
	}
	return problems
}

// OSTagged reports every file that only some operating systems compile, outside
// the packages that may have one.
func OSTagged(pkgs []Package, only []string) []string {
	var problems []string
	for _, pkg := range pkgs {
		if IsTestSupport(pkg.Path) || matchAny(only, pkg.Path) {
			continue
		}
		for _, file := range pkg.Tagged {
			problems = append(problems, fmt.Sprintf("%s: only some operating systems compile this file; such code belongs in %s",
				file, list(only)))
		}
	}
	return problems
}

// Linked reports every package of deps that must not reach the program.
func Linked(deps []string, rule Unlinked) []string {
	var problems []string
	for _, dep := range deps {
		if matchAny(rule.Never, dep) && !matchAny(rule.But, dep) {
			problems = append(problems, fmt.Sprintf("%s links %s: %s", rule.Program, dep, rule.Why))
		}
	}
	return problems
}

// TopLevel reports the names at the root of the tree that are none of the
// agreed ones. Hidden names belong to tools.
func TopLevel(names, agreed, outputs []string) []string {
	var problems []string
	for _, name := range names {
		if strings.HasPrefix(name, ".") || slices.Contains(agreed, name) || slices.Contains(outputs, name) {
			continue
		}
		problems = append(problems, fmt.Sprintf("%s: not one of the top-level names, which are %s", name, list(agreed)))
	}
	return problems
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing of ours"
	}
	return strings.Join(names, ", ")
}
