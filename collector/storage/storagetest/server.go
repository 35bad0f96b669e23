package storagetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of this test binary, started by the first test that asks.
var shared = sync.OnceValues(func() (*server, error) { return start(context.Background()) })

// server is a running PostgreSQL in a temporary folder, reached by its socket.
type server struct {
	folder string
	names  atomic.Int64 // of schemas and databases given out
	// alive keeps the server up: the watching shell stops it, and removes the
	// folder, when the test binary's end of this pipe closes, however it ends.
	alive *os.File
}

// PostgreSQL returns the DSN of a new, empty schema, dropped after the test. Its
// texts sort as Spanish does, unlike SQLite's, so that a query that leans on the
// order of texts is found out.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	s := running(t)
	name := fmt.Sprintf("test_%d", s.names.Add(1))
	s.create(t, "CREATE SCHEMA "+name, "DROP SCHEMA "+name+" CASCADE")
	return s.dsn("postgres") + " search_path=" + name
}

// PostgreSQLDatabase is PostgreSQL with a database of its own, which takes
// longer, for tests that change the settings of one.
func PostgreSQLDatabase(t testing.TB) (dsn, name string) {
	t.Helper()
	s := running(t)
	name = fmt.Sprintf("test_%d", s.names.Add(1))
	s.create(t, "CREATE DATABASE "+name, "DROP DATABASE "+name+" WITH (FORCE)")
	return s.dsn(name), name
}

func running(t testing.TB) *server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL for the tests: %v", err)
	}
	return s
}

func (s *server) create(t testing.TB, create, drop string) {
	t.Helper()
	if err := s.admin(t.Context(), create); err != nil {
		t.Fatalf("%s: %v", create, err)
	}
	t.Cleanup(func() {
		if err := s.admin(context.Background(), drop); err != nil {
			t.Errorf("%s: %v", drop, err)
		}
	})
}

// Administer runs a statement as the superuser of the database's server, such as
// ALTER DATABASE. It is for tests of what an administrator can do wrong.
func Administer(t testing.TB, dsn, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect as administrator: %v", err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s *server) dsn(database string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s", s.folder, database)
}

func (s *server) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func start(ctx context.Context) (*server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "vigia-pg-")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := command(ctx, as, filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "postgres",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8",
		"--locale-provider", "icu", "--icu-locale", "es", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	logFile, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	// fsync, synchronous_commit and full_page_writes are on by default, and a test
	// can turn them off (Administer).
	const watch = `"$1" -D "$2/data" -k "$2" -c listen_addresses= -c shared_buffers=32MB -c max_connections=200 & server=$!
		cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$2"`
	watcher := command(ctx, as, "/bin/sh", "-c", watch, "sh", filepath.Join(bin, "postgres"), folder)
	watcher.Stdin, watcher.Stdout, watcher.Stderr = read, logFile, logFile
	watcher.Dir = folder
	if err := watcher.Start(); err != nil {
		return nil, err
	}
	if err := errors.Join(read.Close(), logFile.Close()); err != nil {
		return nil, err
	}
	s := &server{folder: folder, alive: write}
	return s, s.wait(ctx)
}

// wait returns when the server answers.
func (s *server) wait(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := s.admin(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			out, _ := os.ReadFile(filepath.Join(s.folder, "log")) // to explain the error, if it is there
			return fmt.Errorf("no answer: %w\n%s", err, out)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// programs finds the folder with initdb and postgres, the newest version first.
func programs() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(folders, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, f := range folders {
		if _, err := os.Stat(filepath.Join(f, "initdb")); err == nil {
			return f, nil
		}
	}
	return "", errors.New("there is no PostgreSQL server on this machine: apt-get install postgresql")
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 sorts last
	return n
}

// unprivileged tells as whom the server runs: PostgreSQL refuses root.
func unprivileged(folder string) (name string, err error) {
	if runtime.GOOS == "windows" || os.Getuid() != 0 {
		return "", nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return "", fmt.Errorf("as root the server runs as the user postgres: %w (apt-get install postgresql)", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return "", err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return "", err
	}
	return u.Username, os.Chown(folder, uid, gid)
}

func command(ctx context.Context, as, name string, args ...string) *exec.Cmd {
	if as != "" {
		args = append([]string{"--reuid", as, "--regid", as, "--clear-groups", "--", name}, args...)
		name = "setpriv"
	}
	return exec.CommandContext(ctx, name, args...)
}
