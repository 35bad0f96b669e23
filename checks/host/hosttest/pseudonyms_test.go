package hosttest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/format/shadow"
	"vigia/checks/host"
)

func people(style pathStyle) *pseudonyms {
	p := newPseudonyms(style)
	p.addHost("pc-7.villa.example")
	for _, name := range []string{"ana", "ana.gil", "María Gil", "auth", "7"} {
		p.person(name)
	}
	p.homes = []string{"/srv/personas/ana"}
	return p
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"whole word", "ana ALL=(ALL) ALL", "usuario01 ALL=(ALL) ALL"},
		{"any case", "Ana ANA", "usuario01 usuario01"},
		{"inside a word", "banana anaconda mañana anaé", "banana anaconda mañana anaé"},
		{"between signs", "(ana) x_ana_y 'ana' ana@", "(usuario01) x_usuario01_y 'usuario01' usuario01@"},
		{"the longest name", "ana.gil ana.gila", "usuario02 usuario01.gila"},
		{"accents", "de María Gil, MARÍA GIL", "de usuario03, usuario03"},
		{"a word of configuration", "auth required pam_unix.so", "auth required pam_unix.so"},
		{"the same word where a name stands", `/home/auth/x C:\Users\auth`, `/home/usuario04/x C:\Users\usuario04`},
		{"too short to tell", "deny = 7", "deny = 7"},
		{"host and domain", "pc-7.villa.example PC-7 villa", "equipo01.DOMINIO equipo01 DOMINIO"},
		{"mail", "root: alcaldia@ayto.example, ana@villa.example", "root: correo01@dominio.example, correo02@dominio.example"},
		{"unit instance", "getty@tty1.service", "getty@tty1.service"},
		{"SID", "S-1-5-21-1-2-3-1001 S-1-5-21-1-2-3-500 S-1-5-21-9-2-3", "S-1-5-21-1000000001-2000000001-3000000001-1001 S-1-5-21-1000000001-2000000001-3000000001-500 S-1-5-21-1000000002-2000000002-3000000002"},
		{"well-known SID", "S-1-5-32-544 S-1-5-18", "S-1-5-32-544 S-1-5-18"},
		{"MAC", "aa:BB:cc:00:11:22 ff:ff:ff:ff:ff:ff AA-bb-cc-00-11-22", "02:00:00:00:00:01 ff:ff:ff:ff:ff:ff 02-00-00-00-00-01"},
		{"share", `\\NAS\x \\?\C:\ \\server\y`, `\\equipo02\x \\?\C:\ \\server\y`},
		{"nothing to do", "PASS_MAX_DAYS 365\n", "PASS_MAX_DAYS 365\n"},
	} {
		if got := people(slashes).text(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		style    pathStyle
		in, want string
	}{
		{slashes, "/etc/pam.d/login", "/etc/pam.d/login"},
		{slashes, "/home/ana/.config/dconf/user", "/home/usuario01/.config/dconf/user"},
		{slashes, "/home/auth/.xscreensaver", "/home/usuario04/.xscreensaver"},
		{slashes, "/home/ana", "/home/usuario01"},
		{slashes, "/home/ana/Documentos/Ana Pérez/dni.pdf", "/home/usuario01/Documentos/elemento0001/elemento0002.pdf"},
		{slashes, "/srv/personas/ana/.config/x", "/srv/personas/usuario01/.config/x"},
		{slashes, "/srv/personas/ana/padrón.csv", "/srv/personas/usuario01/elemento0001.csv"},
		{slashes, "/srv/personas/otro", "/srv/personas/otro"},
		{slashes, "/home/ana/mail/Carta a Pepe.txt", "/home/usuario01/elemento0001/elemento0002.txt"},
		{slashes, "/root/informe.txt", "/root/elemento0001.txt"},
		{slashes, "/usr/share/x/users/y/z.txt", "/usr/share/x/users/y/z.txt"},
		{slashes, "/home/ana/notas", "/home/usuario01/elemento0001"},
		{slashes, "/var/spool/cron/crontabs/auth", "/var/spool/cron/crontabs/usuario04"},
		{slashes, "/var/lib/AccountsService/users/ana.gil", "/var/lib/AccountsService/users/usuario02"},
		{slashes, "/etc/sudoers.d/ana", "/etc/sudoers.d/usuario01"},
		{slashes, "/etc/pam.d/auth", "/etc/pam.d/auth"},
		{slashes, "/srv/copias/ana-12345678Z-2026.tar", "/srv/copias/usuario01-identificador-2026.tar"},
		{slashes, "/srv/copias/20261121.tar", "/srv/copias/20261121.tar"},
		{backslashes, `C:\Users\ana\NTUSER.DAT`, `C:\Users\usuario01\NTUSER.DAT`},
		{backslashes, `C:\Users\Public\Desktop`, `C:\Users\Public\Desktop`},
		{backslashes, `C:\Users\ana\AppData\Local\x`, `C:\Users\usuario01\AppData\Local\x`},
		{backslashes, `C:\Users\ana\Desktop\Nóminas.xlsx`, `C:\Users\usuario01\Desktop\elemento0001.xlsx`},
	} {
		if got := people(tt.style).path(tt.in); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestBinaryKeepsItsLength(t *testing.T) {
	t.Parallel()
	p := people(slashes)
	in := []byte("\x00/home/ana/x\x00manager\x00" + widen("Ana") + "\x00\x00" + widen("banana") + "\xff")
	want := []byte("\x00/home/usu/x\x00manager\x00" + widen("usu") + "\x00\x00" + widen("banana") + "\xff")
	if got := p.binary(in); !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !p.mentions(in) || p.mentions([]byte("\x00manager\x00")) {
		t.Error("mentions does not tell data that names somebody")
	}
}

func TestContentPolicy(t *testing.T) {
	t.Parallel()
	p := people(slashes)
	for _, tt := range []struct {
		name, in, want string
		keep           bool
	}{
		{"/etc/login.defs", "PASS_MAX_DAYS 365\n", "PASS_MAX_DAYS 365\n", true},
		{"/etc/nsswitch.conf", "passwd: files systemd\n", "passwd: files systemd\n", true},
		{"/etc/pam.d/common-password", "password requisite pam_pwquality.so retry=3 minlen=12\n", "password requisite pam_pwquality.so retry=3 minlen=12\n", true},
		{"/etc/samba/smb.conf", "encrypt passwords = yes\nldap admin password = Inventada\n", "encrypt passwords = yes\nldap admin password = Inventada\n", true},
		{"/etc/vpn.conf", "password = Inventada\nuser_token=\"abc\"\nallow_password = no\n", "password = removed\nuser_token=removed\nallow_password = no\n", true},
		{"/etc/app.json", `{"db_password": "Inventada"}`, `{"db_password": "removed"}`, true},
		{"/etc/default/grub", "password_pbkdf2 root grub.pbkdf2.sha512.10000.AB12.CD34\n", "password_pbkdf2 root grub.pbkdf2.sha512.removed\n", true},
		{"/etc/preseed", "x $6$sal$HashInventado123 y\n", "x $6$removed y\n", true},
		{"/etc/hostname", "pc-7.villa.example\n", "equipo01.DOMINIO\n", true},
		{"/sys/class/dmi/id/product_serial", "8XK2\n", strings.Repeat("0", 31) + "1\n", true},
		{"/home/ana/.config/kscreenlockerrc", "[Daemon]\n", "[Daemon]\n", true},
		{"/srv/personas/ana/.config/kdeglobals", "[K]\n", "[K]\n", true},
		{"/srv/personas/ana/notas.txt", "x", "", false},
		{"/root/notas.txt", "x", "", false},
		{"/home/ana/.ssh/config", "Host x\n", "", false},
		{"/home/ana/Documentos/padrón.csv", "x", "", false},
		{"/home/ana/.config/chromium/Login Data", "SQLite\x00\xff", "", false},
		{"/etc/ssl/private/x.pem", "x", "", false},
		{"/etc/ssh/ssh_host_rsa_key", "x", "", false},
		{"/etc/NetworkManager/system-connections/casa", "psk=x", "", false},
		{"/etc/odd", "-----BEGIN PRIVATE KEY-----", "", false},
		{"/srv/copias/a.sql", "x", "", false},
		{"/proc/1/environ", "SECRET=x", "", false},
	} {
		got, keep := p.content(tt.name, []byte(tt.in))
		if string(got) != tt.want || keep != tt.keep {
			t.Errorf("%s: got %q, %v, want %q, %v", tt.name, got, keep, tt.want, tt.keep)
		}
	}
}

func TestPasswordField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", ""}, {"x", "x"}, {"*", "*"}, {"!", "!"}, {"!!", "!!"}, {"!*", "!*"}, {"*LK*", "*LK*"},
		{"$y$j9T$sal$hash", "$y$removed"}, {"!$6$sal$hash", "!$6$removed"}, {"$md5,rounds=9$sal$hash", "$md5$removed"},
		{"$2b$12$saltsaltsalt", "$2b$removed"}, {"ab01FAX.bQRSU", "xxxxxxxxxxxxx"}, {"_J9..sal1sal2sal3sal", "_xxxxxxxxxxxxxxxxxxx"},
		{"claveEnClaro", "*"}, {"!claveEnClaro", "!*"},
	} {
		if got := passwordField(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	if got, want := passwordFields("$6$a$bbbb,$6$c$dddd"), "$6$removed,$6$removed"; got != want {
		t.Errorf("old passwords: got %q, want %q", got, want)
	}
}

func TestModesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{
		0, 0o644, 0o777, fs.ModeDir | 0o1755, fs.ModeDir | fs.ModeSticky | 0o777, fs.ModeSymlink | 0o777, fs.ModeSetuid | 0o755,
		fs.ModeDevice | fs.ModeCharDevice | 0o620, fs.ModeNamedPipe, fs.ModeSocket | 0o666, fs.ModeIrregular, fs.ModeSetgid | fs.ModeDir | 0o2775,
	} {
		got, err := fileMode(mode.String()).parse()
		if want := mode & (fs.ModeType | fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky); got != want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", mode, got, err, want)
		}
	}
	for _, bad := range []string{"", "rw-r--r--", "-rw-r--r-x-", "Qrwxrwxrwx", "-rw-r--r-y"} {
		if _, err := fileMode(bad).parse(); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}

func TestRegistryValuesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, v := range []registryValue{
		{},
		{code: codePermission},
		{value: &host.RegistryValue{Kind: host.RegistryString}},
		{value: &host.RegistryValue{Kind: host.RegistryString, String: `a"\ñ`}},
		{value: &host.RegistryValue{Kind: host.RegistryInteger, Integer: 1<<64 - 1}},
		{value: &host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{}}},
		{value: &host.RegistryValue{Kind: host.RegistryStrings, Strings: []string{"", "b"}}},
		{value: &host.RegistryValue{Kind: host.RegistryBinary, Binary: []byte{}}},
		{value: &host.RegistryValue{Kind: host.RegistryBinary, Binary: []byte{0, 255}}},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var got registryKey
		if err := json.Unmarshal([]byte(`{"v": `+string(data)+`}`), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got["v"], cmp.AllowUnexported(registryValue{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", data, diff)
		}
	}
}

// FuzzText: whatever a text holds, no name is left in it as a whole word.
func FuzzText(f *testing.F) {
	f.Add("ana y ana.gil en /home/ana, pc-7")
	f.Add("ANA\xffana")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		p := people(slashes)
		once := p.text(s)
		for _, n := range p.names {
			for _, word := range strings.FieldsFunc(once, func(r rune) bool { return !wordRune(r) }) {
				if strings.EqualFold(word, n.from) {
					t.Errorf("%q is left in %q", n.from, once)
				}
			}
		}
	})
}

// FuzzDocument: a document is refused with a line or replayed, never a crash.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"version":1,"os":"windows","origin":"documented","time":"2026-01-01T00:00:00Z","registry":{"HKLM\\A":{"n":[1]}}}`))
	f.Add([]byte(`{"version":1,"os":"linux","origin":"recorded","time":"2026-01-01T00:00:00Z","files":{"/a/b":{"mode":"-rw-r--r--","error":"absent"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc document
		if err := decodeStrict(data, &doc); err != nil {
			return
		}
		h, err := replay(&doc, nil)
		if err != nil {
			return
		}
		_ = h.Files.Walk(t.Context(), "/", func(string, host.FileInfo, error) error { return nil })
		for key := range doc.Registry {
			_, _ = h.Registry.Subkeys(t.Context(), key)
			_, _ = h.Registry.Value(t.Context(), key, "")
		}
	})
}

// What a check concludes from shadow(5) survives: the kind of each field and
// the method behind it.
func TestShadowMeansTheSame(t *testing.T) {
	t.Parallel()
	in := "root:*:19700:0:99999:7:::\nana:$y$j9T$abc$defghijk:20000:0:365:7:::\nauth:!$6$abc$defghi:20000:0:365:7:::\n" +
		"maria:ab01FAX.bQRSU:1:0:9:7:::\nempty::1:0:9:7:::\nlocked:!:1:0:9:7:::\nodd:claro:1:0:9:7:::\n"
	out, ok := people(slashes).content("/etc/shadow", []byte(in))
	if !ok {
		t.Fatal("shadow was withheld")
	}
	want, err := shadow.ParseShadow([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := shadow.ParseShadow(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Entries) != len(want.Entries) {
		t.Fatalf("got %d entries, want %d", len(got.Entries), len(want.Entries))
	}
	for i := range want.Entries {
		w, g := want.Entries[i], got.Entries[i]
		w.Name, g.Name = "", ""
		if diff := cmp.Diff(w, g); diff != "" {
			t.Errorf("entry %d: -want +got:\n%s", i, diff)
		}
	}
}

func BenchmarkText(b *testing.B) {
	p := people(slashes)
	text := strings.Repeat("session required pam_unix.so # de ana, en /home/ana\n", 20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		p.text(text)
	}
}
