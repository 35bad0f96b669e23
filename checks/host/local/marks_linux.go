package local

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// ReadMarks reads the marks of this machine. What cannot be read is empty: no right to read
// one mark of the hardware leaves out all, as half of them would be another machine's.
func ReadMarks() Marks { return sysfs{os.DirFS("/")}.marks() }

func (s sysfs) marks() Marks {
	var m Marks
	denied := false
	text := func(name string) string {
		value, err := s.text(name)
		denied = denied || errors.Is(err, fs.ErrPermission)
		return value
	}
	m.UUID = strings.ToLower(text("sys/class/dmi/id/product_uuid"))
	for _, name := range []string{
		"sys/class/dmi/id/product_serial", "sys/class/dmi/id/board_serial", "sys/firmware/devicetree/base/serial-number",
	} {
		if serial := text(name); serial != "" {
			m.Serials = append(m.Serials, serial)
		}
	}
	if denied {
		m = Marks{}
	}
	m.Installation, _ = s.text("etc/machine-id") // without it, it is not known
	return m
}
