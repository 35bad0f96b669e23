package inventory

import (
	"context"
	"errors"
	"io/fs"

	"vigia/checks/format/conf"
	"vigia/checks/host"
)

// observeChannelFiles looks, on Linux, at the programs installed and at what they keep in
// each person's folder.
func observeChannelFiles(ctx context.Context, h *host.Host) (channelFacts, error) {
	r := &reader{h: h}
	var f channelFacts
	all := linuxPrograms(ctx, r)
	for _, p := range all.everything() {
		if c := channelOf(p.Name); c != "" {
			f.add(channel{Channel: c, Account: accountNone})
		}
	}
	for _, p := range r.people(ctx) {
		config := p.home + "/.config"
		r.dropbox(ctx, &f, p, p.home+"/.dropbox/info.json")
		r.clouds(ctx, &f, p, "nextcloud", config+"/Nextcloud/nextcloud.cfg")
		r.clouds(ctx, &f, p, "nextcloud", p.home+"/.var/app/com.nextcloud.desktopclient.nextcloud/config/Nextcloud/nextcloud.cfg")
		r.clouds(ctx, &f, p, "owncloud", config+"/ownCloud/owncloud.cfg")
		r.rclone(ctx, &f, p, config+"/rclone/rclone.conf")
		r.onlineAccounts(ctx, &f, p, config+"/goa-1.0/accounts.conf")
		for _, place := range []struct{ channel, path string }{
			{"mega", p.home + "/.local/share/data/Mega Limited/MEGAsync/MEGAsync.cfg"},
			{"onedrive", config + "/onedrive/refresh_token"},
			{"googledrive", config + "/Insync"},
			{"syncthing", config + "/syncthing/config.xml"},
			{"syncthing", p.home + "/.local/state/syncthing/config.xml"},
			{"telegram", p.home + "/.local/share/TelegramDesktop/tdata"},
			{"telegram", p.home + "/.var/app/org.telegram.desktop/data/TelegramDesktop/tdata"},
			{"telegram", p.home + "/snap/telegram-desktop"},
			{"signal", config + "/Signal"},
			{"discord", config + "/discord"},
		} {
			if r.there(ctx, place.path) {
				f.add(channel{Channel: place.channel, Account: usualAccount(place.channel), Profile: p.name})
			}
		}
		for _, dir := range []string{"/.thunderbird", "/snap/thunderbird/common/.thunderbird", "/.var/app/org.mozilla.Thunderbird/.thunderbird"} {
			for _, e := range r.entries(ctx, p.home+dir) {
				if e.Mode.IsDir() {
					r.thunderbird(ctx, &f, p, p.home+dir+"/"+e.Name+"/prefs.js")
				}
			}
		}
		r.evolution(ctx, &f, p, config+"/evolution/sources")
	}
	return f.finish(ctx, r)
}

// there tells whether something exists.
func (r *reader) there(ctx context.Context, path string) bool {
	_, err := r.h.Files.Stat(ctx, path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.miss(path, err)
	}
	return err == nil
}

func (r *reader) dropbox(ctx context.Context, f *channelFacts, p profile, path string) {
	b := r.file(ctx, path, maxMetadata)
	if b == nil {
		return
	}
	kinds, err := dropboxAccounts(b)
	if err != nil || len(kinds) == 0 {
		kinds = []string{accountUnknown}
	}
	for _, kind := range kinds {
		f.add(channel{Channel: "dropbox", Account: kind, Profile: p.name})
	}
}

func (r *reader) clouds(ctx context.Context, f *channelFacts, p profile, name, path string) {
	for _, server := range cloudHosts(r.file(ctx, path, maxMetadata)) {
		f.add(channel{Channel: name, Account: accountUnknown, Host: server, Profile: p.name})
	}
}

func (r *reader) rclone(ctx context.Context, f *channelFacts, p profile, path string) {
	types, sealed := rcloneRemotes(r.file(ctx, path, maxMetadata))
	if sealed {
		types = []string{"encrypted"}
	}
	for _, t := range types {
		f.add(channel{Channel: "rclone_" + plain(t), Account: accountUnknown, Profile: p.name})
	}
}

func (r *reader) thunderbird(ctx context.Context, f *channelFacts, p profile, path string) {
	for _, address := range thunderbirdAddresses(r.file(ctx, path, maxPrefs)) {
		f.mail("thunderbird", address, p.name)
	}
}

// maxPrefs bounds the settings of a mail program, in bytes.
const maxPrefs = 8 << 20

// onlineAccounts reads which accounts of GNOME bring a folder of files along.
func (r *reader) onlineAccounts(ctx context.Context, f *channelFacts, p profile, path string) {
	b := r.file(ctx, path, maxMetadata)
	if b == nil {
		return
	}
	ini, err := conf.ParseINI(b)
	if err != nil {
		r.miss(path, err)
		return
	}
	for _, group := range ini.Groups() {
		if on, _ := ini.Get(group, "FilesEnabled"); on != "true" {
			continue
		}
		provider, _ := ini.Get(group, "Provider")
		uri, _ := ini.Get(group, "Uri")
		switch provider {
		case "google":
			f.add(channel{Channel: "googledrive", Account: accountUnknown, Profile: p.name})
		case "ms_graph":
			f.add(channel{Channel: "onedrive", Account: accountUnknown, Profile: p.name})
		case "owncloud":
			f.add(channel{Channel: "nextcloud", Account: accountUnknown, Host: hostOf(uri), Profile: p.name})
		}
	}
}

// evolution reads the addresses of Evolution's accounts, one file for each.
func (r *reader) evolution(ctx context.Context, f *channelFacts, p profile, dir string) {
	for _, e := range r.entries(ctx, dir) {
		if !e.Mode.IsRegular() || extension(e.Name) != ".source" {
			continue
		}
		ini, err := conf.ParseINI(r.file(ctx, dir+"/"+e.Name, maxMetadata))
		if err != nil {
			r.miss(dir, err)
			continue
		}
		if address, ok := ini.Get("Mail Identity", "Address"); ok {
			f.mail("evolution", address, p.name)
		}
	}
}
