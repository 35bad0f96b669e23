// Package ldap is the directory of an organisation behind host.Directory: Active
// Directory or OpenLDAP, read over LDAP (RFC 4511).
//
// Nothing is said before the connection is encrypted and the server's certificate is
// verified: ldaps, or StartTLS as the first request; there is no way to ask for less. It
// logs in with one read-only account and only ever searches. Referrals are not followed,
// so that no other server sees that account's password. Every message, answer and search
// is bounded, whatever a server sends.
package ldap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vigia/checks/host"
)

// Limits of what a server may make long.
const (
	pageSize     = 500      // entries; Active Directory allows 1000
	maxMessage   = 8 << 20  // bytes of one entry
	maxAnswer    = 64 << 20 // bytes of all pages of a search
	maxEntries   = 100000
	answerWithin = 30 * time.Second // each page, and the log-in
	// restAfterRefusal is how long a refused password is not tried again: a directory
	// locks the account that insists.
	restAfterRefusal = time.Hour
)

// Config says which directory to read, and as whom.
type Config struct {
	// URL is ldaps://HOST[:636], or ldap://HOST[:389], where StartTLS comes first.
	URL string
	// CA are the authorities to trust, as PEM; empty means those of the system.
	CA []byte
	// BindDN is the account that reads: a DN, or user@domain in Active Directory.
	BindDN string
	// Password is asked for at each connection, so that a changed one is used at once.
	Password func(context.Context) (string, error)
	// Now is the clock; nil means the machine's.
	Now func() time.Time
}

// Directory reads one directory. It is safe for concurrent use, and keeps no connection
// between two searches.
type Directory struct {
	server *Server
	cfg    Config

	mu      sync.Mutex
	refused time.Time // when the password was refused; zero if it was not
}

var _ host.Directory = (*Directory)(nil)

// New checks cfg and connects to nothing.
func New(cfg Config) (*Directory, error) {
	server, err := NewServer(cfg.URL, cfg.CA)
	if err != nil {
		return nil, err
	}
	d := &Directory{server: server, cfg: cfg}
	if d.cfg.Now == nil {
		d.cfg.Now = time.Now
	}
	if cfg.BindDN == "" {
		return nil, errors.New("the account that reads is not named")
	}
	return d, nil
}

// Search implements host.Directory. What the account may not see does not exist for it:
// a server leaves it out of an answer without saying so.
func (d *Directory) Search(ctx context.Context, q host.DirectoryQuery) ([]host.DirectoryEntry, error) {
	req, err := requestOf(ctx, q)
	if err != nil {
		return nil, err
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to the directory: %w", why(ctx, err))
	}
	defer conn.Close()
	var out []host.DirectoryEntry
	for {
		page, err := conn.Search(req)
		if err != nil && conn.frames.tooLong.Load() {
			err = host.ErrTooBig
		}
		if err != nil {
			return nil, fmt.Errorf("search the directory: %w", why(ctx, err))
		}
		if len(out)+len(page.Entries) > min(max(q.Max, 1), maxEntries) {
			return nil, fmt.Errorf("search the directory: %w", host.ErrTooBig)
		}
		for _, e := range page.Entries {
			out = append(out, d.entryOf(e, q))
		}
		if !nextPage(req, page) {
			return out, nil
		}
	}
}

// What of a security descriptor of Active Directory is asked for (MS-ADTS 3.1.1.3.4.1.11).
const (
	descriptor = "nTSecurityDescriptor"
	onlyDACL   = 4
)

// requestOf is q as go-ldap wants it.
func requestOf(ctx context.Context, q host.DirectoryQuery) (*goldap.SearchRequest, error) {
	scope, ok := map[string]int{
		"base": goldap.ScopeBaseObject, "one": goldap.ScopeSingleLevel, "subtree": goldap.ScopeWholeSubtree,
	}[q.Scope]
	if !ok {
		return nil, fmt.Errorf("search the directory: unknown scope %q", q.Scope)
	}
	seconds := int(answerWithin / time.Second)
	if end, ok := ctx.Deadline(); ok {
		seconds = min(seconds, max(1, int(time.Until(end)/time.Second)))
	}
	req := goldap.NewSearchRequest(q.Base, scope, goldap.NeverDerefAliases, 0, seconds, false, q.Filter, q.Attributes, nil)
	if scope != goldap.ScopeBaseObject {
		req.Controls = []goldap.Control{goldap.NewControlPaging(pageSize)}
	}
	if slices.Contains(q.Attributes, descriptor) {
		// Asked for whole, it is left out for whoever may not see who is audited.
		req.Controls = append(req.Controls, &goldap.ControlMicrosoftSDFlags{Criticality: true, ControlValue: onlyDACL})
	}
	return req, nil
}

// nextPage prepares req for the page after the given one (RFC 2696), if there is one.
func nextPage(req *goldap.SearchRequest, page *goldap.SearchResult) bool {
	if len(req.Controls) == 0 {
		return false
	}
	answer, ok := goldap.FindControl(page.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
	if !ok || len(answer.Cookie) == 0 {
		return false
	}
	asked, ok := req.Controls[0].(*goldap.ControlPaging)
	if ok {
		asked.SetCookie(answer.Cookie)
	}
	return ok
}

// entryOf keeps the attributes that were asked for, under the names by which they were.
// A server that gives only a part of an attribute's values names it otherwise
// ("member;range=0-1499"), and so does the entry. The root DSE also tells who reads.
func (d *Directory) entryOf(e *goldap.Entry, q host.DirectoryQuery) host.DirectoryEntry {
	out := host.DirectoryEntry{DN: e.DN}
	if q.Base == "" && q.Scope == "base" && slices.Contains(q.Attributes, host.DirectoryAccount) {
		out.Attributes = map[string][]string{host.DirectoryAccount: {d.cfg.BindDN}}
	}
	for _, a := range e.Attributes {
		plain, _, _ := strings.Cut(a.Name, ";")
		for _, name := range q.Attributes {
			if !strings.EqualFold(name, plain) {
				continue
			}
			if out.Attributes == nil {
				out.Attributes = make(map[string][]string, len(q.Attributes))
			}
			out.Attributes[name+a.Name[len(plain):]] = a.Values
		}
	}
	return out
}

// why turns an error of the connection into one that checks.WhyUnread knows. The
// server's own text is dropped: nobody knows what is in it.
func why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed, ok := errors.AsType[*goldap.Error](err); ok {
		switch failed.ResultCode {
		case goldap.LDAPResultNoSuchObject:
			return fs.ErrNotExist
		case goldap.LDAPResultInsufficientAccessRights, goldap.LDAPResultUnwillingToPerform:
			return fs.ErrPermission
		case goldap.LDAPResultInvalidCredentials, goldap.LDAPResultInappropriateAuthentication,
			goldap.LDAPResultStrongAuthRequired, goldap.LDAPResultConfidentialityRequired:
			return host.ErrDirectoryLogin
		case goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultAdminLimitExceeded:
			return host.ErrTooBig
		case goldap.LDAPResultTimeLimitExceeded:
			return context.DeadlineExceeded
		case goldap.ErrorNetwork:
			return host.ErrDirectoryUnreachable
		}
		return fmt.Errorf("the server answers with code %d", failed.ResultCode)
	}
	return err
}
