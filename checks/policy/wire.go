package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"vigia/checks/catalog"
)

// Limits of an encoded policy.
const (
	// MaxPolicy bounds its JSON, in bytes.
	MaxPolicy  = 4 << 20
	maxEntries = 1000
)

// Encode writes the policy as JSON, the same bytes each time: they are what
// the collector signs. It returns nil for a policy that cannot be encoded,
// which neither Compose nor Decode makes.
func (p Policy) Encode() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return b
}

// Decode reads an encoded policy strictly and makes sure that this program can
// run all of it: every check is in the catalogue and takes its parameters. An
// agent decodes the policy it receives with it, and the collector the policy it
// is about to sign.
func Decode(data []byte, cat *catalog.Catalog) (Policy, error) {
	if len(data) > MaxPolicy {
		return Policy{}, fmt.Errorf("policy is larger than %d bytes", MaxPolicy)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p Policy
	if err := dec.Decode(&p); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Policy{}, errors.New("policy is empty or cut off")
		}
		return Policy{}, fmt.Errorf("policy: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Policy{}, errors.New("policy: more than one JSON value")
	}
	if err := p.check(cat); err != nil {
		return Policy{}, err
	}
	return p, nil
}

func (p Policy) check(cat *catalog.Catalog) error {
	if p.Agent == "" {
		return errors.New("policy names no agent")
	}
	if len(p.Entries) > maxEntries {
		return fmt.Errorf("policy has %d entries, more than %d", len(p.Entries), maxEntries)
	}
	if key, err := p.Schedule.check(); err != nil {
		return fmt.Errorf("policy schedule.%s: %w", key, err)
	}
	seen := map[string]bool{}
	for i, e := range p.Entries {
		if err := e.check(cat); err != nil {
			return fmt.Errorf("policy entry %d, %s: %w", i+1, or(e.ID, "without id"), err)
		}
		if seen[e.ID] {
			return fmt.Errorf("policy entry %d, %s: the id is there twice", i+1, e.ID)
		}
		seen[e.ID] = true
	}
	return nil
}

func (e Entry) check(cat *catalog.Catalog) error {
	if !controlID.MatchString(e.Control) {
		return fmt.Errorf("%q is no control", e.Control)
	}
	if _, pack, ok := strings.Cut(e.ID, "@"); e.ID != e.Control && (!ok || e.ID != e.Control+"@"+pack || !packName.MatchString(pack)) {
		return fmt.Errorf("the id does not belong to control %s", e.Control)
	}
	check, ok := cat.Lookup(e.Check)
	if !ok {
		return fmt.Errorf("this version has no check %q: update the agent, or take the rule out of the policy", e.Check)
	}
	if err := check.CheckParams(e.Params); err != nil {
		return fmt.Errorf("parameters of %s: %w", e.Check, err)
	}
	if time.Duration(e.Every) < minEvery {
		return fmt.Errorf("runs every %v, want at least %v", e.Every, minEvery)
	}
	if e.Severity.rank() == 0 {
		return fmt.Errorf("unknown severity %q", e.Severity)
	}
	if len(e.Packs) == 0 {
		return errors.New("belongs to no pack")
	}
	return nil
}
