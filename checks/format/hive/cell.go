package hive

import (
	"encoding/binary"
	"fmt"
	"time"
)

// cell reads up to want bytes of the content of a cell in use. Before the content
// is the cell's length, negative while it is in use.
func (h *Hive) cell(off uint32, want int) ([]byte, error) {
	if off%8 != 0 || off < 32 || int64(off)+8 > int64(h.bins) {
		return nil, malformed("cell is outside the hive")
	}
	var head [4]byte
	if err := readFull(h.r, head[:], baseSize+int64(off)); err != nil {
		return nil, fmt.Errorf("read cell: %w", err)
	}
	n := -int64(int32(binary.LittleEndian.Uint32(head[:])))
	switch {
	case n <= 0:
		return nil, malformed("cell is not in use")
	case n < 8 || int64(off)+n > int64(h.bins):
		return nil, malformed("cell ends outside the hive")
	}
	b := make([]byte, min(n-4, int64(want)))
	if err := readFull(h.r, b, baseSize+int64(off)+4); err != nil {
		return nil, fmt.Errorf("read cell: %w", err)
	}
	return b, nil
}

// A keyNode is a key ("nk" cell).
type keyNode struct {
	name     string
	modified time.Time

	subkeys    uint32 // how many
	subkeyList uint32
	values     uint32
	valueList  uint32
}

func (h *Hive) key(off uint32) (keyNode, error) {
	b, err := h.cell(off, 76+maxKeyName)
	if err != nil {
		return keyNode{}, err
	}
	if len(b) < 76 || string(b[:2]) != "nk" {
		return keyNode{}, malformed("cell is not a key")
	}
	le := binary.LittleEndian
	n := int(le.Uint16(b[72:]))
	if 76+n > len(b) {
		return keyNode{}, malformed("name of a key is cut short or too long")
	}
	name, err := decodeName(b[76:76+n], le.Uint16(b[2:])&latinKey != 0)
	if err != nil {
		return keyNode{}, err
	}
	return keyNode{
		name:       name,
		modified:   fileTime(le.Uint64(b[4:])),
		subkeys:    le.Uint32(b[20:]),
		subkeyList: le.Uint32(b[28:]),
		values:     le.Uint32(b[36:]),
		valueList:  le.Uint32(b[40:]),
	}, nil
}

// eachSubkey calls visit for the keys below k until it returns false.
func (h *Hive) eachSubkey(k keyNode, visit func(keyNode) bool) error {
	if k.subkeys == 0 {
		return nil
	}
	if k.subkeys > MaxSubkeys {
		return fmt.Errorf("hive: %d keys below one: %w", k.subkeys, ErrTooLarge)
	}
	offsets, err := h.subkeyOffsets(k.subkeyList, k.subkeys, true)
	if err != nil {
		return err
	}
	if uint32(len(offsets)) != k.subkeys {
		return malformed("key has another number of keys below it than it says")
	}
	names := 0
	for _, off := range offsets {
		sub, err := h.key(off)
		if err != nil {
			return err
		}
		if names += len(sub.name); names > maxNames {
			return fmt.Errorf("hive: names of the keys below one: %w", ErrTooLarge)
		}
		if !visit(sub) {
			return nil
		}
	}
	return nil
}

// subkeyOffsets reads a list of keys: of one level ("lf" and "lh" with hashes,
// which are not needed, "li" without), or an index ("ri") of such lists. It
// returns at most limit offsets and is an error beyond.
func (h *Hive) subkeyOffsets(list, limit uint32, index bool) ([]uint32, error) {
	head, err := h.cell(list, 4) // a cell holds no less
	if err != nil {
		return nil, err
	}
	width := 4
	kind := string(head[:2])
	switch kind {
	case "lf", "lh":
		width = 8
	case "li":
	case "ri":
		if !index {
			return nil, malformed("index of lists within another")
		}
	default:
		return nil, malformed("cell is not a list of keys")
	}
	n := int(binary.LittleEndian.Uint16(head[2:]))
	b, err := h.cell(list, 4+n*width)
	if err != nil {
		return nil, err
	}
	if len(b) < 4+n*width {
		return nil, malformed("list of keys is cut short")
	}
	var out []uint32
	for i := range n {
		off := binary.LittleEndian.Uint32(b[4+i*width:])
		if kind != "ri" {
			out = append(out, off)
			continue
		}
		sub, err := h.subkeyOffsets(off, limit, false)
		if err != nil {
			return nil, err
		}
		if out = append(out, sub...); uint32(len(out)) > limit {
			break
		}
	}
	if uint32(len(out)) > limit {
		return nil, malformed("key has more keys below it than it says")
	}
	return out, nil
}

// A valueNode is a value ("vk" cell) without its data.
type valueNode struct {
	name string
	kind Type
	size uint32 // with the inline bit
	data [4]byte
}

// eachValue calls visit for the values of k until it returns false.
func (h *Hive) eachValue(k keyNode, visit func(valueNode) bool) error {
	if k.values == 0 {
		return nil
	}
	if k.values > MaxValues {
		return fmt.Errorf("hive: %d values of one key: %w", k.values, ErrTooLarge)
	}
	list, err := h.cell(k.valueList, 4*int(k.values))
	if err != nil {
		return err
	}
	if len(list) < 4*int(k.values) {
		return malformed("list of values is cut short")
	}
	names := 0
	for i := range int(k.values) {
		v, err := h.value(binary.LittleEndian.Uint32(list[4*i:]))
		if err != nil {
			return err
		}
		if names += len(v.name); names > maxNames {
			return fmt.Errorf("hive: names of the values of a key: %w", ErrTooLarge)
		}
		if !visit(v) {
			return nil
		}
	}
	return nil
}

func (h *Hive) value(off uint32) (valueNode, error) {
	b, err := h.cell(off, 20)
	if err != nil {
		return valueNode{}, err
	}
	if len(b) < 20 || string(b[:2]) != "vk" {
		return valueNode{}, malformed("cell is not a value")
	}
	le := binary.LittleEndian
	n := int(le.Uint16(b[2:]))
	full, err := h.cell(off, 20+n)
	if err != nil {
		return valueNode{}, err
	}
	if len(full) < 20+n {
		return valueNode{}, malformed("name of a value is cut short")
	}
	name, err := decodeName(full[20:], le.Uint16(b[16:])&latinVal != 0)
	if err != nil {
		return valueNode{}, err
	}
	return valueNode{name: name, kind: Type(le.Uint32(b[12:])), size: le.Uint32(b[4:]), data: [4]byte(b[8:12])}, nil
}

// data reads the data of a value: within the value itself, in a cell, or in the
// segments of a "db" cell.
func (h *Hive) data(v valueNode) ([]byte, error) {
	size := int(v.size &^ inline)
	off := binary.LittleEndian.Uint32(v.data[:])
	switch {
	case v.size&inline != 0 && size <= 4:
		return append([]byte{}, v.data[:size]...), nil
	case v.size&inline != 0:
		return nil, malformed("data within a value is longer than it")
	case size == 0:
		return []byte{}, nil
	case size > MaxData:
		return nil, fmt.Errorf("hive: value of %d bytes: %w", size, ErrTooLarge)
	case size > bigData && h.minor > 3:
		return h.segments(off, size)
	}
	b, err := h.cell(off, size)
	if err == nil && len(b) < size {
		err = malformed("data of a value is cut short")
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (h *Hive) segments(off uint32, size int) ([]byte, error) {
	b, err := h.cell(off, 8)
	if err != nil {
		return nil, err
	}
	if len(b) < 8 || string(b[:2]) != "db" {
		return nil, malformed("cell is not the segments of a value")
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n != (size+bigData-1)/bigData {
		return nil, malformed("value has another number of segments than its size asks")
	}
	list, err := h.cell(binary.LittleEndian.Uint32(b[4:]), 4*n)
	if err != nil {
		return nil, err
	}
	if len(list) < 4*n {
		return nil, malformed("list of segments is cut short")
	}
	out := make([]byte, 0, size)
	for i := range n {
		want := min(bigData, size-len(out))
		seg, err := h.cell(binary.LittleEndian.Uint32(list[4*i:]), want)
		if err != nil {
			return nil, err
		}
		if len(seg) < want {
			return nil, malformed("segment of a value is cut short")
		}
		out = append(out, seg...)
	}
	return out, nil
}
