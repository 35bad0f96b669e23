package local

import (
	"testing"

	"vigia/checks/host"
)

func TestParseProcStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, status string
		want         host.Process
		program      bool
	}{
		{"program", "Name:\tclamd\nUmask:\t0022\nState:\tS (sleeping)\nUid:\t0\t111\t111\t111\nVmSize:\t 1300000 kB\n",
			host.Process{Name: "clamd", Owner: "111"}, true},
		{"thread of the kernel", "Name:\tkworker/0:1\nUid:\t0\t0\t0\t0\nThreads:\t1\n",
			host.Process{Name: "kworker/0:1", Owner: "0"}, false},
		{"name with a space and a colon", "Name:\tWeb Content: a\nUid:\t1000\t1000\t1000\t1000\nVmSize:\t1 kB\n",
			host.Process{Name: "Web Content: a", Owner: "1000"}, true},
		{"name with a line feed", "Name:\ta\\nVmSize: 1\nUid:\t5\t5\t5\t5\nVmSize:\t1 kB\n",
			host.Process{Name: "a\nVmSize: 1", Owner: "5"}, true},
		{"no name", "VmSize:\t1 kB\n", host.Process{}, false},
		{"nothing", "", host.Process{}, false},
		{"user missing", "Name:\tx\nUid:\t0\nVmSize:\t1 kB\n", host.Process{Name: "x"}, true},
	} {
		if got, program := parseProcStatus(tt.status); got != tt.want || program != tt.program {
			t.Errorf("%s: got %+v %t, want %+v %t", tt.name, got, program, tt.want, tt.program)
		}
	}
}

func TestServiceProgram(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		`"C:\Program Files\Antivirus\av.exe" -clave secreta`: `C:\Program Files\Antivirus\av.exe`,
		`C:\Windows\system32\svchost.exe -k netsvcs -p`:      `C:\Windows\system32\svchost.exe`,
		`C:\Program Files\Sin comillas\av.exe -s x.exe`:      `C:\Program Files\Sin comillas\av.exe`,
		`C:\Carpeta.exe.d\av.exe`:                            `C:\Carpeta.exe.d\av.exe`,
		`\SystemRoot\System32\drivers\x.sys`:                 `\SystemRoot\System32\drivers\x.sys`,
		`C:\servicio clave`:                                  `C:\servicio`,
		`"C:\sin cierre.exe`:                                 `C:\sin cierre.exe`,
		"":                                                   "",
		" \t":                                                "",
	} {
		if got := serviceProgram(image); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
}

func FuzzParseProcStatus(f *testing.F) {
	f.Add("Name:\tclamd\nUid:\t0\t111\t111\t111\nVmSize:\t1 kB\n")
	f.Fuzz(func(t *testing.T, status string) {
		if p, program := parseProcStatus(status); program && p.Name == "" {
			t.Errorf("a program without a name of %q", status)
		}
	})
}

func FuzzServiceProgram(f *testing.F) {
	f.Add(`"C:\a b.exe" -x`)
	f.Add(`C:\a b.exe -x`)
	f.Fuzz(func(t *testing.T, image string) {
		if got := serviceProgram(image); len(got) > len(image) {
			t.Errorf("%q of %q", got, image)
		}
	})
}
