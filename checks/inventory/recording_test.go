package inventory

import (
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host/hosttest"
)

// Each folder of testdata is a machine, written after what the documents of its system
// say, with what its organisation approved; its recording.json tells what is the matter
// with it.
func TestRecordings(t *testing.T) {
	const norte = `{"name":"*","publisher":"Sistemas del Norte"}`
	for _, tt := range []struct{ machine, stock, unauthorised, special, channels string }{
		{machine: "windows-11-es-mx"},
		{
			"windows-10-es-es",
			`{"software":[{"name":"LibreOffice*","versions":">=24.2"},` + norte + `,{"name":"Contoso.*"}],"hardware":{"serial":"SN-000-2","disks":["DISK-0002"]}}`,
			`{"software":[{"name":"LibreOffice*","versions":">=24.2"},` + norte + `,{"name":"Contoso.*"}]}`, ``,
			`{"allowed":[{"channel":"onedrive","account":"organisation","host":"ayuntamiento-my.sharepoint.com"}],"mail_domains":["ayuntamiento.example"]}`,
		},
		{"windows-server-2019-es-es", `{"hardware":{"serial":"SN-000-3","disks":["DISK-0031","DISK-0039"]}}`, `{"software":[` + norte + `,{"name":"*Management Studio*"}]}`, `{"allowed":["ssms"]}`, ``},
		{"windows-server-2022", ``, `{"software":[{"name":"HeidiSQL*"}],"denied":[{"name":"MEGAsync"}]}`, `{"allowed":["heidisql"]}`, ``},
		{
			"debian-12",
			`{"software":[{"name":"libreoffice-*"},{"name":"firefox"},{"name":"org.gimp.GIMP"}],"hardware":{"serial":"SN-000-7","disks":["DISK-0007"]}}`,
			`{"software":[{"name":"libreoffice-*"},{"name":"firefox"},{"name":"org.gimp.GIMP"},{"name":"testdisk"},{"name":"copia-nocturna"}],"max_downloads":0}`, ``, ``,
		},
		{
			"ubuntu-24.04", `{"software":[{"name":"*"}],"hardware":{"serial":"SN-000-8"}}`,
			`{"software":[{"name":"ubuntu-desktop"},{"name":"nextcloud-*"},{"name":"firefox"},{"name":"nmap","versions":"7.*"}]}`, `{"allowed":["nmap"]}`,
			`{"allowed":[{"channel":"nextcloud","host":"*.ayuntamiento.example"}],"mail_domains":["ayuntamiento.example"]}`,
		},
		{machine: "rocky-9"},
	} {
		t.Run(tt.machine, func(t *testing.T) {
			for _, c := range []struct {
				check  checks.Check
				params string
			}{{stock(), tt.stock}, {unauthorised(), tt.unauthorised}, {specialUtilities(), tt.special}, {channels(), tt.channels}} {
				checktest.Golden(t, c.check, c.params, "testdata/"+tt.machine)
			}
		})
	}
}

// The machine of Ubuntu against entries and lists that are not its own.
func TestLinuxAgainstRegister(t *testing.T) {
	h, err := hosttest.Load("testdata/ubuntu-24.04")
	if err != nil {
		t.Fatal(err)
	}
	const all = `"software":[{"name":"*"}]`
	testRows(t, stock(), []row{
		{"another machine", *h, `{` + all + `,"hardware":{"serial":"SN-000-9"}}`, checks.Fail, "inventory.differs", []string{"serial fail inventory.other_machine"}},
		{"another disk", *h, `{` + all + `,"hardware":{"serial":"SN-000-8","disks":["DISK-0001"]}}`, checks.Fail, "inventory.differs", []string{"disk DISK-0008 fail inventory.disk_extra", "disk DISK-0001 fail inventory.disk_missing"}},
		{
			"programs off the list, not those that others need", *h, `{"software":[{"name":"ubuntu-desktop"},{"name":"n*"}],"hardware":{"serial":"SN-000-8"}}`,
			checks.Fail, "inventory.differs", []string{"firefox fail inventory.unlisted"},
		},
		{"no list", *h, `{"hardware":{"serial":"SN-000-8","disks":["DISK-0008"]}}`, checks.Unknown, "inventory.no_software_list", nil},
	})
}
