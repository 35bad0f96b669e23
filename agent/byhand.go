package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"google.golang.org/protobuf/proto"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/agent/spool"
	apiv1 "vigia/collector/api/v1"
)

// errands is what left by hand: the memory of `vigia-agent export`, which alone
// writes it, under the lock of exports.
type errands struct {
	List []errand `json:"errands"` // the newest last
	// Pins are what an enrolment by hand believes, from the kit.
	Pins *pins `json:"pins,omitempty"`
	// Other is whom to encrypt to instead of whom the collector told, from a kit that a
	// person named because the collector lost its key.
	Other *otherRecipient `json:"other_recipient,omitempty"`
}

// otherRecipient counts until the collector tells this machine another than Instead.
type otherRecipient struct {
	To      string `json:"to"`
	Instead string `json:"instead"`
}

// maxErrands bounds them: an answer to an older request is not recognised, and
// what it would have said is in the next one.
const maxErrands = 256

// errand is one request that left.
type errand struct {
	ID   []byte    `json:"id"`
	Hash []byte    `json:"hash"` // of its content
	Made time.Time `json:"made"`
	File string    `json:"file"` // its name on the stick
	// Named: a person chose the name, so that something else may have it elsewhere.
	Named bool `json:"named,omitempty"`
	// Agent is the enrolment it belongs to; empty: it asks for one.
	Agent string       `json:"agent,omitempty"`
	Base  deliver.Base `json:"base"`
}

// pins are whom an enrolment by hand trusts.
type pins struct {
	Collector  string   `json:"collector"` // empty: no route
	CAPin      []byte   `json:"ca_pin"`
	PolicyKeys [][]byte `json:"policy_keys"`
	Recipient  string   `json:"recipient"`
}

// add remembers an errand.
func (e *errands) add(one errand) {
	e.List = append(e.List, one)
	e.List = e.List[max(0, len(e.List)-maxErrands):]
}

// find returns the errand that an answer is to.
func (e *errands) find(a *apiv1.FileAnswer) (errand, bool) {
	for _, one := range e.List {
		if bytes.Equal(one.ID, a.GetRequestId()) && bytes.Equal(one.Hash, a.GetRequestHash()) {
			return one, true
		}
	}
	return errand{}, false
}

// lastExport is when something left by hand for the last time; zero: never.
func lastExport(dir folder, agentID string) (time.Time, error) {
	var e errands
	if err := identity.LoadErrands(dir.identity(), &e); err != nil {
		return time.Time{}, err
	}
	for _, one := range slices.Backward(e.List) {
		if one.Agent == agentID {
			return one.Made, nil
		}
	}
	return time.Time{}, nil
}

// lockExports makes this process the only one that exports from the folder.
func (f folder) lockExports() (unlock func() error, err error) {
	if err := os.MkdirAll(f.identity(), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of keys: %w", err)
	}
	lock := flock.New(filepath.Join(f.identity(), "export.lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock exports: %w", err)
	}
	if !ok {
		return nil, &problem{code: "problem.exporting"}
	}
	return lock.Unlock, nil
}

// An inbox holds answers that a person brought, verified and durable, until the
// agent that owns the spool has taken them in.
func (f folder) inbox(agentID string) string { return filepath.Join(f.enrolment(agentID), "inbox") }

const (
	inboxSuffix   = ".answer"
	refusedSuffix = ".refused"
	// lookIntoInbox is how often a working agent looks.
	lookIntoInbox = 2 * time.Second
	maxBrought    = 16 << 20
	// keepRefused is more than anybody reads.
	keepRefused = 16
)

// brought is an answer in the inbox.
type brought struct {
	Base deliver.Base `json:"base"`
	// Answer is an apiv1.DeliverResponse.
	Answer []byte `json:"answer"`
}

// putIntoInbox keeps an answer until the agent takes it in.
func putIntoInbox(dir folder, one errand, resp *apiv1.DeliverResponse) error {
	fsys, err := spool.Dir(dir.inbox(one.Agent))
	if err != nil {
		return err
	}
	b, err := proto.Marshal(resp)
	if err == nil {
		b, err = json.Marshal(brought{Base: one.Base, Answer: b})
	}
	if err == nil {
		err = spool.ReplaceFile(fsys, fmt.Sprintf("%x%s", one.ID, inboxSuffix), b)
	}
	if err != nil {
		return fmt.Errorf("keep an answer that was brought: %w", err)
	}
	return nil
}

// inInbox names the files in the inbox that end so.
func inInbox(dir folder, agentID, suffix string) ([]string, error) {
	entries, err := os.ReadDir(dir.inbox(agentID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for answers that were brought: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// takeInbox takes in the answers that a person brought. One that is not good is
// put aside, with the reason beside it; what does not depend on the answer is an
// error and tried again.
func (a *Agent) takeInbox(ctx context.Context) error {
	names, err := inInbox(a.folder, a.id.AgentID(), inboxSuffix)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(a.folder.inbox(a.id.AgentID()), name)
		err := a.takeBrought(ctx, path)
		if errors.Is(err, deliver.ErrAhead) || errors.Is(err, deliver.ErrCheckpoint) || errors.Is(err, errBrought) {
			a.opts.Logger.ErrorContext(ctx, "answer that was brought is refused", "error", err)
			err = a.putAside(path, err)
		}
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			return fmt.Errorf("take in an answer that was brought: %w", err)
		}
	}
	return nil
}

var errBrought = errors.New("the answer cannot be read")

func (a *Agent) takeBrought(ctx context.Context, path string) error {
	fsys, err := spool.Dir(filepath.Dir(path))
	if err != nil {
		return err
	}
	b, err := spool.ReadFile(fsys, filepath.Base(path), maxBrought)
	if err != nil {
		return err
	}
	var kept brought
	var resp apiv1.DeliverResponse
	if err := json.Unmarshal(b, &kept); err != nil {
		return fmt.Errorf("%w: %w", errBrought, err)
	}
	if err := proto.Unmarshal(kept.Answer, &resp); err != nil {
		return fmt.Errorf("%w: %w", errBrought, err)
	}
	return a.client.Take(ctx, kept.Base, &resp)
}

// putAside leaves a note of why an answer was refused, for whoever brought it.
func (a *Agent) putAside(path string, why error) error {
	old, err := inInbox(a.folder, a.id.AgentID(), refusedSuffix)
	if err != nil || len(old) >= keepRefused {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, inboxSuffix)+refusedSuffix, []byte(why.Error()), 0o600)
}

// receive takes in what a person brings, until the context ends.
func (a *Agent) receive(ctx context.Context) {
	ticker := time.NewTicker(lookIntoInbox)
	defer ticker.Stop()
	var told time.Time
	for {
		if err := a.takeInbox(ctx); err != nil && ctx.Err() == nil && time.Since(told) > tickEvery {
			told = time.Now()
			a.opts.Logger.WarnContext(ctx, "answers that were brought wait, it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// noRoute tells whether an address is none: what is measured goes by hand.
func noRoute(address string) bool { return address == "" || address == "none" }
