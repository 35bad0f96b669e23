// Package enroll decides which machines belong to the organisation.
//
// It holds the collector's own certificate authority, the one-use tokens with
// which a technician admits a machine, the machines themselves, and the list
// of machines that are known but may have no agent. Every admission, renewal,
// revocation and retirement is a leaf of the evidence log, written in the
// transaction that makes it true.
//
// Always true: a token is spent once, in the same transaction that creates its
// machine; only the SHA-256 of a token's secret is kept; a private key of a
// machine never comes here, since certificates are made from the public key of
// a request and nothing else in it; and a machine that was revoked or retired
// gets no certificate and is let in nowhere.
//
// The package judges nothing that a machine reports, and says nothing to the
// public: it answers agents, and the officials' pages read its tables through
// Store.
package enroll
