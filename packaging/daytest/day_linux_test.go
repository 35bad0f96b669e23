// Package daytest measures what a quiet day costs a machine: bytes on the wire,
// processor and memory of the service while no documents are searched, and what one
// `vigia-agent check` takes. The programs are the real ones, over loopback, with the
// embedded packs; cadences are sixty times as fast, so that a minute is an hour. It
// fails where a bar is missed.
//
// It takes minutes, so it runs when asked for: make bench-day.
package daytest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/agent/spool"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

var (
	measure = flag.Bool("day", false, "measure a day")
	minutes = flag.Int("minutes", 14, "how long to watch the service; a minute stands for an hour")
	bin     = flag.String("bin", "../../bin", "folder of both programs")
)

// The bars: what the product promises to cost at most.
const (
	maxCheckTime   = 2 * time.Second
	maxCheckMemory = 40 << 20
	maxIdleMemory  = 25 << 20
	maxProcessor   = 0.001  // of one processor
	maxDayBytes    = 50_000 // with the headers of TCP and IP
)

// The day: a minute is an hour.
const (
	hour     = time.Minute
	settle   = 30 * time.Second // for the first round and its deliveries
	snapshot = 12 * hour
	// callsPerDay is one for six reports without news; one of them has the full report.
	callsPerDay = 4
	// wholeAfter is in how many full reports facts that stay the same are whole once.
	wholeAfter = 7
)

// documents begin so, the checks that search documents.
const documents = "personaldata."

func TestDay(t *testing.T) {
	if !*measure {
		t.Skip("runs with -day: make bench-day")
	}
	fmt.Println("load before:", load(t))
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	packs = slices.DeleteFunc(packs, func(p policy.Pack) bool { return !slices.Contains(policy.DefaultPacks(), p.Name) })
	table := &table{t: t}
	table.check(packs)
	d := start(t, packs)
	d.run(table)
	table.print()
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

// table is what was measured, beside its bars.
type table struct {
	t    *testing.T
	rows [][3]string
}

func (tb *table) row(what, measured string) { tb.rows = append(tb.rows, [3]string{what, measured, ""}) }

// bar is a row that fails the test when it is over.
func (tb *table) bar(what, measured, bar string, met bool) {
	verdict := "ok, bar " + bar
	if !met {
		verdict = "MISSED, bar " + bar
		tb.t.Errorf("%s: %s, bar %s", what, measured, bar)
	}
	tb.rows = append(tb.rows, [3]string{what, measured, verdict})
}

func (tb *table) print() {
	for _, r := range tb.rows {
		fmt.Printf("%-66s %14s  %s\n", r[0], r[1], r[2])
	}
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// check runs every check but those that search documents, five times.
func (tb *table) check(packs []policy.Pack) {
	args := []string{"check", "--format", "json", "--data", tb.t.TempDir()}
	for _, p := range packs {
		args = append(args, "--pack", p.Name)
	}
	var ids []string
	for _, p := range packs {
		for _, r := range p.Rules {
			if !strings.HasPrefix(r.Check, documents) {
				ids = append(ids, r.Check)
			}
		}
	}
	slices.Sort(ids)
	args = append(args, slices.Compact(ids)...)
	var took []time.Duration
	var memory int64
	for range 5 {
		cmd := exec.CommandContext(tb.t.Context(), filepath.Join(*bin, "vigia-agent"), args...)
		began := time.Now()
		if _, err := cmd.Output(); err != nil && !slices.Contains([]int{1, 3}, cmd.ProcessState.ExitCode()) {
			tb.t.Fatalf("vigia-agent check: %v", err)
		}
		took = append(took, time.Since(began))
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, int64(usage.Maxrss)<<10) //nolint:unconvert // 32 bits on smaller processors
		}
	}
	slices.Sort(took)
	tb.bar("vigia-agent check, all but documents (median of 5)", took[2].Round(time.Millisecond).String(),
		maxCheckTime.String(), took[2] < maxCheckTime)
	tb.bar("  the most memory it had", mib(memory), mib(maxCheckMemory), memory > 0 && memory < maxCheckMemory)
}

// day is one agent and its collector at work.
type day struct {
	t     *testing.T
	dir   string
	proxy *proxy
	agent *exec.Cmd
}

// start serves a collector, enrols an agent through a proxy that counts, and runs it.
func start(t *testing.T, packs []policy.Pack) *day {
	t.Helper()
	d := &day{t: t, dir: t.TempDir()}
	t.Setenv("VIGIA_DATA", filepath.Join(d.dir, "collector"))
	d.write("policy.yaml", d.policy(packs))
	ready := filepath.Join(d.dir, "ready")
	d.spawn("vigia", "serve", "--agents", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--ready", ready)
	var collector string
	for range 300 {
		b, err := os.ReadFile(ready)
		if rest, ok := strings.CutPrefix(string(b), "VIGIA_READY_AGENTS="); err == nil && ok {
			collector, _, _ = strings.Cut(rest, "\n")
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if collector == "" {
		t.Fatal("the collector does not serve")
	}
	d.proxy = listen(t, collector)
	d.output("", "vigia", "policy", "import", filepath.Join(d.dir, "policy.yaml"))
	token := d.output("", "vigia", "token", "create", "--quiet")
	d.output(token, "vigia-agent", "enroll", "--collector", d.proxy.addr, "--token", "-", "--data", filepath.Join(d.dir, "agent"))
	d.agent = d.spawn("vigia-agent", "run", "--data", filepath.Join(d.dir, "agent"))
	return d
}

// policy is that of the packs, sixty times as fast. What searches documents has one
// folder with nothing in it.
func (d *day) policy(packs []policy.Pack) []byte {
	quiet := filepath.Join(d.dir, "documents")
	if err := os.Mkdir(quiet, 0o700); err != nil {
		d.t.Fatal(err)
	}
	every := map[string]time.Duration{}
	only := map[string]json.RawMessage{}
	source := policy.Source{
		Scan: []string{quiet},
		Schedule: &policy.Schedule{
			Report: policy.Duration(hour), Snapshot: policy.Duration(snapshot), Silence: policy.Duration(48 * time.Hour),
		},
	}
	for _, p := range packs {
		source.Packs = append(source.Packs, p.Name)
		for _, r := range p.Rules {
			fast := max(hour, time.Duration(r.Every)*hour/time.Hour)
			if was, ok := every[r.Control]; !ok || fast < was {
				every[r.Control] = fast
			}
			if r.Check == "personaldata.leftovers" {
				only[r.Control] = fmt.Appendf(nil, `{"only":[%q]}`, quiet)
			}
		}
	}
	for control, fast := range every {
		source.Overrides = append(source.Overrides, policy.Override{
			Control: control, Every: policy.Duration(fast), Params: only[control], Why: "a minute is an hour", By: "daytest",
		})
	}
	b, err := json.Marshal(source)
	if err != nil {
		d.t.Fatal(err)
	}
	return b // JSON is YAML
}

func (d *day) write(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// spawn runs a program until the test ends.
func (d *day) spawn(name string, args ...string) *exec.Cmd {
	d.t.Helper()
	log, err := os.Create(filepath.Join(d.dir, name+".log"))
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(*bin, name), args...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = log.Close()
		if b, err := os.ReadFile(log.Name()); err == nil && d.t.Failed() {
			d.t.Logf("%s said:\n%s", name, b)
		}
	})
	return cmd
}

func (d *day) output(stdin, name string, args ...string) string {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), filepath.Join(*bin, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("%s %s: %v", name, args[0], err)
	}
	return string(out)
}

// run watches the service, and fills the table.
func (d *day) run(tb *table) {
	time.Sleep(settle)
	first := process(d.t, d.agent.Process.Pid)
	tb.row("processor of the first round of everything", first.cpu.Round(time.Millisecond).String())
	d.proxy.reset()
	began := time.Now()
	var steps []time.Duration // of the processor, a second each
	var resident []int64
	was := first
	for time.Since(began) < time.Duration(*minutes)*time.Minute {
		time.Sleep(time.Second)
		now := process(d.t, d.agent.Process.Pid)
		steps = append(steps, now.cpu-was.cpu)
		resident = append(resident, now.resident)
		was = now
	}
	elapsed := time.Since(began)
	slices.Sort(resident)
	tb.bar("vigia-agent run, resident memory (median of each second)", mib(resident[len(resident)/2]), mib(maxIdleMemory),
		resident[len(resident)/2] <= maxIdleMemory)
	tb.row("  the most it ever had", mib(was.most))

	// What it uses while it waits, what an hour's work adds to that, and a full round a day.
	slices.Sort(steps)
	waiting := steps[len(steps)/2]
	perHour := (was.cpu-first.cpu).Seconds()/elapsed.Minutes() - 60*waiting.Seconds()
	daily := waiting.Seconds()*86400 + max(0, perHour)*24 + first.cpu.Seconds()
	tb.row("processor while it waits, a second", waiting.String())
	tb.row("processor of an hour's checks and reports", fmt.Sprintf("%.3f s", perHour))
	tb.bar("processor, average of a day", fmt.Sprintf("%.4f %%", daily/864), fmt.Sprintf("%.1f %%", 100*maxProcessor), daily/86400 < maxProcessor)
	d.wire(tb)
}

// wire tells what reports cost on the wire, and which results were not as before.
func (d *day) wire(tb *table) {
	reports := d.reports()
	var partial, full tally
	moved := map[string]int{}
	calls := d.proxy.calls()
	for i, c := range calls {
		// A report is delivered by the first call that begins after it was made.
		var made []*apiv1.Report
		for _, r := range reports {
			at := time.UnixMicro(r.GetCreatedAt())
			if at.Before(c.began) && (i == 0 || !at.Before(calls[i-1].began)) && at.After(d.proxy.since) {
				made = append(made, r)
			}
		}
		to := &partial
		if slices.ContainsFunc(made, (*apiv1.Report).GetFull) {
			to = &full
		}
		to.add(d.t, c, made)
		for _, r := range made {
			for _, res := range r.GetResults() {
				if !r.GetFull() && res.GetSameAs() == 0 {
					moved[res.GetEntry()+" "+res.GetCheck()]++
				}
			}
		}
	}
	for _, c := range calls {
		if c.packets == 0 {
			d.t.Error("a connection whose packets nobody counted")
		}
	}
	tb.row("calls with partial reports", fmt.Sprint(partial.calls))
	tb.row("calls with a full report", fmt.Sprint(full.calls))
	tb.row("calls a day, as reports without news wait for each other", fmt.Sprint(callsPerDay))
	for name, t := range map[string]tally{"partial": partial, "full": full} {
		if t.calls == 0 {
			d.t.Fatalf("no call with a %s report: watch for longer (-minutes)", name)
		}
	}
	for _, kind := range []struct {
		name string
		tally
	}{{"partial", partial}, {"full", full}} {
		n := kind.calls
		tb.row("a call with a "+kind.name+" report: how many reports", fmt.Sprintf("%.1f", float64(kind.reports)/float64(n)))
		tb.row("  their bytes, signed", fmt.Sprintf("%d B", kind.report/n))
		tb.row("  its call: up, with TLS", fmt.Sprintf("%d B", kind.up/n))
		tb.row("  its call: down, with TLS", fmt.Sprintf("%d B", kind.down/n))
		tb.row("  its call: all, with the headers of TCP and IP", fmt.Sprintf("%d B", kind.all/n))
	}
	// Facts that are as before are whole in one of seven full reports, each in its turn:
	// what was seen of that is taken out, and a seventh of all counted.
	var first *apiv1.Report     // full one of all: everything is whole in it
	for _, r := range reports { // the newest comes first
		if r.GetFull() {
			first = r
		}
	}
	whole, dearest := facts(d.t, first, "")/wholeAfter, 0
	for _, r := range first.GetResults() {
		dearest = max(dearest, facts(d.t, first, r.GetEntry()))
	}
	tb.row("facts of all entries, compressed: a day's seventh", fmt.Sprintf("%d B", whole))
	tb.row("  of the largest entry, on its day", fmt.Sprintf("%d B", dearest))
	total := (callsPerDay-1)*partial.all/partial.calls + full.all/full.calls - full.facts/full.calls + whole
	tb.bar("bytes of a day, 24 partial reports and a full one", fmt.Sprint(total), fmt.Sprint(maxDayBytes), total <= maxDayBytes)
	tb.bar("bytes of the day on which the largest facts are whole", fmt.Sprint(total+dearest), fmt.Sprint(maxDayBytes), total+dearest <= maxDayBytes)
	for _, entry := range slices.Sorted(maps.Keys(moved)) {
		tb.row("  not as in the report before: "+entry, fmt.Sprint(moved[entry]))
	}
}

// facts is what the facts and findings of a report add to its call, compressed: those of
// one entry, or of all where it is empty.
func facts(t *testing.T, r *apiv1.Report, entry string) int {
	t.Helper()
	size := func(r *apiv1.Report) int {
		b, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Len()
	}
	without := proto.CloneOf(r)
	for _, res := range without.GetResults() {
		if entry == "" || res.GetEntry() == entry {
			res.Observed, res.Findings, res.SameAs = nil, nil, max(1, res.GetSameAs())
		}
	}
	return size(r) - size(without)
}

// tally sums calls of one kind. facts are those of full reports, compressed.
type tally struct{ calls, reports, report, facts, up, down, all int }

func (t *tally) add(tb *testing.T, c *call, made []*apiv1.Report) {
	t.calls++
	for _, r := range made {
		if r.GetFull() {
			t.facts += facts(tb, r, "")
		}
		t.report += proto.Size(r)
		t.reports++
	}
	t.up += c.up
	t.down += c.down
	t.all += c.up + c.down + c.headers()
}

// reports are those in the agent's spool.
func (d *day) reports() []*apiv1.Report {
	d.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(d.dir, "agent", "enrolment", "*", "spool"))
	if err != nil || len(dirs) != 1 {
		d.t.Fatalf("spool of the agent: %q, %v", dirs, err)
	}
	fsys, err := spool.Dir(dirs[0])
	if err != nil {
		d.t.Fatal(err)
	}
	q, err := spool.Open(fsys, spool.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	var out []*apiv1.Report
	err = q.Backward(func(rec spool.Record) bool {
		var r apiv1.Report
		if err := proto.Unmarshal(rec.Message, &r); err != nil {
			d.t.Errorf("report %d: %v", rec.First, err)
		}
		out = append(out, &r)
		return true
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}
