package agent

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// island is a machine without a route, its stick and its collector.
type island struct {
	t       *testing.T
	c       *collectortest.Server
	courier *collectortest.Courier
	kit     carry.Kit
	data    folder
	root    string
	stick   string
	name    string // of the file, empty: they get names of their own
	// kitNamed: the kit is named, it does not just lie on the stick.
	kitNamed bool
	now      func() time.Time
	// fail ends an export at a step, as a stick that is pulled out or a kill does.
	fail func(step string) error
}

func newIsland(t *testing.T) *island {
	t.Helper()
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1).Encode()))
	m := &island{
		t: t, c: c, courier: c.Courier(), data: folder(filepath.Join(t.TempDir(), "data")), root: invented(t),
		stick: t.TempDir(), now: time.Now, fail: func(string) error { return nil },
	}
	m.kit = m.courier.Kit()
	m.putKit(m.stick)
	return m
}

func (m *island) putKit(stick string) {
	m.t.Helper()
	b, err := m.kit.Encode()
	if err == nil {
		err = os.WriteFile(filepath.Join(stick, carry.KitFile), b, 0o600)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// tryExport is one run of the command.
func (m *island) tryExport() (exported, error) {
	m.t.Helper()
	kit, kitErr := readKit(m.stick, "")
	e := &exporter{
		kitNamed: m.kitNamed,
		dir:      m.data, stick: m.stick, name: m.name, kit: kit, kitErr: kitErr, now: m.now, wait: 5 * time.Second, step: m.fail,
		machine: func(context.Context) *apiv1.Machine { return &apiv1.Machine{Hostname: "pc-1", Os: "linux"} },
		open:    func(context.Context) (*Agent, error) { return m.open() },
	}
	return e.run(m.t.Context())
}

func (m *island) export() exported {
	m.t.Helper()
	seen, err := m.tryExport()
	if err != nil {
		m.t.Fatalf("export: %v", err)
	}
	return seen
}

func (m *island) open() (*Agent, error) {
	cfg := DefaultConfig()
	cfg.DataDir = string(m.data)
	return Open(m.t.Context(), Options{
		Config: cfg, Now: m.now, Version: "test", Logger: slog.New(slog.DiscardHandler),
		Machine: func() *host.Host { return local.New(local.Options{Root: m.root}) },
	})
}

// trip takes the stick to the collector and back.
func (m *island) trip() {
	m.t.Helper()
	m.courier.Import(m.stick)
}

// enrolled makes the trips of an enrolment.
func (m *island) enrolled() *island {
	m.t.Helper()
	m.export()
	m.trip()
	if m.export().Admitted == nil {
		m.t.Fatal("not enrolled")
	}
	return m
}

// measure makes a report.
func (m *island) measure() {
	m.t.Helper()
	a, err := m.open()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := errors.Join(a.Once(m.t.Context()), a.Close()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *island) spool() spool.Stats {
	m.t.Helper()
	id, err := identity.Load(m.data.identity(), nil)
	if err != nil {
		m.t.Fatal(err)
	}
	q, err := spool.View(m.data.spool(id.AgentID()))
	if err != nil {
		m.t.Fatal(err)
	}
	return q.Stats()
}

// files are those on the stick.
func (m *island) files() (requests, answers []string) {
	m.t.Helper()
	requests, err := carry.Requests(m.stick)
	if err != nil {
		m.t.Fatal(err)
	}
	if answers, err = carry.Answers(m.stick); err != nil {
		m.t.Fatal(err)
	}
	return requests, answers
}

func TestExport(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	seen := m.export()
	if !seen.Asked || seen.CheckCode == "" || len(seen.Files) != 1 {
		t.Fatalf("got %+v, want a request to be enrolled", seen)
	}
	again := m.export()
	if requests, _ := m.files(); again.CheckCode != seen.CheckCode || !slices.Equal(requests, again.Files) {
		t.Errorf("asked again: %+v and %q on the stick, want one request of the same machine", again, requests)
	}
	m.trip()
	if seen = m.export(); seen.Admitted == nil || seen.Admitted.Collector() != "" || seen.Admitted.FileRecipient() != m.courier.Kit().Recipient {
		t.Fatalf("got %+v, want the identity of a machine without a route", seen)
	}
	if requests, answers := m.files(); len(requests) != 1 || len(answers) != 0 {
		t.Errorf("on the stick: %q, %q, want one request", requests, answers)
	}
	m.measure()
	m.measure()
	if seen = m.export(); seen.Reports != 2 || seen.Gaps != 0 {
		t.Errorf("got %+v, want 2 reports", seen)
	}
	if again := m.export(); again.Reports != 2 {
		t.Errorf("what is not acknowledged leaves again: got %+v", again)
	}
	m.trip()
	if n := len(m.c.Reports("machine-1")); n != 2 {
		t.Errorf("the collector has %d reports, want 2", n)
	}
	if seen = m.export(); seen.Answers != 1 || seen.Acked != 2 || seen.Reports != 0 {
		t.Errorf("got %+v, want 2 acknowledged and nothing new", seen)
	}
	if s := m.spool(); s.Acked != 2 || s.Waiting != 0 {
		t.Errorf("got %+v", s)
	}
}

// A collector that lost its key reads nothing until a person takes its new kit to the
// machine, by name: one that lies on the stick, or of another collector, changes nothing.
func TestANewKitReplacesTheRecipient(t *testing.T) {
	t.Parallel()
	m := newIsland(t).enrolled()
	m.measure()
	lost := m.courier
	readable := func(by *collectortest.Courier) bool {
		t.Helper()
		requests, _ := m.files()
		for _, name := range requests {
			if by.CanRead(m.stick, name) {
				return true
			}
		}
		return false
	}
	m.courier = m.c.Courier()
	m.kit = m.courier.Kit()
	m.putKit(m.stick)
	if m.export(); !readable(lost) {
		t.Error("a kit that lies there replaced the recipient")
	}
	stranger := m.kit
	stranger.LogKey = "otro.example+0a1b2c3d+AaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa"
	m.kitNamed, m.kit, stranger = true, stranger, m.kit
	if b, err := m.kit.Encode(); err == nil { // only if such a kit can be written at all
		if err := os.WriteFile(filepath.Join(m.stick, carry.KitFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if m.export(); !readable(lost) {
			t.Error("the kit of a stranger replaced the recipient")
		}
	}
	m.kit = stranger
	m.putKit(m.stick)
	if seen := m.export(); !seen.ByKit || !readable(m.courier) {
		t.Errorf("got %+v, want a file for the new key and its fingerprint shown", seen)
	}
	m.kitNamed = false
	if m.export(); !readable(m.courier) {
		t.Error("the new recipient was forgotten")
	}
	m.trip()
	if seen := m.export(); seen.Answers != 1 || seen.Acked != 1 {
		t.Errorf("got %+v, want what was measured acknowledged", seen)
	}
	if id, err := identity.Load(m.data.identity(), nil); err != nil || id.FileRecipient() != m.courier.Kit().Recipient {
		t.Errorf("what the collector answered is not kept: %v", err)
	}
}

// Nobody reads a stick that was lost, and nothing is lost with it.
func TestLostStick(t *testing.T) {
	t.Parallel()
	m := newIsland(t).enrolled()
	m.measure()
	m.export()
	requests, _ := m.files()
	for _, name := range requests {
		b, err := os.ReadFile(filepath.Join(m.stick, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("AC-LEASTPRIV")) || bytes.Contains(b, []byte("machine-1")) {
			t.Errorf("%s can be read", name)
		}
	}
	m.stick = t.TempDir() // without a kit: the machine knows whom to encrypt to
	m.measure()
	if seen := m.export(); seen.Reports != 2 {
		t.Errorf("got %+v, want both reports", seen)
	}
	m.trip()
	if seen := m.export(); seen.Acked != 2 {
		t.Errorf("got %+v, want both acknowledged", seen)
	}
}

// Whenever the stick is pulled out or the program killed: the next export, on a
// stick with whatever was left on it, loses nothing and says nothing twice.
func TestExportThatIsCutOff(t *testing.T) {
	t.Parallel()
	errPulled := errors.New("the stick was pulled out")
	for _, phase := range []string{"enrolment", "reports"} {
		for _, step := range []string{"taken", "written", "remembered", "placed"} {
			t.Run(phase+" "+step, func(t *testing.T) {
				t.Parallel()
				m := newIsland(t)
				cut := func() {
					m.fail = func(at string) error {
						if at == step {
							return errPulled
						}
						return nil
					}
					if _, err := m.tryExport(); !errors.Is(err, errPulled) && step != "taken" {
						t.Fatalf("got %v, want to be cut off", err)
					}
					m.fail = func(string) error { return nil }
				}
				if phase == "enrolment" {
					cut()
					m.trip()
					cut()
					m.trip()
					m.export()
					m.trip()
					m.export()
					m.measure()
				} else {
					m.enrolled().measure()
					cut()
					m.trip()
					m.measure()
					cut()
				}
				m.export()
				m.trip()
				m.export()
				s := m.spool()
				if s.Last == 0 || s.Acked != s.Last || s.Damaged != 0 {
					t.Errorf("got %+v, want all acknowledged", s)
				}
				if n := len(m.c.Reports("machine-1")); n != int(s.Last) {
					t.Errorf("the collector has %d reports, want %d", n, s.Last)
				}
				entries, err := os.ReadDir(m.stick)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if strings.HasSuffix(e.Name(), ".tmp") {
						t.Errorf("%s was left on the stick", e.Name())
					}
				}
			})
		}
	}
}

// A working service takes in what is brought, and goes on measuring.
func TestExportBesideTheService(t *testing.T) {
	t.Parallel()
	m := newIsland(t).enrolled()
	m.measure()
	a, err := m.open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	ready := make(chan struct{})
	go func() { done <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	if seen := m.export(); seen.Reports == 0 {
		t.Errorf("got %+v, want a report", seen)
	}
	m.trip()
	if seen := m.export(); seen.Answers != 1 || seen.Waiting || seen.Acked == 0 {
		t.Errorf("got %+v, want the service to have taken the answer in", seen)
	}
	end()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
}

// What is not an answer to this machine, by its collector, changes nothing.
func TestAnswersThatDoNotCount(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		do      func(t *testing.T, m *island)
		strange int
		refused string
	}{
		{"changed on the way", func(t *testing.T, m *island) {
			m.trip()
			m.change(func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		}, 1, ""},
		{"cut off", func(t *testing.T, m *island) {
			m.trip()
			m.change(func(b []byte) []byte { return b[:len(b)/2] })
		}, 1, ""},
		{"of another machine", func(t *testing.T, m *island) {
			requests, _ := m.files()
			for _, name := range requests {
				if err := os.Remove(filepath.Join(m.stick, name)); err != nil {
					t.Fatal(err)
				}
			}
			other := newIsland(t)
			other.c, other.courier, other.kit, other.stick = m.c, m.courier, m.courier.Kit(), m.stick
			other.putKit(m.stick)
			if _, err := other.tryExport(); err != nil {
				t.Fatal(err)
			}
			m.trip()
		}, 0, ""},
		{"signed by somebody else", func(t *testing.T, m *island) {
			own := m.key()
			requests := m.courier.Import(m.stick)
			other := collectortest.Start(t)
			m.answer(own, &apiv1.FileAnswer{RequestId: requests[0].GetId(), RequestHash: requests[0].Hash[:],
				Delivered: &apiv1.DeliverResponse{DurableSequence: 1}}, other.SignFile)
		}, 1, ""},
		{"to another file of this machine", func(t *testing.T, m *island) {
			own := m.key()
			requests := m.courier.Import(m.stick)
			m.answer(own, &apiv1.FileAnswer{RequestId: requests[0].GetId(), RequestHash: make([]byte, 32),
				Delivered: &apiv1.DeliverResponse{DurableSequence: 1}}, m.c.SignFile)
		}, 1, ""},
		{"with the checkpoint of another log", func(t *testing.T, m *island) {
			own := m.key()
			requests := m.courier.Import(m.stick)
			m.answer(own, &apiv1.FileAnswer{RequestId: requests[0].GetId(), RequestHash: requests[0].Hash[:],
				Delivered: &apiv1.DeliverResponse{DurableSequence: 1, Epoch: 1, Checkpoint: []byte("otro\n")}}, m.c.SignFile)
		}, 0, "checkpoint"},
		{"that the machine was revoked", func(_ *testing.T, m *island) {
			m.courier.Refuse = &apiv1.FileRefusal{Reason: "not_active", Message: "this machine was revoked"}
			m.trip()
		}, 0, "revoked"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newIsland(t).enrolled()
			m.trip()
			m.measure()
			m.export()
			row.do(t, m)
			seen := m.export()
			if len(seen.Strange) != row.strange || !strings.Contains(seen.Refused, row.refused) || row.refused == "" && seen.Refused != "" {
				t.Errorf("got %+v, want %d strange and %q", seen, row.strange, row.refused)
			}
			if seen.Acked != 0 || seen.Reports != 1 {
				t.Errorf("got %+v, want the report to leave again", seen)
			}
		})
	}
}

// key is what opens the answers to this machine.
func (m *island) key() carry.Key {
	m.t.Helper()
	key, err := identity.AnswerKey(m.data.identity())
	if err != nil {
		m.t.Fatal(err)
	}
	return key
}

// answer puts an answer in the place of the one on the stick.
func (m *island) answer(to carry.Key, a *apiv1.FileAnswer, sign carry.Signer) {
	m.t.Helper()
	var b bytes.Buffer
	if err := carry.WriteAnswer(&b, to.Recipient(), a, sign); err != nil {
		m.t.Fatal(err)
	}
	m.change(func([]byte) []byte { return b.Bytes() })
}

// change changes the one answer on the stick.
func (m *island) change(how func([]byte) []byte) {
	m.t.Helper()
	_, answers := m.files()
	if len(answers) != 1 {
		m.t.Fatalf("%q on the stick, want one answer", answers)
	}
	path := filepath.Join(m.stick, answers[0])
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, how(b), 0o600)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// An answer to an enrolment counts only by the kit that was asked with.
func TestEnrolmentByAnotherCollector(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	m.export()
	own := m.key()
	requests := m.courier.Import(m.stick)
	liar := collectortest.Start(t)
	token := liar.NewToken()
	ask := requests[0].GetEnroll()
	ask.TokenSecret = token.Secret[:]
	resp, err := liar.Enroll(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	m.answer(own, &apiv1.FileAnswer{RequestId: requests[0].GetId(), RequestHash: requests[0].Hash[:], Enrolled: resp}, liar.SignFile)
	if seen := m.export(); seen.Admitted != nil || len(seen.Strange) != 1 {
		t.Errorf("got %+v, want the answer to be refused", seen)
	}
	// Signed by the right key, with the root of another: the pin does not fit.
	requests = m.courier.Import(m.stick)
	_, answers := m.files()
	for _, name := range answers[1:] {
		if err := os.Remove(filepath.Join(m.stick, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.answer(own, &apiv1.FileAnswer{RequestId: requests[0].GetId(), RequestHash: requests[0].Hash[:], Enrolled: resp}, m.c.SignFile)
	if seen, err := m.tryExport(); !errors.Is(err, identity.ErrAnswer) || seen.Admitted != nil {
		t.Errorf("got %+v, %v, want ErrAnswer", seen, err)
	}
}

// An enrolment that ended between identity and policy is whole after the next
// export.
func TestEnrolmentThatIsCutOffInTheMiddle(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	m.export()
	m.trip()
	errKilled := errors.New("killed")
	m.fail = func(at string) error {
		if at == "admitted" {
			return errKilled
		}
		return nil
	}
	if _, err := m.tryExport(); !errors.Is(err, errKilled) {
		t.Fatalf("got %v, want to be killed", err)
	}
	m.fail = func(string) error { return nil }
	m.export()
	id, err := identity.Load(m.data.identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keptPolicy(t.Context(), m.data, id, catalog.New()); err != nil {
		t.Errorf("no policy: %v", err)
	}
}

// A kit that somebody changed on the way does not make an enrolled machine
// encrypt to him.
func TestKitOfAThief(t *testing.T) {
	t.Parallel()
	m := newIsland(t).enrolled()
	m.measure()
	thief, err := carry.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	m.kit.Recipient = thief.Recipient()
	m.putKit(m.stick)
	m.export()
	requests, _ := m.files()
	f, err := os.Open(filepath.Join(m.stick, requests[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := carry.ReadRequest(f, thief); !errors.Is(err, carry.ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
}

func TestExportThatWaitsForApproval(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	code := m.export().CheckCode
	m.courier.Refuse = &apiv1.FileRefusal{Reason: "approval_pending", CheckCode: code}
	m.trip()
	if seen := m.export(); seen.Pending != code || !seen.Asked || seen.CheckCode != code {
		t.Errorf("got %+v, want to wait with code %s", seen, code)
	}
	m.courier.Refuse = nil
	m.trip()
	if seen := m.export(); seen.Admitted == nil {
		t.Errorf("got %+v, want the identity", seen)
	}
	if _, answers := m.files(); len(answers) != 0 {
		t.Errorf("%q were left on the stick", answers)
	}
}

// The machine's clock decides nothing.
func TestExportWithAWrongClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		m := newIsland(t)
		m.now = func() time.Time { return time.Now().Add(off) }
		m.enrolled().measure()
		m.export()
		m.trip()
		if seen := m.export(); seen.Acked != 1 {
			t.Errorf("%v off: got %+v, want 1 acknowledged", off, seen)
		}
	}
}

func TestExportWithoutAKit(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	if err := os.Remove(filepath.Join(m.stick, carry.KitFile)); err != nil {
		t.Fatal(err)
	}
	var p *problem
	if _, err := m.tryExport(); !errors.As(err, &p) || p.code != "problem.no_kit" {
		t.Errorf("got %v, want problem.no_kit", err)
	}
	m.stick = filepath.Join(m.stick, "quitada")
	if _, err := m.tryExport(); !errors.As(err, &p) || p.code != "problem.stick" {
		t.Errorf("got %v, want problem.stick", err)
	}
}

func TestStatusByHand(t *testing.T) {
	t.Parallel()
	m := newIsland(t).enrolled()
	m.measure()
	id, err := identity.Load(m.data.identity(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := currentStatus(t.Context(), m.data, id)
	if err != nil {
		t.Fatal(err)
	}
	if !s.ByHand || s.Spool.Since.IsZero() || s.Exported.IsZero() || s.Delivery.Error != "" {
		t.Errorf("got %+v, want evidence that waits and no failure", s)
	}
	page, err := os.ReadFile(m.data.page())
	if err != nil || !strings.Contains(string(page), "memoria USB") {
		t.Errorf("the local page does not tell (%v)", err)
	}
}
