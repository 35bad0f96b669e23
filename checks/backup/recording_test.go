package backup

import (
	"testing"

	"vigia/checks/checktest"
)

func TestRecordings(t *testing.T) {
	const server = `{"datasets":[` +
		`{"name":"nóminas","copies":"D:\\Copias\\Nominas","source":"D:\\Nominas","min_bytes":1000000},` +
		`{"name":"actas","copies":"D:\\Copias\\Actas","source":"D:\\Actas"},` +
		`{"name":"catastro","copies":"D:\\Copias\\Catastro","source":"D:\\Catastro","pattern":"*.BAK"},` +
		`{"name":"archivo","copies":"D:\\Copias\\Archivo","source":"D:\\Archivo"},` +
		`{"name":"correo","copies":"/srv/copias/correo"}]}`
	for _, tt := range []struct{ name, params, dir string }{
		{"a Windows server on a Monday", server, "testdata/windows-server-2022"},
	} {
		t.Run(tt.name, func(t *testing.T) { checktest.Golden(t, daily(), tt.params, tt.dir) })
	}
}
