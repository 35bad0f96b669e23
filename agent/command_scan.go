package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"vigia/checks/personaldata/scan"
)

func (c *cli) scanCommand() *cobra.Command {
	format := formatText
	var opts scan.Options
	var noCache bool
	cmd := c.command("scan PATH... [--format text|json] [--jobs N] [--no-cache]", "scan", func(cmd *cobra.Command, paths []string) error {
		if len(paths) == 0 {
			return c.usage(cmd, "usage.missing", map[string]string{"what": "PATH"})
		}
		if opts.Jobs < 0 {
			return c.usage(cmd, "usage.flag", map[string]string{"detail": "--jobs " + strconv.Itoa(opts.Jobs)})
		}
		for _, path := range paths {
			if _, err := os.Lstat(path); err != nil {
				return &problem{code: "usage.path", args: map[string]string{"path": path}, err: plainPath(err)}
			}
		}
		opts.Roots, opts.Worker = paths, scan.Worker()
		if !noCache {
			opts.Cache = scanCache()
		}
		return c.scan(cmd.Context(), opts, format)
	})
	cmd.Flags().Var(&format, "format", c.say.text("flag.format", nil))
	cmd.Flags().IntVar(&opts.Jobs, "jobs", 0, c.say.text("flag.jobs", nil))
	cmd.Flags().BoolVar(&noCache, "no-cache", false, c.say.text("flag.no_cache", nil))
	return cmd
}

// scanCache is the file in which this user's scans remember what has not changed, or
// empty where users have no place for such files.
func scanCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "vigia-agent", scan.CacheName)
}

// scan looks for personal data and writes a line for each file: as JSON each
// one, as text those that hold any or were not read whole.
func (c *cli) scan(ctx context.Context, opts scan.Options, format formatFlag) error {
	each, finish := c.scanText()
	if format == formatJSON {
		each, finish = scanJSON(c.stdout)
	}
	bar, done := c.scanBar()
	opts.Progress = bar
	summary, err := scan.Run(ctx, opts, func(r scan.FileResult) error { return each(r) })
	done()
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if err := finish(summary); err != nil {
		return err
	}
	switch {
	case summary.Files[scan.Found] > 0:
		return answer(exitNo)
	case summary.Unknown() > 0 || !summary.Complete:
		return answer(exitUnknown)
	default:
		return nil
	}
}

func scanJSON(w io.Writer) (each func(scan.FileResult) error, finish func(scan.Summary) error) {
	out := bufio.NewWriter(w)
	var line []byte
	return func(r scan.FileResult) error {
			line = append(r.AppendJSON(line[:0]), '\n')
			_, err := out.Write(line)
			return err
		}, func(s scan.Summary) error {
			enc := json.NewEncoder(out)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(struct {
				Summary scan.Summary `json:"summary"`
			}{s}); err != nil {
				return err
			}
			return out.Flush()
		}
}

func (c *cli) scanText() (each func(scan.FileResult) error, finish func(scan.Summary) error) {
	each = func(r scan.FileResult) error {
		var line string
		switch r.Status {
		case scan.Found:
			var counts []string
			for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
				counts = append(counts, fmt.Sprintf("%s %d", kind, r.Counts[kind]))
			}
			line = c.say.text("scan.found", map[string]string{
				"path": printable(r.Path), "persons": strconv.Itoa(r.Persons), "counts": strings.Join(counts, ", "),
				"level": c.say.text("level."+string(r.Level), nil),
			})
		case scan.Incomplete, scan.Unreadable:
			line = c.say.text("scan.unread", map[string]string{"path": printable(r.Path), "reason": string(r.Reason)})
		case scan.Clean, scan.Skipped:
			return nil
		}
		_, err := fmt.Fprintln(c.stdout, line)
		return err
	}
	finish = func(s scan.Summary) error {
		var files int64
		for _, n := range s.Files {
			files += n
		}
		if s.Stopped != "" {
			fmt.Fprintln(c.stdout, c.say.text("scan.stopped", map[string]string{"reason": string(s.Stopped)}))
		}
		_, err := fmt.Fprintln(c.stdout, c.say.text("scan.summary", map[string]string{
			"files": strconv.FormatInt(files, 10), "bytes": size(s.Bytes),
			"found": strconv.FormatInt(s.Files[scan.Found], 10), "unknown": strconv.FormatInt(s.Unknown(), 10),
			"seconds": strconv.FormatFloat(float64(s.TookMS)/1000, 'f', 1, 64),
		}))
		return err
	}
	return each, finish
}

// printable shows what would move a terminal's cursor as a question mark.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// scanBar shows the progress on stderr, if that is a terminal.
func (c *cli) scanBar() (update func(scan.Progress), done func()) {
	if _, ok := terminalOf(c.stderr); !ok {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(c.stderr),
		progressbar.OptionSetDescription(c.say.text("scan.progress", nil)),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true))
	total := int64(-1)
	// The bar is only for the eye: that it could not be drawn changes nothing.
	return func(p scan.Progress) {
			if p.Counted && p.TotalBytes > 0 && total != p.TotalBytes {
				total = p.TotalBytes
				bar.ChangeMax64(total)
			}
			_ = bar.Set64(min(p.Bytes, max(total, p.Bytes)))
		}, func() {
			_ = bar.Finish()
		}
}
