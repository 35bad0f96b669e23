// Package host is the only door through which a check reaches the machine.
//
// It is a set of small read-only facets: nothing here changes the machine,
// starts a program or opens a port. The real machine is host/local; recorded
// machines are host/hosttest. A facet that a machine does not have answers
// ErrUnsupported, never an empty result: what could not be looked at must stay
// visible as such.
package host

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// OS names an operating system family, as in runtime.GOOS.
type OS string

// The systems Vigía measures.
const (
	Linux   OS = "linux"
	Windows OS = "windows"
)

// Errors of the facets. An absent file, key or value is fs.ErrNotExist and a
// refused one fs.ErrPermission, on every facet and system.
var (
	// ErrUnsupported means that this machine, or this way of looking at it,
	// cannot answer the question at all.
	ErrUnsupported = errors.New("not supported on this machine")
	// ErrTooBig means that a file or answer is over the caller's limit and
	// nothing of it was returned.
	ErrTooBig = errors.New("larger than the limit")
	// ErrNotRecorded means that a recorded machine holds no answer to this
	// question: the recording was made before the check asked it.
	ErrNotRecorded = errors.New("not in the recording")
)

// Host is one machine, as the checks see it. All facets are set: New fills the
// missing ones with Unsupported. A Host is safe for concurrent use if its
// facets are.
type Host struct {
	OS OS
	// Now tells the time of the observation: the clock of a live machine, the
	// moment of the recording otherwise.
	Now func() time.Time

	Files        Files
	Registry     Registry
	Accounts     Accounts
	System       System
	Permissions  Permissions
	Management   Management
	Events       Events
	Running      Running
	Network      Network
	Media        Media
	Directory    Directory
	PersonalData PersonalData
	Past         Past
}

// New returns h with every facet that is nil replaced by one that answers
// ErrUnsupported, and the wall clock where no clock is given.
func New(h Host) *Host {
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Files == nil {
		h.Files = Unsupported{}
	}
	if h.Registry == nil {
		h.Registry = Unsupported{}
	}
	if h.Accounts == nil {
		h.Accounts = Unsupported{}
	}
	if h.System == nil {
		h.System = Unsupported{}
	}
	if h.Permissions == nil {
		h.Permissions = Unsupported{}
	}
	if h.Management == nil {
		h.Management = Unsupported{}
	}
	if h.Events == nil {
		h.Events = Unsupported{}
	}
	if h.Running == nil {
		h.Running = Unsupported{}
	}
	if h.Network == nil {
		h.Network = Unsupported{}
	}
	if h.Media == nil {
		h.Media = Unsupported{}
	}
	if h.Directory == nil {
		h.Directory = Unsupported{}
	}
	if h.PersonalData == nil {
		h.PersonalData = Unsupported{}
	}
	if h.Past == nil {
		h.Past = Unsupported{}
	}
	return &h
}

// Files reads files and directories. Paths are absolute, in the notation of
// the machine ("/etc/shadow", `C:\Users`).
type Files interface {
	// ReadFile returns the whole file, following links inside the machine's
	// root. A file larger than limit bytes is ErrTooBig.
	ReadFile(ctx context.Context, path string, limit int64) ([]byte, error)
	// ReadRange returns at most length bytes from offset of a file that may be of any
	// size, fewer at its end and none behind it. It is for logs and databases that are
	// read in parts; ReadFile is for all else.
	ReadRange(ctx context.Context, path string, offset, length int64) ([]byte, error)
	// Stat describes what a path leads to, following links.
	Stat(ctx context.Context, path string) (FileInfo, error)
	// ReadDir lists a directory, sorted by name; entries are not followed.
	ReadDir(ctx context.Context, path string) ([]FileInfo, error)
	// Walk calls visit for root and everything below it in lexical order,
	// without following links or crossing into another file system. An entry
	// that cannot be read is visited with its error. visit may return
	// fs.SkipDir. Walk stops at the context's end.
	Walk(ctx context.Context, root string, visit func(path string, info FileInfo, err error) error) error
}

// FileInfo is what a check may know of a file without opening it.
type FileInfo struct {
	Name    string      `json:"name"`
	Size    int64       `json:"size"` // bytes
	Mode    fs.FileMode `json:"mode"` // type and, on Linux, permission bits
	ModTime time.Time   `json:"mod_time"`
	// ChangeTime is the inode's change time; zero where the system has none.
	ChangeTime time.Time `json:"change_time,omitzero"`
	// Owner and Group are numeric ids on Linux and SIDs on Windows; empty
	// where they could not be read.
	Owner string `json:"owner,omitempty"`
	Group string `json:"group,omitempty"`
	// ID tells which file it is, and Links how many names it has; zero where not known.
	ID    FileID `json:"id,omitzero"`
	Links uint32 `json:"links,omitempty"`
}

// FileID tells files of one machine apart at one moment: two names with the same one are
// names of one file, and two folders with the same one show the same files.
type FileID struct {
	Device uint64 `json:"device"` // number of the file system or of the volume
	Inode  uint64 `json:"inode"`  // number of the file in it
}

// Registry reads the Windows registry. A key begins with its root: `HKLM\...`
// or `HKU\<SID>\...`. Keys of a profile that is not loaded are answered from
// its NTUSER.DAT, read offline, so that a check need not tell them apart.
type Registry interface {
	Value(ctx context.Context, key, name string) (RegistryValue, error)
	// Subkeys lists the names of the keys directly below key, sorted.
	Subkeys(ctx context.Context, key string) ([]string, error)
	// ValueNames lists the names of the values of key, sorted. The default value has the
	// empty name.
	ValueNames(ctx context.Context, key string) ([]string, error)
}

// RegistryKind is the type of a registry value.
type RegistryKind string

// The kinds that checks read; anything else arrives as RegistryBinary.
const (
	RegistryString  RegistryKind = "string" // REG_SZ and REG_EXPAND_SZ, unexpanded
	RegistryInteger RegistryKind = "integer"
	RegistryStrings RegistryKind = "strings"
	RegistryBinary  RegistryKind = "binary"
)

// RegistryValue is one value; the field of its Kind is set.
type RegistryValue struct {
	Kind    RegistryKind `json:"kind"`
	String  string       `json:"string,omitempty"`
	Integer uint64       `json:"integer,omitempty"`
	Strings []string     `json:"strings,omitempty"`
	Binary  []byte       `json:"binary,omitempty"`
}

// Accounts asks Windows about its local accounts (NetUser*, NetLocalGroup*,
// SAM). Linux answers ErrUnsupported: there the facts are files.
type Accounts interface {
	Users(ctx context.Context) ([]User, error)
	// PasswordPolicy is the machine's own policy (NetUserModalsGet levels 0
	// and 3, SAM domain password properties).
	PasswordPolicy(ctx context.Context) (PasswordPolicy, error)
	// Members lists the direct members of a local group by its SID, such as
	// S-1-5-32-544 for the administrators, in any display language.
	Members(ctx context.Context, groupSID string) ([]Member, error)
}

// User is one local Windows account (USER_INFO_3 / USER_INFO_4).
type User struct {
	Name     string `json:"name"`
	SID      string `json:"sid"`
	Flags    uint32 `json:"flags"` // UF_* of lmaccess.h
	Disabled bool   `json:"disabled"`
	// PasswordAge is the time since the password was set, in seconds.
	PasswordAge uint64 `json:"password_age"`
	// PasswordExpired tells that the user must change it at the next log-on.
	PasswordExpired bool `json:"password_expired"`
	// LastLogon is zero when the account never logged on here.
	LastLogon time.Time `json:"last_logon,omitzero"`
	// Expires is when the account closes by itself; zero when it never does.
	Expires time.Time `json:"expires,omitzero"`
}

// Forever is how Windows writes "no limit" in a PasswordPolicy duration
// (TIMEQ_FOREVER).
const Forever = uint64(1<<32 - 1)

// PasswordPolicy is the account policy of a Windows machine. Durations are in
// seconds; Forever means none.
type PasswordPolicy struct {
	MinLength        uint32 `json:"min_length"`
	MaxAge           uint64 `json:"max_age"`
	MinAge           uint64 `json:"min_age"`
	HistoryLength    uint32 `json:"history_length"`
	LockoutThreshold uint32 `json:"lockout_threshold"` // 0: never locks
	LockoutDuration  uint64 `json:"lockout_duration"`
	LockoutWindow    uint64 `json:"lockout_window"`
	// Properties are the DOMAIN_PASSWORD_* bits (1 complex, 16 store
	// cleartext); valid only if PropertiesKnown.
	Properties      uint32 `json:"properties"`
	PropertiesKnown bool   `json:"properties_known"`
}

// Member is a member of a local group.
type Member struct {
	SID  string `json:"sid"`
	Name string `json:"name"` // DOMAIN\name as Windows shows it; may be empty
	Kind string `json:"kind"` // user, group, wellknown, deleted, computer, unknown
}

// System tells what the machine is made of.
type System interface {
	Identity(ctx context.Context) (Identity, error)
	Hardware(ctx context.Context) (Hardware, error)
	Volumes(ctx context.Context) ([]Volume, error)
	Interfaces(ctx context.Context) ([]Interface, error)
}

// Identity names the machine and its system.
type Identity struct {
	Hostname string `json:"hostname"`
	OSName   string `json:"os_name"`    // "debian", "Microsoft Windows 11 Pro"
	OSVer    string `json:"os_version"` // "12.7", "10.0.22631.3155"
	Kernel   string `json:"kernel,omitempty"`
	Arch     string `json:"arch"` // as runtime.GOARCH
	// Domain is the Active Directory domain joined, empty for a workgroup.
	Domain   string    `json:"domain,omitempty"`
	BootTime time.Time `json:"boot_time,omitzero"`
}

// Hardware is the inventory of one machine. What could not be read is empty
// and named in Unread.
type Hardware struct {
	Vendor  string `json:"vendor,omitempty"`
	Model   string `json:"model,omitempty"`
	Serial  string `json:"serial,omitempty"`
	Chassis int    `json:"chassis,omitempty"` // SMBIOS type 3 code, 0 unknown
	CPU     string `json:"cpu,omitempty"`
	Cores   int    `json:"cores,omitempty"` // logical
	RAM     uint64 `json:"ram,omitempty"`   // bytes
	Disks   []Disk `json:"disks,omitempty"`
	// Unread names the sources that could not be read, as "serial: permission".
	Unread []string `json:"unread,omitempty"`
}

// Disk is one physical disk.
type Disk struct {
	Name      string `json:"name"`
	Model     string `json:"model,omitempty"`
	Serial    string `json:"serial,omitempty"`
	Size      uint64 `json:"size"` // bytes
	Removable bool   `json:"removable,omitempty"`
}

// Volume is one mounted file system or drive letter.
type Volume struct {
	Mount     string `json:"mount"`
	Device    string `json:"device"`
	FSType    string `json:"fs_type"`
	Total     uint64 `json:"total"` // bytes
	Free      uint64 `json:"free"`  // bytes
	ReadOnly  bool   `json:"read_only,omitempty"`
	Removable bool   `json:"removable,omitempty"`
	// Disks are the names of the disks it lies on, sorted; empty where not known.
	Disks []string `json:"disks,omitempty"`
}

// Interface is one network interface; loopback is left out.
type Interface struct {
	Name string `json:"name"`
	MAC  string `json:"mac,omitempty"`
	Up   bool   `json:"up"`
}

// Load is what the machine has to spare for work that nobody waits for.
type Load struct {
	Battery bool // it runs on its battery
	Busy    bool // somebody is at it, or programs wait for processor or disk
}

// PersonalData looks for personal identifiers in files. What it returns holds
// counts, types and masked paths, never a value.
type PersonalData interface {
	Scan(ctx context.Context, req ScanRequest) (ScanSummary, error)
}

// ScanRequest bounds a scan. Zero limits mean the scanner's own defaults.
type ScanRequest struct {
	Roots []string // absolute; empty: the folders where users keep files
	// MaxFiles, MaxBytes end the scan early; the summary then says so.
	MaxFiles int64
	MaxBytes int64
	// Credentials looks for passwords in readable documents, and for nothing else.
	Credentials bool
}

// ScanSummary is the outcome of a scan.
type ScanSummary struct {
	Roots []string `json:"roots"`
	// Files looked at by outcome: found, clean, incomplete, unreadable, skipped.
	Files map[string]int64 `json:"files"`
	Bytes int64            `json:"bytes"` // read
	// Counts are identifiers by type, Persons the distinct persons estimated.
	Counts  map[string]int64 `json:"counts,omitempty"`
	Persons int64            `json:"persons"`
	// Found lists the files that hold identifiers, most persons first, at most
	// a few hundred; FoundMore counts those left out.
	Found     []FoundFile `json:"found,omitempty"`
	FoundMore int64       `json:"found_more,omitempty"`
	// Reasons counts why files were incomplete, unreadable or skipped.
	Reasons map[string]int64 `json:"reasons,omitempty"`
	// Unread lists the folders of files that were not read whole and in which nothing
	// was found, for each reason, most files first, at most a few hundred; UnreadMore
	// counts the files of those left out.
	Unread     []UnreadFolder `json:"unread,omitempty"`
	UnreadMore int64          `json:"unread_more,omitempty"`
	// Unchanged counts files that were read before, held nothing and have not changed.
	Unchanged int64 `json:"unchanged,omitempty"`
	// Complete is false when a limit, an error or the end of time stopped the
	// walk: then nothing may be called clean.
	Complete bool   `json:"complete"`
	Stopped  string `json:"stopped,omitempty"` // why, as a code
}

// FoundFile is one file that holds personal identifiers.
type FoundFile struct {
	Path    string           `json:"path"`   // with identifiers in names masked
	Folder  string           `json:"folder"` // masked too
	Owner   string           `json:"owner,omitempty"`
	Level   string           `json:"level"` // basic, medium, high
	Persons int64            `json:"persons"`
	Counts  map[string]int64 `json:"counts"`
	// Categories names the special categories of data that stand beside an
	// identity in the file: health, religion, union and so on.
	Categories []string `json:"categories,omitempty"`
	// Whole is false when only a part of the file could be read.
	Whole bool `json:"whole"`
	// Modified is the day of its last change, YYYY-MM-DD in UTC.
	Modified string `json:"modified,omitempty"`
}

// UnreadFolder counts files of a folder that were not read whole, for one reason.
type UnreadFolder struct {
	Folder string `json:"folder"` // with identifiers in names masked
	Reason string `json:"reason"` // content.image, content.encrypted, access.denied, ...
	Files  int64  `json:"files"`
}
