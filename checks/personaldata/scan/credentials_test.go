package scan

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// Passwords are looked for when somebody asks, persons are not then, and neither search
// takes the other's word for a file that has not changed.
func TestCredentials(t *testing.T) {
	root := tree(t, map[string]string{
		"carta.txt":       letters,
		"padron.txt":      person,
		"accesos.csv":     "usuario,contraseña\nana,Luna2026!\nluis,verano*88\n",
		"notas.txt":       "correo\ncontraseña: Verano#2026\n",
		"contraseñas.pdf": "no es un PDF\n",
	})
	for _, worker := range []bool{false, true} {
		folder := PersonalData{Folders: []string{root}, Cache: filepath.Join(t.TempDir(), "cache")}
		if worker {
			folder.Worker = Worker()
		}
		for range 2 {
			persons, err := folder.Scan(t.Context(), host.ScanRequest{})
			if err != nil {
				t.Fatal(err)
			}
			passwords, err := folder.Scan(t.Context(), host.ScanRequest{Credentials: true})
			if err != nil {
				t.Fatal(err)
			}
			got := []map[string]int64{persons.Counts, passwords.Counts}
			want := []map[string]int64{{"mx.curp": 1}, {"credential": 3}}
			if diff := cmp.Diff(want, got); diff != "" || persons.Files["found"] != 1 || passwords.Files["found"] != 3 {
				t.Errorf("worker %v, found %d and %d files; counts (-want +got):\n%s", worker, persons.Files["found"], passwords.Files["found"], diff)
			}
		}
	}
}
