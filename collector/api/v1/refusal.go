package apiv1

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrorDomain is that of the google.rpc.ErrorInfo in the collector's refusals.
const ErrorDomain = "vigia"

// Reasons of a refusal, as ErrorInfo carries them: an agent has its own words for each, in
// the language of who reads them. APPROVAL_PENDING, which asks for patience, is apart.
const (
	RefusedTokenUnknown   = "TOKEN_UNKNOWN"
	RefusedTokenUsed      = "TOKEN_USED"
	RefusedTokenSpent     = "TOKEN_SPENT" // all machines that it was for are there
	RefusedTokenExpired   = "TOKEN_EXPIRED"
	RefusedTokenWithdrawn = "TOKEN_WITHDRAWN"
	RefusedTokenHost      = "TOKEN_HOST"
	RefusedTokenNetwork   = "TOKEN_NETWORK"
	RefusedTokenFull      = "TOKEN_FULL" // its places wait for approval
	RefusedRejected       = "REJECTED"   // by a person
	RefusedApprovalLapsed = "APPROVAL_LAPSED"
	RefusedTooManyWait    = "TOO_MANY_WAIT" // for approval
	RefusedKeyOfDeparted  = "KEY_OF_DEPARTED"
	RefusedCodeTaken      = "CODE_TAKEN"
	RefusedDeparted       = "DEPARTED" // revoked or retired
	RefusedUnknownMachine = "UNKNOWN_MACHINE"
	RefusedProof          = "PROOF"
	RefusedCloned         = "CLONED" // two different reports with one number
	RefusedDiskFull       = "DISK_FULL"
	RefusedTooOften       = "TOO_OFTEN"
	RefusedFault          = "FAULT" // the collector's own
	RefusedNoCertificate  = "NO_CERTIFICATE"
	RefusedExpired        = "CERTIFICATE_EXPIRED"
	RefusedForeign        = "CERTIFICATE_FOREIGN"
)

// Refusals lists the reasons.
func Refusals() []string {
	return []string{
		RefusedTokenUnknown, RefusedTokenUsed, RefusedTokenSpent, RefusedTokenExpired, RefusedTokenWithdrawn, RefusedTokenHost,
		RefusedTokenNetwork, RefusedTokenFull, RefusedRejected, RefusedApprovalLapsed, RefusedTooManyWait, RefusedKeyOfDeparted,
		RefusedCodeTaken, RefusedDeparted, RefusedUnknownMachine, RefusedProof, RefusedCloned, RefusedDiskFull, RefusedTooOften, RefusedFault,
		RefusedNoCertificate, RefusedExpired, RefusedForeign,
	}
}

// Refuse is the status of a refusal: its reason for the program that asked, its text for a
// log or an agent that does not know the reason.
func Refuse(code codes.Code, reason, text string) *status.Status {
	s := status.New(code, text)
	if told, err := s.WithDetails(&errdetails.ErrorInfo{Domain: ErrorDomain, Reason: reason}); err == nil {
		return told
	}
	return s
}

// Refusal is a collector's refusal as an agent has it.
type Refusal struct {
	Reason string // one of Refusals, or empty
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// RefusalOf reads a refusal. Of a collector that names no reason it has the text alone.
func RefusalOf(s *status.Status) *Refusal {
	r := &Refusal{Text: s.Message()}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == ErrorDomain {
			r.Reason = info.GetReason()
		}
	}
	return r
}
