package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// passwordBlank is AC-PWD-BLANK in the directory: no account that can log on is excused
// from having a password. The agent tries none.
func passwordBlank() checks.Check {
	return checks.New(checks.Info{ID: "directory.password_blank", Deadline: deadline, Covers: blankCovers(), Messages: blankMessages()},
		struct{}{}, onBoth(observeBlank), judgeBlank)
}

// flagFacts is the evidence of a check that looks for accounts with a flag.
type flagFacts struct {
	about
	Users    int        `json:"users,omitempty"` // not disabled
	Accounts []flagFact `json:"accounts,omitempty"`
	More     int        `json:"more,omitempty"`
}

// flagFact is one account with the flag, and which.
type flagFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
	Why  string `json:"why"`
}

// flagged keeps the accounts that why names a code for.
func (seen *flagFacts) flagged(people []person, why func(person) string) {
	for _, one := range people {
		if one.disabled {
			continue
		}
		seen.Users++
		code := why(one)
		switch {
		case code == "":
		case len(seen.Accounts) == maxNamed:
			seen.More++
		default:
			seen.Accounts = append(seen.Accounts, flagFact{Name: one.name, SID: one.sid, Why: code})
		}
	}
}

// report adds a violation for each account.
func (seen flagFacts) report(f *findings) {
	for _, a := range seen.Accounts {
		f.add("account/"+a.Name, checks.Fail, "directory."+a.Why, "account", a.Name)
	}
	if seen.More > 0 {
		f.add("more", checks.Fail, "directory.accounts_more", "more", strconv.Itoa(seen.More))
	}
}

func observeBlank(ctx context.Context, h *host.Host) (flagFacts, error) {
	r := open(ctx, h)
	var seen flagFacts
	if r.Kind == activeDirectory { // OpenLDAP takes no log-in without a password (RFC 4513 section 5.1.2)
		seen.flagged(r.people(ctx), func(p person) string {
			if p.flags&flagNotRequired != 0 {
				return "blank_allowed"
			}
			return ""
		})
	}
	seen.about = r.facts()
	return seen, nil
}

func judgeBlank(seen flagFacts, _ struct{}, _ time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	if seen.Kind == openLDAP {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("directory.blank_unheard_of")}
	}
	var f findings
	seen.report(&f)
	seen.reportHidden(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.blank_none", "accounts", strconv.Itoa(seen.Users)))
}

// passwordStore is AC-PWD-STORE in the directory: passwords are kept so that nobody can
// read them again, and nobody who reads the directory sees what is kept.
func passwordStore() checks.Check {
	return checks.New(checks.Info{ID: "directory.password_store", Deadline: deadline, Covers: storeCovers(), Messages: storeMessages()},
		struct{}{}, onBoth(observeStore), judgeStore)
}

// storeFacts is the evidence of directory.password_store.
type storeFacts struct {
	flagFacts
	Policies []policyFact `json:"policies,omitempty"` // Active Directory
	// Visible: the account that reads can see or search password hashes (OpenLDAP).
	Visible bool `json:"visible,omitempty"`
	// Schemes are those for new passwords (OpenLDAP), as the server names them; Cleartext
	// that a password may be kept as it arrives.
	Schemes   []string `json:"schemes,omitempty"`
	Cleartext bool     `json:"cleartext,omitempty"`
	// Crypt is the format of the salts of {CRYPT}, which chooses how it hashes; default
	// where none is set, and empty where that could not be read.
	Crypt string `json:"crypt,omitempty"`
}

// cryptDefault is a format that is not set: salts without a kind, which crypt(3) takes
// for DES.
const cryptDefault = "default"

// serverChoice is the scheme of OpenLDAP where none is set (slapd-config(5)).
const serverChoice = "{SSHA}"

func observeStore(ctx context.Context, h *host.Host) (storeFacts, error) {
	r := open(ctx, h)
	var seen storeFacts
	switch r.Kind {
	case activeDirectory:
		var rules policyFacts
		r.policies(ctx, &rules)
		seen.Policies = rules.Policies
		seen.flagged(r.people(ctx), func(p person) string {
			switch {
			case p.flags&flagReversible != 0:
				return "store_reversible_account"
			case p.flags&flagWeakKerberos != 0:
				return "store_weak_account"
			}
			return ""
		})
	case openLDAP:
		// No attribute is asked for: what matches is enough.
		found, err := r.below(ctx, "(userPassword=*)", maxAccounts, "1.1")
		if err != nil {
			r.need(sourceAccounts, err)
		}
		seen.Visible = len(found) > 1 // its own is the account's to change
		for _, suffix := range r.peopled(ctx) {
			config := r.slapdConfig(ctx, suffix)
			if !config.read {
				r.note(sourceConfig, "permission")
				continue
			}
			seen.Cleartext = seen.Cleartext || config.cleartext
			if seen.Schemes = config.hashes; len(seen.Schemes) == 0 { // the server's, for all
				seen.Schemes = []string{serverChoice}
			}
			if seen.Crypt = config.crypt; seen.Crypt == "" && config.cryptSeen {
				seen.Crypt = cryptDefault
			}
		}
	}
	seen.about = r.facts()
	return seen, nil
}

// weakSchemes are ways of keeping a password that are broken in hours; salted SHA is
// better and still far too quick.
func weakSchemes() []string {
	return []string{"{CLEARTEXT}", "{MD5}", "{SMD5}", "{SHA}", "{SHA256}", "{SHA384}", "{SHA512}", "{LANMAN}", "{NTLM}", "{NT}"}
}

// scheme judges one way of keeping new passwords (slapd-config(5), olcPasswordHash).
func (seen storeFacts) scheme(name string) (checks.Status, string) {
	upper := strings.ToUpper(name)
	slow := func(prefix string) bool { return strings.HasPrefix(upper, prefix) }
	switch {
	case slices.Contains(weakSchemes(), upper):
		return checks.Fail, "directory.store_weak"
	case slow("{SSHA"):
		return checks.Warn, "directory.store_quick"
	case slow("{ARGON2"), slow("{PBKDF2"), slow("{BCRYPT"):
		return checks.Pass, "directory.store_slow"
	case upper != "{CRYPT}":
		return checks.Unknown, "directory.store_other"
	case seen.Crypt == "":
		return checks.Unknown, "directory.store_crypt_unknown"
	case slowCrypt(seen.Crypt):
		return checks.Pass, "directory.store_slow"
	default:
		return checks.Fail, "directory.store_crypt_weak"
	}
}

// slowCrypt tells whether a salt of this format makes crypt(3) hash in a way that is not
// broken in hours (crypt(5)): SHA-crypt, bcrypt, scrypt or yescrypt. Any other is DES or
// MD5.
func slowCrypt(format string) bool {
	return slices.ContainsFunc([]string{"$5$", "$6$", "$2a$", "$2b$", "$2y$", "$7$", "$y$", "$gy$"},
		func(kind string) bool { return strings.HasPrefix(format, kind) })
}

func judgeStore(seen storeFacts, _ struct{}, _ time.Time) checks.Verdict {
	if v, ok := seen.settled(); ok {
		return v
	}
	var f findings
	seen.report(&f)
	for _, p := range seen.Policies {
		switch {
		case !p.effective():
		case p.Reversible == nil:
			f.add(p.key(), checks.Unknown, "directory.rule_unread", "policy", p.label(seen.Kind))
		case *p.Reversible:
			f.add(p.key(), checks.Fail, "directory.store_reversible", "policy", p.label(seen.Kind))
		}
	}
	if seen.Visible {
		f.add("visible", checks.Fail, "directory.store_visible")
	}
	if seen.Cleartext {
		f.add("cleartext", checks.Warn, "directory.store_cleartext")
	}
	for _, scheme := range seen.Schemes {
		status, code := seen.scheme(scheme)
		f.add("scheme/"+scheme, status, code, "scheme", scheme)
	}
	seen.reportHidden(&f)
	f.unread(seen.Unread)
	return f.verdict(checks.Because("directory.store_good"))
}
