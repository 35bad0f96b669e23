package host

import "context"

// Permissions tells who may do what with a file or folder. Owner and mode bits of
// Linux are in FileInfo; what they do not say is here.
type Permissions interface {
	// Access returns the access list of what path leads to: the DACL on Windows, the
	// POSIX access list on Linux, which is fs.ErrNotExist where the file has none
	// beyond its mode bits. path may also be a registry key on Windows.
	Access(ctx context.Context, path string) (Access, error)
}

// Access is the access list of one object.
type Access struct {
	Owner string `json:"owner"` // SID, or numeric user id
	// Unrestricted tells of an object without any list (a null DACL): everybody may do
	// everything.
	Unrestricted bool          `json:"unrestricted,omitempty"`
	Entries      []AccessEntry `json:"entries,omitempty"` // in the order in which they are evaluated
}

// AccessEntry allows or denies somebody something.
type AccessEntry struct {
	// Who is a SID on Windows; on Linux "user:1000", "group:33", "mask" or "other",
	// and "user:" and "group:" for the owner and the owning group.
	Who   string `json:"who"`
	Allow bool   `json:"allow"`
	// Rights are the bits of the access mask (MS-DTYP 2.4.3), or 4, 2, 1 for read,
	// write, execute on Linux.
	Rights uint32 `json:"rights"`
	// InheritOnly entries do not bind the object itself, only what is made below it.
	InheritOnly bool `json:"inherit_only,omitempty"`
}

// Access implements Permissions.
func (Unsupported) Access(context.Context, string) (Access, error) { return Access{}, ErrUnsupported }
