package checktest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"vigia/checks"
	"vigia/checks/host"
)

// ProvenFile holds, beside the recordings of a domain, how often its tests saw each
// status of each check on each system. The page that says what Vigía covers is made of
// it: no row claims what no test shows.
const ProvenFile = "testdata/proven.json"

// Proven counts, by check and system, the different results that tests have shown.
type Proven map[string]map[host.OS]Shown

// Shown counts different results of one check on one system: those that differ in what
// they say, so that a test repeated is not two.
type Shown struct {
	Pass          int `json:"pass"`
	Warn          int `json:"warn,omitempty"`
	Fail          int `json:"fail"`
	Unknown       int `json:"unknown"`
	NotApplicable int `json:"not_applicable,omitempty"`
}

// Least is what must be shown of every check on every system it can observe: three
// violations, one pass, one that could not be read.
func Least() Shown { return Shown{Pass: 1, Fail: 3, Unknown: 1} }

// Main runs the tests of a domain and then demands that they have shown Least of each
// of its checks, except of those that an entry in excused, by "check os", gives a reason
// for. A run of chosen tests demands nothing. Call it from TestMain:
//
//	func TestMain(m *testing.M) { checktest.Main(m, Checks(), nil) }
func Main(m *testing.M, domain []checks.Check, excused map[string]string) {
	code := m.Run()
	if code == 0 && whole() {
		if problems := proven(domain, excused); len(problems) > 0 {
			for _, p := range problems {
				fmt.Fprintln(os.Stderr, "---", p)
			}
			code = 1
		}
	}
	os.Exit(code) //nolint:forbidigo // a TestMain ends so
}

// whole tells whether all tests of the package ran.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

func proven(domain []checks.Check, excused map[string]string) []error {
	shown := seen.shown()
	var problems []error
	for _, c := range domain {
		id := c.Info().ID
		for _, system := range c.Platforms() {
			if _, ok := excused[id+" "+string(system)]; ok {
				continue
			}
			got, least := shown[id][system], Least()
			if got.Pass < least.Pass || got.Fail < least.Fail || got.Unknown < least.Unknown {
				problems = append(problems, fmt.Errorf("%s on %s: the tests show %d passes, %d violations, %d unread; at least %d, %d, %d are due",
					id, system, got.Pass, got.Fail, got.Unknown, least.Pass, least.Fail, least.Unknown))
			}
		}
	}
	if *update {
		if err := writeProven(shown); err != nil {
			problems = append(problems, err)
		}
		return problems
	}
	kept, err := ReadProven(ProvenFile)
	if err != nil {
		return append(problems, fmt.Errorf("%w; run the tests with -update", err))
	}
	for _, id := range slices.Sorted(maps.Keys(kept)) {
		for system, was := range kept[id] {
			if now := shown[id][system]; now.Pass < was.Pass || now.Fail < was.Fail || now.Unknown < was.Unknown {
				problems = append(problems, fmt.Errorf("%s on %s: %s claims %+v, the tests show %+v; run them with -update", id, system, ProvenFile, was, now))
			}
		}
	}
	return problems
}

func writeProven(p Proven) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(ProvenFile), 0o755); err != nil {
		return err
	}
	return os.WriteFile(ProvenFile, buf.Bytes(), 0o644)
}

// ReadProven reads what a domain's tests have shown.
func ReadProven(name string) (Proven, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var p Proven
	dec := json.NewDecoder(io.LimitReader(f, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// results remembers what the tests of this process have seen.
type results struct {
	mu   sync.Mutex
	said map[string]map[host.OS]map[string]checks.Status
}

// seen is the one thing that lives as long as a test binary.
var seen results

func (r *results) add(id string, system host.OS, v checks.Verdict) {
	said, err := json.Marshal(v)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil {
		r.said = make(map[string]map[host.OS]map[string]checks.Status)
	}
	if r.said[id] == nil {
		r.said[id] = make(map[host.OS]map[string]checks.Status)
	}
	if r.said[id][system] == nil {
		r.said[id][system] = make(map[string]checks.Status)
	}
	r.said[id][system][string(said)] = v.Status
}

func (r *results) shown() Proven {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(Proven)
	for id, systems := range r.said {
		out[id] = make(map[host.OS]Shown)
		for system, said := range systems {
			var s Shown
			for _, status := range said {
				switch status {
				case checks.Pass:
					s.Pass++
				case checks.Warn:
					s.Warn++
				case checks.Fail:
					s.Fail++
				case checks.Unknown:
					s.Unknown++
				case checks.NotApplicable:
					s.NotApplicable++
				}
			}
			out[id][system] = s
		}
	}
	return out
}
