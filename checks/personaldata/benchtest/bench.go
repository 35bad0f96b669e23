package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// measureAll measures everything, prints the tables and tells whether all bars held.
func measureAll(ctx context.Context, s settings, stdout io.Writer) (bool, error) {
	if _, err := exec.LookPath("rg"); err != nil {
		return false, fmt.Errorf("%w: apt-get install ripgrep", err)
	}
	b := &book{w: stdout, absolute: s.absolute}
	say := func(format string, args ...any) { fmt.Fprintf(s.stderr, "== "+format+"\n", args...) }
	version, err := exec.CommandContext(ctx, "rg", "--version").Output()
	if err != nil {
		return false, fmt.Errorf("run rg: %w", err)
	}
	fmt.Fprintf(stdout, "Seed %d, %s, %s, medians of %d interleaved runs.\n", s.seed, strings.SplitN(string(version), "\n", 2)[0], processor(), s.rounds)
	for _, part := range []struct {
		what string
		run  func(context.Context, settings, *book) error
	}{
		{"speed on text", speed},
		{"a tree of small files", wholeTree},
		{"unchanged files", unchanged},
		{"documents", formats},
		{"memory", memory},
	} {
		if !strings.Contains(part.what, s.part) {
			continue
		}
		say("%s", part.what)
		if err := part.run(ctx, s, b); err != nil {
			return false, fmt.Errorf("%s: %w", part.what, err)
		}
	}
	fmt.Fprintln(stdout)
	for _, m := range b.missed {
		fmt.Fprintln(stdout, "- missed:", m)
	}
	if len(b.missed) == 0 {
		fmt.Fprintln(stdout, "Every bar is held.")
	}
	return len(b.missed) == 0, nil
}

// processor is the name of this machine's processor.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	_, rest, _ := strings.Cut(string(b), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimLeft(line, "\t :")
}

// speed compares on one core, by processor time.
func speed(ctx context.Context, s settings, b *book) error {
	corpora, err := makeCorpora(s)
	if err != nil {
		return err
	}
	for _, gathered := range []func(settings) (*corpus, error){tables, manuals} {
		c, err := gathered(s)
		if err != nil {
			return err
		}
		if c != nil {
			corpora = append(corpora, *c)
		}
	}
	if err := settle(ctx); err != nil {
		return err
	}
	b.head("Speed on one core (MB/s of processor time; more is better)",
		"corpus", "MB", "Vigía", "without assembly", "ripgrep", "Go regexp", "Vigía / ripgrep", "Vigía / Go regexp")
	for _, c := range corpora {
		_, size, err := sizeOf(c.dir)
		if err != nil {
			return err
		}
		var portable contender
		if s.portable != "" {
			portable = agentScan(s.portable, 1, "")
		}
		costs, err := interleaved(ctx, s.rounds, c.dir, agentScan(s.agent, 1, ""), ripgrep(1), portable)
		if err != nil {
			return err
		}
		rate := func(i int) float64 {
			if t := median(costs[i], cpuOf); t > 0 {
				return float64(size) / t.Seconds()
			}
			return 0
		}
		ours, theirs, plain := rate(0), rate(1), rate(2)
		library, err := goRegexp(c.dir, 1<<20)
		if err != nil {
			return err
		}
		shown, shownPlain := fmt.Sprintf("%.0f", ours/1e6), "-"
		if plain > 0 {
			shownPlain = fmt.Sprintf("%.0f", plain/1e6)
		}
		bar := denseOverRipgrep
		if c.natural {
			bar = naturalOverRipgrep
			shown = b.atLeast(c.name+", MB/s", ours/1e6, naturalSpeed/1e6, false, "%.0f")
			if plain > 0 {
				shownPlain = b.atLeast(c.name+" without assembly, MB/s", plain/1e6, naturalPortable/1e6, false, "%.0f")
			}
		}
		b.line(c.name, fmt.Sprintf("%.0f", float64(size)/1e6), shown, shownPlain, fmt.Sprintf("%.0f", theirs/1e6), fmt.Sprintf("%.1f", library/1e6),
			b.atLeast(c.name+" over ripgrep", ours/theirs, bar, true, "%.2f"), fmt.Sprintf("%.0f", ours/library))
	}
	return os.RemoveAll(filepath.Join(s.work, "corpus"))
}

// wholeTree compares on two cores, by the clock.
func wholeTree(ctx context.Context, s settings, b *book) error {
	dir, what, err := tree(ctx, s)
	if err != nil {
		return err
	}
	files, size, err := sizeOf(dir)
	if err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	costs, err := interleaved(ctx, s.rounds, dir, agentScan(s.agent, 2, ""), ripgrep(2))
	if err != nil {
		return err
	}
	b.head(fmt.Sprintf("A tree of small files on two cores (%s: %d files, %.0f MB)", what, files, float64(size)/1e6),
		"", "seconds", "files/s", "processor seconds")
	ours, theirs := median(costs[0], wallOf), median(costs[1], wallOf)
	for i, name := range []string{"Vigía", "ripgrep"} {
		wall := median(costs[i], wallOf)
		b.line(name, fmt.Sprintf("%.2f", wall.Seconds()), fmt.Sprintf("%.0f", float64(files)/wall.Seconds()), fmt.Sprintf("%.2f", median(costs[i], cpuOf).Seconds()))
	}
	b.line("ripgrep / Vigía", b.atLeast("tree over ripgrep", theirs.Seconds()/ours.Seconds(), treeOverRipgrep, true, "%.2f"), "",
		fmt.Sprintf("%.2f", median(costs[1], cpuOf).Seconds()/median(costs[0], cpuOf).Seconds()))
	return os.RemoveAll(dir)
}

// settle waits until what has just been written is on the disk: to write it is no part of
// what is measured.
func settle(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "sync").CombinedOutput(); err != nil {
		return fmt.Errorf("sync: %w: %s", err, out)
	}
	return nil
}

// unchanged measures a second look at files that have not changed.
func unchanged(ctx context.Context, s settings, b *book) error {
	dir, err := tiny(s)
	if err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	scan := agentScan(s.agent, 2, filepath.Join(s.work, "cache"))
	first, err := scan(ctx, dir)
	if err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	costs, err := interleaved(ctx, min(3, s.rounds), dir, scan)
	if err != nil {
		return err
	}
	again := median(costs[0], wallOf)
	b.head(fmt.Sprintf("%d small files", s.files), "", "seconds", "files/s")
	rate := func(d time.Duration) string { return fmt.Sprintf("%.0f", float64(s.files)/d.Seconds()) }
	b.line("first time", fmt.Sprintf("%.2f", first.wall.Seconds()), rate(first.wall))
	b.line("again, nothing changed", b.atMost("unchanged files, seconds", again.Seconds(), recheckSeconds*float64(s.files)/1e6, false, "%.2f"), rate(again))
	return os.RemoveAll(dir)
}

// formats measures documents that must be unpacked.
func formats(ctx context.Context, s settings, b *book) error {
	dirs := map[string]string{}
	for _, name := range []string{"pdf", "docx"} {
		dirs[name] = filepath.Join(s.work, "documents", name)
		if err := os.MkdirAll(dirs[name], 0o750); err != nil {
			return fmt.Errorf("make documents: %w", err)
		}
	}
	pages, err := pdfs(s, dirs["pdf"])
	if err != nil {
		return err
	}
	inflated, err := documents(s, dirs["docx"])
	if err != nil {
		return err
	}
	scan := agentScan(s.agent, 1, "")
	b.head("Documents, on one core", "", "processor seconds", "rate")
	costs, err := interleaved(ctx, s.rounds, dirs["pdf"], scan)
	if err != nil {
		return err
	}
	cpu := median(costs[0], cpuOf).Seconds()
	b.line(fmt.Sprintf("PDF, %d pages", pages), fmt.Sprintf("%.2f", cpu), b.atLeast("PDF, pages/s", float64(pages)/cpu, pdfPages, false, "%.0f pages/s"))
	if costs, err = interleaved(ctx, s.rounds, dirs["docx"], scan); err != nil {
		return err
	}
	cpu = median(costs[0], cpuOf).Seconds()
	b.line(fmt.Sprintf("DOCX, %.0f MB inflated", float64(inflated)/1e6), fmt.Sprintf("%.2f", cpu),
		b.atLeast("DOCX, MB/s inflated", float64(inflated)/1e6/cpu, docxSpeed/1e6, false, "%.0f MB/s inflated"))
	return os.RemoveAll(filepath.Join(s.work, "documents"))
}

// memory measures the most that the worker holds.
func memory(ctx context.Context, s settings, b *book) error {
	small := s
	small.size = min(s.size, 200)
	corpora, err := makeCorpora(small)
	if err != nil {
		return err
	}
	dir := filepath.Join(s.work, "heavy")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make documents: %w", err)
	}
	if err := heavy(s, dir); err != nil {
		return err
	}
	b.head("Memory of the worker process (MiB resident, at most)", "", "MiB")
	for _, m := range []struct {
		what, dir string
		bar       float64
	}{
		{"text", corpora[len(corpora)-1].dir, textMemory}, {"bombs, huge documents, archives within archives", dir, anyMemory},
	} {
		peak, err := peakOfWorker(ctx, s.agent, m.dir)
		if err != nil {
			return err
		}
		if peak == 0 {
			b.missed = append(b.missed, m.what+": no worker process was seen")
		}
		b.line(m.what, b.atMost("memory on "+m.what+", MiB", float64(peak)/(1<<20), m.bar/(1<<20), true, "%.0f"))
	}
	return nil
}
