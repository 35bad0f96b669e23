// Package sbom tells what of others a built program holds, and under which licences: a
// bill of materials in CycloneDX, for whoever follows vulnerabilities, and the notices
// that the licences ask for, with their whole texts.
//
// It believes the program, which carries the list of the modules that the linker took
// (runtime/debug), and the module cache, in which the go command has verified their files.
// It asks no network and writes no date and no random number, so that the same program
// gives the same bytes. A module without a licence that is known and allowed is an error:
// nothing is packaged then.
package sbom

import (
	"cmp"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// Names of what Main writes.
const (
	BillFile    = "sbom.cdx.json"
	NoticesFile = "NOTICES"
)

// Program is a built program and what it is made of.
type Program struct {
	Name    string // of its package, such as vigia-agent
	Version string
	OS      string // as Go calls it, such as linux
	Arch    string // as Go calls it, such as amd64
	Parts   []Part // by path; Go's own library is one, named std
}

// Part is a module of others.
type Part struct {
	Path     string
	Version  string
	Sum      string // of go.sum; empty for Go's own library
	Licences []Text // what stands in the module, by name
}

// std is Go's own library, which is no module.
const std = "std"

// Place is where the files of modules are.
type Place struct {
	Modules string // GOMODCACHE
	Go      string // GOROOT
}

// Read reads what a program is made of.
func Read(file, version string, at Place) (Program, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return Program{}, fmt.Errorf("read what %s is made of: %w", file, err)
	}
	p := Program{Name: info.Path[strings.LastIndex(info.Path, "/")+1:], Version: version}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			p.OS = s.Value
		case "GOARCH":
			p.Arch = s.Value
		}
	}
	p.Parts = []Part{{Path: std, Version: strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		p.Parts = append(p.Parts, part(m))
	}
	slices.SortFunc(p.Parts, func(a, b Part) int { return cmp.Compare(a.Path, b.Path) })
	for i := range p.Parts {
		folder, err := at.folder(p.Parts[i])
		if err != nil {
			return Program{}, err
		}
		if p.Parts[i].Licences, err = licences(p.Parts[i], folder); err != nil {
			return Program{}, fmt.Errorf("licence of %s: %w", p.Parts[i].at(), err)
		}
	}
	return p, nil
}

// part is a module, or what is in its place.
func part(m *debug.Module) Part {
	if m.Replace != nil {
		m = m.Replace
	}
	return Part{Path: m.Path, Version: m.Version, Sum: m.Sum}
}

// at is a module at a version, as the go command writes it.
func (p Part) at() string { return p.Path + "@" + p.Version }

// folder is where the files of a part are.
func (at Place) folder(p Part) (string, error) {
	if p.Path == std {
		return at.Go, nil
	}
	path, err := module.EscapePath(p.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(p.Version)
	if err != nil {
		return "", err
	}
	return filepath.Join(at.Modules, filepath.FromSlash(path)+"@"+version), nil
}

// Main is the program: it reads one and writes its two papers into a folder.
func Main(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	flags.SetOutput(out)
	var at Place
	version := flags.String("version", "unversioned", "of the program")
	flags.StringVar(&at.Modules, "modules", "", "folder of the modules: go env GOMODCACHE")
	flags.StringVar(&at.Go, "go", "", "folder of Go: go env GOROOT")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 || at.Modules == "" || at.Go == "" {
		return errors.New("usage: sbom -modules FOLDER -go FOLDER [-version V] PROGRAM FOLDER")
	}
	p, err := Read(flags.Arg(0), *version, at)
	if err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{BillFile: p.Bill, NoticesFile: p.Notices} {
		if err := create(filepath.Join(flags.Arg(1), name), write); err != nil {
			return err
		}
	}
	return nil
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
