// Package sizetest measures what a collector takes: processor, memory and disk for a
// number of machines that report as an agent does on a quiet day and on one with news,
// on SQLite and on PostgreSQL. The sizing page of the guide is made of its numbers.
//
// The results are those of a real agent on this machine, the reports are drafted by the
// agent's own ledger on a clock that runs days in seconds, and the collector is the real
// program over mutual TLS on loopback, with a new connection for each call.
//
// It takes minutes, so it runs when asked for: make bench-size.
package sizetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"vigia/agent/identity"
	"vigia/agent/schedule"
	"vigia/checks/policy"
	"vigia/collector"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

var (
	measure = flag.Bool("size", false, "measure")
	sizes   = flag.String("machines", "10x7,120x3,500x1,2000x1", "machines x days, separated by commas")
	engine  = flag.String("database", "sqlite", "sqlite, postgresql, or both with a comma")
	news    = flag.Int("news", 3, "how many controls of a machine are not as before once a day, the inventory first; 0 is a quiet day")
	bin     = flag.String("bin", "../../bin", "folder of both programs")
)

// reportsPerCall is how many reports without news wait for each other.
const reportsPerCall = 6

// callers is how many machines call at the same time.
const callers = 8

func TestSize(t *testing.T) {
	if !*measure {
		t.Skip("runs with -size: make bench-size")
	}
	results, every := measured(t)
	fmt.Printf("load before: %s\nresults of one machine: %d, %d bytes\n", load(t), len(results), size(results))
	fmt.Println("database   news machines days reports/s  cpu ms/machine-day  most RSS MiB  disk KB/machine-day  disk KB/machine at first  review s  review MiB")
	for database := range strings.SplitSeq(*engine, ",") {
		for row := range strings.SplitSeq(*sizes, ",") {
			machines, days, ok := strings.Cut(row, "x")
			n, err1 := strconv.Atoi(machines)
			d, err2 := strconv.Atoi(days)
			if !ok || err1 != nil || err2 != nil {
				t.Fatalf("-machines %q: want 120x7", row)
			}
			t.Run(fmt.Sprintf("%s/%d", database, n), func(t *testing.T) {
				newFleet(t, database, n, d, results, every).run()
			})
		}
	}
	fmt.Println("load after:", load(t))
}

func load(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

func size(results []*apiv1.Result) (n int) {
	for _, r := range results {
		n += proto.Size(r)
	}
	return n
}

// documents begin so, the checks that search documents.
const documents = "personaldata."

// measured is what an agent measures here with the default packs, all but documents, and
// how often each control is due.
func measured(t *testing.T) ([]*apiv1.Result, map[string]time.Duration) {
	t.Helper()
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	every := map[string]time.Duration{}
	var ids []string
	for _, p := range packs {
		if !slices.Contains(policy.DefaultPacks(), p.Name) {
			continue
		}
		for _, r := range p.Rules {
			if !strings.HasPrefix(r.Check, documents) {
				ids = append(ids, r.Check)
			}
			if was := every[r.Control]; was == 0 || time.Duration(r.Every) < was {
				every[r.Control] = max(time.Hour, time.Duration(r.Every))
			}
		}
	}
	args := []string{"check", "--format", "json", "--data", t.TempDir()}
	for _, name := range policy.DefaultPacks() {
		args = append(args, "--pack", name)
	}
	slices.Sort(ids)
	cmd := exec.CommandContext(t.Context(), filepath.Join(*bin, "vigia-agent"), append(args, slices.Compact(ids)...)...)
	out, err := cmd.Output()
	if err != nil && !slices.Contains([]int{1, 3}, cmd.ProcessState.ExitCode()) {
		t.Fatalf("vigia-agent check: %v", err)
	}
	type reason struct {
		Code string            `json:"code"`
		Args map[string]string `json:"args"`
	}
	var list []struct {
		Control, Check, Status string
		Reason                 reason
		Observed               json.RawMessage
		Findings               []struct {
			Key, Status string
			Reason      reason
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	status := func(s string) apiv1.Status {
		return apiv1.Status(apiv1.Status_value["STATUS_"+strings.ToUpper(s)])
	}
	why := func(r reason) *apiv1.Reason { return &apiv1.Reason{Code: r.Code, Args: r.Args} }
	var results []*apiv1.Result
	seen := map[string]bool{}
	for _, r := range list {
		if seen[r.Control] {
			continue
		}
		seen[r.Control] = true
		res := &apiv1.Result{Entry: r.Control, Control: r.Control, Check: r.Check, Status: status(r.Status),
			Reason: why(r.Reason), Observed: r.Observed, TookMs: 1}
		for _, f := range r.Findings {
			res.Findings = append(res.Findings, &apiv1.Finding{Key: f.Key, Status: status(f.Status), Reason: why(f.Reason)})
		}
		results = append(results, res)
	}
	return results, every
}

// fleet is a collector with machines that report.
type fleet struct {
	t         *testing.T
	database  string
	dsn, dir  string
	days      int
	results   []*apiv1.Result
	every     map[string]time.Duration
	begin     time.Time
	ids       []*identity.Identity
	collector string
	reports   atomic.Int64
}

// newFleet makes a collector's folder and enrols the machines, on a clock that gives each
// of them a second of its own.
func newFleet(t *testing.T, database string, machines, days int, results []*apiv1.Result, every map[string]time.Duration) *fleet {
	t.Helper()
	f := &fleet{t: t, database: database, dir: t.TempDir(), days: days, results: results, every: every}
	if database == "postgresql" {
		f.dsn, _ = storagetest.PostgreSQLDatabase(t)
	}
	f.begin = time.Now().Add(-time.Duration(days) * 24 * time.Hour).Truncate(time.Hour)
	var late atomic.Int64
	late.Store(int64(machines))
	cfg := collector.DefaultConfig()
	cfg.Agents.Listen, cfg.Portal.Listen, cfg.Database.DSN = "127.0.0.1:0", "127.0.0.1:0", f.dsn
	col, err := collector.Open(t.Context(), collector.Options{Dir: f.dir, Config: cfg, Now: func() time.Time {
		return time.Now().Add(-time.Duration(late.Load()) * time.Second)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	at := make(chan collector.Addresses, 1)
	served := make(chan error, 1)
	go func() { served <- col.Serve(ctx, func(a collector.Addresses) { at <- a }) }()
	addr := (<-at).Agents
	for i := range machines {
		var token apiv1.Token
		err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			token, err = col.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{By: "sizetest"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		id, _, err := identity.Enroll(ctx, identity.Request{
			Dir: filepath.Join(t.TempDir(), "identity"), Collector: addr, Token: token, Machine: describe(i),
		})
		if err != nil {
			t.Fatal(err)
		}
		f.ids = append(f.ids, id)
		late.Add(-1)
	}
	stop()
	if err := errors.Join(<-served, col.Close()); err != nil {
		t.Fatal(err)
	}
	return f
}

func describe(i int) *apiv1.Machine {
	return &apiv1.Machine{Hostname: fmt.Sprintf("pc-%04d", i), Os: "linux", OsName: "Debian", OsVersion: "12", Arch: "amd64", AgentVersion: "0.1.0"}
}

// run serves the real program and prints one line.
func (f *fleet) run() {
	env := append(os.Environ(), "VIGIA_DATA="+f.dir, "VIGIA_DATABASE_DSN="+f.dsn)
	ready := filepath.Join(f.dir, "ready")
	cmd := exec.Command(filepath.Join(*bin, "vigia"), "serve", "--agents", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--ready", ready)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ended := false
	end := func() {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		}
	}
	defer end()
	for range 300 {
		b, err := os.ReadFile(ready)
		if rest, ok := strings.CutPrefix(string(b), "VIGIA_READY_AGENTS="); err == nil && ok {
			f.collector, _, _ = strings.Cut(rest, "\n")
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if f.collector == "" {
		f.t.Fatal("the collector does not serve")
	}
	var senders []*sender
	for i, id := range f.ids {
		senders = append(senders, f.sender(i, id))
	}
	f.each(senders, (*sender).first)
	empty, before := f.disk(), f.cpu(cmd.Process.Pid)
	f.reports.Store(0)
	began := time.Now()
	for day := range f.days {
		f.each(senders, func(s *sender) error { return s.day(day) })
	}
	took := time.Since(began)
	perDay := float64(len(f.ids) * f.days)
	cpu := f.cpu(cmd.Process.Pid) - before
	most := f.most(cmd.Process.Pid)
	full := f.disk()
	end()
	review, memory := f.review(env)
	fmt.Printf("%-10s %4d %8d %4d %9.0f  %18.0f  %12.0f  %19.1f  %24.1f  %8.1f  %10.0f\n", f.database, *news, len(f.ids), f.days,
		float64(f.reports.Load())/took.Seconds(), cpu.Seconds()*1000/perDay, most, float64(full-empty)/1000/perDay,
		float64(empty)/1000/float64(len(f.ids)), review.Seconds(), memory)
}

func (f *fleet) each(senders []*sender, do func(*sender) error) {
	f.t.Helper()
	var g errgroup.Group
	g.SetLimit(callers)
	for _, s := range senders {
		g.Go(func() error { return do(s) })
	}
	if err := g.Wait(); err != nil {
		f.t.Fatal(err)
	}
}

// review makes the package of the quarter, which is the most that is asked of a collector.
func (f *fleet) review(env []string) (time.Duration, float64) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), filepath.Join(*bin, "vigia"), "review", "export", "--out", filepath.Join(f.dir, "review.zip"))
	cmd.Env = env
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("vigia review export: %v\n%s", err, out)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Since(began), float64(usage.Maxrss) / 1024
}

// disk is what the database takes, in bytes.
func (f *fleet) disk() (n int64) {
	f.t.Helper()
	if f.dsn != "" {
		db, err := storage.Open(f.t.Context(), storage.Options{DSN: f.dsn, Folder: f.dir})
		if err != nil {
			f.t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		err = db.Read(f.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return tx.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
		})
		if err != nil {
			f.t.Fatal(err)
		}
		return n
	}
	files, err := filepath.Glob(filepath.Join(f.dir, storage.FileName+"*"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// cpu is the processor time of a process, without that of PostgreSQL.
func (f *fleet) cpu(pid int) (d time.Duration) {
	f.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		f.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	for _, field := range fields[11:13] { // hundredths of a second: user, system
		n, err := strconv.Atoi(field)
		if err != nil {
			f.t.Fatal(err)
		}
		d += time.Duration(n) * 10 * time.Millisecond
	}
	return d
}

// most is the most resident memory that a process had, in MiB.
func (f *fleet) most(pid int) float64 {
	f.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		f.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				f.t.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	return 0
}

// sender is one machine: the agent's own ledger on a clock of its own.
type sender struct {
	*fleet
	number int
	id     *identity.Identity
	ledger *schedule.Ledger
	now    time.Time
	last   uint64
	hash   [sha256.Size]byte
	items  []*apiv1.Item
}

func (f *fleet) sender(number int, id *identity.Identity) *sender {
	s := &sender{fleet: f, number: number, id: id, now: f.begin}
	s.ledger = schedule.NewLedger(func() time.Time { return s.now })
	s.ledger.SetDelivered(func(uint64) bool { return true })
	ids := make([]string, len(f.results))
	for i, r := range f.results {
		ids[i] = r.GetEntry()
	}
	s.ledger.SetPolicy(ids, schedule.Terms{})
	return s
}

// observe measures an entry; its turn says which of its facts they are.
func (s *sender) observe(r *apiv1.Result, turn int) {
	r = proto.CloneOf(r)
	r.ObservedAt = s.now.UnixMicro()
	if turn > 0 {
		var facts map[string]any
		if json.Unmarshal(r.GetObserved(), &facts) == nil {
			facts["sizetest"] = fmt.Sprint(s.number, turn)
			if b, err := json.Marshal(facts); err == nil {
				r.Observed = b
			}
		}
	}
	s.ledger.Observe(r)
}

// first is the report of everything, after the enrolment.
func (s *sender) first() error {
	for _, r := range s.results {
		s.observe(r, 0)
	}
	if err := s.report(schedule.Full); err != nil {
		return err
	}
	return s.call()
}

// day is 24 hours: what is due is measured and reported every hour, the calls wait for
// six reports, and at noon there is news.
func (s *sender) day(day int) error {
	for hour := range 24 {
		s.now = s.begin.Add(time.Duration(day*24+hour+1) * time.Hour)
		for i, r := range s.results {
			every := s.every[r.GetEntry()]
			if every == 0 {
				every = 24 * time.Hour
			}
			turn := 0
			if s.isNews(r, i) {
				if turn = day; hour >= 12 {
					turn = day + 1
				}
			}
			if int(s.now.Unix()/3600)%max(1, int(every/time.Hour)) == 0 || turn == day+1 && hour == 12 {
				s.observe(r, turn)
			}
		}
		due := schedule.Partial
		if hour == 23 {
			due = schedule.Full
		}
		if err := s.report(due); err != nil {
			return err
		}
		if hour%reportsPerCall == reportsPerCall-1 {
			if err := s.call(); err != nil {
				return err
			}
		}
	}
	return nil
}

// isNews tells whether an entry is not as before at noon: the inventory, then the first.
func (s *sender) isNews(r *apiv1.Result, i int) bool {
	return *news > 0 && (r.GetCheck() == "inventory.snapshot" || i < *news-1)
}

// report drafts and signs.
func (s *sender) report(due schedule.Due) error {
	for _, draft := range s.ledger.Draft(due) {
		body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&apiv1.Report{
			AgentId: s.id.AgentID(), Sequence: s.last + 1, PreviousHash: s.hash[:], CreatedAt: s.now.UnixMicro(),
			PolicyEpoch: 1, PolicyVersion: 1, Machine: describe(s.number), Full: draft.Full, Results: draft.Results,
			Health: &apiv1.Health{StartedAt: s.begin.UnixMicro(), RssBytes: 24 << 20, CpuMs: s.last * 40},
		})
		if err != nil {
			return err
		}
		s.last, s.hash = s.last+1, apiv1.ReportHash(body)
		s.items = append(s.items, &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{
			Report: body, Signature: s.id.Sign(apiv1.DomainReport, body),
		}}})
		s.ledger.Commit(draft, s.last)
	}
	return nil
}

// call delivers what waits, over a new connection.
func (s *sender) call() error {
	config, err := s.id.TLS(s.collector)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(s.collector, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		return err
	}
	resp, err := apiv1.NewIngestServiceClient(conn).Deliver(s.t.Context(), &apiv1.DeliverRequest{Items: s.items, PolicyEpoch: 1, PolicyVersion: 1})
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	if got := resp.GetDurableSequence(); got != s.last {
		return fmt.Errorf("acknowledged up to %d, want %d", got, s.last)
	}
	s.reports.Add(int64(len(s.items)))
	s.items = nil
	return nil
}
