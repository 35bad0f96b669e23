package service

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// manager listens as systemd does.
func manager(t *testing.T) (said <-chan string, environ []string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("systemd is not for Windows")
	}
	dir, err := os.MkdirTemp("", "n") //nolint:usetesting // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	name := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	heard := make(chan string, 100)
	go func() {
		defer close(heard)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			heard <- string(buf[:n])
		}
	}()
	return heard, []string{"NOTIFY_SOCKET=" + name, "WATCHDOG_USEC=60000", "WATCHDOG_PID=" + strconv.Itoa(os.Getpid())}
}

// next waits for the next message that begins so, leaving out others.
func next(t *testing.T, said <-chan string, begins string) string {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case text := <-said:
			if strings.HasPrefix(text, begins) {
				return text
			}
		case <-timeout:
			t.Fatalf("systemd did not hear %s", begins)
		}
	}
}

func TestSystemdIsToldHowItGoes(t *testing.T) {
	said, environ := manager(t)
	ctx, cancel := context.WithCancel(t.Context())
	ill := make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Program{
			Name: "prueba",
			Run: func(ctx context.Context, ready func()) error {
				ready()
				<-ctx.Done()
				return nil
			},
			Alive: func(context.Context) error {
				select {
				case err := <-ill:
					return err
				default:
					return nil
				}
			},
		}, environ, false)
	}()
	next(t, said, "READY=1")
	next(t, said, "WATCHDOG=1")
	ill <- errors.New("nada se miró\nen 5 min")
	if got := next(t, said, "STATUS=nada"); got != "STATUS=nada se miró en 5 min" {
		t.Errorf("got %q: a state is one line, and one that is ill does not say WATCHDOG=1", got)
	}
	next(t, said, "WATCHDOG=1") // well again
	cancel()
	next(t, said, "STOPPING=1")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A program that hangs while it is asked whether it is well is not well.
func TestWatchdogDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		defer close(forever)
		err := well(t.Context(), func(context.Context) error { <-forever; return nil }, time.Second)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A program that does not end when it is told to is left behind after StopWithin.
func TestStuckProgramIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		forever := make(chan struct{})
		defer close(forever)
		began := time.Now()
		time.AfterFunc(time.Minute, cancel)
		err := Run(ctx, Program{Name: "prueba", Run: func(context.Context, func()) error { <-forever; return nil }}, nil, false)
		if took := time.Since(began); !errors.Is(err, ErrStuck) || took != time.Minute+StopWithin {
			t.Errorf("got %v after %v", err, took)
		}
	})
}

func TestWithoutSystemd(t *testing.T) {
	want := errors.New("ended by itself")
	if err := Run(t.Context(), Program{Run: func(_ context.Context, ready func()) error { ready(); return want }}, nil, false); !errors.Is(err, want) {
		t.Errorf("got %v, want the program's own error", err)
	}
}

func TestWatchdogOfAnotherProcess(t *testing.T) {
	for _, row := range []struct {
		name    string
		environ []string
		want    time.Duration
	}{
		{"none", nil, 0},
		{"ours", []string{"WATCHDOG_USEC=30000000", "WATCHDOG_PID=7"}, 30 * time.Second},
		{"for whoever reads it", []string{"WATCHDOG_USEC=30000000"}, 30 * time.Second},
		{"another's", []string{"WATCHDOG_USEC=30000000", "WATCHDOG_PID=8"}, 0},
		{"no number", []string{"WATCHDOG_USEC=pronto"}, 0},
	} {
		if got := newNotifier(row.environ, 7).watchdog; got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}
