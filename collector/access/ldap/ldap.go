// Package ldap asks the organisation's directory, Active Directory or OpenLDAP, whether a
// password is that of a person (RFC 4511, RFC 4513).
//
// The account of a service finds the person, whose name is escaped in the filter
// (RFC 4515); then the person's own password is tried by a bind. Nothing is said before the
// connection is encrypted and the server verified. Nothing of the directory is kept, and
// nobody gets an account here because the directory knows them.
//
// Always true: an empty password is refused without asking, for a directory takes it as
// nobody's (RFC 4513 section 5.1.2); a password of the service that was refused is not tried
// again for a while, so that the directory does not lock it.
package ldap

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	hostldap "vigia/checks/host/ldap"
	"vigia/collector/access"
)

// Bounds of one question.
const (
	within = 8 * time.Second // a page has 15
	// rest is how long a refused password of the service is not tried again.
	rest = 15 * time.Minute
)

// Config says which directory to ask, and how.
type Config struct {
	// URL is ldaps://HOST[:636], or ldap://HOST[:389], where StartTLS comes first. Empty: no
	// directory is asked.
	URL string `mapstructure:"url"`
	// CAFile holds the authorities to trust, as PEM; empty means those of the system.
	CAFile string `mapstructure:"ca_file"`
	// BindDN is the account that finds people, and PasswordFile has its password.
	BindDN       string `mapstructure:"bind_dn"`
	PasswordFile string `mapstructure:"password_file"`
	// Base is the DN below which people are.
	Base string `mapstructure:"base"`
	// Filter finds a person; {name} stands for the name, which is escaped. Empty is
	// DefaultFilter.
	Filter string `mapstructure:"filter"`
}

// DefaultFilter finds people of Active Directory.
const DefaultFilter = "(&(objectCategory=person)(objectClass=user)(sAMAccountName={name}))"

// ErrConfig is wrapped by what is wrong with a configuration.
var ErrConfig = errors.New("login.ldap")

// Directory is one directory. It is safe for concurrent use, and keeps no connection.
type Directory struct {
	server *hostldap.Server
	conf   Config
	secret func() (string, error)
	now    func() time.Time

	mu      sync.Mutex
	refused [sha256.Size]byte // the password of the service that was refused
	at      time.Time         // when; zero if none was
}

var _ access.Directory = (*Directory)(nil)

// New checks a configuration and connects to nothing. secret reads the password of the
// service at each use, so that a changed one is used at once. now nil is the machine's clock.
func New(conf Config, secret func() (string, error), now func() time.Time) (*Directory, error) {
	if conf.Filter == "" {
		conf.Filter = DefaultFilter
	}
	if now == nil {
		now = time.Now
	}
	for _, need := range []struct{ key, value string }{
		{"bind_dn", conf.BindDN}, {"password_file", conf.PasswordFile}, {"base", conf.Base},
	} {
		if need.value == "" {
			return nil, fmt.Errorf("%w.%s: falta", ErrConfig, need.key)
		}
	}
	var ca []byte
	if conf.CAFile != "" {
		var err error
		if ca, err = os.ReadFile(conf.CAFile); err != nil {
			return nil, fmt.Errorf("%w.ca_file: %w", ErrConfig, err)
		}
		if len(ca) == 0 {
			return nil, fmt.Errorf("%w.ca_file: está vacío", ErrConfig)
		}
	}
	server, err := hostldap.NewServer(conf.URL, ca)
	if err != nil {
		return nil, fmt.Errorf("%w.url: %w", ErrConfig, err)
	}
	d := &Directory{server: server, conf: conf, secret: secret, now: now}
	if !strings.Contains(conf.Filter, "{name}") {
		return nil, fmt.Errorf("%w.filter: le falta {name}, que es donde va el nombre", ErrConfig)
	}
	if _, err := goldap.CompileFilter(d.filter("alguien")); err != nil {
		return nil, fmt.Errorf("%w.filter: %w", ErrConfig, err)
	}
	if _, err := goldap.ParseDN(conf.Base); err != nil {
		return nil, fmt.Errorf("%w.base: %w", ErrConfig, err)
	}
	return d, nil
}

// filter is the filter for a name.
func (d *Directory) filter(name string) string {
	return strings.ReplaceAll(d.conf.Filter, "{name}", goldap.EscapeFilter(name))
}

// Check implements access.Directory.
func (d *Directory) Check(ctx context.Context, name, password string) error {
	if password == "" {
		return &access.Refusal{Reason: access.WrongPassword}
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := d.server.Connect(ctx)
	if err != nil {
		return fmt.Errorf("%w: connect: %w", access.ErrElsewhere, err)
	}
	defer conn.Close()
	if err := d.enter(conn); err != nil {
		return err
	}
	dn, err := d.find(conn, name)
	if err != nil {
		return err
	}
	return prove(conn, dn, password)
}

// enter logs the service in.
func (d *Directory) enter(conn *hostldap.Connection) error {
	password, err := d.secret()
	if err != nil {
		return fmt.Errorf("%w: login.ldap.password_file: %w", access.ErrElsewhere, err)
	}
	if password == "" {
		return fmt.Errorf("%w: login.ldap.password_file: is empty", access.ErrElsewhere)
	}
	sum := sha256.Sum256([]byte(password))
	d.mu.Lock()
	since := d.now().Sub(d.at)
	again := !d.at.IsZero() && d.refused == sum && since >= 0 && since < rest
	d.mu.Unlock()
	if again {
		return fmt.Errorf("%w: the directory refused the account of login.ldap.bind_dn; its password is not tried again for %s", access.ErrElsewhere, rest)
	}
	err = conn.Bind(d.conf.BindDN, password)
	if goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials) {
		d.mu.Lock()
		d.refused, d.at = sum, d.now()
		d.mu.Unlock()
		return fmt.Errorf("%w: the directory refuses the account of login.ldap.bind_dn", access.ErrElsewhere)
	}
	if err != nil {
		return fmt.Errorf("%w: log in as login.ldap.bind_dn: %w", access.ErrElsewhere, plain(err))
	}
	return nil
}

// find returns the DN of the one person with the name.
func (d *Directory) find(conn *hostldap.Connection, name string) (string, error) {
	// Two are enough to know that there are several.
	req := goldap.NewSearchRequest(d.conf.Base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 2, int(within/time.Second), false,
		d.filter(name), []string{"1.1"}, nil) // no attributes (RFC 4511 section 4.5.1.8)
	found, err := conn.Search(req)
	if goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		return "", &access.Refusal{Reason: access.SeveralThere}
	}
	if err != nil {
		return "", fmt.Errorf("%w: search login.ldap.base: %w", access.ErrElsewhere, plain(err))
	}
	switch {
	case len(found.Entries) == 0:
		return "", &access.Refusal{Reason: access.NobodyThere}
	case len(found.Entries) > 1:
		return "", &access.Refusal{Reason: access.SeveralThere}
	case found.Entries[0].DN == "": // a bind without name is nobody's
		return "", fmt.Errorf("%w: the directory gives a person without a name", access.ErrElsewhere)
	}
	return found.Entries[0].DN, nil
}

// prove binds as the person.
func prove(conn *hostldap.Connection, dn, password string) error {
	req := goldap.NewSimpleBindRequest(dn, password, []goldap.Control{goldap.NewControlBeheraPasswordPolicy()})
	answer, err := conn.SimpleBind(req)
	if reason := policyReason(answer); reason != "" {
		return &access.Refusal{Reason: reason}
	}
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*goldap.Error](err)
	if !ok {
		return fmt.Errorf("%w: %w", access.ErrElsewhere, err)
	}
	switch failed.ResultCode {
	case goldap.LDAPResultInvalidCredentials:
		return &access.Refusal{Reason: activeDirectory(failed.Error())}
	case goldap.LDAPResultInappropriateAuthentication, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultConstraintViolation,
		goldap.LDAPResultInsufficientAccessRights, goldap.LDAPResultNoSuchObject:
		// No password there, disabled, locked: each server says it in its own way.
		return &access.Refusal{Reason: access.DisabledThere}
	}
	return fmt.Errorf("%w: log in as the person: %w", access.ErrElsewhere, plain(err))
}

// policyReason is what a server with password policies says of a bind
// (draft-behera-ldap-password-policy-10 section 6.2); empty for nothing that matters.
func policyReason(answer *goldap.SimpleBindResult) access.Reason {
	if answer == nil {
		return ""
	}
	said, ok := goldap.FindControl(answer.Controls, goldap.ControlTypeBeheraPasswordPolicy).(*goldap.ControlBeheraPasswordPolicy)
	if !ok {
		return ""
	}
	switch said.Error {
	case 0: // passwordExpired
		return access.ExpiredThere
	case 1: // accountLocked
		return access.LockedThere
	case 2: // changeAfterReset
		return access.MustChange
	default:
		return ""
	}
}

// dataCode is in what Active Directory says with a refused bind.
var dataCode = regexp.MustCompile(`AcceptSecurityContext error, data ([0-9a-fA-F]{1,8})\b`)

// activeDirectory reads why Active Directory refused: the codes are those of Windows, in
// hexadecimal (ERROR_LOGON_FAILURE is 52e).
func activeDirectory(text string) access.Reason {
	m := dataCode.FindStringSubmatch(text)
	if m == nil {
		return access.WrongPassword
	}
	switch strings.ToLower(m[1]) {
	case "525":
		return access.NobodyThere
	case "530", "531":
		return access.NotNow
	case "532", "701":
		return access.ExpiredThere
	case "533":
		return access.DisabledThere
	case "773":
		return access.MustChange
	case "775":
		return access.LockedThere
	default:
		return access.WrongPassword
	}
}

// plain is an error of the protocol without the server's own text: nobody knows what is in it.
func plain(err error) error {
	if failed, ok := errors.AsType[*goldap.Error](err); ok {
		return fmt.Errorf("the server answers %d, %s", failed.ResultCode, goldap.LDAPResultCodeMap[failed.ResultCode])
	}
	return err
}
