package host

import (
	"context"
	"time"
)

// Running tells what runs on the machine now.
type Running interface {
	// Services lists the services of the Windows service manager. Linux answers
	// ErrUnsupported: there units are files, and what runs is a process.
	Services(ctx context.Context) ([]Service, error)
	// Processes lists the processes. Command lines are never read: they hold secrets.
	Processes(ctx context.Context) ([]Process, error)
	// Sessions lists the log-on sessions with a screen or terminal.
	Sessions(ctx context.Context) ([]Session, error)
	// WakeRequests lists who keeps the screen or the machine from falling idle. Windows
	// tells what is asked for, by nobody in particular.
	WakeRequests(ctx context.Context) ([]WakeRequest, error)
	// Clock tells whether the machine's clock is kept right.
	Clock(ctx context.Context) (Clock, error)
}

// Service is one Windows service.
type Service struct {
	Name    string `json:"name"`
	State   string `json:"state"` // running, stopped, paused, or in between: starting, stopping
	Start   string `json:"start"` // auto, manual, disabled, boot, system
	Account string `json:"account,omitempty"`
	Program string `json:"program,omitempty"` // path of its program, without arguments
}

// Process is one process.
type Process struct {
	PID   int    `json:"pid"`
	Name  string `json:"name"` // of the program, as the system shows it: at most 15 bytes on Linux
	Path  string `json:"path,omitempty"`
	Owner string `json:"owner,omitempty"` // numeric user id or SID
}

// Session is one log-on session.
type Session struct {
	ID     string `json:"id"`
	User   string `json:"user"` // numeric user id or SID
	Kind   string `json:"kind"` // graphical, text, remote
	Active bool   `json:"active"`
	Locked *bool  `json:"locked,omitempty"` // nil: the system does not tell
	// IdleSince is when input was last seen, zero if not known.
	IdleSince time.Time `json:"idle_since,omitzero"`
}

// WakeRequest is one request against falling idle.
type WakeRequest struct {
	Program string `json:"program"` // its name, without path and arguments; may be empty
	What    string `json:"what"`    // display, idle, sleep
	User    string `json:"user,omitempty"`
	// Since is when the request began, zero if not known.
	Since time.Time `json:"since,omitzero"`
}

// Clock is the state of the machine's clock.
type Clock struct {
	// Synchronised: a time source disciplines the clock, as the kernel sees it.
	Synchronised bool `json:"synchronised"`
	// Error is the kernel's estimate of the largest error, in microseconds; 0 unknown.
	Error int64 `json:"error,omitempty"`
	// Source names what disciplines it, where the system tells.
	Source string `json:"source,omitempty"`
	// LastSync is when a source was last heard, zero if not known.
	LastSync time.Time `json:"last_sync,omitzero"`
}

// Services implements Running.
func (Unsupported) Services(context.Context) ([]Service, error) { return nil, ErrUnsupported }

// Processes implements Running.
func (Unsupported) Processes(context.Context) ([]Process, error) { return nil, ErrUnsupported }

// Sessions implements Running.
func (Unsupported) Sessions(context.Context) ([]Session, error) { return nil, ErrUnsupported }

// WakeRequests implements Running.
func (Unsupported) WakeRequests(context.Context) ([]WakeRequest, error) { return nil, ErrUnsupported }

// Clock implements Running.
func (Unsupported) Clock(context.Context) (Clock, error) { return Clock{}, ErrUnsupported }
