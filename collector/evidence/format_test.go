package evidence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

var update = flag.Bool("update", false, "write testdata/v1, only before version 1 is released")

// released is what is kept of a log of a released version: bytes that must
// verify for ever.
type released struct {
	Verifier    string
	Entries     []releasedEntry
	Checkpoints []releasedCheckpoint
}

type releasedEntry struct {
	Index       int64
	Kind        evidence.Kind
	Subject     string
	Received    time.Time
	Epoch       uint64
	Sequence    uint64
	Header      []byte
	Salt        []byte
	Payload     []byte
	PayloadHash []byte
	Hash        tlog.Hash
}

type releasedCheckpoint struct {
	Signed      string
	Inclusion   []tlog.RecordProof // of entry 0, 1, 2, ...
	Consistency tlog.TreeProof     // from the checkpoint before
}

// exampleLog makes the log of the fixture, the same every time.
func exampleLog(t *testing.T) released {
	t.Helper()
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	var out released
	out.Verifier = log.Verifier()
	var older int64
	checkpoint := func() {
		read(t, db, func(ctx context.Context, tx *storage.Tx) error {
			c, err := log.Checkpoint(ctx, tx)
			if err != nil {
				return err
			}
			kept := releasedCheckpoint{Signed: string(c.Signed)}
			for index := range c.Size {
				proof, err := log.ProveInclusion(ctx, tx, index, c.Size)
				if err != nil {
					return err
				}
				kept.Inclusion = append(kept.Inclusion, proof)
			}
			kept.Consistency, err = log.ProveConsistency(ctx, tx, older, c.Size)
			older = c.Size
			out.Checkpoints = append(out.Checkpoints, kept)
			return err
		})
	}
	appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Enrolment, Subject: "machine-7", Payload: []byte("an enrolment\n")},
		evidence.Leaf{Kind: evidence.Report, Subject: "machine-7", Sequence: 1, Payload: []byte("a report\n")},
		evidence.Leaf{Kind: evidence.Policy, Subject: "Normas de atención", Payload: []byte("una política\n")})
	checkpoint() // size 4
	appendLeaves(t, db, log, evidence.Leaf{Kind: evidence.Gap, Subject: "machine-7", Sequence: 2})
	write(t, db, func(ctx context.Context, tx *storage.Tx) error {
		if _, err := log.Restored(ctx, tx, "operator"); err != nil {
			return err
		}
		_, err := log.Prune(ctx, tx, time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC), evidence.Enrolment)
		return err
	})
	checkpoint() // size 7
	read(t, db, func(ctx context.Context, tx *storage.Tx) error {
		return log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
			out.Entries = append(out.Entries, releasedEntry{
				Index: e.Index, Kind: e.Header.Kind, Subject: e.Header.Subject, Received: e.Header.Received, Epoch: e.Header.Epoch,
				Sequence: e.Header.Sequence, Header: e.HeaderBytes, Salt: e.Salt, Payload: e.Payload, PayloadHash: e.PayloadHash[:], Hash: e.Hash,
			})
			return nil
		})
	})
	return out
}

const fixture = "testdata/v1/log.json"

func readFixture(t *testing.T) released {
	t.Helper()
	b, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	var r released
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// What version 1 wrote verifies, with nothing but the offline functions.
func TestReleasedBytesVerify(t *testing.T) {
	r := readFixture(t)
	var older evidence.Checkpoint
	for _, kept := range r.Checkpoints {
		c, err := evidence.VerifyCheckpoint([]byte(kept.Signed), r.Verifier)
		if err != nil {
			t.Fatal(err)
		}
		if older.Size > 0 {
			if err := evidence.VerifyConsistency(older, c, kept.Consistency); err != nil {
				t.Error(err)
			}
		}
		older = c
		if int64(len(kept.Inclusion)) != c.Size {
			t.Fatalf("%d proofs for %d entries", len(kept.Inclusion), c.Size)
		}
		for index, proof := range kept.Inclusion {
			e := r.Entries[index]
			h, err := evidence.ParseHeader(e.Header)
			if err != nil {
				t.Fatal(err)
			}
			if want := (evidence.Header{Kind: e.Kind, Subject: e.Subject, Received: e.Received, Epoch: e.Epoch, Sequence: e.Sequence}); h != want {
				t.Errorf("entry %d: header %+v, want %+v", index, h, want)
			}
			entry := evidence.Entry{Index: e.Index, Header: h, HeaderBytes: e.Header, Salt: e.Salt, Payload: e.Payload,
				PayloadHash: [32]byte(e.PayloadHash), Hash: e.Hash}
			if err := evidence.VerifyEntry(entry, proof, c); err != nil {
				t.Error(err)
			}
		}
	}
}

// What is written today is what version 1 wrote, byte for byte.
func TestFormatHasNotChanged(t *testing.T) {
	got := exampleLog(t)
	if *update {
		writeFixture(t, got)
	}
	if want := readFixture(t); !reflect.DeepEqual(got, want) {
		t.Errorf("the log is written differently:\n%+v\nwant\n%+v\nA change of the format is another version, beside this one.", got, want)
	}
}

// writeFixture writes the log and, for the example of FORMAT.md, the raw bytes
// of entry 2 with its proof in the log of 4 entries.
func writeFixture(t *testing.T, r released) {
	t.Helper()
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	proof := r.Checkpoints[0].Inclusion[2]
	for name, content := range map[string][]byte{
		fixture:                        append(b, '\n'),
		"testdata/v1/entry2.header":    r.Entries[2].Header,
		"testdata/v1/entry2.salt":      r.Entries[2].Salt,
		"testdata/v1/entry2.payload":   r.Entries[2].Payload,
		"testdata/v1/entry2.proof1":    proof[0][:],
		"testdata/v1/entry2.proof2":    proof[1][:],
		"testdata/v1/size4.checkpoint": []byte(r.Checkpoints[0].Signed),
		"testdata/v1/log.vkey":         []byte(r.Verifier + "\n"),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The commands of FORMAT.md give what FORMAT.md says.
func TestFormatExample(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the example is for a Unix shell")
	}
	for _, program := range []string{"openssl", "sha256sum", "basenc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: apt-get install openssl coreutils", program)
		}
	}
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```sh\n(.*?)```.*?```text\n(.*?)```").FindSubmatch(b)
	if m == nil {
		t.Fatal("FORMAT.md has no example")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/v1")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", string(m[1]))
	cmd.Dir = dir
	got, err := cmd.CombinedOutput()
	if err != nil || !bytes.Equal(got, m[2]) {
		t.Errorf("the example prints (%v)\n%s\nFORMAT.md says\n%s", err, got, m[2])
	}
	text := string(b)
	for _, word := range []string{evidence.KeyFile, fmt.Sprint(evidence.MaxPayload), fmt.Sprint(evidence.MaxSubject), "vigia-leaf/1"} {
		if !strings.Contains(text, word) {
			t.Errorf("FORMAT.md does not say %s", word)
		}
	}
}
