// Package xfconf reads the XML files in which Xfce keeps the settings of one
// channel (xfce-perchannel-xml), such as xfce4-screensaver.xml, and works out
// what a user's session would see of the user's file and the system's
// (Effective).
//
// It follows xfconfd 4.18, which says more than its documents: a lock is for the
// accounts that its attributes name and no others ("*" is nobody's name), and
// that of a property does not reach the properties below it. Where xfconfd goes on
// with what it read of a file before an error, Parse refuses the file, as what the
// rest held is not known. The package expands no entity and imports nothing of ours.
package xfconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Limits of a file.
const (
	MaxSize = 4 << 20 // bytes

	maxDepth  = 64
	maxProps  = 20_000
	maxValues = 20_000 // elements of all arrays together
	maxPath   = 4096   // bytes, xfconfd's own limit
	maxPaths  = 16 << 20
)

// Errors.
var (
	// ErrFormat is wrapped by the error of a file that is no channel, and by
	// that of an accessor that does not fit a property.
	ErrFormat = errors.New("not an xfconf channel")
	// ErrTooLarge is wrapped by the error of a file over the limits.
	ErrTooLarge = errors.New("xfconf channel is larger than this reader accepts")
)

// A Property is one value as the file writes it.
type Property struct {
	Type   string // bool, int, uint, string, double, array, empty and so on
	Value  string
	Values []string // the elements of an array

	lock  lock
	order int // which property of its file it is
}

// Bool returns a property of type bool.
func (p Property) Bool() (bool, error) {
	if p.Type != "bool" || p.Value != "true" && p.Value != "false" {
		return false, fmt.Errorf("property of type %q is no boolean: %w", p.Type, ErrFormat)
	}
	return p.Value == "true", nil
}

// Int returns a property of type int or uint.
func (p Property) Int() (int64, error) {
	n, err := strconv.ParseInt(p.Value, 10, 64)
	if err != nil || p.Type != "int" && p.Type != "uint" || p.Type == "uint" && n < 0 {
		return 0, fmt.Errorf("property of type %q is no integer: %w", p.Type, ErrFormat)
	}
	return n, nil
}

// An Account is whom a lock may be for.
type Account struct {
	Name string
	// Groups are those whose line in group(5) names the account. Its primary group
	// is none of them, unless it does.
	Groups []string
}

// in reports whether a list of names, "@" before those of groups, has the account.
func (a Account) in(list string) bool {
	for name := range strings.SplitSeq(list, ";") {
		group, isGroup := strings.CutPrefix(name, "@")
		if isGroup && slices.Contains(a.Groups, group) || !isGroup && name != "" && name == a.Name {
			return true
		}
	}
	return false
}

// A lock is the pair of attributes that say for whom something is locked.
type lock struct{ locked, unlocked string }

func (l lock) given() bool { return l.locked != "" || l.unlocked != "" }

// holds reports whether the lock binds the account. A list of those it does not
// bind goes before a list of those it does.
func (l lock) holds(a Account) bool {
	if l.unlocked != "" {
		return !a.in(l.unlocked)
	}
	return a.in(l.locked)
}

// A Channel is the content of one file.
type Channel struct {
	Name string

	lock  lock
	props map[string]Property
	// lockedAt is the order of the first property with a lock, and 0 if the
	// channel has one; as a user's file it is read no further. -1 without locks.
	lockedAt int
}

// Get returns a property by its path, such as "/saver/idle-activation/delay".
func (c *Channel) Get(path string) (Property, bool) {
	p, ok := c.props[path]
	return p, ok
}

// Paths lists the paths of all properties, sorted.
func (c *Channel) Paths() []string {
	paths := make([]string, 0, len(c.props))
	for path := range c.props {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// Parse reads one file.
func Parse(b []byte) (*Channel, error) {
	if len(b) > MaxSize {
		return nil, ErrTooLarge
	}
	dec := xml.NewDecoder(bytes.NewReader(b))
	p := parser{dec: dec}
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.channel, nil
}

// parser follows the nesting of property elements.
type parser struct {
	dec     *xml.Decoder
	channel *Channel
	open    []element
	order   int // properties seen
	values  int
	paths   int // bytes
}

// An element is one that has begun and not ended.
type element struct {
	path  string // of the property; empty for the channel
	array bool
	leaf  bool // a value, which has nothing in it
}

func malformed(problem string) error { return fmt.Errorf("%w: %s", ErrFormat, problem) }

func (p *parser) run() error {
	for {
		tok, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return malformed("bad XML") // the decoder's text may quote the file
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if err := p.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			p.open = p.open[:len(p.open)-1]
		}
	}
	if p.channel == nil {
		return malformed("no channel element")
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	attr := map[string]string{}
	for _, a := range t.Attr {
		attr[a.Name.Local] = a.Value
	}
	if p.channel == nil {
		return p.startChannel(t.Name.Local, attr)
	}
	if len(p.open) == 0 {
		return malformed("more than one element")
	}
	if len(p.open) >= maxDepth {
		return fmt.Errorf("depth: %w", ErrTooLarge)
	}
	above := p.open[len(p.open)-1]
	switch {
	case t.Name.Local == "property" && !above.leaf:
		return p.startProperty(above.path, attr)
	case t.Name.Local == "value" && above.array:
		prop := p.channel.props[above.path]
		if p.values++; p.values > maxValues {
			return fmt.Errorf("array: %w", ErrTooLarge)
		}
		prop.Values = append(prop.Values, attr["value"])
		p.channel.props[above.path] = prop
		p.open = append(p.open, element{leaf: true})
		return nil
	}
	return malformed("element out of its place")
}

func (p *parser) startChannel(name string, attr map[string]string) error {
	major, _, _ := strings.Cut(attr["version"], ".")
	switch {
	case name != "channel":
		return malformed("begins with another element")
	case attr["name"] == "" || major != "1":
		return malformed("channel without a name or of another version")
	}
	p.channel = &Channel{Name: attr["name"], lock: lock{attr["locked"], attr["unlocked"]}, props: map[string]Property{}, lockedAt: -1}
	if p.channel.lock.given() {
		p.channel.lockedAt = 0
	}
	p.open = append(p.open, element{})
	return nil
}

func (p *parser) startProperty(above string, attr map[string]string) error {
	path := above + "/" + attr["name"]
	prop := Property{Type: attr["type"], Value: attr["value"], lock: lock{attr["locked"], attr["unlocked"]}, order: p.order}
	switch {
	case attr["name"] == "" || prop.Type == "":
		return malformed("property without a name or a type")
	case len(path) > maxPath || p.order >= maxProps:
		return fmt.Errorf("properties: %w", ErrTooLarge)
	}
	if p.paths += len(path); p.paths > maxPaths {
		return fmt.Errorf("properties: %w", ErrTooLarge)
	}
	if prop.lock.given() && p.channel.lockedAt < 0 {
		p.channel.lockedAt = p.order
	}
	p.order++
	p.channel.props[path] = prop // given twice, the last one counts
	p.open = append(p.open, element{path: path, array: prop.Type == "array"})
	return nil
}

// An Origin says which file an effective value comes from.
type Origin string

// The origins.
const (
	FromUser   Origin = "user"
	FromSystem Origin = "system"
	// FromLock is the system's file, which keeps the user's from counting.
	FromLock Origin = "lock"
)

// Effective returns what a session of the account sees of a property: the
// system's value where that is locked for the account, else the user's own, else
// the system's. A channel is nil if its file does not exist. ok is false if the
// program's default applies; from is FromLock even then if the user could not
// change that.
func Effective(user, system *Channel, who Account, path string) (p Property, from Origin, ok bool) {
	var base Property
	hasBase := false
	if system != nil {
		base, ok = system.Get(path)
		hasBase = ok && base.Type != "empty"
		if system.lock.holds(who) || ok && base.lock.holds(who) {
			return base, FromLock, hasBase
		}
	}
	if user != nil {
		own, ok := user.Get(path)
		// xfconfd reads a user's file up to the first lock in it, which is an error.
		seen := user.lockedAt < 0 || own.order < user.lockedAt
		if ok && seen && own.Type != "empty" {
			return own, FromUser, true
		}
	}
	if hasBase {
		return base, FromSystem, true
	}
	return Property{}, "", false
}
