package sudoers

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// anyHosts leaves out where rules hold and what they let run, which TestHosts and
// TestCommands are about.
var anyHosts = cmpopts.IgnoreFields(Grant{}, "Hosts", "Commands", "Groups")

func TestCommands(t *testing.T) {
	for text, want := range map[string][]Command{
		"ana ALL=/bin/ls":                                                    {{Path: "/bin/ls", AnyArgs: true}},
		`ana ALL=/bin/ls -l  /srv, /bin/cat ""`:                              {{Path: "/bin/ls", Args: "-l  /srv"}, {Path: "/bin/cat"}},
		"ana ALL=NOEXEC: /bin/a, EXEC: /bin/b":                               {{Path: "/bin/a", AnyArgs: true, NoExec: true}, {Path: "/bin/b", AnyArgs: true}},
		"ana ALL=SETENV: A\nCmnd_Alias A = /bin/a":                           {{Path: "/bin/a", AnyArgs: true, SetEnv: true}},
		"ana ALL=ALL":                                                        nil,
		"ana ALL=/bin/a, /bin/b x, !/bin/a":                                  {{Path: "/bin/b", Args: "x"}},
		"ana ALL=/bin/a, !/bin/a x":                                          {{Path: "/bin/a", AnyArgs: true}},
		"ana ALL=/bin/a, !ALL, /bin/b":                                       {{Path: "/bin/b", AnyArgs: true}},
		"ana ALL=A, !B\nCmnd_Alias A = /bin/a, /bin/b, !/bin/c : B = /bin/b": {{Path: "/bin/a", AnyArgs: true}},
		"ana ALL=(www-data) /bin/a, (root) /bin/b":                           {{Path: "/bin/b", AnyArgs: true}},
		"ana ALL=sudoedit /etc/hosts, /usr/bin/, ^/bin/(a|b)$ ^x,y$":         {{Path: "sudoedit", Args: "/etc/hosts"}, {Path: "/usr/bin/", AnyArgs: true}, {Path: "^/bin/(a|b)$", Args: "^x,y$"}},
		"Defaults env_keep += \"EDITOR LD_PRELOAD\"\nana ALL=/bin/a":         {{Path: "/bin/a", AnyArgs: true, SetEnv: true}},
		"Defaults:ana setenv\nana ALL=/bin/a":                                {{Path: "/bin/a", AnyArgs: true, SetEnv: true}},
		"Defaults env_keep += EDITOR, !setenv\nana ALL=/bin/a":               {{Path: "/bin/a", AnyArgs: true}},
		"ana ALL=A\nCmnd_Alias A = A, /bin/a":                                {{Path: "/bin/a", AnyArgs: true}},
	} {
		rules, err := Load("/etc/sudoers", files{"/etc/sudoers": text + "\n"})
		if err != nil || len(rules.Grants) != 1 {
			t.Errorf("%q: got %+v, %v", text, rules, err)
			continue
		}
		if diff := cmp.Diff(want, rules.Grants[0].Commands, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestGroups(t *testing.T) {
	rules, err := Load("/etc/sudoers", files{"/etc/sudoers": "Runas_Alias G = docker, adm\nana ALL=(:G) A, (luis:disk) ALL, (eva) /bin/b, (:kmem) /bin/c\nCmnd_Alias A = ALL\n"})
	if err != nil || len(rules.Grants) != 1 {
		t.Fatalf("got %+v, %v", rules, err)
	}
	if diff := cmp.Diff([]string{"adm", "disk", "docker"}, rules.Grants[0].Groups); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHosts(t *testing.T) {
	for text, want := range map[string][]string{
		"ana ALL=ALL": {"ALL"},
		"ana srv1, 10.0.0.0/8, fe80::1, +red=ALL":             {"srv1", "10.0.0.0/8", "fe80::1", "+red"},
		"ana ALL, !srv1=ALL":                                  {"ALL"},
		"ana !srv1=ALL":                                       nil,
		"ana WEB=ALL\nHost_Alias WEB = w1, w2, OTRAS":         {"w1", "w2", "OTRAS"},
		"Host_Alias A = a1 : B = A, b1\nana B=ALL":            {"a1", "b1"},
		"Host_Alias RED = fe80::1\nana RED=ALL\nana srv1=ALL": nil,
	} {
		rules, err := Load("/etc/sudoers", files{"/etc/sudoers": text + "\n"})
		if err != nil || len(rules.Grants) == 0 {
			t.Errorf("%q: got %+v, %v", text, rules, err)
			continue
		}
		if diff := cmp.Diff(want, rules.Grants[0].Hosts); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestLoad(t *testing.T) {
	for _, row := range []struct {
		name  string
		files files
		want  []Grant
		// exempt is Rules.Exempt.
		exempt []string
	}{
		{"Debian's own", files{"/etc/sudoers": "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
			"/etc/sudoers.d/README": "# nothing\n"},
			[]Grant{{Who: "root", All: true, Line: 2}, {Who: "%sudo", All: true, Line: 3}}, nil},
		{"without a password", files{"/etc/sudoers": "ana ALL=(ALL) NOPASSWD: ALL\nluis ALL=NOPASSWD:/usr/bin/apt\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}, {Who: "luis", NoPassword: true, Line: 2}}, nil},
		{"a tag in the middle", files{"/etc/sudoers": "ana ALL = /bin/ls, NOPASSWD: /bin/cat, PASSWD: ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}}, nil},
		{"aliases, also defined later", files{"/etc/sudoers": "TECNICOS ALL=ALL\nUser_Alias TECNICOS = ana, %soporte : OTROS = #1001\nOTROS ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 1}, {Who: "%soporte", All: true, Line: 1}, {Who: "#1001", All: true, Line: 3}}, nil},
		{"several users, continued line", files{"/etc/sudoers": "ana, luis \\\n ALL = ALL # both\n"},
			[]Grant{{Who: "ana", All: true, Line: 1}, {Who: "luis", All: true, Line: 1}}, nil},
		{"passwords switched off for all", files{"/etc/sudoers": "Defaults !authenticate\nana ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 2}}, []string{"ALL"}},
		{"passwords switched off for one", files{"/etc/sudoers": "Defaults:ana !authenticate\nana ALL=ALL\nluis ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 2}, {Who: "luis", All: true, Line: 3}}, []string{"ana"}},
		{"folder: no dots, no backups", files{"/etc/sudoers": "#includedir sudoers.d\n", "/etc/sudoers.d/b": "b ALL=ALL\n",
			"/etc/sudoers.d/a": "a ALL=ALL\n", "/etc/sudoers.d/c.bak": "c ALL=ALL\n", "/etc/sudoers.d/d~": "d ALL=ALL\n"},
			[]Grant{{Who: "a", All: true, File: "/etc/sudoers.d/a", Line: 1}, {Who: "b", All: true, File: "/etc/sudoers.d/b", Line: 1}}, nil},
		{"comments and numbers", files{"/etc/sudoers": "# ana ALL=ALL\n#1000 ALL=ALL\n"}, []Grant{{Who: "#1000", All: true, Line: 2}}, nil},
		{"nobody", files{"/etc/sudoers": "!ana ALL=ALL\n"}, nil, nil},
		{"two lists of hosts", files{"/etc/sudoers": "ana srv1=(ALL) /bin/ls : srv2=NOPASSWD: ALL\n"},
			[]Grant{{Who: "ana", Line: 1}, {Who: "ana", All: true, NoPassword: true, Line: 1}}, nil},
		{"a comment is not continued", files{"/etc/sudoers": "# old \\\nana ALL=ALL # x \\\nluis ALL=NOPASSWD:ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 2}, {Who: "luis", All: true, NoPassword: true, Line: 3}}, nil},
		{"names with spaces", files{"/etc/sudoers": "\"%usuarios del dominio\" ALL=ALL\n%domain\\ admins ALL=ALL\n%:grupo\\x20ad ALL=ALL\n"},
			[]Grant{{Who: "%usuarios del dominio", All: true, Line: 1}, {Who: "%domain admins", All: true, Line: 2}, {Who: "%:grupo ad", All: true, Line: 3}}, nil},
		{"netgroup", files{"/etc/sudoers": "+redes ALL=ALL\n"}, []Grant{{Who: "+redes", All: true, Line: 1}}, nil},
		{"alias of commands, also within another", files{"/etc/sudoers": "ana ALL=NOPASSWD: DOS\nCmnd_Alias UNO = /bin/ls, ALL : DOS = UNO\nCmd_Alias TRES = /bin/ls\nluis ALL=TRES\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}, {Who: "luis", Line: 4}}, nil},
		{"alias of commands that nobody defined", files{"/etc/sudoers": "ana ALL=NOPASSWD: UNO\n"}, []Grant{{Who: "ana", Line: 1}}, nil},
		{"as another user only", files{"/etc/sudoers": "ana ALL=(www-data) ALL\nluis ALL=(:adm) ALL\neva ALL=() NOPASSWD: ALL\n"},
			[]Grant{{Who: "ana", Line: 1}, {Who: "luis", Line: 2}, {Who: "eva", NoPassword: true, Line: 3}}, nil},
		{"as root among others", files{"/etc/sudoers": "Runas_Alias R = www-data, #0\nana ALL=(R) ALL\nluis ALL=(www-data, root : adm) ALL\neva ALL=(%wheel) ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 2}, {Who: "luis", All: true, Line: 3}, {Who: "eva", All: true, Line: 4}}, nil},
		{"run-as holds for what follows", files{"/etc/sudoers": "ana ALL=(www-data) /bin/ls, ALL, (root) ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 1}}, nil},
		{"everything taken back", files{"/etc/sudoers": "ana ALL=NOPASSWD: ALL, !ALL\nluis ALL=!ALL, /bin/ls\neva ALL=!!ALL\n"},
			[]Grant{{Who: "ana", Line: 1}, {Who: "luis", Line: 2}, {Who: "eva", All: true, Line: 3}}, nil},
		{"something taken back", files{"/etc/sudoers": "ana ALL=ALL, !/bin/sh\n"}, []Grant{{Who: "ana", All: true, Line: 1}}, nil},
		{"ALL is an argument", files{"/etc/sudoers": "ana ALL=/usr/bin/apt ALL\n"}, []Grant{{Who: "ana", Line: 1}}, nil},
		{"escapes and expressions in arguments", files{"/etc/sudoers": `ana ALL=/bin/x a\, NOPASSWD\: b, /bin/y ^[a,b]{1,2}:$, ^/usr/bin/(a|b)$` + "\n"},
			[]Grant{{Who: "ana", Line: 1}}, nil},
		{"options, tags and digests", files{"/etc/sudoers": "ana ALL=(ALL) CWD=/tmp TIMEOUT=5m NOPASSWD : SETENV: sha224:abc=, sha256 : def= /bin/ls, ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 1}}, nil},
		{"addresses of hosts", files{"/etc/sudoers": "ana fe80::1, 10.0.0.0/8, !srv = ALL\n"}, []Grant{{Who: "ana", All: true, Line: 1}}, nil},
		{"negations within an alias", files{"/etc/sudoers": "User_Alias A = ana, !luis\nA, !eva ALL=ALL\n!A ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 2}, {Who: "luis", All: true, Line: 3}}, nil},
		{"Defaults that are not about passwords", files{"/etc/sudoers": "Defaults env_keep += \"A B, !authenticate\", passwd_tries = 3, secure_path=\"/a:/b\"\nana ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 2}}, nil},
		{"Defaults of several, of a group, taken back", files{"/etc/sudoers": "Defaults:ana, %soporte env_reset, !authenticate\nDefaults:ana authenticate\nana ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, Line: 3}}, []string{"%soporte"}},
		{"Defaults of a host, a command", files{"/etc/sudoers": "Defaults@srv !authenticate\nDefaults!/bin/ls !authenticate\nana ALL=ALL\n"},
			[]Grant{{Who: "ana", All: true, NoPassword: true, Line: 3}}, []string{"ALL"}},
		{"exempt group", files{"/etc/sudoers": "Defaults exempt_group=soporte\n%soporte ALL=ALL\n"},
			[]Grant{{Who: "%soporte", All: true, NoPassword: true, Line: 2}}, []string{"%soporte"}},
		{"include with spaces", files{"/etc/sudoers": "@include \"/etc/su do\"\n@include /etc/su\\ dos\n", "/etc/su do": "ana ALL=ALL", "/etc/su dos": "luis ALL=ALL"},
			[]Grant{{Who: "ana", All: true, File: "/etc/su do", Line: 1}, {Who: "luis", All: true, File: "/etc/su dos", Line: 1}}, nil},
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
			if diff := cmp.Diff(Rules{Grants: row.want, Exempt: row.exempt}, got, anyHosts); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A line that is broken gives nothing, and the others what they say.
func TestBroken(t *testing.T) {
	for name, text := range map[string]string{
		"no equals sign":            "ana ALL ALL",
		"no hosts":                  "ana = ALL",
		"no commands":               "ana ALL=",
		"a comma at the end":        "ana ALL=/bin/ls,",
		"no users":                  ", ALL=ALL",
		"no path":                   "ana ALL=ls",
		"run-as left open":          "ana ALL=(root ALL",
		"tag of no kind":            "ana ALL=NOPASWD: ALL",
		"text after ALL":            "ana ALL=ALL /bin/ls",
		"alias defined twice":       "User_Alias AA = ana\nUser_Alias AA = luis",
		"commands defined twice":    "Cmnd_Alias AA = ALL\nCmnd_Alias AA = ALL",
		"alias in small letters":    "User_Alias aa = ana",
		"alias of nothing":          "User_Alias AA",
		"second alias of nothing":   "User_Alias AA = ana : ",
		"commands of nothing":       "Cmnd_Alias AA = ALL : BB =",
		"second hosts of nothing":   "ana ALL=ALL :",
		"Defaults of nothing":       "Defaults env_reset,",
		"Defaults without a comma":  "Defaults env_reset !authenticate",
		"Defaults of nobody":        "Defaults: !authenticate",
		"include by the host":       "@include /etc/sudoers.%h",
		"number after the commands": "ana ALL=ALL #1",
	} {
		got, err := Load("/etc/sudoers", files{"/etc/sudoers": text + "\nzoe ALL=ALL\n"})
		n := strings.Count(text, "\n") + 1
		want := Rules{Grants: []Grant{{Who: "zoe", All: true, File: "/etc/sudoers", Line: n + 1}}, Broken: []string{fmt.Sprintf("/etc/sudoers:%d", n)}}
		if diff := cmp.Diff(want, got, anyHosts); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for name, row := range map[string]struct {
		files files
		want  error
	}{
		"no file":                     {files{}, fs.ErrNotExist},
		"missing include":             {files{"/etc/sudoers": "@include /etc/none\n"}, fs.ErrNotExist},
		"includes itself":             {files{"/etc/sudoers": "@include /etc/sudoers\n"}, ErrTooLarge},
		"oversized":                   {files{"/etc/sudoers": string(make([]byte, MaxSize+1))}, ErrTooLarge},
		"too many grants":             {files{"/etc/sudoers": "User_Alias A = " + strings.Repeat("a,", 999) + "a\n" + strings.Repeat("A ALL=ALL\n", 30)}, ErrTooLarge},
		"aliases that double":         {files{"/etc/sudoers": doubling("User_Alias", "a") + "A29 ALL=ALL\n"}, ErrTooLarge},
		"commands that double":        {files{"/etc/sudoers": doubling("Cmnd_Alias", "/a") + "a ALL=A29\n"}, ErrTooLarge},
		"alias of commands of itself": {files{"/etc/sudoers": "Cmnd_Alias A = B\nCmnd_Alias B = A\na ALL=A\n"}, nil},
		"alias of an alias":           {files{"/etc/sudoers": "User_Alias A = B\nUser_Alias B = A\nA ALL=ALL\n"}, nil},
	} {
		if _, err := Load("/etc/sudoers", row.files); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

// doubling defines thirty aliases, each of them twice the one before.
func doubling(kind, first string) string {
	text := kind + " A0 = " + first + "\n"
	for i := range 29 {
		text += fmt.Sprintf("%s A%d = A%d, A%d\n", kind, i+1, i, i)
	}
	return text
}

func FuzzLoad(f *testing.F) {
	f.Add("root ALL=(ALL:ALL) ALL\nUser_Alias A = b : C = d\n@includedir /etc/sudoers.d\n")
	f.Add("Defaults:x !authenticate\n\\\n#1 a=b,c:d\n")
	f.Add("\"%a b\",%c\\ d ALL=(x:y)CWD=/z NOPASSWD:sha224:q= /l \\,^a$,!ALL:h=R #c\\\nCmnd_Alias R=ALL")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := Load("/etc/sudoers", files{"/etc/sudoers": text})
		if err != nil {
			if !errors.Is(err, ErrTooLarge) && !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
			return
		}
		for _, g := range rules.Grants {
			if g.Who == "" || g.Line == 0 {
				t.Errorf("a grant to nobody: %+v", g)
			}
		}
	})
}
