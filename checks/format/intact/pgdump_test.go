package intact

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vigia/collector/storage/storagetest"
)

// dumps makes copies of a small database with pg_dump, by name.
func dumps(t *testing.T) map[string][]byte {
	t.Helper()
	dsn, _ := storagetest.PostgreSQLDatabase(t)
	dir := t.TempDir()
	run := func(shell string) {
		t.Helper()
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", shell)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "DSN="+dsn)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s(packages: postgresql)", shell, err, out)
		}
	}
	run(`psql -q -v ON_ERROR_STOP=1 "$DSN" <<'SQL'
CREATE SCHEMA rentas;
CREATE TABLE rentas.recibo (id int PRIMARY KEY, concepto text NOT NULL);
INSERT INTO rentas.recibo SELECT n, md5(n::text) FROM generate_series(1, 20000) n;
CREATE TABLE vacia (id int);
CREATE VIEW resumen AS SELECT count(*) FROM rentas.recibo;
CREATE FUNCTION uno() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON TABLE vacia IS 'nada';
SELECT lo_from_bytea(0, decode(repeat('00ff17', 9000), 'hex')) > 0 AS hecho \gset
SQL
pg_dump -Fc -f gz.dump "$DSN"; pg_dump -Fc -Z0 -f plain.dump "$DSN"; pg_dump -Fp -f a.sql "$DSN"
pg_dump -Fp "$DSN" | gzip > a.sql.gz; pg_dump -Ft -f a.tar "$DSN"; pg_dump -Fd -f folder "$DSN"; mv folder/toc.dat .`)
	out := make(map[string][]byte)
	for _, name := range []string{"gz.dump", "plain.dump", "a.sql", "a.sql.gz", "a.tar", "toc.dat"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

func TestPostgreSQLDumps(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: starts PostgreSQL")
	}
	all := dumps(t)
	for _, tt := range []struct {
		name  string
		depth Depth
		flips bool
	}{
		{"gz.dump", Whole, true}, {"plain.dump", Walked, false}, {"a.sql", Edges, false},
		{"a.sql.gz", Whole, true}, {"a.tar", Walked, false}, {"toc.dat", Edges, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := all[tt.name]
			if got := verify(t, tt.name, b); got.Damage != "" || got.Depth != tt.depth {
				t.Fatalf("got %+v, want no damage at depth %s", got, tt.depth)
			}
			for _, cut := range []int{1, 40, 600, len(b) / 3, len(b) / 2, len(b) - 700, len(b) - 150} {
				// A text that was cut to nothing but its first words is one of no program.
				if got := verify(t, tt.name, b[:cut]); got.Damage == "" && (got.Format != "" || got.Limit != Unknown) {
					t.Errorf("cut to %d of %d bytes: got %+v, want damage", cut, len(b), got)
				}
			}
			for i := 2; tt.flips && i < 11; i++ {
				bad := bytes.Clone(b)
				bad[len(b)*i/12] ^= 0x10
				if got := verify(t, tt.name, bad); got.Damage == "" {
					t.Errorf("flipped byte %d of %d: got %+v, want damage", len(b)*i/12, len(b), got)
				}
			}
		})
	}
}
