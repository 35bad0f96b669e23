package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/hosttest"
	"vigia/checks/host/local"
	"vigia/checks/personaldata/scan"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/packaging/service"
)

func (c *cli) runCommand() *cobra.Command {
	var config, data string
	var once, managed bool
	cmd := c.command("run [--config FILE] [--data DIR] [--once]", "run", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		if once {
			return c.once(cmd.Context(), config, data)
		}
		return c.serve(cmd.Context(), config, data, managed)
	})
	cmd.Flags().StringVar(&config, "config", "", c.say.text("flag.config", nil))
	cmd.Flags().BoolVar(&once, "once", false, c.say.text("flag.once", nil))
	cmd.Flags().BoolVar(&managed, managedFlag, false, "")
	cmd.Flags().Lookup(managedFlag).Hidden = true
	c.dataFlag(cmd, &data)
	return cmd
}

// managedFlag is given by the service manager of Windows, as the service was installed.
const managedFlag = "service"

// serviceName is that of the service, under systemd and Windows.
const serviceName = "vigia-agent"

// gcPercent trades some processor time for memory: an agent is idle nearly
// always, on machines with little of either.
const gcPercent = 20

// sharedFor is how long a search of documents answers the next check that asks for the
// same.
const sharedFor = 10 * time.Minute

// spread is over how long machines that start together call the collector.
const spread = 5 * time.Second

// serve is the service: it works until it is told to end.
func (c *cli) serve(ctx context.Context, config, data string, managed bool) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	var running atomic.Pointer[Agent]
	return service.Run(ctx, service.Program{
		Name: serviceName,
		Run: func(ctx context.Context, ready func()) (err error) {
			logs := c.stderr
			if managed { // nobody reads what a service of Windows prints
				if err := folder(data).makeSafe(ctx, local.New(local.Options{})); err != nil {
					return err
				}
				file := folder(data).log()
				logs = file
				defer func() { err = errors.Join(err, file.Close()) }()
			}
			opts, err := c.options(ctx, config, data, logs, false)
			if err != nil {
				fmt.Fprintln(logs, c.explain(err))
				return err
			}
			if managed || underManager(c.environ) {
				if err := folder(data).makeSafe(ctx, opts.Machine()); err != nil { // before anything is written there
					opts.Logger.ErrorContext(ctx, "agent not started", "error", c.explain(err))
					return err
				}
				var stop func()
				opts.Crashed, stop = keepCrashes(folder(opts.Config.DataDir), opts.Logger)
				defer stop()
			}
			if managed {
				if err := service.Recover(serviceName); err != nil {
					opts.Logger.WarnContext(ctx, "the service may not be started again after a bad end", "error", err)
				}
			}
			a, err := c.openService(ctx, opts, managed || underManager(c.environ), ready)
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return nil // it ended while it waited to be enrolled
			}
			if err != nil {
				opts.Logger.ErrorContext(ctx, "agent not started", "error", c.explain(err))
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			running.Store(a)
			return a.Run(ctx, ready)
		},
		Alive: func(ctx context.Context) error {
			if a := running.Load(); a != nil {
				return a.Alive(ctx)
			}
			return nil // it waits to be enrolled
		},
	}, c.environ, managed)
}

// openService opens the agent. Looked after, it does so only from a place that nobody else
// can change, and waits to be enrolled, which is then all that it is there for.
func (c *cli) openService(ctx context.Context, opts Options, lookedAfter bool, ready func()) (*Agent, error) {
	dir := folder(opts.Config.DataDir)
	w := awaited{
		dir: dir, machine: opts.Machine, version: c.version, marks: opts.Marks, proxy: opts.Config.Proxy, environ: opts.Environ,
		logger: opts.Logger, explain: c.explain, first: firstRetry, soonest: soonestAsk,
	}
	if !lookedAfter {
		if _, asked, err := identity.WhatIsAsked(dir.identity()); err == nil && asked {
			if err := w.enrolled(ctx); err != nil {
				return nil, err
			}
		}
		return Open(ctx, opts)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the agent's own program: %w", err)
	}
	if err := service.MakeFolder(opts.Config.DataDir); err != nil {
		return nil, err
	}
	self, err := service.Account()
	if err != nil {
		return nil, err
	}
	if err := safePlace(ctx, opts.Machine(), self, program, opts.Config.DataDir); err != nil {
		return nil, err
	}
	if _, err := identity.Load(dir.identity(), nil); errors.Is(err, identity.ErrNotEnrolled) {
		ready()
		if err := w.enrolled(ctx); err != nil {
			return nil, err
		}
	}
	return openWhenFree(ctx, opts, ready, lookForAsked)
}

// openWhenFree opens the agent once nobody else works in its folder: somebody who enrolled
// the machine is about to leave it, somebody who runs the agent by hand has it till he ends.
func openWhenFree(ctx context.Context, opts Options, ready func(), look time.Duration) (*Agent, error) {
	for told := false; ; {
		a, err := Open(ctx, opts)
		if !errors.Is(err, errInUse) {
			return a, err
		}
		if !told {
			opts.Logger.WarnContext(ctx, "another agent works in the data folder: waiting for its end", "data", opts.Config.DataDir)
			told = true
		}
		ready()
		timer := time.NewTimer(look)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// options are those of an agent on this machine. Somebody waits for one that runs once.
func (c *cli) options(ctx context.Context, config, data string, logs io.Writer, once bool) (Options, error) {
	cfg, err := LoadConfig(config, data, c.environ)
	if err != nil {
		return Options{}, err
	}
	directory, err := cfg.directory(ctx, configFile(config, data))
	if err != nil {
		return Options{}, err
	}
	documents := &scan.Shared{
		PersonalData: scan.PersonalData{Share: scan.ServiceShare, Cache: folder(cfg.DataDir).scan(), Worker: scan.Worker(), Load: local.Load},
		For:          sharedFor,
	}
	var media host.Media // of a single run: what is plugged in now
	beside := map[string]func(context.Context) error{}
	if once {
		documents.Share, documents.Load, documents.Jobs = 0, nil, runtime.GOMAXPROCS(0)
	} else {
		watch := local.NewMediaWatch(folder(cfg.DataDir).media())
		media, beside["removable media"] = watch, watch.Run
	}
	return Options{
		Config: cfg, Environ: c.environ, Marks: local.ReadMarks,
		Machine: func() *host.Host {
			return live(documents, directory, media)
		},
		Rest: local.Rest, Beside: beside,
		Spread: spread, Version: c.version,
		Logger: logger(cfg, logs),
		Watch: func(ctx context.Context, changed func()) error {
			return scan.Watcher{Changed: changed}.Run(ctx)
		},
	}, nil
}

// once measures and delivers a single time, and shows what it found.
func (c *cli) once(ctx context.Context, config, data string) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	opts, err := c.options(ctx, config, data, c.stderr, true)
	if err != nil {
		return err
	}
	a, err := Open(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	began := time.Now()
	fmt.Fprintln(c.stderr, c.say.text("run.measuring", nil))
	if err := a.Once(ctx); err != nil {
		return err
	}
	s := a.view.snapshot()
	if err := c.writeTable(catalog.New(), measurements(a.ledger.Newest()), "", time.Since(began)); err != nil {
		return err
	}
	if s.ByHand {
		fmt.Fprintln(c.stdout, c.say.text("run.by_hand", map[string]string{
			"count": strconv.Itoa(len(s.Results)), "sequence": number(s.Spool.Last),
		}))
		return nil
	}
	fmt.Fprintln(c.stdout, c.say.text("run.once", map[string]string{
		"count": strconv.Itoa(len(s.Results)), "sequence": strconv.FormatUint(s.Spool.Acked, 10), "collector": s.Collector,
	}))
	return nil
}

// measurements are the results of a run as the table shows them.
func measurements(results []*apiv1.Result) []measurement {
	out := make([]measurement, 0, len(results))
	for _, r := range results {
		m := measurement{
			entry: policy.Entry{ID: r.GetEntry(), Control: r.GetControl(), Check: r.GetCheck()},
			result: checks.Result{Check: r.GetCheck(), Verdict: checks.Verdict{
				Status: checks.Status(r.GetStatus().Word()), Reason: reasonOf(r.GetReason()),
			}},
		}
		for _, f := range r.GetFindings() {
			m.result.Findings = append(m.result.Findings, checks.Finding{
				Key: f.GetKey(), Status: checks.Status(f.GetStatus().Word()), Reason: reasonOf(f.GetReason()),
			})
		}
		out = append(out, m)
	}
	return out
}

func (c *cli) recordCommand() *cobra.Command {
	return c.command("record DIR", "record", func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return c.usage(cmd, "usage.missing", map[string]string{"what": "DIR"})
		case 1:
			return c.record(cmd.Context(), args[0])
		default:
			return c.tooMany(cmd, args[1])
		}
	})
}

// brief searches for personal data for a few seconds only: a recording is of
// settings, and its one line about documents says that it is not complete.
type brief struct{ host.PersonalData }

const briefly = 20 * time.Second

// Scan implements host.PersonalData.
func (b brief) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	return b.PersonalData.Scan(ctx, req)
}

var errNotEmpty = errors.New("it is not empty")

// record runs every check there is on this machine and keeps what they asked.
func (c *cli) record(ctx context.Context, dir string) error {
	unfit := func(err error) error {
		if errors.Is(err, errNotEmpty) {
			return &problem{code: "usage.not_empty", args: map[string]string{"path": dir}}
		}
		return &problem{code: "usage.write", args: map[string]string{"path": dir}, err: plainPath(err)}
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = errNotEmpty
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unfit(err) // before the minutes that measuring takes
	}
	cat := catalog.New()
	p, err := policy.DefaultPolicy(nil, cat)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	recorder := hosttest.NewRecorder(local.New(local.Options{PersonalData: brief{scan.PersonalData{Worker: scan.Worker()}}}))
	if _, err := c.measure(ctx, cat, recorder.Host(), p.Entries); err != nil {
		return err
	}
	if err := recorder.Save(dir); err != nil {
		return unfit(err)
	}
	fmt.Fprintln(c.stdout, c.say.text("record.done", map[string]string{"dir": dir}))
	return nil
}
