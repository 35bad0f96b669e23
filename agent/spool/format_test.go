package spool

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files of the format's current version")

// written is a segment and a file of acknowledgements as version 1 writes them.
func written() (segment, acks []byte) {
	at := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	first, second := Hash(hashOf("report 1")), Hash(hashOf("report 4"))
	segment = []byte(segmentMagic)
	for _, r := range []record{
		{kind: kindReport, severity: 1, first: 1, last: 1, at: at.UnixMicro(), message: []byte("report 1"), signature: []byte("signature 1")},
		{kind: kindGap, first: 2, last: 3, at: at.UnixMicro() + 1, prev: first, reason: Dropped, hashes: []Hash{{2}, {3}}},
		{kind: kindReport, severity: 4, first: 4, last: 4, at: at.UnixMicro() + 2, prev: Hash{3}, message: []byte("report 4"), signature: []byte("signature 4")},
		{kind: kindReport, first: 5, last: 5, at: at.UnixMicro() + 3, prev: second, message: []byte("report 5"), signature: []byte("signature 5")},
	} {
		segment = appendRecord(segment, &r)
	}
	a := acked{sequence: 1, hash: first, marks: []mark{{1, at.Unix()}}}
	return segment, a.encode()
}

// The bytes of every released version are read for ever; see FORMAT.md.
func TestVersion1IsRead(t *testing.T) {
	segment, acks := written()
	files := map[string][]byte{segmentName(1): segment, ackedName: acks}
	for name, content := range files {
		golden := filepath.Join("testdata", "v1", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, content); diff != "" {
			t.Errorf("%s is written otherwise now (-golden +now):\n%s", name, diff)
		}
	}
	q, err := Open(dir(filepath.Join("testdata", "v1")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 report 1", "2-3 dropped, 2 hashes", "4 report 4", "5 report 5"}
	if diff := cmp.Diff(want, view(t, q, 1)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := q.Stats(); got.Last != 5 || got.Acked != 1 || got.Waiting != 2 || got.Dropped != 2 {
		t.Errorf("Stats() = %+v", got)
	}
}
