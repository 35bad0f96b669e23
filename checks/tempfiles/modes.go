package tempfiles

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/host"
)

const (
	logFolder    = "/var/log"
	corePattern  = "/proc/sys/kernel/core_pattern"
	suidDumpable = "/proc/sys/fs/suid_dumpable"

	maxSetting = 4 << 10 // bytes of a setting of the kernel
	maxLogs    = 20_000  // entries of the log folder
)

// dumpFolders are where dumps of memory go: systemd-coredump, apport and kdump, ABRT.
func dumpFolders() []string {
	return []string{"/var/lib/systemd/coredump", "/var/crash", "/var/spool/abrt", "/var/lib/apport/coredump"}
}

// observeModes reads the permission bits of a Linux machine's places.
func observeModes(ctx context.Context, h *host.Host, p params) (facts, error) {
	l := looker{Look: checks.Look{Host: h}}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		l.shared(ctx, dir)
	}
	l.logs(ctx)
	l.rotations(ctx)
	for _, dir := range dumpFolders() {
		l.dumps(ctx, dir)
	}
	l.kernel(ctx)
	l.facts.Declared = slices.Clone(p.Folders)
	for _, dir := range p.Folders {
		info, err := h.Files.Stat(ctx, dir)
		if err != nil {
			l.Miss(dir, err)
			continue
		}
		l.facts.add(place{Path: dir, Kind: kindApp, Others: others(info.Mode)})
	}
	l.facts.Unread = l.Unread
	return l.facts, nil
}

// looker looks at one machine.
type looker struct {
	checks.Look
	facts facts
}

// others tells what the mode of a file or folder lets others do. Of a folder whose names
// cannot be listed, the files can still be opened by name.
func others(mode fs.FileMode) string {
	switch perm := mode.Perm(); {
	case perm&0o002 != 0:
		return mayWrite
	case perm&0o004 != 0, mode.IsDir() && perm&0o001 != 0:
		return mayRead
	}
	return ""
}

// shared looks at a folder that everybody may write to: nobody may delete what is
// another's there (the sticky bit).
func (l *looker) shared(ctx context.Context, dir string) {
	info, err := l.Host.Files.Stat(ctx, dir)
	if err != nil {
		l.Miss(dir, err)
		return
	}
	p := place{Path: dir, Kind: kindTemp}
	if info.Mode.Perm()&0o002 != 0 && info.Mode&fs.ModeSticky == 0 {
		p.Others = mayDelete
	}
	l.facts.add(p)
}

// logs walks the log folder. A folder that others may not enter is not entered here
// either: what is in it is closed.
func (l *looker) logs(ctx context.Context) {
	n := 0
	err := l.Host.Files.Walk(ctx, logFolder, func(name string, info host.FileInfo, err error) error {
		if err != nil {
			l.Miss(name, err)
			return nil
		}
		if n++; n > maxLogs {
			l.Note(logFolder, "too_big")
			return fs.SkipAll
		}
		p := place{Path: rotated(name), Kind: kindLog}
		switch {
		case info.Mode.IsDir():
			if info.Mode.Perm()&0o002 != 0 && info.Mode&fs.ModeSticky == 0 {
				p.Path, p.Others = name, mayWrite
				l.facts.add(p)
			}
			if info.Mode.Perm()&0o001 == 0 {
				return fs.SkipDir
			}
		case info.Mode.IsRegular():
			p.Others, p.Known = others(info.Mode), personal(p.Path)
			if p.Others == mayWrite || p.Others == mayRead && !harmless(p.Path) {
				l.facts.add(p)
			}
		}
		return nil
	})
	if err != nil {
		l.Need(logFolder, err)
		return
	}
	l.facts.Closed++ // the folder is one place, however many logs are in it
}

// rotated takes away what logrotate adds to the name of an older file, so that all of a
// log are one: "x.log.3.gz", "x-20261101".
func rotated(name string) string {
	for _, packed := range []string{".gz", ".xz", ".bz2", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	number := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if i := strings.LastIndexByte(name, '-'); i > 0 && number(name[i+1:]) && len(name)-i > 8 {
		return name[:i]
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 && (number(name[i+1:]) || name[i+1:] == "old") {
		return name[:i]
	}
	return name
}

// personal tells of logs that hold who did what: log-ons, mail, web pages, printed
// documents, queries.
func personal(name string) bool {
	rel := strings.TrimPrefix(name, logFolder+"/")
	top, _, below := strings.Cut(rel, "/")
	if below {
		return slices.Contains([]string{
			"apache2", "audit", "cups", "exim4", "httpd", "journal", "lighttpd", "mariadb", "mysql", "nginx", "ntpsec", "openvpn",
			"postgresql", "proftpd", "samba", "squid", "sssd", "tomcat9", "tomcat10", "vsftpd",
		}, top)
	}
	base := strings.TrimSuffix(top, ".log")
	return slices.Contains([]string{
		"auth", "btmp", "cron", "daemon", "debug", "mail", "maillog", "mail.err", "mail.info", "mail.warn", "messages", "mysql",
		"mysqld", "secure", "spooler", "sudo", "syslog", "user", "vsftpd", "xferlog",
	}, base)
}

// harmless tells of logs of installing and starting, and of those that every system
// leaves readable so that users can see their own log-ons.
func harmless(name string) bool {
	rel := strings.TrimPrefix(name, logFolder+"/")
	top, _, below := strings.Cut(rel, "/")
	if below {
		return slices.Contains([]string{
			"anaconda", "apt", "dbconfig-common", "dist-upgrade", "dracut", "fsck", "hp", "installer", "landscape", "rhsm", "sa",
			"sysstat", "tuned", "unattended-upgrades",
		}, top)
	}
	if slices.ContainsFunc([]string{"Xorg.", "boot", "cloud-init", "dnf.", "dnf5", "fontconfig", "gpu-manager", "hawkey", "prime-", "wtmp", "lastlog", "faillog", "ubuntu-advantage"}, func(prefix string) bool {
		return strings.HasPrefix(top, prefix)
	}) {
		return true
	}
	return slices.Contains([]string{"alternatives.log", "aptitude", "dpkg.log", "dmesg", "dracut.log", "kdump.log", "popularity-contest", "README"}, top)
}

// dumps looks at the files of a folder of dumps, and whether others may put some there.
func (l *looker) dumps(ctx context.Context, dir string) {
	info, err := l.Host.Files.Stat(ctx, dir)
	if err != nil {
		l.Miss(dir, err)
		return
	}
	p := place{Path: dir, Kind: kindDump}
	if info.Mode.Perm()&0o002 != 0 && info.Mode&fs.ModeSticky == 0 {
		p.Others = mayDelete
	}
	l.facts.add(p)
	files, err := l.Host.Files.ReadDir(ctx, dir)
	if err != nil {
		l.Miss(dir, err)
		return
	}
	for _, f := range files {
		readable := others(f.Mode)
		if readable == "" || info.Mode.Perm()&0o001 == 0 || !f.Mode.IsRegular() && !f.Mode.IsDir() {
			continue
		}
		if f.Mode.IsDir() && f.Mode.Perm()&0o005 == 0o001 {
			continue // kdump's, which only root can list
		}
		// One place: their names hold programs, times and process numbers.
		l.facts.add(place{Path: dir + "/*", Kind: kindDump, Others: readable})
		return
	}
}

// kernel reads what it dumps, and where. A mounted disk has no kernel.
func (l *looker) kernel(ctx context.Context) {
	pattern := strings.TrimSpace(string(l.File(ctx, corePattern, maxSetting)))
	if strings.HasPrefix(pattern, "/") {
		// The kernel makes the files readable to their owner only; the folder may be
		// one in which others can swap them.
		if dir := path.Dir(pattern); !strings.Contains(dir, "%") {
			l.shared(ctx, dir)
		}
	}
	if strings.TrimSpace(string(l.File(ctx, suidDumpable, maxSetting))) == "1" {
		l.facts.PrivilegedDumps = true
	}
}
