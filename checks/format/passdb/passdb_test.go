package passdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// user packs a record as Samba does: flags, when the account ends, and how long its hash
// is.
func user(flags, ends uint32, hash int) []byte {
	var b bytes.Buffer
	number := func(n uint32) { _ = binary.Write(&b, binary.LittleEndian, n) }
	for i := range 7 {
		number(map[bool]uint32{true: ends, false: 0x7fffffff}[i == 2])
	}
	for i := range 12 {
		text := strings.Repeat("x", i%3)
		number(uint32(len(text)))
		b.WriteString(text)
	}
	number(1000)
	number(513)
	for _, n := range []int{0, hash, 0} {
		number(uint32(n))
		b.Write(bytes.Repeat([]byte{0xAA}, n))
	}
	number(flags)
	b.WriteString("the rest is not read")
	return b.Bytes()
}

type record struct {
	key  string
	data []byte
}

// database writes a TDB file with two chains, over which records go by turns.
func database(order binary.ByteOrder, list ...record) []byte {
	b := make([]byte, offsetHeads+8)
	copy(b, tdbMagic)
	order.PutUint32(b[offsetVersion:], tdbVersion)
	order.PutUint32(b[offsetBuckets:], 2)
	for i, r := range list {
		head := offsetHeads + 4*(i%2)
		at := len(b)
		var h [recordSize]byte
		order.PutUint32(h[0:], order.Uint32(b[head:]))
		order.PutUint32(h[4:], uint32(len(r.key)+len(r.data)))
		order.PutUint32(h[8:], uint32(len(r.key)))
		order.PutUint32(h[12:], uint32(len(r.data)))
		order.PutUint32(h[20:], recordMagic)
		b = append(append(append(b, h[:]...), r.key...), r.data...)
		order.PutUint32(b[head:], uint32(at))
	}
	return b
}

func version(n byte) record { return record{"INFO/version\x00", []byte{n, 0, 0, 0}} }

func sample(order binary.ByteOrder) []byte {
	return database(order, version(4), record{"NEXT_RID\x00", []byte{1, 0, 0, 0}},
		record{"USER_ana\x00", user(acbNormal, 0x7fffffff, 16)},
		record{"USER_luis\x00", user(acbNormal|acbDisabled, 0, 16)},
		record{"RID_000003e8\x00", []byte("ana\x00")},
		record{"USER_eva\x00", user(acbNormal, uint32(now.Unix()-60), 16)},
		record{"USER_pc-07$\x00", user(1<<7, 0, 16)},
		record{"USER_nueva\x00", user(acbNormal, 0, 0)},
		record{"USER_kiosco\x00", user(acbNormal|acbNoPassword, 0, 0)},
	)
}

func TestParseTDB(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		got, err := ParseTDB(sample(order))
		if err != nil {
			t.Fatal(err)
		}
		open := map[string]bool{}
		for _, a := range got {
			open[a.Name] = a.Open(now)
		}
		want := map[string]bool{"ana": true, "luis": false, "eva": false, "nueva": false, "kiosco": true}
		if diff := cmp.Diff(want, open); diff != "" {
			t.Errorf("%v (-want +got)\n%s", order, diff)
		}
	}
}

func TestParseTDBRefuses(t *testing.T) {
	good := sample(binary.LittleEndian)
	change := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	circle := database(binary.LittleEndian, version(4))
	binary.LittleEndian.PutUint32(circle[offsetHeads+8:], offsetHeads+8)
	for name, row := range map[string]struct {
		b    []byte
		want error
	}{
		"empty":                      {nil, ErrDamaged},
		"another file":               {[]byte(strings.Repeat("x", 500)), ErrDamaged},
		"cut short":                  {good[:len(good)-300], ErrDamaged},
		"another version of TDB":     {change(offsetVersion, 1, 2, 3, 4), ErrDamaged},
		"more chains than there are": {change(offsetBuckets, 0xff, 0xff, 0xff, 0xff), ErrDamaged},
		"a chain that leads nowhere": {change(offsetHeads, 0xf0, 0xff, 0xff, 0xff), ErrDamaged},
		"a chain in a circle":        {circle, ErrDamaged},
		"with mutexes":               {change(offsetFeatures, 1), ErrVersion},
		"accounts of Samba 3.0":      {database(binary.LittleEndian, version(2), record{"USER_ana\x00", user(acbNormal, 0, 16)}), ErrVersion},
		"an account cut short":       {database(binary.LittleEndian, version(4), record{"USER_ana\x00", user(acbNormal, 0, 16)[:60]}), ErrDamaged},
		"too large":                  {make([]byte, MaxSize+1), ErrTooLarge},
	} {
		if _, err := ParseTDB(row.b); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
	if got, err := ParseTDB(database(binary.LittleEndian)); len(got) > 0 || err != nil {
		t.Errorf("no records: got %v, %v", got, err)
	}
	deleted := database(binary.LittleEndian, record{"USER_ana\x00", user(acbNormal, 0, 16)})
	binary.LittleEndian.PutUint32(deleted[offsetHeads+8+20:], 0xd9fee666)
	if got, err := ParseTDB(deleted); len(got) > 0 || err != nil {
		t.Errorf("a deleted record: got %v, %v", got, err)
	}
}

func TestParseSmbpasswd(t *testing.T) {
	const hash = "0123456789ABCDEF0123456789ABCDEF"
	got, err := ParseSmbpasswd([]byte("# comment\nana:1000:" + strings.Repeat("X", 32) + ":" + hash + ":[U          ]:LCT-6B02D0E0:\n" +
		"luis:1001:" + hash + ":" + hash + ":[DU         ]:LCT-6B02D0E0:\nnueva:1002:x:" + strings.Repeat("X", 32) + ":[U ]:LCT-0:\n" +
		"kiosco:1003:x:NO PASSWORD" + strings.Repeat("X", 21) + ":[NU ]:LCT-0:\npc$:1004:x:" + hash + ":[W ]:LCT-0:\n" +
		"no:uid:x:" + hash + ":[U ]:\nshort:1\n:5:x:" + hash + ":[U ]\nopen:6:x:" + hash + ":[U \n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Account{{Name: "ana", Password: true}, {Name: "luis", Disabled: true, Password: true}, {Name: "nueva"}, {Name: "kiosco", Password: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := ParseSmbpasswd(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample(binary.LittleEndian))
	f.Add(sample(binary.BigEndian))
	f.Add([]byte("ana:1:x:y:[U]:LCT-0:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		accounts, _ := ParseTDB(b)
		lines, _ := ParseSmbpasswd(b)
		for _, a := range append(accounts, lines...) {
			if len(a.Name) > len(b) {
				t.Errorf("a name longer than the file")
			}
		}
	})
}
