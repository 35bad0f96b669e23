package checks

import (
	"context"
	"errors"
	"io/fs"

	"vigia/checks/host"
)

// Look reads a machine for one observation and remembers what could not be
// read, so that an error of reading is never mistaken for an absent thing.
type Look struct {
	Host *host.Host
	// Unread is what could not be read so far; an author copies it into the
	// facts.
	Unread []Unread
}

// Miss notes err as unread unless the thing is merely absent, and tells
// whether it was absent.
func (l *Look) Miss(source string, err error) (absent bool) {
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	l.Need(source, err)
	return false
}

// Need notes err as unread even when the thing is absent: for what every
// machine has.
func (l *Look) Need(source string, err error) { l.Note(source, WhyUnread(err)) }

// Note adds a source with a code of WhyUnread.
func (l *Look) Note(source, why string) {
	l.Unread = append(l.Unread, Unread{Source: source, Why: why})
}

// File reads a file of at most limit bytes; nil when it is absent, or when it
// could not be read, which is then noted.
func (l *Look) File(ctx context.Context, path string, limit int64) []byte {
	b, err := l.Host.Files.ReadFile(ctx, path, limit)
	if err != nil {
		l.Miss(path, err)
		return nil
	}
	return b
}

// NeededFile is File for what every machine has: absent is noted too.
func (l *Look) NeededFile(ctx context.Context, path string, limit int64) []byte {
	b, err := l.Host.Files.ReadFile(ctx, path, limit)
	if err != nil {
		l.Need(path, err)
		return nil
	}
	return b
}
