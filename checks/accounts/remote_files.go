package accounts

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/format/conf"
	"vigia/checks/format/shadow"
	"vigia/checks/format/sshd"
	"vigia/checks/host"
)

const (
	sshdFile    = "/etc/ssh/sshd_config"
	sshdFileUsr = "/usr/etc/ssh/sshd_config" // where a distribution keeps its own (openSUSE)
	xrdpFile    = "/etc/xrdp/sesman.ini"
)

// observeLinuxRemote reads what the OpenSSH server demands, counts the keys that open
// accounts, and looks for xrdp and the tools.
func observeLinuxRemote(ctx context.Context, h *host.Host) (remoteFacts, error) {
	r := newReader(h)
	seen := remoteFacts{ToolsAsOf: toolsAsOf}
	for _, t := range remoteTools() {
		if anyInstalled(ctx, h, t.files...) {
			seen.found(t.name, "installed")
		}
	}
	r.running(ctx, &seen)
	r.ssh(ctx, &seen)
	if anyInstalled(ctx, h, "/usr/sbin/xrdp-sesman", "/usr/bin/xrdp-sesman") {
		f, err := conf.ParseINI(r.config(ctx, xrdpFile))
		if err != nil {
			r.Note(xrdpFile, "too_big")
		} else {
			v, _ := f.Get("Security", "AllowRootLogin")
			seen.XRDPRoot = slices.Contains([]string{"true", "yes", "1", "on"}, strings.ToLower(v))
		}
	}
	seen.Unread = r.Unread
	return seen, nil
}

// filesOf lets format packages read the machine's files.
type filesOf struct {
	ctx   context.Context //nolint:containedctx // lives for one call of a Load, whose interface has none
	files host.Files
	limit int64
}

func (f filesOf) Read(name string) ([]byte, error) { return f.files.ReadFile(f.ctx, name, f.limit) }

func (f filesOf) List(dir string) ([]string, error) {
	entries, err := f.files.ReadDir(f.ctx, dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, nil
}

// ssh reads the configuration of an installed OpenSSH server.
func (r *reader) ssh(ctx context.Context, seen *remoteFacts) {
	server := r.sshServer(ctx)
	if server == nil {
		return
	}
	r.sshArguments(ctx)
	s := serverOf(server.config)
	seen.SSH = &s
	patterns := server.keyPatterns()
	for _, u := range passwd(ctx, r) {
		if k := r.keys(ctx, u, patterns); k.Keys > 0 {
			seen.Keys = append(seen.Keys, k)
		}
	}
}

// sshArguments notes arguments by which the service starts with other settings than its
// file's.
func (r *reader) sshArguments(ctx context.Context) {
	for path, name := range map[string]string{"/etc/default/ssh": "SSHD_OPTS", "/etc/sysconfig/sshd": "OPTIONS"} {
		f, err := conf.ParseKeyValue(r.config(ctx, path))
		if err != nil {
			continue
		}
		v, _ := f.Get(name)
		if words := strings.Fields(strings.Trim(v, `"'`)); slices.ContainsFunc(words, func(w string) bool {
			return strings.HasPrefix(w, "-o") || strings.HasPrefix(w, "-f")
		}) {
			r.Note(path+" "+name, "unsupported")
		}
	}
}

// serverOf tells what the server does, with its own defaults where nothing is said
// (OpenSSH 7.0 and later).
func serverOf(c *sshd.Config) sshServerFact {
	word := func(keyword, otherwise string) sshd.Value {
		v, ok := c.Get(keyword)
		if !ok {
			return sshd.Value{Text: otherwise}
		}
		v.Text = strings.ToLower(v.Text)
		return v
	}
	root := word("PermitRootLogin", "prohibit-password")
	s := sshServerFact{Root: root.Text, Source: root.File}
	if s.Root == "without-password" { // its former name
		s.Root = "prohibit-password"
	}
	// Asking by keyboard comes to a password, by PAM.
	keyboard := word("KbdInteractiveAuthentication", "")
	if keyboard.Text == "" {
		keyboard = word("ChallengeResponseAuthentication", "yes") // its former name
	}
	byPAM := keyboard.Text == "yes" && word("UsePAM", "no").Text == "yes"
	s.Password = word("PasswordAuthentication", "yes").Text == "yes" || byPAM
	for _, keyword := range []string{"PasswordAuthentication", "KbdInteractiveAuthentication", "ChallengeResponseAuthentication"} {
		for _, v := range c.Conditional(keyword) {
			s.Password = s.Password || strings.EqualFold(v.Text, "yes") // for somebody
		}
	}
	s.Empty = word("PermitEmptyPasswords", "no").Text == "yes" && s.Password
	for _, loose := range []struct{ keyword, value string }{{"PermitRootLogin", "yes"}, {"PermitEmptyPasswords", "yes"}} {
		for _, v := range c.Conditional(loose.keyword) {
			if strings.EqualFold(v.Text, loose.value) {
				s.Conditional = append(s.Conditional, conditionFact{
					Setting: loose.keyword + " " + loose.value, Source: v.File + ":" + strconv.Itoa(v.Line),
				})
			}
		}
	}
	return s
}

// keys counts the keys in an account's files. Nothing of a key or of its comment is kept.
func (r *reader) keys(ctx context.Context, u shadow.User, patterns []string) keyFact {
	k := keyFact{Account: u.Name}
	for _, path := range keyFiles(u, patterns) {
		b, err := r.Host.Files.ReadFile(ctx, path, maxConfig)
		if err != nil {
			r.Miss(path, err)
			continue
		}
		n, unowned := countKeys(b)
		k.Keys += n
		k.Unowned += unowned
	}
	return k
}

// keyFiles are where the server looks for an account's keys: %h and a relative path are
// below the home folder, %u is the account (sshd_config(5), TOKENS).
func keyFiles(u shadow.User, patterns []string) []string {
	var out []string
	for _, p := range patterns {
		if p == "none" {
			continue
		}
		p = strings.NewReplacer("%%", "%", "%h", u.Home, "%u", u.Name, "%U", strconv.FormatUint(uint64(u.UID), 10)).Replace(p)
		if !strings.HasPrefix(p, "/") {
			if !strings.HasPrefix(u.Home, "/") {
				continue
			}
			p = strings.TrimSuffix(u.Home, "/") + "/" + p
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// countKeys counts the keys of an authorized_keys file (sshd(8)): options, type, key and
// comment. A comment tells whose a key is.
func countKeys(b []byte) (keys, unowned int) {
	for raw := range bytes.Lines(b) {
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		words := keyWords(line)
		at := slices.IndexFunc(words, keyType)
		if at < 0 || at > 1 || at+1 >= len(words) {
			continue // the server passes over it
		}
		keys++
		if at+2 >= len(words) {
			unowned++
		}
	}
	return keys, unowned
}

func keyType(word string) bool {
	return strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-sha2-") || strings.HasPrefix(word, "sk-")
}

// keyWords cuts a line at blanks outside of quotes, which options may hold.
func keyWords(line string) []string {
	var words []string
	start, quoted := -1, false
	for i := 0; i <= len(line); i++ {
		blank := i == len(line) || !quoted && (line[i] == ' ' || line[i] == '\t')
		if !blank && line[i] == '"' && (i == 0 || line[i-1] != '\\') {
			quoted = !quoted
		}
		switch {
		case blank && start >= 0:
			words = append(words, line[start:i])
			start = -1
		case !blank && start < 0:
			start = i
		}
	}
	return words
}
