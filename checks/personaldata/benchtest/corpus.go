package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vigia/checks/personaldata/corpustest"
)

// A corpus is a folder of files of one kind.
type corpus struct {
	name    string
	dir     string
	natural bool // text as people write it, with few identifiers
}

// linuxSource is where Debian's package linux-source-6.1 keeps the kernel's sources.
const linuxSource = "/usr/src/linux-source-6.1.tar.xz"

// fileBytes is about how large each file of a corpus is.
const fileBytes = 1 << 20

// makeCorpora writes the corpora. Their sizes are parts of the whole, each in its kind as
// large as those on which other programs have been measured: what it costs to start two
// processes, twenty milliseconds, is then little.
func makeCorpora(s settings) ([]corpus, error) {
	m := corpustest.NewMaker(s.seed)
	natural := []corpustest.Class{corpustest.OK, corpustest.Alone, corpustest.Loose, corpustest.Ctx}
	kinds := []struct {
		corpus
		share int // of a thousand
		make  func(i int) corpustest.File
	}{
		{corpus{name: "prose", natural: true}, 280, func(i int) corpustest.File { return m.Prose("", fileBytes, natural[i%len(natural)]) }},
		{corpus{name: "code", natural: true}, 223, func(int) corpustest.File { return m.Code("", fileBytes) }},
		{corpus{name: "HTML with tables", natural: true}, 219, func(int) corpustest.File { return m.Tables("", fileBytes) }},
		{corpus{name: "padrón"}, 43, func(i int) corpustest.File { return m.Padron("", 9500, i%2 == 0) }},
		{corpus{name: "number noise"}, 185, func(int) corpustest.File { return m.Noise("", fileBytes) }},
		{corpus{name: "CSV"}, 50, func(i int) corpustest.File { return m.Staff("", 7000, ",", i%3 == 0, i%2 == 0) }},
	}
	var all []corpus
	for _, k := range kinds {
		k.dir = filepath.Join(s.work, "corpus", strings.Fields(k.name)[0])
		if err := os.MkdirAll(k.dir, 0o750); err != nil {
			return nil, fmt.Errorf("make corpus: %w", err)
		}
		written := 0
		for i := 0; written < s.size*k.share*1e3; i++ {
			f := k.make(i)
			content := []byte(f.Text)
			if k.name == "prose" && i%10 == 9 {
				content = corpustest.Windows1252(f.Text)
			}
			if err := os.WriteFile(filepath.Join(k.dir, fmt.Sprintf("%05d.txt", i)), content, 0o600); err != nil {
				return nil, fmt.Errorf("make corpus: %w", err)
			}
			written += len(content)
		}
		all = append(all, k.corpus)
	}
	return append(all, corpus{name: "all of these", dir: filepath.Join(s.work, "corpus")}), nil
}

// tables gathers tables that Debian has, of characters, languages and countries. They are
// no text: one number follows the other.
func tables(s settings) (*corpus, error) {
	return gather(s, corpus{name: "tables of codes (Debian)"}, "tables", ".txt", []string{
		"/usr/share/unicode", "/usr/share/iso-codes", "/usr/share/i18n/locales", "/usr/share/perl",
	}, func(path string) bool {
		return strings.HasSuffix(path, ".txt") || strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".pl") || !strings.Contains(filepath.Base(path), ".")
	})
}

// manuals gathers Debian's manuals in Spanish, where they are installed: prose in HTML
// that nobody wrote for us.
func manuals(s settings) (*corpus, error) {
	return gather(s, corpus{name: "manuals in Spanish (Debian, HTML)", natural: true}, "manuals", ".html", []string{
		"/usr/share/doc/debian-handbook/html/es-ES", "/usr/share/debian-reference", "/usr/share/gimp/2.0/help/es",
		"/usr/lib/libreoffice/help/es", "/usr/share/libreoffice/help/es",
	}, func(path string) bool {
		return strings.HasSuffix(path, "html") && (!strings.Contains(path, "reference") || strings.Contains(path, ".es."))
	})
}

// gather joins files of the machine into files of about a megabyte, again and again,
// until there is enough to be measured. It returns nil when there are next to none.
func gather(s settings, c corpus, folder, extension string, roots []string, want func(path string) bool) (*corpus, error) {
	c.dir = filepath.Join(s.work, folder)
	if err := os.MkdirAll(c.dir, 0o750); err != nil {
		return nil, fmt.Errorf("make corpus: %w", err)
	}
	var text []byte
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case !d.Type().IsRegular() || !want(path):
				return nil
			}
			b, err := os.ReadFile(path)
			text = append(text, b...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", root, err)
		}
	}
	if len(text) < 8<<20 {
		return nil, nil //nolint:nilnil // no corpus, and nothing wrong
	}
	for i := 0; i*len(text) < 96<<20; i++ {
		for at := 0; at < len(text); at += fileBytes {
			name := filepath.Join(c.dir, fmt.Sprintf("%03d-%05d%s", i, at/fileBytes, extension))
			if err := os.WriteFile(name, text[at:min(at+fileBytes, len(text))], 0o600); err != nil {
				return nil, fmt.Errorf("make corpus: %w", err)
			}
		}
	}
	return &c, nil
}

// tree unpacks the Linux sources, or writes as many small files where they are not
// installed, and tells which.
func tree(ctx context.Context, s settings) (dir, what string, err error) {
	dir = filepath.Join(s.work, "tree")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", "", fmt.Errorf("make tree: %w", err)
	}
	if _, err := os.Stat(linuxSource); err == nil {
		cmd := exec.CommandContext(ctx, "tar", "-xJf", linuxSource, "-C", dir)
		cmd.Env = append(os.Environ(), "XZ_DEFAULTS=-T0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("unpack %s: %w: %s", linuxSource, err, out)
		}
		return dir, "Linux 6.1 sources", nil
	}
	m := corpustest.NewMaker(s.seed)
	for i := range 75_000 {
		name := filepath.Join(dir, fmt.Sprint(i/1000), fmt.Sprintf("%d.c", i))
		if i%1000 == 0 {
			if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
				return "", "", fmt.Errorf("make tree: %w", err)
			}
		}
		if err := os.WriteFile(name, []byte(m.Code("", 500+i%7*2500).Text), 0o600); err != nil {
			return "", "", fmt.Errorf("make tree: %w", err)
		}
	}
	return dir, "75,000 generated sources", nil
}

// tiny writes many files of a few bytes, a thousand to a folder.
func tiny(s settings) (string, error) {
	dir := filepath.Join(s.work, "tiny")
	for i := range s.files {
		folder := filepath.Join(dir, fmt.Sprint(i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(folder, 0o750); err != nil {
				return "", fmt.Errorf("make files: %w", err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), []byte("Nadie se nombra en este documento.\n"), 0o600); err != nil {
			return "", fmt.Errorf("make files: %w", err)
		}
	}
	return dir, nil
}
