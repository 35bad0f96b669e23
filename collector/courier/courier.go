// Package courier takes in what a person carried from machines without a route
// and writes the answers that go back the same way.
//
// It decides nothing itself: who is admitted is decided by package enroll and
// what is evidence by package ingest, by the very calls that serve machines
// with a route. What is its own: a file counts only when it opens with the
// collector's key and is signed by the machine that it says it is of; whatever
// is wrong with one file stops no other; an answer is written only when what it
// says is durable; and the log keeps who brought what.
package courier

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// Admitter admits machines: *enroll.Service. Errors are those of its calls.
type Admitter interface {
	Admit(ctx context.Context, req *apiv1.EnrollRequest) (*apiv1.EnrollResponse, error)
}

// Taker takes evidence: *ingest.Service. Errors are those of its calls.
type Taker interface {
	TakeCarried(ctx context.Context, agentID string, req *apiv1.DeliverRequest, made time.Time,
		note func(first, last uint64) (evidence.Leaf, error)) (*apiv1.DeliverResponse, error)
}

// Database is the storage, as far as this package needs it.
type Database interface {
	Read(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
}

// Options of a Courier. All are needed.
type Options struct {
	DB       Database
	Machines *enroll.Store
	Key      carry.Key    // opens requests
	Sign     carry.Signer // signs answers, with a policy key
	Admit    Admitter
	Take     Taker
	Now      func() time.Time
	// By is who brought the files, for the log.
	By string
}

// Courier takes in files.
type Courier struct{ opts Options }

// New returns a Courier.
func New(opts Options) *Courier { return &Courier{opts} }

// Outcome is what became of a file.
type Outcome string

// The outcomes of a file.
const (
	Taken    Outcome = "taken"    // all of it is durable, and answered
	Admitted Outcome = "admitted" // the machine is enrolled, and answered
	Pending  Outcome = "pending"  // a person has to approve the machine first
	Behind   Outcome = "behind"   // it follows on reports that did not come yet
	Refused  Outcome = "refused"  // the machine or what it says is not accepted
	Foreign  Outcome = "foreign"  // it is for another collector
	Damaged  Outcome = "damaged"  // it cannot be read, or is signed by somebody else
	Failed   Outcome = "failed"   // it could not be done now: nothing is lost
)

// What is wrong with a file, as Result.Reason tells it besides the reasons of package
// apiv1.
const (
	NoFile     = "NO_FILE"     // it is no file of Vigía, or of an unknown version
	BadFile    = "BAD_FILE"    // it was cut off or changed
	TooBig     = "TOO_BIG"     // it is beyond the bounds
	NotSigned  = "NOT_SIGNED"  // the machine did not sign it
	BadRequest = "BAD_REQUEST" // no honest agent asks so
)

// Result tells what became of a file.
type Result struct {
	File      string    `json:"file"`
	Outcome   Outcome   `json:"outcome"`
	Hostname  string    `json:"hostname,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	MadeAt    time.Time `json:"made_at,omitzero"` // by the machine's clock
	Reports   int       `json:"reports"`          // new ones that were taken
	Gaps      int       `json:"gaps"`             // of these, stand-ins for reports that are lost
	Known     int       `json:"known"`            // reports that had come before
	Sequence  uint64    `json:"sequence"`         // how far the machine's reports are durable
	CheckCode string    `json:"check_code,omitempty"`
	Answer    string    `json:"answer,omitempty"` // the file that goes back
	Why       string    `json:"why,omitempty"`    // of whatever is not well, in English
	// Reason is Why for programs: one of apiv1.Refusals or of those above; may be empty.
	Reason string `json:"reason,omitempty"`
}

// Settled tells whether the machine needs the file no more: it was answered for
// good.
func (r Result) Settled() bool { return r.Outcome == Taken || r.Outcome == Admitted }

// Record is the payload of a leaf of kind carried, as JSON: somebody brought the
// reports First to Last of the machine that is its subject.
type Record struct {
	SHA256 string    `json:"content_sha256"`
	MadeAt time.Time `json:"made_at"` // by the machine's clock
	First  uint64    `json:"first"`
	Last   uint64    `json:"last"`
	By     string    `json:"by"`
}

// Import takes in the files of a folder, or single ones, and writes the answers
// beside them. A file that came before the one that it follows on is taken after
// it. step is called after each.
func (c *Courier) Import(ctx context.Context, paths []string, step func(done, total int)) ([]Result, error) {
	results := make([]Result, len(paths))
	done := 0
	for i, path := range paths {
		results[i] = c.one(ctx, path)
		if ctx.Err() != nil {
			return results[:i], ctx.Err()
		}
		done++
		step(done, len(paths))
	}
	for again := true; again; {
		again = false
		for i, r := range results {
			if r.Outcome != Behind {
				continue
			}
			if next := c.one(ctx, paths[i]); next.Outcome != Behind || next.Sequence > r.Sequence {
				results[i], again = next, true
			}
			if ctx.Err() != nil {
				return results, ctx.Err()
			}
		}
	}
	return results, nil
}

// one takes in one file.
func (c *Courier) one(ctx context.Context, path string) Result {
	r := Result{File: path}
	req, err := c.read(path)
	if err != nil {
		r.Outcome, r.Why = Damaged, err.Error()
		switch {
		case errors.Is(err, carry.ErrForeign):
			r.Outcome = Foreign
		case errors.Is(err, carry.ErrFormat):
			r.Reason = NoFile
		case errors.Is(err, carry.ErrDamaged):
			r.Reason = BadFile
		case errors.Is(err, carry.ErrTooBig):
			r.Reason = TooBig
		default:
			r.Outcome = Failed // the stick, not the file
		}
		return r
	}
	r.MadeAt = time.UnixMicro(req.GetCreatedAt()).UTC()
	answer := &apiv1.FileAnswer{RequestId: req.GetId(), RequestHash: req.Hash[:], CreatedAt: c.opts.Now().UnixMicro()}
	if req.GetEnroll() != nil {
		c.admit(ctx, req, &r, answer)
	} else {
		c.take(ctx, req, &r, answer)
	}
	if answer.GetEnrolled() == nil && answer.GetDelivered() == nil && answer.GetRefused() == nil {
		return r
	}
	if r.Answer, err = c.answer(path, req.GetAnswerRecipient(), answer); err != nil {
		r.Outcome, r.Why = Failed, fmt.Sprintf("write the answer: %v", err)
	}
	return r
}

func (c *Courier) read(path string) (*carry.Request, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return carry.ReadRequest(f, c.opts.Key)
}

// admit asks for the enrolment of a machine.
func (c *Courier) admit(ctx context.Context, req *carry.Request, r *Result, answer *apiv1.FileAnswer) {
	r.Hostname = printable(req.GetEnroll().GetMachine().GetHostname())
	if err := req.By(req.GetEnroll().GetReportKey()); err != nil {
		r.Outcome, r.Why, r.Reason = Damaged, err.Error(), NotSigned
		return
	}
	resp, err := c.opts.Admit.Admit(ctx, req.GetEnroll())
	if err == nil {
		r.Outcome, r.Agent = Admitted, resp.GetAgentId()
		answer.Enrolled = resp
		return
	}
	c.refuse(err, r, answer)
	switch {
	case r.Outcome == Pending && answer.GetRefused() != nil:
		r.CheckCode = apiv1.CheckCode(req.GetEnroll().GetReportKey())
		answer.Refused.CheckCode = r.CheckCode
	case answer.GetRefused() != nil && c.keeps(ctx, r.File, req.GetEnroll().GetReportKey()):
		answer.Refused = nil
	}
}

// keeps tells whether the answer that lies beside a request, which only the machine can
// read, may be the one that admitted it and is still good. If in doubt it stays.
func (c *Courier) keeps(ctx context.Context, request string, reportKey []byte) bool {
	if _, err := os.Lstat(answerPath(request)); err != nil {
		return false
	}
	admitted := true
	if err := c.opts.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		admitted, err = c.opts.Machines.Admitted(ctx, tx, reportKey)
		return err
	}); err != nil {
		return true
	}
	return admitted
}

// take delivers a machine's items.
func (c *Courier) take(ctx context.Context, req *carry.Request, r *Result, answer *apiv1.FileAnswer) {
	r.Agent = printable(req.GetAgentId())
	var m enroll.Machine
	if err := c.opts.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		m, err = c.opts.Machines.Machine(ctx, tx, req.GetAgentId())
		return err
	}); err != nil {
		// Nobody vouches for the file, so it is not answered either.
		r.Outcome, r.Why = Failed, err.Error()
		if errors.Is(err, enroll.ErrNoMachine) {
			r.Outcome, r.Reason, r.Why = Refused, apiv1.RefusedUnknownMachine, "this collector does not know the machine: enrol it again"
		}
		return
	}
	r.Hostname = m.Hostname
	if err := req.By(m.ReportKey); err != nil {
		r.Outcome, r.Why, r.Reason = Damaged, err.Error(), NotSigned
		return
	}
	head := &apiv1.DeliverRequest{
		PolicyEpoch: req.GetDeliver().GetPolicyEpoch(), PolicyVersion: req.GetDeliver().GetPolicyVersion(),
		CheckpointSize: req.GetDeliver().GetCheckpointSize(), RecipientMark: req.GetDeliver().GetRecipientMark(),
	}
	take := func(batch *apiv1.DeliverRequest) (*apiv1.DeliverResponse, error) {
		return c.opts.Take.TakeCarried(ctx, m.ID, batch, r.MadeAt, func(first, last uint64) (evidence.Leaf, error) {
			return c.note(req, m.ID, first, last)
		})
	}
	resp, err := take(head) // how far it had come
	if err != nil {
		c.refuse(err, r, answer)
		return
	}
	before := resp.GetDurableSequence()
	r.Sequence = before
	for items := req.Items; len(items) > 0; {
		batch := proto.CloneOf(head)
		batch.Items, items = cut(items)
		if resp, err = take(batch); err != nil {
			break
		}
		r.Sequence = resp.GetDurableSequence()
	}
	r.count(req.Items, before)
	if err != nil {
		c.refuse(err, r, answer)
		return
	}
	answer.Delivered = resp
	if r.Outcome = Taken; lastOf(req.Items) > r.Sequence {
		r.Outcome = Behind
	}
}

// count tells the items apart by what became of them.
func (r *Result) count(items []*apiv1.Item, before uint64) {
	for _, item := range items {
		switch last := lastIn(item); {
		case last <= before:
			r.Known++
		case last <= r.Sequence && item.GetGap() != nil:
			r.Gaps++
		case last <= r.Sequence:
			r.Reports++
		}
	}
}

// note is the leaf that reports came by hand. It is durable with them: after a collector
// that dies there is one for whatever was taken, and none for what was not.
func (c *Courier) note(req *carry.Request, agentID string, first, last uint64) (evidence.Leaf, error) {
	payload, err := json.Marshal(Record{
		SHA256: hex.EncodeToString(req.Hash[:]),
		MadeAt: time.UnixMicro(req.GetCreatedAt()).UTC(), First: first, Last: last, By: c.opts.By,
	})
	if err != nil {
		return evidence.Leaf{}, fmt.Errorf("encode who brought what: %w", err)
	}
	return evidence.Leaf{Kind: evidence.Carried, Subject: agentID, Payload: payload}, nil
}

// pendingReason is what a machine is told that waits for approval.
const pendingReason = "approval_pending"

// refuse makes of a call's error what the file's outcome is, and what the
// machine is told. What may pass is not told: the file waits for the next try.
func (c *Courier) refuse(err error, r *Result, answer *apiv1.FileAnswer) {
	s := status.Convert(err)
	r.Why, r.Reason = s.Message(), apiv1.RefusalOf(s).Reason
	told := cmp.Or(r.Reason, "request")
	switch s.Code() {
	case codes.PermissionDenied, codes.Unauthenticated, codes.AlreadyExists:
		r.Outcome = Refused
	case codes.InvalidArgument:
		r.Outcome, r.Reason = Refused, cmp.Or(r.Reason, BadRequest)
	case codes.FailedPrecondition:
		r.Outcome = Refused
		if r.Reason == enroll.ApprovalPending {
			r.Outcome, told = Pending, pendingReason
		}
	case codes.ResourceExhausted:
		r.Outcome = Failed
		if r.Reason == apiv1.RefusedTokenFull || r.Reason == apiv1.RefusedTooManyWait {
			r.Outcome = Pending // once those that wait before it are decided about
		}
		return
	default:
		r.Outcome = Failed
		return
	}
	answer.Refused = &apiv1.FileRefusal{Reason: told, Message: s.Message()}
}

// answer writes the file that goes back, in the place of an older answer to the
// same request.
func (c *Courier) answer(request, to string, answer *apiv1.FileAnswer) (path string, err error) {
	dir := filepath.Dir(request)
	f, err := carry.Create(dir)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = f.Abandon() // the error that matters is the first
		}
	}()
	if err := carry.WriteAnswer(f, to, answer, c.opts.Sign); err != nil {
		return "", err
	}
	if err := f.Finish(); err != nil {
		return "", err
	}
	path = answerPath(request)
	return path, f.Place(filepath.Base(path))
}

// answerPath is where the answer to a request lies: beside it, by its name.
func answerPath(request string) string {
	return filepath.Join(filepath.Dir(request), answerName(filepath.Base(request)))
}

// maxName is the longest name that every file system of a stick can hold, in bytes.
const maxName = 255

// answerName is the name of a request with the prefix of answers. One that would be too
// long gets another, always the same: a machine knows an answer by what it says, not by
// its name.
func answerName(request string) string {
	if name := carry.AnswerPrefix + request; len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(request))
	return carry.AnswerPrefix + hex.EncodeToString(sum[:carry.IDSize]) + carry.Suffix
}

// cut takes the first batch off the items, within the bounds of a call.
func cut(items []*apiv1.Item) (batch, rest []*apiv1.Item) {
	n, size := 0, 0
	for n < len(items) && n < apiv1.MaxBatchItems {
		if size += proto.Size(items[n]); size > apiv1.MaxBatchBytes && n > 0 {
			break
		}
		n++
	}
	return items[:n], items[n:]
}

// lastOf is the highest sequence number among the items.
func lastOf(items []*apiv1.Item) (last uint64) {
	if len(items) > 0 {
		last = lastIn(items[len(items)-1])
	}
	return last
}

// lastIn reads up to which sequence number an item goes; 0 for none.
func lastIn(item *apiv1.Item) uint64 {
	if g := item.GetGap(); g != nil {
		var gap apiv1.Gap
		if proto.Unmarshal(g.GetGap(), &gap) != nil {
			return 0
		}
		return min(gap.GetLast(), math.MaxInt64)
	}
	var report apiv1.Report
	if proto.Unmarshal(item.GetReport().GetReport(), &report) != nil {
		return 0
	}
	return min(report.GetSequence(), math.MaxInt64)
}

// printable is a name as it may be shown before anybody vouched for it.
func printable(name string) string {
	out := make([]rune, 0, len(name))
	for _, r := range name {
		if len(out) == 64 {
			break
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
			r = '?'
		}
		out = append(out, r)
	}
	return string(out)
}
