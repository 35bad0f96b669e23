package checks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
)

// door is a check of the tests: is the door shut?
type doorFacts struct {
	Open  int             `json:"open"`
	Doors []string        `json:"doors,omitempty"`
	Spare []checks.Unread `json:"spare,omitempty"`
}

type doorParams struct {
	MaxOpen int             `json:"max_open"`
	Settle  checks.Duration `json:"settle,omitempty"`
	Skip    []string        `json:"skip,omitempty"`
}

// Validate implements checks.Validator.
func (p doorParams) Validate() error {
	if p.MaxOpen < 0 {
		return errors.New("max_open is negative")
	}
	return nil
}

func judgeDoor(seen doorFacts, p doorParams, at time.Time) checks.Verdict {
	switch {
	case seen.Open == 13:
		panic("superstition")
	case seen.Open == 14:
		return checks.Verdict{Status: "splendid"}
	case seen.Open > p.MaxOpen:
		return checks.Verdict{
			Status: checks.Fail, Reason: checks.Because("door.open", "open", fmt.Sprint(seen.Open), "at", at.Format(time.RFC3339)),
			Findings: []checks.Finding{{Key: "back", Status: checks.Fail, Reason: checks.Because("door.open")}},
		}
	default:
		return checks.Verdict{Status: checks.Pass, Reason: checks.Because("door.shut")}
	}
}

func door(observe func(context.Context, *host.Host) (doorFacts, error)) checks.Check {
	return checks.New(checks.Info{ID: "test.door", Deadline: 20 * time.Second},
		doorParams{MaxOpen: 1, Skip: []string{"attic"}}, checks.On[doorFacts]{host.Linux: observe}, judgeDoor)
}

// sees is an observe function that answers at once.
func sees(f doorFacts, err error) func(context.Context, *host.Host) (doorFacts, error) {
	return func(context.Context, *host.Host) (doorFacts, error) { return f, err }
}

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.FixedZone("CST", -6*3600))

func machine(os host.OS) *host.Host {
	return host.New(host.Host{OS: os, Now: func() time.Time { return noon }})
}

func TestRun(t *testing.T) {
	failing := checks.Verdict{
		Status: checks.Fail, Reason: checks.Because("door.open", "open", "3", "at", "2026-10-05T18:00:00Z"),
		Findings: []checks.Finding{{Key: "back", Status: checks.Fail, Reason: checks.Because("door.open")}},
	}
	unknown := func(code string, pairs ...string) checks.Verdict {
		return checks.Verdict{Status: checks.Unknown, Reason: checks.Because(code, pairs...)}
	}
	for _, tt := range []struct {
		name     string
		os       host.OS
		observe  func(context.Context, *host.Host) (doorFacts, error)
		params   string
		want     checks.Verdict
		observed string
	}{
		{
			name: "judged with the defaults", observe: sees(doorFacts{Open: 3}, nil),
			want: failing, observed: `{"open":3}`,
		},
		{
			name: "a parameter replaces its default", observe: sees(doorFacts{Open: 3}, nil), params: `{"max_open":3}`,
			want: checks.Verdict{Status: checks.Pass, Reason: checks.Because("door.shut")}, observed: `{"open":3}`,
		},
		{
			name: "a parameter left out keeps its default", observe: sees(doorFacts{Open: 3}, nil), params: ` {} `,
			want: failing, observed: `{"open":3}`,
		},
		{
			name: "unknown parameter", observe: sees(doorFacts{}, nil), params: `{"maxopen":3}`,
			want: unknown("check.bad_parameters", "detail", `unknown field "maxopen"`),
		},
		{
			name: "ill-typed parameter", observe: sees(doorFacts{}, nil), params: `{"max_open":"3"}`,
			want: unknown("check.bad_parameters", "detail", "cannot unmarshal string into Go struct field doorParams.max_open of type int"),
		},
		{
			name: "two values", observe: sees(doorFacts{}, nil), params: `{} {}`,
			want: unknown("check.bad_parameters", "detail", "more than one JSON value"),
		},
		{
			name: "out of range", observe: sees(doorFacts{}, nil), params: `{"max_open":-1}`,
			want: unknown("check.bad_parameters", "detail", "max_open is negative"),
		},
		{
			name: "a system that the check does not know", os: host.Windows, observe: sees(doorFacts{}, nil),
			want: unknown("check.unsupported_system", "os", "windows"),
		},
		{
			name: "nothing could be observed", observe: sees(doorFacts{}, fmt.Errorf("open the door of Ana: %w", fs.ErrPermission)),
			want: unknown("check.not_observed", "why", "permission"),
		},
		{
			name:    "observe crashes",
			observe: func(context.Context, *host.Host) (doorFacts, error) { panic("the secret of Ana") },
			want:    unknown("check.crashed", "part", "observe"),
		},
		{
			name: "judge crashes: the facts are kept", observe: sees(doorFacts{Open: 13}, nil),
			want: unknown("check.crashed", "part", "judge"), observed: `{"open":13}`,
		},
		{
			name: "judge invents a status", observe: sees(doorFacts{Open: 14}, nil),
			want: unknown("check.crashed", "part", "judge"), observed: `{"open":14}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.os == "" {
				tt.os = host.Linux
			}
			got := door(tt.observe).Run(t.Context(), machine(tt.os), json.RawMessage(tt.params))
			if diff := cmp.Diff(tt.want, got.Verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if string(got.Observed) != tt.observed {
				t.Errorf("observed: got %s, want %s", got.Observed, tt.observed)
			}
			if got.Check != "test.door" || !got.ObservedAt.Equal(noon) || got.ObservedAt.Location() != time.UTC {
				t.Errorf("got %s at %v, want test.door at %v in UTC", got.Check, got.ObservedAt, noon.UTC())
			}
		})
	}
}

// The facts that Run kept give the verdict of Run again, and another bar gives
// another verdict.
func TestJudgeRepeatsRun(t *testing.T) {
	for open := range 5 {
		c := door(sees(doorFacts{Open: open, Doors: []string{"front", "back"}}, nil))
		run := c.Run(t.Context(), machine(host.Linux), nil)
		got, err := c.Judge(run.Observed, nil, run.ObservedAt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(run.Verdict, got); diff != "" {
			t.Errorf("%d open doors (-Run +Judge):\n%s", open, diff)
		}
		loose, err := c.Judge(run.Observed, json.RawMessage(`{"max_open":9}`), run.ObservedAt)
		if err != nil || loose.Status != checks.Pass {
			t.Errorf("%d open doors, nine allowed: got %v, %v; want pass", open, loose.Status, err)
		}
	}
}

// A fact that the evidence does not hold cannot decide, in Run either.
func TestRunJudgesWhatIsKept(t *testing.T) {
	type facts struct {
		Shut  bool `json:"-"`
		Doors int  `json:"doors"`
	}
	c := checks.New(checks.Info{ID: "test.kept"}, struct{}{},
		checks.On[facts]{host.Linux: func(context.Context, *host.Host) (facts, error) { return facts{Shut: true, Doors: 2}, nil }},
		func(f facts, _ struct{}, _ time.Time) checks.Verdict {
			if f.Shut {
				return checks.Verdict{Status: checks.Pass}
			}
			return checks.Verdict{Status: checks.Fail}
		})
	if got := c.Run(t.Context(), machine(host.Linux), nil); got.Status != checks.Fail {
		t.Errorf("got %s, want fail: the JSON of the facts does not say that the doors are shut", got.Status)
	}
}

func TestJudgeRefuses(t *testing.T) {
	c := door(sees(doorFacts{}, nil))
	for _, tt := range []struct{ name, observed, params, want string }{
		{"no facts", ``, `{}`, "facts of test.door: unexpected end of JSON input"},
		{"damaged facts", `{"open":`, `{}`, "facts of test.door: unexpected end of JSON input"},
		{"bad parameters", `{"open":0}`, `{"max_open":-2}`, "parameters of test.door: max_open is negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Judge(json.RawMessage(tt.observed), json.RawMessage(tt.params), noon)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	// A field that a later version of the check added does not hide old fields.
	if v, err := c.Judge(json.RawMessage(`{"open":0,"hinges":4}`), nil, noon); err != nil || v.Status != checks.Pass {
		t.Errorf("facts of a later version: got %v, %v; want pass", v.Status, err)
	}
}

func TestDeadline(t *testing.T) {
	timedOut := checks.Verdict{Status: checks.Unknown, Reason: checks.Because("check.timed_out", "seconds", "20")}

	t.Run("observe obeys its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := door(func(ctx context.Context, _ *host.Host) (doorFacts, error) {
				<-ctx.Done()
				return doorFacts{}, ctx.Err()
			})
			got := c.Run(t.Context(), machine(host.Linux), nil)
			if diff := cmp.Diff(timedOut, got.Verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if got.Took != 20*time.Second {
				t.Errorf("took %v, want 20s", got.Took)
			}
		})
	})

	t.Run("observe hangs in a system call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			answer := make(chan struct{})
			c := door(func(context.Context, *host.Host) (doorFacts, error) {
				<-answer
				return doorFacts{}, nil
			})
			got := c.Run(t.Context(), machine(host.Linux), nil)
			if diff := cmp.Diff(timedOut, got.Verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			close(answer)
		})
	})

	t.Run("only one run is left hanging", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			answer, asked := make(chan struct{}), 0
			c := door(func(context.Context, *host.Host) (doorFacts, error) {
				asked++
				<-answer
				return doorFacts{}, nil
			})
			for range 3 {
				got := c.Run(t.Context(), machine(host.Linux), nil)
				if diff := cmp.Diff(timedOut, got.Verdict); diff != "" {
					t.Errorf("verdict (-want +got):\n%s", diff)
				}
			}
			synctest.Wait()
			if asked != 1 {
				t.Errorf("asked %d times while the first did not answer", asked)
			}
			if got := c.Run(t.Context(), machine(host.Linux), json.RawMessage(`{"max_open":2}`)); got.Took != 20*time.Second {
				t.Errorf("other parameters: answered after %v, want a try of its own", got.Took)
			}
			close(answer)
			synctest.Wait()
			if got := c.Run(t.Context(), machine(host.Linux), nil); got.Status != checks.Pass {
				t.Errorf("when it answers again: got %s, want pass", got.Status)
			}
		})
	})

	t.Run("an answer after the deadline that hides the error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := door(func(context.Context, *host.Host) (doorFacts, error) {
				time.Sleep(time.Minute)
				return doorFacts{}, nil
			})
			if got := c.Run(t.Context(), machine(host.Linux), nil); got.Status != checks.Unknown {
				t.Errorf("got %s, want unknown", got.Status)
			}
			time.Sleep(time.Minute)
		})
	})

	t.Run("a check without deadline gets the default", func(t *testing.T) {
		c := checks.New(checks.Info{ID: "test.plain"}, doorParams{}, checks.On[doorFacts]{}, judgeDoor)
		if got := c.Info().Deadline; got != checks.DefaultDeadline {
			t.Errorf("got %v, want %v", got, checks.DefaultDeadline)
		}
	})
}

func TestNewWithParams(t *testing.T) {
	c := checks.NewWithParams(checks.Info{ID: "test.doors"}, doorParams{MaxOpen: 1, Skip: []string{"attic"}},
		checks.OnWith[doorFacts, doorParams]{
			host.Windows: func(_ context.Context, _ *host.Host, p doorParams) (doorFacts, error) {
				p.Skip[0] += "!" // what observe does to its parameters stays there
				return doorFacts{Open: p.MaxOpen, Doors: p.Skip}, nil
			},
			host.Linux: func(context.Context, *host.Host, doorParams) (doorFacts, error) { return doorFacts{}, nil },
		}, judgeDoor)
	for _, tt := range []struct{ params, want string }{
		{``, `{"open":1,"doors":["attic!"]}`},
		{`{"max_open":7}`, `{"open":7,"doors":["attic!"]}`},
		{`{"skip":["cellar"]}`, `{"open":1,"doors":["cellar!"]}`},
		{``, `{"open":1,"doors":["attic!"]}`},
	} {
		got := c.Run(t.Context(), machine(host.Windows), json.RawMessage(tt.params))
		if string(got.Observed) != tt.want {
			t.Errorf("params %q: got %s, want %s", tt.params, got.Observed, tt.want)
		}
	}
	if diff := cmp.Diff([]host.OS{host.Linux, host.Windows}, c.Platforms()); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func TestCheckParams(t *testing.T) {
	c := door(sees(doorFacts{}, nil))
	for _, tt := range []struct{ params, want string }{
		{``, ""},
		{`{"max_open":0,"settle":"90s"}`, ""},
		{`null`, ""},
		{`{"settle":"-1h"}`, `duration "-1h" is negative`},
		{`{"settle":"soon"}`, `duration "soon": use a form such as 36h, 15m or 90s`},
		{`[]`, "cannot unmarshal array into Go value of type checks_test.doorParams"},
		{`{"max_open":-1}`, "max_open is negative"},
	} {
		got := ""
		if err := c.CheckParams(json.RawMessage(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

func TestTakesParam(t *testing.T) {
	c := door(sees(doorFacts{}, nil))
	for name, want := range map[string]bool{"max_open": true, "settle": true, "max_shut": false, "": false, `a"b`: false} {
		if got := c.TakesParam(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
