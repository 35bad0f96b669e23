package agent

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

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
				return &problem{code: "usage.path", args: map[string]string{"path": scan.DisplayPath(path)}, err: plainPath(err)}
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

// scan looks for personal data and writes what it finds: as JSON a line for each
// file, as text one for those that hold any, and a summary. An end before the time
// writes what there is until then.
func (c *cli) scan(ctx context.Context, opts scan.Options, format formatFlag) (err error) {
	out := steadily(c.stdout, flushEvery)
	defer func() { err = cmp.Or(err, out.Close()) }()
	bar, wipeBar, barDone := c.scanBar()
	opts.Progress = bar
	each, finish := scanJSON(out)
	if format != formatJSON {
		report := newScanReport(c.say, out)
		each = report.each
		finish = func(s scan.Summary) error { return report.finish(s, scanCode(s)) }
	}
	if _, watched := terminalOf(c.stdout); watched {
		write := each
		each = func(r scan.FileResult) error {
			if format == formatJSON || r.Status == scan.Found {
				wipeBar() // on one screen, a line would be written behind it
			}
			return write(r)
		}
	}
	summary, err := scan.Run(ctx, opts, each)
	barDone()
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if err := finish(summary); err != nil {
		return err
	}
	if code := scanCode(summary); code != exitFine {
		return answer(code)
	}
	return nil
}

// scanCode is the exit code of a scan.
func scanCode(s scan.Summary) int {
	switch {
	case s.Files[scan.Found] > 0:
		return exitNo
	case s.Unknown() > 0 || !s.Complete:
		return exitUnknown
	default:
		return exitFine
	}
}
