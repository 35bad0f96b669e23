package inventory

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"unicode/utf16"

	"vigia/checks/host"
)

// observeChannelRegistry looks, on Windows, at what each person's programs keep in the
// registry and in the folder of the profile.
func observeChannelRegistry(ctx context.Context, h *host.Host) (channelFacts, error) {
	r := &reader{h: h}
	var f channelFacts
	for _, p := range r.windowsPeople(ctx) {
		if p.home != "" {
			r.profileChannels(ctx, &f, p)
		}
		if p.sid == "" {
			continue // noted as unread
		}
		user := `HKU\` + p.sid
		r.oneDrive(ctx, &f, p, user+`\Software\Microsoft\OneDrive\Accounts`)
		for _, full := range r.subkeys(ctx, storeKey+`\`+p.sid, false) {
			name, _, _ := strings.Cut(full, "_")
			if c := channelOf(name); c != "" {
				f.add(channel{Channel: c, Account: accountNone, Profile: p.name})
			}
		}
		r.outlook(ctx, &f, p, user+`\Software\Microsoft\Office`)
	}
	for _, root := range []string{`HKLM\SOFTWARE`, `HKLM\SOFTWARE\WOW6432Node`} {
		var all installed
		r.uninstallKeys(ctx, &all, root+uninstall, "machine", root == `HKLM\SOFTWARE`)
		for _, p := range all.chosen {
			name, _, _ := strings.Cut(strings.ToLower(p.Name), " ")
			if c := channelOf(name); c != "" {
				f.add(channel{Channel: c, Account: accountNone})
			}
		}
	}
	return f.finish(ctx, r)
}

// profileChannels looks at the folders in which clients keep their state.
func (r *reader) profileChannels(ctx context.Context, f *channelFacts, p profile) {
	roaming, local := p.home+`\AppData\Roaming`, p.home+`\AppData\Local`
	r.dropbox(ctx, f, p, roaming+`\Dropbox\info.json`)
	r.dropbox(ctx, f, p, local+`\Dropbox\info.json`)
	r.clouds(ctx, f, p, "nextcloud", roaming+`\Nextcloud\nextcloud.cfg`)
	r.clouds(ctx, f, p, "owncloud", roaming+`\ownCloud\owncloud.cfg`)
	r.rclone(ctx, f, p, roaming+`\rclone\rclone.conf`)
	for _, place := range []struct{ channel, path string }{
		{"mega", local + `\Mega Limited\MEGAsync\MEGAsync.cfg`},
		{"icloud", p.home + `\iCloudDrive`},
		{"box", local + `\Box\Box\data`},
		{"pcloud", local + `\pCloud\data.db`},
		{"syncthing", local + `\Syncthing\config.xml`},
		{"whatsapp", local + `\WhatsApp`},
		{"telegram", roaming + `\Telegram Desktop\tdata`},
		{"signal", roaming + `\Signal`},
		{"discord", roaming + `\discord`},
		{"viber", roaming + `\ViberPC`},
	} {
		if r.there(ctx, place.path) {
			f.add(channel{Channel: place.channel, Account: usualAccount(place.channel), Profile: p.name})
		}
	}
	// Google Drive keeps a folder for each account, named by its number.
	for _, e := range r.entries(ctx, local+`\Google\DriveFS`) {
		if e.Mode.IsDir() && len(e.Name) > 15 && strings.Trim(e.Name, "0123456789") == "" {
			f.add(channel{Channel: "googledrive", Account: accountUnknown, Profile: p.name})
		}
	}
	const profiles = `\Thunderbird\Profiles`
	for _, e := range r.entries(ctx, roaming+profiles) {
		if e.Mode.IsDir() {
			r.thunderbird(ctx, f, p, roaming+profiles+`\`+e.Name+`\prefs.js`)
		}
	}
}

// oneDrive reads the accounts of OneDrive: Personal, and Business with a number. One
// without a folder was never connected.
func (r *reader) oneDrive(ctx context.Context, f *channelFacts, p profile, key string) {
	for _, account := range r.subkeys(ctx, key, false) {
		folder, err := r.h.Registry.Value(ctx, key+`\`+account, "UserFolder")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.miss(key, err)
		}
		if err != nil || folder.String == "" {
			continue
		}
		c := channel{Channel: "onedrive", Account: accountUnknown, Profile: p.name}
		switch {
		case strings.EqualFold(account, "Personal"):
			c.Account = accountPersonal
		case strings.HasPrefix(strings.ToLower(account), "business"):
			c.Account = accountWork
			for _, name := range []string{"SPOResourceId", "ServiceEndpointUri"} {
				if c.Host = hostOf(r.text(ctx, key+`\`+account, name)); c.Host != "" {
					break
				}
			}
		}
		f.add(c)
	}
}

// outlook reads the addresses of the accounts of Outlook's profiles, of which the domain
// is kept. The key is that of the MAPI section that holds the accounts.
func (r *reader) outlook(ctx context.Context, f *channelFacts, p profile, office string) {
	const accounts = `\9375CFF0413111d3B88A00104B2A6676`
	for _, version := range []string{"14.0", "15.0", "16.0"} {
		profiles := office + `\` + version + `\Outlook\Profiles`
		for _, name := range r.subkeys(ctx, profiles, false) {
			for _, account := range r.subkeys(ctx, profiles+`\`+name+accounts, false) {
				key := profiles + `\` + name + accounts + `\` + account
				for _, value := range []string{"Email", "Account Name"} {
					v, err := r.h.Registry.Value(ctx, key, value)
					if err != nil {
						if !errors.Is(err, fs.ErrNotExist) && !r.missed(profiles) {
							r.miss(profiles, err)
						}
						continue
					}
					f.mail("outlook", registryText(v), p.name)
				}
			}
		}
	}
}

// registryText is a text, also one that is kept as bytes of UTF-16.
func registryText(v host.RegistryValue) string {
	if v.Kind != host.RegistryBinary {
		return v.String
	}
	var units []uint16
	for b := v.Binary; len(b) >= 2 && len(units) < maxText; b = b[2:] {
		u := uint16(b[0]) | uint16(b[1])<<8
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
