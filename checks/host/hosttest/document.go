package hosttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks/host"
)

// formatVersion is the version of recording.json that this package reads and
// writes.
const formatVersion = 1

// Where the answers of a recording come from.
const (
	originRecorded   = "recorded"   // a machine was asked
	originDocumented = "documented" // a person wrote down what documents say
)

// document is recording.json. FORMAT.md describes each field.
type document struct {
	Version  int       `json:"version"`
	OS       host.OS   `json:"os"`
	Origin   string    `json:"origin"`
	Note     string    `json:"note,omitempty"`
	Sources  []string  `json:"sources,omitempty"`
	Time     time.Time `json:"time"`
	Complete complete  `json:"complete,omitzero"`

	System       *system   `json:"system,omitempty"`
	Accounts     *accounts `json:"accounts,omitempty"`
	PersonalData []scan    `json:"personal_data,omitempty"`
	Answers      []asked   `json:"answers,omitempty"`

	Files map[string]*file `json:"files,omitempty"`

	Registry        map[string]registryKey `json:"registry,omitempty"`
	RegistrySubkeys map[string][]string    `json:"registry_subkeys,omitempty"`
	RegistryValues  map[string][]string    `json:"registry_values,omitempty"`
	RegistryErrors  map[string]errorCode   `json:"registry_errors,omitempty"`
}

// complete lists the places where what is not recorded does not exist.
type complete struct {
	Files    []string `json:"files,omitempty"`
	Registry []string `json:"registry,omitempty"`
}

type system struct {
	Identity   *host.Identity       `json:"identity,omitempty"`
	Hardware   *host.Hardware       `json:"hardware,omitempty"`
	Volumes    *[]host.Volume       `json:"volumes,omitempty"`
	Interfaces *[]host.Interface    `json:"interfaces,omitempty"`
	Errors     map[string]errorCode `json:"errors,omitempty"`
}

type accounts struct {
	Users          *[]host.User             `json:"users,omitempty"`
	PasswordPolicy *host.PasswordPolicy     `json:"password_policy,omitempty"`
	Members        map[string][]host.Member `json:"members,omitempty"`
	Errors         map[string]errorCode     `json:"errors,omitempty"`
}

type scan struct {
	Request *scanRequest      `json:"request,omitempty"`
	Summary *host.ScanSummary `json:"summary,omitempty"`
	Error   errorCode         `json:"error,omitempty"`
}

type scanRequest struct {
	Roots    []string `json:"roots,omitempty"`
	MaxFiles int64    `json:"max_files,omitempty"`
	MaxBytes int64    `json:"max_bytes,omitempty"`
	// Credentials: passwords were looked for.
	Credentials bool `json:"credentials,omitempty"`
}

func (s scanRequest) same(req host.ScanRequest) bool {
	return slices.Equal(s.Roots, req.Roots) && s.MaxFiles == req.MaxFiles && s.MaxBytes == req.MaxBytes &&
		s.Credentials == req.Credentials
}

// file is what is known of one path.
type file struct {
	meta
	// Target is what Stat says of the path if the entry itself is a link.
	Target *meta `json:"target,omitempty"`
	// Listed: the recorded entries below are all of the directory. Walked: all
	// that Walk visits there. Mount: another file system begins here, which
	// Walk does not enter.
	Listed bool `json:"listed,omitempty"`
	Walked bool `json:"walked,omitempty"`
	Mount  bool `json:"mount,omitempty"`
	// Error answers Stat, and anything else not said here; the other two
	// answer ReadFile and ReadDir. Withheld: Save left the content out.
	Error        errorCode `json:"error,omitempty"`
	ContentError errorCode `json:"content_error,omitempty"`
	ListError    errorCode `json:"list_error,omitempty"`
	Withheld     bool      `json:"withheld,omitempty"`
}

// meta is a host.FileInfo without the name. Without Mode nothing is known.
type meta struct {
	Mode       fileMode  `json:"mode,omitempty"`
	Size       int64     `json:"size,omitempty"`
	ModTime    time.Time `json:"mod_time,omitzero"`
	ChangeTime time.Time `json:"change_time,omitzero"`
	Owner      string    `json:"owner,omitempty"`
	Group      string    `json:"group,omitempty"`

	ID    host.FileID `json:"id,omitzero"`
	Links uint32      `json:"links,omitempty"`
}

func metaOf(info host.FileInfo) meta {
	return meta{fileMode(info.Mode.String()), info.Size, info.ModTime.UTC(), info.ChangeTime.UTC(), info.Owner, info.Group, info.ID, info.Links}
}

func (m meta) info(name string) host.FileInfo {
	mode, _ := m.Mode.parse() // checked when loaded
	return host.FileInfo{Name: name, Size: m.Size, Mode: mode, ModTime: m.ModTime, ChangeTime: m.ChangeTime, Owner: m.Owner, Group: m.Group, ID: m.ID, Links: m.Links}
}

// fileMode is a mode as fs.FileMode writes it: "-rw-r-----", "drwxr-xr-x",
// "Lrwxrwxrwx".
type fileMode string

func (m fileMode) parse() (fs.FileMode, error) {
	s := string(m)
	if len(s) < 10 {
		return 0, fmt.Errorf("mode %q: want one such as \"-rw-r--r--\"", s)
	}
	types, bits := s[:len(s)-9], s[len(s)-9:]
	var mode fs.FileMode
	for i, c := range bits {
		switch c {
		case '-':
		case rune("rwxrwxrwx"[i]):
			mode |= 1 << (8 - i)
		default:
			return 0, fmt.Errorf("mode %q: unknown permission %q", s, c)
		}
	}
	if types == "-" {
		return mode, nil
	}
	for _, c := range types {
		at := strings.IndexRune("dalTLDpSugct?", c)
		if at < 0 {
			return 0, fmt.Errorf("mode %q: unknown type %q", s, c)
		}
		mode |= 1 << (31 - at)
	}
	return mode, nil
}

// errorCode is an error of a facet, as the recording names it.
type errorCode string

const (
	codeAbsent      errorCode = "absent"
	codePermission  errorCode = "permission"
	codeUnsupported errorCode = "unsupported"
	codeTooBig      errorCode = "too_big"
	codeUnreadable  errorCode = "unreadable"
)

var errUnreadable = errors.New("could not be read when the machine was recorded")

// err is nil for an empty or unknown code.
func (c errorCode) err() error {
	switch c {
	case codeAbsent:
		return fs.ErrNotExist
	case codePermission:
		return fs.ErrPermission
	case codeUnsupported:
		return host.ErrUnsupported
	case codeTooBig:
		return host.ErrTooBig
	case codeUnreadable:
		return errUnreadable
	default:
		return nil
	}
}

// codeOf names an error, empty for one that says nothing about the machine: a
// timeout, or that a replayed machine was recorded again.
func codeOf(err error) errorCode {
	for _, c := range []errorCode{codeAbsent, codePermission, codeUnsupported, codeTooBig} {
		if errors.Is(err, c.err()) {
			return c
		}
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return codeUnsupported
	}
	if err == nil || errors.Is(err, host.ErrNotRecorded) || isContext(err) {
		return ""
	}
	return codeUnreadable
}

func (c errorCode) check() error {
	if c != "" && c.err() == nil {
		return fmt.Errorf("unknown error %q: want absent, permission, unsupported, too_big or unreadable", string(c))
	}
	return nil
}

// registryKey holds the values of a key by name, "" for its default value.
// A nil key, null in JSON, is absent.
type registryKey map[string]registryValue

// registryValue is one value: JSON null for an absent one, a number, string or
// list of strings for those kinds, {"binary": base64} or {"error": code}.
type registryValue struct {
	value *host.RegistryValue // nil: absent, unless code is set
	code  errorCode
	bad   error // what is wrong with the JSON; told by document.check, which knows where
}

func (v registryValue) answer() (host.RegistryValue, error) {
	switch {
	case v.value != nil:
		return *v.value, nil
	case v.code != "":
		return host.RegistryValue{}, v.code.err()
	default:
		return host.RegistryValue{}, fs.ErrNotExist
	}
}

type registryObject struct {
	Binary *[]byte   `json:"binary,omitempty"`
	Error  errorCode `json:"error,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (v registryValue) MarshalJSON() ([]byte, error) {
	switch {
	case v.code != "":
		return json.Marshal(registryObject{Error: v.code})
	case v.value == nil:
		return []byte("null"), nil
	}
	switch v.value.Kind {
	case host.RegistryString:
		return json.Marshal(v.value.String)
	case host.RegistryInteger:
		return json.Marshal(v.value.Integer)
	case host.RegistryStrings:
		return json.Marshal(append([]string{}, v.value.Strings...))
	case host.RegistryBinary:
		data := append([]byte{}, v.value.Binary...)
		return json.Marshal(registryObject{Binary: &data})
	}
	return nil, fmt.Errorf("registry value of kind %q", v.value.Kind)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *registryValue) UnmarshalJSON(data []byte) error {
	var rv host.RegistryValue
	var err error
	*v = registryValue{}
	switch data[0] {
	case 'n':
		return nil
	case '"':
		rv.Kind = host.RegistryString
		err = json.Unmarshal(data, &rv.String)
	case '[':
		rv.Kind = host.RegistryStrings
		err = json.Unmarshal(data, &rv.Strings)
	case '{':
		var o registryObject
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		err = dec.Decode(&o)
		switch {
		case err != nil:
		case (o.Binary == nil) == (o.Error == ""):
			err = errors.New(`want either "binary" or "error"`)
		case o.Error != "":
			v.code, v.bad = o.Error, o.Error.check()
			return nil
		default:
			rv.Kind, rv.Binary = host.RegistryBinary, *o.Binary
		}
	default:
		rv.Kind = host.RegistryInteger
		err = json.Unmarshal(data, &rv.Integer)
	}
	v.value, v.bad = &rv, err
	return nil //nolint:nilerr // kept in v.bad
}
