package tempfiles

import (
	"context"
	"io/fs"
	"strconv"
	"strings"
)

const (
	rotateFile   = "/etc/logrotate.conf"
	rotateFolder = "/etc/logrotate.d"

	maxRotate = 1 << 20 // bytes of one file
)

// rotation is what logrotate(8) does with some logs after it put the old ones away.
type rotation struct {
	paths []string
	// mode is that of the new file, if create says one.
	mode  fs.FileMode
	known bool
}

// parseRotate reads a file of logrotate: "paths { directives }", and directives outside of
// braces, which hold for all and for the files that are read after it.
func parseRotate(b []byte, general rotation) (out []rotation, after rotation) {
	var paths []string
	var own rotation
	inside, script := false, false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case script:
			script = words[0] != "endscript"
		case inside && words[0] == "}":
			own.paths = paths
			out = append(out, own)
			inside, paths = false, nil
		case inside || len(paths) == 0 && words[0][0] != '/' && words[0][0] != '"' && words[0] != "{":
			to := &general
			if inside {
				to = &own
			}
			switch words[0] {
			case "create":
				if len(words) > 1 {
					if mode, err := strconv.ParseUint(words[1], 8, 12); err == nil {
						to.mode, to.known = fs.FileMode(mode), true
					}
				}
			case "nocreate", "copytruncate", "copy":
				to.known = false
			case "postrotate", "prerotate", "firstaction", "lastaction", "preremove":
				script = true
			}
		default: // paths, on one line or several, up to the brace
			before, _, opened := strings.Cut(line, "{")
			for p := range strings.FieldsSeq(strings.ReplaceAll(before, `"`, " ")) {
				paths = append(paths, p)
			}
			if opened {
				inside, own = true, general
			}
		}
	}
	return out, general
}

// rotations adds logs that hold who did what and that logrotate makes anew for all to
// read, whatever their mode is today.
func (l *looker) rotations(ctx context.Context) {
	files := []string{rotateFile}
	entries, err := l.Host.Files.ReadDir(ctx, rotateFolder)
	if err != nil {
		l.Miss(rotateFolder, err)
	}
	for _, e := range entries {
		if e.Mode.IsRegular() {
			files = append(files, rotateFolder+"/"+e.Name)
		}
	}
	var general rotation
	for i, file := range files {
		rotations, after := parseRotate(l.File(ctx, file, maxRotate), general)
		if i == 0 {
			general = after
		}
		for _, r := range rotations {
			for _, path := range r.paths {
				if r.known && strings.HasPrefix(path, logFolder+"/") && personal(path) && others(r.mode) != "" && l.reachable(ctx, path) {
					l.facts.add(place{Path: path, Kind: kindRotate, Others: mayRead, Known: true})
				}
			}
		}
	}
}

// reachable tells whether others can enter the folder of a log. One that is not there is
// not.
func (l *looker) reachable(ctx context.Context, path string) bool {
	info, err := l.Host.Files.Stat(ctx, path[:strings.LastIndexByte(path, '/')])
	return err == nil && info.Mode.Perm()&0o001 != 0
}
