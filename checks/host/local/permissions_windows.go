package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"vigia/checks/format/secdesc"
	"vigia/checks/host"
)

// livePermissions reads the access lists of files, and those of registry keys.
type livePermissions struct{ files files }

// Access implements host.Permissions.
func (p livePermissions) Access(ctx context.Context, path string) (host.Access, error) {
	root, below, err := splitKey(path)
	if err != nil { // no key
		return p.files.Access(ctx, path)
	}
	if err := ctx.Err(); err != nil {
		return host.Access{}, err
	}
	hkey := registry.LOCAL_MACHINE
	if root == "HKU" {
		hkey = registry.USERS
	}
	k, err := openKey(hkey, below, windows.READ_CONTROL)
	if root == "HKU" && errors.Is(err, fs.ErrNotExist) {
		err = host.ErrUnsupported // it may be of a profile that is not loaded
	}
	if err != nil {
		return host.Access{}, fmt.Errorf("access list of %s: %w", path, err)
	}
	defer k.Close()
	a, err := accessOf(windows.Handle(k), windows.SE_REGISTRY_KEY)
	if err != nil {
		return host.Access{}, fmt.Errorf("access list of %s: %w", path, err)
	}
	return a, nil
}

// access follows links, as every other question about a path does.
func (liveTree) access(name string) (host.Access, error) {
	long := `\\?\` + name
	if rest, ok := strings.CutPrefix(name, `\\`); ok {
		long = `\\?\UNC\` + rest
	}
	p, err := windows.UTF16PtrFromString(long)
	if err != nil {
		return host.Access{}, err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	handle, err := windows.CreateFile(p, windows.READ_CONTROL, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return host.Access{}, sharing(err)
	}
	defer windows.CloseHandle(handle)
	return accessOf(handle, windows.SE_FILE_OBJECT)
}

// access of a mounted Linux machine is not told by Windows.
func (rootTree) access(string) (host.Access, error) { return host.Access{}, host.ErrUnsupported }

// accessOf asks for owner and list of what is open, and reads the descriptor that Windows
// hands back in one piece.
func accessOf(handle windows.Handle, kind windows.SE_OBJECT_TYPE) (host.Access, error) {
	sd, err := windows.GetSecurityInfo(handle, kind, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return host.Access{}, err
	}
	d, err := secdesc.Parse(unsafe.Slice((*byte)(unsafe.Pointer(sd)), sd.Length()))
	if err != nil {
		return host.Access{}, err
	}
	a := host.Access{Owner: d.Owner, Unrestricted: d.Unrestricted}
	for _, e := range d.Entries {
		a.Entries = append(a.Entries, host.AccessEntry(e))
	}
	return a, nil
}
