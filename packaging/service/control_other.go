//go:build !windows

package service

import "context"

// Install registers a service, to be started with the machine and again when it ends badly.
// It does not start it.
func Install(Settings) error { return ErrNoManager }

// Recover has the manager start a service again after a bad end, whoever installed it.
func Recover(string) error { return ErrNoManager }

// Uninstall stops a service and removes it.
func Uninstall(context.Context, string) error { return ErrNoManager }

// Start starts a service and waits until it runs.
func Start(context.Context, string) error { return ErrNoManager }

// Stop stops a service and waits until it has ended.
func Stop(context.Context, string) error { return ErrNoManager }
