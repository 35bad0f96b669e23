package checktest

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"vigia/checks/host"
)

// Files is a Linux machine's files in memory, by absolute path, for a test
// that needs only a few. Folders exist by the files in them. A path that
// Unreadable names, or lies below one that it names, answers
// fs.ErrPermission.
type Files struct {
	Content    map[string]string
	Unreadable []string
	// Modes are permission bits, with fs.ModeSticky and the like; those of a path
	// that is not named are 0644, of a folder 0755.
	Modes map[string]fs.FileMode
}

var _ host.Files = Files{}

func (f Files) denied(name string) bool {
	return slices.ContainsFunc(f.Unreadable, func(u string) bool {
		return name == u || strings.HasPrefix(name, u+"/")
	})
}

func (f Files) isDir(name string) bool {
	for p := range f.Content {
		if strings.HasPrefix(p, strings.TrimSuffix(name, "/")+"/") {
			return true
		}
	}
	return slices.Contains(f.Unreadable, name)
}

// ReadFile implements host.Files.
func (f Files) ReadFile(_ context.Context, name string, limit int64) ([]byte, error) {
	if f.denied(name) {
		return nil, fs.ErrPermission
	}
	content, ok := f.Content[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	if int64(len(content)) > limit {
		return nil, host.ErrTooBig
	}
	return []byte(content), nil
}

// ReadRange implements host.Files.
func (f Files) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	data, err := f.ReadFile(ctx, name, 1<<62)
	size := int64(len(data))
	return data[min(offset, size):min(offset+length, size)], err
}

// Stat implements host.Files.
func (f Files) Stat(_ context.Context, name string) (host.FileInfo, error) {
	content, ok := f.Content[name]
	mode, said := f.Modes[name]
	switch {
	case f.denied(path.Dir(name)):
		return host.FileInfo{}, fs.ErrPermission
	case ok:
		if !said {
			mode = 0o644
		}
		return host.FileInfo{Name: path.Base(name), Size: int64(len(content)), Mode: mode}, nil
	case f.isDir(name):
		if !said {
			mode = 0o755
		}
		return host.FileInfo{Name: path.Base(name), Mode: fs.ModeDir | mode}, nil
	default:
		return host.FileInfo{}, fs.ErrNotExist
	}
}

// ReadDir implements host.Files.
func (f Files) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	if f.denied(name) {
		return nil, fs.ErrPermission
	}
	if !f.isDir(name) {
		return nil, fs.ErrNotExist
	}
	names := map[string]bool{}
	for p := range f.Content {
		if rest, ok := strings.CutPrefix(p, name+"/"); ok {
			first, _, _ := strings.Cut(rest, "/")
			names[first] = true
		}
	}
	var out []host.FileInfo
	for _, n := range slices.Sorted(maps.Keys(names)) {
		info, err := f.Stat(ctx, name+"/"+n)
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

// Walk implements host.Files.
func (f Files) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	err := f.walk(ctx, root, visit)
	if errors.Is(err, fs.SkipDir) || errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func (f Files) walk(ctx context.Context, name string, visit func(string, host.FileInfo, error) error) error {
	info, err := f.Stat(ctx, name)
	if err != nil || !info.Mode.IsDir() {
		return visit(name, info, err)
	}
	entries, err := f.ReadDir(ctx, name)
	if err := visit(name, info, err); err != nil {
		return err
	}
	for _, e := range entries {
		err := f.walk(ctx, name+"/"+e.Name, visit)
		if errors.Is(err, fs.SkipDir) {
			if e.Mode.IsDir() {
				continue
			}
			return nil // the rest of this folder
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Registry is a Windows registry in memory: `KEY\name` to value, where a
// string is REG_SZ, an int REG_DWORD, a []string REG_MULTI_SZ and a []byte REG_BINARY.
// Keys exist by their values. Unreadable
// works as in Files, on keys and values.
type Registry struct {
	Values     map[string]any
	Unreadable []string
}

var _ host.Registry = Registry{}

func (r Registry) denied(name string) bool {
	return slices.ContainsFunc(r.Unreadable, func(u string) bool {
		return strings.EqualFold(name, u) || len(name) > len(u) && strings.EqualFold(name[:len(u)+1], u+`\`)
	})
}

// Value implements host.Registry.
func (r Registry) Value(_ context.Context, key, name string) (host.RegistryValue, error) {
	full := key + `\` + name
	if r.denied(full) {
		return host.RegistryValue{}, fs.ErrPermission
	}
	for k, v := range r.Values {
		if !strings.EqualFold(k, full) {
			continue
		}
		switch v := v.(type) {
		case int:
			return host.RegistryValue{Kind: host.RegistryInteger, Integer: uint64(v)}, nil
		case string:
			return host.RegistryValue{Kind: host.RegistryString, String: v}, nil
		case []string:
			return host.RegistryValue{Kind: host.RegistryStrings, Strings: v}, nil
		case []byte:
			return host.RegistryValue{Kind: host.RegistryBinary, Binary: v}, nil
		}
	}
	return host.RegistryValue{}, fs.ErrNotExist
}

// ValueNames implements host.Registry.
func (r Registry) ValueNames(ctx context.Context, key string) ([]string, error) {
	if r.denied(key) {
		return nil, fs.ErrPermission
	}
	names := []string{}
	for k := range r.Values {
		if len(k) > len(key) && strings.EqualFold(k[:len(key)+1], key+`\`) && !strings.Contains(k[len(key)+1:], `\`) {
			names = append(names, k[len(key)+1:])
		}
	}
	if _, err := r.Subkeys(ctx, key); len(names) == 0 && err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// Subkeys implements host.Registry.
func (r Registry) Subkeys(_ context.Context, key string) ([]string, error) {
	if r.denied(key) {
		return nil, fs.ErrPermission
	}
	names := map[string]bool{}
	for k := range r.Values {
		if len(k) <= len(key) || !strings.EqualFold(k[:len(key)+1], key+`\`) {
			continue
		}
		if sub, _, ok := strings.Cut(k[len(key)+1:], `\`); ok {
			names[sub] = true
		}
	}
	if len(names) == 0 {
		return nil, fs.ErrNotExist
	}
	return slices.Sorted(maps.Keys(names)), nil
}
