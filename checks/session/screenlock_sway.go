package session

import (
	"context"
	"path"
	"strconv"
	"strings"
)

// swayLimits: a configuration is a few files, and a line a few words.
const (
	maxSwayFiles = 64
	maxSwayDepth = 8
)

// swayConfigs are where sway(1) looks for its configuration, first one first; the
// paths without a leading slash are below the home folder.
func swayConfigs() []string {
	return []string{".sway/config", ".config/sway/config", ".i3/config", ".config/i3/config", "/etc/sway/config", "/etc/i3/config"}
}

func swayidleConfigs() []string {
	return []string{".swayidle/config", ".config/swayidle/config", "/etc/swayidle/config"}
}

// waylandLockers ask for a password whenever they run.
func isWaylandLocker(command string) bool {
	words := strings.FieldsFunc(command, func(r rune) bool { return strings.ContainsRune(" \t;&|'\"()", r) })
	for i, w := range words {
		switch path.Base(w) {
		case "swaylock", "gtklock", "hyprlock", "waylock":
			return true
		case "loginctl":
			if i+1 < len(words) && (words[i+1] == "lock-session" || words[i+1] == "lock-sessions") {
				return true
			}
		}
	}
	return false
}

// observeSway finds the swayidle(1) that the person's sway starts, and after how many
// seconds that runs a locker. sway itself never locks.
func observeSway(ctx context.Context, r *reader, p person, f *lockFact) {
	c := swayConfig{r: r, home: p.home}
	file, from := c.first(ctx, swayConfigs())
	if len(r.Unread) > 0 {
		return
	}
	if file == "" {
		f.Locker = lockerNone
		return
	}
	c.read(ctx, file, 0)
	if len(r.Unread) > 0 {
		return
	}
	if !c.found {
		for _, unit := range []string{p.home + "/.config/systemd/user/swayidle.service", "/etc/systemd/user/swayidle.service"} {
			if r.config(ctx, unit) != nil {
				r.Note(unit, "unsupported") // whether it is started is the session manager's to know
				return
			}
		}
		f.Locker = lockerNone
		return
	}
	on := &setting{Value: 1, From: from}
	f.Enabled, f.Secure = on, on
	f.Idle = &setting{Value: c.idle, From: from}
}

// swayConfig reads a configuration with what it includes.
type swayConfig struct {
	r     *reader
	home  string
	files int
	found bool  // swayidle is started
	idle  int64 // seconds until it locks, 0 never
}

// first is the first file of a list that exists, and whose it is.
func (c *swayConfig) first(ctx context.Context, list []string) (file, from string) {
	for _, name := range list {
		from = fromSystem
		if !strings.HasPrefix(name, "/") {
			name, from = c.home+"/"+name, fromUser
		}
		if _, err := c.r.Host.Files.Stat(ctx, name); err == nil {
			return name, from
		} else if !c.r.Miss(name, err) {
			return "", ""
		}
	}
	return "", ""
}

func (c *swayConfig) read(ctx context.Context, file string, depth int) {
	if c.files++; c.files > maxSwayFiles || depth > maxSwayDepth {
		c.r.Note(file, "too_big")
		return
	}
	text := strings.ReplaceAll(string(c.r.config(ctx, file)), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		switch verb {
		case "include":
			c.include(ctx, file, rest, depth)
		case "exec", "exec_always":
			c.exec(ctx, strings.TrimSpace(strings.TrimPrefix(rest, "--no-startup-id")))
		}
	}
}

// include follows a path, or all files of a folder where it ends in a star.
func (c *swayConfig) include(ctx context.Context, from, name string, depth int) {
	name = strings.Trim(name, `"'`)
	name = strings.Replace(name, "$HOME", c.home, 1)
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		name = c.home + "/" + rest
	}
	if !strings.HasPrefix(name, "/") {
		name = path.Join(path.Dir(from), name)
	}
	dir, pattern := path.Split(name)
	if !strings.ContainsAny(pattern, "*?[") {
		c.read(ctx, name, depth+1)
		return
	}
	if strings.ContainsAny(dir, "*?[$") {
		c.r.Note(name, "unsupported")
		return
	}
	dir = path.Clean(dir)
	entries, err := c.r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		c.r.Miss(dir, err)
		return
	}
	for _, e := range entries {
		if ok, err := path.Match(pattern, e.Name); err == nil && ok && !e.Mode.IsDir() {
			c.read(ctx, path.Join(dir, e.Name), depth+1)
		}
	}
}

// exec looks at a command that sway starts.
func (c *swayConfig) exec(ctx context.Context, command string) {
	words := shellWords(command)
	if len(words) == 1 { // exec "swayidle ..."
		words = shellWords(words[0])
	}
	for i, w := range words {
		if path.Base(w) != "swayidle" {
			continue
		}
		c.found = true
		file, _ := c.first(ctx, swayidleConfigs())
		rest := words[i+1:]
		for j, arg := range rest {
			if arg == "-C" && j+1 < len(rest) {
				file = rest[j+1]
			}
		}
		c.events(rest)
		if file != "" {
			text := strings.ReplaceAll(string(c.r.config(ctx, file)), "\\\n", " ")
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
					c.events(shellWords(line))
				}
			}
		}
		return
	}
}

// events reads the events of swayidle(1): "timeout SECONDS COMMAND".
func (c *swayConfig) events(words []string) {
	for i := 0; i+2 < len(words); i++ {
		if words[i] != "timeout" || !isWaylandLocker(words[i+2]) {
			continue
		}
		if n, err := strconv.ParseInt(words[i+1], 10, 32); err == nil && n > 0 && (c.idle == 0 || n < c.idle) {
			c.idle = n
		}
	}
}

// shellWords splits a line as a shell would as far as quotes go; nothing is expanded.
func shellWords(line string) []string {
	var out []string
	var word strings.Builder
	in, quote := false, byte(0)
	for i := range len(line) {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if in {
				out = append(out, word.String())
				word.Reset()
			}
			in = false
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		out = append(out, word.String())
	}
	return out
}
