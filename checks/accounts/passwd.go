package accounts

import (
	"context"

	"vigia/checks/format/shadow"
)

// loginDefs reads /etc/login.defs; nil when it could not be read.
func loginDefs(ctx context.Context, r *reader) *shadow.LoginDefs {
	b := r.needed(ctx, "/etc/login.defs")
	if b == nil {
		return nil
	}
	defs, err := shadow.ParseLoginDefs(b)
	if err != nil {
		r.Note("/etc/login.defs", "unreadable")
		return nil
	}
	return &defs
}

// passwd reads the local accounts. Accounts that come from elsewhere (NIS) are
// noted as unread: this file does not tell them.
func passwd(ctx context.Context, r *reader) []shadow.User {
	b := r.needed(ctx, "/etc/passwd")
	if b == nil {
		return nil
	}
	accounts, err := shadow.ParsePasswd(b)
	if err != nil || accounts.NIS {
		r.Note("/etc/passwd", "unreadable")
	}
	return accounts.Users
}

const nsswitch = "/etc/nsswitch.conf"

// foreign notes accounts of a directory service as unread: the local files do
// not tell how old their passwords are. sss stands in nsswitch.conf by default
// where nobody ever configured it, so its own configuration decides.
func (r *reader) foreign(ctx context.Context) {
	source := shadow.Directory(r.config(ctx, nsswitch), "passwd")
	if source == "" || source == "sss" && !installed(ctx, r.Host, "/etc/sssd/sssd.conf") {
		return
	}
	r.Note(nsswitch+" passwd: "+source, "unsupported")
}
