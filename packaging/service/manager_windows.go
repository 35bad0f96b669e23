package service

import (
	"context"
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// exitCode is the code, of the service's own, with which it ends when nobody asked it to.
// The recovery actions take any but 0 for a failure.
const exitCode = 1

// runManaged implements Run under the service manager.
func (p Program) runManaged(ctx context.Context) error {
	h := &handler{ctx: ctx, program: p}
	if err := svc.Run(p.Name, h); err != nil {
		return fmt.Errorf("run as the service %s: %w", p.Name, err)
	}
	return h.err
}

// handler answers the service manager.
type handler struct {
	ctx     context.Context //nolint:containedctx // svc.Handler has none
	program Program
	err     error // what the program ended with
}

// Execute implements svc.Handler. The service counts as running once the program is
// ready, and as stopped once it has ended.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, changes chan<- svc.Status) (specific bool, code uint32) {
	const accepts = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown
	// Signals are a terminal's way: Windows sends them to a service when somebody logs off.
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.ctx))
	defer cancel()
	hint := uint32(StopWithin.Milliseconds())
	changes <- svc.Status{State: svc.StartPending, WaitHint: hint}

	ready, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- h.program.run(ctx, StopWithin, func() { ready <- struct{}{} })
	}()
	status := svc.Status{State: svc.StartPending, Accepts: accepts, WaitHint: hint}
	asked := false // to stop
	for {
		select {
		case <-ready:
			status = svc.Status{State: svc.Running, Accepts: accepts}
			changes <- status
		case request := <-requests:
			switch request.Cmd { //nolint:exhaustive // the rest is not accepted
			case svc.Interrogate:
				changes <- status
			case svc.Stop, svc.Shutdown, svc.PreShutdown:
				status = svc.Status{State: svc.StopPending, WaitHint: hint}
				changes <- status
				asked = true
				cancel()
			}
		case h.err = <-ended:
			changes <- svc.Status{State: svc.StopPending}
			if !asked { // whatever ended it, it should run
				return true, exitCode
			}
			return false, uint32(windows.NO_ERROR)
		}
	}
}
