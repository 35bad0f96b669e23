// Package xfconf reads the XML files in which Xfce keeps the settings of one
// channel (xfce-perchannel-xml), such as xfce4-screensaver.xml.
//
// A system file may lock a property or a whole channel for users, by the
// attribute locked; Effective applies that. The package reads bytes, expands
// no entity and imports nothing of ours.
package xfconf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Limits of a file.
const (
	MaxSize  = 4 << 20 // bytes
	maxDepth = 64
	maxProps = 100_000
)

// Errors.
var (
	// ErrFormat is wrapped by the error of a file that is no channel.
	ErrFormat = errors.New("not an xfconf channel")
	// ErrTooLarge is the error of a file over the limits.
	ErrTooLarge = errors.New("xfconf channel is larger than this reader accepts")
)

// Property is one value as the file writes it.
type Property struct {
	Type  string // bool, int, uint, string, double, array, empty
	Value string
	// Locked tells that users may not set it: it, one of its parents or the
	// channel carries a lock.
	Locked bool
}

// Bool returns a property of type bool.
func (p Property) Bool() (bool, error) {
	if p.Type != "bool" || p.Value != "true" && p.Value != "false" {
		return false, fmt.Errorf("property of type %s: %w", p.Type, ErrFormat)
	}
	return p.Value == "true", nil
}

// Int returns a property of type int or uint.
func (p Property) Int() (int64, error) {
	n, err := strconv.ParseInt(p.Value, 10, 64)
	if err != nil || p.Type != "int" && p.Type != "uint" {
		return 0, fmt.Errorf("property of type %s: %w", p.Type, ErrFormat)
	}
	return n, nil
}

// Channel is the content of one file.
type Channel struct {
	Name   string
	Locked bool // the whole channel is closed to users
	props  map[string]Property
}

// Get returns a property by its path, such as "/saver/idle-activation/delay".
func (c *Channel) Get(path string) (Property, bool) {
	p, ok := c.props[path]
	return p, ok
}

// Parse reads one file.
func Parse(b []byte) (*Channel, error) {
	if len(b) > MaxSize {
		return nil, ErrTooLarge
	}
	dec := xml.NewDecoder(bytes.NewReader(b))
	dec.Strict = true
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
	open    []level
}

type level struct {
	path   string
	locked bool
}

func (p *parser) run() error {
	for {
		tok, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: bad XML", ErrFormat) // the decoder's text may quote the file
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if err := p.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			if len(p.open) > 0 {
				p.open = p.open[:len(p.open)-1]
			}
		}
	}
	if p.channel == nil {
		return fmt.Errorf("%w: no channel element", ErrFormat)
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	attr := map[string]string{}
	for _, a := range t.Attr {
		attr[a.Name.Local] = a.Value
	}
	locked := attr["locked"] != "" && attr["unlocked"] == "" // the lock names whom it is for: "*" or users
	if p.channel == nil {
		if t.Name.Local != "channel" {
			return fmt.Errorf("%w: begins with another element", ErrFormat)
		}
		p.channel = &Channel{Name: attr["name"], Locked: locked, props: map[string]Property{}}
		p.open = append(p.open, level{locked: locked})
		return nil
	}
	if len(p.open) == 0 || len(p.open) >= maxDepth || len(p.channel.props) >= maxProps {
		return ErrTooLarge
	}
	above := p.open[len(p.open)-1]
	here := level{path: above.path, locked: above.locked || locked}
	if t.Name.Local == "property" {
		here.path += "/" + attr["name"]
		p.channel.props[here.path] = Property{Type: attr["type"], Value: attr["value"], Locked: here.locked}
	}
	p.open = append(p.open, here)
	return nil
}

// Effective returns the value of a property for a user: the system's where it
// is locked, else the user's own, else the system's. Either channel may be nil
// for a file that does not exist. from is "user", "system" or "lock".
func Effective(user, system *Channel, path string) (p Property, from string, ok bool) {
	var own, base Property
	var hasOwn, hasBase bool
	if system != nil {
		base, hasBase = system.Get(path)
		if base.Type == "empty" {
			hasBase = false
		}
		if system.Locked || base.Locked {
			return base, "lock", hasBase
		}
	}
	if user != nil {
		own, hasOwn = user.Get(path)
	}
	switch {
	case hasOwn && own.Type != "empty":
		return own, "user", true
	case hasBase:
		return base, "system", true
	default:
		return Property{}, "", false
	}
}
