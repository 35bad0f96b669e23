// Command benchtest measures the search for personal data against ripgrep and against
// Go's regular expressions, on the same files, and fails when a promise is not kept.
//
// The files come from a seed (package corpustest), and from Debian's Linux sources
// where those are installed. The agent is measured as it runs: the program in bin/, its
// worker process included. Speed is bytes by processor time, the user's and the
// system's, of all processes; programs take turns, and the median counts, so that a
// busy machine spoils a ratio little. What is printed is Markdown.
//
// The folder's name ends in "test" because it is a support of tests, and linked into
// neither program.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// settings are what the command line says.
type settings struct {
	agent    string // the program to measure
	portable string // the same program built without assembly; empty: not measured
	seed     uint64
	size     int // of the corpus, in MB
	rounds   int
	files    int // unchanged files that are looked at again
	work     string
	absolute bool // hold the bars that are no ratios too
	part     string
	stderr   io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main, for its exit status: 0 all bars held, 1 one was missed, 2 it could not be told.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s := settings{stderr: stderr}
	flags := flag.NewFlagSet("benchtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.agent, "agent", "bin/vigia-agent", "the `program` to measure")
	flags.StringVar(&s.portable, "portable", "", "the same `program`, built with -tags purego")
	flags.Uint64Var(&s.seed, "seed", 1, "of the corpus")
	flags.IntVar(&s.size, "mb", 1730, "`megabytes` of the corpus")
	flags.IntVar(&s.rounds, "rounds", 5, "of each measurement")
	flags.IntVar(&s.files, "files", 250_000, "unchanged `files` that are looked at again; the bar is for a million, and its time for fewer is in proportion")
	flags.BoolVar(&s.absolute, "absolute", true, "hold the bars in bytes a second too, which depend on the machine")
	flags.StringVar(&s.part, "part", "", "measure only the parts whose `name` holds this: text, tree, unchanged, documents, memory")
	profileTo := flags.String("profile", "", "measure nothing: write to this `file` where the time of reading goes, for the compiler")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	work, err := os.MkdirTemp("", "vigia-bench.")
	if err != nil {
		fmt.Fprintln(stderr, "benchtest:", err)
		return 2
	}
	defer func() { _ = os.RemoveAll(work) }() // what is left is in the temporary folder
	if s.work, err = filepath.EvalSymlinks(work); err != nil {
		fmt.Fprintln(stderr, "benchtest:", err)
		return 2
	}
	if *profileTo != "" {
		if err := profile(ctx, s, *profileTo); err != nil {
			fmt.Fprintln(stderr, "benchtest:", err)
			return 2
		}
		return 0
	}
	held, err := measureAll(ctx, s, stdout)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "benchtest:", err)
		return 2
	case !held:
		return 1
	}
	return 0
}
