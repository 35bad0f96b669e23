package accounts

import (
	"context"
	"path"
	"slices"
	"strings"

	"vigia/checks/format/sudoers"
	"vigia/checks/host"
)

// handsOver tells whether a command that somebody may run as root gives them the whole
// machine: a shell, a program that opens one or runs another, or that reads or writes
// whichever file it is told. Where arguments are fixed, only what can still get out of
// them counts.
//
// The programs are those of which such a way is documented, by themselves or in
// GTFOBins; a program that is not among them may have one all the same.
func handsOver(c sudoers.Command) bool {
	switch {
	case c.Path == "list":
		return false
	case c.SetEnv:
		return true // LD_PRELOAD is enough
	case c.Path == "sudoedit":
		return c.AnyArgs || pattern(c.Args) || slices.ContainsFunc(strings.Fields(c.Args), decides)
	case strings.HasSuffix(c.Path, "/"), pattern(c.Path):
		return patternHandsOver(c)
	case anywhere(c.Path):
		return true
	}
	return programHandsOver(program(c.Path), c)
}

// pattern tells whether a word of sudoers is one: what it matches is wider than it looks,
// because a * in arguments takes blanks and slashes too.
func pattern(s string) bool { return strings.ContainsAny(s, "*?[") || strings.HasPrefix(s, "^") }

// anywhere tells whether a file is where its users may put what they like.
func anywhere(file string) bool {
	for _, dir := range []string{"/home/", "/tmp/", "/var/tmp/", "/dev/shm/"} {
		if strings.HasPrefix(file, dir) {
			return true
		}
	}
	return false
}

// patternHandsOver is handsOver of a pattern or a folder: any of the programs behind it
// that would do. A regular expression is not worked out: see observeLinuxPrivileges.
func patternHandsOver(c sudoers.Command) bool {
	if strings.HasPrefix(c.Path, "^") {
		return false
	}
	if anywhere(c.Path) {
		return true
	}
	for _, dir := range []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"} {
		if c.Path == dir+"/" {
			return true
		}
		for _, names := range []string{shells, editors, wanders, readers} {
			for name := range strings.FieldsSeq(names) {
				if ok, _ := path.Match(c.Path, dir+"/"+name); ok && programHandsOver(name, c) {
					return true
				}
			}
		}
	}
	return false
}

// program is the name of a program without folder and version: python of
// /usr/bin/python3.11, vim of /usr/bin/vim.tiny.
func program(file string) string {
	name := path.Base(file)
	if known(name) {
		return name
	}
	name, _, _ = strings.Cut(name, ".")
	if known(name) {
		return name
	}
	return strings.TrimRight(name, "0123456789-")
}

func known(name string) bool {
	for _, names := range []string{shells, editors, wanders, readers} {
		if slices.Contains(strings.Fields(names), name) {
			return true
		}
	}
	return false
}

func programHandsOver(name string, c sudoers.Command) bool {
	in := func(names string) bool { return slices.Contains(strings.Fields(names), name) }
	words := strings.Fields(c.Args)
	free := c.AnyArgs || pattern(c.Args)
	switch {
	case in("visudo vipw vigr chpasswd newusers at batch"):
		return true
	case in(editors):
		return free || !c.NoExec
	case in("su runuser"):
		return free || toRoot(words)
	case in("passwd"):
		return free || !slices.ContainsFunc(words, func(w string) bool { return w[0] != '-' && w != "root" })
	case in(shells):
		// A script by name is only what it says, if nobody else can change it.
		return free || !slices.ContainsFunc(words, func(w string) bool { return w[0] != '-' }) || slices.ContainsFunc(words, anywhere)
	case in("systemctl crontab"):
		return free || slices.ContainsFunc(words, func(w string) bool { return w == "edit" || w == "link" || w == "-e" })
	case in("tee cp mv install ln dd rsync sed scp curl wget"):
		return free || slices.ContainsFunc(words, decides)
	case in("env nice ionice nohup timeout setsid stdbuf time chroot nsenter unshare script watch flock systemd-run strace gdb sudo doas pkexec xargs"):
		return free || len(words) == 0 || slices.Contains(strings.Fields(shells+" su"), program(words[len(words)-1]))
	case in(wanders), in(readers):
		return free
	}
	return false
}

// toRoot tells whether arguments of su(1) name no other account than root.
func toRoot(words []string) bool {
	if len(words) == 0 {
		return true
	}
	last := words[len(words)-1]
	return last[0] == '-' || last[0] == '/' || last == "root"
}

// decides tells whether what stands in a file decides who may do what, or what root runs.
func decides(file string) bool {
	file = strings.TrimPrefix(file, "of=") // as dd(1) has it
	if !path.IsAbs(file) {
		return false
	}
	file = path.Clean(file)
	for name := range strings.FieldsSeq(decisive) {
		if file == name || strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

const (
	// decisive are files and folders of which decides speaks.
	decisive = `/etc/sudoers /etc/sudoers.d /etc/sudo.conf /etc/doas.conf /etc/passwd /etc/shadow /etc/group /etc/gshadow
		/etc/pam.d /etc/security /etc/nsswitch.conf /etc/polkit-1 /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily
		/etc/cron.weekly /etc/cron.monthly /etc/anacrontab /var/spool/cron /etc/systemd /lib/systemd /usr/lib/systemd
		/etc/init.d /etc/rc.local /etc/profile /etc/profile.d /etc/bash.bashrc /etc/bashrc /etc/environment /etc/ld.so.preload
		/etc/ld.so.conf /etc/ld.so.conf.d /etc/ssh /etc/logrotate.d /etc/logrotate.conf /etc/udev /etc/modprobe.d /etc/fstab
		/etc/exports /etc/apt /etc/yum.repos.d /etc/NetworkManager/dispatcher.d /root /boot /bin /sbin /lib /lib64 /usr/bin
		/usr/sbin /usr/lib /usr/lib64 /usr/local /dev/sda /dev/nvme0n1 /dev/vda`

	// shells are shells and interpreters: without a script they do what they are told.
	shells = `sh bash rbash dash zsh ksh mksh csh tcsh fish ash busybox
		python perl ruby irb lua luajit php node nodejs tclsh wish expect Rscript R octave julia guile jshell jrunscript`

	// editors read and write other files than they were started with, or start a shell,
	// whichever arguments they get.
	editors = `vi vim vimdiff view nvim rvim rview ex ed nano rnano pico emacs emacs-nox jed joe micro mc mcedit mcview gedit
		kate mousepad xed pluma less more most pg man info screen tmux byobu gdb mail mailx mutt ftp sftp edquota
		visudo vipw vigr`

	// wanders run another program, change rights, or write where they are told, if their
	// arguments are free.
	wanders = `su runuser sudo doas pkexec passwd systemctl env nice ionice nohup timeout setsid stdbuf time chroot nsenter
		unshare capsh setpriv script watch flock systemd-run systemd-nspawn machinectl start-stop-daemon run-parts service
		at batch crontab strace ltrace xargs parallel find awk gawk mawk nawk sed tar bsdtar cpio pax zip unzip 7z 7za 7zr rar unrar
		ar rsync scp ssh git hg svn dd cp mv install ln tee truncate split csplit chmod chown chgrp setfacl setcap mount
		docker podman nerdctl ctr crictl kubectl helm lxc lxd incus virsh virt-install vagrant ansible ansible-playbook
		puppet salt salt-call chef-client terraform make cmake gcc cc c++ g++ go npm npx yarn pip pip3 gem bundle composer
		cargo java apt apt-get aptitude dpkg dnf yum rpm zypper pacman apk snap flatpak update-alternatives alternatives
		useradd adduser usermod groupmod gpasswd newusers chpasswd chsh sysctl insmod modprobe kexec debugfs logrotate
		tcpdump tshark dumpcap nmap nc ncat netcat socat curl wget openssl mysql mariadb psql sqlite3 nginx apache2 httpd
		openvpn wg-quick certbot restic borg rclone ip bpftrace perf`

	// readers show any file, such as the hashes of passwords, if their arguments are free.
	readers = `cat tac head tail grep egrep fgrep zgrep cut paste sort uniq diff cmp comm join nl od xxd hexdump hd base64
		base32 strings rev fold fmt file zcat bzcat xzcat`
)

// openProgram tells whether a program that runs as root can be changed by somebody else.
// Of one that is not there nothing is known: root alone may make it, where anywhere says
// nothing else.
func (r *reader) openProgram(ctx context.Context, c sudoers.Command) bool {
	files := []string{c.Path}
	if slices.Contains(strings.Fields(shells), program(c.Path)) {
		files = append(files, strings.Fields(c.Args)...) // a script
	}
	for _, file := range files {
		if !path.IsAbs(file) || strings.HasSuffix(file, "/") || pattern(file) {
			continue
		}
		info, err := r.Host.Files.Stat(ctx, path.Clean(file))
		if err != nil {
			r.Miss(file, err)
			continue
		}
		if others(info) {
			return true
		}
	}
	return false
}

// others tells whether somebody else than root may write to a file.
func others(f host.FileInfo) bool {
	return f.Owner != "" && f.Owner != "0" || f.Mode&0o002 != 0 || f.Mode&0o020 != 0 && f.Group != "" && f.Group != "0"
}
