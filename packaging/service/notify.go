package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// notifier talks to systemd, if it listens.
type notifier struct {
	socket   string        // of NOTIFY_SOCKET; empty: nobody listens
	watchdog time.Duration // how often systemd wants to hear of it; 0: not at all
}

// newNotifier reads what systemd put into the environment. pid is that of this process:
// a watchdog may be meant for another.
func newNotifier(environ []string, pid int) notifier {
	var n notifier
	var usec int64
	mine := true
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		switch name {
		case "NOTIFY_SOCKET":
			n.socket = value
		case "WATCHDOG_USEC":
			usec, _ = strconv.ParseInt(value, 10, 64)
		case "WATCHDOG_PID":
			mine = value == strconv.Itoa(pid)
		}
	}
	if mine && usec > 0 {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// tell sends one state, such as READY=1.
func (n notifier) tell(ctx context.Context, state ...string) error {
	if n.socket == "" {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unixgram", n.socket) // a leading @ is an abstract name for Go too
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	_, err = conn.Write([]byte(strings.Join(state, "\n")))
	return errors.Join(err, conn.Close())
}

// beat tells systemd that the program lives, as long as it does, until ctx ends. When it
// does not, systemd hears nothing more than why, and ends it.
func (n notifier) beat(ctx context.Context, alive func(context.Context) error) {
	if n.socket == "" || n.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(n.watchdog / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := well(ctx, alive, n.watchdog/3); err != nil {
			_ = n.tell(ctx, "STATUS="+oneLine(err.Error())) // a watchdog that cannot be reached acts by itself
			continue
		}
		_ = n.tell(ctx, "WATCHDOG=1", "STATUS=")
	}
}

// well asks alive, which may itself hang.
func well(ctx context.Context, alive func(context.Context) error, within time.Duration) error {
	if alive == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- alive(ctx) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
