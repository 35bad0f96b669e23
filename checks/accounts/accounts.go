// Package accounts checks the accounts of a machine and their passwords: how
// old passwords may be and are, how long and how varied they must be, how they
// are kept, after how many wrong attempts an account locks, whose accounts there
// are, who no longer uses one, and who may administer.
//
// Only policies, flags and dates are read. No password and no hash is kept,
// compared or tested. Accounts are named in findings, because a person has to
// act on them; nothing else about their owners is.
package accounts

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sssd"
	"vigia/checks/host"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{
		passwordAge(), passwordLength(), passwordComposition(), passwordUsername(), passwordHistory(),
		passwordBlank(), passwordFirst(), passwordStore(), lockout(), lockoutRelease(),
		uniqueAccounts(), snapshot(), temporary(), privileges(), shares(), remote(), leavers(),
	}
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 4 << 20

// reader reads the machine for one observation.
type reader struct{ checks.Look }

func newReader(h *host.Host) *reader { return &reader{checks.Look{Host: h}} }

// config reads a configuration file; nil when absent or unread.
func (r *reader) config(ctx context.Context, path string) []byte {
	return r.File(ctx, path, maxConfig)
}

// needed is config for what every machine has: absent counts as unread too.
func (r *reader) needed(ctx context.Context, path string) []byte {
	return r.NeededFile(ctx, path, maxConfig)
}

// dropIns reads the *.conf files of a directory in the order of their names.
func (r *reader) dropIns(ctx context.Context, dir string) (paths []string, contents [][]byte) {
	files, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return nil, nil
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".conf") {
			continue
		}
		path := dir + "/" + f.Name
		if b := r.config(ctx, path); b != nil {
			paths, contents = append(paths, path), append(contents, b)
		}
	}
	return paths, contents
}

// windowsPolicy asks for the account policy of a Windows machine; nil when it
// could not be read.
func (r *reader) windowsPolicy(ctx context.Context) *host.PasswordPolicy {
	p, err := r.Host.Accounts.PasswordPolicy(ctx)
	if err != nil {
		r.Need("NetUserModalsGet", err)
		return nil
	}
	return &p
}

// listed tells whether a name or SID is in an allow-list, without regard to
// case and to the domain before a backslash.
func listed(list []string, names ...string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			if name == "" {
				return false
			}
			short := name[strings.LastIndex(name, `\`)+1:]
			return strings.EqualFold(allowed, name) || strings.EqualFold(allowed, short)
		})
	})
}

// directory names the service besides this machine that has accounts of people
// who log on here, by a code of the messages; empty where there is none. What the
// machine itself says of its accounts and rules is then not the whole.
func (r *reader) directory(ctx context.Context) string {
	if r.Host.OS != host.Windows {
		return r.source(ctx, "passwd")
	}
	id, err := r.Host.System.Identity(ctx)
	if err != nil {
		r.Need("identity", err)
		return ""
	}
	if id.Domain != "" && !r.domainController(ctx) {
		return "domain"
	}
	if r.cloudJoined(ctx) {
		return "cloud"
	}
	return ""
}

// cloudJoined tells whether the machine joined a tenant of Entra ID.
func (r *reader) cloudJoined(ctx context.Context) bool {
	joined, err := r.Host.Registry.Subkeys(ctx, keyCloudJoin)
	if err != nil {
		r.Miss(keyCloudJoin, err)
	}
	return len(joined) > 0
}

// source names the first directory service that a database of nsswitch.conf takes
// entries from. sss stands there by default where nobody ever configured it, so its own
// configuration decides.
func (r *reader) source(ctx context.Context, database string) string {
	for _, service := range shadow.Directories(r.config(ctx, nsswitch), database) {
		if service != "sss" || r.sssd(ctx) {
			return service
		}
	}
	return ""
}

// sssd tells whether sssd is configured; what cannot be looked at is noted.
func (r *reader) sssd(ctx context.Context) bool {
	sources, err := sssd.Sources(sudoersOf{ctx, r.Host.Files})
	if err != nil {
		r.Need(path.Dir(sssd.Main), err)
	}
	return len(sources) > 0
}

const (
	// keyCloudJoin has a subkey for each Entra ID tenant that the machine joined.
	keyCloudJoin      = `HKLM\SYSTEM\CurrentControlSet\Control\CloudDomainJoin\JoinInfo`
	keyProductOptions = `HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions`
)

// domainController tells whether the machine's own accounts are the domain's. When
// that is not told, they are not.
func (r *reader) domainController(ctx context.Context) bool {
	v, err := r.Host.Registry.Value(ctx, keyProductOptions, "ProductType")
	return err == nil && v.String == "LanmanNT"
}

// beyond takes back what is good of a verdict when a directory service has
// accounts too: only the directory itself can tell of those.
func beyond(v checks.Verdict, directory string) checks.Verdict {
	if directory == "" {
		return v
	}
	f := checks.Finding{Key: "directory", Status: checks.Unknown, Reason: checks.Because("accounts.elsewhere", "directory", directory)}
	v.Findings = append(v.Findings, f)
	if v.Status != checks.Fail && v.Status != checks.Unknown {
		v.Status, v.Reason = f.Status, f.Reason
	}
	return v
}

// findings collects the findings of one judgement.
type findings []checks.Finding

func (f *findings) add(key string, status checks.Status, code string, args ...string) {
	*f = append(*f, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
}

func (f *findings) unread(list []checks.Unread) {
	for _, u := range list {
		*f = append(*f, checks.Finding{Key: "unread/" + u.Source, Status: checks.Unknown, Reason: unreadReason(u)})
	}
}

// verdict is the worst of the findings; good says why where all is well. Of
// several equally bad ones the first speaks, and how many there are is told.
func (f findings) verdict(good checks.Reason) checks.Verdict {
	v := checks.Verdict{Status: checks.Pass, Reason: good, Findings: f}
	if len(f) == 0 {
		return v
	}
	var statuses []checks.Status
	for _, one := range f {
		statuses = append(statuses, one.Status)
	}
	if v.Status = checks.Worst(statuses...); v.Status == checks.Pass || v.Status == checks.NotApplicable {
		v.Status = checks.Pass
		return v
	}
	var worst []checks.Finding
	for _, one := range f {
		if one.Status == v.Status {
			worst = append(worst, one)
		}
	}
	v.Reason = worst[0].Reason
	if n := strconv.Itoa(len(worst)); len(worst) > 1 {
		v.Reason = map[checks.Status]checks.Reason{
			checks.Fail:    checks.Because("accounts.several_fail", "count", n),
			checks.Unknown: checks.Because("accounts.several_unknown", "count", n),
			checks.Warn:    checks.Because("accounts.several_warn", "count", n),
		}[v.Status]
	}
	return v
}

// unreadVerdict is Unknown because of the first source that was not read.
func unreadVerdict(unread []checks.Unread) checks.Verdict {
	v := checks.Verdict{Status: checks.Unknown, Reason: checks.Because("accounts.nothing_read")}
	if len(unread) > 0 {
		v.Reason = unreadReason(unread[0])
	}
	return v
}

func unreadReason(u checks.Unread) checks.Reason {
	return checks.Because("accounts.unread", "source", u.Source, "why", u.Why)
}

// sorted orders a list by a text of its elements.
func sorted[T any](list []T, by func(T) string) []T {
	slices.SortStableFunc(list, func(a, b T) int { return strings.Compare(by(a), by(b)) })
	return list
}

// maxFacts bounds the accounts in one answer. A domain controller has more: there the
// directory is asked.
const maxFacts = 2000

// bounded keeps as many facts of a source as fit and notes that there were more.
func bounded[T any](r *reader, source string, list []T) []T {
	if len(list) <= maxFacts {
		return list
	}
	r.Note(source, "too_big")
	return list[:maxFacts]
}

// distinct sorts texts and drops repetitions.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
