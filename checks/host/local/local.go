// Package local is the real machine behind host.Host: the one the agent runs
// on, or a Linux machine mounted or copied under a directory.
//
// It is the only package of Vigía compiled differently per operating system
// and the only one that knows gopsutil and x/sys. It reads: it starts no
// program, opens no port and changes nothing. WMI is asked only for what stands
// nowhere else, with queries, and with one method that only reads (the kinds of
// BitLocker's key protectors); it may start a provider's process of its own. Every
// answer that the machine could make arbitrarily long is bounded, a named pipe or
// device put in place of a file is refused, not waited for, and a provider that
// does not answer is left alone at the end of its context.
//
// For the same facts the live machine and a mounted one give the same answers;
// what a mounted machine cannot tell (its hardware, its mounts) is
// host.ErrUnsupported, never a fact of the machine that looks at it.
package local

import (
	"time"

	"vigia/checks/host"
)

// Options says which machine to look at.
type Options struct {
	// Root is the directory under which another Linux machine is mounted or
	// was copied; empty means the machine this program runs on. Links, also
	// absolute ones, are resolved inside Root. A Root that cannot be opened
	// makes every question an error other than fs.ErrNotExist: a mistyped
	// directory must not look like a machine without files.
	Root string
	// PersonalData is the facet that looks into documents; nil means none.
	PersonalData host.PersonalData
	// Media remembers what was plugged in; nil means that only what is plugged in now is
	// told.
	Media host.Media
	// Now is the clock; nil means the machine's.
	Now func() time.Time
}

// New returns the machine that opts names. The Host is safe for concurrent
// use. It keeps parsed profile hives for as long as it lives, so make one per
// run of the checks.
func New(opts Options) *host.Host {
	var h host.Host
	if opts.Root != "" {
		root := files{rootDir(opts.Root)}
		h = host.Host{OS: host.Linux, Files: root, System: mountedSystem{root}, Permissions: root}
	} else {
		h = live()
		if opts.Media != nil {
			h.Media = opts.Media
		}
	}
	h.PersonalData = opts.PersonalData
	h.Now = opts.Now
	return host.New(h)
}
