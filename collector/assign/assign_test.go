package assign_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// office is a Service with its database and log.
type office struct {
	*assign.Service
	t   *testing.T
	db  *storage.DB
	log *evidence.Log
	dir string
	at  time.Time
	// books are the registers that policies are made from.
	books *registers.Store
	// brings are the packs of the program, nil for those it has.
	brings []policy.Pack
}

func onEach(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	storagetest.Each(t, []storage.Schema{evidence.Schema(), assign.Schema(), registers.Schema()}, func(t *testing.T, db *storage.DB) {
		key, err := evidence.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		o := &office{t: t, db: db, dir: t.TempDir(), at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
		if o.log, err = evidence.Open(t.Context(), db, evidence.Options{Key: key}); err != nil {
			t.Fatal(err)
		}
		o.open()
		test(t, o)
	})
}

// open makes the service anew, as after a restart.
func (o *office) open() {
	o.t.Helper()
	key, err := assign.LoadOrCreateKey(o.dir)
	if err != nil {
		o.t.Fatal(err)
	}
	packs, err := policy.Packs()
	if err != nil {
		o.t.Fatal(err)
	}
	if o.brings != nil {
		packs = o.brings
	}
	o.books = registers.NewStore(registers.Options{Log: o.log, Now: func() time.Time { return o.at }})
	o.Service = assign.New(assign.Options{
		Registers: o.books,
		Log:       o.log, Key: key, Catalog: catalog.New(), Packs: packs, Default: policy.DefaultSource("es-rgpd"),
		Now: func() time.Time { return o.at },
	})
}

func (o *office) write(fn func(ctx context.Context, tx *storage.Tx) error) {
	o.t.Helper()
	if err := o.db.Write(o.t.Context(), fn); err != nil {
		o.t.Fatal(err)
	}
}

// current asks for a machine's policy and looks at it as its agent does.
func (o *office) current(m assign.Machine) (p policy.Policy) {
	o.t.Helper()
	o.write(func(ctx context.Context, tx *storage.Tx) error {
		signed, got, err := o.Current(ctx, tx, m)
		if err != nil {
			return err
		}
		if !apiv1.Verify(o.Keys()[0], apiv1.DomainPolicy, signed.GetPolicy(), signed.GetSignature()) {
			o.t.Error("the signature is not valid")
		}
		p, err = policy.Decode(signed.GetPolicy(), catalog.New())
		if string(p.Encode()) != string(got.Encode()) {
			o.t.Error("the policy is not the one that was signed")
		}
		return err
	})
	return p
}

func (o *office) bring(text string) (info assign.SourceInfo, err error) {
	o.t.Helper()
	err = o.db.Write(o.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		info, err = o.Import(ctx, tx, "/home/ana/politica.yaml", []byte(text), "ana")
		return err
	})
	return info, err
}

// leaves lists subject and sequence of the leaves about policies.
func (o *office) leaves() (out []string) {
	o.t.Helper()
	err := o.db.Read(o.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return o.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Policy}}, func(e evidence.Entry) error {
			out = append(out, e.Header.Subject)
			return nil
		})
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

var (
	pc1 = assign.Machine{ID: "pc-1-id", Hostname: "pc-1", Department: "Obras"}
	pc2 = assign.Machine{ID: "pc-2-id", Hostname: "pc-2", Department: "Padrón"}
)

const stricter = `packs: [es-rgpd]
overrides:
  - control: AC-PWD-LEN
    department: Obras
    params: {min: 14, recommended: 14}
    why: claves compartidas con el contratista
    by: Responsable de seguridad
`

func TestAVersionGrowsOnlyWhenTheContentChanges(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		first := o.current(pc1)
		if first.Agent != pc1.ID || first.Epoch != 1 || first.Version != 1 || len(first.Entries) == 0 || !first.Issued.Equal(o.at) {
			t.Errorf("first: got %s %d.%d with %d entries, issued %v", first.Agent, first.Epoch, first.Version, len(first.Entries), first.Issued)
		}
		o.at = o.at.Add(time.Hour)
		for range 3 {
			if again := o.current(pc1); again.Version != 1 || !again.Issued.Equal(first.Issued) {
				t.Errorf("again: got version %d issued %v", again.Version, again.Issued)
			}
			o.open()
		}
		o.current(pc2)
		if _, err := o.bring(stricter); err != nil {
			t.Fatal(err)
		}
		if got := o.current(pc1).Version; got != 2 {
			t.Errorf("a machine that the source changes: got version %d, want 2", got)
		}
		if got := o.current(pc2).Version; got != 1 {
			t.Errorf("a machine that the source leaves as it was: got version %d, want 1", got)
		}
		moved := pc2
		moved.Department = "Obras"
		if got := o.current(moved).Version; got != 2 {
			t.Errorf("a machine that changed its department: got version %d, want 2", got)
		}
		o.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := o.log.Restored(ctx, tx, "admin")
			return err
		})
		if p := o.current(pc1); p.Epoch != 2 || p.Version != 3 {
			t.Errorf("after a restore: got %d.%d, want 2.3", p.Epoch, p.Version)
		}
		want := "pc-1-id pc-2-id source pc-1-id pc-2-id pc-1-id"
		if got := strings.Join(o.leaves(), " "); got != want {
			t.Errorf("leaves: got %q, want %q", got, want)
		}
	})
}

func TestIssued(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		first := o.current(pc1)
		if _, err := o.bring(stricter); err != nil {
			t.Fatal(err)
		}
		second := o.current(pc1)
		for range 2 { // from the database, then from memory
			err := o.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				for _, want := range []policy.Policy{first, second} {
					got, err := o.Issued(ctx, tx, pc1.ID, want.Epoch, want.Version)
					if err != nil {
						return err
					}
					if string(got.Encode()) != string(want.Encode()) {
						t.Errorf("version %d: got another policy", want.Version)
					}
				}
				for _, ref := range [][2]uint64{{1, 3}, {2, 1}, {0, 0}, {1 << 63, 1}, {1, 1<<64 - 1}} {
					if _, err := o.Issued(ctx, tx, pc1.ID, ref[0], ref[1]); !errors.Is(err, assign.ErrNotIssued) {
						t.Errorf("policy %v: got %v, want %v", ref, err, assign.ErrNotIssued)
					}
				}
				if _, err := o.Issued(ctx, tx, pc2.ID, 1, 1); !errors.Is(err, assign.ErrNotIssued) {
					t.Errorf("another machine's: got %v", err)
				}
				// Leaves: 0 genesis, 1 the first policy, 2 the source, 3 the second.
				for leaf, want := range map[int64]uint64{2: 1, 3: 1, 4: 2, 99: 2} {
					got, err := o.IssuedBefore(ctx, tx, pc1.ID, leaf)
					if err != nil || got.Version != want {
						t.Errorf("before leaf %d: got %d, %v, want %d", leaf, got.Version, err, want)
					}
				}
				if _, err := o.IssuedBefore(ctx, tx, pc1.ID, 1); !errors.Is(err, assign.ErrNotIssued) {
					t.Errorf("before the first: got %v", err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A policy whose transaction was undone was never issued, and the next one
// takes its number.
func TestAPolicyThatWasUndone(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		undone := errors.New("undone")
		err := o.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			if _, _, err := o.Current(ctx, tx, pc1); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		o.at = o.at.Add(time.Hour)
		if p := o.current(pc1); p.Version != 1 || !p.Issued.Equal(o.at) {
			t.Errorf("got version %d issued %v, want 1 issued %v", p.Version, p.Issued, o.at)
		}
	})
}

func TestImport(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		if _, err := o.bring("packs: [no-such]\n"); err == nil || !strings.Contains(err.Error(), "politica.yaml") {
			t.Errorf("a wrong file: got %v, want an error that names it", err)
		}
		if _, err := o.bring("packs: [es-rgpd]\n# " + strings.Repeat("x", assign.MaxSourceBytes)); err == nil {
			t.Error("a huge file was taken")
		}
		for i, want := range []int64{1, 1, 2} {
			text := stricter
			if i == 2 {
				text = "packs: [mx-general]\n"
			}
			info, err := o.bring(text)
			if err != nil {
				t.Fatal(err)
			}
			if info.Version != want || info.File != "politica.yaml" || info.ImportedBy != "ana" {
				t.Errorf("import %d: got %+v, want version %d", i, info, want)
			}
		}
		err := o.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			source, info, err := o.Source(ctx, tx)
			if len(source.Packs) != 1 || source.Packs[0] != "mx-general" || info.Version != 2 {
				t.Errorf("source: got %+v of %+v", source, info)
			}
			if err != nil {
				return err
			}
			e, err := o.log.Entry(ctx, tx, info.Leaf)
			if err != nil {
				return err
			}
			var record assign.SourceRecord
			if err := json.Unmarshal(e.Payload, &record); err != nil {
				return err
			}
			if record.Text != "packs: [mx-general]\n" || record.By != "ana" || record.Version != 2 {
				t.Errorf("record: got %+v", record)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestThePolicyLeafIsWhatAgentsGet(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		want := o.current(pc1)
		err := o.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			e, err := o.log.Entry(ctx, tx, 1)
			if err != nil {
				return err
			}
			signed := &apiv1.SignedPolicy{}
			if err := proto.Unmarshal(e.Payload, signed); err != nil {
				return err
			}
			if string(signed.GetPolicy()) != string(want.Encode()) || e.Header.Subject != pc1.ID || e.Header.Sequence != 1 {
				t.Errorf("leaf: got %s %d", e.Header.Subject, e.Header.Sequence)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestDefaultSource(t *testing.T) {
	onEach(t, func(t *testing.T, o *office) {
		err := o.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			source, info, err := o.Source(ctx, tx)
			if len(source.Packs) != 1 || info.Version != 0 {
				t.Errorf("got %+v of %+v, want the default", source, info)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestLoadOrCreateKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := assign.LoadOrCreateKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := assign.LoadOrCreateKey(dir); err != nil || !again.Equal(first) {
		t.Errorf("again: got another key, or %v", err)
	}
	path := filepath.Join(dir, assign.KeyFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "half": whole[:len(whole)/2], "twice": append(whole, whole...), "huge": make([]byte, 5000),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := assign.LoadOrCreateKey(dir); err == nil {
			t.Errorf("%s: was taken, or replaced", name)
		}
	}
	if runtime.GOOS == "windows" {
		return // rights are inherited from the folder there
	}
	if err := os.WriteFile(path, whole[:len(first)*2], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := assign.LoadOrCreateKey(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: got %v", err)
	}
}
