package passdb

import (
	"bytes"
	"encoding/binary"
)

// The layout of a TDB file: a header, the heads of the list of free records and of the
// chains that keys are spread over by a hash, then the records.
const (
	tdbMagic   = "TDB file\n"
	tdbVersion = 0x26011967 + 6

	offsetVersion  = 32
	offsetBuckets  = 36
	offsetFeatures = 60
	offsetHeads    = 172

	recordSize   = 24
	recordMagic  = 0x26011999
	featureMutex = 1
)

// records hands over each record, and returns what the record INFO/version holds. The
// order of bytes is that of the machine that made the file.
func records(b []byte, visit func(key, data []byte) error) (version uint32, err error) {
	if len(b) > MaxSize {
		return 0, ErrTooLarge
	}
	if len(b) < offsetHeads || !bytes.HasPrefix(b, []byte(tdbMagic)) {
		return 0, ErrDamaged
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b[offsetVersion:]) != tdbVersion {
		order = binary.BigEndian
	}
	buckets := order.Uint32(b[offsetBuckets:])
	switch {
	case order.Uint32(b[offsetVersion:]) != tdbVersion:
		return 0, ErrDamaged
	case order.Uint32(b[offsetFeatures:])&featureMutex != 0:
		return 0, ErrVersion // all offsets are others then; Samba never makes this file so
	case uint64(buckets) > uint64(len(b)-offsetHeads)/4:
		return 0, ErrDamaged
	}
	left := len(b)/recordSize + 1 // more records there cannot be: a chain leads in a circle
	for i := range int(buckets) {
		at := order.Uint32(b[offsetHeads+4*i:])
		for at != 0 {
			if left--; left < 0 || uint64(at)+recordSize > uint64(len(b)) {
				return version, ErrDamaged
			}
			head := b[at : at+recordSize]
			next, keySize, dataSize := order.Uint32(head), uint64(order.Uint32(head[8:])), uint64(order.Uint32(head[12:]))
			begin := uint64(at) + recordSize
			if begin+keySize+dataSize > uint64(len(b)) {
				return version, ErrDamaged
			}
			if order.Uint32(head[20:]) == recordMagic { // else it was deleted
				key, data := b[begin:begin+keySize], b[begin+keySize:begin+keySize+dataSize]
				if string(key) == "INFO/version\x00" && len(data) == 4 {
					version = binary.LittleEndian.Uint32(data)
				}
				if err := visit(key, data); err != nil {
					return version, err
				}
			}
			at = next
		}
	}
	return version, nil
}
