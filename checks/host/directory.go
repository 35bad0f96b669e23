package host

import (
	"context"
	"errors"
)

// Errors of a directory that could not be asked. Each is told apart because somebody
// else has to do something about it.
var (
	// ErrDirectoryUnreachable means that no server answered, or not as one does.
	ErrDirectoryUnreachable = errors.New("the directory does not answer")
	// ErrDirectoryTrust means that the server's certificate is not one to trust.
	ErrDirectoryTrust = errors.New("the directory's certificate is not trusted")
	// ErrDirectoryLogin means that the account that reads was refused.
	ErrDirectoryLogin = errors.New("the directory refuses the account")
)

// Directory reads a directory over LDAP, read-only and over TLS. Only the agent that a
// municipality chose for it has one; every other answers ErrUnsupported.
type Directory interface {
	// Search returns the entries below base that match filter, with the named
	// attributes and nothing else. More than max entries are ErrTooBig. A base that does
	// not exist, or is hidden from the account, is fs.ErrNotExist.
	Search(ctx context.Context, q DirectoryQuery) ([]DirectoryEntry, error)
}

// DirectoryQuery is one search (RFC 4511 section 4.5.1).
type DirectoryQuery struct {
	Base       string   `json:"base"`  // empty: the root DSE
	Scope      string   `json:"scope"` // base, one, subtree
	Filter     string   `json:"filter"`
	Attributes []string `json:"attributes"`
	Max        int      `json:"max"`
}

// DirectoryAccount is one attribute of the root DSE that is none of the server's: the
// account that reads, as the agent's configuration names it.
const DirectoryAccount = "directoryAccount"

// DirectoryEntry is one entry. Attribute names are as asked for; a binary value is its
// bytes.
type DirectoryEntry struct {
	DN         string              `json:"dn"`
	Attributes map[string][]string `json:"attributes,omitempty"`
}

// Search implements Directory.
func (Unsupported) Search(context.Context, DirectoryQuery) ([]DirectoryEntry, error) {
	return nil, ErrUnsupported
}
