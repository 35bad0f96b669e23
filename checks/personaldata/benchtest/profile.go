package main

import (
	"context"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"vigia/checks/personaldata/scan"
)

// profileFor is how long each corpus is read for the profile: each kind of text counts
// alike, whichever is the slowest.
const profileFor = 4 * time.Second

// profile reads the corpora in this process, as the worker does in its own, and writes
// where its time goes. The compiler takes it as advice when it builds the agent.
func profile(ctx context.Context, s settings, name string) (err error) {
	corpora, err := makeCorpora(s)
	if err != nil {
		return err
	}
	for _, more := range []func(settings) (*corpus, error){tables, manuals} {
		c, err := more(s)
		if err != nil {
			return err
		}
		if c != nil {
			corpora = append(corpora, *c)
		}
	}
	papers := corpus{name: "documents", dir: filepath.Join(s.work, "documents")}
	if err := os.MkdirAll(papers.dir, 0o750); err != nil {
		return err
	}
	if _, err := documents(s, papers.dir); err != nil {
		return err
	}
	if _, err := pdfs(s, papers.dir); err != nil {
		return err
	}
	corpora = append(corpora, papers)

	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	e := scan.NewExaminer(maphash.MakeSeed(), scan.FileLimits{})
	for _, c := range corpora {
		for start := time.Now(); time.Since(start) < profileFor; {
			if err := examine(ctx, e, c.dir, start); err != nil {
				return fmt.Errorf("read %s: %w", c.name, err)
			}
		}
	}
	return ctx.Err()
}

// examine looks into the files of a folder until the time of the profile is over.
func examine(ctx context.Context, e *scan.Examiner, dir string, start time.Time) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if time.Since(start) > profileFor {
			return fs.SkipAll
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			e.File(ctx, f, info.Size(), 0)
		}
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		return err
	})
}
