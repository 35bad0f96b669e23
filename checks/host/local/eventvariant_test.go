package local

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"vigia/checks/host"
)

// rendering builds what EvtRender writes. A value is a number with its type, or what a
// pointer leads to.
type rendering struct {
	kind  uint32
	value uint64
	bytes []byte
}

const renderBase = 0x10000

func rendered(pointer int, values ...rendering) renderedEvent {
	head := make([]byte, len(values)*variantWidth)
	var tail []byte
	le := binary.LittleEndian
	for i, v := range values {
		at := head[i*variantWidth:]
		if v.bytes != nil {
			v.value = renderBase + uint64(len(head)+len(tail))
			tail = append(tail, v.bytes...)
		}
		le.PutUint64(at, v.value)
		le.PutUint32(at[12:], v.kind)
	}
	if pointer == 4 { // whatever stands in the upper half of a pointer
		for i, v := range values {
			if v.bytes != nil {
				le.PutUint32(head[i*variantWidth+4:], 0xdeadbeef)
			}
		}
	}
	return renderedEvent{data: append(head, tail...), base: renderBase, pointer: pointer, count: len(values)}
}

func wide(s string) rendering {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return rendering{kind: variantString, bytes: b}
}

func failedLogon(data ...rendering) []rendering {
	return append([]rendering{
		{kind: variantUint16, value: 4625},
		wide("Microsoft-Windows-Security-Auditing"),
		{kind: variantFileTime, value: 133_766_208_000_000_000},
		{kind: variantUint64, value: 900123},
	}, data...)
}

func TestRenderedEvent(t *testing.T) {
	t.Parallel()
	q := host.EventQuery{
		Data:  []string{"TargetUserName", "SubStatus", "IpAddress", "LogonType", "TargetSid", "Guid", "Missing", "Ansi", "Flag", "Size"},
		Known: map[string][]string{"TargetUserName": {"usuario01"}},
	}
	data := []rendering{
		wide("USUARIO01"),
		{kind: variantHex32, value: 0xC000006A},
		wide("192.0.2.7"),
		{kind: variantUint32, value: 10},
		{kind: variantSID, bytes: []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0}},
		{kind: variantGUID, bytes: []byte{0x15, 0x92, 0xCE, 0x0C, 0xAE, 0x69, 0xD9, 0x11, 0xBE, 0xD3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30}},
		{},
		{kind: variantAnsi, bytes: []byte("texto\x00y otro")},
		{kind: variantBoolean, value: 1},
		{kind: variantSize, value: 0x1234},
	}
	want := host.Event{
		ID: 4625, Provider: "Microsoft-Windows-Security-Auditing", Record: 900123,
		Time: time.Date(2024, 11, 21, 0, 0, 0, 0, time.UTC),
		Data: map[string]string{
			"TargetUserName": "usuario01", "SubStatus": "0xc000006a", "IpAddress": "192.0.2.7", "LogonType": "10",
			"TargetSid": "S-1-5-32-544", "Guid": "{0CCE9215-69AE-11D9-BED3-505054503030}", "Ansi": "texto", "Flag": "true", "Size": "4660",
		},
	}
	for _, pointer := range []int{4, 8} {
		got, err := rendered(pointer, failedLogon(data...)...).event(q)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("pointers of %d bytes: got %+v, %v\nwant %+v", pointer, got, err, want)
		}
	}
}

// A password typed as a name does not leave the reading of the event.
func TestRenderedEventTellsKnownNamesOnly(t *testing.T) {
	t.Parallel()
	q := host.EventQuery{Data: []string{"TargetUserName"}, Known: map[string][]string{"TargetUserName": {"usuario01"}}}
	for _, typed := range []string{"Clave-Tecleada-01", "20051987", "usuario01 ", "usuario0", ""} {
		got, err := rendered(8, failedLogon(wide(typed))...).event(q)
		if err != nil || len(got.Data) != 0 {
			t.Errorf("%q: got %v, %v", typed, got.Data, err)
		}
	}
}

func TestRenderedEventDamage(t *testing.T) {
	t.Parallel()
	change := func(do func(r *renderedEvent)) renderedEvent {
		r := rendered(8, failedLogon(wide("192.0.2.7"))...)
		do(&r)
		return r
	}
	le := binary.LittleEndian
	at := renderData * variantWidth
	for name, r := range map[string]renderedEvent{
		"too few values":      change(func(r *renderedEvent) { r.count-- }),
		"cut":                 change(func(r *renderedEvent) { r.data = r.data[:20] }),
		"pointer before":      change(func(r *renderedEvent) { le.PutUint64(r.data[at:], 1) }),
		"pointer into values": change(func(r *renderedEvent) { le.PutUint64(r.data[at:], renderBase) }),
		"pointer behind":      change(func(r *renderedEvent) { le.PutUint64(r.data[at:], renderBase+1<<20) }),
		"SID cut":             change(func(r *renderedEvent) { le.PutUint32(r.data[at+12:], variantSID); r.data = r.data[:len(r.data)-19] }),
		"id is a text":        change(func(r *renderedEvent) { le.PutUint32(r.data[12:], variantString) }),
		"no time":             change(func(r *renderedEvent) { le.PutUint32(r.data[renderTime*variantWidth+12:], variantUint64) }),
		"before 1970":         change(func(r *renderedEvent) { le.PutUint64(r.data[renderTime*variantWidth:], 5) }),
	} {
		if e, err := r.event(host.EventQuery{Data: []string{"IpAddress"}}); !errors.Is(err, errVariant) {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
	}
}

func TestEventQueryText(t *testing.T) {
	t.Parallel()
	q := host.EventQuery{
		IDs: []uint32{4625, 4771}, Since: time.Date(2026, 11, 15, 0, 0, 0, 0, time.FixedZone("", -6*3600)),
		Data: []string{"IpAddress", "UserData/LogFileCleared/Channel"},
	}
	got, err := eventXPath(q)
	want := "*[System[(EventID=4625 or EventID=4771) and TimeCreated[@SystemTime>='2026-11-15T06:00:00.000Z']]]"
	if err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	paths, err := eventPaths(q)
	if err != nil || strings.Join(paths[renderData:], " ") != `Event/EventData/Data[@Name="IpAddress"] Event/UserData/LogFileCleared/Channel` {
		t.Errorf("got %v, %v", paths, err)
	}
	for _, name := range []string{"", `a"]/b`, "a b", "ñ"} {
		if _, err := eventPaths(host.EventQuery{Data: []string{name}}); err == nil {
			t.Errorf("field %q: no error", name)
		}
	}
	for _, n := range []int{0, maxEventIDs + 1} {
		if _, err := eventXPath(host.EventQuery{IDs: make([]uint32, n)}); err == nil {
			t.Errorf("%d ids: no error", n)
		}
	}
}

func FuzzRenderedEvent(f *testing.F) {
	f.Add(rendered(8, failedLogon(wide("192.0.2.7"), rendering{kind: variantSID, bytes: make([]byte, 16)})...).data, 8)
	f.Add(rendered(4, failedLogon(wide(""), rendering{kind: variantGUID, bytes: make([]byte, 16)})...).data, 4)
	f.Fuzz(func(t *testing.T, data []byte, pointer int) {
		q := host.EventQuery{Data: []string{"A", "B"}, Known: map[string][]string{"A": {"usuario01"}}}
		e, err := renderedEvent{data: data, base: renderBase, pointer: pointer, count: renderData + 2}.event(q)
		if err == nil && e.Data["A"] != "" && e.Data["A"] != "usuario01" {
			t.Errorf("an unknown name came out")
		}
	})
}
