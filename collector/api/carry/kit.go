package carry

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	apiv1 "vigia/collector/api/v1"
)

// KitFile is the name of the kit in a folder, mostly the top one of a stick.
const KitFile = "vigia-kit.json"

// NoCollector is the address of a collector to which there is no route.
const NoCollector = "none"

// Bounds of a kit.
const (
	MaxKit         = 16 << 20 // bytes
	maxKitMachines = 1 << 16
	maxKitKeys     = 16
	maxKitText     = 512
)

const kitVersion = 1

// Kit is what a machine needs to know of its collector to be enrolled from a
// stick. It holds tokens, so it is as secret as they are; and the machine
// believes it, so the stick must not come from a stranger: Fingerprint is what
// both sides show of it.
type Kit struct {
	Version      int    `json:"version"`
	Organisation string `json:"organisation,omitempty"`
	// Collector is host:port, or NoCollector: then all goes by file.
	Collector string    `json:"collector"`
	Created   time.Time `json:"created"`
	// Token enrols any machine, as far as the collector lets it: a group's, or
	// that of one machine. Tokens are those of machines by name, which go first.
	Token  string     `json:"token,omitempty"`
	Tokens []KitToken `json:"tokens,omitempty"`
	// Root is the collector's root certificate (DER), CAPin the SHA-256 of its
	// key, as in a token.
	Root  []byte `json:"root"`
	CAPin []byte `json:"ca_pin"`
	// PolicyKeys sign policies and answers; LogKey the checkpoints of the log.
	PolicyKeys [][]byte `json:"policy_keys"`
	LogKey     string   `json:"log_key"`
	// Recipient is whom requests are encrypted to.
	Recipient string `json:"file_recipient"`
	// Departments are those that an installer may offer, in order; Machines
	// which of them a machine is known to belong to, by its host name.
	Departments []string     `json:"departments,omitempty"`
	Machines    []KitMachine `json:"machines,omitempty"`
}

// KitToken is the token of one machine.
type KitToken struct {
	Host  string `json:"host"`
	Token string `json:"token"`
}

// KitMachine is a machine that the organisation says it has.
type KitMachine struct {
	Host       string `json:"host"`
	Department string `json:"department,omitempty"`
}

// ErrKit is the error of a kit that does not hold together.
var ErrKit = errors.New("the kit is not whole")

// ParseKit reads a kit and checks that its parts fit together.
func ParseKit(b []byte) (Kit, error) {
	var k Kit
	if len(b) > MaxKit {
		return Kit{}, fmt.Errorf("%w: it is over %d bytes", ErrKit, MaxKit)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // of an editor of Windows
	if err := json.Unmarshal(b, &k); err != nil {
		return Kit{}, fmt.Errorf("%w: it is not the JSON of one", ErrKit) // the decoder's words could hold a token
	}
	if err := k.check(); err != nil {
		return Kit{}, fmt.Errorf("%w: %w", ErrKit, err)
	}
	return k, nil
}

func (k Kit) check() error {
	root, err := x509.ParseCertificate(k.Root)
	switch {
	case k.Version != kitVersion:
		return fmt.Errorf("version %d is not one that is known here", k.Version)
	case err != nil || !root.IsCA:
		return errors.New("the root certificate cannot be read")
	case len(k.PolicyKeys) == 0 || len(k.PolicyKeys) > maxKitKeys:
		return errors.New("there is no policy key, or too many")
	case len(k.Machines) > maxKitMachines || len(k.Tokens) > maxKitMachines || len(k.Departments) > maxKitMachines:
		return errors.New("there are too many machines")
	case len(k.Organisation) > maxKitText || len(k.Collector) > maxKitText:
		return errors.New("a name is too long")
	}
	pin := apiv1.Pin(root)
	if !bytes.Equal(pin[:], k.CAPin) {
		return errors.New("the root certificate is not the one of ca_pin")
	}
	for _, key := range k.PolicyKeys {
		if len(key) != ed25519.PublicKeySize {
			return errors.New("a policy key has the wrong length")
		}
	}
	if _, err := note.NewVerifier(k.LogKey); err != nil {
		return errors.New("the log key cannot be read")
	}
	tokens := []string{k.Token}
	for _, t := range k.Tokens {
		tokens = append(tokens, t.Token)
	}
	for _, text := range tokens {
		if text == "" {
			continue
		}
		token, err := apiv1.ParseToken(text)
		if err != nil {
			return err
		}
		if token.CAPin != pin {
			return errors.New("a token is of another collector")
		}
	}
	return CheckRecipient(k.Recipient)
}

// Encode writes the kit.
func (k Kit) Encode() ([]byte, error) {
	k.Version = cmp.Or(k.Version, kitVersion)
	if err := k.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKit, err)
	}
	b, err := json.MarshalIndent(k, "", "  ")
	return append(b, '\n'), err
}

// Route is the collector's address, empty when there is none.
func (k Kit) Route() string {
	if k.Collector == NoCollector {
		return ""
	}
	return k.Collector
}

// TokenFor is the token of a machine: its own, else the one for any. Names are compared as
// SameHost does.
func (k Kit) TokenFor(host string) (apiv1.Token, error) {
	own := rowsOf(k.Tokens, host, func(t KitToken) (name, value string) { return t.Host, t.Token })
	switch {
	case len(own) == 1:
		return apiv1.ParseToken(own[0])
	case len(own) > 1:
		return apiv1.Token{}, fmt.Errorf("the kit has tokens of %d machines that %s could be", len(own), host)
	case k.Token == "":
		return apiv1.Token{}, fmt.Errorf("the kit has no token for %s", host)
	}
	return apiv1.ParseToken(k.Token)
}

// DepartmentOf is the department that the machine is known to belong to, empty
// for none.
func (k Kit) DepartmentOf(host string) string {
	own := rowsOf(k.Machines, host, func(m KitMachine) (name, value string) { return m.Host, m.Department })
	if len(own) != 1 {
		return ""
	}
	return own[0]
}

// rowsOf are the different values of the rows with a machine's name or, without one, of
// those that differ from it in the domain alone.
func rowsOf[R any](rows []R, host string, of func(R) (name, value string)) []string {
	var exact, near []string
	for _, row := range rows {
		name, value := of(row)
		switch whole, same := SameHost(name, host); {
		case whole && !slices.Contains(exact, value):
			exact = append(exact, value)
		case same && !whole && !slices.Contains(near, value):
			near = append(near, value)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return near
}

// SameHost tells whether two names may be one machine's, and whether they are the same
// whole. One without a domain may be of any.
func SameHost(a, b string) (whole, same bool) {
	a, b = strings.TrimSuffix(strings.ToLower(a), "."), strings.TrimSuffix(strings.ToLower(b), ".")
	if a == b {
		return a != "", a != ""
	}
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return false, shortA == shortB && shortA != "" && (domainA == "" || domainB == "")
}

// PolicySigners are the keys that sign answers.
func (k Kit) PolicySigners() []ed25519.PublicKey {
	keys := make([]ed25519.PublicKey, 0, len(k.PolicyKeys))
	for _, key := range k.PolicyKeys {
		keys = append(keys, key)
	}
	return keys
}

// Fingerprint is what a person compares of a kit: 80 bits over all that the
// machine will believe, in four groups.
func (k Kit) Fingerprint() string {
	sum := sha256.New()
	sum.Write([]byte("vigia kit fingerprint v1\n"))
	parts := append([][]byte{k.CAPin, []byte(k.LogKey), []byte(k.Recipient)}, k.PolicyKeys...)
	for _, part := range parts {
		own := sha256.Sum256(part)
		sum.Write(own[:])
	}
	text := base32.StdEncoding.EncodeToString(sum.Sum(nil)[:10])
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}
