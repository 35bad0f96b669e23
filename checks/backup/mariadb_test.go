package backup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"vigia/checks"
)

// mariaDB starts a server of MariaDB in a folder of its own, behind a socket, and returns
// the shell that defines "sql" and "dump" for it.
func mariaDB(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") //nolint:usetesting // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data, socket := filepath.Join(dir, "d"), filepath.Join(dir, "s")
	user := "--user=root"
	if os.Geteuid() != 0 {
		user = "--skip-name-resolve"
	}
	out, err := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db", user).CombinedOutput()
	if err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s(packages: mariadb-server-core, mariadb-client)", err, out)
	}
	server := exec.Command("mariadbd", "--no-defaults", "--datadir="+data, "--socket="+socket, "--pid-file="+filepath.Join(dir, "p"),
		"--skip-networking", "--skip-grant-tables", "--innodb-buffer-pool-size=16M", user)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	for range 300 {
		if _, err := os.Stat(socket); err == nil {
			return fmt.Sprintf(`sql() { mariadb --no-defaults -S %[1]s -uroot "$@"; }; dump() { mariadb-dump --no-defaults -S %[1]s -uroot "$@"; }; `, socket)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server did not open its socket")
	return ""
}

// What mariadb-dump itself writes when all goes well, and when it does not.
func TestMariaDB(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: starts MariaDB")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the server is that of Debian")
	}
	const (
		half  = `f=$(ls copias/*); truncate -s $(( $(stat -c %s "$f") / 2 )) "$f"`
		ten   = `f=$(ls copias/*); truncate -s -10 "$f"`
		lines = `f=$(ls copias/*); head -n -2 "$f" > x; cat x > "$f"`
	)
	shell := mariaDB(t)
	c := tool{name: "mariadb-dump"}
	first := newPlace(t)
	c.sh(t, first, shell+`sql -e "SET max_recursive_iterations = 9000; CREATE DATABASE rentas; USE rentas; CREATE TABLE recibo (id int PRIMARY KEY, concepto text);
INSERT INTO recibo WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, CONCAT('mariadb-dump: Error ', MD5(i), '\n-- x') FROM n;
CREATE TABLE vieja (id int); CREATE VIEW resumen AS SELECT COUNT(*) FROM vieja; CREATE DATABASE vacia;
CREATE DATABASE rota; CREATE TABLE rota.a (id int); CREATE VIEW rota.v AS SELECT * FROM rota.a; DROP TABLE rota.a"`)
	for _, tt := range []struct {
		name, shell string
		good        bool
		code        string
	}{
		{"a database", "dump rentas > copias/r.sql", true, "backup.recent_edges"},
		{"a database, packed", "dump rentas | gzip > copias/r.sql.gz", true, "backup.recent_whole"},
		{"databases by name", "dump --databases rentas | zstd -q > copias/r.sql.zst", true, "backup.recent_whole"},
		{"all databases", "dump --force --all-databases > copias/r.sql 2>/dev/null || true", true, "backup.recent_edges"},
		{"in a zip", "dump rentas > r.sql; zip -q copias/r.zip r.sql", true, "backup.recent_whole"},
		{"without comments", "dump --skip-comments rentas > copias/r.sql", true, "backup.recent_edges"},
		{"compact", "dump --compact rentas > copias/r.sql", true, "backup.recent_unverified"},
		{"one row a line", "dump --skip-extended-insert --no-create-info rentas > copias/r.sql", true, "backup.recent_edges"},
		{"cut to half", "dump rentas > copias/r.sql; " + half, false, ""},
		{"cut by a few bytes", "dump rentas > copias/r.sql; truncate -s -40 copias/r.sql", false, ""},
		{"cut by two lines", "dump rentas > copias/r.sql; " + lines, false, ""},
		{"packed, cut to half", "dump rentas | gzip > copias/r.sql.gz; " + half, false, ""},
		{"packed, cut by a few bytes", "dump rentas | gzip > copias/r.sql.gz; " + ten, false, ""},
		{"half of it, packed", "dump rentas | head -c 90000 | gzip > copias/r.sql.gz || true", false, ""},
		{"half of it in a zip", "dump rentas | head -c 90000 > r.sql || true; zip -q copias/r.zip r.sql", false, ""},
		{"without comments, cut to half", "dump --skip-comments rentas > copias/r.sql; " + half, false, ""},
		{"compact, cut to half", "dump --compact rentas > copias/r.sql; " + half, false, ""},
		{"a table that was dropped", "dump rentas borrada > copias/r.sql 2>/dev/null || true", false, ""},
		{"a table that was dropped, packed", "{ dump rentas borrada 2>/dev/null || true; } | gzip > copias/r.sql.gz", false, ""},
		{"a database that was dropped", "dump borrada > copias/r.sql 2>/dev/null || true", false, ""},
		{"a database of nothing", "dump vacia > copias/r.sql", false, ""},
		{"a view of a dropped table", "dump rota > copias/r.sql 2>/dev/null || true", false, ""},
		{"and its error in the dump", "dump --force rota > copias/r.sql 2>&1 || true", false, ""},
		{"errors alone", "dump borrada 2> copias/r.sql >/dev/null || true", false, ""},
		{"no server", "mariadb-dump --no-defaults -S /none rentas > copias/r.sql 2>&1 || true", false, ""},
		{"no server, packed", "{ mariadb-dump --no-defaults -S /none rentas 2>&1 || true; } | gzip > copias/r.sql.gz", false, ""},
		{"no server, no output", "{ mariadb-dump --no-defaults -S /none rentas 2>/dev/null || true; } | gzip > copias/r.sql.gz", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			c.sh(t, p, shell+tt.shell)
			p.later(3 * time.Hour)
			got := c.says(p)
			if good := got.Status == checks.Pass; good != tt.good || tt.code != "" && got.Reason.Code != tt.code || !tt.good && got.Status != checks.Fail {
				t.Errorf("got %s %v, want it to be good: %v", got.Status, got.Reason, tt.good)
			}
		})
	}
}
