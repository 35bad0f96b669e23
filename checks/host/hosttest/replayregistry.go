package hosttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/host"
)

// replayRegistry answers the Registry facet of a Windows recording. All maps
// are by lower-cased key.
type replayRegistry struct {
	keys     map[string]recordedKey
	subkeys  map[string][]string
	names    map[string][]string // of values
	errors   map[string]errorCode
	complete []string
}

type recordedKey struct {
	path   string // as written
	absent bool
	values map[string]registryValue // by lower-cased name
	spelt  map[string]string        // names as written, by lower-cased name
}

func newReplayRegistry(doc *document) (*replayRegistry, error) {
	r := &replayRegistry{
		keys:    make(map[string]recordedKey),
		subkeys: make(map[string][]string),
		names:   make(map[string][]string),
		errors:  make(map[string]errorCode),
	}
	for key, values := range doc.Registry {
		k := recordedKey{path: key, absent: values == nil, values: make(map[string]registryValue), spelt: make(map[string]string)}
		if err := checkRegistryKey(key); err != nil {
			return nil, fmt.Errorf("registry: %w", err)
		}
		if _, ok := r.keys[strings.ToLower(key)]; ok {
			return nil, fmt.Errorf("registry: %s: recorded twice", key)
		}
		for name, v := range values {
			if _, ok := k.values[strings.ToLower(name)]; ok {
				return nil, fmt.Errorf("registry: %s: value %q: recorded twice", key, name)
			}
			k.values[strings.ToLower(name)], k.spelt[strings.ToLower(name)] = v, name
		}
		r.keys[strings.ToLower(key)] = k
	}
	for key, names := range doc.RegistrySubkeys {
		if err := checkRegistryKey(key); err != nil {
			return nil, fmt.Errorf("registry_subkeys: %w", err)
		}
		r.subkeys[strings.ToLower(key)] = slices.Sorted(slices.Values(names))
	}
	for key, names := range doc.RegistryValues {
		if err := checkRegistryKey(key); err != nil {
			return nil, fmt.Errorf("registry_values: %w", err)
		}
		r.names[strings.ToLower(key)] = slices.Sorted(slices.Values(names))
	}
	for key, code := range doc.RegistryErrors {
		if err := checkRegistryKey(key); err != nil {
			return nil, fmt.Errorf("registry_errors: %w", err)
		}
		r.errors[strings.ToLower(key)] = code
	}
	for _, key := range doc.Complete.Registry {
		if err := checkRegistryKey(key); err != nil {
			return nil, fmt.Errorf("complete: %w", err)
		}
		r.complete = append(r.complete, strings.ToLower(key))
	}
	return r, nil
}

// checkRegistryKey reports a key that host.Registry does not have.
func checkRegistryKey(key string) error {
	root, _, _ := strings.Cut(strings.ToUpper(key), `\`)
	if root != "HKLM" && root != "HKU" || strings.HasSuffix(key, `\`) {
		return fmt.Errorf(`%q: not a key such as HKLM\SOFTWARE or HKU\S-1-5-18`, key)
	}
	return nil
}

// Value implements host.Registry.
func (r *replayRegistry) Value(ctx context.Context, key, name string) (host.RegistryValue, error) {
	var none host.RegistryValue
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := checkRegistryKey(key); err != nil {
		return none, err
	}
	if v, ok := r.keys[strings.ToLower(key)].values[strings.ToLower(name)]; ok {
		rv, err := v.answer()
		if err != nil {
			return none, fmt.Errorf("read registry value %s of %s: %w", name, key, err)
		}
		rv.Strings, rv.Binary = slices.Clone(rv.Strings), slices.Clone(rv.Binary)
		return rv, nil
	}
	return none, fmt.Errorf("read registry value %s of %s: %w", name, key, r.missing(key))
}

// Subkeys implements host.Registry.
func (r *replayRegistry) Subkeys(ctx context.Context, key string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkRegistryKey(key); err != nil {
		return nil, err
	}
	if names, ok := r.subkeys[strings.ToLower(key)]; ok {
		return slices.Clone(names), nil
	}
	if err := r.missing(key); !r.isComplete(key) || !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list registry key %s: %w", key, err)
	}
	names := r.below(key)
	if k, ok := r.keys[strings.ToLower(key)]; len(names) == 0 && (!ok || k.absent) {
		return nil, fmt.Errorf("list registry key %s: %w", key, fs.ErrNotExist)
	}
	return names, nil
}

// ValueNames implements host.Registry.
func (r *replayRegistry) ValueNames(ctx context.Context, key string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkRegistryKey(key); err != nil {
		return nil, err
	}
	if names, ok := r.names[strings.ToLower(key)]; ok {
		return slices.Clone(names), nil
	}
	k, recorded := r.keys[strings.ToLower(key)]
	if err := r.missing(key); !r.isComplete(key) || !errors.Is(err, fs.ErrNotExist) || k.absent ||
		!recorded && len(r.below(key)) == 0 {
		return nil, fmt.Errorf("list values of registry key %s: %w", key, err)
	}
	names := make([]string, 0, len(k.values))
	for name, v := range k.values {
		if v.value != nil || v.code != "" {
			names = append(names, k.spelt[name])
		}
	}
	slices.Sort(names)
	return names, nil
}

// below lists the recorded keys directly below key.
func (r *replayRegistry) below(key string) []string {
	prefix := strings.ToLower(key) + `\`
	depth := strings.Count(prefix, `\`)
	seen := make(map[string]string)
	for folded, k := range r.keys {
		if !strings.HasPrefix(folded, prefix) || k.absent {
			continue
		}
		name := strings.Split(k.path, `\`)[depth]
		if old, ok := seen[strings.ToLower(name)]; !ok || name < old {
			seen[strings.ToLower(name)] = name
		}
	}
	names := make([]string, 0, len(seen))
	for _, name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (r *replayRegistry) isComplete(key string) bool {
	return under(r.complete, strings.ToLower(key), `\`)
}

// missing is the answer about something in a key that is not recorded: the
// error of the key or of the nearest one above that has one, fs.ErrNotExist
// where a key is absent or the recording is complete.
func (r *replayRegistry) missing(key string) error {
	for at := strings.ToLower(key); ; {
		if k, ok := r.keys[at]; ok && k.absent {
			return fs.ErrNotExist
		}
		if err := r.errors[at].err(); err != nil {
			return err
		}
		i := strings.LastIndex(at, `\`)
		if i < 0 {
			break
		}
		at = at[:i]
	}
	if r.isComplete(key) {
		return fs.ErrNotExist
	}
	return host.ErrNotRecorded
}
