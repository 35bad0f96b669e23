package hive

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A Type is the type of a value. Hives hold others than those named here: SAM
// keeps account numbers in the types of nameless values.
type Type uint32

// The types of winnt.h that matter.
const (
	None           Type = 0
	String         Type = 1
	ExpandString   Type = 2 // holds %VARIABLES%, which this package does not expand
	Binary         Type = 3
	DWORD          Type = 4
	DWORDBigEndian Type = 5
	Link           Type = 6 // path of another key, in the live registry
	MultiString    Type = 7
	QWORD          Type = 11
)

// A Value is the type and the data of a value as they are in the hive. The data
// need not fit the type: the registry does not see to that.
type Value struct {
	Type Type
	Data []byte
}

// Text returns a String, ExpandString or Link up to its first NUL. Data without
// one, as some programs leave it, is text to its end.
func (v Value) Text() (string, error) {
	if v.Type != String && v.Type != ExpandString && v.Type != Link {
		return "", v.not("string")
	}
	s, _, _ := strings.Cut(utf16Text(v.Data), "\x00")
	return s, nil
}

// Strings returns a MultiString, without the empty string that ends it.
func (v Value) Strings() ([]string, error) {
	if v.Type != MultiString {
		return nil, v.not("list of strings")
	}
	var out []string
	for s := range strings.SplitSeq(utf16Text(v.Data), "\x00") {
		if s == "" {
			break
		}
		out = append(out, s)
	}
	return out, nil
}

// Uint returns a DWORD, of either byte order, or a QWORD.
func (v Value) Uint() (uint64, error) {
	switch {
	case v.Type == DWORD && len(v.Data) == 4:
		return uint64(binary.LittleEndian.Uint32(v.Data)), nil
	case v.Type == DWORDBigEndian && len(v.Data) == 4:
		return uint64(binary.BigEndian.Uint32(v.Data)), nil
	case v.Type == QWORD && len(v.Data) == 8:
		return binary.LittleEndian.Uint64(v.Data), nil
	}
	return 0, v.not("number")
}

func (v Value) not(what string) error {
	return fmt.Errorf("hive: value of type %d and %d bytes is no %s: %w", v.Type, len(v.Data), what, ErrType)
}
