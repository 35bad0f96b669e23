package local

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// A provider that never has anything ready holds nobody behind the end of the context,
// and what it was asked for is given back.
func TestQueryOfAProviderThatNeverAnswers(t *testing.T) {
	const (
		noInterface = 0x80004002 // E_NOINTERFACE: no proxy, so no blanket
		timedOut    = 0x40004    // WBEM_S_TIMEDOUT
	)
	released := 0
	refuse := windows.NewCallback(func(this, iid, out uintptr) uintptr { return noInterface })
	release := windows.NewCallback(func(this uintptr) uintptr { released++; return 0 })
	next := windows.NewCallback(func(this, patience, count, out, n uintptr) uintptr {
		time.Sleep(10 * time.Millisecond)
		return timedOut
	})
	var enumMethods, servicesMethods [32]uintptr
	enumMethods[0], enumMethods[2], enumMethods[enumNext] = refuse, release, next
	enum := &comObject{&enumMethods}
	servicesMethods[0], servicesMethods[2] = refuse, release
	servicesMethods[servicesExecQuery] = windows.NewCallback(func(this, language, query, flags, ctx uintptr, out **comObject) uintptr {
		*out = enum
		return 0
	})
	m := newLiveManagement()
	ns := wmiNamespace{&comObject{&servicesMethods}, m.ole}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := ns.query(ctx, "SELECT * FROM X", "X", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if released != 1 {
		t.Errorf("the enumerator was released %d times", released)
	}
	runtime.KeepAlive(enum) // until here the callbacks hand it out
}
