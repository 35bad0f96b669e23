package checks_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
)

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		in   []checks.Status
		want checks.Status
	}{
		{nil, checks.Unknown},
		{[]checks.Status{checks.NotApplicable}, checks.NotApplicable},
		{[]checks.Status{checks.NotApplicable, checks.Pass}, checks.Pass},
		{[]checks.Status{checks.Pass, checks.Warn}, checks.Warn},
		{[]checks.Status{checks.Warn, checks.Unknown, checks.Pass}, checks.Unknown},
		{[]checks.Status{checks.Unknown, checks.Fail, checks.Warn}, checks.Fail},
		{[]checks.Status{checks.Pass, "passed"}, checks.Unknown},
		{[]checks.Status{""}, checks.Unknown},
	} {
		if got := checks.Worst(tt.in...); got != tt.want {
			t.Errorf("Worst(%q): got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestStatuses(t *testing.T) {
	all := checks.Statuses()
	for i, s := range all {
		if !s.Valid() {
			t.Errorf("%s is not valid", s)
		}
		if got := checks.Worst(all[i:]...); got != s {
			t.Errorf("worst of %v: got %s, want %s", all[i:], got, s)
		}
	}
	if checks.Status("ok").Valid() {
		t.Error(`"ok" is valid`)
	}
}

func TestWhyUnread(t *testing.T) {
	say := checks.Messages()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fs.ErrNotExist, "absent"},
		{&fs.PathError{Op: "open", Path: "/etc/shadow", Err: fs.ErrPermission}, "permission"},
		{host.ErrUnsupported, "unsupported"},
		{fmt.Errorf("ask: %w", errors.ErrUnsupported), "unsupported"},
		{host.ErrTooBig, "too_big"},
		{fmt.Errorf("replay: %w", host.ErrNotRecorded), "not_recorded"},
		{context.DeadlineExceeded, "timed_out"},
		{context.Canceled, "timed_out"},
		{errors.New("sector 7 is bad"), "unreadable"},
	} {
		got := checks.WhyUnread(tt.err)
		if got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.err, got, tt.want)
		}
		if _, ok := say["why."+got]; !ok {
			t.Errorf("%s has no message", got)
		}
	}
}

func TestMessages(t *testing.T) {
	if got := checks.Messages().Problems(); len(got) > 0 {
		t.Errorf("incomplete messages: %q", got)
	}
}

func TestBecause(t *testing.T) {
	for _, tt := range []struct {
		got, want checks.Reason
	}{
		{checks.Because("a.b"), checks.Reason{Code: "a.b"}},
		{checks.Because("a.b", "x", "1", "y", "2"), checks.Reason{Code: "a.b", Args: map[string]string{"x": "1", "y": "2"}}},
		{checks.Because("a.b", "x", "1", "odd"), checks.Reason{Code: "a.b", Args: map[string]string{"x": "1"}}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want checks.Duration
		back string
	}{
		{"36h", checks.Duration(36 * time.Hour), "36h0m0s"},
		{"15m", checks.Duration(15 * time.Minute), "15m0s"},
		{"0s", 0, "0s"},
	} {
		var got checks.Duration
		if err := got.UnmarshalText([]byte(tt.in)); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v; want %v", tt.in, got, err, tt.want)
		}
		back, err := got.MarshalText()
		if err != nil || string(back) != tt.back {
			t.Errorf("%s back: got %s, %v; want %s", tt.in, back, err, tt.back)
		}
	}
	for _, bad := range []string{"", "3", "1d", "-2h"} {
		var d checks.Duration
		if err := d.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q: got %v, want an error", bad, d)
		}
	}
}
