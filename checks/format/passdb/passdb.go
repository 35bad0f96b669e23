// Package passdb reads the accounts that Samba keeps for itself: passdb.tdb, a database
// of TDB (tdbsam, what Samba uses by default), and smbpasswd(5).
//
// It tells whether an account is open, and until when. Hashes of passwords stand in the
// same records: only whether there is one is looked at, and nothing of them is kept.
// Errors quote nothing of a record. It imports nothing of ours.
package passdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits on input.
const (
	MaxSize = 32 << 20 // bytes of one file

	maxAccounts = 50_000
)

var (
	// ErrTooLarge is wrapped by the error for a file beyond the limits.
	ErrTooLarge = errors.New("larger than this reader accepts")
	// ErrDamaged is wrapped by the error for what does not follow the format, such as
	// a database that was read while Samba wrote to it.
	ErrDamaged = errors.New("damaged")
	// ErrVersion is wrapped by the error for accounts as Samba before 3.4 wrote them.
	ErrVersion = errors.New("of a version that is not known")
)

// Account is an account of a person. Those of machines and domains are left out.
type Account struct {
	Name     string
	Disabled bool
	// Password: it has one, or needs none. Without it nobody gets in.
	Password bool
	// Until is when it closes by itself, zero for never.
	Until time.Time
}

// Open tells whether somebody can get in with the account.
func (a Account) Open(at time.Time) bool {
	return !a.Disabled && a.Password && (a.Until.IsZero() || a.Until.After(at))
}

// The ACB_* bits of an account ([MS-SAMR] 2.2.1.12).
const (
	acbDisabled   = 1 << 0
	acbNoPassword = 1 << 2
	acbNormal     = 1 << 4
)

const (
	userPrefix = "USER_"
	// endless is the first time that stands for none, in seconds since 1970.
	endless = 0x7c00_0000
)

// ParseTDB reads passdb.tdb. What could be read is returned beside an error.
func ParseTDB(b []byte) ([]Account, error) {
	var out []Account
	var bad error
	version, err := records(b, func(key, data []byte) error {
		name, ok := bytes.CutPrefix(key, []byte(userPrefix))
		if !ok {
			return nil
		}
		if len(out) >= maxAccounts {
			return ErrTooLarge
		}
		a, person, err := account(data)
		if err != nil {
			bad = err
			return nil //nolint:nilerr // the others are told all the same
		}
		if person {
			a.Name = strings.Clone(string(bytes.TrimRight(name, "\x00")))
			out = append(out, a)
		}
		return nil
	})
	switch {
	case err != nil:
		return out, fmt.Errorf("passdb.tdb: %w", err)
	case bad != nil:
		return out, fmt.Errorf("account in passdb.tdb: %w", bad)
	case len(out) > 0 && version != 3 && version != 4:
		return nil, fmt.Errorf("passdb.tdb: %w", ErrVersion)
	}
	return out, nil
}

// account reads one record of tdbsam, of version 3 or 4: seven times, twelve texts, two
// numbers, three secrets, and then what the account may. Numbers are of four bytes, the
// rest is preceded by its length.
func account(data []byte) (a Account, person bool, err error) {
	f := fields{b: data}
	for i := range 7 {
		n := f.number()
		// The third is the time of the end. For none it is the largest that Samba knew,
		// in 2036 or 2038.
		if i == 2 && n != 0 && n < endless {
			a.Until = time.Unix(int64(n), 0).UTC()
		}
	}
	for range 12 {
		f.skip()
	}
	f.number() // the number of the account
	f.number() // of its group
	f.skip()   // the hash of LAN Manager
	password := f.skip()
	f.skip() // former hashes
	flags := f.number()
	if f.short {
		return Account{}, false, ErrDamaged
	}
	a.Disabled = flags&acbDisabled != 0
	a.Password = password > 0 || flags&acbNoPassword != 0
	return a, flags&acbNormal != 0, nil
}

// fields takes a record apart.
type fields struct {
	b     []byte
	short bool // the record ended before
}

func (f *fields) number() uint32 {
	if len(f.b) < 4 {
		f.b, f.short = nil, true
		return 0
	}
	n := binary.LittleEndian.Uint32(f.b)
	f.b = f.b[4:]
	return n
}

// skip passes something with its length before it, and returns that.
func (f *fields) skip() int {
	n := f.number()
	if uint64(n) > uint64(len(f.b)) {
		f.b, f.short = nil, true
		return 0
	}
	f.b = f.b[n:]
	return int(n)
}

// ParseSmbpasswd reads smbpasswd(5): name, number, two hashes, flags in brackets and when
// the password was set, with colons between. Lines that are none are left out, as Samba
// does.
func ParseSmbpasswd(b []byte) ([]Account, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("smbpasswd: %w", ErrTooLarge)
	}
	var out []Account
	for raw := range bytes.Lines(b) {
		f := strings.Split(strings.TrimSpace(string(raw)), ":")
		if len(f) < 5 || f[0] == "" || f[0][0] == '#' {
			continue
		}
		if _, err := strconv.ParseUint(f[1], 10, 32); err != nil {
			continue
		}
		flags, _, closed := strings.Cut(strings.TrimPrefix(f[4], "["), "]")
		if !closed || !strings.HasPrefix(f[4], "[") || !strings.Contains(flags, "U") {
			continue
		}
		if len(out) >= maxAccounts {
			return out, fmt.Errorf("smbpasswd: %w", ErrTooLarge)
		}
		// X's or stars stand where there is no hash.
		hash := f[3] != "" && f[3][0] != 'X' && f[3][0] != '*' && !strings.HasPrefix(f[3], "NO PASSWORD")
		out = append(out, Account{
			Name: strings.Clone(f[0]), Disabled: strings.Contains(flags, "D"), Password: hash || strings.Contains(flags, "N"),
		})
	}
	return out, nil
}
