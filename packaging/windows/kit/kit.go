// Package kit is what a USB stick needs beside an installer so that somebody who is no
// technician can install the agent on a PC of a workgroup: a script to double-click,
// what it must know, and a page that says how it goes.
//
// The script is for cmd.exe, which every Windows has and no policy forbids by default.
// It cannot read JSON, so what it must know stands in a file of lines name=value beside
// it; a value is never a part of a command there, whatever letters it has. Both are in
// code page 850, that of a console in western Europe and Latin America: there is no
// version of cmd.exe that reads scripts in UTF-8 reliably. The package writes files and
// knows nothing of what Vigía does.
package kit

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Names of the files of a kit.
const (
	ScriptFile   = "Instalar Vigia.cmd"
	ReadmeFile   = "LEEME.txt"
	SettingsFile = "vigia-kit.ini"
	TokenFile    = "vigia-token.txt"
	TokensFile   = "vigia-tokens.csv"
)

// Bounds of Settings.
const (
	MaxDepartments = 200 // more than anybody reads on a screen
	maxName        = 100 // letters of a department or an organisation
)

//go:embed instalar.cmd
var script string

//go:embed leeme.txt
var readme string

// Settings are what the script must know. The zero value installs without asking, and
// without an enrolment.
type Settings struct {
	// Organisation is named on the screen.
	Organisation string
	// Collector is host:port, empty when no PC reaches it: then the script leaves a file
	// for it on the stick.
	Collector string
	// Proxy is that of Collector, as URL; empty for none.
	Proxy string
	// Departments are those to choose from, in this order.
	Departments []string
	// Token enrols any PC; Tokens those of single PCs, which go first. Both are only for
	// kits with a Collector.
	Token  string
	Tokens []HostToken
}

// HostToken is the token of the PC named Host.
type HostToken struct{ Host, Token string }

// ErrName is the error of a name that cannot be handed to an installer.
var ErrName = errors.New("the name has letters that an installer cannot take")

// file is one of a kit; without a text it is not in this one.
type file struct {
	name, text string
	mode       os.FileMode
}

// Check is the error of Write about settings that cannot be written.
func (s Settings) Check() error {
	_, err := s.files()
	return err
}

func (s Settings) files() ([]file, error) {
	settings, err := s.lines()
	if err != nil {
		return nil, err
	}
	tokens, err := s.table()
	if err != nil {
		return nil, err
	}
	return []file{
		{ScriptFile, console(script), 0o755},
		{ReadmeFile, "\ufeff" + readme, 0o644}, // with the mark that old editors need
		{SettingsFile, console(settings), 0o644},
		{TokenFile, line(s.Token), 0o600},
		{TokensFile, tokens, 0o600},
	}, nil
}

// Write writes the kit's files into a folder that is there, in place of those of an
// older kit. The installers are put beside them by whoever has them. What the folder
// has is not trusted: nothing is written through a link, or out of the folder.
func Write(dir string, s Settings) error {
	files, err := s.files()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write the kit: %w", err)
	}
	defer func() { _ = root.Close() }() // nothing is written through it any more
	for _, f := range files {
		if f.text == "" {
			if err := root.Remove(f.name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("remove what an older kit had: %w", err)
			}
			continue
		}
		if err := put(root, f); err != nil {
			return fmt.Errorf("write the kit: %w", err)
		}
	}
	return nil
}

// put writes a file under a name that nobody could foresee, and gives it its own when
// it is whole and durable.
func put(root *os.Root, f file) error {
	temp := ".vigia-" + rand.Text() + ".tmp"
	w, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	_, err = w.WriteString(windowsLines(f.text))
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = root.Rename(temp, f.name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

// Plain is a name with the dashes and quotes that a console has, for those that word
// processors make of them.
func Plain(name string) string {
	return strings.NewReplacer("–", "-", "—", "-", "‑", "-", "’", "'", "‘", "'", "“", "'", "”", "'", "\u00a0", " ").Replace(name)
}

// Fit are the departments that an installer takes, as Plain writes them, each once, and
// those that it does not take, as they were. ErrName says which ones those are; what is
// more than MaxDepartments is not taken either.
func Fit(names []string) (fit, left []string) {
	for _, name := range names {
		plain := Plain(name)
		switch {
		case plain == "" || checkName(plain) != nil || len(fit) == MaxDepartments && !slices.Contains(fit, plain):
			left = append(left, name)
		case !slices.Contains(fit, plain):
			fit = append(fit, plain)
		}
	}
	return fit, left
}

// FitName is a name of an organisation as Plain writes it, or false if no installer
// takes it.
func FitName(name string) (string, bool) {
	plain := Plain(name)
	return plain, checkName(plain) == nil
}

// lines writes the settings for the script.
func (s Settings) lines() (string, error) {
	if len(s.Departments) > MaxDepartments {
		return "", fmt.Errorf("%d departments are more than the %d that fit on a screen", len(s.Departments), MaxDepartments)
	}
	var b strings.Builder
	add := func(name, value string) error {
		if err := checkName(value); err != nil {
			return err
		}
		if value != "" {
			fmt.Fprintf(&b, "%s=%s\n", name, value)
		}
		return nil
	}
	err := errors.Join(add("organizacion", s.Organisation), add("colector", s.Collector), add("proxy", s.Proxy),
		add("departamentos", fmt.Sprint(len(s.Departments))))
	for i, name := range s.Departments {
		if name == "" {
			err = errors.Join(err, fmt.Errorf("department %d: %w", i+1, ErrName))
		}
		err = errors.Join(err, add(fmt.Sprintf("departamento.%d", i+1), name))
	}
	return b.String(), err
}

// table writes the tokens of single PCs as the agent reads them.
func (s Settings) table() (string, error) {
	if len(s.Tokens) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString("host,token\n")
	for _, t := range s.Tokens {
		if strings.ContainsAny(t.Host+t.Token, ",;\"\r\n\t ") || t.Host == "" || t.Token == "" {
			return "", fmt.Errorf("the token of %q: %w", t.Host, ErrName)
		}
		fmt.Fprintf(&b, "%s,%s\n", t.Host, t.Token)
	}
	return b.String(), nil
}

// checkName refuses what would end a quoted argument of the installer, or be taken for
// one of its properties, or for a second line.
func checkName(name string) error {
	switch {
	case !utf8.ValidString(name), console(name) == "" && name != "", utf8.RuneCountInString(name) > maxName,
		strings.ContainsAny(name, "\"[]{}"), strings.ContainsFunc(name, unicode.IsControl),
		strings.HasSuffix(name, `\`), strings.TrimSpace(name) != name, strings.HasPrefix(name, "="):
		return fmt.Errorf("%q: %w: quotes, brackets, control characters, letters that no western console shows, "+
			"spaces or = at its beginning, spaces or \\ at its end, more than %d letters", name, ErrName, maxName)
	}
	return nil
}

// console is a text in the code page of the script; empty if a letter is not in it.
func console(text string) string {
	out, err := charmap.CodePage850.NewEncoder().String(text)
	if err != nil {
		return ""
	}
	return out
}

func line(text string) string {
	if text == "" {
		return ""
	}
	return text + "\n"
}

// windowsLines ends lines as cmd.exe needs it: with others it misses some labels.
func windowsLines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}
