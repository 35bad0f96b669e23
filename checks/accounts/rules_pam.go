package accounts

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/pam"
	"vigia/checks/host"
)

// pamDirs are where libpam looks for a service, first match first.
func pamDirs() []string { return []string{"/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d"} }

// pamFile names a PAM file for people, who find most of them in the first
// folder.
func pamFile(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return pamDirs()[0] + "/" + name
}

// stack loads a PAM service; nil when it could not be read as libpam would.
func (r *reader) stack(ctx context.Context, service string) *pam.Stack {
	s, err := pam.Load(service, func(name string) ([]byte, error) {
		if path.IsAbs(name) {
			return r.Host.Files.ReadFile(ctx, name, maxConfig)
		}
		for _, dir := range pamDirs() {
			b, err := r.Host.Files.ReadFile(ctx, dir+"/"+name, maxConfig)
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return b, err
			}
		}
		return nil, fs.ErrNotExist
	})
	source := pamFile(service)
	if err != nil {
		r.Need(source, err)
		return nil
	}
	if len(s.Broken()) > 0 {
		r.Note(source, "unreadable")
		return nil
	}
	return s
}

// exists tells whether a PAM service has a file of its own.
func (r *reader) exists(ctx context.Context, service string) bool {
	for _, dir := range pamDirs() {
		_, err := r.Host.Files.Stat(ctx, dir+"/"+service)
		if err == nil {
			return true
		}
		r.Miss(dir+"/"+service, err)
	}
	return false
}

// options are the settings of a PAM module: those of its files, then the module's
// arguments, the last one winning.
type options struct {
	values map[string]string
	source map[string]string
}

// moduleConf says how a PAM module reads its settings.
type moduleConf struct {
	file string
	// dropIns: the *.conf files of the folder file+".d" come first, in the order
	// of their names, and the file itself overrides them.
	dropIns bool
	// anyCase: the names of options may be in capitals.
	anyCase bool
	// other is the argument that names another file, if the module has one.
	other string
}

func confOfQuality() moduleConf {
	return moduleConf{file: pwqualityConf, dropIns: true, anyCase: true}
}
func confOfFaillock() moduleConf { return moduleConf{file: faillockConf, other: "conf"} }
func confOfHistory() moduleConf  { return moduleConf{file: pwhistoryConf, other: "conf"} }

func (r *reader) options(ctx context.Context, c moduleConf, rules []pam.Rule) options {
	o := options{values: map[string]string{}, source: map[string]string{}}
	add := func(from string, b []byte) {
		if c.anyCase {
			b = bytes.ToLower(b) // the values that are read here are numbers
		}
		kv, err := conf.ParseKeyValue(b)
		if err != nil {
			r.Note(from, "unreadable")
			return
		}
		for _, key := range kv.Keys() {
			o.values[key], _ = kv.Get(key)
			o.source[key] = from
		}
	}
	if c.dropIns {
		paths, contents := r.dropIns(ctx, c.file+".d")
		for i := range paths {
			add(paths[i], contents[i])
		}
	}
	for _, rule := range rules {
		if other, ok := rule.Arg(c.other); ok && c.other != "" {
			c.file = other
		}
	}
	if b := r.config(ctx, c.file); b != nil {
		add(c.file, b)
	}
	for _, rule := range rules {
		for _, arg := range rule.Args {
			key, value, _ := strings.Cut(arg, "=")
			if c.anyCase {
				key = strings.ToLower(key)
			}
			o.values[key], o.source[key] = value, pamFile(rule.File)
		}
	}
	return o
}

// number returns an option's value, or the module's default where it is not
// set. An option that is no number makes the source unread.
func (o options) number(r *reader, key string, fallback int64) (n int64, source string) {
	text, ok := o.values[key]
	if !ok {
		return fallback, ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.Note(o.source[key]+" "+key, "unreadable")
		return fallback, ""
	}
	return n, o.source[key]
}

// Defaults of the modules where nothing is set (libpwquality 1.4, Linux-PAM
// 1.5 and Debian's pam_unix with obscure).
const (
	pwqualityConf    = "/etc/security/pwquality.conf"
	pwqualityMinLen  = 8
	pwqualityFloor   = 6
	unixObscureLen   = 6
	faillockConf     = "/etc/security/faillock.conf"
	faillockDeny     = 3
	faillockUnlock   = 600 // seconds
	faillockInterval = 900 // seconds
	pwhistoryConf    = "/etc/security/pwhistory.conf"
	pwhistoryKeeps   = 10
	moduleQuality    = "pam_pwquality"
	moduleFaillock   = "pam_faillock"
	moduleUnix       = "pam_unix"
	moduleHistory    = "pam_pwhistory"
	noModule         = "no_module" // nothing enforces the rule
	passwordService  = "passwd"
	qualityCredits   = "lcredit ucredit dcredit ocredit"
	loginServices    = "login sshd gdm-password lightdm sddm lxdm xdm greetd xrdp-sesman cockpit vsftpd proftpd dovecot"
	unsupportedRules = "pam_passwdqc pam_cracklib"
	passwordModules  = "pam_unix pam_sss pam_ldap pam_krb5 pam_winbind pam_deny"
)

// quality answers the options of pam_pwquality when it can refuse a new
// password; ok is false when nothing of the kind is in the stack.
func (r *reader) quality(ctx context.Context, s *pam.Stack) (o options, ok bool) {
	for module := range strings.FieldsSeq(unsupportedRules) {
		if s.Requires(pam.Password, module) {
			// Their rules have another shape, which nothing here reads yet.
			r.Note(module, "unsupported")
			return o, false
		}
	}
	if !s.Requires(pam.Password, moduleQuality) {
		return o, false
	}
	o = r.options(ctx, confOfQuality(), s.Find(pam.Password, moduleQuality))
	if n, _ := o.number(r, "enforcing", 1); n == 0 {
		return o, false // it only says what it thinks
	}
	return o, true
}

// observePAMLength finds the shortest password that passwd(1) would take.
// What login.defs says of lengths has no effect where PAM is used.
func observePAMLength(ctx context.Context, h *host.Host) (ruleFacts, error) {
	r := newReader(h)
	var seen ruleFacts
	s := r.stack(ctx, passwordService)
	if s == nil {
		return ruleFacts{Unread: r.Unread}, nil
	}
	var length int64
	seen.By = moduleUnix
	for _, rule := range s.Find(pam.Password, moduleUnix) {
		if _, ok := rule.Arg("obscure"); ok {
			length, seen.Source = unixObscureLen, pamFile(rule.File)+" obscure"
		}
		if text, ok := rule.Arg("minlen"); ok {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				length, seen.Source = n, pamFile(rule.File)+" minlen"
			}
		}
	}
	if o, ok := r.quality(ctx, s); ok {
		n, source := o.number(r, "minlen", pwqualityMinLen)
		for credit := range strings.FieldsSeq(qualityCredits) {
			if c, _ := o.number(r, credit, 0); c > 0 {
				n -= c // a credit shortens the password that is accepted
			}
		}
		if n = max(n, pwqualityFloor); n >= length {
			length, seen.By, seen.Source = n, moduleQuality, strings.TrimSpace(source+" minlen")
		}
	}
	return r.rule(ctx, seen, length), nil
}

// observePAMComposition counts the classes of characters that pam_pwquality
// demands.
func observePAMComposition(ctx context.Context, h *host.Host) (ruleFacts, error) {
	r := newReader(h)
	seen := ruleFacts{By: noModule}
	s := r.stack(ctx, passwordService)
	if s == nil {
		return ruleFacts{Unread: r.Unread}, nil
	}
	var classes int64
	if o, ok := r.quality(ctx, s); ok {
		seen.By = moduleQuality
		demanded := int64(0)
		for credit := range strings.FieldsSeq(qualityCredits) {
			if c, source := o.number(r, credit, 0); c < 0 {
				demanded++
				seen.Source = source + " " + credit
			}
		}
		n, source := o.number(r, "minclass", 0)
		if classes = max(demanded, n); n >= demanded && source != "" {
			seen.Source = source + " minclass"
		}
	}
	return r.rule(ctx, seen, classes), nil
}

// observePAMUsername finds whether pam_pwquality compares a new password with the
// name of the account.
func observePAMUsername(ctx context.Context, h *host.Host) (ruleFacts, error) {
	r := newReader(h)
	seen := ruleFacts{By: noModule}
	s := r.stack(ctx, passwordService)
	if s == nil {
		return ruleFacts{Unread: r.Unread}, nil
	}
	var compares int64
	if o, ok := r.quality(ctx, s); ok {
		seen.By, seen.Source = moduleQuality, moduleQuality+" usercheck"
		n, source := o.number(r, "usercheck", 1)
		if n != 0 {
			compares = 1
		}
		if source != "" {
			seen.Source = source + " usercheck"
		}
	}
	return r.rule(ctx, seen, compares), nil
}

// rule completes the facts of a rule with its number, which is sure when nothing
// that was looked at so far was unreadable.
func (r *reader) rule(ctx context.Context, seen ruleFacts, n int64) ruleFacts {
	if len(r.Unread) == 0 {
		seen.Value = &n
	}
	seen.Directory = r.directory(ctx)
	seen.Unread = r.Unread
	return seen
}
