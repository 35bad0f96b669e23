package enroll

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

func (c *collector) requests(all bool) []Request {
	c.t.Helper()
	var out []Request
	c.read(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = c.store.Requests(ctx, tx, all)
		return err
	})
	return out
}

func (c *collector) info(token apiv1.Token) TokenInfo {
	c.t.Helper()
	var out TokenInfo
	c.read(func(ctx context.Context, tx *storage.Tx) (err error) {
		out, err = c.store.Token(ctx, tx, tokenID(sumOf(token)))
		return err
	})
	return out
}

func (c *collector) approve(department string, codes ...string) {
	c.t.Helper()
	c.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.store.Approve(ctx, tx, codes, department, "admin")
		return err
	})
}

func (c *collector) reject(why string, codes ...string) {
	c.t.Helper()
	c.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.store.Reject(ctx, tx, codes, why, "admin")
		return err
	})
}

// code is what the machine's screen shows.
func (d *device) code() string { return apiv1.CheckCode(d.report.Public().(ed25519.PublicKey)) }

// waits checks the answer that tells a machine to wait, and for how long.
func waits(t *testing.T, what string, err error, code string, after time.Duration) {
	t.Helper()
	refused(t, what, err, codes.FailedPrecondition, code)
	var pending bool
	var delay time.Duration
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			pending = d.GetDomain() == "vigia" && d.GetReason() == "APPROVAL_PENDING"
		case *errdetails.RetryInfo:
			delay = d.GetRetryDelay().AsDuration()
		}
	}
	if !pending || delay != after {
		t.Errorf("%s: got pending %v and %v, want true and %v", what, pending, delay, after)
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		token := c.token(TokenRequest{Machines: 3, Approval: true, By: "admin"})
		d := newDevice(t, "PC-Caja-1")
		d.self.HardwareId, d.self.InstallationId = id16(1), id16(2)
		d.department = "Caja"
		_, err := d.enroll(c, token)
		waits(t, "at first", err, d.code(), 30*time.Second)
		list := c.requests(false)
		if len(list) != 1 {
			t.Fatalf("requests: got %d, want 1", len(list))
		}
		if r := list[0]; r.Code != d.code() || r.Hostname != "pc-caja-1" || r.Source != "127.0.0.1" || r.SaidDepartment != "Caja" || r.OSName != "Windows 11 Pro" ||
			!strings.HasSuffix(r.Hardware, "01") || !strings.HasSuffix(r.Installation, "02") || len(r.CertificateRequest) == 0 || !r.AskedAt.Equal(c.clock.at) {
			t.Errorf("request: got %+v", r)
		}
		if got := c.info(token); got.Waiting != 1 || got.Admitted != 0 || got.State(c.clock.at) != TokenOpen {
			t.Errorf("token: got %+v", got)
		}
		c.clock.advance(time.Hour)
		_, err = d.enroll(c, token)
		waits(t, "an hour later", err, d.code(), 5*time.Minute)

		// Approved after the token's end, and taken weeks after that.
		c.clock.advance(TokenLifetime)
		_, err = newDevice(t, "pc-late").enroll(c, token)
		refused(t, "another one after the token's end", err, codes.PermissionDenied, "expired")
		_, err = d.enroll(c, token)
		waits(t, "after the token's end", err, d.code(), 5*time.Minute)
		c.approve("Tesorería", strings.ToLower(strings.ReplaceAll(d.code(), "-", "")))
		c.clock.advance(29 * 24 * time.Hour)
		if _, err := d.enroll(c, token); err != nil {
			t.Fatalf("approved: %v", err)
		}
		m := c.machines()[0]
		if m.Department != "Tesorería" || m.TokenID != tokenID(sumOf(token)) || !strings.HasSuffix(m.Hardware, "01") || !strings.HasSuffix(m.Installation, "02") {
			t.Errorf("machine: got %+v", m)
		}
		if err := d.renew(c); err != nil {
			t.Errorf("renew: %v", err)
		}
		want := []string{"token token/" + m.TokenID, "request request/" + d.code(), "request request/" + d.code(), "enrolment " + d.id, "renewal " + d.id}
		if got := c.leaves(); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("leaves: got %v, want %v", got, want)
		}
		if all := c.requests(true); len(c.requests(false)) != 0 || len(all) != 1 || all[0].State != RequestEnrolled || all[0].AgentID != d.id {
			t.Errorf("requests: got %+v", all)
		}
		if got := c.info(token); got.Waiting != 0 || got.Admitted != 1 {
			t.Errorf("token: got %+v", got)
		}
		var record EnrolmentRecord
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			return c.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Enrolment}}, func(e evidence.Entry) error {
				return json.Unmarshal(e.Payload, &record)
			})
		})
		if record.Request != d.code() || record.By != "admin" || record.Hardware != m.Hardware {
			t.Errorf("record: got %+v", record)
		}
	})
}

func TestRejection(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		token := c.token(TokenRequest{Machines: 2, Approval: true})
		one, two, three := newDevice(t, "pc-1"), newDevice(t, "pc-2"), newDevice(t, "pc-3")
		for _, d := range []*device{one, two} {
			_, err := d.enroll(c, token)
			waits(t, d.self.Hostname, err, d.code(), 30*time.Second)
		}
		_, err := three.enroll(c, token)
		refused(t, "when two hold the places", err, codes.ResourceExhausted, "held by machines that wait")
		if got := c.info(token).State(c.clock.at); got != TokenFull {
			t.Errorf("token: got %s, want full", got)
		}
		c.reject("no es nuestro", one.code())
		_, err = one.enroll(c, token)
		refused(t, "the rejected one", err, codes.PermissionDenied, "rejected this machine: no es nuestro")
		_, err = three.enroll(c, token)
		waits(t, "the place that came free", err, three.code(), 30*time.Second)

		// Another token is another decision.
		if _, err := one.enroll(c, c.token(TokenRequest{})); err != nil {
			t.Errorf("the rejected one with a token of its own: %v", err)
		}
		if err := c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := c.store.Approve(ctx, tx, []string{two.code(), one.code()}, "", "admin")
			return err
		}); err == nil || !strings.Contains(err.Error(), "waits for no decision") {
			t.Errorf("approve one that is enrolled: got %v", err)
		}
		if got := len(c.requests(false)); got != 2 {
			t.Errorf("waiting after an approval that failed: got %d, want both", got)
		}

		// A token that is withdrawn rejects what waits, and not what was approved.
		c.approve("", two.code())
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.RevokeToken(ctx, tx, tokenID(sumOf(token)), "admin")
		})
		_, err = three.enroll(c, token)
		refused(t, "one that waited", err, codes.PermissionDenied, "withdrawn")
		if _, err := two.enroll(c, token); err != nil {
			t.Errorf("one that was approved: %v", err)
		}
		_, err = newDevice(t, "pc-4").enroll(c, token)
		refused(t, "a new one", err, codes.PermissionDenied, "withdrawn")
	})
}

func TestRequestsLapse(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 2, Approval: true, Lifetime: MaxTokenLifetime})
	gone, slow := newDevice(t, "pc-1"), newDevice(t, "pc-2")
	for _, d := range []*device{gone, slow} {
		_, err := d.enroll(c, token)
		waits(t, d.self.Hostname, err, d.code(), 30*time.Second)
	}
	c.approve("", slow.code())
	c.clock.advance(requestLife)
	if got := c.info(token); got.Waiting+got.Expected != 0 || len(c.requests(false)) != 0 {
		t.Errorf("a month later: got %d waiting, want none", got.Waiting)
	}
	_, err := slow.enroll(c, token)
	refused(t, "an approval of a month ago", err, codes.PermissionDenied, "not used within 30 days")
	_, err = gone.enroll(c, token)
	refused(t, "a request of a month ago", err, codes.PermissionDenied, "expired")
	fresh := c.token(TokenRequest{Machines: 2, Approval: true})
	_, err = slow.enroll(c, fresh)
	waits(t, "with another token", err, slow.code(), 30*time.Second)
}

func TestGroupTokenWithoutApproval(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		const places = 5
		token := c.token(TokenRequest{Machines: places, Department: "Biblioteca"})
		var wg sync.WaitGroup
		errs := make([]error, 3*places)
		devices := make([]*device, len(errs))
		for i := range errs {
			devices[i] = newDevice(t, fmt.Sprintf("pc-%d", i))
			client, req := devices[i].client(c), devices[i].request(token)
			wg.Go(func() { _, errs[i] = client.Enroll(t.Context(), req) })
		}
		wg.Wait()
		admitted, first := 0, -1
		for i, err := range errs {
			if err == nil {
				admitted, first = admitted+1, i
				continue
			}
			refused(t, "the others", err, codes.PermissionDenied, "all machines that it was made for")
		}
		if admitted != places || len(c.machines()) != places {
			t.Errorf("admitted: got %d and %d machines, want %d of each", admitted, len(c.machines()), places)
		}
		if got := c.info(token); got.State(c.clock.at) != TokenUsed || got.Admitted != places {
			t.Errorf("token: got %+v", got)
		}
		if _, err := devices[first].enroll(c, token); err != nil || len(c.machines()) != places {
			t.Errorf("one whose answer was lost: %v", err)
		}
	})
}

// The places of a token with approval are never more than it has, whatever
// happens to the requests.
func TestPlacesAreNeverMoreThanTheTokenHas(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 3, Approval: true})
	step := 0
	check := func() {
		t.Helper()
		step++
		if got := c.info(token); got.Admitted+got.Waiting+got.Expected > got.Machines {
			t.Fatalf("step %d: %d admitted, %d waiting and %d expected of %d", step, got.Admitted, got.Waiting, got.Expected, got.Machines)
		}
		c.clock.advance(10 * time.Second)
	}
	var devices []*device
	for i := range 12 {
		d := newDevice(t, fmt.Sprintf("pc-%d", i))
		devices = append(devices, d)
		_, _ = d.enroll(c, token) // some find no place
		check()
		if waiting := c.requests(false); len(waiting) > 1 {
			if i%2 == 0 {
				c.reject("no", waiting[0].Code)
			} else {
				c.approve("", waiting[0].Code)
			}
			check()
		}
		for _, d := range devices {
			if d.id == "" {
				_, _ = d.enroll(c, token)
				check()
			}
		}
	}
	for _, r := range c.requests(false) {
		c.approve("", r.Code)
	}
	for _, d := range devices {
		_, _ = d.enroll(c, token)
		check()
	}
	if got := c.info(token); got.Admitted != 3 || got.State(c.clock.at) != TokenUsed {
		t.Errorf("at the end: got %+v", got)
	}
}

func TestSingleTokenWithApproval(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Hostname: "pc-1", Approval: true})
	d := newDevice(t, "pc-1")
	_, err := d.enroll(c, token)
	waits(t, "the machine", err, d.code(), 30*time.Second)
	_, err = newDevice(t, "pc-1").enroll(c, token)
	refused(t, "another of that name", err, codes.ResourceExhausted, "wait for approval")
	c.approve("", d.code())
	if _, err := d.enroll(c, token); err != nil {
		t.Fatal(err)
	}
	if got := c.info(token); got.State(c.clock.at) != TokenUsed || got.UsedBy != d.id {
		t.Errorf("token: got %+v", got)
	}
}

func TestDepartmentOfAMachine(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name                               string
		approver, token, known, said, want string
	}{
		{name: "the person who approves", approver: "A", token: "T", known: "K", said: "S", want: "A"},
		{name: "the token", token: "T", known: "K", said: "S", want: "T"},
		{name: "the list of known machines", known: "K", said: "S", want: "K"},
		{name: "the installer", said: " S ", want: "S"},
		{name: "nobody", want: ""},
	}
	for _, row := range rows {
		c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			_, err := c.store.ImportKnown(ctx, tx, []KnownMachine{{Hostname: "pc-1", Department: row.known}}, "admin")
			return err
		})
		token := c.token(TokenRequest{Department: row.token, Approval: true})
		d := newDevice(t, "pc-1")
		d.department = row.said
		_, err := d.enroll(c, token)
		waits(t, row.name, err, d.code(), 30*time.Second)
		d.department = "" // the next call need not repeat it
		_, err = d.enroll(c, token)
		waits(t, row.name, err, d.code(), 30*time.Second)
		c.approve(row.approver, d.code())
		d.department = "what nobody approved"
		if _, err := d.enroll(c, token); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if got := c.machines()[0].Department; got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestNetworksOfAToken(t *testing.T) {
	t.Parallel()
	networks := func(texts ...string) (out []netip.Prefix) {
		for _, text := range texts {
			network, err := ParseNetwork(text)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, network)
		}
		return out
	}
	rows := []struct {
		name     string
		listen   string
		networks []netip.Prefix
		admitted bool
	}{
		{"any, over IPv4", "127.0.0.1:0", nil, true},
		{"any, over IPv6", "[::1]:0", nil, true},
		{"its own, over IPv4", "127.0.0.1:0", networks("10.1.0.0/16", "127.0.0.0/8"), true},
		{"its own, over IPv6", "[::1]:0", networks("2001:db8::/32", "::1"), true},
		{"its own over IPv4, at a listener for both", "[::]:0", networks("127.0.0.1"), true},
		{"another", "127.0.0.1:0", networks("10.1.0.0/16"), false},
		{"another, over IPv6", "[::1]:0", networks("2001:db8::/32"), false},
		{"one of IPv4, over IPv6", "[::1]:0", networks("0.0.0.0/0"), false},
		{"one of IPv6, over IPv4 at a listener for both", "[::]:0", networks("::/0"), false},
	}
	for _, row := range rows {
		c := startCollectorAt(t, storagetest.Open(t, storagetest.SQLite(t), schemas...), row.listen)
		_, err := newDevice(t, "pc-1").enroll(c, c.token(TokenRequest{Machines: 2, Networks: row.networks}))
		if row.admitted && err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if !row.admitted {
			refused(t, row.name, err, codes.PermissionDenied, "not admit machines from this network")
		}
	}
}

func TestParseNetwork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.1.0.0/16": "10.1.0.0/16", " 10.1.2.3/16 ": "10.1.0.0/16", "192.0.2.7": "192.0.2.7/32", "2001:DB8::/32": "2001:db8::/32",
		"::1": "::1/128", "::ffff:10.1.0.0/112": "10.1.0.0/16", "::ffff:10.1.2.3": "10.1.2.3/32",
		"10.1.0.0/33": "", "red": "", "": "", "fe80::1%eth0": "", "10.1.0.0/255.255.0.0": "",
	} {
		got, err := ParseNetwork(text)
		if want == "" && err == nil || want != "" && got.String() != want {
			t.Errorf("%q: got %v %v, want %q", text, got, err, want)
		}
	}
}

// A request that came in a file has no address and is decided by the same rules.
func TestDecideAboutAFile(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 2, Approval: true})
	d := newDevice(t, "pc-1")
	decide := func(req *apiv1.EnrollRequest) (decision Decision, err error) {
		err = c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			decision, err = c.Decide(ctx, tx, req, netip.Addr{})
			return err
		})
		return decision, err
	}
	first, err := decide(d.request(token))
	if err != nil || first.Pending == nil || !first.Asked || first.Pending.Code != d.code() || first.Pending.Source != "" {
		t.Fatalf("at first: got %+v, %v", first, err)
	}
	if again, err := decide(d.request(token)); err != nil || again.Pending == nil || again.Asked {
		t.Errorf("again: got %+v, %v", again, err)
	}
	c.approve("", d.code())
	if last, err := decide(d.request(token)); err != nil || !ValidAgentID(last.Response.GetAgentId()) {
		t.Errorf("approved: got %+v, %v", last, err)
	}
	for range 2 * callBurst { // a stick from a whole site
		if _, err := c.Enroll(t.Context(), d.request(token)); err != nil {
			t.Fatalf("many at once: %v", err)
		}
	}
	near := c.token(TokenRequest{Networks: []netip.Prefix{netip.MustParsePrefix("::/0"), netip.MustParsePrefix("0.0.0.0/0")}})
	if _, err := decide(newDevice(t, "pc-2").request(near)); err == nil || !strings.Contains(err.Error(), "network") {
		t.Errorf("a token for networks: got %v", err)
	}
	if _, err := decide(&apiv1.EnrollRequest{}); err == nil || !strings.Contains(err.Error(), "16 bytes") {
		t.Errorf("an empty request: got %v", err)
	}
}

// A machine that waits asks every few minutes for days: that is no attack, and
// writes next to nothing.
func TestWaitingIsNotPunished(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 40, Approval: true})
	var devices []*device
	for i := range 40 { // behind one address
		d := newDevice(t, fmt.Sprintf("pc-%d", i))
		devices = append(devices, d)
		c.clock.advance(time.Second)
		_, err := d.enroll(c, token)
		waits(t, d.self.Hostname, err, d.code(), max(30*time.Second, time.Duration(len(devices))*time.Second))
	}
	_, err := devices[0].enroll(c, token)
	waits(t, "where forty wait", err, devices[0].code(), 40*time.Second)
	before := len(c.leaves())
	for range 3 {
		c.clock.advance(30 * time.Second)
		for _, d := range devices {
			_, err := d.enroll(c, token)
			refused(t, d.self.Hostname, err, codes.FailedPrecondition, d.code())
		}
	}
	if got := len(c.leaves()); got != before {
		t.Errorf("leaves: got %d more for asking again", got-before)
	}
}

func id16(b byte) []byte { return append(make([]byte, 15), b) }

// Whoever approved the wrong machine takes it back before it comes.
func TestApprovalIsTakenBack(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 1, Approval: true})
	wrong, right := newDevice(t, "pc-1"), newDevice(t, "pc-2")
	if _, err := wrong.enroll(c, token); err == nil {
		t.Fatal("admitted without approval")
	}
	c.approve("Caja", wrong.code())
	reject := func(code string) error {
		return c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := c.store.Reject(ctx, tx, []string{code}, "no era ese", "ana")
			return err
		})
	}
	expected := func() int {
		var list []Request
		c.read(func(ctx context.Context, tx *storage.Tx) (err error) {
			list, err = c.store.Expected(ctx, tx)
			return err
		})
		return len(list)
	}
	if expected() != 1 {
		t.Error("who was approved is not expected")
	}
	if err := reject(wrong.code()); err != nil {
		t.Fatalf("take an approval back: %v", err)
	}
	if expected() != 0 {
		t.Error("who was rejected is expected")
	}
	if _, err := wrong.enroll(c, token); status.Code(err) != codes.PermissionDenied {
		t.Errorf("who was rejected enrols: %v", err)
	}
	if _, err := right.enroll(c, token); err == nil {
		t.Error("admitted without approval")
	}
	c.approve("", right.code())
	if _, err := right.enroll(c, token); err != nil {
		t.Errorf("the place is not free again: %v", err)
	}
	if err := reject(right.code()); !errors.Is(err, ErrDecided) {
		t.Errorf("reject an enrolled machine: %v", err)
	}
}
