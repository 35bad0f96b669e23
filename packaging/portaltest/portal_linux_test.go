// Package portaltest measures how long the pages of the portal take in a large town hall: the
// real collector serves a simulated one, each role logs in and goes to every page that its
// pages link to, and no kind of page may take more than a tenth of a second at the 95th
// percentile. Files to download are measured and held to nothing.
//
// It takes minutes, and making the town hall takes longer, once; so it runs when asked for:
// make bench-portal.
package portaltest

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var (
	measure  = flag.Bool("portal", false, "measure")
	bin      = flag.String("bin", "../../bin", "folder of the programs")
	cache    = flag.String("cache", "../../.cache/portal", "folder in which town halls are kept from run to run")
	town     = flag.String("town", "", "data folder of a simulated town hall to measure instead of making one; its passwords are changed")
	machines = flag.Int("machines", 2000, "machines of the town hall that is made")
	days     = flag.Int("days", 365, "its days")
	every    = flag.Int("every", 31, "days between reports of a machine where nothing changes")
	fresh    = flag.Bool("fresh", false, "make the town hall again")
	times    = flag.Int("times", 40, "requests of each page")
	users    = flag.Int("users", 4, "who ask at once in the second table, which holds to nothing")
)

const (
	// bar is what a page may take at the 95th percentile, when nobody else asks.
	bar = 100 * time.Millisecond
	// perKind is how many pages of a kind are looked at: two machines, not two thousand.
	perKind  = 2
	password = "una-clave-para-medir"
)

// accounts are those of every simulation.
func accounts() []string {
	return []string{"seguridad", "sistemas", "alcaldia", "direccion", "auditoria", "transparencia"}
}

func TestPortal(t *testing.T) {
	if !*measure {
		t.Skip("runs with -portal: make bench-portal")
	}
	data := simulated(t)
	for _, name := range accounts() {
		cmd := exec.CommandContext(t.Context(), filepath.Join(*bin, "vigia"), "user", "password", name, "--password-stdin", "--data", data)
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("vigia user password %s: %v\n%s", name, err, out)
		}
	}
	base := served(t, data)
	fmt.Println("load before:", load(t))
	fmt.Println("role           median ms    p95 ms       KB  page")
	all := map[string]*visitor{}
	for _, name := range accounts() {
		all[name] = newVisitor(t, base, name)
	}
	for _, name := range accounts() {
		for _, p := range all[name].crawl(t) {
			took := make([]time.Duration, *times)
			for i := range took {
				took[i] = all[name].time(t, p.path)
			}
			median, p95 := at(took, 50), at(took, 95)
			mark := ""
			if p95 > bar && p.page {
				mark = "  TOO SLOW"
				t.Errorf("%s as %s: p95 %v, want at most %v", p.path, name, p95.Round(time.Millisecond), bar)
			} else if !p.page {
				mark = "  (a file)"
			}
			fmt.Printf("%-14s %9.1f %9.1f %8d  %s%s\n", name, ms(median), ms(p95), p.size/1024, p.path, mark)
		}
	}
	together(t, all)
	fmt.Println("load after:", load(t))
}

// together asks for the pages of all roles with several users at once.
func together(t *testing.T, all map[string]*visitor) {
	t.Helper()
	fmt.Printf("with %d users at once\nrole           median ms    p95 ms\n", *users)
	for _, name := range accounts() {
		v := all[name]
		took := make([][]time.Duration, *users)
		var g errgroup.Group
		for u := range took {
			g.Go(func() error {
				for i := range v.pages {
					if p := v.pages[(i + u*len(v.pages) / *users)%len(v.pages)]; p.page {
						took[u] = append(took[u], v.time(t, p.path))
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		every := slices.Concat(took...)
		fmt.Printf("%-14s %9.1f %9.1f\n", name, ms(at(every, 50)), ms(at(every, 95)))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// at is the percentile of some times.
func at(took []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func load(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

// simulated is the data folder of the town hall, made when there is none of these sizes by
// this program yet.
func simulated(t *testing.T) string {
	t.Helper()
	if *town != "" {
		return *town
	}
	dir := filepath.Join(*cache, fmt.Sprintf("%dx%d-%d", *machines, *days, *every))
	done := filepath.Join(dir, "made")
	if _, err := os.Stat(done); err == nil && !*fresh {
		return dir
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(*cache, 0o755)); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("simulating %d machines for %d days, once, into %s\n", *machines, *days, dir)
	began := time.Now()
	cmd := exec.CommandContext(t.Context(), filepath.Join(*bin, "vigia"), "simulate", "--data", dir, "--machines", strconv.Itoa(*machines),
		"--days", strconv.Itoa(*days), "--every", strconv.Itoa(*every), "--seed", "1")
	cmd.Stderr = os.Stderr
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("vigia simulate: %v\n%s", err, out)
	}
	fmt.Printf("simulated in %v\n", time.Since(began).Round(time.Second))
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// served starts the collector and answers the portal's address.
func served(t *testing.T, data string) string {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	// Not of the test's context, which ends before its clean-up.
	cmd := exec.CommandContext(context.Background(), filepath.Join(*bin, "vigia"), "serve", "--data", data, "--agents", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--ready", ready)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 600 {
		f, err := os.Open(ready)
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), "VIGIA_READY_PORTAL="); ok {
				_ = f.Close()
				return strings.TrimSuffix(address, "/")
			}
		}
		_ = f.Close()
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the collector does not serve:\n%s", said.String())
	return ""
}

// visitor is somebody who is logged in.
type visitor struct {
	base   string
	client *http.Client
	pages  []place
}

// place is an address of the portal.
type place struct {
	path string
	page bool // and no file
	size int
}

func newVisitor(t *testing.T, base, name string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{base: base, client: &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // its own collector, on this machine
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	form := url.Values{"nombre": {name}, "clave": {password}, "volver": {"/"}}
	if status, _, _ := v.ask(t, http.MethodPost, "/entrar", form.Encode()); status != http.StatusSeeOther {
		t.Fatalf("log in as %s: got %d", name, status)
	}
	return v
}

func (v *visitor) ask(t *testing.T, method, path, form string) (status int, header http.Header, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, v.base+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.client.Do(req)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return 0, nil, nil
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, resp.Header, body
}

// time is how long an address takes.
func (v *visitor) time(t *testing.T, path string) time.Duration {
	t.Helper()
	began := time.Now()
	if status, _, _ := v.ask(t, http.MethodGet, path, ""); status != http.StatusOK {
		t.Errorf("%s: got %d", path, status)
	}
	return time.Since(began)
}

var links = regexp.MustCompile(`(?:href|action)="(/[^"#]*|\?[^"#]*)`)

// crawl goes from page to page along their links, to so many of each kind.
func (v *visitor) crawl(t *testing.T) []place {
	t.Helper()
	// What people type: no link leads there.
	next := []string{"/", "/buscar?q=pc", "/buscar?q=ana", "/buscar?q=nada+de+nada", "/libros/people?q=ana&orden=-name", "/libros/people?orden=name&pagina=3", "/libros/cambios?q=ana", "/equipos?q=pc"}
	seen, kinds := map[string]bool{}, map[string]int{}
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		if seen[path] || kinds[kind(path)] >= perKind || strings.HasPrefix(path, "/salir") || strings.HasPrefix(path, "/idioma") || strings.HasPrefix(path, "/entrar") || strings.HasPrefix(path, "/static") {
			continue
		}
		seen[path] = true
		status, header, body := v.ask(t, http.MethodGet, path, "")
		if status != http.StatusOK { // another role's, or the address of a form
			if status >= http.StatusInternalServerError {
				t.Errorf("%s: got %d", path, status)
			}
			continue
		}
		kinds[kind(path)]++
		page := strings.HasPrefix(header.Get("Content-Type"), "text/html") && header.Get("Content-Disposition") == ""
		v.pages = append(v.pages, place{path, page, len(body)})
		if !page {
			continue
		}
		for _, m := range links.FindAllSubmatch(body, -1) {
			to := html.UnescapeString(string(m[1]))
			if strings.HasPrefix(to, "?") {
				here, _, _ := strings.Cut(path, "?")
				to = here + to
			}
			next = append(next, to)
		}
	}
	slices.SortFunc(v.pages, func(a, b place) int { return cmp.Compare(a.path, b.path) })
	return v.pages
}

var thing = regexp.MustCompile(`^([A-Z]+-?[0-9].*|[0-9].*|[a-z0-9]{20,}|.*~.*|[A-Z]{2,}-[A-Z0-9-]+)$`)

// kind is what addresses of the same handler have in common: the path without the names of
// things, and the names of what is asked.
func kind(path string) string {
	at, query, _ := strings.Cut(path, "?")
	parts := strings.Split(at, "/")
	for i, p := range parts {
		if p, err := url.PathUnescape(p); err == nil && thing.MatchString(p) {
			parts[i] = "*"
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return at
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(parts, "/") + "?" + strings.Join(names, "&")
}
