package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"vigia/checks/host"
)

// Types of an EVT_VARIANT (winevt.h) that events are made of.
const (
	variantString   = 1
	variantAnsi     = 2
	variantInt8     = 3
	variantUint8    = 4
	variantInt16    = 5
	variantUint16   = 6
	variantInt32    = 7
	variantUint32   = 8
	variantInt64    = 9
	variantUint64   = 10
	variantBoolean  = 13
	variantGUID     = 15
	variantSize     = 16
	variantFileTime = 17
	variantSID      = 19
	variantHex32    = 20
	variantHex64    = 21
)

const (
	variantWidth = 16 // union of 8 bytes, count, type; the same on 32-bit systems
	maxVariant   = 4096
)

var errVariant = errors.New("values of an event that make no sense")

// renderedEvent is what EvtRender wrote for one event: an array of EVT_VARIANT and behind
// it the texts and SIDs to which they point.
type renderedEvent struct {
	data []byte
	// base is the address at which data begins; pointers are resolved against it, so
	// that none leads out of data.
	base uint64
	// pointers are 4 bytes wide on 32-bit systems, else 8.
	pointer int
	count   int
}

// The values asked for before those of the event's data.
const (
	renderID = iota
	renderProvider
	renderTime
	renderRecord
	renderData
)

// event reads the values that eventPaths asked for.
func (r renderedEvent) event(q host.EventQuery) (host.Event, error) {
	if r.count != renderData+len(q.Data) || r.count*variantWidth > len(r.data) {
		return host.Event{}, errVariant
	}
	var e host.Event
	id, err := r.number(renderID)
	if err != nil {
		return host.Event{}, fmt.Errorf("event id: %w", err)
	}
	e.ID = uint32(id)
	if e.Record, err = r.number(renderRecord); err != nil {
		return host.Event{}, fmt.Errorf("record number: %w", err)
	}
	provider, _, err := r.text(renderProvider)
	if err != nil {
		return host.Event{}, fmt.Errorf("provider: %w", err)
	}
	e.Provider = provider
	if e.Time, err = r.time(renderTime); err != nil {
		return host.Event{}, fmt.Errorf("time: %w", err)
	}
	for i, name := range q.Data {
		value, ok, err := r.text(renderData + i)
		if err != nil {
			return host.Event{}, fmt.Errorf("field %s: %w", name, err)
		}
		if !ok {
			continue
		}
		if value, ok = q.Told(name, value); ok {
			if e.Data == nil {
				e.Data = make(map[string]string)
			}
			e.Data[name] = value
		}
	}
	return e, nil
}

// variant returns the parts of the i-th value.
func (r renderedEvent) variant(i int) (union []byte, kind uint32) {
	v := r.data[i*variantWidth : (i+1)*variantWidth]
	return v[:8], binary.LittleEndian.Uint32(v[12:])
}

// number reads an unsigned number, the time of a FILETIME among them.
func (r renderedEvent) number(i int) (uint64, error) {
	u, kind := r.variant(i)
	le := binary.LittleEndian
	switch kind {
	case variantUint8:
		return uint64(u[0]), nil
	case variantUint16:
		return uint64(le.Uint16(u)), nil
	case variantUint32, variantHex32, variantBoolean:
		return uint64(le.Uint32(u)), nil
	case variantUint64, variantHex64, variantFileTime:
		return le.Uint64(u), nil
	default:
		return 0, errVariant
	}
}

func (r renderedEvent) time(i int) (time.Time, error) {
	if _, kind := r.variant(i); kind != variantFileTime {
		return time.Time{}, errVariant
	}
	ticks, err := r.number(i) // of 100 ns since 1601
	const epoch = 116444736000000000
	if err != nil || ticks < epoch || ticks > 1<<62 {
		return time.Time{}, errVariant
	}
	ticks -= epoch
	return time.Unix(int64(ticks/1e7), int64(ticks%1e7)*100).UTC(), nil
}

// text writes a value as the XML of the event would; ok is false when the event has none,
// or one of a type that is no plain value.
func (r renderedEvent) text(i int) (text string, ok bool, err error) {
	u, kind := r.variant(i)
	le := binary.LittleEndian
	switch kind {
	case variantString:
		b, err := r.pointed(u, 0)
		if err != nil {
			return "", false, err
		}
		return variantText(b), true, nil
	case variantAnsi:
		b, err := r.pointed(u, 0)
		if err != nil {
			return "", false, err
		}
		s, _, _ := strings.Cut(string(b[:min(len(b), maxVariant)]), "\x00")
		return strings.ToValidUTF8(s, "\uFFFD"), true, nil
	case variantInt8:
		return strconv.Itoa(int(int8(u[0]))), true, nil
	case variantInt16:
		return strconv.Itoa(int(int16(le.Uint16(u)))), true, nil
	case variantInt32:
		return strconv.Itoa(int(int32(le.Uint32(u)))), true, nil
	case variantInt64:
		return strconv.FormatInt(int64(le.Uint64(u)), 10), true, nil
	case variantUint8, variantUint16, variantUint32, variantUint64:
		n, err := r.number(i)
		return strconv.FormatUint(n, 10), err == nil, err
	case variantSize:
		if r.pointer == 4 {
			return strconv.FormatUint(uint64(le.Uint32(u)), 10), true, nil
		}
		return strconv.FormatUint(le.Uint64(u), 10), true, nil
	case variantHex32, variantHex64:
		n, err := r.number(i)
		return "0x" + strconv.FormatUint(n, 16), err == nil, err
	case variantBoolean:
		return strconv.FormatBool(le.Uint32(u) != 0), true, nil
	case variantSID:
		b, err := r.pointed(u, 8)
		if err != nil {
			return "", false, err
		}
		sid, err := eventSID(b)
		return sid, err == nil, err
	case variantGUID:
		b, err := r.pointed(u, 16)
		if err != nil {
			return "", false, err
		}
		return guidText([16]byte(b)), true, nil
	default: // absent, an array, or bytes
		return "", false, nil
	}
}

// pointed returns what follows the place to which a value points: at least least bytes.
func (r renderedEvent) pointed(union []byte, least int) ([]byte, error) {
	at := binary.LittleEndian.Uint64(union)
	if r.pointer == 4 {
		at &= 1<<32 - 1
	}
	if at < r.base+uint64(r.count*variantWidth) || at-r.base > uint64(len(r.data)) {
		return nil, errVariant
	}
	b := r.data[at-r.base:]
	if len(b) < least {
		return nil, errVariant
	}
	return b, nil
}

// utf16Text reads a text up to its terminator, and no more than a name or an address
// can be long.
func variantText(b []byte) string {
	units := make([]uint16, 0, 64)
	for len(b) >= 2 && len(units) < maxVariant {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units, b = append(units, u), b[2:]
	}
	defer clear(units)
	return string(utf16.Decode(units))
}

// eventSID writes a binary SID (MS-DTYP 2.4.2) as text.
func eventSID(b []byte) (string, error) {
	n := int(b[1])
	if b[0] != 1 || n > 15 || len(b) < 8+4*n {
		return "", errVariant
	}
	var authority uint64
	for _, x := range b[2:8] {
		authority = authority<<8 | uint64(x)
	}
	text := strconv.AppendUint([]byte("S-1-"), authority, 10)
	for i := range n {
		text = strconv.AppendUint(append(text, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return string(text), nil
}

// guidText writes a GUID as Windows does, in braces and upper case.
func guidText(b [16]byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b[:]), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
}

// maxEventIDs bounds a query: the service refuses longer expressions.
const maxEventIDs = 20

// eventPaths are the value paths of a render context: what is read of an event.
func eventPaths(q host.EventQuery) ([]string, error) {
	paths := []string{
		renderID:       "Event/System/EventID",
		renderProvider: "Event/System/Provider/@Name",
		renderTime:     "Event/System/TimeCreated/@SystemTime",
		renderRecord:   "Event/System/EventRecordID",
	}
	for _, name := range q.Data {
		if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/") != "" {
			return nil, fmt.Errorf("field %q: not a name", name)
		}
		if strings.Contains(name, "/") {
			paths = append(paths, "Event/"+name)
		} else {
			paths = append(paths, `Event/EventData/Data[@Name="`+name+`"]`)
		}
	}
	return paths, nil
}

// eventXPath chooses the events of a query.
func eventXPath(q host.EventQuery) (string, error) {
	if len(q.IDs) == 0 || len(q.IDs) > maxEventIDs {
		return "", fmt.Errorf("%d event ids: want 1 to %d", len(q.IDs), maxEventIDs)
	}
	ids := make([]string, len(q.IDs))
	for i, id := range q.IDs {
		ids[i] = "EventID=" + strconv.FormatUint(uint64(id), 10)
	}
	which := "(" + strings.Join(ids, " or ") + ")"
	if !q.Since.IsZero() {
		which += " and TimeCreated[@SystemTime>='" + q.Since.UTC().Format("2006-01-02T15:04:05.000Z") + "']"
	}
	return "*[System[" + which + "]]", nil
}
