package collector

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/evidence"
	"vigia/collector/handover"
	"vigia/collector/registers"
	"vigia/collector/registers/people"
	"vigia/collector/storage"
)

// handoverTown is a collector with something to hand over.
func handoverTown(t *testing.T) *Collector {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Organisation = "Ayuntamiento de Valdehermoso"
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	col, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: cfg, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := col.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := col.Access.Add(t.Context(), "ana", access.Officer, "una frase de prueba", "test"); err != nil {
		t.Fatal(err)
	}
	return col
}

func TestHandover(t *testing.T) {
	t.Parallel()
	col := handoverTown(t)
	values := registers.Values{}
	for _, f := range people.Book().Fields {
		if f.Required && f.Kind == registers.Line {
			values[f.Name] = "=HYPERLINK(1)"
		}
	}
	if err := col.DB.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := col.Registers.Add(ctx, tx, people.Book(), values, registers.Act{By: "ana", Via: registers.Command})
		return err
	}); err != nil {
		t.Logf("no person in the book: %v", err)
	}
	act := handover.Act{By: "ana", From: handover.Party{Name: "Ana | Ruiz", Post: "Alcaldesa"}, To: handover.Party{Name: "Luis Gil"},
		Answers: []handover.Answer{{Code: "backup", Done: true, Note: "en la caja fuerte"}}}
	var first bytes.Buffer
	receipt, err := col.HandOver(t.Context(), &first, act, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := handover.Verify(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil || len(got.Wrong) > 0 || got.Manifest != receipt.Manifest || got.Files != receipt.Files {
		t.Fatalf("verify: got %+v, %v; want %+v", got, err, receipt)
	}

	// The leaf says the same as the package.
	var record handover.Record
	if err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return col.Log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Register}, Subject: "handover"}, func(e evidence.Entry) error {
			return json.Unmarshal(e.Payload, &record)
		})
	}); err != nil {
		t.Fatal(err)
	}
	if record.Manifest != receipt.Manifest || record.From.Post != "Alcaldesa" || record.Encrypted {
		t.Errorf("leaf: got %+v", record)
	}

	// As somebody else's programs check it.
	dir := t.TempDir()
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadDir(filepath.Join(col.Dir, KeysDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if key, err := os.ReadFile(filepath.Join(col.Dir, KeysDir, secret.Name())); err == nil && strings.HasSuffix(secret.Name(), ".key") && bytes.Contains(data, bytes.TrimSpace(key)) {
				t.Errorf("%s holds the key %s", f.Name, secret.Name())
			}
		}
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "--quiet", handover.ManifestFile)
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}

	// What is changed, missing or added is told.
	for what, change := range map[string]func(string, []byte) (string, []byte){
		"changed": func(name string, data []byte) (string, []byte) {
			if name == "cuentas.csv" {
				data = append(data, ' ')
			}
			return name, data
		},
		"renamed": func(name string, data []byte) (string, []byte) {
			if name == "claves.csv" {
				name = "otras.csv"
			}
			return name, data
		},
	} {
		var other bytes.Buffer
		w := zip.NewWriter(&other)
		for _, f := range z.File {
			in, _ := f.Open()
			data, _ := io.ReadAll(in)
			name, data := change(f.Name, data)
			out, err := w.Create(name)
			if err == nil {
				_, err = out.Write(data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := handover.Verify(bytes.NewReader(other.Bytes()), int64(other.Len())); err != nil || len(got.Wrong) == 0 {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
	}
	if _, err := handover.Verify(strings.NewReader("no zip"), 6); err == nil {
		t.Error("no ZIP: got no error")
	}

	// The same state gives the same list; with a phrase nobody reads it.
	var second, sealed bytes.Buffer
	if again, err := col.HandOver(t.Context(), &second, act, ""); err != nil || again.Files != receipt.Files {
		t.Errorf("again: got %+v, %v", again, err)
	}
	if _, err := col.HandOver(t.Context(), &sealed, act, "una frase de paso larga"); err != nil || bytes.Contains(sealed.Bytes(), []byte("LEEME")) || !bytes.HasPrefix(sealed.Bytes(), []byte("age-encryption.org")) {
		t.Errorf("sealed: got %v, %.40q", err, sealed.Bytes())
	}
	if dump := os.Getenv("VIGIA_TEST_SCREENSHOTS"); dump != "" {
		if err := os.WriteFile(filepath.Join(dump, "entrega.zip"), first.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
