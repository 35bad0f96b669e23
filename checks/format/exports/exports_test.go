package exports

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []Export
		broken     []int
	}{
		{"nothing", "# /srv *(rw)\n\n", nil, nil},
		{"one client", "/srv srv1(rw,sync)\n", []Export{{"/srv", "srv1", []string{"rw", "sync"}, 1}}, nil},
		{"anybody in three ways", "/a *(ro)\n/b (rw)\n/c\n", []Export{{"/a", "*", []string{"ro"}, 1}, {"/b", "*", []string{"rw"}, 2}, {"/c", "*", nil, 3}}, nil},
		{"the blank that opens it to all", "/srv srv1 (rw)\n", []Export{{"/srv", "srv1", nil, 1}, {"/srv", "*", []string{"rw"}, 1}}, nil},
		{"options of the line", "/srv -ro,sync srv1 srv2(rw)\n", []Export{{"/srv", "srv1", []string{"ro", "sync"}, 1}, {"/srv", "srv2", []string{"ro", "sync", "rw"}, 1}}, nil},
		{"continued, quoted, escaped", "\"/srv/mis datos\" \\\n 10.0.0.0/8(ro)\n/srv/a\\040b @red(rw) # x\n",
			[]Export{{"/srv/mis datos", "10.0.0.0/8", []string{"ro"}, 1}, {"/srv/a b", "@red", []string{"rw"}, 3}}, nil},
		{"continued at the end", "/srv \\\n", []Export{{"/srv", "*", nil, 1}}, nil},
		{"no sense", "srv *(rw)\n/srv *(rw\n/ok *(ro)\n\"/open\n", []Export{{"/ok", "*", []string{"ro"}, 3}}, []int{1, 2, 4}},
	} {
		got, broken, err := Parse([]byte(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.name, diff)
		}
		if diff := cmp.Diff(row.broken, broken); diff != "" {
			t.Errorf("%s: broken lines (-want +got)\n%s", row.name, diff)
		}
	}
}

func TestOptions(t *testing.T) {
	for text, want := range map[string][4]bool{ // anybody, writes, root, asks
		"/a *":                           {true, false, false, false},
		"/a 0.0.0.0/0(rw)":               {true, true, false, false},
		"/a h(ro,rw,no_root_squash)":     {false, true, true, false},
		"/a h(rw,ro,root_squash)":        {false, false, false, false},
		"/a *(no_root_squash,all_squash": {},
		"/a *(sec=krb5p:krb5i,rw)":       {true, true, false, true},
		"/a *(sec=krb5:sys)":             {true, false, false, false},
	} {
		list, _, err := Parse([]byte(text))
		if err != nil || len(list) == 0 {
			if want != ([4]bool{}) {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		e := list[0]
		if got := [4]bool{e.Anybody(), e.Writes(), e.Root(), e.Asks()}; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	for _, text := range []string{strings.Repeat(" ", MaxSize+1), strings.Repeat("/a\n", maxExports+1)} {
		if _, _, err := Parse([]byte(text)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("/srv *(rw,sec=krb5) \"a b\"(ro) \\\n @x\n/a\\040b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, _, err := Parse(b)
		if err != nil && !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
		for _, e := range list {
			if e.Path == "" || e.Path[0] != '/' || e.Client == "" {
				t.Errorf("got %+v", e)
			}
			e.Asks()
		}
	})
}
