package accounts

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vigia/checks/format/shadow"
	"vigia/checks/format/sshd"
)

// sshServer is the configuration of an installed OpenSSH server, as it is for one account
// and another.
type sshServer struct {
	config *sshd.Config
	groups []shadow.Group
}

// sshServer reads the configuration of the server; nil where there is none, or where it
// could not be read, which is then noted.
func (r *reader) sshServer(ctx context.Context) *sshServer {
	if !anyInstalled(ctx, r.Host, "/usr/sbin/sshd", "/usr/bin/sshd") {
		return nil
	}
	files := filesOf{ctx, r.Host.Files, sshd.MaxSize}
	c, err := sshd.Load(sshdFile, files)
	if errors.Is(err, fs.ErrNotExist) {
		c, err = sshd.Load(sshdFileUsr, files)
	}
	if err != nil {
		r.Need(sshdFile, err)
		return nil
	}
	for _, pattern := range c.Unread {
		r.Note(pattern, "unsupported")
	}
	return &sshServer{config: c, groups: r.groups(ctx)}
}

// keyPatterns are the files of keys that the server looks at, for anybody.
func (s *sshServer) keyPatterns() []string {
	patterns := []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
	if v, ok := s.config.Get("AuthorizedKeysFile"); ok {
		patterns = strings.Fields(v.Text)
	}
	for _, v := range s.config.Conditional("AuthorizedKeysFile") {
		patterns = append(patterns, strings.Fields(v.Text)...)
	}
	return patterns
}

// groupsOf names the groups of an account.
func (s *sshServer) groupsOf(u shadow.User) []string {
	var out []string
	for _, g := range s.groups {
		if g.GID == u.GID || slices.Contains(g.Members, u.Name) {
			out = append(out, g.Name)
		}
	}
	return out
}

// settings are the values that a keyword may have for an account: those of conditions that
// may hold, and unless one holds for certain the general one, or the server's own.
func (s *sshServer) settings(u shadow.User, keyword, otherwise string) []string {
	var out []string
	groups := s.groupsOf(u)
	for _, v := range s.config.Conditional(keyword) {
		may, certain := v.Applies(u.Name, groups)
		if may {
			out = append(out, v.Text)
		}
		if certain {
			return out // the first one that holds
		}
	}
	if v, ok := s.config.Get(keyword); ok {
		return append(out, v.Text)
	}
	return append(out, otherwise)
}

// may tells whether a keyword may have one of the values for an account.
func (s *sshServer) may(u shadow.User, keyword, otherwise string, values ...string) bool {
	return slices.ContainsFunc(s.settings(u, keyword, otherwise), func(v string) bool {
		return slices.ContainsFunc(values, func(want string) bool { return strings.EqualFold(v, want) })
	})
}

// takesPassword tells whether a password opens an account here.
func (s *sshServer) takesPassword(u shadow.User) bool {
	if s.may(u, "PasswordAuthentication", "yes", "yes") {
		return true
	}
	keyboard := "KbdInteractiveAuthentication"
	if len(s.config.All(keyboard)) == 0 {
		keyboard = "ChallengeResponseAuthentication" // its former name
	}
	return s.may(u, keyboard, "yes", "yes") && s.may(u, "UsePAM", "no", "yes")
}

// door is by what an account without a shell can still use the machine once the server let
// it in: files by internal-sftp, for which no shell is started, or connections to other
// machines from here. It is empty for nothing.
func (s *sshServer) door(u shadow.User) string {
	internal := func(command string) bool {
		words := strings.Fields(command)
		return len(words) > 0 && words[0] == "internal-sftp"
	}
	forced := s.settings(u, "ForceCommand", "none")
	if slices.ContainsFunc(forced, internal) {
		return residueSFTP
	}
	groups := s.groupsOf(u)
	for _, v := range s.config.All("Subsystem") {
		name, command, _ := strings.Cut(v.Text, " ")
		if may, _ := v.Applies(u.Name, groups); may && name == "sftp" && internal(command) && slices.Contains(forced, "none") {
			return residueSFTP
		}
	}
	if s.may(u, "AllowTcpForwarding", "yes", "yes", "all", "local", "remote") && s.may(u, "DisableForwarding", "no", "no") {
		return residueForward
	}
	return ""
}
