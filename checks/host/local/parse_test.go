package local

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/format/hive/hivetest"
	"vigia/checks/host"
)

func utf16LE(s string) []byte { return hivetest.UTF16(s) }

func TestRegistryValue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind uint32
		data []byte
		want host.RegistryValue
	}{
		{"string", regSZ, utf16LE("900\x00"), host.RegistryValue{Kind: host.RegistryString, String: "900"}},
		{"expand", regExpandSZ, utf16LE("%windir%\x00"), host.RegistryValue{Kind: host.RegistryString, String: "%windir%"}},
		{"without NUL", regSZ, utf16LE("año"), host.RegistryValue{Kind: host.RegistryString, String: "año"}},
		{"rubbish after NUL", regSZ, utf16LE("1\x00x"), host.RegistryValue{Kind: host.RegistryString, String: "1"}},
		{"odd length", regSZ, []byte{'1', 0, '2'}, host.RegistryValue{Kind: host.RegistryString, String: "1"}},
		{"empty", regSZ, nil, host.RegistryValue{Kind: host.RegistryString}},
		{"dword", regDWORD, []byte{0x84, 3, 0, 0}, host.RegistryValue{Kind: host.RegistryInteger, Integer: 900}},
		{"big endian", regDWORDBigEndian, []byte{0, 0, 3, 0x84}, host.RegistryValue{Kind: host.RegistryInteger, Integer: 900}},
		{"qword", regQWORD, []byte{1, 0, 0, 0, 0, 0, 0, 0x80}, host.RegistryValue{Kind: host.RegistryInteger, Integer: 1<<63 + 1}},
		{"short dword", regDWORD, []byte{1}, host.RegistryValue{Kind: host.RegistryBinary, Binary: []byte{1}}},
		{"list", regMultiSZ, utf16LE("a\x00b\x00\x00"), host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"a", "b"}}},
		{"list without end", regMultiSZ, utf16LE("a\x00b"), host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"a", "b"}}},
		{"empty list", regMultiSZ, utf16LE("\x00"), host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{}}},
		{"other", 3, []byte{1, 2}, host.RegistryValue{Kind: host.RegistryBinary, Binary: []byte{1, 2}}},
	} {
		if diff := cmp.Diff(tt.want, registryValue(tt.kind, tt.data)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestSplitKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, root, path string }{
		{`HKLM\SOFTWARE\Microsoft`, "HKLM", `SOFTWARE\Microsoft`},
		{`hklm\SOFTWARE`, "HKLM", "SOFTWARE"},
		{"HKU", "HKU", ""},
		{`HKU\S-1-5-18\Software`, "HKU", `S-1-5-18\Software`},
		{`HKCU\Software`, "", ""},
		{`HKLM\SOFTWARE\`, "", ""},
		{"HKLM\\a\x00b", "", ""},
		{"", "", ""},
	} {
		root, path, err := splitKey(tt.key)
		if root != tt.root || path != tt.path || (err == nil) != (tt.root != "") {
			t.Errorf("%q: got %q, %q, %v", tt.key, root, path, err)
		}
	}
}

// smbiosTable builds structures the way firmware does.
func smbiosTable(structures ...[]byte) []byte {
	var table []byte
	for _, s := range structures {
		table = append(table, s...)
	}
	head := make([]byte, 8)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(table)))
	return append(head, table...)
}

func smbiosVersion(major, minor byte, structures ...[]byte) []byte {
	raw := smbiosTable(structures...)
	raw[1], raw[2] = major, minor
	return raw
}

func smbiosStructure(kind byte, fixed []byte, strs ...string) []byte {
	s := append([]byte{kind, byte(4 + len(fixed)), 0, 0}, fixed...)
	for _, str := range strs {
		s = append(append(s, str...), 0)
	}
	if len(strs) == 0 {
		s = append(s, 0)
	}
	return append(s, 0)
}

func TestParseSMBIOS(t *testing.T) {
	t.Parallel()
	system := smbiosStructure(1, []byte{1, 2, 0, 3}, "Dell Inc.", "OptiPlex 7090", " 8XK2LM3 ")
	chassis := smbiosStructure(3, []byte{1, 0x80 | 9}, "Dell Inc.")
	system24 := smbiosStructure(1, append([]byte{1, 0, 0, 2},
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff), "HP", "S1")
	board := smbiosStructure(2, []byte{0, 0, 0, 1}, "B7")
	end := smbiosStructure(127, nil)
	full := smbiosFacts{vendor: "Dell Inc.", model: "OptiPlex 7090", serial: "8XK2LM3", chassis: 9}
	for _, tt := range []struct {
		name string
		raw  []byte
		want smbiosFacts
		err  error
	}{
		{"whole", smbiosTable(smbiosStructure(0, nil), system, chassis, end), full, nil},
		{"a UUID and a board", smbiosVersion(3, 2, system24, board, end), smbiosFacts{vendor: "HP", serial: "S1", board: "B7", uuid: "33221100-5544-7766-8899-aabbccddeeff"}, nil},
		{"a UUID as it was written before 2.6", smbiosVersion(2, 5, system24, end), smbiosFacts{vendor: "HP", serial: "S1", uuid: "00112233-4455-6677-8899-aabbccddeeff"}, nil},
		{"without end", smbiosTable(system, chassis), full, nil},
		{"nothing after the end", smbiosTable(end, system), smbiosFacts{}, nil},
		{"string number beyond the strings", smbiosTable(smbiosStructure(1, []byte{9, 1, 0, 0}, "x"), end), smbiosFacts{model: "x"}, nil},
		{"cut", smbiosTable(system, chassis[:4]), smbiosFacts{vendor: full.vendor, model: full.model, serial: full.serial}, errSMBIOS},
		{"structure of no length", smbiosTable([]byte{1, 0, 0, 0, 0, 0}), smbiosFacts{}, errSMBIOS},
		{"too short", []byte{1, 2}, smbiosFacts{}, errSMBIOS},
	} {
		got, err := parseSMBIOS(tt.raw)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// storageDescriptor is an answer as ntddstor.h lays it out.
func storageDescriptor(bus uint32, removable byte, vendor, product, serial string) []byte {
	b := make([]byte, 40)
	b[10] = removable
	binary.LittleEndian.PutUint32(b[28:], bus)
	for at, text := range map[int]string{12: vendor, 16: product, 24: serial} {
		if text != "" {
			binary.LittleEndian.PutUint32(b[at:], uint32(len(b)))
			b = append(append(b, text...), 0)
		}
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	return b
}

func TestParseStorageDescriptor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		raw  []byte
		want storageFacts
		err  error
	}{
		{"nvme", storageDescriptor(17, 0, "", "KXG60ZNV512G ", " 0025_3883 "), storageFacts{model: "KXG60ZNV512G", serial: "0025_3883"}, nil},
		{"usb disk called fixed", storageDescriptor(busTypeUSB, 0, "WD", "My Passport", "WX1"), storageFacts{model: "WD My Passport", serial: "WX1", removable: true}, nil},
		{"removable medium", storageDescriptor(2, 1, "", "Card", ""), storageFacts{model: "Card", removable: true}, nil},
		{"short", make([]byte, 35), storageFacts{}, errStorageDescriptor},
	} {
		got, err := parseStorageDescriptor(tt.raw)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	bad := storageDescriptor(17, 0, "", "x", "")
	binary.LittleEndian.PutUint32(bad[16:], 1<<31)
	if got, err := parseStorageDescriptor(bad); err != nil || got.model != "" {
		t.Errorf("offset beyond the answer: got %+v, %v", got, err)
	}
}

func FuzzFirmware(f *testing.F) {
	f.Add(smbiosTable(smbiosStructure(1, []byte{1, 2, 0, 3}, "a", "b", "c")))
	f.Add(storageDescriptor(7, 1, "a", "b", "c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = parseSMBIOS(b)
		_, _ = parseStorageDescriptor(b)
	})
}

func FuzzRegistryValue(f *testing.F) {
	f.Add(uint32(regMultiSZ), utf16LE("a\x00b\x00\x00"))
	f.Fuzz(func(t *testing.T, kind uint32, data []byte) {
		v := registryValue(kind, data)
		if v.Kind == host.RegistryString && strings.ContainsRune(v.String, 0) {
			t.Errorf("NUL in %q", v.String)
		}
	})
}

func TestHives(t *testing.T) {
	t.Parallel()
	profile := func(timeout string) []byte {
		return hivetest.Build(hivetest.Key{Name: "root", Subkeys: []hivetest.Key{
			{Name: "Control Panel", Subkeys: []hivetest.Key{{Name: "Desktop", Values: []hivetest.Value{
				hivetest.SZ("ScreenSaveTimeOut", timeout), hivetest.DWORD("n", 7),
			}}}},
		}})
	}
	file := filepath.Join(t.TempDir(), "NTUSER.DAT")
	if err := os.WriteFile(file, profile("600"), 0o600); err != nil {
		t.Fatal(err)
	}
	reads := 0
	counting := countingFiles{files{liveTree{}}, &reads}
	var h hives
	timeout := func() string {
		t.Helper()
		opened, err := h.open(t.Context(), counting, file)
		if err != nil {
			t.Fatal(err)
		}
		v, err := hiveValue(opened, `control panel\DESKTOP`, "screensavetimeout")
		if err != nil {
			t.Fatal(err)
		}
		return v.String
	}
	if got := timeout() + timeout(); got != "600600" || reads != 1 {
		t.Errorf("got %s with %d reads, want 600 twice with one", got, reads)
	}
	if err := os.WriteFile(file, profile("900"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := timeout(); got != "900" {
		t.Errorf("changed file: got %s, want 900", got)
	}
	opened, err := h.open(t.Context(), counting, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hiveValue(opened, `Control Panel\Desktop`, "absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent value: got %v", err)
	}
	if got, err := hiveSubkeys(opened, ""); err != nil || len(got) != 1 || got[0] != "Control Panel" {
		t.Errorf("subkeys: got %v, %v", got, err)
	}
	if got, err := hiveValues(opened, `Control Panel\Desktop`); err != nil || !slices.Equal(got, []string{"ScreenSaveTimeOut", "n"}) {
		t.Errorf("values: got %v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("not a hive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.open(t.Context(), counting, file); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("damaged hive: got %v, want an error other than absence", err)
	}
}

func TestWakeRequestsOfAnExecutionState(t *testing.T) {
	t.Parallel()
	display, sleep := host.WakeRequest{What: "display"}, host.WakeRequest{What: "sleep"}
	for state, want := range map[uint32][]host.WakeRequest{
		0: {}, 4: {}, 2: {display}, 1: {sleep}, 0x80000003: {display, sleep}, 0x40: {},
	} {
		if got := wakeRequests(state); !cmp.Equal(got, want) {
			t.Errorf("%#x: got %v, want %v", state, got, want)
		}
	}
}

// The profile on a share that does not answer holds up no other.
func TestHivesOfOthersAreAtHand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "NTUSER.DAT")
	if err := os.WriteFile(file, []byte("not a hive"), 0o600); err != nil {
		t.Fatal(err)
	}
	asked, answer := make(chan struct{}), make(chan struct{})
	hanging := hangingFiles{files{liveTree{}}, "on the share", asked, answer}
	var h hives
	done := make(chan error)
	go func() {
		_, err := h.open(t.Context(), hanging, "on the share")
		done <- err
	}()
	<-asked
	if _, err := h.open(t.Context(), hanging, file); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the other: got %v, want that it is damaged", err)
	}
	close(answer)
	if err := <-done; err == nil {
		t.Error("the one on the share was read")
	}
}

// hangingFiles does not answer for one name until it is told to.
type hangingFiles struct {
	host.Files
	name          string
	asked, answer chan struct{}
}

func (f hangingFiles) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	if name == f.name {
		close(f.asked)
		<-f.answer
		return host.FileInfo{}, fs.ErrNotExist
	}
	return f.Files.Stat(ctx, name)
}

func TestHivesAreBounded(t *testing.T) {
	t.Parallel()
	var h hives
	for _, size := range []int64{40 << 20, 20 << 20, 10 << 20, 100 << 20, 1 << 20} {
		h.kept = append(h.kept, keptHive{size: size})
		h.drop()
	}
	var got []int64
	for _, k := range h.kept {
		got = append(got, k.size>>20)
	}
	if want := []int64{1}; !cmp.Equal(got, want) {
		t.Errorf("kept %v MiB, want %v", got, want)
	}
}

type countingFiles struct {
	host.Files
	reads *int
}

func (c countingFiles) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	*c.reads++
	return c.Files.ReadFile(ctx, name, limit)
}
