package identity

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
)

// ErrPending is the answer of a collector at which a person has to approve the enrolment
// first. Errors that are it are a *Pending.
var ErrPending = errors.New("a person has to approve this machine at the collector first")

// Pending is the answer to an enrolment that a person has to approve. The keys
// of it are kept, so that whoever asks again is the machine that was approved.
type Pending struct {
	// CheckCode is what the collector shows of this machine's key too.
	CheckCode string
	// AskAgain is after how long to ask again, as the collector wishes; 0: it did not say.
	AskAgain time.Duration
}

func (p *Pending) Error() string { return fmt.Sprintf("%v; check code %s", ErrPending, p.CheckCode) }

// Is makes it an ErrPending.
func (p *Pending) Is(target error) bool { return target == ErrPending }

// The answer of a collector that waits for a person.
const (
	errorDomain     = "vigia"
	approvalPending = "APPROVAL_PENDING"
)

// mustWait tells whether an answer is that of a collector that waits for a
// person, and after how long to ask again.
func mustWait(err error) (wait time.Duration, ok bool) {
	s := status.Convert(err)
	if s.Code() != codes.FailedPrecondition {
		return 0, false
	}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			ok = ok || d.GetDomain() == errorDomain && d.GetReason() == approvalPending
		case *errdetails.RetryInfo:
			wait = max(0, d.GetRetryDelay().AsDuration())
		}
	}
	return wait, ok
}

// CheckCode is that of the enrolment that was begun in a folder and not answered yet;
// false where there is none.
func CheckCode(dir string) (string, bool, error) {
	b, err := readFile(dir, pendingFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	var keys pending
	if err == nil && (json.Unmarshal(b, &keys) != nil || len(keys.ReportKey) != ed25519.SeedSize) {
		err = ErrDamaged // the decoder's own words could hold a piece of a key
	}
	if err != nil {
		return "", false, fmt.Errorf("read the keys of the enrolment: %w", err)
	}
	public, _ := ed25519.NewKeyFromSeed(keys.ReportKey).Public().(ed25519.PublicKey)
	return apiv1.CheckCode(public), true, nil
}
