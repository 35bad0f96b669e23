package updateinfo

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const notices = `<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update from="x@ejemplo.example" status="final" type="security" version="2">
    <id>EJSA-2026:0001</id>
    <title>Important: openssl</title>
    <issued date="2026-10-20 14:32:00"/>
    <updated date="2026-10-21 00:00:00"/>
    <severity>Important</severity>
    <description>a &lt; b, id="1"
` + "\n</description>" + `
    <references><reference href="https://ejemplo.example/a" id="CVE-1" type="cve"/></references>
    <pkglist>
      <collection short="baseos"><name>baseos</name>
        <package name="openssl" version="3.0.7" release="28.el9" epoch="1" arch="x86_64" src="openssl-3.0.7-28.el9.src.rpm"><filename>openssl.rpm</filename></package>
        <package arch='x86_64' epoch='0' name='openssl-libs' release='28.el9' version='3.0.7'/>
      </collection>
      <collection short="nodejs"><module name="nodejs" stream="18" version="1" context="a" arch="x86_64"/>
        <package name="nodejs" version="18.20" release="1.module" arch="x86_64"/>
      </collection>
    </pkglist>
  </update>
  <update type="bugfix"><id>EJBA-1</id><pkglist><collection><package name="bash" version="6" release="1" arch="x86_64"/></collection></pkglist></update>
  <update type="security"><id>EJSA-2</id><issued date="hoy"/></update>
</updates>`

func want() []Notice {
	return []Notice{
		{ID: "EJSA-2026:0001", Severity: "Important", Issued: time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), Packages: []Package{
			{Name: "openssl", Version: "3.0.7", Release: "28.el9", Arch: "x86_64", Epoch: 1},
			{Name: "openssl-libs", Version: "3.0.7", Release: "28.el9", Arch: "x86_64"},
			{Name: "nodejs", Version: "18.20", Release: "1.module", Arch: "x86_64", Module: "nodejs:18"},
		}},
		{ID: "EJSA-2"},
	}
}

func TestSecurity(t *testing.T) {
	long := strings.Replace(notices, "a &lt; b", strings.Repeat("texto ", 50_000), 1)
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(notices), "byte by byte": iotest.OneByteReader(strings.NewReader(notices)), "long text": strings.NewReader(long),
		"on one line": strings.NewReader(strings.ReplaceAll(notices, "\n", "")),
	} {
		var got []Notice
		for n, err := range Security(r) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got = append(got, n)
		}
		if diff := cmp.Diff(want(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	broken := errors.New("broken")
	for _, err := range Security(io.MultiReader(strings.NewReader("<update>"), iotest.ErrReader(broken))) {
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range Security(strings.NewReader("<update type=\"security\">" + strings.Repeat(`<package name="a" version="1"/>`, MaxPackages+1))) {
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("too many packages: got %v", err)
		}
	}
}

func FuzzSecurity(f *testing.F) {
	f.Add(notices)
	f.Add(`<update type="security"><package name="a" version="`)
	f.Fuzz(func(t *testing.T, text string) {
		for n, err := range Security(strings.NewReader(text)) {
			if err != nil {
				return
			}
			for _, p := range n.Packages {
				if p.Name == "" || p.Version == "" {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}
