package collector

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/courier"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// island is a machine without a route, whose files a test writes by hand.
type island struct {
	t     *testing.T
	col   *Collector
	stick string
	host  string
	key   ed25519.PrivateKey
	csr   []byte
	own   carry.Key
	agent string

	items    []*apiv1.Item
	lastHash [sha256.Size]byte
	files    int
	clock    time.Duration // by which its clock is off
}

func openForImport(t *testing.T) *Collector {
	t.Helper()
	col, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := col.Close(); err != nil {
			t.Error(err)
		}
	})
	return col
}

func newIsland(t *testing.T, col *Collector, host string) *island {
	t.Helper()
	m := &island{t: t, col: col, stick: t.TempDir(), host: host}
	tls, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if m.csr, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, tls); err != nil {
		t.Fatal(err)
	}
	if _, m.key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if m.own, err = carry.NewKey(); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *island) sign(d apiv1.Domain, b []byte) []byte { return apiv1.Sign(m.key, d, b) }

// put writes a request onto the stick, for the collector with this recipient.
func (m *island) put(to string, head *apiv1.FileRequest, items []*apiv1.Item, sign carry.Signer) string {
	m.t.Helper()
	head.Id, head.CreatedAt, head.AnswerRecipient = carry.NewID(), time.Now().Add(m.clock).UnixMicro(), m.own.Recipient()
	var b bytes.Buffer
	w, err := carry.NewRequest(&b, to, head)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, item := range items {
		if err := w.Item(item); err != nil {
			m.t.Fatal(err)
		}
	}
	if _, err := w.Close(sign); err != nil {
		m.t.Fatal(err)
	}
	m.files++
	name := filepath.Join(m.stick, fmt.Sprintf("%s-%03d%s", m.host, m.files, carry.Suffix))
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return name
}

// ask writes a request to be enrolled.
func (m *island) ask(token apiv1.Token) string {
	m.t.Helper()
	public := m.key.Public().(ed25519.PublicKey)
	return m.put(m.col.files.Recipient(), &apiv1.FileRequest{Enroll: &apiv1.EnrollRequest{
		TokenSecret: token.Secret[:], CertificateRequest: m.csr, ReportKey: public,
		ReportKeyProof: m.sign(apiv1.DomainEnroll, apiv1.EnrollProof(m.csr)), Machine: describe(m.host),
	}}, nil, m.sign)
}

// enrolled asks, has the request imported and becomes the machine of the answer.
func (m *island) enrolled() *island {
	m.t.Helper()
	r := m.imported(m.ask(m.token(enroll.TokenRequest{})))
	if r.Outcome != courier.Admitted {
		m.t.Fatalf("not admitted: %+v", r)
	}
	m.agent = m.answer(r).GetEnrolled().GetAgentId()
	return m
}

func (m *island) token(req enroll.TokenRequest) (token apiv1.Token) {
	m.t.Helper()
	m.write(func(ctx context.Context, tx *storage.Tx) (err error) {
		req.By = "prueba"
		token, err = m.col.Enroll.CreateToken(ctx, tx, req)
		return err
	})
	return token
}

func (m *island) write(do func(ctx context.Context, tx *storage.Tx) error) {
	m.t.Helper()
	if err := m.col.DB.Write(m.t.Context(), do); err != nil {
		m.t.Fatal(err)
	}
}

// report adds reports to the machine's chain.
func (m *island) report(n int) {
	m.t.Helper()
	for range n {
		body, err := proto.Marshal(&apiv1.Report{
			AgentId: m.agent, Sequence: uint64(len(m.items) + 1), PreviousHash: m.lastHash[:], CreatedAt: time.Now().Add(m.clock).UnixMicro(),
			Machine: describe(m.host),
		})
		if err != nil {
			m.t.Fatal(err)
		}
		m.lastHash = apiv1.ReportHash(body)
		m.items = append(m.items, &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
			Report: body, Signature: m.sign(apiv1.DomainReport, body),
		}}})
	}
}

// export writes the reports after a sequence number.
func (m *island) export(after int) string {
	m.t.Helper()
	return m.put(m.col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent, Hostname: m.host, Deliver: &apiv1.DeliverRequest{}}, m.items[after:], m.sign)
}

func (m *island) imported(paths ...string) courier.Result {
	m.t.Helper()
	results, err := m.col.courier("prueba").Import(m.t.Context(), paths, func(int, int) {})
	if err != nil || len(results) != len(paths) {
		m.t.Fatalf("%d results of %d files: %v", len(results), len(paths), err)
	}
	return results[0]
}

// answer reads the answer to a file, which must be signed by the collector.
func (m *island) answer(r courier.Result) *carry.Answer {
	m.t.Helper()
	b, err := os.ReadFile(r.Answer)
	if err != nil {
		m.t.Fatal(err)
	}
	a, err := carry.ReadAnswer(bytes.NewReader(b), m.own)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := a.By(m.col.Assign.Keys()...); err != nil {
		m.t.Fatal(err)
	}
	return a
}

// entries counts the entries of a kind.
func (m *island) entries(kind evidence.Kind) (n int) {
	m.t.Helper()
	err := m.col.DB.Read(m.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		n = 0
		return m.col.Log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{kind}}, func(evidence.Entry) error { n++; return nil })
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

func TestImport(t *testing.T) {
	t.Parallel()
	col := openForImport(t)
	for _, row := range []struct {
		name string
		do   func(t *testing.T, m *island) courier.Result
		want courier.Result // of the last file, its outcome and counts
		why  string
	}{
		{"all that is new", func(_ *testing.T, m *island) courier.Result {
			m.report(3)
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Taken, Reports: 3, Sequence: 3}, ""},
		{"more than one call takes", func(_ *testing.T, m *island) courier.Result {
			m.report(2*apiv1.MaxBatchItems + 1)
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Taken, Reports: 2*apiv1.MaxBatchItems + 1, Sequence: 2*apiv1.MaxBatchItems + 1}, ""},
		{"the same file twice", func(_ *testing.T, m *island) courier.Result {
			m.report(3)
			file := m.export(0)
			m.imported(file)
			return m.imported(file)
		}, courier.Result{Outcome: courier.Taken, Known: 3, Sequence: 3}, ""},
		{"an older stick after a younger one", func(_ *testing.T, m *island) courier.Result {
			m.report(2)
			older := m.export(0)
			m.report(2)
			m.imported(m.export(0))
			return m.imported(older)
		}, courier.Result{Outcome: courier.Taken, Known: 2, Sequence: 4}, ""},
		{"the second part before the first", func(_ *testing.T, m *island) courier.Result {
			m.report(4)
			second := m.export(2)
			return m.imported(second, m.put(m.col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent, Deliver: &apiv1.DeliverRequest{}}, m.items[:2], m.sign))
		}, courier.Result{Outcome: courier.Taken, Reports: 2, Sequence: 4}, ""},
		{"the second part alone", func(_ *testing.T, m *island) courier.Result {
			m.report(4)
			return m.imported(m.export(2))
		}, courier.Result{Outcome: courier.Behind, Sequence: 0}, ""},
		{"nothing new", func(_ *testing.T, m *island) courier.Result { return m.imported(m.export(0)) },
			courier.Result{Outcome: courier.Taken}, ""},
		{"a clock that is a year ahead", func(_ *testing.T, m *island) courier.Result {
			m.clock = 365 * 24 * time.Hour
			m.report(2)
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Taken, Reports: 2, Sequence: 2}, ""},
		{"a clock that is a year behind", func(_ *testing.T, m *island) courier.Result {
			m.clock = -365 * 24 * time.Hour
			m.report(2)
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Taken, Reports: 2, Sequence: 2}, ""},
		{"for another collector", func(t *testing.T, m *island) courier.Result {
			other, err := carry.NewKey()
			if err != nil {
				t.Fatal(err)
			}
			return m.imported(m.put(other.Recipient(), &apiv1.FileRequest{AgentId: m.agent}, nil, m.sign))
		}, courier.Result{Outcome: courier.Foreign}, "encrypted for another"},
		{"signed by another key", func(_ *testing.T, m *island) courier.Result {
			m.report(1)
			other := newIsland(m.t, m.col, "otro")
			return m.imported(m.put(m.col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent}, m.items, other.sign))
		}, courier.Result{Outcome: courier.Damaged}, "not signed"},
		{"another machine's reports under one's own name", func(_ *testing.T, m *island) courier.Result {
			other := newIsland(m.t, m.col, "otro").enrolled()
			other.report(1)
			return m.imported(m.put(m.col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent}, other.items, m.sign))
		}, courier.Result{Outcome: courier.Refused}, "signature"},
		{"two histories", func(_ *testing.T, m *island) courier.Result {
			m.report(2)
			m.imported(m.export(0))
			m.items, m.lastHash = nil, [32]byte{}
			m.clock = time.Minute
			m.report(2)
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Refused, Sequence: 2, Known: 2}, "cloned"},
		{"a machine that was revoked", func(_ *testing.T, m *island) courier.Result {
			m.report(1)
			m.write(func(ctx context.Context, tx *storage.Tx) error {
				return m.col.Enroll.Revoke(ctx, tx, m.agent, "robo", "prueba")
			})
			return m.imported(m.export(0))
		}, courier.Result{Outcome: courier.Refused}, "revoked"},
		{"a machine that nobody knows", func(_ *testing.T, m *island) courier.Result {
			return m.imported(m.put(m.col.files.Recipient(), &apiv1.FileRequest{AgentId: "nadie"}, nil, m.sign))
		}, courier.Result{Outcome: courier.Refused}, "does not know"},
		{"cut off", func(t *testing.T, m *island) courier.Result {
			m.report(1)
			file := m.export(0)
			if err := os.Truncate(file, 1500); err != nil {
				t.Fatal(err)
			}
			return m.imported(file)
		}, courier.Result{Outcome: courier.Damaged}, "cut off"},
		{"no file of ours", func(t *testing.T, m *island) courier.Result {
			file := filepath.Join(m.stick, "nota.vigia")
			if err := os.WriteFile(file, []byte("Hola.\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return m.imported(file)
		}, courier.Result{Outcome: courier.Damaged}, "not a file of Vigía"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newIsland(t, col, "pc-014").enrolled()
			got := row.do(t, m)
			if got.Outcome != row.want.Outcome || got.Reports != row.want.Reports || got.Known != row.want.Known || got.Sequence != row.want.Sequence {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if !strings.Contains(got.Why, row.why) || row.why == "" && got.Why != "" {
				t.Errorf("got %q, want %q", got.Why, row.why)
			}
			if got.Answer == "" {
				return
			}
			if a := m.answer(got); a.GetRefused() == nil && a.GetDelivered().GetDurableSequence() != row.want.Sequence {
				t.Errorf("answered %d, want %d", a.GetDelivered().GetDurableSequence(), row.want.Sequence)
			}
		})
	}
}

// One bad file stops no other, and the log keeps who brought what.
func TestImportOfAStick(t *testing.T) {
	t.Parallel()
	col := openForImport(t)
	var paths []string
	a, b := newIsland(t, col, "pc-1").enrolled(), newIsland(t, col, "pc-2").enrolled()
	a.report(2)
	b.report(1)
	paths = append(paths, a.export(0), a.put(col.files.Recipient(), &apiv1.FileRequest{AgentId: "nadie"}, nil, a.sign), b.export(0))
	results, err := col.courier("ana").Import(t.Context(), paths, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	var got []courier.Outcome
	for _, r := range results {
		got = append(got, r.Outcome)
	}
	if want := []courier.Outcome{courier.Taken, courier.Refused, courier.Taken}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := a.entries(evidence.Carried); n != 2 {
		t.Errorf("%d entries say who brought what, want 2", n)
	}
	if n := a.entries(evidence.Report); n != 3 {
		t.Errorf("%d reports, want 3", n)
	}
}

func TestImportOfEnrolments(t *testing.T) {
	t.Parallel()
	col := openForImport(t)

	t.Run("waits for a person, then is answered", func(t *testing.T) {
		t.Parallel()
		m := newIsland(t, col, "pc-grupo")
		file := m.ask(m.token(enroll.TokenRequest{Machines: 2, Approval: true}))
		r := m.imported(file)
		if r.Outcome != courier.Pending || r.CheckCode != apiv1.CheckCode(m.key.Public().(ed25519.PublicKey)) || r.Settled() {
			t.Fatalf("got %+v, want pending", r)
		}
		if got := m.answer(r).GetRefused(); got.GetReason() != "approval_pending" || got.GetCheckCode() != r.CheckCode {
			t.Errorf("answered %v", got)
		}
		m.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := col.Enroll.Approve(ctx, tx, []string{r.CheckCode}, "Tesorería", "ana")
			return err
		})
		after := m.imported(file)
		if after.Outcome != courier.Admitted || after.Answer != r.Answer {
			t.Fatalf("got %+v, want the answer in the place of the first", after)
		}
		again := m.imported(file)
		if again.Outcome != courier.Admitted || again.Agent != after.Agent {
			t.Errorf("the same request again: got %+v, want the same machine", again)
		}
		if to := m.answer(again).GetEnrolled().GetFileRecipient(); to != col.files.Recipient() {
			t.Error("the answer does not say whom to encrypt to")
		}
	})
	t.Run("many from one stick", func(t *testing.T) {
		t.Parallel()
		m := newIsland(t, col, "pc-muchos")
		token := m.token(enroll.TokenRequest{Machines: 40})
		for i := range 40 {
			one := newIsland(t, col, fmt.Sprintf("pc-muchos-%d", i))
			if r := one.imported(one.ask(token)); r.Outcome != courier.Admitted {
				t.Fatalf("machine %d: %+v", i, r)
			}
		}
		if r := m.imported(m.ask(token)); r.Outcome != courier.Refused || m.answer(r).GetRefused().GetReason() != apiv1.RefusedTokenSpent {
			t.Errorf("one too many: got %+v", r)
		}
	})
	t.Run("no place before others are decided about", func(t *testing.T) {
		t.Parallel()
		m, other := newIsland(t, col, "pc-ultimo"), newIsland(t, col, "pc-primero")
		token := m.token(enroll.TokenRequest{Machines: 1, Approval: true})
		other.imported(other.ask(token))
		r := m.imported(m.ask(token))
		if r.Outcome != courier.Pending || r.Reason != apiv1.RefusedTokenFull || r.Answer != "" || !strings.Contains(becameOf(r), "apruébelos o rechácelos") {
			t.Errorf("got %+v, said %q", r, becameOf(r))
		}
	})
	t.Run("a token of nobody", func(t *testing.T) {
		t.Parallel()
		m := newIsland(t, col, "pc-nadie")
		r := m.imported(m.ask(col.CA.NewToken()))
		if r.Outcome != courier.Refused || !strings.Contains(r.Why, "no such token") {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("in another's name", func(t *testing.T) {
		t.Parallel()
		m, other := newIsland(t, col, "pc-a"), newIsland(t, col, "pc-b")
		token := m.token(enroll.TokenRequest{})
		file := m.put(col.files.Recipient(), &apiv1.FileRequest{Enroll: &apiv1.EnrollRequest{
			TokenSecret: token.Secret[:], CertificateRequest: m.csr, ReportKey: m.key.Public().(ed25519.PublicKey),
			ReportKeyProof: m.sign(apiv1.DomainEnroll, apiv1.EnrollProof(m.csr)), Machine: describe(m.host),
		}}, nil, other.sign)
		if r := m.imported(file); r.Outcome != courier.Damaged || r.Answer != "" {
			t.Errorf("got %+v, want a refusal without an answer", r)
		}
	})
}

// A machine was heard of when it made the file that brought news, not when that was
// imported; and nobody is said to have brought what was not taken.
func TestImportSaysWhatWasNew(t *testing.T) {
	t.Parallel()
	at := time.Now()
	col, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: DefaultConfig(), Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer col.Close()
	m := newIsland(t, col, "pc-1").enrolled()
	seen := func() (last time.Time) {
		m.t.Helper()
		if err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			machine, err := col.Enroll.Machine(ctx, tx, m.agent)
			last = machine.LastSeen
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return last
	}
	m.clock = time.Hour
	m.report(2)
	file := m.export(0)
	at = at.Add(48 * time.Hour)
	m.imported(file)
	if got := seen(); at.Sub(got) < 46*time.Hour || at.Sub(got) > 48*time.Hour {
		t.Errorf("made 47 hours ago: seen %v ago", at.Sub(got))
	}
	first := seen()
	m.imported(file)
	m.imported(m.export(2))
	if got := seen(); !got.Equal(first) {
		t.Errorf("nothing new: seen %v later", got.Sub(first))
	}
	m.clock = 365 * 24 * time.Hour
	m.report(1)
	m.imported(m.export(2))
	if got := seen(); got.After(at) {
		t.Errorf("a clock that is ahead: seen %v from now", got.Sub(at))
	}
	if n := m.entries(evidence.Carried); n != 2 {
		t.Errorf("%d entries say who brought what, want 2", n)
	}
	other := newIsland(t, col, "otro").enrolled()
	other.report(1)
	bad := m.put(col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent, Deliver: &apiv1.DeliverRequest{}}, append(m.items[:3:3], other.items...), m.sign)
	m.imported(bad)
	m.imported(bad)
	if n := m.entries(evidence.Carried); n != 2 {
		t.Errorf("%d entries say who brought what was refused, want 2", n)
	}
}

// A delivery tells whom to encrypt to, to whom it is news.
func TestImportTellsTheRecipient(t *testing.T) {
	t.Parallel()
	col := openForImport(t)
	m := newIsland(t, col, "pc-1").enrolled()
	for _, row := range []struct {
		name, has string
		care      bool
		want      string
	}{
		{"another", "age1otro", true, col.files.Recipient()}, {"none", "", true, col.files.Recipient()},
		{"the same", col.files.Recipient(), true, ""}, {"an agent that does not know", "", false, ""},
	} {
		head := &apiv1.DeliverRequest{}
		if row.care {
			head.RecipientMark = apiv1.RecipientMark(row.has)
		}
		r := m.imported(m.put(col.files.Recipient(), &apiv1.FileRequest{AgentId: m.agent, Deliver: head}, nil, m.sign))
		if got := m.answer(r).GetDelivered().GetFileRecipient(); got != row.want {
			t.Errorf("%s: told %q, want %q", row.name, got, row.want)
		}
	}
}

// An answer that admits stays good until the stick is back at the machine, however often
// the request is imported and whatever became of the token meanwhile.
func TestImportKeepsAnAdmission(t *testing.T) {
	t.Parallel()
	at := time.Now()
	col, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: DefaultConfig(), Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer col.Close()
	m := newIsland(t, col, "pc-1")
	file := m.ask(m.token(enroll.TokenRequest{}))
	first := m.imported(file)
	at = at.Add(73 * time.Hour)
	if again := m.imported(file); again.Outcome != courier.Admitted || m.answer(again).GetEnrolled() == nil {
		t.Errorf("three days later: got %+v", again)
	}
	other := m.token(enroll.TokenRequest{Hostname: "otro"})
	foreign := m.ask(other)
	if err := os.Rename(foreign, file); err != nil { // the same name, and a token that is refused
		t.Fatal(err)
	}
	if r := m.imported(file); r.Outcome != courier.Refused || r.Answer != "" || m.answer(first).GetEnrolled() == nil {
		t.Errorf("refused: got %+v, and the answer %v", r, m.answer(first))
	}
	m.write(func(ctx context.Context, tx *storage.Tx) error {
		return col.Enroll.Revoke(ctx, tx, first.Agent, "robo", "prueba")
	})
	if r := m.imported(file); r.Outcome != courier.Refused || m.answer(r).GetRefused() == nil {
		t.Errorf("revoked: got %+v", r)
	}
}

// The answer to a request whose name leaves no room for the prefix of answers is found all
// the same.
func TestImportOfALongName(t *testing.T) {
	t.Parallel()
	col := openForImport(t)
	m := newIsland(t, col, "pc-1")
	file := m.ask(m.token(enroll.TokenRequest{}))
	long := filepath.Join(m.stick, strings.Repeat("x", 240)+".vigia")
	if err := os.Rename(file, long); err != nil {
		t.Fatal(err)
	}
	r := m.imported(long)
	if r.Outcome != courier.Admitted || m.answer(r).GetEnrolled() == nil {
		t.Fatalf("got %+v", r)
	}
	if name := filepath.Base(r.Answer); !strings.HasPrefix(name, carry.AnswerPrefix) || !strings.HasSuffix(name, carry.Suffix) {
		t.Errorf("the machine does not look at %s", name)
	}
}

// Whoever imports reads in Spanish what is wrong and what to do, and nothing that a stick
// or a machine wrote reaches the screen as it is.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	for _, reason := range append(apiv1.Refusals(), courier.NoFile, courier.BadFile, courier.TooBig, courier.NotSigned, courier.BadRequest) {
		got := whyNot(courier.Result{Reason: reason, Why: enroll.ErrRejected.Error() + ": no es nuestro"})
		if got == reason || strings.Contains(got, enroll.ErrRejected.Error()) {
			t.Errorf("%s: got %q", reason, got)
		}
	}
	if got := whyNot(courier.Result{Reason: apiv1.RefusedRejected, Why: enroll.ErrRejected.Error() + ": no es nuestro"}); got != "alguien rechazó este equipo: no es nuestro" {
		t.Errorf("got %q", got)
	}
	if got := whyNot(courier.Result{Why: "a\x1b[2Jb\u202ec\td"}); got != "a?[2Jb?c?d" {
		t.Errorf("got %q", got)
	}
}

// A table shows no name as it lies on a stick, and what could not be done now is an error.
func TestImportOnTheScreen(t *testing.T) {
	t.Parallel()
	col := openForImport(t)
	m := newIsland(t, col, "pc-1")
	gone := filepath.Join(m.stick, "no\x1b[2Jesta.vigia")
	var out, diag bytes.Buffer
	c := &cli{Env: Env{Stdout: &out, Stderr: &diag}}
	err := c.importFiles(t.Context(), col, []string{gone}, "text", false)
	if err == nil || errors.Is(err, errNo) || !strings.Contains(err.Error(), "repita") {
		t.Errorf("a stick that is gone: got %v, want an error", err)
	}
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), "no?[2Jesta.vigia") {
		t.Errorf("on the screen: %q", out.String())
	}
}

// A key for files that was lost is told, where there are machines that encrypt to it.
func TestALostKeyOfFilesIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() (*Collector, string) {
		t.Helper()
		var log bytes.Buffer
		col, err := Open(t.Context(), Options{Dir: dir, Config: DefaultConfig(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return col, log.String()
	}
	lose := func(col *Collector) {
		t.Helper()
		if err := errors.Join(col.Close(), os.Remove(filepath.Join(dir, KeysDir, courier.KeyFile))); err != nil {
			t.Fatal(err)
		}
	}
	const told = "was missing"
	col, log := open()
	if strings.Contains(log, told) {
		t.Errorf("a new collector: %s", log)
	}
	lose(col)
	if col, log = open(); strings.Contains(log, told) {
		t.Errorf("without machines: %s", log)
	}
	newIsland(t, col, "pc-1").enrolled()
	lose(col)
	if col, log = open(); !strings.Contains(log, told) {
		t.Errorf("with a machine: %q", log)
	}
	if err := col.Close(); err != nil {
		t.Error(err)
	}
}

// The key of files is one of those that a backup holds, and no other is made in
// its place.
func TestKeyOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := courier.LoadOrCreateKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := courier.LoadOrCreateKey(dir)
	if err != nil || again.Recipient() != key.Recipient() {
		t.Errorf("another key: %v", err)
	}
	path := filepath.Join(dir, courier.KeyFile)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := courier.LoadOrCreateKey(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-PQ-1ROTO"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := courier.LoadOrCreateKey(dir); err == nil || strings.Contains(err.Error(), "ROTO") {
		t.Errorf("a damaged key: %v", err)
	}
}
