package evidence_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// proven is an entry with what proves it.
type proven struct {
	entry      evidence.Entry
	proof      tlog.RecordProof
	checkpoint evidence.Checkpoint
	verifier   string
}

func anEntry(t testing.TB) proven {
	t.Helper()
	db := storagetest.Open(t, storagetest.SQLite(t), evidence.Schema())
	log := open(t, db)
	appendLeaves(t, db, log, reports(1, 9)...)
	p := proven{verifier: log.Verifier()}
	read(t, db, func(ctx context.Context, tx *storage.Tx) (err error) {
		if p.entry, err = log.Entry(ctx, tx, 5); err != nil {
			return err
		}
		if p.checkpoint, err = log.Checkpoint(ctx, tx); err != nil {
			return err
		}
		p.proof, err = log.ProveInclusion(ctx, tx, 5, p.checkpoint.Size)
		return err
	})
	return p
}

func TestVerifyEntryRefuses(t *testing.T) {
	p := anEntry(t)
	if err := evidence.VerifyEntry(p.entry, p.proof, p.checkpoint); err != nil {
		t.Fatalf("the honest entry: %v", err)
	}
	pruned := p.entry
	pruned.Payload, pruned.Salt = nil, nil
	if err := evidence.VerifyEntry(pruned, p.proof, p.checkpoint); err != nil {
		t.Fatalf("the pruned entry: %v", err)
	}
	rows := []struct {
		name   string
		change func(p *proven)
	}{
		{"payload", func(p *proven) { p.entry.Payload = []byte("all is well") }},
		{"salt", func(p *proven) { p.entry.Salt = make([]byte, 32) }},
		{"salt without payload", func(p *proven) { p.entry.Payload = nil }},
		{"payload without salt", func(p *proven) { p.entry.Salt = nil }},
		{"payload hash", func(p *proven) { p.entry.PayloadHash[3] ^= 1 }},
		{"hash", func(p *proven) { p.entry.Hash[3] ^= 1 }},
		{"index", func(p *proven) { p.entry.Index = 4 }},
		{"negative index", func(p *proven) { p.entry.Index = -1 }},
		{"index outside", func(p *proven) { p.entry.Index = p.checkpoint.Size }},
		{"subject", func(p *proven) { p.entry.Header.Subject = "machine-8" }},
		{"kind", func(p *proven) { p.entry.Header.Kind = evidence.Gap }},
		{"time", func(p *proven) { p.entry.Header.Received = p.entry.Header.Received.Add(time.Microsecond) }},
		{"header", func(p *proven) { p.entry.HeaderBytes = append(bytes.Clone(p.entry.HeaderBytes), '\n') }},
		{"no header", func(p *proven) { p.entry.HeaderBytes = nil }},
		{"no proof", func(p *proven) { p.proof = nil }},
		{"long proof", func(p *proven) { p.proof = make(tlog.RecordProof, 1_000_000) }},
		{"another proof", func(p *proven) { p.proof[0], p.proof[1] = p.proof[1], p.proof[0] }},
		{"size", func(p *proven) { p.checkpoint.Size = 8 }},
		{"negative size", func(p *proven) { p.checkpoint.Size = -8 }},
		{"root", func(p *proven) { p.checkpoint.Hash[0] ^= 1 }},
		{"huge payload", func(p *proven) { p.entry.Payload = make([]byte, evidence.MaxPayload+1) }},
	}
	for _, row := range rows {
		changed := p
		changed.proof = append(tlog.RecordProof(nil), p.proof...)
		row.change(&changed)
		if err := evidence.VerifyEntry(changed.entry, changed.proof, changed.checkpoint); err == nil {
			t.Errorf("%s: accepted", row.name)
		}
	}
}

func TestVerifyCheckpointRefuses(t *testing.T) {
	p := anEntry(t)
	other := newKey(t, 9)
	signed := p.checkpoint.Signed
	text := string(signed[:bytes.Index(signed, []byte("\n\n"))+1])
	resign := func(text string) []byte {
		skey, vkey, err := note.GenerateKey(seeded(5), p.checkpoint.Origin)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		out, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		p.verifier = vkey
		return out
	}
	if _, err := evidence.VerifyCheckpoint(signed, p.verifier); err != nil {
		t.Fatalf("the honest checkpoint: %v", err)
	}
	if _, err := evidence.VerifyCheckpoint(signed, other.Verifier(), p.verifier); err != nil {
		t.Errorf("with a second key: %v", err)
	}
	if c, err := evidence.VerifyCheckpoint(resign(text+"a line of a later version\n"), p.verifier); err != nil || c.Size != p.checkpoint.Size {
		t.Errorf("with an extension line: size %d, %v", c.Size, err)
	}
	rows := []struct {
		name     string
		signed   []byte
		verifier string
	}{
		{"empty", nil, p.verifier},
		{"another key", signed, other.Verifier()},
		{"not a key", signed, "vigia"},
		{"altered size", bytes.Replace(signed, []byte("\n10\n"), []byte("\n11\n"), 1), p.verifier},
		{"no signature", []byte(text + "\n"), p.verifier},
		{"cut", signed[:len(signed)-1], p.verifier},
		{"huge", bytes.Repeat([]byte("x"), 1<<20), p.verifier},
		{"another log's name", resign(strings.Replace(text, "vigia-", "vigie-", 1)), p.verifier},
		{"signed size with zeros", resign(strings.Replace(text, "\n10\n", "\n010\n", 1)), p.verifier},
		{"signed size with sign", resign(strings.Replace(text, "\n10\n", "\n+10\n", 1)), p.verifier},
		{"signed negative size", resign(strings.Replace(text, "\n10\n", "\n-10\n", 1)), p.verifier},
		{"signed short hash", resign(p.checkpoint.Origin + "\n10\nAAAA\n"), p.verifier},
		{"signed two lines", resign(p.checkpoint.Origin + "\n10\n"), p.verifier},
	}
	for _, row := range rows {
		if _, err := evidence.VerifyCheckpoint(row.signed, row.verifier); err == nil {
			t.Errorf("%s: accepted", row.name)
		}
	}
}

func TestVerifyConsistencyRefuses(t *testing.T) {
	c := anEntry(t).checkpoint
	if err := evidence.VerifyConsistency(evidence.Checkpoint{Origin: c.Origin}, c, nil); err != nil {
		t.Errorf("from nothing: %v", err)
	}
	if err := evidence.VerifyConsistency(c, c, nil); err != nil {
		t.Errorf("with itself: %v", err)
	}
	smaller, forked, elsewhere := c, c, c
	smaller.Size--
	forked.Hash[0] ^= 1
	elsewhere.Origin = "vigia-00000000"
	for name, older := range map[string]evidence.Checkpoint{"smaller": smaller, "forked": forked, "another log": elsewhere} {
		if err := evidence.VerifyConsistency(older, c, make(tlog.TreeProof, 4)); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if err := evidence.VerifyConsistency(older, c, make(tlog.TreeProof, 1_000_000)); err == nil {
			t.Errorf("%s, long proof: accepted", name)
		}
	}
	if err := evidence.VerifyConsistency(c, smaller, nil); err == nil {
		t.Error("a log that shrinks: accepted")
	}
}

func FuzzParseHeader(f *testing.F) {
	for _, text := range []string{
		"vigia-leaf/1\nkind: report\nsubject: machine-7\nreceived: 1790000000000000\nepoch: 1\nsequence: 42\n\n",
		"vigia-leaf/1\nkind: policy\nsubject: Atención\nreceived: 0\nepoch: 9223372036854775807\nsequence: 0\n\n",
		"vigia-leaf/1\nkind: report\nsubject: x\nreceived: 1\nepoch: 01\nsequence: 42\n\n",
		"vigia-leaf/2\n", "", "\n\n\n\n\n\n\n\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := evidence.ParseHeader(b)
		if err != nil {
			return
		}
		again, err := h.Marshal()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q was read as %+v, which is written %q (%v)", b, h, again, err)
		}
	})
}

func FuzzVerifyCheckpoint(f *testing.F) {
	skey, vkey, err := note.GenerateKey(seeded(5), "vigia-0badcafe")
	if err != nil {
		f.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		f.Fatal(err)
	}
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32))
	f.Add("vigia-0badcafe\n10\n" + hash + "\n")
	f.Add("vigia-0badcafe\n10\n" + hash + "\nmore\n")
	f.Add("\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			return
		}
		c, err := evidence.VerifyCheckpoint(signed, vkey)
		if err != nil {
			return
		}
		want := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Hash[:]))
		if !strings.HasPrefix(text, want) || c.Size < 0 {
			t.Errorf("%q was read as %+v", text, c)
		}
	})
}
