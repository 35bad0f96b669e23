package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
	"vigia/checks/host/ldap"
	"vigia/checks/host/local"
	"vigia/packaging/settings"
)

// DirectoryConfig makes this agent the one that reads the organisation's directory. All
// empty, which is usual, it is another one.
type DirectoryConfig struct {
	// URL is ldaps://HOST, or ldap://HOST, where StartTLS comes first.
	URL string `mapstructure:"url"`
	// CAFile holds the authority that signed the server's certificate, as PEM; empty
	// means one that the system trusts.
	CAFile string `mapstructure:"ca_file"`
	// BindDN is the read-only account, PasswordFile the file with its password and
	// nothing else. Only the service may read that file.
	BindDN       string `mapstructure:"bind_dn"`
	PasswordFile string `mapstructure:"password_file"`
}

// Limits of the files that DirectoryConfig names, in bytes.
const (
	maxCAFile       = 1 << 20
	maxPasswordFile = 4 << 10
)

// check tells which key is missing; ok is true when none is.
func (d DirectoryConfig) check() (key string, ok bool) {
	if d == (DirectoryConfig{}) {
		return "", true
	}
	switch {
	case d.URL == "":
		return "directory.url", false
	case d.BindDN == "":
		return "directory.bind_dn", false
	case d.PasswordFile == "":
		return "directory.password_file", false
	}
	return "", true
}

// directory opens the configured directory; nil without error when there is none. It
// connects to nothing. file is where the configuration was read, for errors.
func (c Config) directory(ctx context.Context, file string) (host.Directory, error) {
	d := c.Directory
	if d == (DirectoryConfig{}) {
		return nil, nil
	}
	in := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(c.DataDir, name)
	}
	var ca []byte
	if d.CAFile != "" {
		var err error
		if ca, err = readSmall(in(d.CAFile), maxCAFile); err != nil {
			return nil, &settings.Error{File: file, Key: "directory.ca_file", Problem: err.Error()}
		}
	}
	secret := in(d.PasswordFile)
	password := func(ctx context.Context) (string, error) {
		return passwordIn(ctx, local.New(local.Options{}), secret)
	}
	dir, err := ldap.New(ldap.Config{URL: d.URL, CA: ca, BindDN: d.BindDN, Password: password})
	if err != nil {
		return nil, &settings.Error{File: file, Key: "directory", Problem: err.Error()}
	}
	if _, err := password(ctx); err != nil {
		return nil, err
	}
	return dir, nil
}

// passwordIn reads a password from a file that nobody but the service and administrators
// may read.
func passwordIn(ctx context.Context, machine *host.Host, name string) (string, error) {
	who, err := reader(ctx, machine, name)
	if err != nil {
		return "", &problem{code: "problem.password_file", args: map[string]string{"path": name}, err: plainPath(err)}
	}
	if who != "" {
		return "", &problem{code: "problem.loose_password", args: map[string]string{"path": name, "who": who}}
	}
	b, err := readSmall(name, maxPasswordFile)
	if err != nil {
		return "", &problem{code: "problem.password_file", args: map[string]string{"path": name}, err: err}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func readSmall(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, plainPath(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("is larger than %d bytes", limit)
	}
	b, err := os.ReadFile(name)
	return b, plainPath(err)
}

// reader names somebody else who may read a file, if there is anybody.
func reader(ctx context.Context, machine *host.Host, name string) (who string, err error) {
	if machine.OS == host.Windows {
		access, err := machine.Permissions.Access(ctx, name)
		return windowsReader(access), err
	}
	info, err := machine.Files.Stat(ctx, name)
	if err != nil {
		return "", err
	}
	return linuxReader(info, os.Getuid()), nil
}

// linuxReader looks at mode and owner. A POSIX access list that lets others in shows in
// the bits of the group.
func linuxReader(info host.FileInfo, service int) string {
	switch perm := info.Mode.Perm(); {
	case perm&0o077 != 0:
		return fmt.Sprintf("%#o", perm)
	case info.Owner != "0" && info.Owner != strconv.Itoa(service):
		return "uid " + info.Owner
	}
	return ""
}

// Rights of an access mask with which a file can be read (MS-DTYP 2.4.3).
const readRights = 0x1 | 0x10000000 | 0x80000000 // FILE_READ_DATA, GENERIC_ALL, GENERIC_READ

// windowsReader looks at the access list. SYSTEM, administrators and services may read.
func windowsReader(a host.Access) string {
	if a.Unrestricted {
		return "S-1-1-0"
	}
	trusted := []string{"S-1-5-18", "S-1-5-32-544"}
	for _, e := range a.Entries {
		if e.Allow && !e.InheritOnly && e.Rights&readRights != 0 &&
			!slices.Contains(trusted, e.Who) && !strings.HasPrefix(e.Who, "S-1-5-80-") {
			return e.Who
		}
	}
	return ""
}

// silent is a directory of which it is not known whether this machine is the one to read
// it: whoever asks may not read the agent's configuration.
type silent struct{ err error }

// Search implements host.Directory.
func (s silent) Search(context.Context, host.DirectoryQuery) ([]host.DirectoryEntry, error) {
	return nil, s.err
}

// directoryFor is the directory that `check` looks at: that of this machine's
// configuration.
func directoryFor(ctx context.Context, dataDir string, environ []string) (host.Directory, error) {
	file := configFile("", dataDir)
	cfg, err := LoadConfig("", dataDir, environ)
	if err != nil {
		if _, statErr := os.Stat(file); errors.Is(statErr, fs.ErrPermission) {
			return silent{fs.ErrPermission}, nil
		}
		return nil, err
	}
	return cfg.directory(ctx, file)
}
