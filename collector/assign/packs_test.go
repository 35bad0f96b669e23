package assign_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/assign"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// publisher has a key that the office trusts.
type publisher struct{ private, public string }

func newPublisher(t *testing.T, name string) publisher {
	t.Helper()
	private, public, err := assign.GeneratePackKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return publisher{private, public}
}

func (p publisher) trusted(t *testing.T) note.Verifiers {
	t.Helper()
	v, err := assign.PackKeys([]string{p.public})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// packText is a version of es-rgpd that asks for one thing.
func packText(version, idle int) string {
	return fmt.Sprintf(`name: es-rgpd
version: %d
date: 2026-12-01
title: {es: "España", en: "Spain"}
rules:
  - {control: AC-LOCK-15, check: session.screenlock, params: {max_idle: %d}, every: 1h}
`, version, idle)
}

// offer signs a pack and returns it as the office gets it.
func (p publisher) offer(t *testing.T, text string) assign.NewPack {
	t.Helper()
	pack, err := policy.LoadPack("es-rgpd.yaml", []byte(text), catalog.New())
	if err != nil {
		t.Fatal(err)
	}
	sig, err := assign.SignPack(pack.Name, pack.Version, []byte(text), p.private)
	if err != nil {
		t.Fatal(err)
	}
	return assign.NewPack{File: "/media/usb/es-rgpd.yaml", Data: []byte(text), Signature: sig, By: "ana", Trusted: p.trusted(t)}
}

func (o *office) bringPack(in assign.NewPack) (out assign.PackChange, err error) {
	o.t.Helper()
	err = o.db.Write(o.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		out, err = o.ImportPack(ctx, tx, in, []assign.Machine{pc1, pc2})
		return err
	})
	return out, err
}

func (o *office) packs() (out []assign.PackInfo) {
	o.t.Helper()
	err := o.db.Read(o.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = o.AllPacks(ctx, tx)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func TestAnImportedPackIsInForceFromTheNextPolicyOn(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		p := newPublisher(t, "estado.example.org")
		before := o.current(pc1)
		got, err := o.bringPack(p.offer(t, packText(40, 480)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Signer != "estado.example.org" || got.Before == 0 || got.Machines != 2 || got.Tried != 2 || len(got.Rules) == 0 {
			t.Errorf("got %+v", got)
		}
		after := o.current(pc1)
		if after.Version != before.Version+1 || len(after.Entries) != 1 || after.Packs[0] != (policy.PackRef{Name: "es-rgpd", Version: 40}) {
			t.Errorf("got version %d with %d entries of %v", after.Version, len(after.Entries), after.Packs)
		}
		o.open() // and after a restart
		if again := o.current(pc1); again.Version != after.Version {
			t.Errorf("after a restart: got version %d, want %d", again.Version, after.Version)
		}
		if again, err := o.bringPack(p.offer(t, packText(40, 480))); err != nil || !again.Same {
			t.Errorf("the same once more: got %+v, %v", again, err)
		}
		err = o.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			var record assign.PackRecord
			err := o.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Policy}}, func(e evidence.Entry) error {
				if e.Header.Subject != assign.PackSubject {
					return nil
				}
				return json.Unmarshal(e.Payload, &record)
			})
			if record.Text != packText(40, 480) || record.Signer != "estado.example.org" || record.By != "ana" || record.File != "es-rgpd.yaml" {
				t.Errorf("leaf: got %+v", record)
			}
			if _, err := assign.VerifyPack(record.Name, record.Version, []byte(record.Text), []byte(record.Signature), p.trusted(t)); err != nil {
				t.Errorf("the leaf does not prove who signed it: %v", err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, info := range o.packs() {
			if info.Name == "es-rgpd" || info.InForce && info.Chosen {
				lines = append(lines, fmt.Sprintf("%s %d %q %v", info.Name, info.Version, info.Signer, info.InForce))
			}
		}
		if want := fmt.Sprintf(`es-rgpd 40 "estado.example.org" true|es-rgpd %d "" false`, got.Before); strings.Join(lines, "|") != want {
			t.Errorf("listed: got %q, want %q", lines, want)
		}
	})
}

func TestAPackThatIsRefusedChangesNothing(t *testing.T) {
	p, stranger := newPublisher(t, "estado.example.org"), newPublisher(t, "otro.example.org")
	namesake := newPublisher(t, "estado.example.org")
	onEach(t, func(t *testing.T, o *office) {
		if _, err := o.bringPack(p.offer(t, packText(40, 480))); err != nil {
			t.Fatal(err)
		}
		if _, err := o.bring("packs: [es-rgpd]\noverrides:\n  - {control: AC-LOCK-15, params: {max_idle: 300}, why: aulas, by: ana}\n"); err != nil {
			t.Fatal(err)
		}
		before, leaves := o.current(pc1), len(o.leaves())
		change := func(was, is string) func(assign.NewPack) assign.NewPack {
			return func(in assign.NewPack) assign.NewPack {
				in.Data = []byte(strings.Replace(string(in.Data), was, is, 1))
				return in
			}
		}
		for _, row := range []struct {
			name  string
			offer assign.NewPack
			bend  func(assign.NewPack) assign.NewPack
			is    error
			says  string
		}{
			{"unsigned", p.offer(t, packText(41, 480)), func(in assign.NewPack) assign.NewPack { in.Signature = nil; return in }, assign.ErrPackUnsigned, ""},
			{"a signature that is none", p.offer(t, packText(41, 480)), func(in assign.NewPack) assign.NewPack { in.Signature = []byte("firmado, ana\n"); return in }, assign.ErrPackUnsigned, ""},
			{"a huge signature", p.offer(t, packText(41, 480)), func(in assign.NewPack) assign.NewPack {
				in.Signature = make([]byte, assign.MaxSignature+1)
				return in
			}, assign.ErrPackUnsigned, ""},
			{"by a stranger", stranger.offer(t, packText(41, 480)), func(in assign.NewPack) assign.NewPack { in.Trusted = p.trusted(t); return in }, assign.ErrPackSigner, "otro.example.org"},
			{"by a namesake", namesake.offer(t, packText(41, 480)), func(in assign.NewPack) assign.NewPack { in.Trusted = p.trusted(t); return in }, assign.ErrPackSigner, ""},
			{"changed after it was signed", p.offer(t, packText(41, 480)), change("480", "4800"), assign.ErrPackSignature, ""},
			{"another version than was signed", p.offer(t, packText(41, 480)), change("version: 41", "version: 42"), assign.ErrPackSignature, ""},
			{"older", p.offer(t, packText(39, 480)), nil, assign.ErrPackOlder, "39 comes, 40 is in force"},
			{"the version of the program", p.offer(t, packText(1, 480)), nil, assign.ErrPackOlder, ""},
			{"the same version with other words", p.offer(t, packText(40, 481)), nil, assign.ErrPackOther, ""},
			{"damaged", p.offer(t, packText(41, 480)), change("title", "titel"), nil, "/media/usb/es-rgpd.yaml:4: titel: unknown key"},
			{"of a later form", p.offer(t, packText(41, 480)), change("name:", "schema: 7\nname:"), nil, "update Vigía first"},
			{"without what the organisation changes", p.offer(t, strings.NewReplacer("AC-LOCK-15", "AC-LOGON-REQ", "session.screenlock, params: {max_idle: 480}", "session.logon").
				Replace(packText(41, 480))), nil, nil, "the policy file in force does not suit the pack"},
		} {
			in := row.offer
			if row.bend != nil {
				in = row.bend(in)
			}
			_, err := o.bringPack(in)
			if err == nil || row.is != nil && !errors.Is(err, row.is) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: got %v, want %v %q", row.name, err, row.is, row.says)
			}
		}
		if after := o.current(pc1); after.Version != before.Version || len(o.leaves()) != leaves {
			t.Errorf("policy %d became %d, %d leaves became %d", before.Version, after.Version, leaves, len(o.leaves()))
		}
	})
}

// What was published by mistake is taken back under a higher number.
func TestAPackGoesBackUnderAHigherNumber(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		p := newPublisher(t, "estado.example.org")
		for i, idle := range []int{600, 60, 600} {
			if _, err := o.bringPack(p.offer(t, packText(40+i, idle))); err != nil {
				t.Fatal(err)
			}
			got := o.current(pc1)
			if want := fmt.Sprintf(`{"max_idle":%d}`, idle); got.Packs[0].Version != 40+i || string(got.Entries[0].Params) != want {
				t.Errorf("version %d: got %v with %s, want %s", 40+i, got.Packs, got.Entries[0].Params, want)
			}
		}
	})
}

// A program that is upgraded may bring a newer pack than the one that was imported, or may
// not understand that one any more. Then machines keep what they have.
func TestPacksOfAnotherProgram(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		p := newPublisher(t, "estado.example.org")
		if _, err := o.bringPack(p.offer(t, packText(40, 480))); err != nil {
			t.Fatal(err)
		}
		newer, err := policy.LoadPack("es-rgpd.yaml", []byte(packText(41, 700)), catalog.New())
		if err != nil {
			t.Fatal(err)
		}
		o.brings = []policy.Pack{newer}
		o.open()
		if got := o.current(pc1); got.Packs[0].Version != 41 {
			t.Errorf("got %v, want the newer one of the program", got.Packs)
		}

		o.brings = nil
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE assign_packs SET body = $1 WHERE version = 40`, []byte("schema: 9"))
			return err
		})
		o.open()
		err = o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, _, err := o.Current(ctx, tx, pc1)
			return err
		})
		if !errors.Is(err, assign.ErrCompose) || !strings.Contains(err.Error(), "update Vigía first") {
			t.Errorf("got %v, want no policy, and why", err)
		}
		for _, info := range o.packs() {
			if info.InForce && info.Name == "es-rgpd" && (info.Version != 40 || info.Err == nil) {
				t.Errorf("listed: got %d, %v in force", info.Version, info.Err)
			}
		}
		// A pack that can be used mends it.
		if _, err := o.bringPack(p.offer(t, packText(42, 480))); err != nil {
			t.Fatal(err)
		}
		if got := o.current(pc1); got.Packs[0].Version != 42 {
			t.Errorf("got %v, want the one that was brought", got.Packs)
		}
	})
}

func TestPackKeys(t *testing.T) {
	t.Parallel()
	if _, err := assign.PackKeys(nil); !errors.Is(err, assign.ErrNoPackKeys) {
		t.Errorf("no keys: got %v", err)
	}
	p := newPublisher(t, "estado.example.org")
	for _, bad := range []string{"", "x", p.private, p.public + "x"} {
		if _, err := assign.PackKeys([]string{bad}); err == nil {
			t.Errorf("%q: was taken for a key", bad)
		}
	}
	if _, err := assign.SignPack("es-rgpd", 1, nil, p.public); err == nil || strings.Contains(err.Error(), p.public) {
		t.Errorf("a public key signs: %v", err)
	}
}
