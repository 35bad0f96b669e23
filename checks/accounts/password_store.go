package accounts

import (
	"context"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

// passwordStore is AC-PWD-STORE: what is kept of passwords is no use to whoever
// reads it, and only the system reads it.
func passwordStore() checks.Check {
	return checks.New(checks.Info{ID: "accounts.password_store", Covers: storeCovers(), Messages: storeMessages()},
		struct{}{},
		checks.On[storeFacts]{host.Windows: observeWindowsStore, host.Linux: observeShadowStore},
		judgeStore)
}

// storeFacts is the evidence of accounts.password_store.
type storeFacts struct {
	Windows *windowsStore   `json:"windows,omitempty"`
	Linux   *linuxStore     `json:"linux,omitempty"`
	Unread  []checks.Unread `json:"unread,omitempty"`
}

// windowsStore is how Windows keeps passwords; what is nil was not read.
type windowsStore struct {
	// LMHash: the hash of LAN Manager is kept, which falls within minutes.
	LMHash *bool `json:"lm_hash,omitempty"`
	// Reversible: the policy keeps passwords so that they can be got back, and
	// ReversibleOf lists accounts that say so of themselves.
	Reversible   *bool    `json:"reversible,omitempty"`
	ReversibleOf []string `json:"reversible_of,omitempty"`
	// ClearInMemory: WDigest keeps the password of who is logged on.
	ClearInMemory *bool `json:"clear_in_memory,omitempty"`
	// Protected: the process that holds secrets is shielded (RunAsPPL).
	Protected *bool `json:"protected,omitempty"`
}

// linuxStore is how the files of a Linux machine keep passwords.
type linuxStore struct {
	Files []storeFile `json:"files,omitempty"`
	// Method is how passwd(1) hashes new passwords, by its name in crypt(5) or as
	// it is written, and MethodSource where that stands. Empty is not set.
	Method       string `json:"method,omitempty"`
	MethodSource string `json:"method_source,omitempty"`
	// MethodKnown is false when that could not be read.
	MethodKnown bool `json:"method_known"`
	// Schemes counts the accounts with a password by its method.
	Schemes map[string]int `json:"schemes,omitempty"`
	// Weak lists accounts whose password is kept by a weak method; Locked ones
	// open again with usermod -U.
	Weak []weakFact `json:"weak,omitempty"`
	// InPasswd lists accounts whose password everybody can read.
	InPasswd []string `json:"in_passwd,omitempty"`
}

type storeFile struct {
	Path  string `json:"path"`
	Mode  string `json:"mode"` // octal
	Owner string `json:"owner"`
	// Group is the name of the owning group, or its number.
	Group string `json:"group"`
	// Open: others than root and the group shadow read or change it.
	Open bool `json:"open,omitempty"`
}

type weakFact struct {
	Name   string `json:"name"`
	Scheme string `json:"scheme"`
	Locked bool   `json:"locked,omitempty"`
}

func judgeStore(seen storeFacts, _ struct{}, _ time.Time) checks.Verdict {
	var f findings
	if w := seen.Windows; w != nil {
		judgeWindowsStore(&f, *w)
	}
	if l := seen.Linux; l != nil {
		judgeLinuxStore(&f, *l)
	}
	f.unread(seen.Unread)
	return f.verdict(checks.Because("store.protected"))
}

func judgeWindowsStore(f *findings, w windowsStore) {
	bad := func(v *bool, bad bool, key string, status checks.Status, code string) {
		if v != nil && *v == bad {
			f.add(key, status, code)
		}
	}
	bad(w.LMHash, true, "lm_hash", checks.Fail, "store.lm_hash")
	bad(w.Reversible, true, "reversible", checks.Fail, "store.reversible")
	for _, name := range w.ReversibleOf {
		f.add("account/"+name, checks.Fail, "store.reversible_account", "account", name)
	}
	bad(w.ClearInMemory, true, "wdigest", checks.Fail, "store.clear_in_memory")
	bad(w.Protected, false, "lsa", checks.Warn, "store.unprotected")
}

func judgeLinuxStore(f *findings, l linuxStore) {
	for _, file := range l.Files {
		if file.Open {
			f.add("file/"+file.Path, checks.Fail, "store.open_file", "path", file.Path, "mode", file.Mode, "owner", file.Owner, "group", file.Group)
		}
	}
	for _, name := range l.InPasswd {
		f.add("passwd/"+name, checks.Fail, "store.in_passwd", "account", name)
	}
	for _, a := range l.Weak {
		status, code := checks.Fail, "store.weak"
		if a.Locked {
			status, code = checks.Warn, "store.weak_locked"
		}
		f.add("account/"+a.Name, status, code, "account", a.Name, "method", a.Scheme)
	}
	switch {
	case !l.MethodKnown:
	case l.Method == "":
		f.add("method", checks.Fail, "store.no_method")
	case !strongMethod(l.Method):
		f.add("method", checks.Fail, "store.weak_method", "method", l.Method, "source", l.MethodSource)
	}
}

// strongMethod tells whether a method of login.defs(5) or pam_unix(8) is one that
// crypt(5) still advises.
func strongMethod(method string) bool {
	return slices.Contains([]string{"yescrypt", "gost_yescrypt", "sha512", "sha256", "blowfish", "bcrypt"}, strings.ToLower(method))
}

const (
	keyWDigest = `HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\WDigest`
	// domainPasswordCleartext is DOMAIN_PASSWORD_STORE_CLEARTEXT of the SAM.
	domainPasswordCleartext = 16
	// flagReversible is UF_ENCRYPTED_TEXT_PASSWORD_ALLOWED of lmaccess.h.
	flagReversible = 0x80
)

func observeWindowsStore(ctx context.Context, h *host.Host) (storeFacts, error) {
	r := newReader(h)
	var w windowsStore
	is := func(b bool) *bool { return &b }
	if n, ok := r.number(ctx, keyLSA, "NoLMHash", 1); ok { // since Windows Vista
		w.LMHash = is(n == 0)
	}
	if p := r.windowsPolicy(ctx); p != nil {
		if p.PropertiesKnown {
			w.Reversible = is(p.Properties&domainPasswordCleartext != 0)
		} else {
			r.Note("SamQueryInformationDomain", "unsupported")
		}
	}
	for _, u := range r.windowsUsers(ctx) {
		if !u.Disabled && u.Flags&flagReversible != 0 {
			w.ReversibleOf = append(w.ReversibleOf, u.Name)
		}
	}
	if n, ok := r.number(ctx, keyWDigest, "UseLogonCredential", r.wdigestDefault(ctx)); ok {
		w.ClearInMemory = is(n != 0)
	}
	if n, ok := r.number(ctx, keyLSA, "RunAsPPL", 0); ok {
		w.Protected = is(n != 0)
	}
	return storeFacts{Windows: &w, Unread: r.Unread}, nil
}

// wdigestDefault is what UseLogonCredential is where nobody set it: on before
// Windows 8.1 and Server 2012 R2 (6.3).
func (r *reader) wdigestDefault(ctx context.Context) uint64 {
	id, err := r.Host.System.Identity(ctx)
	if err != nil {
		r.Need("identity", err)
		return 0
	}
	major, rest, _ := strings.Cut(id.OSVer, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, errMajor := strconv.Atoi(major)
	n, errMinor := strconv.Atoi(minor)
	if errMajor != nil || errMinor != nil {
		r.Note("identity", "unreadable")
		return 0
	}
	if m < 6 || m == 6 && n < 3 {
		return 1
	}
	return 0
}

// secretFiles hold hashes of passwords, some only on some systems.
func secretFiles() []string {
	return []string{shadowFile, "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/security/opasswd",
		"/var/backups/shadow.bak", "/var/backups/gshadow.bak"}
}

func observeShadowStore(ctx context.Context, h *host.Host) (storeFacts, error) {
	r := newReader(h)
	l := linuxStore{Schemes: map[string]int{}}
	names := map[string]string{"0": "root"}
	for _, g := range r.groups(ctx) {
		names[strconv.FormatUint(uint64(g.GID), 10)] = g.Name
	}
	for _, path := range secretFiles() {
		info, err := h.Files.Stat(ctx, path)
		if err != nil {
			r.Miss(path, err)
			continue
		}
		if info.Owner == "" || info.Group == "" {
			r.Note(path, "unsupported")
			continue
		}
		l.Files = append(l.Files, storeOf(path, info, names))
	}
	defs := loginDefs(ctx, r)
	for _, a := range r.locals(ctx, defs) {
		if a.User.Hash.Kind == shadow.Set {
			l.InPasswd = append(l.InPasswd, a.Name)
		}
		if a.Hash.Kind == shadow.Set {
			l.Schemes[string(a.Hash.Scheme)]++
		}
		if a.Hash.Scheme.Weak() && (a.Hash.Kind == shadow.Set || a.Hash.Kind == shadow.Locked) {
			l.Weak = append(l.Weak, weakFact{Name: a.Name, Scheme: string(a.Hash.Scheme), Locked: a.Hash.Kind == shadow.Locked})
		}
	}
	if s := r.stack(ctx, passwordService); s != nil && defs != nil {
		l.Method, l.MethodSource = method(s, defs)
		l.MethodKnown = true
	}
	return storeFacts{Linux: &l, Unread: r.Unread}, nil
}

// storeOf says of a file with hashes who may read and change it.
func storeOf(path string, info host.FileInfo, groups map[string]string) storeFile {
	f := storeFile{Path: path, Mode: strconv.FormatUint(uint64(info.Mode.Perm()), 8), Owner: info.Owner, Group: groups[info.Group]}
	if f.Group == "" {
		f.Group = info.Group
	}
	const groupRead, groupMore, others = fs.FileMode(0o040), fs.FileMode(0o030), fs.FileMode(0o007)
	f.Open = info.Mode&others != 0 || info.Mode&groupMore != 0 && f.Group != "root" || info.Owner != "0" ||
		info.Mode&groupRead != 0 && f.Group != "shadow" && f.Group != "root"
	return f
}

// method is how passwd(1) hashes: the last word of pam_unix, or else login.defs.
func method(s *pam.Stack, defs *shadow.LoginDefs) (name, source string) {
	for _, rule := range s.Find(pam.Password, moduleUnix) {
		for _, arg := range rule.Args {
			switch arg {
			case "md5", "bigcrypt", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt":
				name, source = arg, pamFile(rule.File)
			}
		}
	}
	if name == "" {
		name, _ = defs.Lookup("ENCRYPT_METHOD")
		source = "/etc/login.defs ENCRYPT_METHOD"
	}
	return name, source
}
