package inventory

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// dropboxAccounts tells which kinds of accounts Dropbox's info.json has. Its keys are the
// kinds; what stands below them is passed over, but for the mark of a team.
func dropboxAccounts(b []byte) ([]string, error) {
	var accounts map[string]struct {
		Team bool `json:"is_team"`
	}
	if err := json.Unmarshal(b, &accounts); err != nil {
		return nil, err
	}
	var out []string
	for kind, a := range accounts {
		switch {
		case kind == "business" || a.Team:
			out = append(out, accountWork)
		case kind == "personal":
			out = append(out, accountPersonal)
		default:
			out = append(out, accountUnknown)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// cloudHosts finds the servers in the settings of Nextcloud or ownCloud: lines such as
// 0\url=https://nube.ejemplo.es/remote.
func cloudHosts(b []byte) []string {
	var out []string
	for line := range bytes.Lines(b) {
		key, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		if !ok || !strings.HasSuffix(key, `\url`) {
			continue
		}
		out = append(out, hostOf(value))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// hostOf is the name of the server in an address, or nothing.
func hostOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// rcloneRemotes tells the types of the remotes in rclone's settings, without those that
// only wrap another or stay on the machine. sealed tells of settings that are encrypted.
func rcloneRemotes(b []byte) (types []string, sealed bool) {
	for line := range bytes.Lines(b) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "RCLONE_ENCRYPT_V") {
			return nil, true
		}
		key, value, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(key) != "type" {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		if !slices.Contains([]string{"alias", "cache", "chunker", "combine", "compress", "crypt", "hasher", "local", "memory", "union"}, value) {
			types = append(types, value)
		}
	}
	slices.Sort(types)
	return slices.Compact(types), false
}

// thunderbirdAddresses finds the addresses of the identities in prefs.js of Thunderbird,
// which are lines of JavaScript in one form.
func thunderbirdAddresses(b []byte) []string {
	var out []string
	for line := range bytes.Lines(b) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(string(line)), `user_pref("mail.identity.`)
		if !ok {
			continue
		}
		if key, value, ok := strings.Cut(rest, `", "`); ok && strings.HasSuffix(key, ".useremail") {
			address, _, _ := strings.Cut(value, `"`)
			out = append(out, address)
		}
	}
	return out
}

// channelOf names the channel behind an installed program, by the lists of Linux and by
// the names of packages of the store of Windows.
func channelOf(name string) string {
	name = strings.ToLower(name)
	for _, c := range []struct{ channel, names string }{
		{"whatsapp", "5319275a.whatsappdesktop whatsie com.ktechpit.whatsie whatsdesk whatsapp-for-linux whatsapp-desktop com.rtosta.zapzap zapzap wasistlos"},
		{"telegram", "telegrammessengerllp.telegramdesktop telegram-desktop org.telegram.desktop telegram"},
		{"signal", "signal-desktop org.signal.signal"},
		{"discord", "discord com.discordapp.discord discordinc.discord"},
		{"messenger", "facebook.317180b0bb486 caprine com.sindresorhus.caprine"},
		{"viber", "viber com.viber.viber 2414fc7a.viber-freephonecallsandtext"},
		{"dropbox", "dropbox nautilus-dropbox nemo-dropbox caja-dropbox com.dropbox.client c27eb4ba.dropbox"},
		{"mega", "megasync nz.mega.megasync"},
		{"googledrive", "insync google-drive-ocamlfuse odrive"},
		{"onedrive", "onedrive onedriver"},
		{"icloud", "appleinc.icloud"},
		{"nextcloud", "nextcloud-desktop nextcloud-client com.nextcloud.desktopclient.nextcloud"},
		{"owncloud", "owncloud-client org.owncloud.owncloud"},
		{"rclone", "rclone rclone-browser"},
		{"syncthing", "syncthing syncthing-gtk me.kozec.syncthingtk"},
		{"pcloud", "pcloud pclouddrive"},
	} {
		if slices.Contains(strings.Fields(c.names), name) {
			return c.channel
		}
	}
	return ""
}
