package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
)

// The numbers of linux/netfilter/nf_tables.h that matter here. They are the kernel's
// interface to programs and never change.
const (
	nfSubsystem = 10 // NFNL_SUBSYS_NFTABLES

	nfNewTable, nfGetTable     = 0, 1
	nfNewChain, nfGetChain     = 3, 4
	nfNewRule, nfGetRule       = 6, 7
	nfNewElement, nfGetElement = 12, 13

	nfFamilyInet, nfFamilyIPv4, nfFamilyIPv6 = 1, 2, 10

	nfHookInput = 1 // NF_INET_LOCAL_IN

	nfDrop, nfAccept     = 0, 1 // NF_DROP, NF_ACCEPT
	nfJump, nfGoto       = -3, -4
	nfReturn             = -5
	nfTableDormant       = 1
	nfElementIntervalEnd = 1
	nfElementCatchAll    = 2
	nfLookupInverted     = 1
)

// Parts of a netlink message.
const (
	netlinkHeader      = 16 // bytes: length, type, flags, sequence, port
	netlinkError       = 2
	netlinkDone        = 3
	netlinkInterrupted = 0x10 // NLM_F_DUMP_INTR
	nfHeader           = 4    // struct nfgenmsg: family, version, resource
)

var errNetlink = errors.New("malformed netlink message")

// netlinkMessage is one message of an answer.
type netlinkMessage struct {
	kind, flags uint16
	data        []byte
}

// netlinkMessages cuts what one call received into messages.
func netlinkMessages(b []byte) ([]netlinkMessage, error) {
	var out []netlinkMessage
	for len(b) > 0 {
		if len(b) < netlinkHeader {
			return nil, errNetlink
		}
		n := int(binary.NativeEndian.Uint32(b))
		if n < netlinkHeader || n > len(b) {
			return nil, errNetlink
		}
		out = append(out, netlinkMessage{
			kind: binary.NativeEndian.Uint16(b[4:]), flags: binary.NativeEndian.Uint16(b[6:]), data: b[netlinkHeader:n],
		})
		b = b[min((n+3)&^3, len(b)):]
	}
	return out, nil
}

// netlinkAttributes yields the attributes of a message or of another attribute. It
// ends at one that is cut short.
func netlinkAttributes(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			n := int(binary.NativeEndian.Uint16(b))
			if n < 4 || n > len(b) {
				return
			}
			kind := binary.NativeEndian.Uint16(b[2:]) & 0x3fff // without the marks for nested and byte order
			if !yield(kind, b[4:n]) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}

// attributeSet holds attributes by their number.
type attributeSet map[uint16][]byte

func attributesOf(b []byte) attributeSet {
	set := make(attributeSet)
	maps.Insert(set, netlinkAttributes(b))
	return set
}

func (a attributeSet) text(kind uint16) string {
	s, _, _ := bytes.Cut(a[kind], []byte{0})
	return string(s)
}

// number is a 32-bit number, which nf_tables writes in network order; 0 if absent.
func (a attributeSet) number(kind uint16) uint32 {
	if b := a[kind]; len(b) >= 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// value is the bytes of a nested NFTA_DATA_VALUE.
func (a attributeSet) value(kind uint16) []byte { return attributesOf(a[kind])[1] }

// nfVerdict is what a rule decides: one of the codes above, and where to.
type nfVerdict struct {
	code  int32
	chain string
}

// verdict reads a nested NFTA_DATA_VERDICT.
func (a attributeSet) verdict(kind uint16) (nfVerdict, bool) {
	v, ok := attributesOf(a[kind])[2]
	if !ok {
		return nfVerdict{}, false
	}
	set := attributesOf(v)
	return nfVerdict{code: int32(set.number(1)), chain: set.text(2)}, true
}

// nfName names a chain or a set.
type nfName struct {
	family      byte
	table, name string
}

// nfChain is a chain; only a base chain has a hook.
type nfChain struct {
	base     bool
	hook     uint32
	priority int32
	policy   uint32
	kind     string // filter, nat, route
}

// nfExpression is one step of a rule, decoded as far as the steps that this program
// knows need it: a ruleset is asked about many packets.
type nfExpression struct {
	name    string
	text    string                // of attribute 1
	has     [maxExpression]bool   // which attributes there are
	numbers [maxExpression]uint32 // those that are numbers
	values  [maxExpression][]byte // those that are nested values
	info    []byte                // attribute 3 as it is
	verdict *nfVerdict            // attribute 2, if it is a nested one
}

// maxExpression is one more than the highest attribute of an expression that is read.
const maxExpression = 8

func newExpression(name string, d attributeSet) nfExpression {
	e := nfExpression{name: name, text: d.text(1), info: d[3]}
	for i := range uint16(maxExpression) {
		_, e.has[i] = d[i]
		e.numbers[i], e.values[i] = d.number(i), d.value(i)
	}
	if v, ok := d.verdict(2); ok {
		e.verdict = &v
	}
	return e
}

// nfElement is an element of a set or map.
type nfElement struct {
	key, keyEnd []byte // keyEnd is set for a range of concatenated fields
	flags       uint32
	verdict     *nfVerdict
}

// nfRuleset is the rules that the kernel has.
type nfRuleset struct {
	dormant map[nfName]bool // tables that are switched off, by family and table
	chains  map[nfName]nfChain
	rules   map[nfName][][]nfExpression // by chain, in order
	sets    map[nfName][]nfElement
}

func newRuleset() *nfRuleset {
	return &nfRuleset{
		dormant: make(map[nfName]bool), chains: make(map[nfName]nfChain),
		rules: make(map[nfName][][]nfExpression), sets: make(map[nfName][]nfElement),
	}
}

// add takes one message of an answer. What it does not know it passes over.
func (r *nfRuleset) add(m netlinkMessage) error {
	if m.kind>>8 != nfSubsystem {
		return nil
	}
	if len(m.data) < nfHeader {
		return errNetlink
	}
	family, attrs := m.data[0], attributesOf(m.data[nfHeader:])
	switch m.kind & 0xff {
	case nfNewTable:
		if attrs.number(2)&nfTableDormant != 0 {
			r.dormant[nfName{family, attrs.text(1), ""}] = true
		}
	case nfNewChain:
		c := nfChain{kind: attrs.text(7), policy: nfAccept}
		if hook, ok := attrs[4]; ok {
			set := attributesOf(hook)
			c.base, c.hook, c.priority = true, set.number(1), int32(set.number(2))
		}
		if _, ok := attrs[5]; ok {
			c.policy = attrs.number(5)
		}
		r.chains[nfName{family, attrs.text(1), attrs.text(3)}] = c
	case nfNewRule:
		name := nfName{family, attrs.text(1), attrs.text(2)}
		var rule []nfExpression
		for _, e := range netlinkAttributes(attrs[4]) {
			set := attributesOf(e)
			rule = append(rule, newExpression(set.text(1), attributesOf(set[2])))
		}
		r.rules[name] = append(r.rules[name], rule)
	case nfNewElement:
		name := nfName{family, attrs.text(1), attrs.text(2)}
		for _, e := range netlinkAttributes(attrs[3]) {
			set := attributesOf(e)
			element := nfElement{key: set.value(1), keyEnd: set.value(10), flags: set.number(3)}
			if v, ok := set.verdict(2); ok {
				element.verdict = &v
			}
			r.sets[name] = append(r.sets[name], element)
		}
	}
	return nil
}

// netlinkRequest is a message to the kernel.
func netlinkRequest(kind, flags uint16, sequence uint32, data []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(netlinkHeader+len(data)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, sequence)
	b = binary.NativeEndian.AppendUint32(b, 0)
	return append(b, data...)
}

// netlinkAttribute appends an attribute.
func netlinkAttribute(b []byte, kind uint16, data []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(data)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
