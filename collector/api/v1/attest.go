package apiv1

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// DomainAttest is what a machine signs of a file that is none of its reports, such as the
// result of an acceptance run.
const DomainAttest Domain = "vigia attest v1\n"

// AttestationSuffix is added to the name of a file for that of its attestation.
const AttestationSuffix = ".firma"

// MaxAttestation bounds an attestation, in bytes.
const MaxAttestation = 1 << 10

// attestationHead is the first line of an attestation.
const attestationHead = "vigia attestation 1"

// ErrAttestation is the error of an attestation that is not in its form.
var ErrAttestation = errors.New("the attestation is not well formed")

// Attestation says that a machine had a file with certain content at a time, by its own
// clock. It is text of five lines, of which the last is an Ed25519 signature by the report
// key over those before it, in DomainAttest:
//
//	vigia attestation 1
//	agent AGENT-ID
//	time 2026-11-22T15:04:05Z
//	sha256 HEX
//	signature BASE64
type Attestation struct {
	Agent  string
	Time   time.Time // UTC, whole seconds
	SHA256 [sha256.Size]byte
	// Signature is checked by Verify; ParseAttestation only reads it.
	Signature []byte
}

// statement is what is signed.
func (a Attestation) statement() []byte {
	return fmt.Appendf(nil, "%s\nagent %s\ntime %s\nsha256 %x\n", attestationHead, a.Agent, a.Time.UTC().Format(time.RFC3339), a.SHA256)
}

// Attest signs the statement. sign signs as the machine does.
func Attest(agent string, at time.Time, sum [sha256.Size]byte, sign func(Domain, []byte) []byte) Attestation {
	a := Attestation{Agent: agent, Time: at.UTC().Truncate(time.Second), SHA256: sum}
	a.Signature = sign(DomainAttest, a.statement())
	return a
}

// Encode writes the attestation.
func (a Attestation) Encode() []byte {
	return fmt.Appendf(a.statement(), "signature %s\n", base64.StdEncoding.EncodeToString(a.Signature))
}

// ParseAttestation reads what Encode wrote, and nothing else: there is one text for each
// attestation, but for ends of lines, which mail and editors change.
func ParseAttestation(b []byte) (Attestation, error) {
	var a Attestation
	if len(b) > MaxAttestation {
		return a, fmt.Errorf("%w: it is over %d bytes", ErrAttestation, MaxAttestation)
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) != 5 || lines[0] != attestationHead {
		return a, ErrAttestation
	}
	values := make([]string, 0, 4)
	for i, name := range []string{"agent", "time", "sha256", "signature"} {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return a, fmt.Errorf("%w: line %d is not %s", ErrAttestation, i+2, name)
		}
		values = append(values, value)
	}
	var err error
	a.Agent = values[0]
	if a.Time, err = time.Parse(time.RFC3339, values[1]); err != nil {
		return Attestation{}, fmt.Errorf("%w: the time is none", ErrAttestation)
	}
	a.Time = a.Time.UTC()
	sum, err := hex.DecodeString(values[2])
	if err != nil || len(sum) != sha256.Size {
		return Attestation{}, fmt.Errorf("%w: the digest is none", ErrAttestation)
	}
	copy(a.SHA256[:], sum)
	if a.Signature, err = base64.StdEncoding.DecodeString(values[3]); err != nil || len(a.Signature) != ed25519.SignatureSize {
		return Attestation{}, fmt.Errorf("%w: the signature is none", ErrAttestation)
	}
	if want := a.Encode(); !bytes.Equal(bytes.TrimSuffix(b, []byte("\n")), bytes.TrimSuffix(want, []byte("\n"))) {
		return Attestation{}, fmt.Errorf("%w: it is written in another way", ErrAttestation)
	}
	return a, nil
}

// Verify reports whether the machine with that report key signed the attestation.
func (a Attestation) Verify(key ed25519.PublicKey) bool {
	return Verify(key, DomainAttest, a.statement(), a.Signature)
}
