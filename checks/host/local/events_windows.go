package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// liveEvents asks the event log service, and the LSA for the audit policy.
type liveEvents struct{ wevtapi, advapi32 *windows.LazyDLL }

func newLiveEvents() liveEvents {
	return liveEvents{windows.NewLazySystemDLL("wevtapi.dll"), windows.NewLazySystemDLL("advapi32.dll")}
}

// Constants of winevt.h.
const (
	evtQueryChannelPath      = 0x1
	evtQueryForwardDirection = 0x100
	evtQueryReverseDirection = 0x200
	evtRenderContextValues   = 0
	evtRenderEventValues     = 0
)

const (
	eventBatch = 64
	// eventWait is how long the service may take to answer before the context is looked
	// at again, in milliseconds.
	eventWait = 500
	// maxEvents bounds one answer, whatever is asked for.
	maxEvents = 50_000
	// maxRendered bounds what is read of one event, in bytes.
	maxRendered = 256 << 10
)

// Events implements host.Events.
func (l liveEvents) Events(ctx context.Context, q host.EventQuery) (host.EventLog, error) {
	log, err := l.events(ctx, q)
	if err != nil {
		return host.EventLog{}, fmt.Errorf("read event channel %s: %w", q.Channel, err)
	}
	return log, nil
}

func (l liveEvents) events(ctx context.Context, q host.EventQuery) (host.EventLog, error) {
	expression, err := eventXPath(q)
	if err != nil {
		return host.EventLog{}, err
	}
	q.Max = min(q.Max, maxEvents)
	var log host.EventLog
	err = l.each(ctx, q, expression, evtQueryReverseDirection, func(e host.Event) bool {
		if len(log.Events) >= q.Max {
			log.More = true
			return false
		}
		log.Events = append(log.Events, e)
		return true
	})
	if err != nil {
		return host.EventLog{}, err
	}
	err = l.each(ctx, host.EventQuery{Channel: q.Channel}, "*", evtQueryForwardDirection, func(e host.Event) bool {
		log.Oldest = e.Time
		return false
	})
	return log, err
}

// each calls take for the events of a channel, until it answers false.
func (l liveEvents) each(ctx context.Context, q host.EventQuery, expression string, direction uintptr, take func(host.Event) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	channel, err := windows.UTF16PtrFromString(q.Channel)
	if err != nil {
		return err
	}
	xpath, err := windows.UTF16PtrFromString(expression)
	if err != nil {
		return err
	}
	paths, err := eventPaths(q)
	if err != nil {
		return err
	}
	result, err := l.open("EvtQuery", 0, uintptr(unsafe.Pointer(channel)), uintptr(unsafe.Pointer(xpath)), evtQueryChannelPath|direction)
	runtime.KeepAlive(channel)
	runtime.KeepAlive(xpath)
	if err != nil {
		return err
	}
	defer l.close(result)
	rendering, err := l.renderContext(paths)
	if err != nil {
		return err
	}
	defer l.close(rendering)
	buf := make([]uint64, 512) // of words, so that pointers in it are aligned
	defer func() { clear(buf) }()
	handles := make([]uintptr, eventBatch)
	for {
		n, err := l.next(ctx, result, handles)
		if err != nil || n == 0 {
			return err
		}
		more := true
		for _, h := range handles[:n] {
			if more && err == nil {
				var e host.Event
				if e, buf, err = l.render(rendering, h, q, len(paths), buf); err == nil {
					more = take(e)
				}
			}
			l.close(h)
		}
		if err != nil || !more {
			return err
		}
	}
}

// next fetches a batch of events; 0 at the end.
func (l liveEvents) next(ctx context.Context, result uintptr, handles []uintptr) (int, error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var n uint32
		err := l.call("EvtNext", result, uintptr(len(handles)), uintptr(unsafe.Pointer(&handles[0])), eventWait, 0, uintptr(unsafe.Pointer(&n)))
		switch {
		case err == nil:
			return int(min(n, eventBatch)), nil
		case errors.Is(err, windows.ERROR_NO_MORE_ITEMS):
			return 0, nil
		case !errors.Is(err, windows.ERROR_TIMEOUT):
			return 0, err
		}
	}
}

func (l liveEvents) renderContext(paths []string) (uintptr, error) {
	pointers := make([]*uint16, len(paths))
	for i, p := range paths {
		var err error
		if pointers[i], err = windows.UTF16PtrFromString(p); err != nil {
			return 0, err
		}
	}
	h, err := l.open("EvtCreateRenderContext", uintptr(len(pointers)), uintptr(unsafe.Pointer(&pointers[0])), evtRenderContextValues)
	runtime.KeepAlive(pointers)
	return h, err
}

// render reads the asked values of one event. buf is used and may be exchanged for a
// larger one.
func (l liveEvents) render(rendering, event uintptr, q host.EventQuery, values int, buf []uint64) (host.Event, []uint64, error) {
	for {
		var used, count uint32
		size := uintptr(len(buf)) * 8
		err := l.call("EvtRender", rendering, event, evtRenderEventValues, size,
			uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&used)), uintptr(unsafe.Pointer(&count)))
		if errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) && uintptr(used) > size && used <= maxRendered {
			clear(buf)
			buf = make([]uint64, (used+7)/8)
			continue
		}
		if err != nil {
			return host.Event{}, buf, err
		}
		if uintptr(used) > size || int(count) != values {
			return host.Event{}, buf, errVariant
		}
		r := renderedEvent{
			data:    unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), used),
			base:    uint64(uintptr(unsafe.Pointer(&buf[0]))),
			pointer: int(unsafe.Sizeof(uintptr(0))),
			count:   int(count),
		}
		e, err := r.event(q)
		return e, buf, err
	}
}

// call calls a function that answers with a BOOL.
//
//go:uintptrescapes
func (l liveEvents) call(name string, args ...uintptr) error {
	_, err := l.open(name, args...)
	return err
}

// open calls a function that answers with a handle. What args point to stays where it is
// meanwhile.
//
//go:uintptrescapes
func (l liveEvents) open(name string, args ...uintptr) (uintptr, error) {
	proc := l.wevtapi.NewProc(name)
	if err := proc.Find(); err != nil {
		return 0, host.ErrUnsupported
	}
	r, _, err := proc.Call(args...)
	if r != 0 {
		return r, nil
	}
	return 0, fmt.Errorf("%s: %w", name, eventError(err))
}

func (l liveEvents) close(h uintptr) {
	_ = l.call("EvtClose", h) // nothing to do about it
}

// eventError says what the facets of all systems say. A call that failed without a
// reason is one that the system does not have.
func eventError(err error) error {
	switch {
	case errors.Is(err, syscall.Errno(0)):
		return host.ErrUnsupported
	case errors.Is(err, windows.ERROR_EVT_CHANNEL_NOT_FOUND):
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	default:
		return err
	}
}

// auditPolicyInformation is AUDIT_POLICY_INFORMATION of ntsecapi.h.
type auditPolicyInformation struct {
	subcategory windows.GUID
	auditing    uint32
	category    windows.GUID
}

const (
	auditSuccess = 0x1
	auditFailure = 0x2
)

// AuditPolicy implements host.Events. The privilege that the question needs is
// switched on for one thread while it lasts.
func (l liveEvents) AuditPolicy(ctx context.Context, subcategory string) (host.AuditSetting, error) {
	if err := ctx.Err(); err != nil {
		return host.AuditSetting{}, err
	}
	guid, err := windows.GUIDFromString(strings.ToUpper(subcategory))
	if err != nil {
		return host.AuditSetting{}, fmt.Errorf("audit policy of %q: %w", subcategory, err)
	}
	query, free := l.advapi32.NewProc("AuditQuerySystemPolicy"), l.advapi32.NewProc("AuditFree")
	if query.Find() != nil || free.Find() != nil {
		return host.AuditSetting{}, host.ErrUnsupported
	}
	var setting host.AuditSetting
	err = withPrivilege("SeSecurityPrivilege", func() error {
		var info *auditPolicyInformation
		ok, _, err := query.Call(uintptr(unsafe.Pointer(&guid)), 1, uintptr(unsafe.Pointer(&info)))
		if byte(ok) == 0 { // a BOOLEAN
			return eventError(err)
		}
		if info == nil {
			return host.ErrUnsupported
		}
		defer free.Call(uintptr(unsafe.Pointer(info))) //nolint:errcheck // nothing to do about it
		if info.subcategory != guid {
			return errVariant
		}
		setting = host.AuditSetting{Success: info.auditing&auditSuccess != 0, Failure: info.auditing&auditFailure != 0}
		return nil
	})
	if err != nil {
		return host.AuditSetting{}, fmt.Errorf("audit policy of %s: %w", subcategory, err)
	}
	return setting, nil
}

// withPrivilege calls do on a thread that has a privilege which the process may have
// switched off. Without the privilege do is called all the same and will be refused.
func withPrivilege(name string, do func() error) error {
	runtime.LockOSThread()
	if err := windows.ImpersonateSelf(windows.SecurityImpersonation); err != nil {
		runtime.UnlockOSThread()
		return do()
	}
	defer func() {
		// A thread that did not get back stays locked, and ends with its goroutine.
		if windows.RevertToSelf() == nil {
			runtime.UnlockOSThread()
		}
	}()
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_ADJUST_PRIVILEGES|windows.TOKEN_QUERY, true, &token); err != nil {
		return do()
	}
	defer token.Close() //nolint:errcheck // nothing to do about it
	privileges := windows.Tokenprivileges{PrivilegeCount: 1}
	privileges.Privileges[0].Attributes = windows.SE_PRIVILEGE_ENABLED
	n, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	if err := windows.LookupPrivilegeValue(nil, n, &privileges.Privileges[0].Luid); err == nil {
		_ = windows.AdjustTokenPrivileges(token, false, &privileges, 0, nil, nil) // refused below, if so
	}
	return do()
}
