package accounts

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/format/conf"
)

// polkitDirs hold the rules of polkit(8). Those of a package come with it, and still say
// who is an administrator.
func polkitDirs() []string {
	return []string{"/etc/polkit-1/rules.d", "/run/polkit-1/rules.d", "/usr/local/share/polkit-1/rules.d", "/usr/share/polkit-1/rules.d"}
}

// polkitRules is what the rules of polkit say, as far as it is told without running them:
// they are programs.
type polkitRules struct {
	// admins may do anything with a password of their own, as "ana" or "%group".
	admins []polkitAdmin
	// open are files that allow every action without one.
	open []string
}

type polkitAdmin struct{ who, source string }

// polkit reads the rules of polkit, in JavaScript and of the older .pkla kind.
func (r *reader) polkit(ctx context.Context) polkitRules {
	var out polkitRules
	for _, dir := range polkitDirs() {
		for _, path := range r.named(ctx, dir, ".rules") {
			text := withoutComments(string(r.config(ctx, path)))
			for _, call := range strings.Split(text, "polkit.add")[1:] {
				switch {
				case strings.HasPrefix(call, "AdminRule"):
					for _, who := range polkitIdentities(call) {
						out.admins = append(out.admins, polkitAdmin{who, path})
					}
				case strings.HasPrefix(call, "Rule") && allowsAll(call):
					out.open = append(out.open, path)
				}
			}
		}
	}
	for _, top := range []string{"/etc/polkit-1/localauthority", "/var/lib/polkit-1/localauthority"} {
		dirs, err := r.Host.Files.ReadDir(ctx, top)
		if err != nil {
			r.Miss(top, err)
			continue
		}
		for _, d := range dirs {
			for _, path := range r.named(ctx, top+"/"+d.Name, ".pkla") {
				if pklaAllowsAll(r.config(ctx, path)) {
					out.open = append(out.open, path)
				}
			}
		}
	}
	slices.Sort(out.open)
	out.open = slices.Compact(out.open)
	return out
}

// named lists the files of a directory with a suffix, as paths.
func (r *reader) named(ctx context.Context, dir, suffix string) []string {
	files, err := r.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		r.Miss(dir, err)
		return nil
	}
	var out []string
	for _, f := range files {
		if strings.HasSuffix(f.Name, suffix) && !strings.HasPrefix(f.Name, ".") {
			out = append(out, dir+"/"+f.Name)
		}
	}
	return out
}

// allowsAll tells whether a rule says yes without looking at which action is asked for.
func allowsAll(call string) bool {
	yes := strings.Contains(call, "polkit.Result.YES") || strings.Contains(call, `"yes"`) || strings.Contains(call, "'yes'")
	// The first argument is the action, whatever it is called.
	_, arguments, _ := strings.Cut(call, "function")
	_, arguments, _ = strings.Cut(arguments, "(")
	action, _, _ := strings.Cut(arguments, ",")
	action, _, _ = strings.Cut(action, ")")
	_, body, _ := strings.Cut(arguments, "{")
	action = strings.TrimSpace(action)
	return yes && (action == "" || !strings.Contains(body, action+".") && !strings.Contains(body, action+"["))
}

// polkitIdentities lists whom a text names as "unix-user:ana" and "unix-group:sudo".
func polkitIdentities(text string) []string {
	var out []string
	for _, kind := range []struct{ prefix, mark string }{{"unix-user:", ""}, {"unix-group:", "%"}} {
		for _, rest := range strings.Split(text, kind.prefix)[1:] {
			name, _, _ := strings.Cut(rest, `"`)
			name, _, _ = strings.Cut(name, "'")
			if name != "" && len(name) <= 256 && !strings.ContainsAny(name, " \n;") {
				out = append(out, kind.mark+name)
			}
		}
	}
	return out
}

// pklaAllowsAll tells whether a file of the older kind allows every action.
func pklaAllowsAll(b []byte) bool {
	f, err := conf.ParseINI(b)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(f.Groups(), func(group string) bool {
		actions, _ := f.Get(group, "Action")
		if !slices.Contains(strings.Split(actions, ";"), "*") {
			return false
		}
		return slices.ContainsFunc([]string{"ResultAny", "ResultInactive", "ResultActive"}, func(key string) bool {
			v, _ := f.Get(group, key)
			return v == "yes"
		})
	})
}

// withoutComments takes the comments out of JavaScript. Strings stay as they are.
func withoutComments(text string) string {
	var out strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' && i+1 < len(text) {
				out.WriteByte(c)
				i++
				c = text[i]
			} else if c == quote || c == '\n' {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case strings.HasPrefix(text[i:], "//"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return out.String()
			}
			i += end
			c = '\n'
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return out.String()
			}
			i += end + 3
			c = ' '
		}
		out.WriteByte(c)
	}
	return out.String()
}
