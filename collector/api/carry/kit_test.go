package carry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	apiv1 "vigia/collector/api/v1"
)

func authority(t testing.TB) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func kit(t testing.TB) Kit {
	t.Helper()
	root := authority(t)
	_, logKey, err := note.GenerateKey(rand.Reader, "vigia-prueba")
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pin := apiv1.Pin(root)
	return Kit{
		Version: kitVersion, Organisation: "Ayuntamiento de Prueba", Collector: NoCollector, Root: root.Raw, CAPin: pin[:],
		PolicyKeys: [][]byte{public}, LogKey: logKey, Recipient: newKey(t).Recipient(), Token: apiv1.NewToken(root).String(),
		Tokens:      []KitToken{{Host: "PC-014", Token: apiv1.NewToken(root).String()}},
		Departments: []string{"Tesorería"}, Machines: []KitMachine{{Host: "pc-014", Department: "Tesorería"}},
	}
}

func TestKit(t *testing.T) {
	t.Parallel()
	want := kit(t)
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{b, append([]byte("\xef\xbb\xbf"), b...)} {
		got, err := ParseKit(text)
		if err != nil {
			t.Fatal(err)
		}
		own, err := got.TokenFor("pc-014")
		if err != nil || own.String() != want.Tokens[0].Token {
			t.Errorf("the machine's own token: got %v", err)
		}
		if every, err := got.TokenFor("pc-015"); err != nil || every.String() != want.Token {
			t.Errorf("the token for any machine: got %v", err)
		}
		if got.Route() != "" || got.DepartmentOf("PC-014") != "Tesorería" || got.Fingerprint() != want.Fingerprint() {
			t.Errorf("got %+v", got)
		}
	}
}

// Who lists machines by their bare names means those whose system knows the domain, too.
func TestKitByHostName(t *testing.T) {
	t.Parallel()
	k := kit(t)
	root := authority(t)
	a, b := apiv1.NewToken(root).String(), apiv1.NewToken(root).String()
	k.Token = ""
	k.Tokens = []KitToken{{"PC-014", a}, {"pc-015.norte.example", a}, {"pc-015.sur.example", b}, {"pc-016", a}, {"pc-016.ayto.example", b}}
	k.Machines = []KitMachine{{"PC-014", "Tesorería"}, {"pc-015.norte.example", "Catastro"}, {"pc-015.sur.example", "Padrón"}}
	for _, row := range []struct{ host, token, department string }{
		{"pc-014.ayto.example", a, "Tesorería"},
		{"pc-014", a, "Tesorería"},
		{"pc-015.SUR.example.", b, "Padrón"},
		{"pc-015", "", ""}, // of either
		{"pc-015.este.example", "", ""},
		{"pc-016.ayto.example", b, ""},
		{"pc-016", a, ""},
		{"pc-01", "", ""},
		{"", "", ""},
	} {
		got, err := k.TokenFor(row.host)
		if (err == nil) != (row.token != "") || err == nil && got.String() != row.token {
			t.Errorf("%q: the wrong token (%v)", row.host, err)
		}
		if got := k.DepartmentOf(row.host); got != row.department {
			t.Errorf("%q: got department %q, want %q", row.host, got, row.department)
		}
	}
}

func TestKitThatDoesNotHoldTogether(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*Kit)
	}{
		{"version", func(k *Kit) { k.Version = 2 }},
		{"no root", func(k *Kit) { k.Root = nil }},
		{"another's root", func(k *Kit) { k.Root = authority(t).Raw }},
		{"no policy key", func(k *Kit) { k.PolicyKeys = nil }},
		{"half a policy key", func(k *Kit) { k.PolicyKeys[0] = k.PolicyKeys[0][:16] }},
		{"no log key", func(k *Kit) { k.LogKey = "" }},
		{"no recipient", func(k *Kit) { k.Recipient = "age1nobody" }},
		{"a token of another", func(k *Kit) { k.Token = apiv1.NewToken(authority(t)).String() }},
		{"half a token", func(k *Kit) { k.Tokens[0].Token = k.Tokens[0].Token[:20] }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			k := kit(t)
			secret := k.Token
			row.change(&k)
			_, err := k.Encode()
			if !errors.Is(err, ErrKit) {
				t.Fatalf("got %v, want ErrKit", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the error repeats a token")
			}
		})
	}
}

func TestFingerprintCoversWhatIsBelieved(t *testing.T) {
	t.Parallel()
	k := kit(t)
	was := k.Fingerprint()
	if len(was) != 19 {
		t.Errorf("got %q, want four groups of four", was)
	}
	for name, change := range map[string]func(*Kit){
		"root":       func(k *Kit) { k.CAPin = bytes.Repeat([]byte{1}, 32) },
		"policy key": func(k *Kit) { k.PolicyKeys = append(k.PolicyKeys, bytes.Repeat([]byte{1}, 32)) },
		"log key":    func(k *Kit) { k.LogKey += "x" },
		"recipient":  func(k *Kit) { k.Recipient += "x" },
	} {
		other := k
		change(&other)
		if other.Fingerprint() == was {
			t.Errorf("%s changed, and the fingerprint did not", name)
		}
	}
}

func FuzzKit(f *testing.F) {
	b, err := kit(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":1,"root":"AA==","tokens":[{"host":"a"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKit(b)
		if err != nil {
			return
		}
		if _, err := k.Encode(); err != nil {
			t.Errorf("a kit that was read cannot be written: %v", err)
		}
	})
}
