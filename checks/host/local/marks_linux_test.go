package local

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
)

// denying is a tree one file of which may not be read.
type denying struct {
	fs.FS
	name string
}

func (d denying) Open(name string) (fs.File, error) {
	if name == d.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

func TestMarksOfLinux(t *testing.T) {
	const dmi, tree = "sys/class/dmi/id/", "sys/firmware/devicetree/base/"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	pc := fstest.MapFS{
		dmi + "product_uuid": file("4C4C4544-0037-4210-8050-B4C04F4E3632\n"), dmi + "product_serial": file("7B2PN62\n"),
		dmi + "board_serial": file("/7B2PN62/CN1/\n"), "etc/machine-id": file("0123456789abcdef0123456789abcdef\n"),
	}
	for _, row := range []struct {
		name  string
		files fs.FS
		want  Marks
	}{
		{"a PC", pc, Marks{"4c4c4544-0037-4210-8050-b4c04f4e3632", []string{"7B2PN62", "/7B2PN62/CN1/"}, "0123456789abcdef0123456789abcdef"}},
		{"without the right", denying{pc, dmi + "board_serial"}, Marks{Installation: "0123456789abcdef0123456789abcdef"}},
		{"a board", fstest.MapFS{tree + "serial-number": file("10000000a1b2c3d4\x00")}, Marks{Serials: []string{"10000000a1b2c3d4"}}},
		{"nothing", fstest.MapFS{}, Marks{}},
	} {
		if got := (sysfs{row.files}).marks(); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}
