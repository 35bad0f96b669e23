package local

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

const procTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1143 1 000000009ac92bc1 100 0 0 10 0
   1: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1144 1 000000009ac92bc1 100 0 0 10 0
   2: 0702000A:0016 0902000A:D431 01 00000000:00000000 02:000A9B41 00000000     0        0 1150 4 000000009ac92bc1 20 4 30 10 -1
`

const procUDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  99: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 20011 2 0000000000000000 0
  98: 000080FE00000000FF005450A1C2B3FE:0222 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 20012 2 0000000000000000 0
  97: 0000000000000000FFFF00000100007F:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   108        0 20013 2 0000000000000000 0
`

func TestParseListeners(t *testing.T) {
	for _, row := range []struct {
		name, text, protocol string
		want                 []procListener
		err                  error
	}{
		{"listening, and one connection", procTCP, "tcp", []procListener{
			{host.Listener{Protocol: "tcp", Address: "0.0.0.0", Port: 22}, 1143},
			{host.Listener{Protocol: "tcp", Address: "127.0.0.1", Port: 631}, 1144},
		}, nil},
		{"bound", procUDP6, "udp", []procListener{
			{host.Listener{Protocol: "udp", Address: "::", Port: 5353}, 20011},
			{host.Listener{Protocol: "udp", Address: "fe80::5054:ff:feb3:c2a1", Port: 546}, 20012},
			{host.Listener{Protocol: "udp", Address: "127.0.0.1", Port: 53}, 20013},
		}, nil},
		{"empty", "", "tcp", nil, nil},
		{"cut", procTCP[:len(procTCP)-120], "tcp", nil, errSocketTable},
		{"no address", "x\n 0: 0:0 0:0 0A 0 0 0 0 0 1\n", "tcp", nil, errSocketTable},
	} {
		got, err := parseListeners([]byte(row.text), row.protocol)
		if diff := cmp.Diff(row.want, got, cmp.AllowUnexported(procListener{})); diff != "" && row.err == nil || !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v (-want +got):\n%s", row.name, err, row.err, diff)
		}
	}
}

func TestParseSocketTable(t *testing.T) {
	b := []byte{1, 0, 0, 0, 2, 0, 0, 0, 10, 0, 2, 15, 0x0d, 0x3d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xdc, 5, 0, 0}
	want := []ownedListener{{host.Listener{Protocol: "tcp", Address: "10.0.2.15", Port: 3389}, 1500}}
	got, err := parseSocketTable(b, tcp4Layout())
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ownedListener{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	b = make([]byte, 4+28+3) // spare room behind the last row
	b[0], b[4+15], b[4+20], b[4+21], b[4+24] = 1, 1, 0x14, 0xe9, 7
	want = []ownedListener{{host.Listener{Protocol: "udp", Address: "::1", Port: 5353}, 7}}
	got, err = parseSocketTable(b, udp6Layout())
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ownedListener{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for name, b := range map[string][]byte{"nothing": nil, "fewer rows than said": {2, 0, 0, 0, 1}, "too many": {0xff, 0xff, 0xff, 0xff}} {
		if _, err := parseSocketTable(b, udp4Layout()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzListeners(f *testing.F) {
	f.Add([]byte(procTCP))
	f.Add([]byte(procUDP6))
	f.Add([]byte{1, 0, 0, 0, 2, 0, 0, 0, 10, 0, 2, 15, 0x0d, 0x3d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xdc, 5, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, protocol := range []string{"tcp", "udp"} {
			rows, err := parseListeners(b, protocol)
			if err != nil {
				continue
			}
			for _, l := range rows {
				if l.Port < 0 || l.Port > 65535 || l.Address == "" || l.Address == "invalid IP" {
					t.Fatalf("%+v", l)
				}
			}
		}
		for _, layout := range []socketLayout{tcp4Layout(), tcp6Layout(), udp4Layout(), udp6Layout()} {
			if _, err := parseSocketTable(b, layout); err != nil {
				continue
			}
		}
	})
}

// FuzzPacketFilter holds that no answer of the kernel, however odd, keeps the program
// from ending, and that what is said of the chains is consistent.
func FuzzPacketFilter(f *testing.F) {
	if seed, err := os.ReadFile("testdata/ruleset.netlink"); err == nil {
		f.Add(seed)
	}
	f.Add(netlinkRequest(nfSubsystem<<8|nfNewChain, 0, 1, append([]byte{1, 0, 0, 0}, netlinkAttribute(nil, 3, []byte("a\x00"))...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, err := netlinkMessages(b)
		if err != nil {
			return
		}
		rules := newRuleset()
		for _, m := range messages {
			if err := rules.add(m); err != nil {
				return
			}
		}
		listeners := []host.Listener{{Protocol: "tcp", Address: "::", Port: 22}, {Protocol: "udp", Address: "192.0.2.7", Port: 53}}
		filter, err := filterOf(rules, []nic{{name: "red0", index: 2, addresses: [][]byte{{192, 0, 2, 7}}, bits: []int{24}}}, listeners)
		if err != nil {
			return
		}
		for _, c := range filter.Chains {
			if c.AcceptsAll && c.Drops || len(c.AcceptsFrom) > 0 && !c.Drops {
				t.Fatalf("%+v", c)
			}
		}
	})
}

// A chain that branches at every rule would take for ever to follow: it is an error.
func TestPacketFilterTooInvolved(t *testing.T) {
	rules := newRuleset()
	jump := func(to string) []nfExpression {
		verdict := netlinkAttribute(netlinkAttribute(nil, 1, []byte{0xff, 0xff, 0xff, 0xfd}), 2, []byte(to+"\x00"))
		data := netlinkAttribute(netlinkAttribute(nil, 1, []byte{0, 0, 0, 0}), 2, netlinkAttribute(nil, 2, verdict))
		return []nfExpression{newExpression("immediate", attributesOf(data))}
	}
	name := func(i int) nfName { return nfName{nfFamilyInet, "f", string(rune('a' + i))} }
	for i := range 16 {
		rules.chains[name(i)] = nfChain{}
		for range 3 {
			rules.rules[name(i)] = append(rules.rules[name(i)], jump(name(i+1).name))
		}
	}
	rules.chains[name(0)] = nfChain{base: true, hook: nfHookInput, kind: "filter", policy: nfDrop}
	if _, err := filterOf(rules, nil, nil); !errors.Is(err, host.ErrTooBig) {
		t.Errorf("got %v, want %v", err, host.ErrTooBig)
	}
}
