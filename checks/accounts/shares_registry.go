package accounts

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/format/secdesc"
	"vigia/checks/host"
)

const (
	keyServices   = `HKLM\SYSTEM\CurrentControlSet\Services`
	keyServer     = keyServices + `\LanmanServer`
	keyServerPars = keyServer + `\Parameters`
	keyShares     = keyServer + `\Shares`

	serviceDisabled = 4
)

// observeWindowsShares reads what the server service shares and with whom, from its own
// settings; the folders' lists bind as well, so both are asked.
func observeWindowsShares(ctx context.Context, h *host.Host) (shareFacts, error) {
	r := newReader(h)
	seen := r.windowsShares(ctx)
	r.smb1(ctx, &seen)
	r.anonymous(ctx, &seen)
	r.databases(ctx, &seen)
	seen.Unread = r.Unread
	return seen, nil
}

// windowsOpenShares is what accounts.privileges needs to know of shares.
func (r *reader) windowsOpenShares(ctx context.Context) []openShare {
	return openShares(r.windowsShares(ctx).Shares)
}

// windowsShares lists the shares that are not for named persons or groups only.
func (r *reader) windowsShares(ctx context.Context) shareFacts {
	var seen shareFacts
	start, err := r.integer(ctx, keyServer, "Start")
	if err == nil && start == serviceDisabled || errors.Is(err, fs.ErrNotExist) {
		return seen
	}
	if err != nil {
		r.Need(keyServer+`\Start`, err)
	}
	seen.Served = true
	names, err := r.Host.Registry.ValueNames(ctx, keyShares)
	if err != nil {
		r.Miss(keyShares, err)
		return seen
	}
	for _, name := range names {
		v, err := r.Host.Registry.Value(ctx, keyShares, name)
		if err != nil || v.Kind != host.RegistryStrings {
			r.Note(keyShares+`\`+name, "unreadable")
			continue
		}
		path, disk := shareFolder(v.Strings)
		if !disk {
			continue // printers and pipes
		}
		share, err := r.shareList(ctx, name)
		if err != nil {
			r.Need(keyShares+`\Security\`+name, err)
			continue
		}
		f := shareFact{Name: name, Path: path, Source: keyShares, System: systemShare(name)}
		if broadest(share, share) == (openTo{}) {
			seen.Closed++
			continue
		}
		folder, err := r.Host.Permissions.Access(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // a share of what is gone opens nothing
			seen.Closed++
			continue
		case err != nil:
			r.Need(path, err)
			continue
		}
		open := broadest(share, folder)
		if open == (openTo{}) {
			seen.Closed++
			continue
		}
		f.Strangers, f.Accounts = open.strangers, open.accounts
		seen.Shares = append(seen.Shares, f)
	}
	return seen
}

// shareFolder reads what the server keeps of one share, "Path=C:\x" and the like.
func shareFolder(settings []string) (path string, disk bool) {
	disk = true
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		switch {
		case strings.EqualFold(name, "Path"):
			path = value
		case strings.EqualFold(name, "Type"):
			n, err := strconv.ParseUint(value, 10, 32)
			disk = err == nil && n&0xff == 0 // STYPE_DISKTREE of lmshare.h
		}
	}
	return path, disk && path != ""
}

// systemShare tells whether a share is one that Windows makes for itself and that
// everybody reads: the drivers of printers, and log-on scripts.
func systemShare(name string) bool {
	return slices.ContainsFunc([]string{"print$", "NETLOGON", "SYSVOL"}, func(s string) bool { return strings.EqualFold(s, name) })
}

// shareList reads the list of a share. One that has none is readable by everybody, as
// Windows makes them.
func (r *reader) shareList(ctx context.Context, name string) (host.Access, error) {
	v, err := r.Host.Registry.Value(ctx, keyShares+`\Security`, name)
	if errors.Is(err, fs.ErrNotExist) {
		return host.Access{Entries: []host.AccessEntry{{Who: sidEveryone, Allow: true, Rights: 0x1200a9}}}, nil
	}
	if err != nil {
		return host.Access{}, err
	}
	if v.Kind != host.RegistryBinary {
		return host.Access{}, secdesc.ErrFormat
	}
	d, err := secdesc.Parse(v.Binary)
	if err != nil {
		return host.Access{}, err
	}
	a := host.Access{Owner: d.Owner, Unrestricted: d.Unrestricted}
	for _, e := range d.Entries {
		a.Entries = append(a.Entries, host.AccessEntry(e))
	}
	return a, nil
}

// openTo is what strangers and what all accounts may do: "", "read" or "write".
type openTo struct{ strangers, accounts string }

// broadest tells what is left of a share's list and its folder's for those who are no
// named persons. Over the network, both bind.
func broadest(share, folder host.Access) openTo {
	guest := []string{sidEveryone, sidNetwork, sidGuests}
	account := []string{sidEveryone, sidNetwork, sidAuthenticatedUsers, sidUsers}
	strangers := [][]string{{sidEveryone, sidNetwork, sidAnonymous}, guest}
	accounts := [][]string{account}
	for _, e := range slices.Concat(share.Entries, folder.Entries) {
		switch {
		case domainAccount(e.Who, ridDomainUsers):
			accounts = append(accounts, append(slices.Clone(account), e.Who))
		case domainAccount(e.Who, ridGuest), domainAccount(e.Who, ridDomainGuests):
			strangers = append(strangers, append(slices.Clone(guest), e.Who))
		}
	}
	may := func(people [][]string) string {
		var rights uint32 // of the one among them who may do most
		for _, sids := range people {
			rights |= share.Rights(sids...) & folder.Rights(sids...)
		}
		switch {
		case rights&(host.Changes&^host.Delete) != 0:
			return mayWrite
		case rights&host.ReadData != 0:
			return mayRead
		}
		return ""
	}
	return openTo{may(strangers), may(accounts)}
}

// integer reads a number from the registry.
func (r *reader) integer(ctx context.Context, key, name string) (uint64, error) {
	v, err := r.Host.Registry.Value(ctx, key, name)
	switch {
	case err != nil:
		return 0, err
	case v.Kind != host.RegistryInteger:
		return 0, errNotInteger
	}
	return v.Integer, nil
}

var errNotInteger = errors.New("the value is no number")

// smb1 tells where version 1 of the protocol is on. A server without the setting speaks
// it if its driver is installed; Windows has not installed it since 2017.
func (r *reader) smb1(ctx context.Context, seen *shareFacts) {
	if seen.Served {
		on, err := r.integer(ctx, keyServerPars, "SMB1")
		switch {
		case err == nil && on != 0:
			seen.SMB1 = append(seen.SMB1, "server")
		case errors.Is(err, fs.ErrNotExist):
			start, err := r.integer(ctx, keyServices+`\srv`, "Start")
			if err == nil && start != serviceDisabled {
				seen.SMB1 = append(seen.SMB1, "server")
			} else if err != nil {
				r.Miss(keyServices+`\srv\Start`, err)
			}
		case err != nil:
			r.Need(keyServerPars+`\SMB1`, err)
		}
	}
	start, err := r.integer(ctx, keyServices+`\mrxsmb10`, "Start")
	switch {
	case err == nil && start != serviceDisabled:
		seen.SMB1 = append(seen.SMB1, "client")
	case err != nil:
		r.Miss(keyServices+`\mrxsmb10\Start`, err)
	}
}

// anonymous reads what is open to those who give no name.
func (r *reader) anonymous(ctx context.Context, seen *shareFacts) {
	for _, s := range []struct {
		key, name string
		otherwise uint64 // what Windows does without it
		bad       uint64
	}{
		{keyLSA, "EveryoneIncludesAnonymous", 0, 1},
		{keyLSA, "RestrictAnonymousSAM", 1, 0},
		{keyServerPars, "RestrictNullSessAccess", 1, 0},
	} {
		v, err := r.integer(ctx, s.key, s.name)
		if err != nil {
			if !r.Miss(s.key+`\`+s.name, err) {
				continue
			}
			v = s.otherwise
		}
		if min(v, 1) == s.bad {
			seen.Anonymous = append(seen.Anonymous, s.name)
		}
	}
	v, err := r.Host.Registry.Value(ctx, keyServerPars, "NullSessionShares")
	switch {
	case err != nil:
		r.Miss(keyServerPars+`\NullSessionShares`, err)
	case slices.ContainsFunc(v.Strings, func(s string) bool { return s != "" }):
		seen.Anonymous = append(seen.Anonymous, "NullSessionShares")
	}
	if !seen.Served {
		return
	}
	restrict, err := r.integer(ctx, keyLSA, "RestrictAnonymous")
	if err != nil && !r.Miss(keyLSA+`\RestrictAnonymous`, err) {
		return
	}
	seen.Enumerate = restrict == 0
}

// databases asks who listens. A machine that cannot tell is not asked twice: the rest of
// the check stands without it.
func (r *reader) databases(ctx context.Context, seen *shareFacts) {
	listeners, err := r.Host.Network.Listeners(ctx)
	switch {
	case errors.Is(err, host.ErrUnsupported):
	case err != nil:
		r.Need("listeners", err)
	default:
		seen.Databases = servers(listeners, databasePorts())
		seen.Others = servers(listeners, filePorts())
	}
}
