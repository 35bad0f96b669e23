package hosttest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"vigia/checks/host"
)

// keyError is an error in what stands under a key of recording.json.
type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string { return fmt.Sprintf("%q: %v", e.key, e.err) }
func (e *keyError) Unwrap() error { return e.err }

// check reports the first thing that is wrong with a decoded document, in the
// order of the keys. Each error is a *keyError.
func (d *document) check() error {
	bad := func(key, format string, args ...any) error {
		return &keyError{key, fmt.Errorf(format, args...)}
	}
	switch {
	case d.Version != formatVersion:
		return bad("version", "%d, this program reads version %d", d.Version, formatVersion)
	case d.OS != host.Linux && d.OS != host.Windows:
		return bad("os", "%q: want linux or windows", d.OS)
	case d.Origin != originRecorded && d.Origin != originDocumented:
		return bad("origin", "%q: want recorded or documented", d.Origin)
	case d.Time.IsZero():
		return bad("time", "missing")
	case len(d.Files) > maxEntries:
		return bad("files", "more than %d paths", maxEntries)
	}
	if d.OS == host.Linux {
		for key, present := range map[string]bool{
			"accounts": d.Accounts != nil, "registry": d.Registry != nil,
			"registry_subkeys": d.RegistrySubkeys != nil, "registry_values": d.RegistryValues != nil, "registry_errors": d.RegistryErrors != nil,
		} {
			if present {
				return bad(key, "a Linux machine has none")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Files)) {
		if err := d.Files[name].check(); err != nil {
			return &keyError{name, err}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.Registry)) {
		values := d.Registry[key]
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := values[name].bad; err != nil {
				return bad(key, "value %q: %w", name, err)
			}
		}
	}
	return d.checkErrors()
}

// checkErrors looks at every map of error codes.
func (d *document) checkErrors() error {
	codes := []map[string]errorCode{d.RegistryErrors}
	if d.System != nil {
		codes = append(codes, d.System.Errors)
	}
	if d.Accounts != nil {
		codes = append(codes, d.Accounts.Errors)
	}
	for _, m := range codes {
		for _, what := range slices.Sorted(maps.Keys(m)) {
			if err := m[what].check(); err != nil {
				return &keyError{what, err}
			}
		}
	}
	for _, a := range d.Answers {
		if err := a.check(); err != nil {
			return &keyError{"answers", err}
		}
	}
	for _, s := range d.PersonalData {
		if err := s.Error.check(); err != nil {
			return &keyError{"personal_data", err}
		}
		if (s.Summary == nil) == (s.Error == "") {
			return &keyError{"personal_data", errors.New(`want either "summary" or "error"`)}
		}
	}
	return nil
}

func (f *file) check() error {
	if f == nil {
		return errors.New("null, want an object")
	}
	for _, m := range []*meta{&f.meta, f.Target} {
		if m == nil || m.Mode == "" {
			continue
		}
		if _, err := m.Mode.parse(); err != nil {
			return err
		}
	}
	if f.Target != nil && f.Target.Mode == "" {
		return errors.New("target without mode")
	}
	return errors.Join(f.Error.check(), f.ContentError.check(), f.ListError.check())
}
