package inventory

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/message"
)

// row is one machine and what a check says of it.
type row struct {
	name   string
	host   host.Host
	params string
	status checks.Status
	code   string
	found  []string
}

func testRows(t *testing.T, c checks.Check, rows []row) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			got := checktest.Run(t, c, tt.host, tt.params)
			if got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
			for _, r := range append(reasons(got.Findings), got.Reason) {
				e := c.Info().Messages[r.Code]
				for _, lang := range []message.Lang{"es", "en"} {
					if text := e.Say.Format(lang, r.Args) + e.Do.Format(lang, r.Args); strings.ContainsAny(text, "{}") {
						t.Errorf("%s: an argument is missing: %s", r.Code, text)
					}
				}
			}
			var found []string
			for _, f := range got.Findings {
				found = append(found, f.Key+" "+string(f.Status)+" "+f.Reason.Code)
			}
			if diff := cmp.Diff(tt.found, found); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnauthorised(t *testing.T) {
	const list = `{"software":[{"name":"base"},{"name":"LibreOffice*","publisher":"The Document Foundation","versions":">=24.2 <26"}]}`
	const userKey = `HKU\` + person + `\Software` + uninstall
	run := map[string]fs.FileMode{"/home/usuario1/.local/bin/convertir": 0o755, "/usr/local/bin/copia": 0o755, "/home/usuario1/.local/bin/lib": fs.ModeSymlink | 0o777}
	testRows(t, unauthorised(), []row{
		{"Linux: all approved", linuxHost([]string{"base 1"}, nil, nil), list, checks.Pass, "unauthorised.all_listed", nil},
		{"Linux: a package off the list", linuxHost([]string{"base 1", "juego 2"}, nil, nil), list, checks.Fail, "unauthorised.some", []string{"program/juego fail unauthorised.unlisted"}},
		{
			"Linux: came because another needs it",
			linuxHost([]string{"base 1", "libjuego 2"}, map[string]string{"/var/lib/apt/extended_states": "Package: libjuego\nArchitecture: amd64\nAuto-Installed: 1\n"}, nil), list,
			checks.Pass, "unauthorised.all_listed", nil,
		},
		{
			"Linux: programs and links in a person's folder and in /usr/local, files that do not run",
			linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/.local/bin/convertir": "", "/home/usuario1/.local/bin/lib": "", "/home/usuario1/.local/bin/notas.txt": "", "/usr/local/bin/copia": ""}, run), list,
			checks.Fail, "unauthorised.some",
			[]string{"loose/local_bin/usuario1/convertir fail unauthorised.loose", "loose/local_bin/usuario1/lib fail unauthorised.loose", "loose/usr_local//copia fail unauthorised.loose"},
		},
		{
			"Linux: an AppImage where downloads go",
			linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/.config/user-dirs.dirs": "XDG_DOWNLOAD_DIR=\"$HOME/Bajadas\"\n", "/home/usuario1/Bajadas/Editor.AppImage": ""}, nil), list,
			checks.Fail, "unauthorised.some", []string{"loose/appimage/usuario1/Editor.AppImage fail unauthorised.loose"},
		},
		{
			"Linux: folders of /opt, one of a package",
			linuxHost([]string{"base 1", "base-visor 2"}, map[string]string{"/opt/visor/bin/x": "", "/opt/otro/x": "", "/var/lib/dpkg/info/base-visor.list": "/.\n/opt\n/opt/visor\n"}, nil),
			`{"software":[{"name":"base*"}]}`, checks.Fail, "unauthorised.some", []string{"loose/opt//otro fail unauthorised.loose"},
		},
		{"Linux: decided against, without a list", linuxHost([]string{"base 1", "juego 2"}, nil, nil), `{"denied":[{"name":"jue*"}]}`, checks.Fail, "unauthorised.some", []string{"program/juego fail unauthorised.denied"}},
		{"Linux: no list", linuxHost([]string{"base 1"}, nil, nil), ``, checks.Unknown, "unauthorised.no_list", nil},
		{"Linux: no list of packages", linuxHost(nil, nil, nil), list, checks.Unknown, "unauthorised.unread", nil},
		{"Linux: a closed folder", linuxHost([]string{"base 1"}, nil, nil, "/home/usuario1"), list, checks.Unknown, "unauthorised.unread", nil},
		{"Linux: a closed folder and a package off the list", linuxHost([]string{"juego 1"}, nil, nil, "/home/usuario1"), list, checks.Fail, "unauthorised.some", []string{"program/juego fail unauthorised.unlisted"}},
		{
			"Linux: installers gather", linuxHost([]string{"base 1"}, map[string]string{"/home/usuario1/Downloads/a.deb": "", "/home/usuario1/Downloads/b.pdf": ""}, nil),
			`{"software":[{"name":"base"}],"max_downloads":0}`, checks.Warn, "unauthorised.only_downloads", []string{"downloads/usuario1 warn unauthorised.downloads"},
		},

		{"Windows: all approved", windowsHost(nil, nil), list, checks.Pass, "unauthorised.all_listed", nil},
		{
			"Windows: a version below the bounds and the name of another publisher",
			windowsHost(map[string]any{
				`HKLM\SOFTWARE` + uninstall + `\L\DisplayName`: "LibreOffice 7.6", `HKLM\SOFTWARE` + uninstall + `\L\DisplayVersion`: "7.6.7", `HKLM\SOFTWARE` + uninstall + `\L\Publisher`: "The Document Foundation",
				userKey + `\M\DisplayName`: "LibreOffice gratis", userKey + `\M\DisplayVersion`: "25.2", userKey + `\M\Publisher`: "Otra",
			}, nil), list, checks.Fail, "unauthorised.some",
			[]string{"program/LibreOffice 7.6 fail unauthorised.unlisted", "program/LibreOffice gratis fail unauthorised.unlisted"},
		},
		{
			"Windows: a program of the store, and parts of Windows from there",
			windowsHost(map[string]any{storeKey + `\` + person + `\Juego.Ejemplo_1.0.0.0_x64__abcdefgh12345\x`: 1, storeKey + `\Applications\Microsoft.Windows.Search_1.0.0.0_neutral_neutral_cw5n1h2txyewy\x`: 1}, nil), list,
			checks.Fail, "unauthorised.some", []string{"program/Juego.Ejemplo fail unauthorised.unlisted"},
		},
		{
			"Windows: folders of programs, one of what is installed",
			windowsHost(map[string]any{userKey + `\V\DisplayName`: "Base", userKey + `\V\DisplayIcon`: `C:\Users\usuario1\AppData\Local\Programs\visor\visor.exe,0`},
				map[string]string{"C:/Users/usuario1/AppData/Local/Programs/visor/visor.exe": "", "C:/Users/usuario1/AppData/Local/Programs/otro/otro.exe": "", "C:/Users/usuario1/AppData/Local/Programs/Common/x": "", "C:/Users/usuario1/Desktop/p.EXE": ""}), list,
			checks.Fail, "unauthorised.some", []string{"loose/desktop/usuario1/p.EXE fail unauthorised.loose", "loose/programs/usuario1/otro fail unauthorised.loose"},
		},
		{"Windows: no list", windowsHost(nil, nil), ``, checks.Unknown, "unauthorised.no_list", nil},
		{"Windows: a person's registry is closed", windowsHost(nil, nil, `HKU\`+person), list, checks.Unknown, "unauthorised.unread", nil},
		{"Windows: a folder is closed", windowsHost(nil, nil, "C:/Users/usuario1/Downloads"), list, checks.Unknown, "unauthorised.unread", nil},
		{
			"Windows: installers gather", windowsHost(nil, map[string]string{"C:/Users/usuario1/Downloads/a.exe": "", "C:/Users/usuario1/Downloads/b.msi": ""}),
			`{"software":[{"name":"Base"}],"max_downloads":1}`, checks.Warn, "unauthorised.only_downloads", []string{"downloads/usuario1 warn unauthorised.downloads"},
		},
	})
}
