package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// recovery is how long after a bad end the manager starts the service again: the first,
// the second and any later time.
func recovery() []mgr.RecoveryAction {
	return []mgr.RecoveryAction{
		{Type: mgr.ServiceRestart, Delay: 10 * time.Second},
		{Type: mgr.ServiceRestart, Delay: time.Minute},
		{Type: mgr.ServiceRestart, Delay: 5 * time.Minute},
	}
}

// forgetFailures is after how long without a bad end they are counted anew.
const forgetFailures = 24 * time.Hour

// Install registers a service, to be started with the machine and again when it ends badly.
// It does not start it.
func Install(s Settings) error {
	return withManager(func(m *mgr.Mgr) error {
		handle, err := m.CreateService(s.Name, s.Program, mgr.Config{
			StartType: mgr.StartAutomatic, ErrorControl: mgr.ErrorNormal,
			DisplayName: s.DisplayName, Description: s.Description,
		}, s.Args...)
		if errors.Is(err, windows.ERROR_SERVICE_EXISTS) {
			return ErrInstalled
		}
		if err != nil {
			return known("install", err)
		}
		err = recoverable(handle)
		if err != nil {
			err = errors.Join(fmt.Errorf("have the service started again: %w", err), handle.Delete())
		}
		return errors.Join(err, handle.Close())
	})
}

// recoverable has the manager start a service again after a bad end, an exit code too.
func recoverable(s *mgr.Service) error {
	err := s.SetRecoveryActions(recovery(), uint32(forgetFailures.Seconds()))
	// Wine's manager does not know the second.
	if also := s.SetRecoveryActionsOnNonCrashFailures(true); !errors.Is(also, windows.ERROR_INVALID_LEVEL) {
		err = errors.Join(err, also)
	}
	return err
}

// Recover has the manager start a service again after a bad end, whoever installed it.
func Recover(name string) error {
	return withService(name, recoverable)
}

// Uninstall stops a service and removes it.
func Uninstall(ctx context.Context, name string) error {
	return withService(name, func(s *mgr.Service) error {
		if err := stop(ctx, s); err != nil {
			return err
		}
		return known("remove", s.Delete())
	})
}

// Start starts a service and waits until it runs.
func Start(ctx context.Context, name string) error {
	return withService(name, func(s *mgr.Service) error {
		if err := s.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return known("start", err)
		}
		return until(ctx, s, svc.Running)
	})
}

// Stop stops a service and waits until it has ended.
func Stop(ctx context.Context, name string) error {
	return withService(name, func(s *mgr.Service) error { return stop(ctx, s) })
}

// Query tells how a service is.
func Query(name string) (state State, err error) {
	err = withService(name, func(s *mgr.Service) error {
		status, err := s.Query()
		if err != nil {
			return known("ask", err)
		}
		switch status.State { //nolint:exhaustive // the others are on their way
		case svc.Running:
			state = Running
		case svc.Stopped:
			state = Stopped
		default:
			state = Changing
		}
		return nil
	})
	return state, err
}

func stop(ctx context.Context, s *mgr.Service) error {
	if _, err := s.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return known("stop", err)
	}
	return until(ctx, s, svc.Stopped)
}

// until waits for a service to be in a state. One that stops while it should start has
// failed.
func until(ctx context.Context, s *mgr.Service, want svc.State) error {
	ctx, cancel := context.WithTimeout(ctx, 3*StopWithin)
	defer cancel()
	for {
		status, err := s.Query()
		switch {
		case err != nil:
			return known("ask", err)
		case status.State == want:
			return nil
		case want == svc.Running && status.State == svc.Stopped:
			return fmt.Errorf("it ended at once, with code %d", status.ServiceSpecificExitCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the service: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func withManager(do func(*mgr.Mgr) error) error {
	m, err := mgr.Connect()
	if err != nil {
		return known("reach the service manager", err)
	}
	return errors.Join(do(m), m.Disconnect())
}

func withService(name string, do func(*mgr.Service) error) error {
	return withManager(func(m *mgr.Mgr) error {
		s, err := m.OpenService(name)
		if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
			return ErrNotInstalled
		}
		if err != nil {
			return known("open", err)
		}
		return errors.Join(do(s), s.Close())
	})
}

// known puts the manager's refusals in our words.
func known(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return ErrNotAdministrator
	}
	return fmt.Errorf("%s: %w", doing, err)
}
