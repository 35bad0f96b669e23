package pam

import (
	"slices"
	"strconv"
	"strings"
)

// A Return is what a module answers, by the name that pam.conf(5) gives it.
type Return string

// The answers that this package or its callers speak of; see returns for all.
const (
	Success        Return = "success"
	Ignore         Return = "ignore"
	AuthErr        Return = "auth_err"
	PermDenied     Return = "perm_denied"
	AuthTokErr     Return = "authtok_err"
	NewAuthTokReqd Return = "new_authtok_reqd"
	UserUnknown    Return = "user_unknown"
)

// returns lists every answer of pam.conf(5).
func returns() []Return {
	return []Return{
		Success, "open_err", "symbol_err", "service_err", "system_err", "buf_err", PermDenied, AuthErr,
		"cred_insufficient", "authinfo_unavail", UserUnknown, "maxtries", NewAuthTokReqd, "acct_expired",
		"session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data", "conv_err", AuthTokErr,
		"authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging", "try_again", Ignore, "abort",
		"authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete",
	}
}

// An Action is what a stack does upon an answer: one of the named, or a number
// above zero, which skips as many rules.
type Action int

// The named actions of pam.conf(5).
const (
	DoIgnore Action = -iota // the answer has no effect
	DoOK                    // counts as success, unless something failed before
	DoDone                  // as DoOK, and ends the stack if it counted
	DoBad                   // the stack will fail
	DoDie                   // the stack fails and ends
	DoReset                 // forgets all that the stack saw so far
)

// A Control tells what each answer of a module does.
type Control struct {
	// Keyword is required, requisite, sufficient or optional, and empty for a
	// control in brackets.
	Keyword string
	// Malformed is set for a control that libpam cannot read. It then takes every
	// answer, success too, as DoBad.
	Malformed bool

	on        map[Return]Action
	otherwise Action
}

// On returns the action upon an answer.
func (c Control) On(r Return) Action {
	if a, ok := c.on[r]; ok {
		return a
	}
	return c.otherwise
}

// parseControl reads a control: a keyword, or the text between brackets.
func parseControl(s string) Control {
	c := Control{Keyword: strings.ToLower(s)}
	ok := map[Return]Action{Success: DoOK, NewAuthTokReqd: DoOK}
	switch c.Keyword {
	case "required":
		ok[Ignore] = DoIgnore
		c.on, c.otherwise = ok, DoBad
	case "requisite":
		ok[Ignore] = DoIgnore
		c.on, c.otherwise = ok, DoDie
	case "optional":
		c.on, c.otherwise = ok, DoIgnore
	case "sufficient":
		c.on, c.otherwise = map[Return]Action{Success: DoDone, NewAuthTokReqd: DoDone}, DoIgnore
	default:
		return parseActions(s)
	}
	return c
}

// parseActions reads answer=action pairs. Spaces may surround the equals signs.
func parseActions(s string) Control {
	malformed := Control{Malformed: true, otherwise: DoBad}
	c := Control{on: map[Return]Action{}, otherwise: DoBad}
	words := strings.Fields(strings.ReplaceAll(s, "=", " = "))
	if len(words)%3 != 0 {
		return malformed
	}
	hasDefault := false
	for pair := range slices.Chunk(words, 3) {
		a, ok := parseAction(pair[2])
		if pair[1] != "=" || !ok {
			return malformed
		}
		r := Return(pair[0])
		switch {
		case r == "default":
			if !hasDefault { // a second one finds nothing left to set
				c.otherwise, hasDefault = a, true
			}
		case slices.Contains(returns(), r):
			c.on[r] = a
		default:
			return malformed
		}
	}
	return c
}

func parseAction(s string) (Action, bool) {
	switch s {
	case "ignore":
		return DoIgnore, true
	case "ok":
		return DoOK, true
	case "done":
		return DoDone, true
	case "bad":
		return DoBad, true
	case "die":
		return DoDie, true
	case "reset":
		return DoReset, true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return Action(n), err == nil && n > 0
}
