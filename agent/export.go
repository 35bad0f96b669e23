package agent

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// exportBytes is how much of the spool goes into one file: what a stick writes
// in seconds, and loses alone.
const exportBytes = 16 << 20

// exporter carries between the data folder and a folder on a stick. It works
// beside a running agent: it reads the spool and never writes it.
type exporter struct {
	dir   folder
	stick string
	// name is what a person calls the first file; empty: each gets a name of its own.
	name string
	kit  *carry.Kit // nil: none
	// kitNamed: a person named the kit, it does not just lie on the stick.
	kitNamed bool
	// kitErr is why the kit that lies on the stick is of no use, which matters to who
	// needs one.
	kitErr error
	// token and department are what the installer says; empty token: the kit's.
	token      string
	department string
	machine    func(context.Context) *apiv1.Machine
	now        func() time.Time
	// open opens the agent, for answers that no running one takes in.
	open func(context.Context) (*Agent, error)
	// wait is how long a running agent may take for that.
	wait time.Duration
	// step is called with each step by its name, whose error ends the export:
	// tests pull the stick out there.
	step func(name string) error

	own     carry.Key
	errands errands
	seen    exported
}

// exported is what an export did.
type exported struct {
	Admitted  *identity.Identity // the answer to an enrolment was there
	Answers   int                // that were taken in
	Waiting   bool               // the running agent has not taken them yet
	Pending   string             // check code: a person has to approve first
	Refused   string             // why the collector refused what was asked
	Reason    string             // the same for programs, see apiv1.Refusals; may be empty
	Strange   []string           // answers that are damaged, or of nobody known
	Acked     uint64
	Asked     bool // an enrolment was written
	Files     []string
	Reports   uint64
	Gaps      uint64
	Bytes     int64
	CheckCode string // of the enrolment that was asked for
	// ByKit: whom to encrypt to is known from the kit only.
	ByKit bool
}

// errNoRecipient: there is nobody to encrypt to.
var errNoRecipient = errors.New("nobody is known to encrypt to")

// run takes in what is on the stick, then writes what the collector lacks.
func (e *exporter) run(ctx context.Context) (_ exported, err error) {
	unlock, err := e.dir.lockExports()
	if err != nil {
		return e.seen, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if e.own, err = identity.AnswerKey(e.dir.identity()); err != nil {
		return e.seen, err
	}
	if err := identity.LoadErrands(e.dir.identity(), &e.errands); err != nil {
		return e.seen, err
	}
	if err := onStick(carry.Sweep(e.stick)); err != nil {
		return e.seen, err
	}
	id, err := identity.Load(e.dir.identity(), e.now)
	if err != nil && !errors.Is(err, identity.ErrNotEnrolled) {
		return e.seen, err
	}
	if id, err = e.takeAnswers(ctx, id); err != nil {
		return e.seen, err
	}
	if id == nil {
		return e.seen, e.ask(ctx)
	}
	if err := e.settle(ctx, id); err != nil {
		return e.seen, err
	}
	return e.seen, e.write(ctx, id)
}

// takeAnswers takes in the answers for this machine, and leaves the others
// alone. It returns who the machine is afterwards, nil for nobody yet.
func (e *exporter) takeAnswers(ctx context.Context, id *identity.Identity) (*identity.Identity, error) {
	names, err := e.answers()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answer, err := e.read(name)
		if errors.Is(err, carry.ErrForeign) {
			continue // for another machine
		}
		if err != nil {
			e.seen.Strange = append(e.seen.Strange, name)
			continue
		}
		one, known := e.errands.find(answer.FileAnswer)
		if !known || answer.By(e.signers(id, one)...) != nil {
			e.seen.Strange = append(e.seen.Strange, name)
			continue
		}
		taken, err := e.take(ctx, id, one, answer)
		if err != nil {
			return nil, err
		}
		if taken != nil {
			id = taken
		}
		if waits(answer) && id == nil {
			continue // the request stays where the next import finds it
		}
		// What this answers is settled, and what it says is durable here.
		if err := e.step("taken"); err != nil {
			return nil, err
		}
		for _, done := range []string{one.File, name} {
			if err := e.remove(one, done); err != nil {
				return nil, err
			}
		}
	}
	return id, nil
}

func (e *exporter) read(name string) (*carry.Answer, error) {
	f, err := os.Open(filepath.Join(e.stick, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return carry.ReadAnswer(f, e.own)
}

// signers are the keys that may sign an answer: those of the enrolment it is
// of, or, to who asks for one, those of the kit that was asked with.
func (e *exporter) signers(id *identity.Identity, one errand) []ed25519.PublicKey {
	if one.Agent == "" && e.errands.Pins != nil {
		var keys []ed25519.PublicKey
		for _, key := range e.errands.Pins.PolicyKeys {
			keys = append(keys, key)
		}
		return keys
	}
	if id == nil || one.Agent != id.AgentID() {
		return nil
	}
	return id.PolicyKeys()
}

// take does what an answer says. It returns the identity that it brought, if so.
func (e *exporter) take(ctx context.Context, id *identity.Identity, one errand, answer *carry.Answer) (*identity.Identity, error) {
	switch {
	case answer.GetEnrolled() != nil && one.Agent == "":
		if id != nil { // one answer was enough, if all of it was kept
			return nil, e.firstPolicy(ctx, id, answer.GetEnrolled())
		}
		return e.admitted(ctx, answer.GetEnrolled())
	case answer.GetDelivered() != nil && one.Agent != "":
		e.seen.Answers++
		return nil, putIntoInbox(e.dir, one, answer.GetDelivered())
	case waits(answer):
		e.seen.Pending = answer.GetRefused().GetCheckCode()
	case answer.GetRefused() != nil && (id == nil || one.Agent != ""):
		e.seen.Refused, e.seen.Reason = answer.GetRefused().GetMessage(), answer.GetRefused().GetReason()
	}
	return nil, nil
}

// waits tells whether an answer says that a person has to approve the machine first.
func waits(answer *carry.Answer) bool {
	return strings.EqualFold(answer.GetRefused().GetReason(), "approval_pending")
}

// admitted keeps the identity that an answer brought.
func (e *exporter) admitted(ctx context.Context, resp *apiv1.EnrollResponse) (*identity.Identity, error) {
	unlock, err := e.dir.lock()
	if err != nil {
		return nil, err
	}
	defer unlock() //nolint:errcheck // the process ends with it
	p := e.errands.Pins
	id, err := identity.AdmittedByHand(e.dir.identity(), p.Collector, [32]byte(p.CAPin), resp, e.now)
	if err != nil {
		return nil, err
	}
	e.seen.Admitted = id
	e.seen.Pending = ""
	if err := e.step("admitted"); err != nil {
		return nil, err
	}
	if signed := resp.GetPolicy(); signed != nil {
		err = keepFirstPolicy(ctx, e.dir, id, signed, slog.New(slog.DiscardHandler))
	}
	return id, errors.Join(err, identity.ForgetAsked(e.dir.identity()))
}

// firstPolicy keeps the policy of an enrolment that ended between its two parts.
func (e *exporter) firstPolicy(ctx context.Context, id *identity.Identity, resp *apiv1.EnrollResponse) error {
	if resp.GetPolicy() == nil || resp.GetAgentId() != id.AgentID() {
		return nil
	}
	if _, err := keptPolicy(ctx, e.dir, id, catalog.New()); !errors.Is(err, errNoPolicy) {
		return err
	}
	unlock, err := e.dir.lock()
	if errors.Is(err, errInUse) {
		return nil // the service asks for one with its next request
	}
	if err != nil {
		return err
	}
	return errors.Join(keepFirstPolicy(ctx, e.dir, id, resp.GetPolicy(), slog.New(slog.DiscardHandler)), unlock())
}

// settle has the answers taken in by the agent that runs, or, when none does, by
// one that is opened for it.
func (e *exporter) settle(ctx context.Context, id *identity.Identity) error {
	if names, err := inInbox(e.dir, id.AgentID(), inboxSuffix); err != nil || len(names) == 0 {
		return err
	}
	a, err := e.open(ctx)
	switch {
	case err == nil:
		err = errors.Join(a.takeInbox(ctx), a.starts.end(), a.Close())
	case errors.Is(err, errInUse):
		err = e.await(ctx, id)
	}
	if err != nil {
		return err
	}
	refused, err := inInbox(e.dir, id.AgentID(), refusedSuffix)
	for _, name := range refused {
		path := filepath.Join(e.dir.inbox(id.AgentID()), name)
		why, readErr := os.ReadFile(path)
		e.seen.Refused, e.seen.Reason = string(why), ""
		err = errors.Join(err, readErr, os.Remove(path))
	}
	return err
}

// await waits until the running agent has taken in what is in its inbox.
func (e *exporter) await(ctx context.Context, id *identity.Identity) error {
	for end := time.Now().Add(e.wait); ; {
		names, err := inInbox(e.dir, id.AgentID(), inboxSuffix)
		if err != nil || len(names) == 0 {
			return err
		}
		if time.Now().After(end) {
			e.seen.Waiting = true // it will be taken in: what leaves now is more than needed
			return nil
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// ask writes a request to be enrolled.
func (e *exporter) ask(ctx context.Context) error {
	if e.kitErr != nil {
		return e.kitErr
	}
	if e.kit == nil {
		return &problem{code: "problem.no_kit", args: map[string]string{"path": filepath.Join(e.stick, carry.KitFile)}}
	}
	self := e.machine(ctx)
	var token apiv1.Token
	var err error
	if e.token != "" {
		token, err = apiv1.ParseToken(e.token)
	} else {
		token, err = e.kit.TokenFor(self.GetHostname())
	}
	if err != nil {
		return &problem{code: "problem.kit_token", args: map[string]string{"host": self.GetHostname()}, err: err}
	}
	if !slices.Equal(token.CAPin[:], e.kit.CAPin) {
		return &problem{code: "problem.kit_foreign"}
	}
	department := e.department
	if department == "" {
		department = e.kit.DepartmentOf(self.GetHostname())
	}
	asking, err := identity.AskByHand(identity.Request{Dir: e.dir.identity(), Token: token, Machine: self, Department: department, Now: e.now})
	if err != nil {
		return err
	}
	e.errands.Pins = &pins{
		Collector: e.kit.Route(), CAPin: e.kit.CAPin, PolicyKeys: e.kit.PolicyKeys, Recipient: e.kit.Recipient,
	}
	head := &apiv1.FileRequest{Hostname: self.GetHostname(), Enroll: asking.Request}
	if err := e.file(head, e.kit.Recipient, deliver.Base{}, asking.Sign, func(*carry.Writer) error { return nil }); err != nil {
		return err
	}
	e.seen.Asked, e.seen.ByKit = true, true
	e.seen.CheckCode = apiv1.CheckCode(asking.Request.GetReportKey())
	return e.clear("", e.seen.Files)
}

// write writes what the collector lacks, in as many files as it takes.
func (e *exporter) write(ctx context.Context, id *identity.Identity) error {
	to, err := e.recipient(id)
	if err != nil {
		return err
	}
	kept, err := spool.Dir(e.dir.enrolment(id.AgentID()))
	if err != nil {
		return err
	}
	head := &apiv1.FileRequest{AgentId: id.AgentID(), Hostname: e.machine(ctx).GetHostname(), Deliver: &apiv1.DeliverRequest{
		RecipientMark: apiv1.RecipientMark(id.FileRecipient()),
	}}
	if p, err := keptPolicy(ctx, e.dir, id, catalog.New()); err == nil {
		head.Deliver.PolicyEpoch, head.Deliver.PolicyVersion = p.Epoch, p.Version
	} else if !errors.Is(err, errNoPolicy) {
		return err
	}
	queue, err := spool.View(e.dir.spool(id.AgentID()))
	if err != nil {
		return err
	}
	defer queue.Close() //nolint:errcheck // it was only read
	stats := queue.Stats()
	e.seen.Acked = stats.Acked
	base, err := deliver.KeptBase(shelf{kept, checkpointsFile, maxCheckpoints}, stats.Acked)
	if err != nil {
		return err
	}
	head.Deliver.CheckpointSize = uint64(base.Size)
	for from := stats.Acked + 1; from == stats.Acked+1 || from <= stats.Last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := e.file(head, to, base, id.Sign, func(w *carry.Writer) error {
			next, err := e.items(w, outbox{queue, id}, from)
			if err == nil && next == from && from <= stats.Last {
				err = errors.New("the spool did not give its next report")
			}
			from = max(next, from+1)
			return err
		})
		if err != nil {
			return err
		}
		// A segment that its owner wrote anew meanwhile looks like damage from here; it is
		// none, and must not be told as such.
		if queue.Stats().Damaged > stats.Damaged {
			return &problem{code: "problem.spool_moved"}
		}
	}
	return e.clear(id.AgentID(), e.seen.Files)
}

// items puts the records from a sequence number on into a file, and returns the
// first that did not fit.
func (e *exporter) items(w *carry.Writer, box outbox, from uint64) (next uint64, err error) {
	for {
		records, err := box.Unacked(from, apiv1.MaxBatchItems, apiv1.MaxBatchBytes)
		if err != nil || len(records) == 0 {
			return from, err
		}
		items, err := box.items(records)
		if err != nil {
			return from, err
		}
		for i, item := range items {
			if w.Size() > exportBytes {
				return from, nil
			}
			if err := w.Item(item); err != nil {
				return from, err
			}
			if records[i].Gap == nil {
				e.seen.Reports++
			} else {
				e.seen.Gaps += records[i].Last - records[i].First + 1
			}
			from = records[i].Last + 1
		}
	}
}

// recipient is whom to encrypt to: whom the collector told this machine. Only
// where it told none, as before it knew of files, or where a person names a kit,
// because the collector lost its key, the kit's word counts, if it names the keys
// that this machine trusts; but those are no secret, so a person has to compare
// its fingerprint.
func (e *exporter) recipient(id *identity.Identity) (string, error) {
	told := id.FileRecipient()
	if e.ofCollector(id) && (told == "" || e.kitNamed) {
		e.errands.Other = nil
		if e.kit.Recipient == told {
			return told, nil
		}
		if e.kitNamed {
			e.errands.Other = &otherRecipient{To: e.kit.Recipient, Instead: told}
		}
		e.seen.ByKit = true
		return e.kit.Recipient, nil
	}
	if other := e.errands.Other; other != nil && other.Instead == told {
		return other.To, nil
	}
	e.errands.Other = nil // the collector told another since
	if told == "" {
		return "", cmp.Or(e.kitErr, errNoRecipient)
	}
	return told, nil
}

// ofCollector tells whether the kit names the keys that this machine trusts.
func (e *exporter) ofCollector(id *identity.Identity) bool {
	return e.kit != nil && e.kit.LogKey == id.LogKey() && slices.ContainsFunc(e.kit.PolicySigners(), func(key ed25519.PublicKey) bool {
		return slices.ContainsFunc(id.PolicyKeys(), func(own ed25519.PublicKey) bool { return own.Equal(key) })
	})
}
