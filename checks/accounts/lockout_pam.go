package accounts

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sshd"
	"vigia/checks/host"
)

// observePAMLockout finds after how many attempts, and for how long, the least
// guarded of the services that people log on through locks an account. A service
// that could not be read is noted and tells nothing.
func observePAMLockout(ctx context.Context, h *host.Host) (lockoutFacts, error) {
	r := newReader(h)
	seen := lockoutFacts{By: moduleFaillock}
	rootHeld := true
	ssh, takes := r.sshPasswords(ctx)
	seen.SSH = ssh
	var unread []checks.Unread
	for service := range strings.FieldsSeq(loginServices) {
		if service == sshService && !takes {
			continue
		}
		one := newReader(h)
		if s, ok := one.guard(ctx, service); ok && len(one.Unread) == 0 {
			seen.worse(s)
			rootHeld = rootHeld && s.root
		}
		unread = append(unread, one.Unread...)
	}
	if seen.Value == nil && len(unread) == 0 {
		r.Note(pamDirs()[0], "absent")
	}
	if seen.Value != nil && *seen.Value > 0 && !rootHeld {
		seen.RootFree = r.rootHasPassword(ctx)
	}
	seen.Directory = r.directory(ctx)
	seen.Unread = append(unread, r.Unread...)
	slices.SortStableFunc(seen.Unread, func(a, b checks.Unread) int { return strings.Compare(a.Source, b.Source) })
	seen.Unread = slices.Compact(seen.Unread)
	return seen, nil
}

// guarded is how one PAM service guards against guessing.
type guarded struct {
	deny, seconds             int64
	window                    int64
	denySource, secondsSource string
	windowSource              string
	root                      bool   // the lock holds for root too
	adminGroup                string // whose members count as root
}

// worse takes over what guards less than what is known so far.
func (seen *lockoutFacts) worse(g guarded) {
	if old := seen.Value; old == nil || *old != 0 && (g.deny == 0 || g.deny > *old) {
		seen.Value, seen.Source = &g.deny, g.denySource
	}
	if g.deny == 0 {
		return
	}
	if old := seen.Window; old == nil || g.window < *old {
		seen.Window, seen.WindowSource = &g.window, g.windowSource
	}
	if !g.root && g.adminGroup != "" {
		seen.AdminGroup = g.adminGroup
	}
	if old := seen.Seconds; old == nil || g.seconds != 0 && (*old == 0 || g.seconds < *old) {
		seen.Seconds, seen.SecondsSource = &g.seconds, g.secondsSource
	}
}

// guard reads one PAM service; ok is false when the machine does not have it.
func (r *reader) guard(ctx context.Context, service string) (g guarded, ok bool) {
	if !r.exists(ctx, service) {
		return g, false
	}
	s := r.stack(ctx, service)
	if s == nil {
		return g, false
	}
	where := func(source string) string { return strings.TrimSuffix(pamFile(service)+", "+source, ", ") }
	g.denySource = where("")
	if !countsFailures(s) || !refusesLocked(s) {
		return g, true // nothing ever locks
	}
	o := r.options(ctx, confOfFaillock(), s.Find(pam.Auth, moduleFaillock))
	deny, source := o.number(r, "deny", faillockDeny)
	g.deny, g.denySource = max(deny, 0), where(source)
	if o.values["unlock_time"] == "never" {
		g.secondsSource = where(o.source["unlock_time"])
	} else {
		g.seconds, source = o.number(r, "unlock_time", faillockUnlock)
		g.secondsSource = where(source)
	}
	g.window, source = o.number(r, "fail_interval", faillockInterval)
	g.windowSource = where(source)
	_, g.root = o.values["even_deny_root"]
	g.adminGroup = o.values["admin_group"]
	return g, true
}

// countsFailures tells whether pam_faillock's authfail is called when every
// module that knows passwords refuses.
func countsFailures(s *pam.Stack) bool {
	called := false
	s.Dispatch(pam.Auth, func(rule pam.Rule) pam.Return {
		switch {
		case rule.Is(moduleFaillock):
			if _, ok := rule.Arg("authfail"); ok {
				called = true
				return pam.AuthErr
			}
			return pam.Success
		case slices.ContainsFunc(strings.Fields(passwordModules), rule.Is):
			return pam.AuthErr
		default:
			return pam.Success
		}
	})
	return called
}

// refusesLocked tells whether a locked account stays out although its password is
// right. Only preauth, which is also what the module does without argument, and
// authsucc refuse; as an account module it only forgets the failures.
func refusesLocked(s *pam.Stack) bool {
	called := false
	status := s.Dispatch(pam.Auth, func(rule pam.Rule) pam.Return {
		switch {
		case rule.Is(moduleFaillock):
			called = true
			return pam.AuthErr
		case rule.Is("pam_deny"):
			return pam.AuthErr
		}
		return pam.Success
	})
	return called && status != pam.Success
}

// rootHasPassword tells whether root can log on with a password at all.
func (r *reader) rootHasPassword(ctx context.Context) bool {
	return slices.ContainsFunc(r.locals(ctx, loginDefs(ctx, r)), func(a localAccount) bool {
		return a.UID == 0 && a.Hash.Kind == shadow.Set
	})
}

const (
	sshdConf     = "/etc/ssh/sshd_config"
	sshService   = "sshd"
	maxAuthTries = 6 // sshd's own value, see sshd_config(5)
)

// sshPasswords reads how sshd takes passwords. taken is false when it is sure that
// it takes none, and the fact is nil then and when it is not installed.
func (r *reader) sshPasswords(ctx context.Context) (fact *guessFact, taken bool) {
	if !installed(ctx, r.Host, sshdConf) {
		return nil, true
	}
	config, err := sshd.Load(sshdConf, sudoersOf{ctx, r.Host.Files})
	if err != nil {
		r.Need(sshdConf, err)
		return nil, true
	}
	for _, pattern := range config.Unread {
		r.Note(sshdConf+" Include "+pattern, "unsupported")
	}
	yes := func(fallback bool, keywords ...string) bool {
		for _, k := range keywords {
			for _, v := range config.Conditional(k) {
				if strings.EqualFold(v.Text, "yes") {
					return true // for somebody
				}
			}
			if v, ok := config.Get(k); ok {
				return strings.EqualFold(v.Text, "yes")
			}
		}
		return fallback
	}
	usePAM, _ := config.Get("UsePAM")
	f := guessFact{MaxAuthTries: maxAuthTries, PAM: strings.EqualFold(usePAM.Text, "yes")}
	asks := f.PAM && yes(true, "KbdInteractiveAuthentication", "ChallengeResponseAuthentication")
	if !asks && !yes(true, "PasswordAuthentication") {
		return nil, false
	}
	tries := config.Conditional("MaxAuthTries")
	if v, ok := config.Get("MaxAuthTries"); ok {
		tries = append(tries, v)
		f.MaxAuthTries = 0
	}
	for _, v := range tries {
		n, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil {
			r.Note(sshdConf+" MaxAuthTries", "unreadable")
			return nil, true
		}
		f.MaxAuthTries = max(f.MaxAuthTries, n)
	}
	return &f, true
}
