package backup

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// series is a folder of copies that is looked at each morning for sixty days, by an agent
// that remembers the evening before.
type series struct {
	// weighs is the size of the copy of a night; 0: none was made.
	weighs func(night int) int
	// keep is how many copies the program keeps, forgets the morning on which the agent
	// has lost its memory, unseen one on which the folder cannot be read.
	keep, forgets, unseen int
	extra                 func(night int) string // of the dataset
}

const nights = 60

// run returns what is said each morning.
func (s series) run(t *testing.T) (said [nights]checks.Finding) {
	t.Helper()
	const dump = "-- PostgreSQL database dump\nCREATE TABLE a (n int);\n%s\n-- PostgreSQL database dump complete\n"
	var past host.Past
	start := at.AddDate(0, 0, -nights)
	d := disk{os: host.Linux, entries: map[string]entry{"/c": {mode: fs.ModeDir | 0o755}}}
	for night := range nights {
		now := start.AddDate(0, 0, night)
		if size := s.weighs(night); size > 0 {
			d.entries[fmt.Sprintf("/c/%02d.sql", night)] = entry{content: fmt.Sprintf(dump, strings.Repeat("-", size+night%5)), age: at.Sub(now) + 5*time.Hour}
		}
		delete(d.entries, fmt.Sprintf("/c/%02d.sql", night-s.keep))
		folder := d.entries["/c"]
		folder.err = nil
		if night > 0 && night == s.unseen {
			folder.err = host.ErrUnsupported
		}
		d.entries["/c"] = folder
		if night > 0 && night == s.forgets {
			past = nil
		}
		h := d.host(checktest.Answers{})
		h.Now, h.Past = checktest.Clock(now), past
		extra := ""
		if s.extra != nil {
			extra = s.extra(night)
		}
		res := checktest.Run(t, daily(), h, `{"datasets":[{"name":"a","copies":"/c"`+extra+`}]}`)
		said[night] = res.Findings[0]
		past = remembered(res.Observed)
	}
	return said
}

// What copies weigh is judged against what they weighed before they shrank, however many
// small ones there are since.
func TestSizesOverSixtyDays(t *testing.T) {
	steady := func(size int) func(int) int { return func(int) int { return size } }
	after := func(night, before, then int) func(int) int {
		return func(n int) int {
			if n < night {
				return before
			}
			return then
		}
	}
	for _, tt := range []struct {
		name string
		s    series
		// Each night before bad, but the last three, is good, each from bad to until is not,
		// with this code on the last of them, and each from again on is good.
		bad, until, again int
		code              string
	}{
		{name: "steady", s: series{weighs: steady(50_000), keep: 7}},
		{name: "twice as large", s: series{weighs: after(20, 50_000, 100_000), keep: 7}},
		{name: "a third smaller", s: series{weighs: after(20, 50_000, 34_000), keep: 7}},
		{name: "one large night", s: series{weighs: func(n int) int {
			if n == 20 {
				return 900_000
			}
			return 50_000
		}, keep: 7}},
		{name: "a large one at the beginning", s: series{weighs: func(n int) int {
			if n == 1 {
				return 900_000
			}
			return 50_000
		}, keep: 7}},
		{name: "a tenth from one night on, all kept", s: series{weighs: after(20, 50_000, 5000), keep: nights}, bad: 21, until: nights, again: nights, code: "backup.shrunk"},
		{name: "a tenth from one night on, seven kept", s: series{weighs: after(20, 50_000, 5000), keep: 7}, bad: 21, until: nights, again: nights, code: "backup.all_shrunk"},
		{name: "a tenth from one night on, one kept", s: series{weighs: after(20, 50_000, 5000), keep: 1}, bad: 21, until: nights, again: nights, code: "backup.all_shrunk"},
		{name: "and a morning without a look", s: series{weighs: after(20, 50_000, 5000), keep: 7, unseen: 40}, bad: 21, until: nights, again: nights, code: "backup.all_shrunk"},
		{name: "and forgotten while good ones are there", s: series{weighs: after(20, 50_000, 5000), keep: 30, forgets: 40}, bad: 21, until: nights, again: nights, code: "backup.all_shrunk"},
		{name: "5 % less each night", s: series{weighs: func(n int) int {
			size := 900_000.0
			for range n {
				size *= 0.95
			}
			return int(size)
		}, keep: 7}, bad: 19, until: nights, again: nights, code: "backup.all_shrunk"},
		{name: "every other night a small one", s: series{weighs: func(n int) int {
			if n > 20 && n%2 == 0 {
				return 5000
			}
			return 50_000
		}, keep: 7}},
		{name: "small, and back again", s: series{weighs: func(n int) int {
			if n >= 20 && n < 40 {
				return 5000
			}
			return 50_000
		}, keep: 7}, bad: 21, until: 40, again: 40, code: "backup.all_shrunk"},
		{name: "small, and approved", s: series{weighs: after(20, 50_000, 5000), keep: 7, extra: func(n int) string {
			if n < 45 {
				return ""
			}
			return `,"sizes_from":"` + at.AddDate(0, 0, -nights+19).Format(time.DateOnly) + `"`
		}}, bad: 21, until: 45, again: 45, code: "backup.all_shrunk"},
		{name: "only what changed", s: series{weighs: after(20, 50_000, 5000), keep: 7, extra: func(int) string { return `,"kind":"incremental"` }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := tt.s.run(t)
			for night, f := range said {
				good := f.Status == checks.Pass || f.Status == checks.Warn && f.Reason.Code == "backup.recent_then_shrunk"
				switch {
				case night > 0 && night == tt.s.unseen:
					if f.Status != checks.Unknown {
						t.Errorf("night %d, unseen: got %s %v", night, f.Status, f.Reason)
					}
				case night >= tt.bad && night < tt.until:
					if f.Status != checks.Fail {
						t.Errorf("night %d: got %s %v, want fail", night, f.Status, f.Reason)
					}
				case (night < tt.bad-3 || night >= tt.again) && !good:
					t.Errorf("night %d: got %s %v, want a good one", night, f.Status, f.Reason)
				}
			}
			if tt.until > 0 {
				if f := said[tt.until-1]; f.Reason.Code != tt.code {
					t.Errorf("the last bad night: got %v, want %s", f.Reason, tt.code)
				}
			}
		})
	}
}

// What is remembered is small, and the same from run to run while nothing happens.
func TestUsualIsStable(t *testing.T) {
	d := disk{os: host.Linux, entries: map[string]entry{}}
	for i := range 9 {
		d.entries[fmt.Sprintf("/c/%d.bak", i)] = entry{content: "TAPE" + strings.Repeat("x", 100+i), age: time.Duration(3+24*i) * time.Hour}
	}
	h := d.host(checktest.Answers{})
	const params = `{"datasets":[{"name":"a","copies":"/c"}]}`
	first := checktest.Run(t, daily(), h, params)
	h.Past = remembered(first.Observed)
	second := checktest.Run(t, daily(), h, params)
	if string(first.Observed) != string(second.Observed) {
		t.Errorf("got %s, then %s", first.Observed, second.Observed)
	}
	var f dailyFacts
	if err := json.Unmarshal(second.Observed, &f); err != nil || f.Datasets[0].Seen.Usual == nil || len(f.Datasets[0].Seen.Usual.Sizes) != usualMost {
		t.Errorf("got %s, %v", second.Observed, err)
	}
}
