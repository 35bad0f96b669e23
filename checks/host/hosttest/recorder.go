package hosttest

import (
	"context"
	"slices"
	"sync"
	"time"

	"vigia/checks/host"
)

// Recorder keeps every question put to a machine through its Host, and the
// answers. What is kept is still the machine's own, with names and all; only
// Save makes a recording of it that may be handed on.
type Recorder struct {
	inner *host.Host
	style pathStyle
	time  time.Time

	mu        sync.Mutex
	full      bool // maxEntries was reached: later paths are not kept
	files     map[string]*seenFile
	bytes     int // of contents
	registry  map[string]registryKey
	subkeys   map[string][]string
	names     map[string][]string // of values
	keyErrors map[string]errorCode
	system    system
	accounts  accounts
	scans     []scan
	answers   []asked
}

// seenFile is what was answered about one path.
type seenFile struct {
	entry          *meta // by a listing or walk
	stat           *meta
	statErr        errorCode
	content        []byte
	hasContent     bool
	contentErr     errorCode
	withheld       bool
	listed, walked bool
	walkedEmpty    bool // walked, and nothing was visited below
	listErr        errorCode
}

// NewRecorder returns a Recorder of h, dated now by h's clock.
func NewRecorder(h *host.Host) *Recorder {
	return &Recorder{
		inner:     h,
		style:     styleOf(h.OS),
		time:      h.Now().UTC(),
		files:     make(map[string]*seenFile),
		registry:  make(map[string]registryKey),
		subkeys:   make(map[string][]string),
		names:     make(map[string][]string),
		keyErrors: make(map[string]errorCode),
	}
}

// Host returns a machine that answers as the recorded one does and records it.
func (r *Recorder) Host() *host.Host {
	answers := recordAnswers{r}
	return host.New(host.Host{
		OS:           r.inner.OS,
		Now:          r.inner.Now,
		Files:        recordFiles{r},
		Registry:     recordRegistry{r},
		Accounts:     recordAccounts{r},
		System:       recordSystem{r},
		Permissions:  answers,
		Management:   answers,
		Events:       answers,
		Running:      answers,
		Network:      answers,
		Media:        answers,
		Directory:    answers,
		PersonalData: recordPersonalData{r},
	})
}

type recordRegistry struct{ r *Recorder }

func (f recordRegistry) Value(ctx context.Context, key, name string) (host.RegistryValue, error) {
	v, err := f.r.inner.Registry.Value(ctx, key, name)
	code := codeOf(err)
	if f.r.inner.OS != host.Windows || err != nil && code == "" {
		return v, err
	}
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	if f.r.registry[key] == nil {
		f.r.registry[key] = make(registryKey)
	}
	switch {
	case err == nil:
		kept := v
		kept.Binary, kept.Strings = slices.Clone(v.Binary), slices.Clone(v.Strings)
		f.r.registry[key][name] = registryValue{value: &kept}
	case code == codeAbsent:
		f.r.registry[key][name] = registryValue{}
	default:
		f.r.registry[key][name] = registryValue{code: code}
	}
	return v, err
}

func (f recordRegistry) Subkeys(ctx context.Context, key string) ([]string, error) {
	names, err := f.r.inner.Registry.Subkeys(ctx, key)
	f.list(key, names, err, f.r.subkeys)
	return names, err
}

func (f recordRegistry) ValueNames(ctx context.Context, key string) ([]string, error) {
	names, err := f.r.inner.Registry.ValueNames(ctx, key)
	f.list(key, names, err, f.r.names)
	return names, err
}

// list stores names that were listed of a key, or the error.
func (f recordRegistry) list(key string, names []string, err error, to map[string][]string) {
	code := codeOf(err)
	if f.r.inner.OS != host.Windows || err != nil && code == "" {
		return
	}
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	if err == nil {
		to[key] = append([]string{}, names...)
	} else {
		f.r.keyErrors[key] = code
	}
}

// keep stores an answer or its error; the recorder must be locked.
func keep[T any](value T, err error, to **T, errs *map[string]errorCode, what string) {
	if err == nil {
		*to = &value
		return
	}
	if code := codeOf(err); code != "" {
		if *errs == nil {
			*errs = make(map[string]errorCode)
		}
		(*errs)[what] = code
	}
}

type recordSystem struct{ r *Recorder }

func (f recordSystem) Identity(ctx context.Context) (host.Identity, error) {
	v, err := f.r.inner.System.Identity(ctx)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(v, err, &f.r.system.Identity, &f.r.system.Errors, "identity")
	return v, err
}

func (f recordSystem) Hardware(ctx context.Context) (host.Hardware, error) {
	v, err := f.r.inner.System.Hardware(ctx)
	kept := v
	kept.Disks, kept.Unread = slices.Clone(v.Disks), slices.Clone(v.Unread)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(kept, err, &f.r.system.Hardware, &f.r.system.Errors, "hardware")
	return v, err
}

func (f recordSystem) Volumes(ctx context.Context) ([]host.Volume, error) {
	v, err := f.r.inner.System.Volumes(ctx)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(slices.Clone(v), err, &f.r.system.Volumes, &f.r.system.Errors, "volumes")
	return v, err
}

func (f recordSystem) Interfaces(ctx context.Context) ([]host.Interface, error) {
	v, err := f.r.inner.System.Interfaces(ctx)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(slices.Clone(v), err, &f.r.system.Interfaces, &f.r.system.Errors, "interfaces")
	return v, err
}

type recordAccounts struct{ r *Recorder }

func (f recordAccounts) Users(ctx context.Context) ([]host.User, error) {
	v, err := f.r.inner.Accounts.Users(ctx)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(slices.Clone(v), err, &f.r.accounts.Users, &f.r.accounts.Errors, "users")
	return v, err
}

func (f recordAccounts) PasswordPolicy(ctx context.Context) (host.PasswordPolicy, error) {
	v, err := f.r.inner.Accounts.PasswordPolicy(ctx)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	keep(v, err, &f.r.accounts.PasswordPolicy, &f.r.accounts.Errors, "password_policy")
	return v, err
}

func (f recordAccounts) Members(ctx context.Context, groupSID string) ([]host.Member, error) {
	v, err := f.r.inner.Accounts.Members(ctx, groupSID)
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	var members *[]host.Member
	keep(append([]host.Member{}, v...), err, &members, &f.r.accounts.Errors, "members "+groupSID)
	if members != nil {
		if f.r.accounts.Members == nil {
			f.r.accounts.Members = make(map[string][]host.Member)
		}
		f.r.accounts.Members[groupSID] = *members
	}
	return v, err
}

type recordPersonalData struct{ r *Recorder }

func (f recordPersonalData) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	v, err := f.r.inner.PersonalData.Scan(ctx, req)
	s := scan{Request: &scanRequest{slices.Clone(req.Roots), req.MaxFiles, req.MaxBytes, req.Credentials}}
	if err == nil {
		s.Summary = &v
	} else if s.Error = codeOf(err); s.Error == "" {
		return v, err
	}
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	f.r.scans = slices.DeleteFunc(f.r.scans, func(old scan) bool { return old.Request.same(req) })
	f.r.scans = append(f.r.scans, s)
	return v, err
}
