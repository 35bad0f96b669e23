package local

import (
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// comObject is an object of COM: a pointer to the table of its methods. It is used on
// the thread that made it.
type comObject struct{ methods *[32]uintptr }

// call calls the method in a slot of the table and returns its HRESULT. What arguments
// point to stays where it is for as long as the call lasts.
//
//go:uintptrescapes
func (o *comObject) call(slot int, args ...uintptr) uint32 {
	hr, _, _ := syscall.SyscallN(o.methods[slot], append([]uintptr{uintptr(unsafe.Pointer(o))}, args...)...)
	runtime.KeepAlive(o)
	return uint32(hr)
}

// release is IUnknown's, safe on nil.
func (o *comObject) release() {
	if o != nil {
		o.call(2)
	}
}

// variant is a VARIANT of oaidl.h, as large as that of 64 bits everywhere.
type variant struct {
	kind uint16
	_    [3]uint16
	data [2]uint64
}

// Kinds of a variant.
const (
	vtEmpty = 0
	vtNull  = 1
	vtInt2  = 2
	vtInt4  = 3
	vtReal4 = 4
	vtReal8 = 5
	vtText  = 8
	vtBool  = 11
	vtUint1 = 17
	vtArray = 0x2000
)

// pointer is what a variant that holds a text or an array points to.
func (v *variant) pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&v.data)) }

// ole is the part of COM that is used here. Its functions are found when they are first
// called, so that a machine without them is an error, not a crash.
type ole struct {
	createInstance, setProxyBlanket                  *windows.LazyProc
	sysAlloc, sysFree, sysLen                        *windows.LazyProc
	variantClear, arrayLower, arrayUpper, arrayBytes *windows.LazyProc
	arrayRelease                                     *windows.LazyProc
}

func newOLE() *ole {
	ole32, oleaut32 := windows.NewLazySystemDLL("ole32.dll"), windows.NewLazySystemDLL("oleaut32.dll")
	return &ole{
		createInstance:  ole32.NewProc("CoCreateInstance"),
		setProxyBlanket: ole32.NewProc("CoSetProxyBlanket"),
		sysAlloc:        oleaut32.NewProc("SysAllocString"),
		sysFree:         oleaut32.NewProc("SysFreeString"),
		sysLen:          oleaut32.NewProc("SysStringLen"),
		variantClear:    oleaut32.NewProc("VariantClear"),
		arrayLower:      oleaut32.NewProc("SafeArrayGetLBound"),
		arrayUpper:      oleaut32.NewProc("SafeArrayGetUBound"),
		arrayBytes:      oleaut32.NewProc("SafeArrayAccessData"),
		arrayRelease:    oleaut32.NewProc("SafeArrayUnaccessData"),
	}
}

// find looks all functions up.
func (o *ole) find() error {
	for _, p := range []*windows.LazyProc{o.createInstance, o.setProxyBlanket, o.sysAlloc, o.sysFree, o.sysLen,
		o.variantClear, o.arrayLower, o.arrayUpper, o.arrayBytes, o.arrayRelease} {
		if err := p.Find(); err != nil {
			return err
		}
	}
	return nil
}

// create makes an object of a class.
func (o *ole) create(class, iface windows.GUID) (*comObject, uint32) {
	const inProcess = 1 // CLSCTX_INPROC_SERVER
	var obj *comObject
	hr, _, _ := o.createInstance.Call(uintptr(unsafe.Pointer(&class)), 0, inProcess,
		uintptr(unsafe.Pointer(&iface)), uintptr(unsafe.Pointer(&obj)))
	return obj, uint32(hr)
}

// seal has the calls of an object encrypted and made with the rights of this process:
// the namespace of BitLocker answers nothing else. An object that is no proxy has no
// blanket and needs none.
func (o *ole) seal(obj *comObject) {
	const (
		winNT       = 10 // RPC_C_AUTHN_WINNT
		privacy     = 6  // RPC_C_AUTHN_LEVEL_PKT_PRIVACY
		impersonate = 3  // RPC_C_IMP_LEVEL_IMPERSONATE
	)
	_, _, _ = o.setProxyBlanket.Call(uintptr(unsafe.Pointer(obj)), winNT, 0, 0, privacy, impersonate, 0, 0)
}

// text makes a BSTR, which free frees.
func (o *ole) text(s string) (bstr uintptr, free func(), err error) {
	p, err := windows.UTF16PtrFromString(s)
	if err != nil {
		return 0, nil, err
	}
	bstr, _, _ = o.sysAlloc.Call(uintptr(unsafe.Pointer(p)))
	if bstr == 0 {
		return 0, nil, windows.ERROR_NOT_ENOUGH_MEMORY
	}
	return bstr, func() { _, _, _ = o.sysFree.Call(bstr) }, nil
}

// textAt reads a BSTR.
func (o *ole) textAt(p unsafe.Pointer) (string, error) {
	if p == nil {
		return "", nil
	}
	n, _, _ := o.sysLen.Call(uintptr(p))
	if n > maxInstanceText {
		return "", host.ErrTooBig
	}
	return windows.UTF16ToString(unsafe.Slice((*uint16)(p), int(n))), nil
}

func (o *ole) clear(v *variant) { _, _, _ = o.variantClear.Call(uintptr(unsafe.Pointer(v))) }

// value writes a variant as host.Instance wants it. ok is false for null and for what
// no check reads, such as embedded objects.
func (o *ole) value(v *variant, cim uint32) (text string, ok bool, err error) {
	switch {
	case v.kind == vtNull || v.kind == vtEmpty:
		return "", false, nil
	case v.kind == vtText:
		text, err = o.textAt(v.pointer())
		return text, err == nil, err
	case v.kind&vtArray != 0:
		return o.list(v, cim&^cimArray)
	default:
		text, ok = cimNumber(cim, v.data[0])
		return text, ok, nil
	}
}

// list writes an array, its elements separated by line feeds.
func (o *ole) list(v *variant, cim uint32) (text string, ok bool, err error) {
	array := uintptr(v.pointer())
	if array == 0 {
		return "", false, nil
	}
	var low, high int32
	if hr, _, _ := o.arrayLower.Call(array, 1, uintptr(unsafe.Pointer(&low))); uint32(hr) != 0 {
		return "", false, managementError(uint32(hr))
	}
	if hr, _, _ := o.arrayUpper.Call(array, 1, uintptr(unsafe.Pointer(&high))); uint32(hr) != 0 {
		return "", false, managementError(uint32(hr))
	}
	n := int(high) - int(low) + 1
	switch {
	case n <= 0:
		return "", true, nil
	case n > maxInstanceList:
		return "", false, host.ErrTooBig
	}
	var data unsafe.Pointer
	if hr, _, _ := o.arrayBytes.Call(array, uintptr(unsafe.Pointer(&data))); uint32(hr) != 0 || data == nil {
		return "", false, managementError(uint32(hr))
	}
	defer o.arrayRelease.Call(array) //nolint:errcheck // nothing to do about it
	out := make([]string, n)
	for i := range out {
		if out[i], ok, err = o.element(data, i, v.kind&^vtArray, cim); !ok || err != nil {
			return "", false, err
		}
	}
	return strings.Join(out, "\n"), true, nil
}

// element writes one element of an array whose elements are of a kind of variant.
func (o *ole) element(data unsafe.Pointer, i int, kind uint16, cim uint32) (text string, ok bool, err error) {
	switch kind {
	case vtText:
		text, err = o.textAt(*(*unsafe.Pointer)(unsafe.Add(data, uintptr(i)*unsafe.Sizeof(data))))
		return text, err == nil, err
	case vtUint1:
		text, ok = cimNumber(cim, uint64(*(*uint8)(unsafe.Add(data, i))))
	case vtInt2, vtBool:
		text, ok = cimNumber(cim, uint64(*(*uint16)(unsafe.Add(data, 2*i))))
	case vtInt4, vtReal4:
		text, ok = cimNumber(cim, uint64(*(*uint32)(unsafe.Add(data, 4*i))))
	case vtReal8:
		text, ok = cimNumber(cim, *(*uint64)(unsafe.Add(data, 8*i)))
	}
	return text, ok, nil
}
