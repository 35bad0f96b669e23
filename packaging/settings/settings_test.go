package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type example struct {
	Organisation string        `mapstructure:"organisation"`
	Wait         time.Duration `mapstructure:"wait"`
	Agents       struct {
		Listen string   `mapstructure:"listen"`
		Hosts  []string `mapstructure:"hosts"`
		Most   int      `mapstructure:"most"`
	} `mapstructure:"agents"`
}

func defaults() example {
	e := example{Organisation: "Ayuntamiento", Wait: time.Minute}
	e.Agents.Listen, e.Agents.Most = "127.0.0.1:8443", 10
	return e
}

func TestLoad(t *testing.T) {
	changed := func(change func(*example)) example {
		e := defaults()
		change(&e)
		return e
	}
	for _, row := range []struct {
		name, file string
		environ    []string
		want       example
		wantErr    string // with FILE for the file's path
	}{
		{name: "defaults", want: defaults()},
		{name: "file over defaults", file: "wait: 90s\nagents:\n  listen: 0.0.0.0:8443\n  hosts: [a, b]\n",
			want: changed(func(e *example) {
				e.Wait, e.Agents.Listen, e.Agents.Hosts = 90*time.Second, "0.0.0.0:8443", []string{"a", "b"}
			})},
		{name: "environment over file", file: "agents:\n  most: 3\n", environ: []string{"VIGIA_AGENTS_MOST=4", "OTHER=x"},
			want: changed(func(e *example) { e.Agents.Most = 4 })},
		{name: "list from the environment", environ: []string{"VIGIA_AGENTS_HOSTS=a,b"},
			want: changed(func(e *example) { e.Agents.Hosts = []string{"a", "b"} })},
		{name: "unknown key", file: "organisation: X\nagents:\n  lisen: y\n",
			wantErr: `FILE:3: agents.lisen: is not a known setting; did you mean "agents.listen"?`},
		{name: "nothing near", file: "zzzzzzzzzz: 1\n", wantErr: "FILE:1: zzzzzzzzzz: is not a known setting"},
		{name: "twice", file: "organisation: X\norganisation: Y\n", wantErr: "FILE:2: organisation: stands already on line 1"},
		{name: "wrong type", file: "organisation: X\nagents:\n  most: many\n",
			wantErr: `FILE:3: agents.most: cannot parse value as 'int': strconv.ParseInt: invalid syntax`},
		{name: "not a duration", file: "wait: soon\n", wantErr: `FILE:1: wait: time: invalid duration`},
		{name: "a list for a value", file: "organisation: [a]\n", wantErr: "FILE:1: organisation: expects a single value"},
		{name: "a value for a list", file: "agents:\n  hosts: a\n", wantErr: "FILE:2: agents.hosts: expects a list, such as [a, b]"},
		{name: "a value for a section", file: "agents: x\n", wantErr: "FILE:1: agents: expects keys and values"},
		{name: "not YAML", file: "a: [\n", wantErr: "FILE: line 1: did not find expected node content"},
		{name: "unknown variable", environ: []string{"VIGIA_AGENTS_LISTN=x"},
			wantErr: `environment: VIGIA_AGENTS_LISTN: is not a known setting; did you mean "VIGIA_AGENTS_LISTEN"?`},
		{name: "wrong type in a variable", environ: []string{"VIGIA_WAIT=soon"},
			wantErr: `environment: wait: time: invalid duration`},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			if err := os.WriteFile(file, []byte(row.file), 0o600); err != nil {
				t.Fatal(err)
			}
			got := defaults()
			err := Load(Source{File: file, Required: true, Prefix: "VIGIA", Environ: row.environ}, &got)
			if row.wantErr != "" {
				want := row.wantErr
				if len(want) > 4 && want[:4] == "FILE" {
					want = file + want[4:]
				}
				if err == nil || err.Error() != want {
					t.Fatalf("got error %v\nwant      %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	got := defaults()
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if err := Load(Source{File: missing}, &got); err != nil {
		t.Errorf("optional: %v", err)
	}
	var e *Error
	if err := Load(Source{File: missing, Required: true}, &got); !errors.As(err, &e) || e.File != missing || e.In("es") != missing+": no existe" {
		t.Errorf("required: got %v, want an *Error that names the file", err)
	}
}

func TestOversizedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(file, make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	var got example
	if err := Load(Source{File: file, Required: true}, &got); err == nil {
		t.Error("got no error for a file over the limit")
	}
}

func TestErrorsInSpanish(t *testing.T) {
	for _, row := range []struct {
		err  Error
		want string
	}{
		{Error{File: "a.yaml", Line: 3, Key: "x.y", Problem: "is not a known setting" + suggest("x.y", map[string]kind{"x.z": single})}, `a.yaml:3: x.y: no es una opción conocida; ¿quería decir "x.z"?`},
		{Error{File: environment, Key: "VIGIA_X", Problem: "is not a known setting"}, "variable de entorno: VIGIA_X: no es una opción conocida"},
		{Error{File: "a.yaml", Problem: plain(&fs.PathError{Op: "open", Path: "a.yaml", Err: fs.ErrNotExist})}, "a.yaml: no existe"},
		{Error{File: "a.yaml", Line: 1, Key: "x", Problem: "stands already on line 7"}, "a.yaml:1: x: ya está en la línea 7"},
	} {
		if got := row.err.In("es"); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
		if got := row.err.In("en"); got != row.err.Error() {
			t.Errorf("in English: got %q", got)
		}
	}
}
