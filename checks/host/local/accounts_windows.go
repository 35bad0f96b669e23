package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// liveAccounts asks the account manager of this machine through netapi32 and
// samlib. Every buffer that Windows allocates is copied and freed at once.
type liveAccounts struct{ netapi, samlib *windows.LazyDLL }

func newLiveAccounts() liveAccounts {
	return liveAccounts{windows.NewLazySystemDLL("netapi32.dll"), windows.NewLazySystemDLL("samlib.dll")}
}

const (
	// maxAccounts bounds the local accounts and the members of one group. A
	// domain controller, whose "local" accounts are the domain's, may exceed
	// it: that is host.ErrTooBig.
	maxAccounts = 100_000
	// batchBytes is how much Windows is asked to return at a time.
	batchBytes = 64 << 10

	timeqForever        = 1<<32 - 1 // TIMEQ_FOREVER
	filterNormalAccount = 0x2
	ufAccountDisable    = 0x2
)

// Values of NET_API_STATUS that x/sys does not name (lmerr.h).
const (
	nerrUserNotFound  = windows.Errno(2221)
	nerrGroupNotFound = windows.Errno(2220)
)

// userInfo4 is USER_INFO_4 of lmaccess.h.
type userInfo4 struct {
	name, password  *uint16
	passwordAge     uint32
	privilege       uint32
	homeDir         *uint16
	comment         *uint16
	flags           uint32
	scriptPath      *uint16
	authFlags       uint32
	fullName        *uint16
	userComment     *uint16
	parms           *uint16
	workstations    *uint16
	lastLogon       uint32
	lastLogoff      uint32
	acctExpires     uint32
	maxStorage      uint32
	unitsPerWeek    uint32
	logonHours      *byte
	badPwCount      uint32
	numLogons       uint32
	logonServer     *uint16
	countryCode     uint32
	codePage        uint32
	sid             *windows.SID
	primaryGroupID  uint32
	profile         *uint16
	homeDirDrive    *uint16
	passwordExpired uint32
}

// Users implements host.Accounts: the names of level 0, then level 4 of each,
// the one level that has the SID.
func (a liveAccounts) Users(ctx context.Context) ([]host.User, error) {
	names, err := a.names(ctx)
	if err != nil {
		return nil, fmt.Errorf("list local accounts: %w", err)
	}
	users := make([]host.User, 0, len(names))
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		u, err := a.user(name)
		if errors.Is(err, nerrUserNotFound) {
			continue // gone since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("read a local account: %w", err)
		}
		users = append(users, u)
	}
	return users, nil
}

func (a liveAccounts) names(ctx context.Context) ([]string, error) {
	var names []string
	var resume uint32
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var buf *byte
		var read, total uint32
		err := windows.NetUserEnum(nil, 0, filterNormalAccount, &buf, batchBytes, &read, &total, &resume)
		more := errors.Is(err, windows.ERROR_MORE_DATA)
		if buf != nil {
			for _, name := range unsafe.Slice((**uint16)(unsafe.Pointer(buf)), read) {
				names = append(names, windows.UTF16PtrToString(name))
			}
			_ = windows.NetApiBufferFree(buf)
		}
		switch {
		case err != nil && !more:
			return nil, err
		case len(names) > maxAccounts:
			return nil, host.ErrTooBig
		case !more || read == 0:
			return names, nil
		}
	}
}

func (a liveAccounts) user(name string) (host.User, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return host.User{}, err
	}
	var buf *byte
	if err := windows.NetUserGetInfo(nil, p, 4, &buf); err != nil {
		return host.User{}, err
	}
	defer windows.NetApiBufferFree(buf) //nolint:errcheck // nothing to do about it
	info := (*userInfo4)(unsafe.Pointer(buf))
	u := host.User{
		Name:            windows.UTF16PtrToString(info.name),
		Flags:           info.flags,
		Disabled:        info.flags&ufAccountDisable != 0,
		PasswordAge:     uint64(info.passwordAge),
		PasswordExpired: info.passwordExpired != 0,
	}
	if info.sid != nil {
		u.SID = info.sid.String()
	}
	if info.lastLogon != 0 {
		u.LastLogon = time.Unix(int64(info.lastLogon), 0).UTC()
	}
	if info.acctExpires != 0 && info.acctExpires != timeqForever {
		u.Expires = time.Unix(int64(info.acctExpires), 0).UTC()
	}
	return u, nil
}

// USER_MODALS_INFO_0, _2 and _3 of lmaccess.h.
type userModals0 struct {
	minPasswdLen, maxPasswdAge, minPasswdAge, forceLogoff, passwordHistLen uint32
}

type userModals2 struct {
	domainName *uint16
	domainID   *windows.SID
}

type userModals3 struct {
	lockoutDuration, lockoutObservationWindow, lockoutThreshold uint32
}

// PasswordPolicy implements host.Accounts.
func (a liveAccounts) PasswordPolicy(ctx context.Context) (host.PasswordPolicy, error) {
	if err := ctx.Err(); err != nil {
		return host.PasswordPolicy{}, err
	}
	var p host.PasswordPolicy
	err := a.modals(0, func(buf unsafe.Pointer) {
		m := (*userModals0)(buf)
		p.MinLength = m.minPasswdLen
		p.MaxAge = uint64(m.maxPasswdAge)
		p.MinAge = uint64(m.minPasswdAge)
		p.HistoryLength = m.passwordHistLen
	})
	if err != nil {
		return host.PasswordPolicy{}, fmt.Errorf("read password policy: %w", err)
	}
	err = a.modals(3, func(buf unsafe.Pointer) {
		m := (*userModals3)(buf)
		p.LockoutDuration = uint64(m.lockoutDuration)
		p.LockoutWindow = uint64(m.lockoutObservationWindow)
		p.LockoutThreshold = m.lockoutThreshold
	})
	if err != nil {
		return host.PasswordPolicy{}, fmt.Errorf("read lockout policy: %w", err)
	}
	var domain *windows.SID
	err = a.modals(2, func(buf unsafe.Pointer) {
		if id := (*userModals2)(buf).domainID; id != nil {
			domain, _ = id.Copy()
		}
	})
	if err == nil && domain != nil {
		p.Properties, err = a.passwordProperties(domain)
		p.PropertiesKnown = err == nil
	}
	return p, nil
}

// modals asks NetUserModalsGet and hands the answer to read.
func (a liveAccounts) modals(level uint32, read func(unsafe.Pointer)) error {
	proc := a.netapi.NewProc("NetUserModalsGet")
	if err := proc.Find(); err != nil {
		return fmt.Errorf("%w: %w", host.ErrUnsupported, err)
	}
	var buf *byte
	status, _, _ := proc.Call(0, uintptr(level), uintptr(unsafe.Pointer(&buf)))
	if status != 0 {
		return windows.Errno(status)
	}
	if buf == nil {
		return host.ErrUnsupported
	}
	defer windows.NetApiBufferFree(buf) //nolint:errcheck // nothing to do about it
	read(unsafe.Pointer(buf))
	return nil
}

// localGroupMembers2 is LOCALGROUP_MEMBERS_INFO_2 of lmaccess.h.
type localGroupMembers2 struct {
	sid   *windows.SID
	usage uint32
	name  *uint16
}

// Members implements host.Accounts. The group is named to Windows by what the
// system itself calls it, in its own language.
func (a liveAccounts) Members(ctx context.Context, groupSID string) ([]host.Member, error) {
	sid, err := windows.StringToSid(groupSID)
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", groupSID, err)
	}
	group, _, _, err := sid.LookupAccount("")
	if errors.Is(err, windows.ERROR_NONE_MAPPED) {
		return nil, fmt.Errorf("group %s: %w", groupSID, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("name of group %s: %w", groupSID, err)
	}
	members, err := a.members(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("members of group %s: %w", groupSID, err)
	}
	return members, nil
}

func (a liveAccounts) members(ctx context.Context, group string) ([]host.Member, error) {
	proc := a.netapi.NewProc("NetLocalGroupGetMembers")
	if err := proc.Find(); err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrUnsupported, err)
	}
	name, err := windows.UTF16PtrFromString(group)
	if err != nil {
		return nil, err
	}
	var members []host.Member
	var resume uintptr
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var buf *byte
		var read, total uint32
		status, _, _ := proc.Call(0, uintptr(unsafe.Pointer(name)), 2, uintptr(unsafe.Pointer(&buf)), batchBytes,
			uintptr(unsafe.Pointer(&read)), uintptr(unsafe.Pointer(&total)), uintptr(unsafe.Pointer(&resume)))
		runtime.KeepAlive(name)
		if buf != nil {
			for _, m := range unsafe.Slice((*localGroupMembers2)(unsafe.Pointer(buf)), read) {
				member := host.Member{Kind: memberKind(m.usage)}
				if m.sid != nil {
					member.SID = m.sid.String()
				}
				if m.name != nil {
					member.Name = windows.UTF16PtrToString(m.name)
				}
				members = append(members, member)
			}
			_ = windows.NetApiBufferFree(buf)
		}
		switch err := windows.Errno(status); {
		case err == nerrGroupNotFound || err == windows.ERROR_NO_SUCH_ALIAS:
			return nil, fs.ErrNotExist
		case err != 0 && err != windows.ERROR_MORE_DATA:
			return nil, err
		case len(members) > maxAccounts:
			return nil, host.ErrTooBig
		case err == 0 || read == 0:
			return members, nil
		}
	}
}

func memberKind(usage uint32) string {
	switch usage {
	case windows.SidTypeUser:
		return "user"
	case windows.SidTypeGroup, windows.SidTypeAlias, windows.SidTypeDomain:
		return "group"
	case windows.SidTypeWellKnownGroup:
		return "wellknown"
	case windows.SidTypeDeletedAccount:
		return "deleted"
	case windows.SidTypeComputer:
		return "computer"
	default:
		return "unknown"
	}
}
