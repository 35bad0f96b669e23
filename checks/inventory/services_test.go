package inventory

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
)

func TestLinuxServices(t *testing.T) {
	const dir = "/etc/systemd/system/"
	files := map[string]string{
		dir + "multi-user.target.wants/ssh.service": "", dir + "multi-user.target.wants/cron.service": "",
		dir + "timers.target.wants/copia.timer": "", dir + "copia.timer": "", dir + "copia.service": "",
		dir + "ssh.service.d/local.conf": "", dir + "nota": "", dir + "graphical.target.wants/cron.service": "",
	}
	r := &reader{h: host.New(linuxHost(nil, files, map[string]fs.FileMode{}))}
	want := services{"enabled": {"copia.timer", "cron.service", "ssh.service"}, "local": {"copia.service", "copia.timer"}}
	if diff := cmp.Diff(want, linuxServices(t.Context(), r)); diff != "" || len(r.unread) > 0 {
		t.Errorf("unread %v (-want +got):\n%s", r.unread, diff)
	}
	r = &reader{h: host.New(linuxHost(nil, files, nil, "/etc/systemd/system/multi-user.target.wants"))}
	if linuxServices(t.Context(), r); len(r.unread) != 1 {
		t.Errorf("a closed folder: unread %v", r.unread)
	}
}

func TestWindowsServices(t *testing.T) {
	values := map[string]any{}
	for i := range maxServices + 1 {
		key := fmt.Sprintf(`%s\s%04d\`, servicesKey, i)
		values[key+"Type"], values[key+"Start"] = 16, 3
	}
	r := &reader{h: host.New(windowsHost(values, nil))}
	got := windowsServices(t.Context(), r)
	if diff := cmp.Diff([]checks.Unread{{Source: servicesKey, Why: "too_big"}}, r.unread); diff != "" || len(got["service"]) != maxServices {
		t.Errorf("%d services (-want +got):\n%s", len(got["service"]), diff)
	}
}

func TestImage(t *testing.T) {
	for command, want := range map[string]string{
		``: ``,
		`%SystemRoot%\system32\svchost.exe -k netsvcs -p`:             ``,
		`\SystemRoot\System32\drivers\disk.sys`:                       ``,
		`system32\DRIVERS\x.sys`:                                      ``,
		`C:\WINDOWS\System32\spoolsv.exe`:                             ``,
		`\??\C:\Windows\x.sys`:                                        ``,
		`"C:\Program Files\Copias\a.exe" --clave secreta`:             `C:\Program Files\Copias\a.exe`,
		`C:\Program Files\Copias\a.exe /clave:secreta`:                `C:\Program Files\Copias\a.exe`,
		`D:\srv\motor -clave secreta`:                                 `D:\srv\motor`,
		`\??\C:\ProgramData\Def\{00000000-0000-0000-0000-0000}\m.SYS`: `C:\ProgramData\Def\{}\m.SYS`,
		`C:\İİİ\a.exe -clave secreta`:                                 `C:\İİİ\a.exe`,
		`"C:\sin fin`:                                                 `C:\sin fin`,
	} {
		if got := image(command); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
}
