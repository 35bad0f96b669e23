package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A cost is what one run of a program took.
type cost struct {
	cpu  time.Duration // of the program and those it started, the user's and the system's
	wall time.Duration
	out  []byte
}

// runProgram runs a program to its end. Exit statuses up to 3 are answers, not errors.
func runProgram(ctx context.Context, env []string, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, message bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &message
	cmd.Env = append(os.Environ(), env...)
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0 || exit.ExitCode() > 3) {
		return cost{}, fmt.Errorf("run %s: %w: %s", filepath.Base(name), err, message.Bytes())
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall, out.Bytes()}, nil
}

// A contender is a way to search a folder.
type contender func(ctx context.Context, dir string) (cost, error)

// agentScan is the product as it runs, without a cache or with one in a folder.
func agentScan(program string, jobs int, cache string) contender {
	args := []string{"scan", "--format", "json", "--jobs", strconv.Itoa(jobs)}
	var env []string
	if cache == "" {
		args = append(args, "--no-cache")
	} else {
		env = []string{"XDG_CACHE_HOME=" + cache}
	}
	return func(ctx context.Context, dir string) (cost, error) {
		c, err := runProgram(ctx, env, program, append(slices.Clone(args), dir)...)
		if err != nil {
			return c, err
		}
		_, err = summaryOf(c.out)
		return c, err
	}
}

// A summary is what the benchmark needs of the last line of a scan.
type summary struct {
	Files    map[string]int64 `json:"files"`
	Reasons  map[string]int64 `json:"reasons"`
	Counts   map[string]int64 `json:"counts"`
	Bytes    int64            `json:"bytes"`
	Complete bool             `json:"complete"`
}

// summaryOf reads the summary, and fails for a scan that did not see everything: its
// speed would say nothing.
func summaryOf(out []byte) (summary, error) {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var last struct {
		Summary *summary `json:"summary"`
	}
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Summary == nil {
		return summary{}, fmt.Errorf("the scan ended without a summary: %.200q", lines[len(lines)-1])
	}
	if !last.Summary.Complete {
		return *last.Summary, fmt.Errorf("the scan is not complete: %v", last.Summary.Reasons)
	}
	return *last.Summary, nil
}

// ripgrep finds all matches of the patterns, as bytes and not as Unicode.
func ripgrep(jobs int) contender {
	args := []string{"--no-config", "-j", strconv.Itoa(jobs), "--no-unicode", "-uuu", "-a", "--count-matches", "--no-messages"}
	for _, p := range patterns() {
		args = append(args, "-e", p)
	}
	return func(ctx context.Context, dir string) (cost, error) {
		return runProgram(ctx, nil, "rg", append(slices.Clone(args), dir)...)
	}
}

// goRegexp is the speed of Go's regular expressions in bytes a second, on the first
// bytes of a folder: one pattern after another, which is faster than all in one.
func goRegexp(dir string, slice int) (float64, error) {
	var text []byte
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if len(text) >= slice {
			return filepath.SkipAll
		}
		b, err := os.ReadFile(path)
		text = append(text, b...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read corpus: %w", err)
	}
	text = text[:min(slice, len(text))]
	var compiled []*regexp.Regexp
	for _, p := range patterns() {
		r, err := regexp.Compile(p)
		if err != nil {
			return 0, fmt.Errorf("compile pattern: %w", err)
		}
		compiled = append(compiled, r)
	}
	before := time.Now()
	for _, r := range compiled {
		r.FindAllIndex(text, -1)
	}
	return float64(len(text)) / time.Since(before).Seconds(), nil
}

// sizeOf is how many regular files a folder holds and their bytes.
func sizeOf(dir string) (files int, size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			files, size = files+1, size+info.Size()
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("read corpus: %w", err)
	}
	return files, size, err
}

// interleaved runs contenders in turns and returns the costs of each.
func interleaved(ctx context.Context, rounds int, dir string, contenders ...contender) ([][]cost, error) {
	costs := make([][]cost, len(contenders))
	for range rounds {
		for i, run := range contenders {
			if run == nil {
				continue
			}
			c, err := run(ctx, dir)
			if err != nil {
				return nil, err
			}
			c.out = nil
			costs[i] = append(costs[i], c)
		}
	}
	return costs, nil
}

// median of what of gives for each cost.
func median(costs []cost, of func(cost) time.Duration) time.Duration {
	if len(costs) == 0 {
		return 0
	}
	var all []time.Duration
	for _, c := range costs {
		all = append(all, of(c))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func cpuOf(c cost) time.Duration  { return c.cpu }
func wallOf(c cost) time.Duration { return c.wall }

// peakOfWorker runs the agent and returns the most memory that a process it started had
// resident at a time, in bytes; 0 when it started none.
func peakOfWorker(ctx context.Context, program, dir string) (int64, error) {
	cmd := exec.CommandContext(ctx, program, "scan", "--format", "json", "--jobs", "1", "--no-cache", dir)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start agent: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	children := fmt.Sprintf("/proc/%d/task", cmd.Process.Pid)
	var peak int64
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0) {
				return 0, fmt.Errorf("run agent: %w", err)
			}
			return peak, nil
		case <-tick.C:
		}
		tasks, _ := filepath.Glob(children + "/*/children")
		for _, task := range tasks {
			b, err := os.ReadFile(task)
			if err != nil {
				continue // it has just ended
			}
			for pid := range strings.FieldsSeq(string(b)) {
				peak = max(peak, residentPeak(pid))
			}
		}
	}
}

// residentPeak is VmHWM of a process.
func residentPeak(pid string) int64 {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(b), "VmHWM:")
	if fields := strings.Fields(rest); ok && len(fields) > 0 {
		kb, _ := strconv.ParseInt(fields[0], 10, 64) // the kernel's own number
		return kb << 10
	}
	return 0
}
