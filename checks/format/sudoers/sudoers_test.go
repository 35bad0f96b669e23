package sudoers

import (
	"errors"
	"io/fs"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a machine's files by path.
type files map[string]string

func (f files) Read(name string) ([]byte, error) {
	if b, ok := f[name]; ok {
		return []byte(b), nil
	}
	return nil, fs.ErrNotExist
}

func (f files) List(dir string) ([]string, error) {
	var out []string
	for name := range f {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	return out, nil
}

func TestLoad(t *testing.T) {
	for _, row := range []struct {
		name  string
		files files
		want  []Grant
	}{
		{"Debian's own", files{"/etc/sudoers": "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
			"/etc/sudoers.d/README": "# nothing\n"},
			[]Grant{{Who: "root", All: true, Line: 2}, {Who: "%sudo", All: true, Line: 3}}},
		{"without a password", files{"/etc/sudoers": "ana ALL=(ALL) NOPASSWD: ALL\nluis ALL=NOPASSWD:/usr/bin/apt\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}, {Who: "luis", NoPassword: true, Line: 2}}},
		{"a tag in the middle", files{"/etc/sudoers": "ana ALL = /bin/ls, NOPASSWD: /bin/cat, PASSWD: ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}}},
		{"aliases, also defined later", files{"/etc/sudoers": "TECNICOS ALL=ALL\nUser_Alias TECNICOS = ana, %soporte : OTROS = #1001\nOTROS ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 1}, {Who: "%soporte", All: true, Line: 1}, {Who: "#1001", All: true, Line: 3}}},
		{"several users, continued line", files{"/etc/sudoers": "ana, luis \\\n ALL = ALL # both\n"},
			[]Grant{{Who: "ana", All: true, Line: 1}, {Who: "luis", All: true, Line: 1}}},
		{"passwords switched off for all", files{"/etc/sudoers": "Defaults !authenticate\nana ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 2}}},
		{"passwords switched off for one", files{"/etc/sudoers": "Defaults:ana !authenticate\nana ALL=ALL\nluis ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 2}, {Who: "luis", All: true, Line: 3}}},
		{"folder: no dots, no backups", files{"/etc/sudoers": "#includedir sudoers.d\n", "/etc/sudoers.d/b": "b ALL=ALL\n",
			"/etc/sudoers.d/a": "a ALL=ALL\n", "/etc/sudoers.d/c.bak": "c ALL=ALL\n", "/etc/sudoers.d/d~": "d ALL=ALL\n"},
			[]Grant{{Who: "a", All: true, File: "/etc/sudoers.d/a", Line: 1}, {Who: "b", All: true, File: "/etc/sudoers.d/b", Line: 1}}},
		{"comments and numbers", files{"/etc/sudoers": "# ana ALL=ALL\n#1000 ALL=ALL\n"}, []Grant{{Who: "#1000", All: true, Line: 2}}},
		{"nobody", files{"/etc/sudoers": "!ana ALL=ALL\n"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Load("/etc/sudoers", row.files)
			if err != nil {
				t.Fatal(err)
			}
			for i := range row.want {
				if row.want[i].File == "" {
					row.want[i].File = "/etc/sudoers"
				}
			}
			if diff := cmp.Diff(Rules{Grants: row.want}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestBrokenLine(t *testing.T) {
	got, err := Load("/etc/sudoers", files{"/etc/sudoers": "ana ALL ALL\nluis ALL=ALL\n"})
	if err != nil || len(got.Grants) != 1 || !cmp.Equal(got.Broken, []string{"/etc/sudoers:1"}) {
		t.Errorf("got %+v, %v; want one grant and line 1 broken", got, err)
	}
}

func TestLoadErrors(t *testing.T) {
	for name, row := range map[string]struct {
		files files
		want  error
	}{
		"no file":           {files{}, fs.ErrNotExist},
		"missing include":   {files{"/etc/sudoers": "@include /etc/none\n"}, fs.ErrNotExist},
		"includes itself":   {files{"/etc/sudoers": "@include /etc/sudoers\n"}, ErrTooLarge},
		"oversized":         {files{"/etc/sudoers": string(make([]byte, MaxSize+1))}, ErrTooLarge},
		"alias of an alias": {files{"/etc/sudoers": "User_Alias A = B\nUser_Alias B = A\nA ALL=ALL\n"}, nil},
	} {
		if _, err := Load("/etc/sudoers", row.files); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("root ALL=(ALL:ALL) ALL\nUser_Alias A = b : C = d\n@includedir /etc/sudoers.d\n")
	f.Add("Defaults:x !authenticate\n\\\n#1 a=b,c:d\n")
	f.Fuzz(func(_ *testing.T, text string) {
		if _, err := Load("/etc/sudoers", files{"/etc/sudoers": text}); err != nil {
			return
		}
	})
}
