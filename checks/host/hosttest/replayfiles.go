package hosttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks/host"
)

// node is one path of a recorded machine.
type node struct {
	path, name string
	file       *file // nil: only implied by what is below or by a content
	content    []byte
	hasContent bool
	children   []*node // sorted by name
}

// replayFiles answers the Files facet of a recording.
type replayFiles struct {
	style    pathStyle
	nodes    map[string]*node // by folded path
	complete []string         // folded
	// assumed dates files that a documented machine has without metadata; zero
	// on a recorded one, where nothing is assumed.
	assumed time.Time
	os      host.OS
}

func newReplayFiles(doc *document, contents map[string][]byte) (*replayFiles, error) {
	r := &replayFiles{style: styleOf(doc.OS), nodes: make(map[string]*node), os: doc.OS}
	if doc.Origin == originDocumented {
		r.assumed = doc.Time
	}
	for _, p := range doc.Complete.Files {
		clean, err := r.style.clean(p)
		if err != nil {
			return nil, fmt.Errorf("complete: %w", err)
		}
		r.complete = append(r.complete, r.style.fold(clean))
	}
	for name, f := range doc.Files {
		n, err := r.add(name)
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		if n.file != nil {
			return nil, fmt.Errorf("files: %s: recorded twice", name)
		}
		n.file = f
	}
	for name, data := range contents {
		n, err := r.add(name)
		if err != nil {
			return nil, fmt.Errorf("contents: %w", err)
		}
		if n.hasContent {
			return nil, fmt.Errorf("contents: %s: recorded twice", name)
		}
		n.content, n.hasContent = data, true
	}
	for _, n := range r.nodes {
		slices.SortFunc(n.children, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	}
	return r, nil
}

// add returns the node of a path, making it and those above it.
func (r *replayFiles) add(name string) (*node, error) {
	name, err := r.style.clean(name)
	if err != nil {
		return nil, err
	}
	if n := r.nodes[r.style.fold(name)]; n != nil {
		return n, nil
	}
	if len(r.nodes) > 4*maxEntries {
		return nil, errors.New("too many paths")
	}
	n := &node{path: name, name: r.style.base(name)}
	r.nodes[r.style.fold(name)] = n
	if dir := r.style.dir(name); dir != name {
		parent, err := r.add(dir)
		if err != nil {
			return nil, err
		}
		parent.children = append(parent.children, n)
	}
	return n, nil
}

// find returns the node of a path. When the recording knows that nothing can
// be read there, or knows nothing, the error says so and the node is nil.
func (r *replayFiles) find(ctx context.Context, name string) (*node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := r.style.clean(name)
	if err != nil {
		return nil, err
	}
	if n := r.nodes[r.style.fold(name)]; n != nil && (n.file != nil || n.hasContent || r.exists(n)) {
		return n, nil
	}
	return nil, r.missing(name)
}

// exists tells whether something recorded stands at or below n.
func (r *replayFiles) exists(n *node) bool {
	if n.hasContent || n.file != nil && n.file.Error != codeAbsent {
		return true
	}
	return slices.ContainsFunc(n.children, r.exists)
}

// missing is the answer about a path without a node of its own: that of the
// nearest directory above that could not be looked at, or fs.ErrNotExist where
// a listing leaves it out or the recording is complete.
func (r *replayFiles) missing(name string) error {
	for at := name; at != r.style.dir(at); at = r.style.dir(at) {
		parent := r.nodes[r.style.fold(r.style.dir(at))]
		if parent == nil || parent.file == nil {
			continue
		}
		if err := parent.file.Error.err(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if n := r.nodes[r.style.fold(at)]; parent.file.Listed && (n == nil || !r.exists(n)) {
			return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
	}
	if under(r.complete, r.style.fold(name), r.style.separator()) {
		return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %w", name, host.ErrNotRecorded)
}

// ReadFile implements host.Files.
func (r *replayFiles) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	n, err := r.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if n.hasContent {
		if int64(len(n.content)) > max(limit, 0) {
			return nil, fmt.Errorf("read %s: %w", name, host.ErrTooBig)
		}
		return slices.Clone(n.content), nil
	}
	if n.file != nil {
		for _, code := range []errorCode{n.file.ContentError, n.file.Error} {
			if err := code.err(); err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	info, err := r.stat(n)
	if err == nil && !info.Mode.IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", name)
	}
	if err == nil && info.Size > max(limit, 0) {
		return nil, fmt.Errorf("read %s: %w", name, host.ErrTooBig)
	}
	return nil, fmt.Errorf("read %s: %w", name, host.ErrNotRecorded)
}

// ReadRange implements host.Files.
func (r *replayFiles) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 {
		return nil, fmt.Errorf("read %s: %d bytes at %d: %w", name, length, offset, fs.ErrInvalid)
	}
	data, err := r.ReadFile(ctx, name, maxContent)
	if errors.Is(err, host.ErrTooBig) {
		err = fmt.Errorf("read %s: %w", name, host.ErrNotRecorded)
	}
	if err != nil {
		return nil, err
	}
	size := int64(len(data))
	return data[min(offset, size):min(offset+length, size)], nil
}

// Stat implements host.Files.
func (r *replayFiles) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	n, err := r.find(ctx, name)
	if err != nil {
		return host.FileInfo{}, err
	}
	info, err := r.stat(n)
	if err != nil {
		return host.FileInfo{}, fmt.Errorf("stat %s: %w", name, err)
	}
	return info, nil
}

// stat describes what a node leads to.
func (r *replayFiles) stat(n *node) (host.FileInfo, error) {
	if n.file != nil {
		if err := n.file.Error.err(); err != nil {
			return host.FileInfo{}, err
		}
		if n.file.Target != nil {
			return n.file.Target.info(n.name), nil
		}
	}
	info, ok := r.entry(n)
	if !ok || info.Mode&fs.ModeSymlink != 0 {
		return host.FileInfo{}, host.ErrNotRecorded
	}
	return info, nil
}

// entry describes a node itself, as listing its directory would. A documented
// machine need not say what is ordinary: a file of root with mode 0644, in
// directories of root with mode 0755.
func (r *replayFiles) entry(n *node) (host.FileInfo, bool) {
	if n.file != nil && n.file.Mode != "" {
		return n.file.info(n.name), true
	}
	if r.assumed.IsZero() || n.file != nil && n.file.Error != "" {
		return host.FileInfo{}, false
	}
	info := host.FileInfo{Name: n.name, ModTime: r.assumed}
	switch {
	case n.hasContent:
		info.Size = int64(len(n.content))
		info.Mode = 0o644
	case r.exists(n):
		info.Mode = fs.ModeDir | 0o755
	default:
		return host.FileInfo{}, false
	}
	if r.os == host.Linux {
		info.Owner, info.Group = "0", "0"
	} else {
		info.Mode = info.Mode.Type()
	}
	return info, true
}

// ReadDir implements host.Files.
func (r *replayFiles) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	n, err := r.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if n.file != nil {
		for _, code := range []errorCode{n.file.ListError, n.file.Error} {
			if err := code.err(); err != nil {
				return nil, fmt.Errorf("list %s: %w", name, err)
			}
		}
	}
	if info, err := r.stat(n); err == nil && !info.Mode.IsDir() {
		return nil, fmt.Errorf("list %s: not a directory", name)
	}
	if !r.listed(n) {
		return nil, fmt.Errorf("list %s: %w", name, host.ErrNotRecorded)
	}
	infos := make([]host.FileInfo, 0, len(n.children))
	for _, c := range n.children {
		if info, ok := r.entry(c); ok {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// listed tells whether the children of n are all of the directory.
func (r *replayFiles) listed(n *node) bool {
	return n.file != nil && n.file.Listed || under(r.complete, r.style.fold(n.path), r.style.separator())
}

// Walk implements host.Files. A directory whose content is not recorded is
// visited as it was, so that visit may skip it as it did then; if it does not,
// once more with ErrNotRecorded.
func (r *replayFiles) Walk(ctx context.Context, root string, visit func(string, host.FileInfo, error) error) error {
	root, err := r.style.clean(root)
	if err != nil {
		return err
	}
	n, err := r.find(ctx, root)
	var info host.FileInfo
	if err == nil {
		info, err = r.stat(n)
	}
	switch {
	case isContext(err):
		return err
	case err != nil:
		err = visit(root, host.FileInfo{Name: r.style.base(root)}, err)
	default:
		err = r.walk(ctx, n, root, info, true, visit)
	}
	if errors.Is(err, fs.SkipDir) || errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func (r *replayFiles) walk(ctx context.Context, n *node, name string, info host.FileInfo, top bool, visit func(string, host.FileInfo, error) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !info.Mode.IsDir() || !top && n.file != nil && n.file.Mount {
		return visit(name, info, nil)
	}
	if n.file != nil && n.file.ListError != "" {
		return visit(name, info, fmt.Errorf("list %s: %w", name, n.file.ListError.err()))
	}
	if err := visit(name, info, nil); err != nil {
		return err
	}
	if !r.listed(n) && (n.file == nil || !n.file.Walked) {
		return visit(name, info, fmt.Errorf("list %s: %w", name, host.ErrNotRecorded))
	}
	for _, c := range n.children {
		child := r.style.join(name, c.name)
		info, ok := r.entry(c)
		var err error
		failed := c.file != nil && c.file.Error != "" && c.file.Error != codeAbsent
		switch {
		case ok && failed && info.Mode.IsRegular():
			err = visit(child, info, fmt.Errorf("stat %s: %w", child, c.file.Error.err()))
		case ok:
			err = r.walk(ctx, c, child, info, false, visit)
		case failed:
			err = visit(child, host.FileInfo{Name: c.name}, fmt.Errorf("stat %s: %w", child, c.file.Error.err()))
		}
		if errors.Is(err, fs.SkipDir) {
			if info.Mode.IsDir() {
				continue
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pathStyle is the notation of a machine's paths, whatever this program runs
// on.
type pathStyle bool

const (
	slashes     pathStyle = false
	backslashes pathStyle = true
)

func styleOf(os host.OS) pathStyle { return pathStyle(os == host.Windows) }

func (s pathStyle) separator() string {
	if s == backslashes {
		return `\`
	}
	return "/"
}

// fold brings paths that name the same file to one spelling.
func (s pathStyle) fold(name string) string {
	if s == backslashes {
		return strings.ToLower(name)
	}
	return name
}

func (s pathStyle) clean(name string) (string, error) {
	if s == slashes {
		if !path.IsAbs(name) {
			return "", fmt.Errorf("%q: not an absolute path", name)
		}
		return path.Clean(name), nil
	}
	name = strings.ReplaceAll(name, "/", `\`)
	drive, rest, ok := strings.Cut(name, `:\`)
	if !ok || len(drive) != 1 {
		return "", fmt.Errorf(`%q: not an absolute path such as C:\Users`, name)
	}
	clean := path.Clean("/" + strings.ReplaceAll(rest, `\`, "/"))
	return drive + ":" + strings.ReplaceAll(clean, "/", `\`), nil
}

// dir is the directory of a clean path, itself at the top.
func (s pathStyle) dir(name string) string {
	if s == slashes {
		return path.Dir(name)
	}
	i := strings.LastIndex(name, `\`)
	if i <= 2 {
		return name[:3]
	}
	return name[:i]
}

func (s pathStyle) base(name string) string {
	if s == slashes {
		return path.Base(name)
	}
	if len(name) == 3 {
		return `\`
	}
	return name[strings.LastIndex(name, `\`)+1:]
}

func (s pathStyle) join(dir, name string) string {
	return strings.TrimSuffix(dir, s.separator()) + s.separator() + name
}

// under tells whether name is one of prefixes or below one.
func under(prefixes []string, name, separator string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return name == p || strings.HasPrefix(name, strings.TrimSuffix(p, separator)+separator)
	})
}
