package session

import (
	"context"
	"path"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
)

// consoleFact is what ends a session on a text console that nobody types on.
type consoleFact struct {
	// Shell is TMOUT of the shells, for everybody, in seconds.
	Shell *setting `json:"shell,omitempty"`
	// Session is StopIdleSessionSec of logind.conf(5), in seconds.
	Session *setting `json:"session,omitempty"`
	// Changeable: a person may set another TMOUT, since it is not read-only.
	Changeable bool `json:"changeable,omitempty"`
}

// observeConsole reads what limits idle text sessions on a machine without desktop.
func observeConsole(ctx context.Context, r *reader) *consoleFact {
	f := &consoleFact{}
	files := []string{"/etc/environment", "/etc/profile"}
	files = append(files, r.below(ctx, "/etc/profile.d", ".sh")...)
	files = append(files, "/etc/bash.bashrc", "/etc/bashrc")
	fixed := false
	for _, name := range files {
		for _, a := range assignments(string(r.config(ctx, name))) {
			if fixed {
				continue // an error in the shell: the first value stays
			}
			if a.set {
				f.Shell = &setting{Value: a.value, From: fromSystem}
			}
			fixed = a.readonly && f.Shell != nil
		}
	}
	f.Changeable = !fixed
	var layers []string
	for _, dir := range []string{"/usr/lib/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"} {
		layers = append(layers, r.below(ctx, dir, ".conf")...)
	}
	for _, name := range append([]string{"/etc/systemd/logind.conf"}, layers...) {
		ini := r.ini(ctx, name)
		if ini == nil {
			continue
		}
		if text, ok := ini.Get("Login", "StopIdleSessionSec"); ok {
			if seconds, ok := timeSpan(text); ok {
				f.Session = &setting{Value: seconds, From: fromSystem}
			} else {
				r.Note(name+" StopIdleSessionSec", "unreadable")
			}
		}
	}
	return f
}

// below lists the files of a folder with an ending, in the order of their names; folders in
// it are left out.
func (r *reader) below(ctx context.Context, dir, ending string) []string {
	entries, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return nil
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ending) && !e.Mode.IsDir() {
			out = append(out, path.Join(dir, e.Name))
		}
	}
	return out
}

// assignment is what one statement of a shell does to TMOUT.
type assignment struct {
	value         int64
	set, readonly bool
}

// assignments finds the statements that give TMOUT a number for whoever logs on. What
// stands inside a condition holds for some only and does not count.
func assignments(script string) []assignment {
	var out []assignment
	depth := 0
	for line := range strings.Lines(script) {
		if i := strings.Index(line, "#"); i == 0 || i > 0 && (line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
		}
		for statement := range strings.SplitSeq(line, ";") {
			words := strings.Fields(statement)
			if len(words) == 0 {
				continue
			}
			switch words[0] {
			case "if", "case", "for", "while", "until", "{":
				depth++
			case "fi", "esac", "done", "}":
				depth = max(0, depth-1)
			}
			if depth == 0 && !strings.Contains(statement, "&&") && !strings.Contains(statement, "||") {
				if a := assigned(words); a.set || a.readonly {
					out = append(out, a)
				}
			}
		}
	}
	return out
}

func assigned(words []string) (a assignment) {
	declares := false
	switch words[0] {
	case "export":
		declares = true
	case "readonly":
		a.readonly, declares = true, true
	case "declare", "typeset":
		declares = true
		for _, w := range words[1:] {
			a.readonly = a.readonly || strings.HasPrefix(w, "-") && strings.Contains(w, "r")
		}
	}
	named := false
	for i, w := range words {
		if i > 0 && !declares && !strings.HasPrefix(w, "TMOUT=") {
			return assignment{} // "TMOUT=5 command" binds the command only
		}
		text, ok := strings.CutPrefix(w, "TMOUT=")
		if w == "TMOUT" && declares {
			named = true
		}
		if !ok {
			continue
		}
		named = true
		if n, err := strconv.ParseInt(strings.Trim(text, `"'`), 10, 32); err == nil && n >= 0 {
			a.value, a.set = n, true
		}
	}
	if !named {
		return assignment{}
	}
	return a
}

// timeSpan reads a span of systemd.time(7) such as "15min", "1h 30min" or "900".
func timeSpan(text string) (seconds int64, ok bool) {
	text = strings.TrimSpace(text)
	if text == "infinity" || text == "" {
		return 0, true
	}
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return n, n >= 0
	}
	text = strings.NewReplacer("minutes", "m", "minute", "m", "min", "m", "seconds", "s", "second", "s", "sec", "s",
		"hours", "h", "hour", "h", "hr", "h", " ", "").Replace(text)
	d, err := time.ParseDuration(text)
	return int64(d / time.Second), err == nil && d >= 0
}

// judgeConsole judges a machine on which people work at text consoles only.
func judgeConsole(f *consoleFact, limit int64) checks.Finding {
	finding := checks.Finding{Key: "console"}
	within := func(s *setting) bool { return s != nil && s.Value > 0 && s.Value <= limit }
	because := func(code string, s *setting) checks.Reason {
		return checks.Because(code, "seconds", strconv.FormatInt(s.Value, 10), "limit", strconv.FormatInt(limit, 10))
	}
	switch {
	case within(f.Session):
		finding.Status, finding.Reason = checks.Pass, because("screenlock.console_ends", f.Session)
	case within(f.Shell) && !f.Changeable:
		finding.Status, finding.Reason = checks.Pass, because("screenlock.console_ends", f.Shell)
	case within(f.Shell):
		finding.Status, finding.Reason = checks.Warn, because("screenlock.console_changeable", f.Shell)
	default:
		finding.Status, finding.Reason = checks.Warn, checks.Because("screenlock.console_open", "limit", strconv.FormatInt(limit, 10))
	}
	return finding
}
