package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
	"vigia/checks/host/hosttest"
	"vigia/checks/host/local"
)

// tree writes files below a new folder. A content that begins with "-> " makes
// a link, a name that ends in "/" a folder.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, at)
		} else if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(at, 0o755)
		} else {
			err = os.WriteFile(at, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// office is a machine of an invented town hall. One account is called like a
// word of PAM's files.
var office = map[string]string{
	"etc/hostname":   "tesoreria-pc7\n",
	"etc/hosts":      "127.0.1.1 tesoreria-pc7.villanueva.example tesoreria-pc7\n",
	"etc/machine-id": "8c5d1f0f6a2b4c55b0e6a7a3f1d2c3b4\n",
	"etc/os-release": "-> ../usr/lib/os-release",
	"usr/lib/os-release": "ID=debian\nVERSION_ID=\"12\"\n" +
		"BUG_REPORT_URL=\"https://bugs.debian.example/\"\n",
	"etc/passwd": "root:x:0:0:root:/root:/bin/bash\n" +
		"backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n" +
		"mrodriguez:x:1000:1000:María Rodríguez Gil,Despacho 4,,:/home/mrodriguez:/bin/bash\n" +
		"auth:x:1001:1001:Aurelio Thomson:/home/auth:/bin/bash\n" +
		"jlopez:x:1002:1002:,,,:/home/jose.lopez:/bin/bash\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	"etc/shadow": "root:*:19700:0:99999:7:::\n" +
		"backup:!:19700:0:99999:7:::\n" +
		"mrodriguez:$y$j9T$dIXAYRl8vXsPzGmq8bKaB1$S4ltyDeHashInventado00000000000000000000000:20100:0:365:7:::\n" +
		"auth:!$6$rounds=5000$sAlInventada$HashInventadoDeMuchasLetras0123456789:20000:0:99999:7:::\n" +
		"jlopez:ab01FAX.bQRSU:19000:0:99999:7:::\n",
	"etc/group":           "sudo:x:27:mrodriguez,pgomez\nauth:x:1001:\nmrodriguez:x:1000:\n",
	"etc/sudoers":         "# encargada: María Rodríguez Gil\nmrodriguez ALL=(ALL:ALL) NOPASSWD: ALL\nadmin.red@villanueva.example\n",
	"etc/pam.d/login":     "auth required pam_unix.so nullok\naccount required pam_unix.so\n",
	"etc/sssd/sssd.conf":  "[sssd]\ndomains = villanueva.example\n[domain/villanueva.example]\nid_provider = ad\nldap_default_authtok = Clave-Inventada-9\n",
	"etc/lightdm.conf":    "[Seat:*]\nautologin-user=MRodriguez\nsession-setup-script=/home/mrodriguez/inicio.sh\n",
	"etc/ssh/ssh_rsa_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nInventada\n",
	"etc/fstab":           "//nas-registro/copias /mnt/copias cifs username=mrodriguez,password=Otra-Inventada 0 0\n/dev/sda1 / ext4 defaults 0 1\n",

	"home/mrodriguez/.config/kscreenlockerrc":                    "[Daemon]\nTimeout=10\n",
	"home/mrodriguez/.config/dconf/user":                         "GVariant\x00\x00/home/mrodriguez/x\x00m\x00r\x00o\x00",
	"home/mrodriguez/Documentos/Padrón de Ana Gil 12345678Z.pdf": "x",
	"home/auth/.config/kscreenlockerrc":                          "[Daemon]\nTimeout=5\n# de /home/auth\n",
	"home/jose.lopez/.xscreensaver":                              "timeout: 0:05:00\n",
	"var/lib/AccountsService/users/mrodriguez":                   "[User]\nSession=gnome\n",
	"srv/copias/mrodriguez-2026-11-20.tar":                       "copia",
	"srv/copias/2026-11-21.tar":                                  "copia",
}

// nobody's names: none of these may be in a saved recording, in any case.
var officeNames = []string{
	"mrodriguez", "Rodríguez", "jlopez", "jose.lopez", "pgomez", "tesoreria", "villanueva", "nas-registro", "admin.red",
	"Thomson", "Despacho", "Padrón", "Ana Gil", "12345678", "8c5d1f0f", "Clave-Inventada", "Otra-Inventada",
	"S4ltyDeHash", "HashInventado", "sAlInventada", "ab01FAX", "PRIVATE KEY", "8XK2LM3", "00:1a:2b",
}

// machine adds what files do not tell to a mounted machine.
type machine struct{ host.System }

func (machine) Hardware(context.Context) (host.Hardware, error) {
	return host.Hardware{Vendor: "Dell", Serial: "8XK2LM3", Disks: []host.Disk{{Name: "sda", Serial: "8XK2LM3-D", Size: 5}}}, nil
}

func (machine) Interfaces(context.Context) ([]host.Interface, error) {
	return []host.Interface{{Name: "enx001a2b3c4d5e", MAC: "00:1a:2b:3c:4d:5e", Up: true}}, nil
}

func (machine) Volumes(context.Context) ([]host.Volume, error) {
	return []host.Volume{
		{Mount: "/home/mrodriguez/usb", Device: "/dev/sdb1", FSType: "vfat"},
		{Mount: "/mnt/copias", Device: "//nas-registro/copias", FSType: "cifs"},
	}, nil
}

type scanner struct{}

func (scanner) Scan(_ context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	return host.ScanSummary{
		Roots: req.Roots, Files: map[string]int64{"found": 1}, Counts: map[string]int64{"es.dni": 3}, Persons: 3, Complete: true,
		Found: []host.FoundFile{{Path: "/home/mrodriguez/Documentos/Padrón.ods", Folder: "/home/mrodriguez/Documentos", Owner: "mrodriguez", Level: "basic", Persons: 3}},
	}, nil
}

// recordOffice asks the office everything that checks ask, and saves it.
func recordOffice(t *testing.T) (dir string, at time.Time) {
	t.Helper()
	at = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)
	inner := local.New(local.Options{Root: tree(t, office), PersonalData: scanner{}, Now: func() time.Time { return at }})
	inner.System = machine{inner.System}
	rec := hosttest.NewRecorder(inner)
	h := rec.Host()
	ctx := t.Context()
	for name := range office {
		_, _ = h.Files.ReadFile(ctx, "/"+strings.TrimSuffix(name, "/"), 1<<20)
		_, _ = h.Files.Stat(ctx, "/"+name)
	}
	_, _ = h.Files.ReadFile(ctx, "/etc/absent", 1<<20)
	_, _ = h.Files.Stat(ctx, "/home/mrodriguez/.config/absent")
	_, _ = h.Files.ReadDir(ctx, "/home")
	_ = h.Files.Walk(ctx, "/srv/copias", func(string, host.FileInfo, error) error { return nil })
	_, _ = h.System.Identity(ctx)
	_, _ = h.System.Hardware(ctx)
	_, _ = h.System.Volumes(ctx)
	_, _ = h.System.Interfaces(ctx)
	_, _ = h.Registry.Value(ctx, `HKLM\SOFTWARE`, "x")
	_, _ = h.Accounts.Users(ctx)
	_, _ = h.PersonalData.Scan(ctx, host.ScanRequest{Roots: []string{"/home/mrodriguez"}, MaxFiles: 9})
	dir = filepath.Join(t.TempDir(), "recording")
	if err := rec.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir, at
}

func TestSaveLeavesNobodyIn(t *testing.T) {
	t.Parallel()
	dir, _ := recordOffice(t)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		text := strings.TrimPrefix(name, dir)
		if d.Type().IsRegular() {
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text += "\n" + string(data)
		}
		for _, secret := range officeNames {
			if at := strings.Index(strings.ToLower(text), strings.ToLower(secret)); at >= 0 {
				t.Errorf("%s: %q is still there: …%s…", name, secret, text[max(0, at-40):min(len(text), at+40)])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecordedOfficeReplays(t *testing.T) {
	t.Parallel()
	dir, at := recordOffice(t)
	h, err := hosttest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if got := h.Now(); !got.Equal(at) || h.OS != host.Linux {
		t.Errorf("got %v on %s", got, h.OS)
	}
	for name, want := range map[string]string{
		"/etc/hostname":   "equipo01\n",
		"/etc/hosts":      "127.0.1.1 equipo01.DOMINIO equipo01\n",
		"/etc/os-release": office["usr/lib/os-release"],
		"/etc/passwd": "root:x:0:0::/root:/bin/bash\n" +
			"backup:x:34:34::/var/backups:/usr/sbin/nologin\n" +
			"usuario01:x:1000:1000::/home/usuario01:/bin/bash\n" +
			"usuario02:x:1001:1001::/home/usuario02:/bin/bash\n" +
			"usuario03:x:1002:1002::/home/usuario03:/bin/bash\n" +
			"nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
		"/etc/shadow": "root:*:19700:0:99999:7:::\n" +
			"backup:!:19700:0:99999:7:::\n" +
			"usuario01:$y$removed:20100:0:365:7:::\n" +
			"usuario02:!$6$removed:20000:0:99999:7:::\n" +
			"usuario03:xxxxxxxxxxxxx:19000:0:99999:7:::\n",
		"/etc/group":          "sudo:x:27:usuario01,usuario04\nusuario02:x:1001:\nusuario01:x:1000:\n",
		"/etc/sudoers":        "# encargada: Persona usuario01\nusuario01 ALL=(ALL:ALL) NOPASSWD: ALL\ncorreo01@dominio.example\n",
		"/etc/pam.d/login":    office["etc/pam.d/login"],
		"/etc/lightdm.conf":   "[Seat:*]\nautologin-user=usuario01\nsession-setup-script=/home/usuario01/inicio.sh\n",
		"/etc/sssd/sssd.conf": "[sssd]\ndomains = DOMINIO\n[domain/DOMINIO]\nid_provider = ad\nldap_default_authtok = removed\n",
		"/etc/fstab": "//equipo02/copias /mnt/copias cifs username=usuario01,password=removed 0 0\n" +
			"/dev/sda1 / ext4 defaults 0 1\n",
		"/etc/machine-id":                          strings.Repeat("0", 31) + "1\n",
		"/home/usuario01/.config/kscreenlockerrc":  "[Daemon]\nTimeout=10\n",
		"/home/usuario01/.config/dconf/user":       "GVariant\x00\x00/home/usuario01u/x\x00m\x00r\x00o\x00",
		"/home/usuario02/.config/kscreenlockerrc":  "[Daemon]\nTimeout=5\n# de /home/usuario02\n",
		"/home/usuario03/.xscreensaver":            "timeout: 0:05:00\n",
		"/var/lib/AccountsService/users/usuario01": "[User]\nSession=gnome\n",
	} {
		got, err := h.Files.ReadFile(ctx, name, 1<<20)
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", name, err, diff)
		}
		info, err := h.Files.Stat(ctx, name)
		if err != nil || info.Size != int64(len(want)) {
			t.Errorf("%s: size %d, %v, want that of the content, %d", name, info.Size, err, len(want))
		}
	}
	for name, want := range map[string]error{
		"/etc/absent":                                 fs.ErrNotExist,
		"/home/usuario01/.config/absent":              fs.ErrNotExist,
		"/home/usuario09/.config/x":                   fs.ErrNotExist, // /home was listed
		"/etc/ssh/ssh_rsa_key":                        host.ErrNotRecorded,
		"/home/usuario01/Documentos":                  host.ErrNotRecorded,
		"/etc/never-asked":                            host.ErrNotRecorded,
		"/home/usuario01/Documentos/elemento0001.pdf": host.ErrNotRecorded,
	} {
		if _, err := h.Files.ReadFile(ctx, name, 1<<20); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	if _, err := h.Files.Stat(ctx, "/home/usuario01/Documentos/elemento0001.pdf"); err != nil {
		t.Errorf("a document keeps its metadata under another name: %v", err)
	}
	var walked []string
	err = h.Files.Walk(ctx, "/srv/copias", func(name string, info host.FileInfo, err error) error {
		walked = append(walked, fmt.Sprint(name, " ", info.Size > 0, " ", err))
		return nil
	})
	want := []string{"/srv/copias true <nil>", "/srv/copias/2026-11-21.tar true <nil>", "/srv/copias/usuario01-2026-11-20.tar true <nil>"}
	if diff := cmp.Diff(want, walked); diff != "" || err != nil {
		t.Errorf("walk: %v, -want +got:\n%s", err, diff)
	}
}

func TestRecordedOfficeSystem(t *testing.T) {
	t.Parallel()
	dir, _ := recordOffice(t)
	h, err := hosttest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	id, err := h.System.Identity(ctx)
	if want := (host.Identity{Hostname: "equipo01", OSName: "debian", OSVer: "12", Domain: "DOMINIO"}); id != want || err != nil {
		t.Errorf("identity: got %+v, %v, want %+v", id, err, want)
	}
	hardware, err := h.System.Hardware(ctx)
	wantHardware := host.Hardware{Vendor: "Dell", Serial: "SERIE0001", Disks: []host.Disk{{Name: "sda", Serial: "SERIE0002", Size: 5}}}
	if diff := cmp.Diff(wantHardware, hardware); diff != "" || err != nil {
		t.Errorf("hardware: %v, -want +got:\n%s", err, diff)
	}
	interfaces, err := h.System.Interfaces(ctx)
	if diff := cmp.Diff([]host.Interface{{Name: "enx020000000001", MAC: "02:00:00:00:00:01", Up: true}}, interfaces); diff != "" || err != nil {
		t.Errorf("interfaces: %v, -want +got:\n%s", err, diff)
	}
	volumes, err := h.System.Volumes(ctx)
	if err != nil || volumes[0].Mount != "/home/usuario01/elemento0002" || volumes[1].Device != "//equipo02/copias" {
		t.Errorf("volumes: got %+v, %v", volumes, err)
	}
	if _, err := h.Accounts.Users(ctx); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("accounts: got %v, want %v", err, host.ErrUnsupported)
	}
	if _, err := h.Registry.Value(ctx, `HKLM\SOFTWARE`, "x"); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("registry: got %v, want %v", err, host.ErrUnsupported)
	}
	summary, err := h.PersonalData.Scan(ctx, host.ScanRequest{Roots: []string{"/home/usuario01"}, MaxFiles: 9})
	if err != nil || summary.Counts["es.dni"] != 3 || summary.Found[0].Owner != "usuario01" || !strings.HasPrefix(summary.Found[0].Path, "/home/usuario01/Documentos/elemento") {
		t.Errorf("scan: got %+v, %v", summary, err)
	}
	if _, err := h.PersonalData.Scan(ctx, host.ScanRequest{}); !errors.Is(err, host.ErrNotRecorded) {
		t.Errorf("another scan: got %v, want %v", err, host.ErrNotRecorded)
	}
}

// The machine that runs the test: its names are not known here, so what is
// compared is what must not change.
func TestRecordThisMachine(t *testing.T) {
	t.Parallel()
	live := local.New(local.Options{})
	rec := hosttest.NewRecorder(live)
	h := rec.Host()
	ctx := t.Context()
	ask := func(h *host.Host) (ids []string, pam []byte, names []string, hardware host.Hardware) {
		passwd, err := h.Files.ReadFile(ctx, "/etc/passwd", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(passwd)) {
			ids = append(ids, strings.Split(line, ":")[2])
		}
		if pam, err = h.Files.ReadFile(ctx, "/etc/pam.d/login", 1<<20); err != nil {
			t.Fatal(err)
		}
		infos, err := h.Files.ReadDir(ctx, "/etc/pam.d")
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			names = append(names, info.Name)
		}
		if hardware, err = h.System.Hardware(ctx); err != nil {
			t.Fatal(err)
		}
		hardware.Serial = ""
		for i := range hardware.Disks {
			hardware.Disks[i].Serial = ""
		}
		return ids, pam, names, hardware
	}
	ids, pam, names, hardware := ask(h)
	dir := filepath.Join(t.TempDir(), "recording")
	if err := rec.Save(dir); err != nil {
		t.Fatal(err)
	}
	replayed, err := hosttest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ids2, pam2, names2, hardware2 := ask(replayed)
	for what, diff := range map[string]string{
		"accounts": cmp.Diff(ids, ids2), "pam": cmp.Diff(string(pam), string(pam2)), "folder": cmp.Diff(names, names2), "hardware": cmp.Diff(hardware, hardware2),
	} {
		if diff != "" {
			t.Errorf("%s: -live +replayed:\n%s", what, diff)
		}
	}
}

// For the same facts the live machine, a mounted one and a recording of either
// give the same answers.
func TestSameFactsSameAnswers(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"etc/login.defs":          "PASS_MAX_DAYS 365\n",
		"etc/pam.d/login":         "auth required pam_unix.so\n",
		"etc/pam.d/link":          "-> login",
		"etc/dangling":            "-> nowhere",
		"etc/loop":                "-> loop",
		"etc/empty/":              "",
		"etc/dconf/db/local.d/00": "[org/gnome]\n",
		"etc/z":                   "z",
	})
	questions := []struct{ name, path string }{
		{"file", "/etc/login.defs"}, {"link", "/etc/pam.d/link"}, {"dangling link", "/etc/dangling"}, {"loop", "/etc/loop"},
		{"folder", "/etc/pam.d"}, {"empty folder", "/etc/empty"}, {"absent", "/etc/shadow"}, {"below a file", "/etc/z/x"},
		{"tree", "/etc"},
	}
	// ask puts every question to h and returns the answers as text, with the
	// paths as the machine itself writes them.
	ask := func(h *host.Host, prefix string) map[string]string {
		ctx := t.Context()
		answers := make(map[string]string)
		for _, q := range questions {
			at := prefix + q.path
			data, err := h.Files.ReadFile(ctx, at, 12)
			answers[q.name+" read"] = fmt.Sprintf("%q %s", data, kind(err))
			info, err := h.Files.Stat(ctx, at)
			answers[q.name+" stat"] = fmt.Sprintf("%+v %s", info, kind(err))
			infos, err := h.Files.ReadDir(ctx, at)
			answers[q.name+" list"] = fmt.Sprintf("%+v %s", infos, kind(err))
			var b strings.Builder
			err = h.Files.Walk(ctx, at, func(name string, info host.FileInfo, err error) error {
				fmt.Fprintf(&b, "%s %+v %s\n", strings.TrimPrefix(name, prefix), info, kind(err))
				if strings.HasSuffix(name, "/local.d") {
					return fs.SkipDir
				}
				return nil
			})
			answers[q.name+" walk"] = b.String() + kind(err)
		}
		return answers
	}
	recorded := func(h *host.Host, prefix string) *host.Host {
		rec := hosttest.NewRecorder(h)
		ask(rec.Host(), prefix)
		dir := filepath.Join(t.TempDir(), "recording")
		if err := rec.Save(dir); err != nil {
			t.Fatal(err)
		}
		replayed, err := hosttest.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		return replayed
	}
	mounted := local.New(local.Options{Root: root})
	want := ask(local.New(local.Options{}), root)
	for name, got := range map[string]map[string]string{
		"mounted":                  ask(mounted, ""),
		"recorded":                 ask(recorded(mounted, ""), ""),
		"recording of a recording": ask(recorded(recorded(mounted, ""), ""), ""),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-live +%s):\n%s", name, name, diff)
		}
	}
}

// kind names an error as a check tells errors apart.
func kind(err error) string {
	for _, target := range []error{fs.ErrNotExist, fs.ErrPermission, host.ErrTooBig, host.ErrUnsupported, host.ErrNotRecorded} {
		if errors.Is(err, target) {
			return target.Error()
		}
	}
	if err != nil {
		return "unreadable"
	}
	return "fine"
}
