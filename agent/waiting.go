package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"vigia/agent/identity"
	"vigia/checks/host"
	apiv1 "vigia/collector/api/v1"
)

// Between two tries of an enrolment that was asked for. One that the collector refuses is
// not tried again.
const (
	firstRetry = 10 * time.Second
	lastRetry  = 10 * time.Minute
)

// awaited makes the enrolment that was asked for, and waits for it, or for somebody else
// to make it: a service that is not enrolled has nothing to do, and that is no failure.
type awaited struct {
	dir     folder
	machine func() *host.Host
	version string
	logger  *slog.Logger
	first   time.Duration // between the first two tries
}

// enrolled waits until the machine is enrolled. An error is that of the context, or of what
// waiting does not mend.
func (w awaited) enrolled(ctx context.Context) error {
	pause, told := w.first, false
	for {
		_, err := identity.Load(w.dir.identity(), nil)
		if !errors.Is(err, identity.ErrNotEnrolled) {
			return errors.Join(err, identity.ForgetAsked(w.dir.identity())) // somebody made another
		}
		asked, ok, err := identity.WhatIsAsked(w.dir.identity())
		switch {
		case err != nil:
			return err
		case ok:
			if err := w.try(ctx, asked); err == nil {
				continue
			}
		case !told:
			w.logger.InfoContext(ctx, "not enrolled: waiting for vigia-agent enroll")
			told = true
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if ok {
			pause = min(2*pause, lastRetry)
		} else {
			pause = w.first
		}
	}
}

// try makes the enrolment that was asked for. The token is forgotten when it was spent or
// refused: it is worth nothing any more.
func (w awaited) try(ctx context.Context, asked identity.Asked) error {
	token, err := apiv1.ParseToken(asked.Token)
	if err == nil {
		_, err = enrol(ctx, w.dir, identity.Request{
			Dir: w.dir.identity(), Collector: asked.Collector, Token: token,
			Machine: (&introducer{machine: w.machine, version: w.version}).describe(ctx),
		}, w.logger)
	}
	switch {
	case err == nil:
		w.logger.InfoContext(ctx, "enrolled", "collector", asked.Collector)
		return identity.ForgetAsked(w.dir.identity())
	case errors.Is(err, identity.ErrTokenRefused): // another server than the token's may be a passing fault of a name
		w.logger.ErrorContext(ctx, "enrolment refused; ask for another token and use vigia-agent enroll", "collector", asked.Collector, "error", err)
		return errors.Join(err, identity.ForgetAsked(w.dir.identity()))
	}
	w.logger.WarnContext(ctx, "not enrolled yet, it is tried again", "collector", asked.Collector, "error", err)
	return err
}
