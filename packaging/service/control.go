package service

import "errors"

// Errors of the service manager's answers.
var (
	// ErrNoManager: services are not managed by this program here; systemd does it by the
	// units of the packages.
	ErrNoManager = errors.New("the service manager of Windows is not here")
	// ErrNotInstalled: there is no such service.
	ErrNotInstalled = errors.New("the service is not installed")
	// ErrInstalled: there is one already.
	ErrInstalled = errors.New("the service is installed already")
	// ErrNotAdministrator: the manager does not let this account do that.
	ErrNotAdministrator = errors.New("only an administrator may do that")
)

// Settings are those of an installed service.
type Settings struct {
	Name        string // as the manager knows it: vigia-agent
	DisplayName string // as people read it
	Description string
	// Program is the path of the program, Args what it is started with. The account is
	// the machine's own, LocalSystem.
	Program string
	Args    []string
}

// State is how a service is.
type State string

// The states that people tell apart. A service on its way from one to another is Changing.
const (
	Running  State = "running"
	Stopped  State = "stopped"
	Changing State = "changing"
)
