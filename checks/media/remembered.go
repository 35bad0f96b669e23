package media

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Where Windows remembers storage that was plugged in, and what forbids it.
const (
	keyUSBStorage = `HKLM\SYSTEM\CurrentControlSet\Enum\USBSTOR`
	keyDriver     = `HKLM\SYSTEM\CurrentControlSet\Services\USBSTOR`
	keyPolicy     = `HKLM\SOFTWARE\Policies\Microsoft\Windows\RemovableStorageDevices`
	// propertyDates are the device's own dates (DEVPKEY_Device_*Date, devpkey.h): 0064 of
	// its installation, 0065 of the first one, 0066 of its last arrival, 0067 of its removal.
	propertyDates = `\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\`

	maxRemembered = 500
)

// channelPartition tells of each disk that comes and goes (event 1006), of those too that
// use another driver than USBSTOR.
const channelPartition = "Microsoft-Windows-Partition/Diagnostic"

// isPortableBus tells whether a STORAGE_BUS_TYPE (winioctl.h) is one of things that people
// plug in: 1394, USB, SD. Cards of the kind 13 are mostly soldered on the board.
func isPortableBus(bus string) bool { return bus == "4" || bus == "7" || bus == "12" }

// observeRemembered reads both memories of Windows.
func observeRemembered(ctx context.Context, h *host.Host) (portableFacts, error) {
	look := &checks.Look{Host: h}
	var seen portableFacts
	seen.registry(ctx, look)
	seen.events(ctx, look)
	if log, err := h.Media.Media(ctx); err == nil { // else those two tell what they can
		seen.watched(log)
	}
	seen.Blocked = blockedByPolicy(ctx, look)
	seen.Unread = look.Unread
	return seen, nil
}

// registry lists the devices below USBSTOR: Type&Ven_X&Prod_Y&Rev_Z, and below that the
// instances, which are serial numbers.
func (f *portableFacts) registry(ctx context.Context, look *checks.Look) {
	r := look.Host.Registry
	kinds, err := r.Subkeys(ctx, keyUSBStorage)
	if err != nil {
		look.Miss(keyUSBStorage, err) // absent: nothing was ever plugged in
		return
	}
	n := 0
	for _, kind := range kinds {
		instances, err := r.Subkeys(ctx, keyUSBStorage+`\`+kind)
		if err != nil {
			look.Miss(keyUSBStorage+`\`+kind, err)
			continue
		}
		for _, instance := range instances {
			if n++; n > maxRemembered {
				f.More++
				continue
			}
			key := keyUSBStorage + `\` + kind + `\` + instance
			u := deviceOf(kind, instance)
			arrived := date(ctx, look, key+propertyDates+"0066")
			u.From, u.Until = arrived, date(ctx, look, key+propertyDates+"0067")
			if u.Until.Before(u.From) {
				u.Until = time.Time{} // it came again since
			}
			f.add(u)
		}
	}
}

// deviceOf reads the names of the two keys of a device.
func deviceOf(kind, instance string) host.MediaUse {
	u := host.MediaUse{Kind: "disk"}
	for part := range strings.SplitSeq(kind, "&") {
		name, value, _ := strings.Cut(part, "_")
		value = strings.TrimSpace(strings.ReplaceAll(value, "_", " "))
		switch name {
		case "CdRom":
			u.Kind = "optical"
		case "Ven":
			u.Vendor = value
		case "Prod":
			u.Model = value
		}
	}
	// Windows makes an instance up for a device without a number: its second character is
	// '&' then. To a number it adds "&0".
	if len(instance) < 2 || instance[1] != '&' {
		u.Serial, _, _ = strings.Cut(instance, "&")
	}
	return u
}

// date reads a FILETIME that a device keeps; zero when there is none. Only the system
// itself may read these keys.
func date(ctx context.Context, look *checks.Look, key string) time.Time {
	v, err := look.Host.Registry.Value(ctx, key, "")
	if err != nil {
		look.Miss(keyUSBStorage+`\…`+propertyDates, err)
		return time.Time{}
	}
	if len(v.Binary) != 8 {
		return time.Time{}
	}
	return filetime(binary.LittleEndian.Uint64(v.Binary))
}

// filetime counts 100 ns since 1601.
func filetime(n uint64) time.Time {
	const unix = 116444736000000000
	if n < unix || n > 1<<62 {
		return time.Time{}
	}
	n -= unix
	return time.Unix(int64(n/1e7), int64(n%1e7*100)).UTC()
}

// events adds what the log of partitions tells, and how far back it goes.
func (f *portableFacts) events(ctx context.Context, look *checks.Look) {
	log, err := look.Host.Events.Events(ctx, host.EventQuery{
		Channel: channelPartition, IDs: []uint32{1006}, Since: look.Host.Now().AddDate(0, 0, -100), Max: 2000,
		Data: []string{"Capacity", "Manufacturer", "Model", "SerialNumber", "BusType"},
	})
	if err != nil {
		look.Need(channelPartition, err)
		return
	}
	if !log.Oldest.IsZero() {
		f.From = day(log.Oldest)
	} else {
		// The machine's own disks stand in it from the first start on: nothing in it means
		// that it is switched off, or was cleared.
		look.Note(channelPartition, "absent")
	}
	for _, e := range log.Events {
		if !isPortableBus(e.Data["BusType"]) {
			continue
		}
		serial := strings.TrimSpace(e.Data["SerialNumber"])
		u := host.MediaUse{Kind: "disk", Vendor: strings.TrimSpace(e.Data["Manufacturer"]), Model: strings.TrimSpace(e.Data["Model"]),
			Serial: serial, From: e.Time}
		if e.Data["Capacity"] == "0" {
			u.From, u.Until = time.Time{}, e.Time // pulled out
		}
		f.meet(u)
	}
	if log.More {
		f.More++
	}
}

// meet adds a use that the registry may have told of already: there a device stands with
// its last use only.
func (f *portableFacts) meet(u host.MediaUse) {
	for i := range f.Media {
		m := &f.Media[i]
		if u.Serial == "" || !strings.EqualFold(m.Serial, u.Serial) {
			continue
		}
		for _, t := range []time.Time{u.From, u.Until} {
			if !t.IsZero() && day(t) > m.Last {
				m.Last = day(t)
			}
			if !t.IsZero() && (m.First == "" || day(t) < m.First) {
				m.First = day(t)
			}
		}
		return
	}
	f.add(u)
}

// watched adds what the agent saw of media that the two memories know: what is on a medium
// by another number, or by none, is nobody's.
func (f *portableFacts) watched(log host.MediaLog) {
	for _, u := range log.Uses {
		for i := range f.Media {
			m := &f.Media[i]
			if u.Serial == "" || !strings.EqualFold(m.Serial, u.Serial) {
				continue
			}
			m.Present = m.Present || u.Until.IsZero()
			m.Bytes = max(m.Bytes, u.Size)
			for _, v := range u.Volumes {
				if !slices.Contains(m.Volumes, v) {
					m.Volumes = append(m.Volumes, v)
				}
			}
			if u.Used == nil || u.UsedBefore == nil {
				continue
			}
			if m.Grown == nil {
				m.Grown = new(uint64)
			}
			*m.Grown += (max(*u.Used, *u.UsedBefore) - *u.UsedBefore) / 1e6
		}
	}
}

// blockedByPolicy tells what keeps removable storage from being used: the policy that
// denies all of it, or the driver that does not start.
func blockedByPolicy(ctx context.Context, look *checks.Look) string {
	number := func(key, name string) (uint64, bool) {
		v, err := look.Host.Registry.Value(ctx, key, name)
		if err != nil {
			look.Miss(key+`\`+name, err)
			return 0, false
		}
		return v.Integer, v.Kind == host.RegistryInteger
	}
	if n, ok := number(keyPolicy, "Deny_All"); ok && n == 1 {
		return "policy"
	}
	const disabled = 4 // SERVICE_DISABLED
	if n, ok := number(keyDriver, "Start"); ok && n == disabled {
		return "driver"
	}
	return ""
}
