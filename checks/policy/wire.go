package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks/catalog"
)

// Limits of an encoded policy.
const (
	// MaxPolicy bounds its JSON, in bytes.
	MaxPolicy  = 4 << 20
	maxEntries = 1000
	maxDepth   = 32 // levels of its JSON
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
	if err := unambiguous(data); err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
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
	for i, ref := range p.Packs {
		if !packName.MatchString(ref.Name) || ref.Version < 1 {
			return fmt.Errorf("policy packs[%d]: %q %d is no version of a pack", i, ref.Name, ref.Version)
		}
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
	if err := accepts(check, e.Params); err != nil {
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

// unambiguous refuses what decoders read differently: text that is not UTF-8, and a key
// that is there twice. encoding/json would take the last one, in any mix of capitals.
// What is no JSON at all is left to the decoder to name.
func unambiguous(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	// level is an object or a list that is open.
	type level struct {
		keys map[string]bool // nil in a list
		key  bool            // the next token is a key
	}
	var open []level
	dec := json.NewDecoder(bytes.NewReader(data))
	for token, err := dec.Token(); err == nil; token, err = dec.Token() {
		var at *level
		if len(open) > 0 {
			at = &open[len(open)-1]
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '}' || t == ']' {
				open = open[:len(open)-1]
				continue
			}
			if at != nil {
				at.key = at.keys != nil
			}
			if len(open) == maxDepth {
				return fmt.Errorf("more than %d levels", maxDepth)
			}
			next := level{}
			if t == '{' {
				next = level{keys: map[string]bool{}, key: true}
			}
			open = append(open, next)
		case string:
			if at == nil || !at.key {
				if at != nil {
					at.key = at.keys != nil
				}
				continue
			}
			name := strings.ToLower(t)
			if at.keys[name] {
				return fmt.Errorf("the key %q is there twice", t)
			}
			at.keys[name], at.key = true, false
		default:
			if at != nil {
				at.key = at.keys != nil
			}
		}
	}
	return nil
}
