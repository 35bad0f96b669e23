package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/host"
)

// keyProtectors is asked of Win32_EncryptableVolume like a property and is none: only a
// method of the class tells which kinds of key protectors a volume has.
const (
	encryptableVolume = "Win32_EncryptableVolume"
	keyProtectors     = "KeyProtectorTypes"
)

// Types of WMI's values (CIMTYPE_ENUMERATION of wbemcli.h).
const (
	cimSint16  = 2
	cimSint32  = 3
	cimReal32  = 4
	cimReal64  = 5
	cimBoolean = 11
	cimSint8   = 16
	cimUint8   = 17
	cimUint16  = 18
	cimUint32  = 19
	cimChar16  = 103
	cimArray   = 0x2000
)

// cimNumber writes a number, a truth value or a character as text. bits are the bytes of
// the value as the machine handed it over, which is wider than the type of some and
// signed where the type is not; ok is false for what is none of these.
func cimNumber(cim uint32, bits uint64) (text string, ok bool) {
	switch cim {
	case cimSint8:
		return strconv.Itoa(int(int8(bits))), true
	case cimUint8:
		return strconv.Itoa(int(uint8(bits))), true
	case cimSint16:
		return strconv.Itoa(int(int16(bits))), true
	case cimUint16:
		return strconv.Itoa(int(uint16(bits))), true
	case cimSint32:
		return strconv.FormatInt(int64(int32(bits)), 10), true
	case cimUint32:
		return strconv.FormatUint(uint64(uint32(bits)), 10), true
	case cimReal32:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32), true
	case cimReal64:
		return strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64), true
	case cimBoolean:
		return strconv.FormatBool(uint16(bits) != 0), true
	case cimChar16:
		return string(rune(uint16(bits))), true
	default:
		return "", false
	}
}

// managementError says what an HRESULT of COM or WMI means.
func managementError(hresult uint32) error {
	switch hresult {
	case 0x80041002, 0x8004100E, 0x80041010: // WBEM_E_NOT_FOUND, _INVALID_NAMESPACE, _INVALID_CLASS
		return fs.ErrNotExist
	case 0x80041003, 0x80041062, 0x80070005: // WBEM_E_ACCESS_DENIED, _PRIVILEGE_NOT_HELD, E_ACCESSDENIED
		return fs.ErrPermission
	case 0x80040154, 0x80041011: // REGDB_E_CLASSNOTREG, WBEM_E_PROVIDER_NOT_FOUND
		return host.ErrUnsupported
	case 0x80041069: // WBEM_E_TIMED_OUT
		return context.DeadlineExceeded
	default:
		return fmt.Errorf("%w %#x", errManagement, hresult)
	}
}

var (
	errManagement = errors.New("WMI error")
	errWrongName  = errors.New("no name of a class or property")
)

// protectorError says what a code of GetKeyProtectors means. A volume without BitLocker
// answers with a code of BitLocker's own (FVE_E_NOT_ACTIVATED and its like), an older
// Windows does not know all kinds: both have none of the kind.
func protectorError(code uint32) error {
	const bitLocker, invalidArgument = 0x8031, 0x80070057
	if code == 0 || code>>16 == bitLocker || code == invalidArgument {
		return nil
	}
	return managementError(code)
}

// managementQuery is the WQL that reads the named properties, or all if there are none.
// Names come from checks, never from a machine; that they are names is seen to all the
// same, since a query is text.
func managementQuery(class string, properties []string) (string, error) {
	for _, name := range append([]string{class}, properties...) {
		if !isCIMName(name) {
			return "", fmt.Errorf("%q: %w", name, errWrongName)
		}
	}
	if class == encryptableVolume && slices.Contains(properties, keyProtectors) {
		properties = nil // the method needs the path of each instance
	}
	wanted := "*"
	if len(properties) > 0 {
		wanted = strings.Join(properties, ", ")
	}
	return "SELECT " + wanted + " FROM " + class, nil
}

func isCIMName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
