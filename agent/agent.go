// Package agent is vigia-agent: the program that measures one machine and
// delivers what it measured to the collector.
//
// It joins the parts (schedule, spool, deliver, identity) with the checks and
// the machine, and holds the command line. It listens on no port, starts no
// other program and takes no command from the network but its policy, which
// must be signed by the key that it pinned when it enrolled. Before anything is
// delivered it is signed and on disk. What is measured is shown to the
// machine's user in a local page.
package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/agent/proxy"
	"vigia/agent/schedule"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/message"
	"vigia/checks/policy"
)

// Times of the agent's own work.
const (
	tickEvery    = time.Minute
	renewalRetry = 10 * time.Minute
)

// Options are what an Agent needs from outside.
type Options struct {
	Config  Config
	Environ []string          // as os.Environ gives it; nil: empty
	Machine func() *host.Host // the machine as it is now
	// Marks tell the machine from others; nil: nobody can.
	Marks func() local.Marks
	Now   func() time.Time // nil: time.Now
	// Spread is the most that a delivery waits, so that machines which are
	// switched on together do not call together.
	Spread  time.Duration
	Version string // of this build
	Logger  *slog.Logger
	// Crashed is how the agent died the last time, nil if it did not.
	Crashed *crash
	// Watch calls changed whenever users' files have changed, until its context ends;
	// nil: nobody watches, and documents are looked at when their time comes.
	Watch func(ctx context.Context, changed func()) error
	// Rest is called after a round of checks and after a delivery, to give back memory;
	// nil: nothing is done.
	Rest func()
	// Beside is what runs for as long as the agent does, by what it watches. One that ends
	// is told of in the log, and missed by the check that asks it.
	Beside map[string]func(context.Context) error
}

// Agent is an enrolled machine at work.
type Agent struct {
	folder   folder
	opts     Options
	unlock   func() error
	id       *identity.Identity
	queue    *spool.Queue
	policies *policies
	ledger   *schedule.Ledger
	tasks    *schedule.Scheduler
	reporter *reporter
	client   *deliver.Client
	proxy    *proxy.Dialer
	view     *view
	wake     chan struct{} // there is something to deliver
	starts   *starts
	safe     bool         // the agent died again and again: it does with less
	ticked   atomic.Int64 // when it last looked whether a report is due, in unix seconds
}

// Open reads all that is kept, and locks the data folder. Nothing runs yet.
func Open(ctx context.Context, opts Options) (_ *Agent, err error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Rest == nil {
		opts.Rest = func() {}
	}
	a := &Agent{folder: folder(opts.Config.DataDir), opts: opts, wake: make(chan struct{}, 1)}
	if a.id, err = identity.Load(a.folder.identity(), opts.Now); err != nil {
		return nil, err
	}
	if a.unlock, err = a.folder.lock(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.proxy, err = proxy.New(cmp.Or(opts.Config.Proxy, a.id.Proxy()), opts.Environ); err != nil {
		return nil, err
	}
	kept, err := spool.Dir(a.folder.enrolment(a.id.AgentID()))
	if err != nil {
		return nil, err
	}
	reports, err := spool.Dir(a.folder.spool(a.id.AgentID()))
	if err != nil {
		return nil, err
	}
	if a.queue, err = spool.Open(reports, spool.Options{MaxBytes: opts.Config.Spool.MaxBytes, Now: opts.Now}); err != nil {
		return nil, err
	}
	a.starts = &starts{store: shelf{kept, startsFile, maxStarts}, now: opts.Now, logger: opts.Logger}
	if a.safe, err = a.starts.begin(); err != nil { // a full disk is told of, and no reason to stay away
		opts.Logger.WarnContext(ctx, "this start is not counted", "error", err)
	}
	cat := catalog.New()
	a.policies = &policies{
		catalog: cat, now: opts.Now, agentID: a.id.AgentID(), keys: a.id.PolicyKeys,
		store: shelf{kept, policyFile, 2 * policy.MaxPolicy}, logger: opts.Logger,
		good: shelf{kept, goodPolicyFile, 2 * policy.MaxPolicy}, safe: a.safe,
		adopted: a.adopt,
		refused: func(ctx context.Context, args map[string]string) { a.tell(ctx, eventPolicyRefused, args) },
	}
	if err := a.policies.load(ctx); err != nil {
		return nil, err
	}
	a.ledger = schedule.NewLedger(opts.Now)
	a.ledger.SetDelivered(a.queue.Delivered)
	a.view = newView(a, cat, message.Lang(opts.Config.Language))
	a.reporter = &reporter{
		queue: a.queue, ledger: a.ledger, id: a.id, policies: a.policies, now: opts.Now, started: opts.Now(),
		machine: (&introducer{machine: opts.Machine, version: opts.Version, marks: opts.Marks}).describe,
		wrote:   a.wrote,
	}
	if err := a.reporter.recall(); err != nil {
		return nil, fmt.Errorf("read the last reports: %w", err)
	}
	a.noteStart()
	a.tasks = schedule.New(schedule.Options{Seed: a.id.AgentID(), Wall: opts.Now, Idle: a.rest})
	if p, ok := a.policies.get(); ok {
		a.follow(p)
	}
	a.client, err = deliver.New(deliver.Options{
		Address: a.address, Dial: a.proxy.Dial, Credentials: a.id, Queue: outbox{a.queue, a.id}, Policies: a.policies, Recipient: a.id,
		Checkpoints: shelf{kept, checkpointsFile, maxCheckpoints}, Tell: a.reporter.tell,
		Spread: opts.Spread, Anyway: a.anyway, Done: a.delivered, Now: opts.Now, Logger: opts.Logger,
	})
	return a, err
}

// Close lets go of the data folder.
func (a *Agent) Close() error {
	var err error
	if a.queue != nil {
		err = a.queue.Close()
	}
	return errors.Join(err, a.unlock())
}

// noteStart notes what the collector should know of this start.
func (a *Agent) noteStart() {
	a.reporter.note(eventStarted, map[string]string{"version": a.opts.Version})
	if a.safe {
		a.reporter.note(eventSafeMode, nil)
	}
	if c := a.opts.Crashed; c != nil {
		a.reporter.note(eventCrashed, map[string]string{"what": c.What, "where": c.Where})
	}
	stats := a.queue.Stats()
	if stats.Damaged > 0 {
		a.reporter.note(eventDamaged, map[string]string{"reports": fmt.Sprint(stats.Damaged)})
	}
	if stats.Dropped > 0 {
		a.reporter.note(eventDropped, map[string]string{"reports": fmt.Sprint(stats.Dropped)})
	}
}

func (a *Agent) address() string { return cmp.Or(a.opts.Config.Collector, a.id.Collector()) }

// byHand tells whether there is no route to the collector: a person carries what is
// measured, see export.
func (a *Agent) byHand() bool { return noRoute(a.address()) }

// way is how the collector is reached.
func (a *Agent) way() identity.Way { return identity.Way{Address: a.address(), Dial: a.proxy.Dial} }

// adopt begins to follow a new policy.
func (a *Agent) adopt(p policy.Policy) {
	a.follow(p)
	a.ledger.NeedFull()
}

func (a *Agent) follow(p policy.Policy) {
	ids := make([]string, 0, len(p.Entries))
	for _, e := range p.Entries {
		ids = append(ids, e.ID)
	}
	a.ledger.SetPolicy(ids, schedule.Terms{
		Report: time.Duration(p.Schedule.Report), Snapshot: time.Duration(p.Schedule.Snapshot),
	})
	a.tasks.Set(a.tasksOf(p))
}

// leftOut names the entries of the policy in force that safe mode does without.
func (a *Agent) leftOut() []string {
	if !a.safe {
		return nil
	}
	p, _ := a.policies.get()
	var out []string
	for _, e := range p.Entries {
		if check, ok := a.policies.catalog.Lookup(e.Check); ok && check.Info().Heavy {
			out = append(out, e.ID)
		}
	}
	return out
}

// tasksOf makes a policy's tasks, in safe mode the light ones only: those that read much,
// documents and copies, are where a program meets what it cannot bear.
func (a *Agent) tasksOf(p policy.Policy) []schedule.Task {
	all := tasks(p, a.policies.catalog, a.opts.Machine, a.ledger)
	if a.safe {
		all = slices.DeleteFunc(all, func(t schedule.Task) bool { return t.Heavy })
	}
	return all
}

// Run measures and delivers until the context ends, and then ends in order. ready is
// called once all parts run. A safe mode ends by itself after some hours, with an error,
// so that the agent is started again and tries everything once more.
func (a *Agent) Run(ctx context.Context, ready func()) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	a.opts.Logger.InfoContext(ctx, "agent started", "agent_id", a.id.AgentID(), "version", a.opts.Version, "collector", a.address())
	beside := a.opts.Beside
	if a.safe {
		a.opts.Logger.WarnContext(ctx, "safe mode: the agent ended badly several times; for some hours it watches no folders and no devices, and leaves out some checks",
			"left_out", a.leftOut())
		a.opts.Watch, beside = nil, nil
	}
	a.ticked.Store(a.opts.Now().Unix())
	var parts sync.WaitGroup
	for _, part := range []func(context.Context){
		a.tasks.Run,
		a.callCollector,
		a.receive,
		func(ctx context.Context) { a.tick(ctx, end) },
		a.watch,
	} {
		parts.Go(func() { part(ctx) })
	}
	for what, run := range beside {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				a.opts.Logger.WarnContext(ctx, "not watched any more", "what", what, "error", err)
			}
		})
	}
	ready()
	parts.Wait()
	a.opts.Logger.InfoContext(ctx, "agent ended")
	err := a.starts.end()
	if errors.Is(context.Cause(ctx), errTryAgain) {
		err = errors.Join(errTryAgain, err)
	}
	return err
}

// callCollector delivers and renews, where there is a route.
func (a *Agent) callCollector(ctx context.Context) {
	if a.byHand() {
		a.opts.Logger.InfoContext(ctx, "no route to the collector: what is measured waits for vigia-agent export")
		return
	}
	var parts sync.WaitGroup
	parts.Go(func() { a.client.Run(ctx, a.wake) })
	parts.Go(func() { a.renew(ctx) })
	parts.Wait()
}

// aliveWithin is how long the agent may take over one look at what is due.
const aliveWithin = 5 * time.Minute

// Alive tells whether the running agent does its work.
func (a *Agent) Alive(context.Context) error {
	last := time.Unix(a.ticked.Load(), 0)
	if ago := a.opts.Now().Sub(last); ago > aliveWithin {
		return fmt.Errorf("nothing was looked at for %s", ago.Round(time.Second))
	}
	return nil
}

// watch looks at documents soon after they change. Without a watch they are looked at
// when their time comes.
func (a *Agent) watch(ctx context.Context) {
	if a.opts.Watch == nil {
		return
	}
	err := a.opts.Watch(ctx, func() {
		p, _ := a.policies.get()
		for _, e := range p.Entries {
			if strings.HasPrefix(e.Check, documentChecks) {
				a.tasks.Soon(e.ID)
			}
		}
	})
	if err != nil && ctx.Err() == nil {
		a.opts.Logger.WarnContext(ctx, "user folders not watched", "error", err)
	}
}

// documentChecks begin so, those that look into documents.
const documentChecks = "personaldata."

// Once measures everything a single time, by the newest policy, reports it in
// full and delivers it. What could not be delivered is measured and on disk
// all the same.
func (a *Agent) Once(ctx context.Context) error {
	if err := a.takeInbox(ctx); err != nil {
		a.opts.Logger.WarnContext(ctx, "answers that were brought wait", "error", err)
	}
	if !a.byHand() {
		a.callFirst(ctx)
	}
	p, _ := a.policies.get()
	schedule.Once(ctx, a.tasksOf(p))
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.reporter.write(ctx, schedule.Full); err != nil {
		return err
	}
	var err error
	if !a.byHand() {
		_, err = a.client.Deliver(ctx)
	}
	return errors.Join(err, a.starts.end())
}

// callFirst renews the certificate if it is time, and asks for the newest policy.
func (a *Agent) callFirst(ctx context.Context) {
	if a.opts.Now().After(a.id.RenewAt()) {
		if err := a.id.Renew(ctx, a.way()); err != nil {
			a.opts.Logger.WarnContext(ctx, "certificate not renewed", "error", err, "expires", a.id.Expires())
		}
	}
	if _, err := a.client.Deliver(ctx); err != nil {
		a.opts.Logger.WarnContext(ctx, "delivery failed, measuring by the policy of before", "error", err)
	}
}

// tick reports what is due when nothing was measured, and tries again what
// could not be written. It also notices that the agent has lasted.
func (a *Agent) tick(ctx context.Context, end context.CancelCauseFunc) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	began, steady := time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		a.report(ctx)
		a.ticked.Store(a.opts.Now().Unix())
		if !steady && time.Since(began) >= steadyAfter {
			steady = a.lasted(ctx)
		}
		a.policyLasts(ctx, steadyAfter)
		if a.safe && time.Since(began) >= safeFor {
			end(errTryAgain)
		}
	}
}

// lasted notes that the agent has lasted; it reports whether it could.
func (a *Agent) lasted(ctx context.Context) bool {
	if err := a.starts.end(); err != nil {
		a.opts.Logger.WarnContext(ctx, "not noted that the agent lasts, it is tried again in a minute", "error", err)
		return false
	}
	return true
}

// policyLasts notes the policy in force as a good one once the agent has lasted with that
// very one.
func (a *Agent) policyLasts(ctx context.Context, least time.Duration) {
	if err := a.policies.steady(least); err != nil {
		a.opts.Logger.WarnContext(ctx, "not noted that the agent lasts with its policy, it is tried again in a minute", "error", err)
	}
}

// rest reports what a round of checks found, and gives back the memory that it took: for
// most of an hour nothing will want it.
func (a *Agent) rest(ctx context.Context) {
	a.report(ctx)
	a.opts.Rest()
}

// report writes a report if one is due.
func (a *Agent) report(ctx context.Context) {
	err := a.reporter.writeDue(ctx)
	if ctx.Err() != nil {
		return // the agent is ending; what is due is due at the next start
	}
	if err != nil {
		a.opts.Logger.ErrorContext(ctx, "report not written, it is tried again in a minute", "error", err)
	}
	a.view.spoolState(err)
}

// tell reports an event; if that cannot be written now, the next report has it.
func (a *Agent) tell(ctx context.Context, code string, args map[string]string) {
	if err := a.reporter.tell(ctx, code, args); err != nil {
		a.opts.Logger.ErrorContext(ctx, "event not written, the next report tells it", "code", code, "error", err)
	}
}

// anyway is how long after a delivery the next one is made even if there is no hurry.
// Reports that say "as before" wait for it, six at the usual cadence: each call costs
// more bytes than they do. They are signed, dated and on disk meanwhile, and the collector
// stops believing a machine only after many times that.
func (a *Agent) anyway() time.Duration {
	p, ok := a.policies.get()
	if !ok {
		return schedule.DefaultReport // the policy is what is waited for
	}
	report := cmp.Or(time.Duration(p.Schedule.Report), schedule.DefaultReport)
	return max(report, min(6*report, time.Duration(p.Schedule.Silence)/4))
}

// wrote is called after each report that is durable.
func (a *Agent) wrote(calm bool) {
	a.view.measured()
	if calm {
		return
	}
	select {
	case a.wake <- struct{}{}:
	default: // it is awake
	}
}

// delivered is called after each delivery.
func (a *Agent) delivered(out deliver.Outcome, err error) {
	a.view.delivered(out, err)
	a.opts.Rest() // compression alone takes over a megabyte
}

// renew renews the certificate when it is time. It looks at the clock often:
// a machine may sleep for days.
func (a *Agent) renew(ctx context.Context) {
	var tried time.Time
	for {
		if a.opts.Now().After(a.id.RenewAt()) && time.Since(tried) >= renewalRetry {
			tried = time.Now()
			if err := a.id.Renew(ctx, a.way()); err != nil {
				a.opts.Logger.WarnContext(ctx, "certificate not renewed", "error", err, "expires", a.id.Expires())
			} else {
				a.opts.Logger.InfoContext(ctx, "certificate renewed", "expires", a.id.Expires())
			}
		}
		timer := time.NewTimer(tickEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}
