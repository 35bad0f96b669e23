package agent

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vigia/checks/host"
	"vigia/packaging/service"
)

// Who may change the agent's program or its data becomes whoever it runs as, which is
// the machine itself. So a service does not start from such a place.

// Rights of an access mask with which somebody changes an object (MS-DTYP 2.4.3,
// [MS-SMB2] 2.2.13.1): for a file its content, for a folder what is in it.
const (
	rightAdd         = 0x2 | 0x4               // FILE_WRITE_DATA or ADD_FILE, APPEND_DATA or ADD_SUBDIRECTORY
	rightDeleteChild = 0x40                    // FILE_DELETE_CHILD
	rightReplace     = 0x10000                 // DELETE
	rightGive        = 0x40000 | 0x80000       // WRITE_DAC, WRITE_OWNER
	rightGeneric     = 0x10000000 | 0x40000000 // GENERIC_ALL, GENERIC_WRITE
)

// trustedInstaller is the service that owns what Windows brings.
const trustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

// changer looks for somebody else who may change what lies at name, or put another thing
// in its place: through the object itself or any folder above. What is added counts in the
// object and in as many folders above as beside says: Windows loads libraries from the
// folder of a program.
func changer(ctx context.Context, machine *host.Host, name, self string, beside int) (where, who string, err error) {
	for level := 0; ; level++ {
		if who, err = changes(ctx, machine, name, self, level <= beside); err != nil || who != "" {
			return name, who, err
		}
		up := filepath.Dir(name)
		if up == name {
			return "", "", nil
		}
		name = up
	}
}

// changes looks at one object. add: what is added to it counts as well.
func changes(ctx context.Context, machine *host.Host, name, self string, add bool) (who string, err error) {
	if machine.OS == host.Windows {
		// A junction is whoever's made it, and its access list that of where it leads.
		if info, err := os.Lstat(name); err != nil || info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
			return "junction", plainPath(err)
		}
		access, err := machine.Permissions.Access(ctx, name)
		if err != nil {
			return "", fmt.Errorf("read who may change %s: %w", name, plainPath(err))
		}
		rights := uint32(rightDeleteChild | rightReplace | rightGive | rightGeneric)
		if add {
			rights |= rightAdd
		}
		return windowsChanger(access, rights, self), nil
	}
	info, err := machine.Files.Stat(ctx, name)
	if err != nil {
		return "", fmt.Errorf("read who may change %s: %w", name, plainPath(err))
	}
	return linuxChanger(info, self), nil
}

func windowsChanger(a host.Access, rights uint32, self string) string {
	trusted := []string{"S-1-5-18", "S-1-5-32-544", trustedInstaller, self}
	switch {
	case a.Unrestricted:
		return "S-1-1-0"
	case a.Owner != "" && !slices.Contains(trusted, a.Owner):
		return a.Owner // who owns a thing decides who may change it
	}
	for _, e := range a.Entries {
		if e.Allow && !e.InheritOnly && e.Rights&rights != 0 && !slices.Contains(trusted, e.Who) {
			return e.Who
		}
	}
	return ""
}

// linuxChanger looks at owner and mode bits. In a folder with the sticky bit only the
// owner of a file replaces it.
func linuxChanger(info host.FileInfo, self string) string {
	sticky := info.Mode.IsDir() && info.Mode&fs.ModeSticky != 0
	switch perm := info.Mode.Perm(); {
	case info.Owner != "0" && info.Owner != self:
		return "uid " + info.Owner
	case perm&0o022 != 0 && !sticky:
		return fmt.Sprintf("%#o", perm)
	}
	return ""
}

// safePlace is an error if somebody other than administrators and the account self, as
// which the service runs, may change its program or its data. No program: its data alone.
func safePlace(ctx context.Context, machine *host.Host, self, program, data string) error {
	type part struct {
		name   string
		beside int
	}
	parts := []part{{data, 0}}
	for _, name := range privateFolders() { // somebody may have made them before us
		if _, err := os.Lstat(filepath.Join(data, name)); err == nil {
			parts = append(parts, part{filepath.Join(data, name), 0})
		}
	}
	if program != "" {
		parts = append(parts, part{program, 1})
	}
	for _, part := range parts {
		name, err := filepath.Abs(part.name)
		if err == nil {
			name, err = filepath.EvalSymlinks(name)
		}
		if err != nil {
			return plainPath(err)
		}
		where, who, err := changer(ctx, machine, name, self, part.beside)
		if err != nil {
			return err
		}
		if who != "" {
			return &problem{code: "problem.place", args: map[string]string{"path": where, "who": who}}
		}
	}
	return nil
}

// makeSafe makes the data folder where there is none, and is an error where there is one
// that somebody else could change: what is secret must not be put there.
func (f folder) makeSafe(ctx context.Context, machine *host.Host) error {
	if err := service.MakeFolder(string(f)); err != nil {
		return err
	}
	self, err := service.Account()
	if err != nil {
		return err
	}
	return safePlace(ctx, machine, self, "", string(f))
}

// underManager tells whether systemd started this process.
func underManager(environ []string) bool {
	return slices.ContainsFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, "NOTIFY_SOCKET=") })
}
