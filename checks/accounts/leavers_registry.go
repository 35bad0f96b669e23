package accounts

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf16"

	"vigia/checks/host"
)

const (
	keyProfileList = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	taskFolder     = `C:\Windows\System32\Tasks`

	maxTask  = 1 << 20 // bytes of one task
	maxTasks = 5000
)

// observeWindowsLeavers looks for what those who left still have on a Windows machine.
func observeWindowsLeavers(ctx context.Context, h *host.Host, p leaverParams) (leaverFacts, error) {
	w := windowsLeavers{residues: residues{reader: newReader(h)}, sids: map[string][]string{}}
	w.facts.Looked = p.names()
	if len(p.Leavers) == 0 {
		return w.facts, nil
	}
	w.localAccounts(ctx)
	w.profiles(ctx)
	w.groupMembers(ctx)
	w.keys(ctx)
	w.services(ctx)
	w.tasks(ctx)
	w.nowOf(ctx, func(id string) []string { return w.called(id) })
	return w.seen(ctx), nil
}

// windowsLeavers knows the SIDs that the names of those who left stand for here.
type windowsLeavers struct {
	residues
	sids map[string][]string // by SID, the accounts looked for
}

// called lists the accounts looked for that a SID or name stands for: "ana", `.\ana`,
// `MUNI\ana`, "ana@muni.example". A short name is that of any domain, since the register
// may not tell which.
func (w *windowsLeavers) called(who string) []string {
	out := slices.Clone(w.sids[strings.ToUpper(who)])
	for _, name := range w.facts.Looked {
		same := strings.EqualFold(name, who) || strings.EqualFold(shortName(name), shortName(who))
		if who != "" && same && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (w *windowsLeavers) know(sid, name string) {
	key := strings.ToUpper(sid)
	if sid != "" && !slices.Contains(w.sids[key], name) {
		w.sids[key] = append(w.sids[key], name)
	}
}

// localAccounts adds accounts of the machine that are neither disabled nor expired.
func (w *windowsLeavers) localAccounts(ctx context.Context) {
	users, err := w.Host.Accounts.Users(ctx)
	if err != nil {
		w.Need("NetUserEnum", err)
	}
	for _, u := range users {
		names := append(w.called(u.Name), w.called(u.SID)...)
		for _, name := range distinct(names) {
			w.know(u.SID, name)
			w.used(name, u.LastLogon)
			if usable(u, w.Host.Now()) {
				w.add(name, residueAccount, u.Name)
			}
		}
	}
}

// profiles adds profile folders, of accounts of a domain too: the folder is called as the
// account, sometimes with the domain behind it.
func (w *windowsLeavers) profiles(ctx context.Context) {
	sids, err := w.Host.Registry.Subkeys(ctx, keyProfileList)
	if err != nil {
		w.Need(keyProfileList, err)
	}
	for _, sid := range sids {
		v, err := w.Host.Registry.Value(ctx, keyProfileList+`\`+sid, "ProfileImagePath")
		if err != nil {
			w.Miss(keyProfileList+`\`+sid, err)
			continue
		}
		folder := v.String[strings.LastIndex(v.String, `\`)+1:]
		names := w.called(sid)
		for _, name := range w.facts.Looked {
			rest, ok := cutFold(folder, shortName(name))
			if ok && (rest == "" || rest[0] == '.') && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, name := range names {
			w.know(sid, name)
			w.add(name, residueProfile, v.String)
		}
	}
}

// cutFold is strings.CutPrefix without letter case.
func cutFold(s, prefix string) (string, bool) {
	if prefix == "" || len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// groupMembers adds memberships of the groups that give rights over the machine.
func (w *windowsLeavers) groupMembers(ctx context.Context) {
	for _, group := range append([]string{sidAdministrators}, powerfulGroups()...) {
		members, err := w.Host.Accounts.Members(ctx, group)
		if err != nil {
			w.Miss(group, err)
			continue
		}
		for _, m := range members {
			for _, name := range distinct(append(w.called(m.SID), w.called(m.Name)...)) {
				w.add(name, residueGroup, group)
			}
		}
	}
}

// keys adds keys of those who left in files of others and of the administrators, by their
// comments. Keys of an account of their own open it only as long as it is open.
func (w *windowsLeavers) keys(ctx context.Context) {
	start, err := w.integer(ctx, keyServices+`\sshd`, "Start")
	if err != nil || start == serviceDisabled {
		if err != nil {
			w.Miss(keyServices+`\sshd\Start`, err)
		}
		return
	}
	add := func(file, where string) {
		for _, owner := range keyOwners(w.config(ctx, file)) {
			for _, name := range w.called(owner) {
				if !strings.EqualFold(shortName(name), where) {
					w.add(name, residueKey, where)
				}
			}
		}
	}
	add(sshFolder+`\administrators_authorized_keys`, sidAdministrators)
	sids, err := w.Host.Registry.Subkeys(ctx, keyProfileList)
	if err != nil {
		return // profiles has noted it
	}
	for _, sid := range sids {
		v, err := w.Host.Registry.Value(ctx, keyProfileList+`\`+sid, "ProfileImagePath")
		if err == nil && person(sid) {
			add(v.String+`\.ssh\authorized_keys`, v.String[strings.LastIndex(v.String, `\`)+1:])
		}
	}
}

// services adds services that run as one who left.
func (w *windowsLeavers) services(ctx context.Context) {
	services, err := w.Host.Registry.Subkeys(ctx, keyServices)
	if err != nil {
		w.Need(keyServices, err)
	}
	for _, service := range services {
		v, err := w.Host.Registry.Value(ctx, keyServices+`\`+service, "ObjectName")
		if err != nil {
			w.Miss(keyServices+`\`+service, err)
			continue
		}
		for _, name := range w.called(v.String) {
			w.add(name, residueService, service)
		}
	}
}

// tasks adds scheduled tasks that run as one who left.
func (w *windowsLeavers) tasks(ctx context.Context) {
	read := 0
	err := w.Host.Files.Walk(ctx, taskFolder, func(path string, info host.FileInfo, err error) error {
		switch {
		case err != nil:
			w.Miss(path, err)
			return nil
		case !info.Mode.IsRegular():
			return nil
		}
		if read++; read > maxTasks {
			w.Note(taskFolder, "too_big")
			return fs.SkipAll
		}
		b, err := w.Host.Files.ReadFile(ctx, path, maxTask)
		if err != nil {
			w.Miss(path, err)
			return nil
		}
		users, err := taskUsers(b)
		if err != nil {
			w.Note(path, "unreadable")
			return nil //nolint:nilerr // it is noted
		}
		for _, user := range users {
			for _, name := range w.called(user) {
				w.add(name, residueSchedule, strings.TrimPrefix(path, taskFolder))
			}
		}
		return nil
	})
	if err != nil {
		w.Need(taskFolder, err)
	}
}

var errTask = errors.New("not a scheduled task")

// taskUsers lists the accounts that a task runs as: UserId of its principals ([MS-TSCH]
// 2.5.6). Triggers and authors name people too, who run nothing by that.
func taskUsers(b []byte) ([]string, error) {
	dec := xml.NewDecoder(bytes.NewReader(utf8Of(b)))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // decoded already
	var out []string
	var inside []string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if len(inside) > 0 || out == nil && len(b) == 0 {
				return nil, errTask
			}
			return out, nil
		}
		if err != nil {
			return nil, errTask
		}
		switch t := token.(type) {
		case xml.StartElement:
			if inside = append(inside, t.Name.Local); len(inside) > 100 {
				return nil, errTask
			}
		case xml.EndElement:
			inside = inside[:len(inside)-1]
		case xml.CharData:
			if n := len(inside); n >= 2 && inside[n-1] == "UserId" && inside[n-2] == "Principal" {
				if who := strings.TrimSpace(string(t)); who != "" {
					out = append(out, who)
				}
			}
		}
	}
}

// utf8Of decodes UTF-16 with its mark, in which Windows keeps tasks; other text is
// returned as it is.
func utf8Of(b []byte) []byte {
	if len(b) < 2 || b[0] != 0xff || b[1] != 0xfe {
		return b
	}
	b = b[2:]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
