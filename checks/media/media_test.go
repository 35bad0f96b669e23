package media

import (
	"context"
	"encoding/binary"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const register = `{"authorised": [{"serial": "AB12"}, {"serial": "OLD1", "until": "2026-02-01"}]}`

func TestPortableOnLinux(t *testing.T) {
	written := func(mb uint64) *uint64 { b := mb * 1e6; return &b }
	use := func(serial string, daysAgo int, mb uint64) host.MediaUse {
		from := now.AddDate(0, 0, -daysAgo)
		return host.MediaUse{Kind: "disk", Vendor: "Marca", Model: "Llave", Serial: serial, Size: 32e9, From: from, Until: from.Add(time.Hour), Written: written(mb)}
	}
	watched := func(uses ...host.MediaUse) *host.MediaLog {
		return &host.MediaLog{Since: now.AddDate(0, -2, 0), Uses: uses}
	}
	gaps := watched()
	gaps.Lost = true
	modprobe := map[string]string{"/etc/modprobe.d/usb.conf": "# ninguno\ninstall usb-storage /bin/false\ninstall uas /bin/false\n"}
	for _, row := range []struct {
		name   string
		log    *host.MediaLog
		err    error
		files  map[string]string
		params string
		want   checks.Status
		code   string
	}{
		{"nothing was plugged in", watched(), nil, nil, register, checks.Pass, "media.none"},
		{"one of the register", watched(use("AB12", 3, 5)), nil, nil, register, checks.Pass, "media.all_authorised"},
		{"the number in small letters", watched(use("ab12", 3, 5)), nil, nil, register, checks.Pass, "media.all_authorised"},
		{"one that nobody knows", watched(use("AB12", 3, 5), use("ZZ99", 1, 700)), nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"one without number", watched(use("", 1, 0)), nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"after its authorisation ended", watched(use("OLD1", 3, 0)), nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"while it was authorised", watched(use("OLD1", 60, 0)), nil, nil, register, checks.Pass, "media.all_authorised"},
		{"too long ago", watched(use("ZZ99", 100, 0)), nil, nil, register, checks.Pass, "media.none"},
		{"plugged in long ago and still there", watched(host.MediaUse{Kind: "disk", Serial: "ZZ99", From: now.AddDate(0, 0, -100)}), nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"a telephone", watched(host.MediaUse{Kind: "phone", Model: "Telefono", Serial: "P1", From: now}), nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"no register", watched(use("AB12", 3, 5)), nil, nil, "", checks.Unknown, "media.no_register"},
		{"no register and no use", watched(), nil, nil, "", checks.Pass, "media.none"},
		{"nobody watched for a while", gaps, nil, nil, register, checks.Unknown, "media.gaps"},
		{"nobody watches", &host.MediaLog{}, nil, nil, register, checks.Unknown, "media.only_now"},
		{"nobody watches, and there is one", &host.MediaLog{Uses: []host.MediaUse{{Kind: "disk", Serial: "ZZ99"}}}, nil, nil, register, checks.Fail, "media.some_not_authorised"},
		{"forbidden", &host.MediaLog{}, nil, modprobe, register, checks.Pass, "media.blocked"},
		{"only half forbidden", &host.MediaLog{}, nil, map[string]string{"/etc/modprobe.d/usb.conf": "install usb-storage /bin/true\n"}, register, checks.Unknown, "media.only_now"},
		{"not to be known", nil, fs.ErrPermission, nil, register, checks.Unknown, "media.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{MediaLog: row.log}
			if row.err != nil {
				a.Errors = map[string]error{"media": row.err}
			}
			h := a.On(host.Host{OS: host.Linux, Now: checktest.Clock(now), Files: checktest.Files{Content: row.files}})
			res := checktest.Run(t, portable(), h, row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// Uses of one medium are one line, with what they wrote together.
func TestUsesOfOneMedium(t *testing.T) {
	var f portableFacts
	for _, mb := range []uint64{5e6, 7e6} {
		f.add(host.MediaUse{Kind: "disk", Serial: "AB12", Volumes: []string{"1-2"}, From: now, Until: now, Written: &mb})
	}
	total := uint64(12)
	want := []medium{{Kind: "disk", Serial: "AB12", Volumes: []string{"1-2"}, Uses: 2, First: "2026-03-02", Last: "2026-03-02", Written: &total}}
	if diff := cmp.Diff(want, f.Media); diff != "" {
		t.Error(diff)
	}
}

func filetimeOf(at time.Time) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(at.UnixNano()/100)+116444736000000000)
}

// registry is a Windows registry with binary values too.
type registry struct {
	checktest.Registry
	binary map[string][]byte
}

func (r registry) Value(ctx context.Context, key, name string) (host.RegistryValue, error) {
	v, err := r.Registry.Value(ctx, key, name)
	if b, ok := r.binary[key]; ok && err != nil && name == "" {
		return host.RegistryValue{Kind: host.RegistryBinary, Binary: b}, nil
	}
	return v, err
}

func TestPortableOnWindows(t *testing.T) {
	const device = keyUSBStorage + `\Disk&Ven_Marca&Prod_Llave_32&Rev_1.0\AB12&0`
	const nameless = keyUSBStorage + `\Disk&Ven_Otra&Prod_Llave&Rev_1.0\7&2b1c&0`
	arrived := now.AddDate(0, 0, -5)
	dates := func(key string) map[string][]byte {
		return map[string][]byte{key + propertyDates + "0066": filetimeOf(arrived), key + propertyDates + "0067": filetimeOf(arrived.Add(time.Hour))}
	}
	log := func(events ...host.Event) map[string]host.EventLog {
		return map[string]host.EventLog{channelPartition: {Oldest: now.AddDate(0, -3, 0), Events: events}}
	}
	event := func(serial, bus, capacity string) host.Event {
		return host.Event{ID: 1006, Time: now.AddDate(0, 0, -2), Data: map[string]string{"SerialNumber": " " + serial, "BusType": bus, "Capacity": capacity, "Model": "Disco"}}
	}
	for _, row := range []struct {
		name       string
		values     map[string]any
		binary     map[string][]byte
		unreadable []string
		events     map[string]host.EventLog
		params     string
		want       checks.Status
		code       string
	}{
		{"nothing was ever plugged in", nil, nil, nil, log(), register, checks.Pass, "media.none"},
		{"one of the register", map[string]any{device + `\FriendlyName`: "x"}, dates(device), nil, log(), register, checks.Pass, "media.all_authorised"},
		{"one without a number of its own", map[string]any{nameless + `\FriendlyName`: "x"}, dates(nameless), nil, log(), register, checks.Fail, "media.some_not_authorised"},
		{"no register", map[string]any{device + `\FriendlyName`: "x"}, dates(device), nil, log(), "", checks.Unknown, "media.no_register"},
		{"a disk of another driver", nil, nil, nil, log(event("ZZ99", "7", "1000")), register, checks.Fail, "media.some_not_authorised"},
		{"a card in a reader", nil, nil, nil, log(event("ZZ99", "12", "1000")), register, checks.Fail, "media.some_not_authorised"},
		{"a log with nothing in it", nil, nil, nil, map[string]host.EventLog{channelPartition: {}}, register, checks.Unknown, "media.unread"},
		{"its own disk", nil, nil, nil, log(event("ZZ99", "17", "1000")), register, checks.Pass, "media.none"},
		{"told twice", map[string]any{device + `\FriendlyName`: "x"}, dates(device), nil, log(event("AB12", "7", "1000"), event("AB12", "7", "0")), register, checks.Pass, "media.all_authorised"},
		{"after the end, says the log", nil, nil, nil, log(event("OLD1", "7", "1000")), register, checks.Fail, "media.some_not_authorised"},
		{"forbidden by policy", map[string]any{keyPolicy + `\Deny_All`: 1}, nil, nil, log(), register, checks.Pass, "media.blocked"},
		{"the driver is off", map[string]any{keyDriver + `\Start`: 4}, nil, nil, log(), register, checks.Pass, "media.blocked"},
		{"the memory may not be read", nil, nil, []string{keyUSBStorage}, log(), register, checks.Unknown, "media.unread"},
		{"the log may not be read", nil, nil, nil, nil, register, checks.Unknown, "media.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{EventsOf: row.events}
			h := a.On(host.Host{OS: host.Windows, Now: checktest.Clock(now)})
			h.Registry = registry{checktest.Registry{Values: row.values, Unreadable: row.unreadable}, row.binary}
			res := checktest.Run(t, portable(), h, row.params)
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v\nwant %s %s\nfindings %v", res.Status, res.Reason, row.want, row.code, res.Findings)
			}
		})
	}
}

// While the agent runs on Windows it sees what Windows does not remember: volumes, and how
// much more is on them.
func TestWatchedOnWindows(t *testing.T) {
	const device = keyUSBStorage + `\Disk&Ven_Marca&Prod_Llave_32&Rev_1.0\AB12&0`
	used := func(before, last uint64) host.MediaUse {
		return host.MediaUse{Kind: "disk", Serial: "ab12", Size: 32e9, Volumes: []string{"1A2B-3C4D"}, From: now, Until: now, Used: &last, UsedBefore: &before}
	}
	a := checktest.Answers{
		EventsOf: map[string]host.EventLog{channelPartition: {Oldest: now.AddDate(0, -3, 0)}},
		MediaLog: &host.MediaLog{Uses: []host.MediaUse{
			used(1e9, 1_250e6), used(1_250e6, 900e6), // half of it was deleted in another use
			{Kind: "disk", Serial: "ZZ99", Volumes: []string{"9-9"}},
			{Kind: "disk", Volumes: []string{"8-8"}},
			{Kind: "disk", Serial: "AB12", Volumes: []string{"5E6F-7A8B"}}, // locked: nobody knows how full
		}},
	}
	h := a.On(host.Host{OS: host.Windows, Now: checktest.Clock(now), Registry: checktest.Registry{Values: map[string]any{device + `\FriendlyName`: "x"}}})
	seen, err := observeRemembered(t.Context(), host.New(h))
	if err != nil {
		t.Fatal(err)
	}
	grown := uint64(250)
	want := []medium{{Kind: "disk", Vendor: "Marca", Model: "Llave 32", Serial: "AB12", Volumes: []string{"1A2B-3C4D", "5E6F-7A8B"}, Bytes: 32e9, Uses: 1, Present: true, Grown: &grown}}
	if diff := cmp.Diff(want, seen.Media); diff != "" {
		t.Error(diff)
	}
	v := judgePortable(seen, portableParams{Days: 92}, now)
	if got := v.Findings[0].Reason; got.Code != "media.nobody_knows.grown" || got.Args["grown"] != "250" {
		t.Errorf("got %v", got)
	}
}

func TestBadRegister(t *testing.T) {
	for _, params := range []string{`{"days": 0}`, `{"authorised": [{"serial": " "}]}`, `{"authorised": [{"serial": "A", "until": "mañana"}]}`} {
		if err := portable().CheckParams([]byte(params)); err == nil {
			t.Errorf("%s was accepted", params)
		}
	}
}
