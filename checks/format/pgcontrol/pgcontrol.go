// Package pgcontrol reads global/pg_control, the file in which a PostgreSQL server notes
// how far its log was written and when it last brought its tables up to it.
//
// It reads bytes of one file and nothing of a database. A file of an unknown version, or
// one that does not agree with its checksum, is an error: its fields move from version to
// version (src/include/catalog/pg_control.h).
package pgcontrol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Size is how many bytes of the file are read at most.
const Size = 8192

// State is what the server last said of itself (enum DBState).
type State uint32

// The states that matter here.
const (
	ShutDown State = 1
	Running  State = 6
)

// Control is what the file says.
type Control struct {
	Version uint32 // pg_control_version: 1300 for PostgreSQL 13 to 16
	State   State
	// Checkpoint is the place in the log (LSN) of the last checkpoint, and Time when it
	// was made. A running server makes one within checkpoint_timeout, which is at most a
	// day, after anything is written, and none while nothing is.
	Checkpoint uint64
	Time       time.Time
}

// LSN writes a place in the log as PostgreSQL does.
func LSN(place uint64) string { return fmt.Sprintf("%X/%X", place>>32, uint32(place)) }

// Errors of Parse.
var (
	ErrVersion = errors.New("a version of pg_control that is not known")
	ErrDamaged = errors.New("pg_control does not agree with its checksum")
)

// Places of the fields. Those up to the checkpoint have not moved since PostgreSQL 9.
const (
	atVersion    = 8
	atState      = 16
	atCheckpoint = 32
)

// Parse reads the file of a server of the same byte order as Intel's, PostgreSQL 9.5 to 18.
func Parse(b []byte) (Control, error) {
	if len(b) < 296 {
		return Control{}, ErrDamaged
	}
	le := binary.LittleEndian
	c := Control{Version: le.Uint32(b[atVersion:]), State: State(le.Uint32(b[atState:])), Checkpoint: le.Uint64(b[atCheckpoint:])}
	var at int // of the time in the copy of the checkpoint
	switch c.Version {
	case 942, 960, 1002: // 9.5, 9.6, 10: with the place of the checkpoint before
		at = 48 + 56
	case 1100: // 11
		at = 40 + 56
	case 1201, 1300, 1700, 1800: // 12, 13 to 16, 17, 18: with numbers of transactions of 64 bits
		at = 40 + 64
	default:
		return Control{}, fmt.Errorf("%w: %d", ErrVersion, c.Version)
	}
	if !summed(b) {
		return Control{}, ErrDamaged
	}
	c.Time = time.Unix(int64(le.Uint64(b[at:])), 0).UTC()
	return c, nil
}

// summed looks for the CRC-32C that ends the fields: where it stands differs between
// versions and builds, and it can be nowhere else by chance.
func summed(b []byte) bool {
	table := crc32.MakeTable(crc32.Castagnoli)
	const first, last = 200, 400
	for at := first; at <= last && at+4 <= len(b); at += 4 {
		if crc32.Checksum(b[:at], table) == binary.LittleEndian.Uint32(b[at:]) {
			return true
		}
	}
	return false
}
