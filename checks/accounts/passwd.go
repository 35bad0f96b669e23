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
