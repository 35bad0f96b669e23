package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"vigia/checks/format/bdb"
	"vigia/checks/format/rpm"
	"vigia/checks/format/sqlite"
	"vigia/checks/host"
)

// rpm reads the packages of Red Hat, SUSE and their relatives, where rpm keeps them in
// SQLite or, up to Red Hat 8, in Berkeley DB. What SUSE keeps in ndb is named as unread.
// What somebody asked for is told by the history of dnf; without one, as on Red Hat 7,
// every package counts as chosen.
func (r *reader) rpm(ctx context.Context, all *installed) (managed bool) {
	for _, dir := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"} {
		for _, form := range []struct {
			file string
			read func(ctx context.Context, name string) (iter.Seq2[[]byte, error], error)
		}{
			{"/Packages", r.rpmBerkeley}, {"/Packages.db", r.rpmNDB}, {"/rpmdb.sqlite", r.rpmSQLite},
		} {
			name := dir + form.file
			headers, err := form.read(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			managed = true
			if err != nil {
				r.miss(name, err)
				continue
			}
			r.rpmPackages(ctx, headers, name, all)
		}
		if managed {
			return true // one folder is a link to the other, or they are the same
		}
	}
	return false
}

// rpmSQLite reads the headers of the table Packages.
func (r *reader) rpmSQLite(ctx context.Context, name string) (iter.Seq2[[]byte, error], error) {
	db, err := r.database(ctx, name)
	if err != nil {
		return nil, err
	}
	return func(yield func([]byte, error) bool) {
		for row, err := range db.Rows("Packages") {
			if err == nil && len(row.Values) < 2 {
				err = fmt.Errorf("%w: columns", sqlite.ErrDamaged)
			}
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if !yield(row.Values[1].Blob, nil) {
				return
			}
		}
	}, nil
}

// rpmBerkeley reads the headers of a database whose keys are numbers of packages; number
// 0 is the highest that was given.
func (r *reader) rpmBerkeley(ctx context.Context, name string) (iter.Seq2[[]byte, error], error) {
	info, err := r.h.Files.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Size > maxDatabase {
		return nil, host.ErrTooBig
	}
	db, err := bdb.Open(&parts{size: 256 << 10, read: func(at, n int64) ([]byte, error) { return r.h.Files.ReadRange(ctx, name, at, n) }}, info.Size)
	if err != nil {
		return nil, err
	}
	return func(yield func([]byte, error) bool) {
		highest, read := false, false
		for record, err := range db.Records() {
			switch {
			case err != nil:
				if !yield(nil, err) {
					return
				}
			case bytes.Equal(record.Key, make([]byte, 4)):
				highest = true
			default:
				read = true
				if !yield(record.Value, nil) {
					return
				}
			}
		}
		// A machine that rpm manages has packages, rpm for one.
		if !read || !highest {
			yield(nil, fmt.Errorf("%w: no packages", bdb.ErrDamaged))
		}
	}, nil
}

// rpmNDB knows that a database of the third kind is there, and does not read it.
func (r *reader) rpmNDB(ctx context.Context, name string) (iter.Seq2[[]byte, error], error) {
	if _, err := r.h.Files.Stat(ctx, name); err != nil {
		return nil, err
	}
	return nil, host.ErrUnsupported
}

func (r *reader) rpmPackages(ctx context.Context, headers iter.Seq2[[]byte, error], name string, all *installed) {
	auto := r.dnfReasons(ctx)
	damaged := false
	count := 0
	for header, err := range headers {
		var p rpm.Package
		if err == nil {
			p, err = rpm.Parse(header)
		}
		if err != nil {
			if !damaged {
				damaged = true // named once
				r.miss(name, err)
			}
			continue
		}
		if p.Arch == "" {
			continue // a public key of a repository
		}
		if count++; count > maxPrograms || ctx.Err() != nil {
			r.miss(name, errors.Join(host.ErrTooBig, ctx.Err()))
			return
		}
		all.add(program{Name: plain(p.Name), Version: plain(p.EVR()), Arch: plain(p.Arch), Publisher: plain(p.Vendor), From: "rpm"}, !auto[p.Name+"."+p.Arch])
	}
}

// dnfReasons reads why packages were installed, the last time for each, from the history
// of dnf 4: those that nobody asked for, as "name.arch". It is nil where there is none,
// as with dnf 5.
//
// Reasons, as libdnf numbers them: 1 dependency, 2 asked for, 3 clean, 4 weak dependency,
// 5 group.
func (r *reader) dnfReasons(ctx context.Context) map[string]bool {
	const history = "/var/lib/dnf/history.sqlite"
	db, err := r.database(ctx, history)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.miss(history, err)
		}
		return nil
	}
	names := map[int64]string{} // by item
	// CREATE TABLE rpm (item_id, name, epoch, version, release, arch)
	for row, err := range db.Rows("rpm") {
		if err != nil {
			r.miss(history, err)
			return nil
		}
		if v := row.Values; len(v) >= 6 {
			names[v[0].Integer] = v[1].Text + "." + v[5].Text
		}
	}
	auto := map[string]bool{}
	// CREATE TABLE trans_item (id, trans_id, item_id, repo_id, action, reason, state)
	for row, err := range db.Rows("trans_item") {
		if err != nil {
			r.miss(history, err)
			return nil
		}
		if v := row.Values; len(v) >= 6 {
			switch reason := v[5].Integer; reason {
			case 1, 3, 4, 5:
				auto[names[v[2].Integer]] = true
			default:
				delete(auto, names[v[2].Integer])
			}
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return auto
}

// maxDatabase bounds a database that is read in parts, in bytes.
const maxDatabase = 1 << 30

// database opens a database of SQLite with its log.
func (r *reader) database(ctx context.Context, name string) (*sqlite.DB, error) {
	info, err := r.h.Files.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Size > maxDatabase {
		return nil, host.ErrTooBig
	}
	var logSize int64
	log, err := r.h.Files.Stat(ctx, name+"-wal")
	switch {
	case err == nil && log.Size > maxDatabase:
		return nil, host.ErrTooBig
	case err == nil:
		logSize = log.Size
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	read := func(name string) io.ReaderAt {
		return &parts{size: 256 << 10, read: func(at, n int64) ([]byte, error) { return r.h.Files.ReadRange(ctx, name, at, n) }}
	}
	return sqlite.Open(read(name), info.Size, read(name+"-wal"), logSize)
}

// parts reads a file through host.Files in parts that are larger than what is asked for,
// since each costs an opening, and remembers some of them. It is for one reader.
type parts struct {
	read func(at, n int64) ([]byte, error)
	size int64   // bytes of one part
	held [4]part // the one used longest ago is replaced
	uses int
}

type part struct {
	at   int64
	b    []byte
	used int
}

// ReadAt implements io.ReaderAt.
func (p *parts) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		at := (off + int64(n)) / p.size * p.size
		data, err := p.part(at)
		if err != nil {
			return n, err
		}
		from := off + int64(n) - at
		if from >= int64(len(data)) {
			return n, io.EOF
		}
		n += copy(b[n:], data[from:])
	}
	return n, nil
}

func (p *parts) part(at int64) ([]byte, error) {
	p.uses++
	oldest := 0
	for i := range p.held {
		h := &p.held[i]
		if h.b != nil && h.at == at {
			h.used = p.uses
			return h.b, nil
		}
		if h.used < p.held[oldest].used {
			oldest = i
		}
	}
	b, err := p.read(at, p.size)
	if err != nil {
		return nil, err
	}
	p.held[oldest] = part{at, b, p.uses}
	return b, nil
}
