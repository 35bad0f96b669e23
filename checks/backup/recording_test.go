package backup

import (
	"testing"

	"vigia/checks/checktest"
)

func TestRecordings(t *testing.T) {
	const windows = `{"datasets":[` +
		`{"name":"nóminas","copies":"D:\\Copias\\Nominas","source":"D:\\Nominas","min_bytes":400},` +
		`{"name":"actas","copies":"D:\\Copias\\Actas","source":"D:\\Actas"},` +
		`{"name":"catastro","copies":"D:\\Copias\\Catastro","source":"D:\\Catastro","pattern":"*.BAK"},` +
		`{"name":"rentas","copies":"D:\\Copias\\Rentas"},` +
		`{"name":"archivo","copies":"D:\\Copias\\Archivo","source":"D:\\Archivo"},` +
		`{"name":"servidor","copies":"E:\\"},` +
		`{"name":"correo","copies":"/srv/copias/correo"}]}`
	const debian = `{"datasets":[` +
		`{"name":"padrón","copies":"/srv/copias/padron"},` +
		`{"name":"rentas","copies":"/srv/copias/rentas"},` +
		`{"name":"todo","copies":"/srv/copias/restic"},` +
		`{"name":"obras","copies":"/srv/copias/espejo","source":"/srv/datos","format":"mirror"},` +
		`{"name":"máquinas","copies":"/srv/copias/vm"},` +
		`{"name":"máquina 101","copies":"/srv/copias/vm","pattern":"vzdump-qemu-101-*"}]}`
	for _, tt := range []struct{ name, params, dir string }{
		{"a Windows server on a Monday", windows, "testdata/windows-server-2022"},
		{"a Debian server on a Monday", debian, "testdata/debian-12-server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range Checks() {
				checktest.Golden(t, c, tt.params, tt.dir)
			}
		})
	}
}
