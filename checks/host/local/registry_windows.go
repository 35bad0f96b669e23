package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"vigia/checks/format/hive"
	"vigia/checks/host"
)

// profileList names, per SID, the folder of every profile of the machine.
const profileList = `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`

var errNoHive = errors.New("the profile has no hive file")

// liveRegistry is the registry of this machine in its 64-bit view, with the
// hives of profiles that nobody has loaded read from their files.
type liveRegistry struct {
	files files
	hives *hives
}

// Value implements host.Registry.
func (r liveRegistry) Value(ctx context.Context, key, name string) (host.RegistryValue, error) {
	var v host.RegistryValue
	err := r.at(ctx, key, func(root registry.Key, path string) (err error) {
		v, err = loadedValue(root, path, name)
		return err
	}, func(h *hive.Hive, path string) (err error) {
		v, err = hiveValue(h, path, name)
		return err
	})
	if err != nil {
		return host.RegistryValue{}, fmt.Errorf("read registry value %s of %s: %w", name, key, err)
	}
	return v, nil
}

// Subkeys implements host.Registry. `HKU` lists the loaded hives and the
// profiles that are not loaded alike.
func (r liveRegistry) Subkeys(ctx context.Context, key string) ([]string, error) {
	var names []string
	err := r.at(ctx, key, func(root registry.Key, path string) (err error) {
		names, err = loadedSubkeys(root, path)
		if err != nil || root != registry.USERS || path != "" {
			return err
		}
		profiles, err := loadedSubkeys(registry.LOCAL_MACHINE, profileList)
		for _, sid := range profiles {
			if _, err := windows.StringToSid(sid); err == nil { // not "<SID>.bak"
				names = append(names, sid)
			}
		}
		return err
	}, func(h *hive.Hive, path string) (err error) {
		names, err = hiveSubkeys(h, path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list registry key %s: %w", key, err)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// ValueNames implements host.Registry.
func (r liveRegistry) ValueNames(ctx context.Context, key string) ([]string, error) {
	var names []string
	err := r.at(ctx, key, func(root registry.Key, path string) (err error) {
		names, err = loadedValues(root, path)
		return err
	}, func(h *hive.Hive, path string) (err error) {
		names, err = hiveValues(h, path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list values of registry key %s: %w", key, err)
	}
	slices.Sort(names)
	return names, nil
}

// at calls loaded with what the system has in memory for key, or unloaded with
// the hive file of its profile.
func (r liveRegistry) at(ctx context.Context, key string, loaded func(registry.Key, string) error, unloaded func(*hive.Hive, string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	root, path, err := splitKey(key)
	if err != nil {
		return err
	}
	if root == "HKLM" {
		return loaded(registry.LOCAL_MACHINE, path)
	}
	sid, below, _ := strings.Cut(path, `\`)
	if sid == "" {
		return loaded(registry.USERS, "")
	}
	k, err := openKey(registry.USERS, sid, registry.QUERY_VALUE)
	if err == nil {
		k.Close()
		return loaded(registry.USERS, path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	h, err := r.profile(ctx, sid)
	if err != nil {
		return err
	}
	return unloaded(h, below)
}

// profile returns the hive of a profile that is not loaded. Its error is
// fs.ErrNotExist only if the machine knows no such profile: a known profile
// whose hive is missing has settings that cannot be read, not none.
func (r liveRegistry) profile(ctx context.Context, sid string) (*hive.Hive, error) {
	if strings.HasSuffix(strings.ToLower(sid), "_classes") {
		return nil, fmt.Errorf("classes of a profile that is not loaded: %w", host.ErrUnsupported)
	}
	v, err := loadedValue(registry.LOCAL_MACHINE, profileList+`\`+sid, "ProfileImagePath")
	if err != nil {
		return nil, err
	}
	folder, err := registry.ExpandString(v.String)
	if err != nil {
		return nil, fmt.Errorf("expand the folder of a profile: %w", err)
	}
	for _, name := range []string{"NTUSER.DAT", "NTUSER.MAN"} { // MAN: mandatory profiles
		h, err := r.hives.open(ctx, r.files, filepath.Join(folder, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return h, err
		}
	}
	return nil, errNoHive
}

func openKey(root registry.Key, path string, access uint32) (registry.Key, error) {
	k, err := registry.OpenKey(root, path, access|registry.WOW64_64KEY)
	return k, registryError(err)
}

func loadedValue(root registry.Key, path, name string) (host.RegistryValue, error) {
	k, err := openKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return host.RegistryValue{}, err
	}
	defer k.Close()
	buf := make([]byte, 1024)
	for {
		n, kind, err := k.GetValue(name, buf)
		if errors.Is(err, registry.ErrShortBuffer) {
			if n > maxRegistryValue {
				return host.RegistryValue{}, host.ErrTooBig
			}
			buf = make([]byte, max(n, 2*len(buf)))
			continue
		}
		if err != nil {
			return host.RegistryValue{}, registryError(err)
		}
		return registryValue(kind, slices.Clone(buf[:n])), nil
	}
}

func loadedSubkeys(root registry.Key, path string) ([]string, error) {
	k, err := openKey(root, path, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	names, err := k.ReadSubKeyNames(maxSubkeys + 1)
	if len(names) > maxSubkeys {
		return nil, host.ErrTooBig
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF: fewer than asked for
		return nil, registryError(err)
	}
	return names, nil
}

func loadedValues(root registry.Key, path string) ([]string, error) {
	k, err := openKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	names, err := k.ReadValueNames(maxSubkeys + 1)
	if len(names) > maxSubkeys {
		return nil, host.ErrTooBig
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF: fewer than asked for
		return nil, registryError(err)
	}
	return names, nil
}

// registryError adds the ways in which Windows says that a key is not there
// and that Go does not know as fs.ErrNotExist.
func registryError(err error) error {
	if errors.Is(err, windows.ERROR_KEY_DELETED) || errors.Is(err, windows.ERROR_BAD_PATHNAME) {
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	}
	return err
}
