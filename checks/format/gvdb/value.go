package gvdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// ErrType is wrapped by the error of an accessor that does not fit the value's
// type: the setting is not what its schema says, or its type is one that this
// package does not read.
var ErrType = errors.New("value has another type")

// A Value is one GVariant.
type Value struct {
	typ   string
	data  []byte
	order binary.ByteOrder
}

// newValue splits a serialised variant: the data, a zero byte, the type string.
func newValue(variant []byte, order binary.ByteOrder) (Value, error) {
	i := bytes.LastIndexByte(variant, 0)
	if i < 0 || i+1 == len(variant) {
		return Value{}, malformed("value has no type")
	}
	typ := string(variant[i+1:])
	if strings.Trim(typ, "bynqiuxthdsogvam(){}") != "" {
		return Value{}, malformed("value has an invalid type")
	}
	return Value{typ: typ, data: variant[:i:i], order: order}, nil
}

// Type returns the GVariant type string: "b" a boolean, "u" a uint32, "as" an
// array of strings, and so on.
func (v Value) Type() string { return v.typ }

// Bool returns a value of type b.
func (v Value) Bool() (bool, error) {
	if v.typ != "b" {
		return false, v.not("boolean")
	}
	if len(v.data) != 1 || v.data[0] > 1 {
		return false, v.abnormal()
	}
	return v.data[0] == 1, nil
}

// Int returns a value of any integer type (y, n, q, i, u, x, t). A uint64 above
// the range of int64 is an error that wraps ErrType.
func (v Value) Int() (int64, error) {
	size, ok := map[string]int{"y": 1, "n": 2, "q": 2, "i": 4, "u": 4, "x": 8, "t": 8}[v.typ]
	if !ok {
		return 0, v.not("integer")
	}
	if len(v.data) != size {
		return 0, v.abnormal()
	}
	switch v.typ {
	case "y":
		return int64(v.data[0]), nil
	case "n":
		return int64(int16(v.order.Uint16(v.data))), nil
	case "q":
		return int64(v.order.Uint16(v.data)), nil
	case "i":
		return int64(int32(v.order.Uint32(v.data))), nil
	case "u":
		return int64(v.order.Uint32(v.data)), nil
	case "x":
		return int64(v.order.Uint64(v.data)), nil
	}
	n := v.order.Uint64(v.data)
	if n > math.MaxInt64 {
		return 0, v.not("integer of 63 bits")
	}
	return int64(n), nil
}

// Float returns a value of type d.
func (v Value) Float() (float64, error) {
	if v.typ != "d" {
		return 0, v.not("double")
	}
	if len(v.data) != 8 {
		return 0, v.abnormal()
	}
	return math.Float64frombits(v.order.Uint64(v.data)), nil
}

// Text returns a value of type s, o or g.
func (v Value) Text() (string, error) {
	if v.typ != "s" && v.typ != "o" && v.typ != "g" {
		return "", v.not("string")
	}
	s, ok := cString(v.data)
	if !ok {
		return "", v.abnormal()
	}
	return s, nil
}

// Strings returns a value of type as, ao or ag.
func (v Value) Strings() ([]string, error) {
	if v.typ != "as" && v.typ != "ao" && v.typ != "ag" {
		return nil, v.not("array of strings")
	}
	// The elements come first, then the end of each as an offset, little-endian in
	// every file and as wide as the whole needs.
	size := len(v.data)
	if size == 0 {
		return nil, nil
	}
	width := 1
	switch {
	case size > math.MaxUint16:
		width = 4
	case size > math.MaxUint8:
		width = 2
	}
	if size < width {
		return nil, v.abnormal()
	}
	offset := func(at int) int {
		var b [4]byte
		copy(b[:], v.data[at:at+width])
		return int(binary.LittleEndian.Uint32(b[:]))
	}
	table := offset(size - width) // the last element ends where the offsets begin
	if table < 0 || table > size-width || (size-table)%width != 0 {
		return nil, v.abnormal()
	}
	out := make([]string, 0, (size-table)/width)
	start := 0
	for at := table; at < size; at += width {
		end := offset(at)
		if end <= start || end > table {
			return nil, v.abnormal()
		}
		s, ok := cString(v.data[start:end])
		if !ok {
			return nil, v.abnormal()
		}
		out = append(out, s)
		start = end
	}
	return out, nil
}

// cString checks and strips the zero byte that ends a GVariant string.
func cString(b []byte) (string, bool) {
	if len(b) == 0 || bytes.IndexByte(b, 0) != len(b)-1 || !utf8.Valid(b) {
		return "", false
	}
	return string(b[:len(b)-1]), true
}

func (v Value) not(what string) error {
	return fmt.Errorf("gvdb: value of type %q is no %s: %w", v.typ, what, ErrType)
}

func (v Value) abnormal() error {
	return malformed(fmt.Sprintf("value of type %q is not in normal form", v.typ))
}
