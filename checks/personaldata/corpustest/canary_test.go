package corpustest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/agent/collectortest"
	"vigia/checks/catalog"
	"vigia/checks/personaldata/corpustest"
	"vigia/checks/policy"
)

// canaryPeople are as many as are planted.
const canaryPeople = 1000

// A thousand people are planted in every format and in the names of files and folders.
// The agent scans, checks, reports, is killed and begins again; then none of them is in
// anything that it wrote: to its terminal, its folders or the wire.
func TestCanary(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: builds the agent and runs it several times")
	}
	if runtime.GOOS != "linux" {
		t.Skip("kills processes that it finds in /proc")
	}
	program := filepath.Join(t.TempDir(), "vigia-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-tags", "grpcnotrace", "-o", program, "vigia/agent/cmd/vigia-agent")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build agent: %v\n%s", err, out)
	}
	base := t.TempDir()
	root, written := filepath.Join(base, "planted"), filepath.Join(base, "written")
	canaries := plantCanaries(t, root)
	for _, name := range []string{"home", "tmp", "data"} {
		must(t, os.MkdirAll(filepath.Join(written, name), 0o700))
	}
	a := &agentRun{t: t, program: program, dir: written, env: append(os.Environ(),
		"HOME="+filepath.Join(written, "home"), "XDG_CACHE_HOME="+filepath.Join(written, "home", "cache"),
		"TMPDIR="+filepath.Join(written, "tmp"), "VIGIA_AGENT_DATA="+filepath.Join(written, "data"), "GOTRACEBACK=all")}

	a.run("scan", "--format", "json", root)
	a.run("scan", "--format", "text", root) // from the cache
	a.run("scan", "--format", "json", "--no-cache", "--jobs", "2", root)
	a.crash(root)
	a.run("scan", "--format", "json", root)
	a.run("scan", filepath.Join(root, canaries[0], "nowhere"))

	source := filepath.Join(base, "policy.yaml")
	must(t, os.WriteFile(source, fmt.Appendf(nil, "packs: [es-rgpd, mx-general]\nscan: [%q]\n", root), 0o600))
	a.run("check", "personaldata.local", "--policy", source, "--format", "json")
	a.run("check", "personaldata.local", "--policy", source)
	a.deliver(root)

	n := 0
	err := filepath.WalkDir(written, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n++
		b, err := os.ReadFile(path)
		a.written = append(a.written, writing{path, b}, writing{path + " (its name)", []byte(strings.TrimPrefix(path, base))})
		return err
	})
	must(t, err)
	t.Logf("%d files and %d outputs", n, len(a.written)-2*n)
	search(t, canaries, a.written)
}

// plantCanaries writes the people, and returns all values by which they could be known.
func plantCanaries(t *testing.T, root string) []string {
	t.Helper()
	people := corpustest.NewPeople(99)
	writers := corpustest.Writers()
	var canaries []string
	for i := range canaryPeople {
		id := people.Next()
		values := id.Values()
		canaries = append(canaries, values...)
		f := corpustest.File{Name: "ficha", Text: "Nombre: " + id.Name() + "\nCURP: " + id.CURP + "\nRFC: " + id.RFC + "\nNSS: " + id.NSS + "\nCLABE: " + id.CLABE +
			"\nClave de elector: " + id.Elector + "\nCIC: " + id.CIC + "\nOCR: " + id.OCR + "\nPasaporte: " + id.Passport + "\nTeléfono: " + id.Phone + "\nTarjeta: " + id.Card +
			"\nDNI: " + id.DNI + "\nNIE: " + id.NIE + "\nNIF: " + id.NIF + "\nNUSS: " + id.NUSS + "\nIBAN: " + id.IBAN + "\nCorreo: " + id.Email + "\nDiagnóstico: diabetes\ncontraseña: " + id.CURP + "\n",
			Table: &corpustest.Table{Columns: []string{"CURP", "RFC", "NSS", "CLABE"}, Rows: [][]string{{id.CURP, id.RFC, id.NSS, id.CLABE}}}}
		w := writers[i%len(writers)]
		// What can be told for an identifier without any word beside it, in the names.
		strong := []string{id.CURP, id.RFC, id.NSS, id.CLABE, id.Elector, id.Card, id.DNI, id.NIE, id.NIF, id.NUSS, id.IBAN, id.CCC, id.Email}
		folder, file := strong[i%len(strong)], strong[(i+1)%len(strong)]
		plant(t, root, filepath.Join(fmt.Sprintf("grupo %d", i%25), folder, strings.ToLower(file)+" ficha."+w.Extension), w.Write(t, f), f)
	}
	return canaries
}

// A writing is something that the agent wrote, and where.
type writing struct {
	where string
	bytes []byte
}

// An agentRun runs the agent and keeps what it writes.
type agentRun struct {
	t       *testing.T
	program string
	dir     string
	env     []string
	written []writing
}

func (a *agentRun) command(ctx context.Context, args ...string) (cmd *exec.Cmd, out *bytes.Buffer) {
	out = &bytes.Buffer{}
	cmd = exec.CommandContext(ctx, a.program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.WaitDelay = a.env, out, out, a.dir, 10*time.Second
	return cmd, out
}

// run runs a command to its end, and fails when it could not do its work.
func (a *agentRun) run(args ...string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 3*time.Minute)
	defer cancel()
	cmd, out := a.command(ctx, args...)
	err := cmd.Run()
	a.written = append(a.written, writing{strings.Join(args, " "), out.Bytes()})
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		a.t.Fatalf("%v: %v", args, err)
	}
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 3 || code == 2 && !strings.HasSuffix(args[len(args)-1], "nowhere") {
		a.t.Errorf("%v ended %d: %s", args[:2], code, tail(out.String()))
	}
}

// crash begins scans and ends the worker, and then the agent, in the middle, so that
// they print where they were.
func (a *agentRun) crash(root string) {
	for _, whom := range []string{"worker", "agent"} {
		hit := false
		// A fast machine may have ended before: then it is hit sooner.
		for _, ms := range []int{20, 10, 5, 2, 1, 0, 0, 0} {
			if hit = a.crashOnce(root, whom, time.Duration(ms)*time.Millisecond); hit {
				break
			}
		}
		if !hit {
			a.t.Errorf("the %s could not be killed in time", whom)
		}
	}
}

// crashOnce begins a scan and ends the worker or the agent so long after the worker began.
func (a *agentRun) crashOnce(root, whom string, after time.Duration) (hit bool) {
	cmd, out := a.command(a.t.Context(), "scan", "--format", "json", "--no-cache", root)
	must(a.t, cmd.Start())
	for start := time.Now(); time.Since(start) < 20*time.Second; { // a busy machine takes its time
		time.Sleep(time.Millisecond)
		workers := childrenOf(cmd.Process.Pid)
		if len(workers) == 0 {
			if cmd.Process.Signal(syscall.Signal(0)) != nil || ended(cmd.Process.Pid) {
				break
			}
			continue
		}
		time.Sleep(after)
		victim := cmd.Process.Pid
		if whom == "worker" {
			victim = workers[0]
		}
		process, err := os.FindProcess(victim)
		must(a.t, err)
		hit = process.Signal(syscall.SIGQUIT) == nil
		break
	}
	_ = cmd.Wait() // however it ended
	a.written = append(a.written, writing{"a scan whose " + whom + " was killed", out.Bytes()})
	return hit
}

// ended tells whether a process of ours has ended and waits to be asked how.
func ended(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(b), ") Z ")
}

// childrenOf lists the processes that a process has started.
func childrenOf(pid int) []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // it has just ended
		}
		for field := range strings.FieldsSeq(string(b)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// deliver enrols with a collector, measures and delivers. What a collector exports is
// what it was delivered.
func (a *agentRun) deliver(root string) {
	c := collectortest.Start(a.t)
	packs, err := policy.Packs()
	must(a.t, err)
	source := policy.DefaultSource("es-rgpd", "mx-general")
	source.Scan = []string{root}
	p, err := policy.Compose(policy.ComposeInput{Agent: "machine-1", Epoch: 1, Version: 1, Issued: time.Unix(1790000000, 0),
		Source: source, Packs: packs, Catalog: catalog.New()})
	must(a.t, err)
	// What people left in the folders for temporary files is not of the test.
	p.Entries = slices.DeleteFunc(p.Entries, func(e policy.Entry) bool { return e.Check != "personaldata.local" })
	c.SetPolicy(c.Sign(p.Encode()))
	data := filepath.Join(a.dir, "data")
	a.run("enroll", "--collector", c.Addr, "--token", c.NewToken().String(), "--data", data)
	a.run("run", "--once", "--data", data)
	a.run("status", "--data", data)
	reports := c.Reports("machine-1")
	if len(reports) == 0 {
		a.t.Error("no report was delivered")
	}
	personal := false
	for i, r := range reports {
		b, err := proto.Marshal(r)
		must(a.t, err)
		asJSON, err := json.Marshal(r)
		must(a.t, err)
		personal = personal || bytes.Contains(b, []byte("mx.curp"))
		a.written = append(a.written, writing{fmt.Sprintf("report %d", i), b}, writing{fmt.Sprintf("report %d as JSON", i), asJSON})
	}
	if !personal {
		a.t.Error("no report tells of what was planted: the test proves nothing")
	}
}

func tail(s string) string { return s[max(0, len(s)-600):] }

// search fails for each writing that holds one of the values: as it is, in either case,
// as UTF-16, base64, hexadecimal, or with other separators.
func search(t *testing.T, canaries []string, written []writing) {
	t.Helper()
	const key = 8 // bytes that are looked up; a shorter value could be anything
	needles := map[[key]byte][]string{}
	add := func(s string) {
		if len(s) >= key {
			k := [key]byte([]byte(s[:key]))
			if !slices.Contains(needles[k], s) {
				needles[k] = append(needles[k], s)
			}
		}
	}
	for _, c := range canaries {
		for _, v := range []string{c, strings.ToLower(c), strings.ToUpper(c)} {
			if len(v) < key {
				continue
			}
			add(v)
			utf16 := string(corpustest.UTF16LE(v)[2:])
			add(utf16)
			for _, form := range []string{v, utf16} {
				add(hex.EncodeToString([]byte(form)))
				add(strings.ToUpper(hex.EncodeToString([]byte(form))))
				for shift := range 3 { // wherever it begins in the text that was encoded
					encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + form))
					first, last := (shift*8+5)/6, (shift+len(form))*8/6
					if last-first >= 11 {
						add(encoded[first:last])
						add(strings.NewReplacer("+", "-", "/", "_").Replace(encoded[first:last]))
					}
				}
			}
		}
	}
	for _, w := range written {
		for _, text := range [][]byte{w.bytes, joined(w.bytes)} {
			shown := 0
			for i := 0; i+key <= len(text) && shown < 3; i++ {
				for _, s := range needles[[key]byte(text[i:i+key])] {
					if len(s) <= len(text)-i && string(text[i:i+len(s)]) == s && !inNumber(text, i, len(s)) {
						t.Errorf("%s holds %q: %q", w.where, s, text[max(0, i-60):min(len(text), i+len(s)+20)])
						shown++
					}
				}
			}
		}
	}
}

// inNumber tells whether a value of digits is only a part of a longer number.
func inNumber(text []byte, at, n int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	return digit(at) && digit(at+n-1) && (digit(at-1) || digit(at+n))
}

// joined is a text without the separators that stand between two letters or digits.
func joined(text []byte) []byte {
	alnum := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	out := make([]byte, 0, len(text))
	for i, c := range text {
		if strings.IndexByte(" -./", c) >= 0 && i > 0 && i+1 < len(text) && alnum(text[i-1]) && alnum(text[i+1]) {
			continue
		}
		out = append(out, c)
	}
	return out
}
