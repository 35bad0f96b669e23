package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// Limits of one answer of WMI.
const (
	maxInstances    = 10_000
	maxInstanceText = 64 << 10 // UTF-16 units of one text
	maxInstanceList = 4_096    // elements of one array
)

// liveManagement asks WMI of this machine, through COM, in process and read-only: it
// runs queries, and the one method that tells the kinds of BitLocker's key protectors.
type liveManagement struct {
	ole *ole
	// slots bounds the questions under way, with those that nobody waits for any more.
	slots chan struct{}
}

func newLiveManagement() liveManagement {
	return liveManagement{newOLE(), make(chan struct{}, 4)}
}

var _ host.Management = liveManagement{}

// Instances implements host.Management. COM may keep a call that a provider does not
// answer for as long as it likes, and no call can be ended from outside. So each
// question has a thread of its own, which ends with it, and which is left alone when
// ctx ends first; it looks at ctx as often as COM lets it.
func (m liveManagement) Instances(ctx context.Context, namespace, class string, properties ...string) ([]host.Instance, error) {
	query, err := managementQuery(class, properties)
	if err != nil {
		return nil, err
	}
	select {
	case m.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	type answer struct {
		instances []host.Instance
		err       error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-m.slots }()
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		instances, err := m.ask(ctx, namespace, class, query, properties)
		done <- answer{instances, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", class, namespace, a.err)
		}
		return a.instances, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s of %s: %w", class, namespace, ctx.Err())
	}
}

// ask does what Instances says, on a thread of its own.
func (m liveManagement) ask(ctx context.Context, namespace, class, query string, properties []string) ([]host.Instance, error) {
	if err := m.ole.find(); err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrUnsupported, err)
	}
	const alreadyDone = windows.Errno(1) // S_FALSE
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err != nil && !errors.Is(err, alreadyDone) {
		return nil, err
	}
	defer windows.CoUninitialize()
	ns, err := m.connect(namespace)
	if err != nil {
		return nil, err
	}
	defer ns.release()
	instances, err := ns.query(ctx, query, class, properties)
	if errors.Is(err, errInvalidQuery) { // a version of the class without one of the properties
		all, _ := managementQuery(class, nil) // the name has been seen to
		instances, err = ns.query(ctx, all, class, properties)
	}
	return instances, err
}

// errInvalidQuery is what WMI says of a property that the class does not have.
var errInvalidQuery = errors.New("invalid query")

// wmiNamespace is an IWbemServices.
type wmiNamespace struct {
	*comObject
	ole *ole
}

// Slots of the methods that are used, wbemcli.h.
const (
	locatorConnectServer = 3
	servicesGetObject    = 6
	servicesExecQuery    = 20
	servicesExecMethod   = 24
	enumNext             = 4
	objectGet            = 4
	objectPut            = 5
	objectSpawnInstance  = 15
	objectGetMethod      = 19
)

func (m liveManagement) connect(namespace string) (wmiNamespace, error) {
	locator, hr := m.ole.create(
		windows.GUID{Data1: 0x4590f811, Data2: 0x1d3a, Data3: 0x11d0, Data4: [8]byte{0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}},
		windows.GUID{Data1: 0xdc12a687, Data2: 0x737f, Data3: 0x11cf, Data4: [8]byte{0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}})
	if hr != 0 {
		return wmiNamespace{}, managementError(hr)
	}
	defer locator.release()
	name, free, err := m.ole.text(namespace)
	if err != nil {
		return wmiNamespace{}, err
	}
	defer free()
	const useMaxWait = 0x80 // two minutes at most, should the service of WMI hang
	var services *comObject
	hr = locator.call(locatorConnectServer, name, 0, 0, 0, useMaxWait, 0, 0, uintptr(unsafe.Pointer(&services)))
	if hr != 0 {
		return wmiNamespace{}, managementError(hr)
	}
	m.ole.seal(services)
	return wmiNamespace{services, m.ole}, nil
}

// query runs a query and takes its objects one by one as they come, so that a provider
// that is slow is not waited for behind ctx.
func (ns wmiNamespace) query(ctx context.Context, query, class string, properties []string) ([]host.Instance, error) {
	const (
		forwardOnly, immediately = 0x20, 0x10
		timedOut, noMore         = 0x40004, 1
		invalidQuery             = 0x80041017
		patience                 = 100 // milliseconds
	)
	language, free, err := ns.ole.text("WQL")
	if err != nil {
		return nil, err
	}
	defer free()
	text, free, err := ns.ole.text(query)
	if err != nil {
		return nil, err
	}
	defer free()
	var enum *comObject
	if hr := ns.call(servicesExecQuery, language, text, forwardOnly|immediately, 0, uintptr(unsafe.Pointer(&enum))); hr != 0 {
		if hr == invalidQuery {
			return nil, errInvalidQuery
		}
		return nil, managementError(hr)
	}
	defer enum.release()
	ns.ole.seal(enum)
	instances := []host.Instance{}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var obj *comObject
		var n uint32
		hr := enum.call(enumNext, patience, 1, uintptr(unsafe.Pointer(&obj)), uintptr(unsafe.Pointer(&n)))
		switch {
		case hr == 0 && obj != nil:
		case hr == timedOut:
			continue
		case hr == noMore || hr == 0:
			if len(instances) == 0 {
				return instances, ns.exists(class)
			}
			return instances, nil
		case hr == invalidQuery:
			return nil, errInvalidQuery
		default:
			return nil, managementError(hr)
		}
		if len(instances) == maxInstances {
			obj.release()
			return nil, host.ErrTooBig
		}
		in, err := ns.instance(ctx, obj, class, properties)
		obj.release()
		if err != nil {
			return nil, err
		}
		instances = append(instances, in)
	}
}

// exists tells, as an error, whether there is a class at all: that it has no instances
// must not be said of one that is not there.
func (ns wmiNamespace) exists(class string) error {
	name, free, err := ns.ole.text(class)
	if err != nil {
		return err
	}
	defer free()
	var definition *comObject
	hr := ns.call(servicesGetObject, name, 0, 0, uintptr(unsafe.Pointer(&definition)), 0)
	definition.release()
	if hr != 0 {
		return managementError(hr)
	}
	return nil
}

// instance reads the named properties of an object.
func (ns wmiNamespace) instance(ctx context.Context, obj *comObject, class string, properties []string) (host.Instance, error) {
	in := make(host.Instance, len(properties))
	for _, name := range properties {
		if class == encryptableVolume && name == keyProtectors {
			kinds, err := ns.keyProtectors(ctx, obj)
			if err != nil {
				return nil, fmt.Errorf("key protectors: %w", err)
			}
			in[name] = kinds
			continue
		}
		text, ok, err := ns.get(obj, name)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", name, err)
		}
		if ok {
			in[name] = text
		}
	}
	return in, nil
}

// get reads one property; ok is false when it is null or the class has none such.
func (ns wmiNamespace) get(obj *comObject, name string) (text string, ok bool, err error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return "", false, err
	}
	var v variant
	var cim uint32
	hr := obj.call(objectGet, uintptr(unsafe.Pointer(p)), 0, uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&cim)), 0)
	if hr != 0 {
		if err := managementError(hr); !errors.Is(err, fs.ErrNotExist) {
			return "", false, err
		}
		return "", false, nil
	}
	defer ns.ole.clear(&v)
	return ns.ole.value(&v, cim)
}

// maxProtectorType is the last kind that GetKeyProtectors of Win32_EncryptableVolume
// knows: 1 TPM, 2 external key, 3 numerical password, 4 TPM and PIN, 5 TPM and start-up
// key, 6 TPM, PIN and start-up key, 7 public key, 8 passphrase, 9 TPM certificate, 10
// CNG (of a domain).
const maxProtectorType = 10

// keyProtectors lists the kinds of the key protectors of a volume, separated by line
// feeds. Their names and keys are not asked.
func (ns wmiNamespace) keyProtectors(ctx context.Context, volume *comObject) (string, error) {
	path, ok, err := ns.get(volume, "__RELPATH")
	if err != nil || !ok {
		return "", errors.Join(err, fs.ErrNotExist)
	}
	var kinds []string
	for kind := range uint32(maxProtectorType) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		out, err := ns.method(path, encryptableVolume, "GetKeyProtectors", map[string]uint32{"KeyProtectorType": kind + 1})
		if err != nil {
			return "", err
		}
		returned, _, err := ns.get(out, "ReturnValue")
		ids, _, err2 := ns.get(out, "VolumeKeyProtectorID")
		out.release()
		if err := errors.Join(err, err2); err != nil {
			return "", err
		}
		code, err := strconv.ParseUint(returned, 10, 32)
		if err != nil {
			return "", err
		}
		if err := protectorError(uint32(code)); err != nil {
			return "", err
		}
		if ids != "" {
			kinds = append(kinds, strconv.Itoa(int(kind+1)))
		}
	}
	return strings.Join(kinds, "\n"), nil
}

// method calls a method of the object at a path, with whole numbers as arguments, and
// returns what it put out. Callers name methods that only read.
func (ns wmiNamespace) method(path, class, name string, in map[string]uint32) (out *comObject, err error) {
	var texts [3]uintptr
	for i, s := range []string{path, class, name} {
		text, free, err := ns.ole.text(s)
		if err != nil {
			return nil, err
		}
		defer free()
		texts[i] = text
	}
	var args *comObject
	if len(in) > 0 {
		if args, err = ns.arguments(texts[1], name, in); err != nil {
			return nil, err
		}
		defer args.release()
	}
	hr := ns.call(servicesExecMethod, texts[0], texts[2], 0, 0, uintptr(unsafe.Pointer(args)), uintptr(unsafe.Pointer(&out)), 0)
	if hr != 0 {
		return nil, managementError(hr)
	}
	if out == nil {
		return nil, fs.ErrNotExist
	}
	return out, nil
}

// arguments makes the object that holds a method's arguments.
func (ns wmiNamespace) arguments(class uintptr, method string, in map[string]uint32) (*comObject, error) {
	var definition, signature, args *comObject
	if hr := ns.call(servicesGetObject, class, 0, 0, uintptr(unsafe.Pointer(&definition)), 0); hr != 0 {
		return nil, managementError(hr)
	}
	defer definition.release()
	p, err := windows.UTF16PtrFromString(method)
	if err != nil {
		return nil, err
	}
	hr := definition.call(objectGetMethod, uintptr(unsafe.Pointer(p)), 0, uintptr(unsafe.Pointer(&signature)), 0)
	if hr != 0 {
		return nil, managementError(hr)
	}
	if signature == nil {
		return nil, fs.ErrNotExist
	}
	defer signature.release()
	if hr := signature.call(objectSpawnInstance, 0, uintptr(unsafe.Pointer(&args))); hr != 0 {
		return nil, managementError(hr)
	}
	for name, value := range in {
		p, err := windows.UTF16PtrFromString(name)
		if err != nil {
			args.release()
			return nil, err
		}
		v := variant{kind: vtInt4, data: [2]uint64{uint64(value)}}
		hr := args.call(objectPut, uintptr(unsafe.Pointer(p)), 0, uintptr(unsafe.Pointer(&v)), 0)
		if hr != 0 {
			args.release()
			return nil, managementError(hr)
		}
	}
	return args, nil
}
