package apiv1

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
)

// Limits that both sides keep. A message over MaxMessageBytes is refused with
// RESOURCE_EXHAUSTED before it is decoded.
const (
	MaxMessageBytes = 8 << 20
	// MaxReportBytes bounds one signed report; what is larger is split by the
	// agent into several reports.
	MaxReportBytes = 2 << 20
	// MaxBatchItems and MaxBatchBytes bound one Deliver call.
	MaxBatchItems = 256
	MaxBatchBytes = 4 << 20
)

// Domain separates what a key signs, so that a signature over one kind of
// bytes is never valid for another.
type Domain string

// The domains of the contract; see vigia.proto.
const (
	DomainReport Domain = "vigia report v1\n"
	DomainGap    Domain = "vigia gap v1\n"
	DomainPolicy Domain = "vigia policy v1\n"
	DomainEnroll Domain = "vigia enroll v1\n"
	DomainRenew  Domain = "vigia renew v1\n"
	// Of files that are carried by hand: the SHA-256 of all before the signature.
	DomainFileRequest Domain = "vigia file request v1\n"
	DomainFileAnswer  Domain = "vigia file answer v1\n"
)

// Sign signs message in the domain.
func Sign(key ed25519.PrivateKey, domain Domain, message []byte) []byte {
	return ed25519.Sign(key, append([]byte(domain), message...))
}

// Verify reports whether signature is key's over message in the domain. A key
// or signature of the wrong length is simply not valid.
func Verify(key ed25519.PublicKey, domain Domain, message, signature []byte) bool {
	if len(key) != ed25519.PublicKeySize || len(signature) != ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(key, append([]byte(domain), message...), signature)
}

// EnrollProof is the message of EnrollRequest.report_key_proof.
func EnrollProof(certificateRequest []byte) []byte {
	sum := sha256.Sum256(certificateRequest)
	return sum[:]
}

// RenewProof is the message of RenewRequest.proof.
func RenewProof(agentID string, certificateRequest []byte) []byte {
	sum := sha256.Sum256(certificateRequest)
	return append([]byte(agentID+"\n"), sum[:]...)
}

// ReportHash identifies a report in the chain: SHA-256 of its verbatim bytes.
func ReportHash(report []byte) [sha256.Size]byte { return sha256.Sum256(report) }

const statusPrefix = "STATUS_"

// Word returns the status as the rest of the product writes it: "pass",
// "not_applicable"; empty for an unspecified or unknown number.
func (s Status) Word() string {
	name, ok := Status_name[int32(s)]
	if !ok || s == Status_STATUS_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(name, statusPrefix))
}

// StatusOf is the inverse of Word; STATUS_UNSPECIFIED for any other word.
func StatusOf(word string) Status {
	return Status(Status_value[statusPrefix+strings.ToUpper(word)])
}
