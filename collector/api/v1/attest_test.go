package apiv1_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apiv1 "vigia/collector/api/v1"
)

func attestation() (apiv1.Attestation, ed25519.PublicKey) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	at := time.Date(2026, 11, 22, 16, 4, 5, 6, time.FixedZone("", 3600))
	a := apiv1.Attest("ABCDEFGHIJKLMNOPQRSTUVWXYZ", at, sha256.Sum256([]byte("resultado")), func(d apiv1.Domain, m []byte) []byte {
		return apiv1.Sign(key, d, m)
	})
	return a, key.Public().(ed25519.PublicKey)
}

// The bytes of version 1 stay as they are.
func TestAttestationVersion1(t *testing.T) {
	a, key := attestation()
	golden, err := os.ReadFile("testdata/attestation-1.firma")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Encode(); !bytes.Equal(got, golden) {
		t.Errorf("encoded:\n%s\nwant:\n%s", got, golden)
	}
	for _, text := range []string{string(golden), strings.ReplaceAll(string(golden), "\n", "\r\n"), strings.TrimSuffix(string(golden), "\n")} {
		got, err := apiv1.ParseAttestation([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got); diff != "" || !got.Verify(key) {
			t.Errorf("read, it verifies: %v (-want +got):\n%s", got.Verify(key), diff)
		}
	}
}

func TestAttestationThatWasChanged(t *testing.T) {
	a, key := attestation()
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	if a.Verify(other) || a.Verify(nil) {
		t.Error("it verifies with another key")
	}
	for name, change := range map[string]func(*apiv1.Attestation){
		"agent":     func(a *apiv1.Attestation) { a.Agent = "B" + a.Agent[1:] },
		"time":      func(a *apiv1.Attestation) { a.Time = a.Time.Add(time.Second) },
		"digest":    func(a *apiv1.Attestation) { a.SHA256[0] ^= 1 },
		"signature": func(a *apiv1.Attestation) { a.Signature = append([]byte{a.Signature[0] ^ 1}, a.Signature[1:]...) },
	} {
		changed, _ := attestation()
		change(&changed)
		if changed.Verify(key) {
			t.Errorf("with another %s it still verifies", name)
		}
	}
	// What was signed for another purpose is no attestation.
	seed := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	stolen := a
	text := a.Encode()
	stolen.Signature = apiv1.Sign(seed, apiv1.DomainReport, text[:bytes.Index(text, []byte("signature "))])
	if stolen.Verify(key) {
		t.Error("a signature of a report counts as one of a file")
	}
}

func FuzzParseAttestation(f *testing.F) {
	a, _ := attestation()
	good := string(a.Encode())
	for _, text := range []string{
		good, "", "vigia attestation 1\n", strings.Replace(good, "attestation 1", "attestation 2", 1),
		strings.Replace(good, "Z\n", "+00:00\n", 1), strings.ToUpper(good), good + "x\n", strings.Replace(good, "agent ", "agent  ", 1),
		strings.Replace(good, "=\n", "\n", 1), strings.Repeat("a", apiv1.MaxAttestation+1),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := apiv1.ParseAttestation(b)
		if err != nil {
			if !errors.Is(err, apiv1.ErrAttestation) {
				t.Errorf("the error %v is not known", err)
			}
			return
		}
		again, err := apiv1.ParseAttestation(got.Encode())
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("what was read is not read again: %v\n%s", err, diff)
		}
	})
}
