package agent

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"vigia/agent/identity"
	"vigia/agent/proxy"
	"vigia/checks/host"
	"vigia/checks/host/local"
)

// Between two tries of an enrolment that was asked for. One that the collector refuses is
// not tried again.
const (
	firstRetry = 10 * time.Second
	lastRetry  = 10 * time.Minute
	// A collector at which a person has to approve says itself when to ask again, within:
	soonestAsk = time.Minute
	latestAsk  = 10 * time.Minute
)

// lookForAsked is how often a service that is not enrolled looks whether it was asked for
// anything.
const lookForAsked = 2 * time.Second

// awaited makes the enrolment that was asked for, and waits for it, or for somebody else
// to make it: a service that is not enrolled has nothing to do, and that is no failure.
type awaited struct {
	dir     folder
	machine func() *host.Host
	version string
	marks   func() local.Marks
	proxy   string   // of the configuration, which goes over that of the enrolment
	environ []string // as os.Environ gives it
	logger  *slog.Logger
	explain func(error) string
	first   time.Duration // between the first two tries
	soonest time.Duration // to ask again for what a person has to approve
}

// enrolled waits until the machine is enrolled. An error is that of the context, or of what
// waiting does not mend.
func (w awaited) enrolled(ctx context.Context) error {
	var last identity.Asked // what was tried, as it was asked
	var due time.Time
	pause, told := w.first, ""
	news := func(what string) bool { // each state is told of once
		known := told == what
		told = what
		return !known
	}
	for {
		_, err := identity.Load(w.dir.identity(), nil)
		if !errors.Is(err, identity.ErrNotEnrolled) {
			return errors.Join(err, identity.ForgetAsked(w.dir.identity())) // somebody made another
		}
		asked, ok, err := identity.WhatIsAsked(w.dir.identity())
		switch {
		case err != nil: // whoever asks again mends it
			if news("unreadable") {
				w.logger.ErrorContext(ctx, "not enrolled: what was asked for cannot be read; use vigia-agent enroll again", "error", err)
			}
		case !ok:
			if news("nothing") {
				w.logger.InfoContext(ctx, "not enrolled: waiting for vigia-agent enroll")
			}
			last = identity.Asked{}
		case asked != last:
			last, pause, due, told = asked, w.first, time.Time{}, ""
			fallthrough
		case !time.Now().Before(due):
			wait, err := w.try(ctx, asked)
			switch {
			case err == nil:
				continue
			case errors.Is(err, identity.ErrPending):
				if news("pending") {
					w.logger.InfoContext(ctx, "waiting until a person approves this machine at the collector",
						"collector", asked.Collector, "check_code", checkCodeOf(err))
				}
				pause = w.first
			case wait == 0:
				wait, pause = pause, min(2*pause, lastRetry)
			}
			due = time.Now().Add(wait)
		}
		timer := time.NewTimer(min(w.first, lookForAsked))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func checkCodeOf(err error) string {
	if p, ok := errors.AsType[*identity.Pending](err); ok {
		return p.CheckCode
	}
	return ""
}

// try makes the enrolment that was asked for, and says after how long it may be tried
// again, if anybody wishes that; 0: nobody does. The token is forgotten when it was spent
// or refused: it is worth nothing any more.
func (w awaited) try(ctx context.Context, asked identity.Asked) (wait time.Duration, err error) {
	unlock, err := w.dir.lock()
	if errors.Is(err, errInUse) {
		return lookForAsked, err // somebody enrols this machine right now
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	dialer, err := proxy.New(cmp.Or(w.proxy, asked.Proxy), w.environ)
	if err == nil {
		_, err = enrol(ctx, w.dir, asked, dialer.Dial, (&introducer{machine: w.machine, version: w.version, marks: w.marks}).describe(ctx), w.logger)
	}
	waits, isPending := errors.AsType[*identity.Pending](err)
	switch {
	case err == nil:
		w.logger.InfoContext(ctx, "enrolled", "collector", asked.Collector)
		return 0, nil
	case isPending:
		wait = max(w.soonest, min(waits.AskAgain, latestAsk))
		return wait, errors.Join(err, identity.NotePending(w.dir.identity(), asked)) // vigia-agent status tells it
	case errors.Is(err, identity.ErrEnrolled): // by somebody else, while the folder was free
		return lookForAsked, err
	case errors.Is(err, identity.ErrTokenRefused): // another server than the token's may be a passing fault of a name
		w.logger.ErrorContext(ctx, "enrolment refused; ask for another token and use vigia-agent enroll", "collector", asked.Collector, "error", w.explain(err))
		return 0, err
	}
	w.logger.WarnContext(ctx, "not enrolled yet, it is tried again", "collector", asked.Collector, "error", w.explain(err))
	return 0, err
}
