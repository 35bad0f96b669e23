package hosttest

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/host"
)

// recordFiles is the Files facet of a Recorder.
type recordFiles struct{ r *Recorder }

// seen returns what is kept of a path, nil when no more is kept. The recorder
// must be locked.
func (r *Recorder) seen(name string) *seenFile {
	name, err := r.style.clean(name)
	if err != nil {
		return nil
	}
	if s := r.files[name]; s != nil {
		return s
	}
	if len(r.files) >= maxEntries {
		r.full = true
		return nil
	}
	s := new(seenFile)
	r.files[name] = s
	return s
}

// note locks the recorder and keeps something about a path.
func (r *Recorder) note(name string, keep func(*seenFile)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.seen(name); s != nil {
		keep(s)
	}
}

func (f recordFiles) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	data, err := f.r.inner.Files.ReadFile(ctx, name, limit)
	code := codeOf(err)
	if err != nil && code == "" {
		return data, err
	}
	f.r.note(name, func(s *seenFile) {
		switch {
		case err == nil && (len(data) > maxContent || f.r.bytes+len(data) > maxContents):
			s.withheld = true
		case err == nil:
			f.r.bytes += len(data) - len(s.content)
			s.content, s.hasContent, s.withheld = slices.Clone(data), true, false
			s.contentErr = ""
		case code == codeAbsent:
			s.statErr = code
		case !s.hasContent:
			s.contentErr = code
		}
	})
	return data, err
}

// isLog tells of files that are never kept, since people's passwords stand in them where
// a name belongs; so they are not even held until the recording is saved.
func isLog(name string) bool {
	return strings.HasPrefix(name, "/var/log/") || strings.HasPrefix(name, "/run/log/")
}

// isProgram tells of programs, of which a check reads a few bytes each, and thousands:
// they are not kept either, and need not be held.
func isProgram(name string) bool {
	return len(name) > 4 && slices.Contains([]string{".exe", ".com", ".scr", ".dll"}, strings.ToLower(name[len(name)-4:]))
}

// ReadRange is answered and the file kept whole, where it is small enough: a replay
// cannot tell which parts a later version of a check will ask for.
func (f recordFiles) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	data, err := f.r.inner.Files.ReadRange(ctx, name, offset, length)
	if err == nil && (isLog(name) || isProgram(name)) {
		f.r.note(name, func(s *seenFile) { s.withheld = true })
		return data, nil
	}
	if err == nil || codeOf(err) != "" {
		f.r.mu.Lock()
		s := f.r.files[name]
		asked := s != nil && (s.hasContent || s.withheld || s.contentErr != "" || s.statErr != "")
		f.r.mu.Unlock()
		if !asked {
			_, tooBig := f.ReadFile(ctx, name, maxContent)
			if errors.Is(tooBig, host.ErrTooBig) {
				f.r.note(name, func(s *seenFile) { s.withheld, s.contentErr = true, "" })
			}
		}
	}
	return data, err
}

func (f recordFiles) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	info, err := f.r.inner.Files.Stat(ctx, name)
	if code := codeOf(err); err == nil || code != "" {
		f.r.note(name, func(s *seenFile) {
			s.statErr = code
			if err == nil {
				m := metaOf(info)
				s.stat = &m
			}
		})
	}
	return info, err
}

func (f recordFiles) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	infos, err := f.r.inner.Files.ReadDir(ctx, name)
	code := codeOf(err)
	if err != nil && code == "" {
		return infos, err
	}
	f.r.note(name, func(s *seenFile) {
		switch {
		case err == nil:
			s.listed, s.listErr = true, ""
		case code == codeAbsent:
			s.statErr = code
		default:
			s.listErr = code
		}
	})
	for _, info := range infos {
		f.r.note(f.r.style.join(name, info.Name), func(s *seenFile) {
			m := metaOf(info)
			s.entry = &m
		})
	}
	return infos, err
}

// Walk records what is visited. A directory counts as walked only if the walk
// left it on its own: not if visit skipped or ended it.
func (f recordFiles) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	var dirs []string
	cut := make(map[string]bool)      // directories not walked to their end
	children := make(map[string]bool) // directories below which something was
	last, ended := "", false
	err := f.r.inner.Files.Walk(ctx, root, func(name string, info host.FileInfo, err error) error {
		f.r.visited(name, info, err, len(last) == 0)
		last = name
		dir := f.r.style.dir(name)
		children[dir] = true
		switch {
		case !info.Mode.IsDir():
		case err == nil:
			dirs = append(dirs, name)
		default:
			cut[name] = true
		}
		answer := visit(name, info, err)
		switch {
		case answer == nil:
		case !errors.Is(answer, fs.SkipDir):
			ended = true
		case info.Mode.IsDir():
			cut[name] = true
		default:
			cut[dir] = true
		}
		return answer
	})
	if err != nil || ended {
		for at := last; at != ""; at = f.r.style.dir(at) {
			cut[at] = true
			if at == f.r.style.dir(at) {
				break
			}
		}
	}
	for i, dir := range dirs {
		if !cut[dir] {
			f.r.note(dir, func(s *seenFile) {
				s.walked = true
				s.walkedEmpty = i > 0 && !children[dir]
			})
		}
	}
	return err
}

// visited keeps one visit. The root of a walk is described as Stat does,
// everything below as a listing does.
func (r *Recorder) visited(name string, info host.FileInfo, err error, root bool) {
	code := codeOf(err)
	if err != nil && code == "" {
		return
	}
	r.note(name, func(s *seenFile) {
		m := metaOf(info)
		known := err == nil || info.Mode != 0 || !info.ModTime.IsZero()
		switch {
		case root && known:
			s.stat = &m
		case known:
			s.entry = &m
		}
		switch {
		case err == nil:
		case info.Mode.IsDir():
			s.listErr = code
		default:
			s.statErr = code
		}
	})
}
