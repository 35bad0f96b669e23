package backup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
)

var at = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) // a Monday

func ago(d time.Duration) time.Time { return at.Add(-d) }

const day = 24 * time.Hour

// still is a source that was last touched four days ago.
func still() *treeFacts {
	return &treeFacts{
		Files: 12, Folders: 3, Bytes: 4096, Written: ago(4 * day), Changed: ago(4 * day),
		Fingerprint: "0123456789abcdef0123456789abcdef",
	}
}

// with is still, changed.
func with(change func(*treeFacts)) *treeFacts {
	t := still()
	change(t)
	return t
}

func TestJudgeDataset(t *testing.T) {
	copied := func(age time.Duration, size int64) copiesFacts {
		return copiesFacts{Matching: 1, Best: []copyFact{{Time: ago(age), Size: size}}}
	}
	for _, tt := range []struct {
		name   string
		seen   copiesFacts
		tree   *treeFacts
		remote bool // the dataset names no source
		status checks.Status
		code   string
	}{
		// Copies that are recent enough, or not.
		{name: "copy of the night", seen: copied(9*time.Hour, 5000), status: checks.Pass, code: "backup.recent"},
		{name: "just within every and grace", seen: copied(30*time.Hour, 5000), status: checks.Pass, code: "backup.recent"},
		{name: "a minute late, source elsewhere", seen: copied(30*time.Hour+time.Minute, 5000), remote: true, status: checks.Fail, code: "backup.late"},
		{name: "recent while another copy was not read", seen: copiesFacts{Matching: 2, Unread: 1, Best: copied(time.Hour, 5000).Best}, status: checks.Pass, code: "backup.recent"},
		{name: "late while another copy was not read", seen: copiesFacts{Matching: 2, Unread: 1, Best: copied(2*day, 5000).Best}, remote: true, status: checks.Unknown, code: "backup.copies_partly_unread"},
		{name: "late, more copies than the list holds", seen: copiesFacts{Matching: 99, BestMore: 9, Best: copied(2*day, 1000).Best}, remote: true, status: checks.Unknown, code: "backup.copies_partly_unread"},
		{
			name:   "a small one after the good one",
			seen:   copiesFacts{Matching: 2, Best: []copyFact{{Time: ago(time.Hour), Size: 10}, {Time: ago(9 * time.Hour), Size: 5000}}},
			status: checks.Pass, code: "backup.recent",
		},

		// No good copy at all.
		{name: "no copy", seen: copiesFacts{}, status: checks.Fail, code: "backup.no_copy"},
		{name: "only small ones", seen: copied(time.Hour, 999), status: checks.Fail, code: "backup.none_good"},
		{name: "only empty ones", seen: copied(time.Hour, 0), status: checks.Fail, code: "backup.none_good"},
		{name: "only from the future", seen: copiesFacts{Matching: 1, Future: 1}, status: checks.Fail, code: "backup.none_good"},
		{name: "only being written", seen: copiesFacts{Matching: 1, Writing: 1}, status: checks.Fail, code: "backup.none_good"},
		{name: "the only one could not be read", seen: copiesFacts{Matching: 1, Unread: 1}, status: checks.Unknown, code: "backup.none_good_unread"},
		{name: "no good copy though the source is still", seen: copiesFacts{}, tree: still(), status: checks.Fail, code: "backup.no_copy"},

		// The folder of copies.
		{name: "no folder", seen: copiesFacts{Why: "absent"}, status: checks.Fail, code: "backup.copies_absent"},
		{name: "folder refused", seen: copiesFacts{Why: "permission"}, status: checks.Unknown, code: "backup.copies_unread"},
		{name: "folder in another system's notation", seen: copiesFacts{Why: "unsupported"}, status: checks.Unknown, code: "backup.copies_unread"},

		// Late, but perhaps nothing changed.
		{name: "nothing changed over the weekend", seen: copied(3*day, 5000), tree: still(), status: checks.Pass, code: "backup.unchanged_since"},
		{
			name: "nothing changed, another copy unread", seen: copiesFacts{Matching: 2, Unread: 1, Best: copied(3*day, 5000).Best}, tree: still(),
			status: checks.Pass, code: "backup.unchanged_since",
		},
		{name: "written since", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Written = ago(2 * day) }), status: checks.Fail, code: "backup.changed_since"},
		{
			name: "written since, another copy unread", seen: copiesFacts{Matching: 2, Unread: 1, Best: copied(3*day, 5000).Best},
			tree: with(func(f *treeFacts) { f.Written = ago(2 * day) }), status: checks.Unknown, code: "backup.copies_partly_unread",
		},
		{
			name: "written since, though a part was not read", seen: copied(3*day, 5000),
			tree:   with(func(f *treeFacts) { f.Written, f.Unread, f.Stopped = ago(2*day), 4, "timed_out" }),
			status: checks.Fail, code: "backup.changed_since",
		},
		{name: "not walked", seen: copied(3*day, 5000), status: checks.Unknown, code: "backup.source_not_walked"},
		{name: "source gone", seen: copied(3*day, 5000), tree: &treeFacts{Why: "absent"}, status: checks.Unknown, code: "backup.source_absent"},
		{name: "source refused", seen: copied(3*day, 5000), tree: &treeFacts{Why: "permission"}, status: checks.Unknown, code: "backup.source_unread"},
		{name: "walk ran out of time", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Stopped = "timed_out" }), status: checks.Unknown, code: "backup.source_stopped"},
		{name: "a part refused", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Unread = 1 }), status: checks.Unknown, code: "backup.source_partly_unread"},
		{name: "an empty mount point", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Files = 0 }), status: checks.Unknown, code: "backup.source_empty"},
		{name: "a link out", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Links = 1 }), status: checks.Unknown, code: "backup.source_links"},
		{name: "a disk mounted inside", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Mounts = 1 }), status: checks.Unknown, code: "backup.source_mounts"},
		{name: "mounts not known", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.MountsWhy = "unsupported" }), status: checks.Unknown, code: "backup.source_unread"},
		{name: "a time in the future", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Future = 1 }), status: checks.Unknown, code: "backup.source_future"},
		{name: "no change times", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Untimed = 12 }), status: checks.Unknown, code: "backup.source_untimed"},
		{name: "an open database", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Lazy = 1 }), status: checks.Unknown, code: "backup.source_databases"},
		{name: "facts without fingerprint", seen: copied(3*day, 5000), tree: with(func(f *treeFacts) { f.Fingerprint = "" }), status: checks.Unknown, code: "backup.source_unread"},
		{
			name: "back-dated or only its rights changed", seen: copied(3*day, 5000),
			tree: with(func(f *treeFacts) { f.Changed = ago(day) }), status: checks.Unknown, code: "backup.attributes_changed",
		},
		{
			name: "written while the copy ran", seen: copied(3*day, 5000),
			tree: with(func(f *treeFacts) { f.Written = ago(3*day + 10*time.Minute) }), status: checks.Unknown, code: "backup.changed_near_copy",
		},
		{
			name: "changed while the copy ran", seen: copied(3*day, 5000),
			tree: with(func(f *treeFacts) { f.Changed = ago(3*day + 10*time.Minute) }), status: checks.Unknown, code: "backup.changed_near_copy",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := dataset{Name: "padrón", Copies: "/copias", Source: "/datos", MinBytes: 1000}
			if tt.remote {
				d.Source = ""
			}
			p := dailyParams{
				Datasets: []dataset{d}, MinBytes: 1,
				Every: checks.Duration(day), Grace: checks.Duration(6 * time.Hour), Quiet: checks.Duration(time.Hour),
			}
			facts := dailyFacts{Datasets: []datasetFacts{{Name: d.Name, Copies: d.Copies, Source: d.Source, Seen: tt.seen, Tree: tt.tree}}}
			got := judge(facts, p, at)
			if got.Status != tt.status || len(got.Findings) != 1 || got.Findings[0].Status != tt.status || got.Findings[0].Reason.Code != tt.code {
				t.Errorf("got %s %+v, want %s %s", got.Status, got.Findings, tt.status, tt.code)
			}
			said(t, got)
		})
	}
}

// said makes sure that everything the verdict says has words for it.
func said(t *testing.T, v checks.Verdict) {
	t.Helper()
	reasons := []checks.Reason{v.Reason}
	for _, f := range v.Findings {
		reasons = append(reasons, f.Reason)
	}
	for _, r := range reasons {
		if _, ok := dailyMessages()[r.Code]; !ok {
			t.Errorf("%s has no message", r.Code)
		}
	}
}

func TestJudgeWhole(t *testing.T) {
	recent := copiesFacts{Matching: 1, Best: []copyFact{{Time: ago(time.Hour), Size: 5000}}}
	seen := dailyFacts{Datasets: []datasetFacts{
		{Name: "a", Copies: "/a", Seen: recent},
		{Name: "b", Copies: "/b", Seen: copiesFacts{Why: "permission"}},
		{Name: "c", Copies: "/c", Seen: copiesFacts{}},
	}}
	a, b, c := dataset{Name: "a", Copies: "/a"}, dataset{Name: "b", Copies: "/b"}, dataset{Name: "c", Copies: "/c"}
	for _, tt := range []struct {
		name     string
		datasets []dataset
		want     checks.Status
		reason   checks.Reason
	}{
		{"none asked", nil, checks.NotApplicable, checks.Because("backup.no_datasets")},
		{"one good", []dataset{a}, checks.Pass, checks.Because("backup.all_copied", "datasets", "1", "bad", "0", "unknown", "0")},
		{"one unread", []dataset{a, b}, checks.Unknown, checks.Because("backup.some_unknown", "datasets", "2", "bad", "0", "unknown", "1")},
		{"one missing", []dataset{a, b, c}, checks.Fail, checks.Because("backup.some_not_copied", "datasets", "3", "bad", "1", "unknown", "1")},
		// Old evidence and a newer policy.
		{"a dataset that was not asked then", []dataset{a, {Name: "d", Copies: "/d"}}, checks.Unknown, checks.Because("backup.some_unknown", "datasets", "2", "bad", "0", "unknown", "1")},
		{"a dataset whose copies moved", []dataset{{Name: "a", Copies: "/elsewhere"}}, checks.Unknown, checks.Because("backup.some_unknown", "datasets", "1", "bad", "0", "unknown", "1")},
		{"another pattern", []dataset{{Name: "a", Copies: "/a", Pattern: "*.zip"}}, checks.Unknown, checks.Because("backup.some_unknown", "datasets", "1", "bad", "0", "unknown", "1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := dailyParams{Datasets: tt.datasets, Every: checks.Duration(day), MinBytes: 1}
			got := judge(seen, p, at)
			if got.Status != tt.want {
				t.Errorf("got %s, want %s", got.Status, tt.want)
			}
			if diff := cmp.Diff(tt.reason, got.Reason); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
			said(t, got)
		})
	}
}

func TestMessagesComplete(t *testing.T) {
	if got := dailyMessages().Problems(); len(got) > 0 {
		t.Errorf("incomplete messages: %q", got)
	}
}

func TestSpanAndSize(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{span(90 * time.Second), "1 min"},
		{span(59 * time.Minute), "59 min"},
		{span(47*time.Hour + 59*time.Minute), "47 h"},
		{span(50 * time.Hour), "2 d 2 h"},
		{size(0), "0 B"},
		{size(9999), "9999 B"},
		{size(10_000), "10 kB"},
		{size(123_456_789), "123 MB"},
		{size(99e15), "99000 TB"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
