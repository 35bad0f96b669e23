package inventory

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
)

func TestChannels(t *testing.T) {
	const user = `HKU\` + person + `\Software\Microsoft`
	const accounts = user + `\Office\16.0\Outlook\Profiles\Outlook\9375CFF0413111d3B88A00104B2A6676`
	const list = `{"allowed":[{"channel":"onedrive","account":"organisation","host":"ayuntamiento-*.sharepoint.com"},{"channel":"nextcloud","host":"nube.ayuntamiento.example"},{"channel":"rclone_sftp"}],"mail_domains":["*ayuntamiento.example"]}`
	home := func(name, content string) map[string]string {
		return map[string]string{"/home/usuario1/" + name: content}
	}
	linux := func(files map[string]string, unreadable ...string) row {
		return row{host: linuxHost([]string{"base 1"}, files, nil, unreadable...)}
	}
	like := func(r row, name, params string, status checks.Status, code string, found ...string) row {
		r.name, r.params, r.status, r.code, r.found = name, params, status, code, found
		return r
	}
	testRows(t, channels(), []row{
		like(linux(nil), "Linux: none", ``, checks.Pass, "channels.none"),
		like(linux(home(".dropbox/info.json", `{"personal":{"path":"/x","host":1}}`)), "Linux: Dropbox of a person", list, checks.Fail, "channels.some", "channel/dropbox/personal//usuario1 fail channels.personal"),
		like(linux(home(".dropbox/info.json", `{"business":{"path":"/x","host":1}}`)), "Linux: Dropbox of a firm, nothing decided", ``, checks.Unknown, "channels.some_undecided", "channel/dropbox/organisation//usuario1 unknown channels.undecided"),
		like(linux(home(".dropbox/info.json", `dañado`)), "Linux: Dropbox that makes no sense", list, checks.Fail, "channels.some", "channel/dropbox/unknown//usuario1 fail channels.not_allowed"),
		like(linux(home(".local/share/TelegramDesktop/tdata/x", "")), "Linux: a messenger", list, checks.Fail, "channels.some", "channel/telegram/unknown//usuario1 fail channels.messenger"),
		like(linux(home(".local/share/TelegramDesktop/tdata/x", "")), "Linux: a messenger that is allowed", `{"allowed":[{"channel":"telegram"}]}`, checks.Pass, "channels.authorised"),
		like(row{host: linuxHost([]string{"signal-desktop 7", "nextcloud-desktop 3"}, nil, nil)}, "Linux: a messenger for everybody, and a client without account", ``, checks.Fail, "channels.some", "channel/signal/none// fail channels.messenger"),
		like(linux(home(".config/Nextcloud/nextcloud.cfg", "[Accounts]\n0\\url=https://nube.ayuntamiento.example:8443/x\n1\\url=https://nube.otra.example\n")), "Linux: clouds of the organisation and of another", list, checks.Fail, "channels.some", "channel/nextcloud/unknown/nube.otra.example/usuario1 fail channels.not_allowed"),
		like(linux(home(".config/rclone/rclone.conf", "[a]\ntype = sftp\nhost = x\n[b]\ntype = crypt\n")), "Linux: a remote that is allowed", list, checks.Pass, "channels.authorised"),
		like(linux(home(".config/rclone/rclone.conf", "# Encrypted rclone configuration File\nRCLONE_ENCRYPT_V0:\nAAAA\n")), "Linux: remotes that nobody can read", ``, checks.Unknown, "channels.some_undecided", "channel/rclone_encrypted/unknown//usuario1 unknown channels.undecided"),
		like(linux(home(".config/goa-1.0/accounts.conf", "[Account account_1]\nProvider=google\nIdentity=alguien@gmail.com\nFilesEnabled=true\n\n[Account account_2]\nProvider=google\nFilesEnabled=false\n\n[Account account_3]\nProvider=owncloud\nUri=https://alguien@nube.ayuntamiento.example/\nFilesEnabled=true\n")),
			"Linux: accounts of GNOME", list, checks.Fail, "channels.some", "channel/googledrive/unknown//usuario1 fail channels.not_allowed"),
		like(linux(home(".thunderbird/a.default/prefs.js", "user_pref(\"mail.identity.id1.useremail\", \"alguien@correo.ayuntamiento.example\");\nuser_pref(\"mail.identity.id2.useremail\", \"alguien@Yahoo.com.mx\");\n")), "Linux: mail of a personal service", list, checks.Fail, "channels.some", "mail/thunderbird/yahoo.com.mx/usuario1 fail channels.mail_personal"),
		like(linux(home(".config/evolution/sources/a.source", "[Mail Identity]\nAddress=alguien@empresa.example\n")), "Linux: mail of another domain", list, checks.Fail, "channels.some", "mail/evolution/empresa.example/usuario1 fail channels.mail_not_allowed"),
		like(linux(nil, "/home/usuario1"), "Linux: a closed folder", list, checks.Unknown, "channels.unread"),

		{"Windows: none", windowsHost(nil, nil), ``, checks.Pass, "channels.none", nil},
		{"Windows: OneDrive of a person", windowsHost(map[string]any{user + `\OneDrive\Accounts\Personal\UserFolder`: "x"}, nil), list, checks.Fail, "channels.some", []string{"channel/onedrive/personal//usuario1 fail channels.personal"}},
		{"Windows: OneDrive that was never connected", windowsHost(map[string]any{user + `\OneDrive\Accounts\Personal\cid`: "x"}, nil), list, checks.Pass, "channels.none", nil},
		{"Windows: OneDrive of the organisation", windowsHost(map[string]any{user + `\OneDrive\Accounts\Business1\UserFolder`: "x", user + `\OneDrive\Accounts\Business1\SPOResourceId`: "https://ayuntamiento-my.sharepoint.com/"}, nil), list, checks.Pass, "channels.authorised", nil},
		{"Windows: OneDrive of another organisation", windowsHost(map[string]any{user + `\OneDrive\Accounts\Business1\UserFolder`: "x", user + `\OneDrive\Accounts\Business1\SPOResourceId`: "https://otra-my.sharepoint.com/"}, nil), list, checks.Fail, "channels.some", []string{"channel/onedrive/organisation/otra-my.sharepoint.com/usuario1 fail channels.not_allowed"}},
		{"Windows: WhatsApp of the store", windowsHost(map[string]any{storeKey + `\` + person + `\5319275A.WhatsAppDesktop_2.2.0.0_x64__cv1g1gvanyjgm\x`: 1}, nil), list, checks.Fail, "channels.some", []string{"channel/whatsapp/none//usuario1 fail channels.messenger"}},
		{"Windows: MEGA", windowsHost(nil, map[string]string{"C:/Users/usuario1/AppData/Local/Mega Limited/MEGAsync/MEGAsync.cfg": ""}), ``, checks.Fail, "channels.some", []string{"channel/mega/personal//usuario1 fail channels.personal"}},
		{"Windows: Google Drive, nothing decided", windowsHost(nil, map[string]string{"C:/Users/usuario1/AppData/Local/Google/DriveFS/100000000000000000001/x": "", "C:/Users/usuario1/AppData/Local/Google/DriveFS/Logs/x": ""}), ``, checks.Unknown, "channels.some_undecided", []string{"channel/googledrive/unknown//usuario1 unknown channels.undecided"}},
		{"Windows: mail of a personal service", windowsHost(map[string]any{accounts + `\00000002\Account Name`: "alguien@gmail.com", accounts + `\00000001\Account Name`: "Libreta de direcciones"}, nil), list, checks.Fail, "channels.some", []string{"mail/outlook/gmail.com/usuario1 fail channels.mail_personal"}},
		{"Windows: mail, nothing decided", windowsHost(map[string]any{accounts + `\00000002\Account Name`: "a@ayuntamiento.example"}, nil), ``, checks.Unknown, "channels.some_undecided", []string{"mail/outlook/ayuntamiento.example/usuario1 unknown channels.mail_undecided"}},
		{"Windows: a person's registry is closed", windowsHost(nil, nil, `HKU\`+person), list, checks.Unknown, "channels.unread", nil},
		{"Windows: a person's registry is closed, and MEGA", windowsHost(nil, map[string]string{"C:/Users/usuario1/AppData/Local/Mega Limited/MEGAsync/MEGAsync.cfg": ""}, `HKU\`+person), list, checks.Fail, "channels.some", []string{"channel/mega/personal//usuario1 fail channels.personal"}},
	})
}

// Whose an account is never gets into a result: neither name nor address.
func TestChannelsKeepNoNames(t *testing.T) {
	h := linuxHost([]string{"base 1"}, map[string]string{
		"/home/usuario1/.dropbox/info.json":                 `{"personal":{"path":"/home/usuario1/Dropbox (Marisela)","host":4711}}`,
		"/home/usuario1/.thunderbird/a/prefs.js":            `user_pref("mail.identity.id1.useremail", "marisela@gmail.com");` + "\n" + `user_pref("mail.identity.id1.fullName", "Marisela");`,
		"/home/usuario1/.config/rclone/rclone.conf":         "[marisela]\ntype = drive\ntoken = {\"access_token\":\"marisela\"}\n",
		"/home/usuario1/.config/goa-1.0/accounts.conf":      "[Account a]\nProvider=owncloud\nUri=https://marisela:marisela@nube.example/marisela\nIdentity=marisela\nFilesEnabled=true\n",
		"/home/usuario1/.config/Nextcloud/nextcloud.cfg":    "0\\url=https://marisela@nube.example/marisela\n0\\dav_user=marisela\n",
		"/home/usuario1/.config/evolution/sources/a.source": "[Mail Identity]\nAddress=marisela@empresa.example\nName=Marisela\n",
	}, nil)
	res := checktest.Run(t, channels(), h, "")
	all, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ToLower(all), []byte("marisela")) || len(res.Findings) < 5 {
		t.Errorf("%s", all)
	}
}

func TestChannelFormats(t *testing.T) {
	kinds, err := dropboxAccounts([]byte(`{"personal":{"is_team":true},"business":{},"otra":{}}`))
	if diff := cmp.Diff([]string{"organisation", "unknown"}, kinds); diff != "" || err != nil {
		t.Errorf("Dropbox: %v (-want +got):\n%s", err, diff)
	}
	if got := thunderbirdAddresses([]byte("user_pref(\"mail.identity.id1.useremail\", \"a@b.c\");\nuser_pref(\"mail.identity.id1.useremail\nuser_pref(\"mail.server.x\", \"a@z\");")); !slices.Equal(got, []string{"a@b.c"}) {
		t.Errorf("Thunderbird: %q", got)
	}
	var f channelFacts
	for _, address := range []string{"", "x", "@b.c", "a@", "a@b c", "a@b.c.", "a@ñandú.es", strings.Repeat("a", 300) + "@" + strings.Repeat("b", 300)} {
		f.mail("p", address, "u")
	}
	if len(f.Mail) != 1 || f.Mail[0].Domain != "b.c" {
		t.Errorf("domains: %+v", f.Mail)
	}
}

func TestChannelParameters(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{`{"allowed":[{"channel":"onedrive"}],"mail_domains":["a.example"]}`, ""},
		{`{"allowed":[{"host":"x"}]}`, "allowed channel 1: want its name"},
		{`{"mail_domains":["a@b"]}`, "mail domain 1: want a domain without @"},
	} {
		got := ""
		if err := channels().CheckParams([]byte(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(`{"personal":{"is_team":false}}`))
	f.Add([]byte("0\\url=https://nube.example:8443/x\n"))
	f.Add([]byte("[a]\ntype = sftp\n"))
	f.Add([]byte(`user_pref("mail.identity.id1.useremail", "a@b.example");`))
	f.Add([]byte(`<releases><release version="1.2" date="x"/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = dropboxAccounts(b) // any answer but a crash
		_, _ = rcloneRemotes(b)
		for _, server := range cloudHosts(b) {
			if strings.ContainsAny(server, "@/") {
				t.Errorf("more than a server: %q", server)
			}
		}
		var facts channelFacts
		for _, address := range thunderbirdAddresses(b) {
			facts.mail("thunderbird", address, "x")
		}
		for _, m := range facts.Mail {
			if strings.Contains(m.Domain, "@") {
				t.Errorf("more than a domain: %q", m.Domain)
			}
		}
		_ = newestRelease(b)
		like(string(b), string(b))
		if compareVersions(string(b), string(b)) != 0 {
			t.Errorf("%q is not itself", b)
		}
	})
}
