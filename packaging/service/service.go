// Package service runs a program where somebody looks after it: under systemd, under the
// service manager of Windows, or in a terminal. The program itself is the same everywhere:
// a function that works until its context ends.
//
// Under systemd (Type=notify) it tells when the program is ready, what it is doing and
// that it ends, and, as long as the program says that it is well, that it lives
// (WatchdogSec). Under Windows it answers the service manager. In a terminal there is
// nobody to tell. See sd_notify(3) and, for Windows, SetServiceStatus.
package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// StopWithin is how long a program may take to end once it was told to. What it confirmed
// is on disk long before, so that nothing is lost if it takes longer.
const StopWithin = 10 * time.Second

// ErrStuck is the error of a program that did not end within StopWithin.
var ErrStuck = errors.New("it did not end in time")

// Program is what runs as a service.
type Program struct {
	// Name is that of the service: vigia-agent.
	Name string
	// Run works until ctx ends, or until it cannot. It calls ready when it does what it is
	// there for; further calls do nothing.
	Run func(ctx context.Context, ready func()) error
	// Alive tells whether the program does its work: an error, which is logged by whoever
	// looks after it, when it does not. It must answer within a second. Nil: it is as long
	// as it runs.
	Alive func(ctx context.Context) error
}

// Run runs a program until ctx ends, it ends by itself or whoever looks after it wants it
// to. environ is the environment, as os.Environ gives it. managed says that the service
// manager of Windows started it, which it must be told: a program cannot see that for
// sure. The error is that of the program; ErrStuck if it did not end in time.
func Run(ctx context.Context, p Program, environ []string, managed bool) error {
	if managed {
		return p.runManaged(ctx)
	}
	n := newNotifier(environ, os.Getpid())
	beating, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { _ = n.tell(context.WithoutCancel(ctx), "STOPPING=1") })()
	return p.run(ctx, StopWithin, func() {
		_ = n.tell(ctx, "READY=1") // if systemd does not hear it, it says so itself
		go n.beat(beating, p.Alive)
	})
}

// run runs the program and waits for its end, no longer than StopWithin after that of ctx.
func (p Program) run(ctx context.Context, within time.Duration, ready func()) error {
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, sync.OnceFunc(ready)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return fmt.Errorf("%s: %w", p.Name, ErrStuck)
	}
}
