package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// What an official saved is there after the power went, whenever it goes: a real collector is
// sent decisions of every kind over HTTP, is killed at moments drawn by lot, and is started
// again. Every form bears a mark of its own. What was answered with success stands in the
// rows and in a leaf of the log; what was not is in both or in neither; and the log verifies.

// killRounds is how often it is killed, killTime how long all rounds may take.
const (
	killRounds = 12
	killTime   = 60 * time.Second
)

const killPassword = "una-clave-de-prueba-larga"

var saveMark = regexp.MustCompile(`marca-[0-9]{5}`)

// killing is the town hall whose collector is killed.
type killing struct {
	t       *testing.T
	dir     string
	portal  string
	act     string              // that is decided on
	sheets  map[string][]string // unused codes by account
	clients map[string]*http.Client

	mu    sync.Mutex
	n     int             // marks that were given
	acked map[string]kind // by mark, of what was answered with success
	kinds map[kind]int    // successes
	wrong []string
}

// kind is a kind of form.
type kind string

func (k *killing) mark() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.n++
	return fmt.Sprintf("marca-%05d", k.n)
}

func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills many processes")
	}
	t.Parallel()
	k := &killing{t: t, dir: filepath.Join(t.TempDir(), "datos"), sheets: map[string][]string{}, clients: map[string]*http.Client{},
		acked: map[string]kind{}, kinds: map[kind]int{}}
	k.vigia("simulate", "--machines", "4", "--days", "6", "--every", "2")
	k.accounts()
	began := time.Now()
	for round := 0; round < killRounds || k.unsaved() != ""; round++ {
		if took := time.Since(began); took > killTime && k.unsaved() == "" {
			break // a slow machine has shown it often enough
		} else if took > 5*killTime {
			t.Fatalf("nothing of the kind %s was saved in %v", k.unsaved(), took)
		}
		k.round(time.Duration(200+rand.IntN(2500)) * time.Millisecond)
		k.check(round)
		if t.Failed() {
			return
		}
	}

	t.Logf("saved: %v", k.kinds)
	for _, wrong := range k.wrong {
		t.Log(wrong)
	}
}

// unsaved is a kind of which nothing was saved yet.
func (k *killing) unsaved() kind {
	for _, one := range k.work() {
		if k.kinds[one.kind] == 0 {
			return one.kind
		}
	}
	return ""
}

// vigia runs the program on the folder.
func (k *killing) vigia(args ...string) {
	k.t.Helper()
	cmd := exec.CommandContext(k.t.Context(), os.Args[0])
	cmd.Args = append([]string{"vigia", args[0], "--data", k.dir}, args[1:]...)
	cmd.Path = k.program()
	if out, err := cmd.CombinedOutput(); err != nil {
		k.t.Fatalf("vigia %v: %v\n%s", args, err, out)
	}
}

// program is this test binary under the name of the program.
func (k *killing) program() string {
	path, err := exec.LookPath("vigia")
	if err != nil {
		k.t.Fatalf("TestMain puts vigia on the path: %v", err)
	}
	return path
}

// accounts makes those who decide, each with a sheet of codes.
func (k *killing) accounts() {
	col := k.open()
	for name, role := range map[string]access.Role{"oficial": access.Officer, "titular": access.Head, "tecnica": access.Administrator} {
		err := col.Access.Create(k.t.Context(), access.New{Name: name, Role: role, Password: killPassword}, "test")
		var codes []string
		if err == nil {
			codes, err = col.Access.NewCodes(k.t.Context(), name, name)
		}
		if err != nil {
			k.t.Fatal(err)
		}
		k.sheets[name] = codes
	}
	a, err := col.OpenReview(k.t.Context(), reviews.PeriodOf(col.now(), col.Config.TimeZone.Location), registers.Act{By: "oficial", Via: registers.Command})
	if err := errors.Join(err, col.Close()); err != nil {
		k.t.Fatal(err)
	}
	k.act = a.ID
}

func (k *killing) open() *Collector {
	k.t.Helper()
	cfg, err := LoadConfig("", k.dir, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	col, err := Open(k.t.Context(), Options{Dir: k.dir, Config: cfg})
	if err != nil {
		k.t.Fatalf("open after it was killed: %v", err)
	}
	return col
}

// round serves for a while, under all the forms that there are, and is killed.
func (k *killing) round(after time.Duration) {
	k.t.Helper()
	ready := filepath.Join(k.t.TempDir(), "ready")
	ctx, cancel := context.WithTimeout(k.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.program(), "serve", "--data", k.dir, "--agents", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--ready", ready)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.portal = ""
	for k.portal == "" {
		data, err := os.ReadFile(ready)
		if m := regexp.MustCompile(`PORTAL=(\S+)/`).FindSubmatch(data); err == nil && m != nil {
			k.portal = string(m[1])
		} else if ctx.Err() != nil {
			_ = cmd.Process.Kill()
			k.t.Fatalf("it does not serve: %s", said.String())
		} else {
			time.Sleep(20 * time.Millisecond)
		}
	}
	for name := range k.sheets {
		k.logIn(name)
	}
	stop := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer stop.Stop()
	var all sync.WaitGroup
	work := k.work()
	for worker := range 4 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if one := work[(i*4+worker+rand.IntN(2))%len(work)]; !one.do(k, one.kind, k.mark()) {
					return // it was killed
				}
			}
		})
	}
	all.Wait()
	if err := cmd.Wait(); err == nil {
		k.t.Error("it ended by itself")
	}
}

// logIn logs in once, with the second factor; the session outlives the collector.
func (k *killing) logIn(name string) {
	if k.clients[name] != nil {
		return
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	k.clients[name] = &http.Client{Jar: jar, Timeout: 30 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // its certificate is its own
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	status, _, _ := k.send(name, "/entrar", url.Values{"nombre": {name}, "clave": {killPassword}}, "")
	code := k.sheets[name][0]
	again, to, _ := k.send(name, "/entrar/segundo", url.Values{"codigo": {code}}, "")
	if status != http.StatusSeeOther || again != http.StatusSeeOther {
		k.t.Fatalf("log in as %s: got %d and %d to %q", name, status, again, to)
	}
}

// send posts a form, with a file where one is given. Status 0: there was no whole answer.
func (k *killing) send(who, path string, form url.Values, file string) (status int, to, body string) {
	kindOf, content := "application/x-www-form-urlencoded", form.Encode()
	if file != "" {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for name, values := range form {
			for _, value := range values {
				_ = w.WriteField(name, value)
			}
		}
		name, text, _ := strings.Cut(file, "=")
		if part, err := w.CreateFormFile(name, text[:min(len(text), 11)]+".txt"); err == nil {
			_, _ = io.WriteString(part, text)
		}
		_ = w.Close()
		kindOf, content = w.FormDataContentType(), b.String()
	}
	return k.ask(who, http.MethodPost, path, kindOf, content)
}

func (k *killing) ask(who, method, path, kindOf, content string) (status int, to, body string) {
	req, err := http.NewRequestWithContext(k.t.Context(), method, k.portal+path, strings.NewReader(content))
	if err != nil {
		return 0, "", ""
	}
	req.Header.Set("Content-Type", kindOf)
	resp, err := k.clients[who].Do(req)
	if err != nil {
		return 0, "", ""
	}
	data, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, "", ""
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(data)
}

// saves sends a form that bears a mark, and notes the mark when it was answered with success.
// False: the collector is gone.
func (k *killing) saves(what kind, mark, who, path string, form url.Values, file string) bool {
	status, to, body := k.send(who, path, form, file)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case status == 0:
		return false
	case status == http.StatusSeeOther && !strings.HasPrefix(to, "/entrar") && !strings.HasPrefix(to, "/confirmar") && !strings.HasPrefix(to, "/acceso"):
		k.acked[mark] = what
		k.kinds[what]++
	case len(k.wrong) < 20:
		said := regexp.MustCompile(`(?s)class="notice (?:fail|warn)".*?</div>`).FindString(body)
		k.wrong = append(k.wrong, fmt.Sprintf("%s: got %d to %q %.300s", what, status, to, said))
	}
	return true
}

// task is a kind of thing that officials save.
type task struct {
	kind kind
	do   func(k *killing, what kind, mark string) bool
}

func pairs(text ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(text); i += 2 {
		form.Add(text[i], text[i+1])
	}
	return form
}

// work are all kinds.
func (k *killing) work() []task {
	post := func(who, path, file string, text ...string) func(*killing, kind, string) bool {
		return func(k *killing, what kind, mark string) bool {
			form := pairs(text...)
			for name := range form {
				form.Set(name, strings.ReplaceAll(form.Get(name), "MARCA", mark))
			}
			return k.saves(what, mark, who, path, form, strings.ReplaceAll(file, "MARCA", mark))
		}
	}
	return []task{
		{"a row by hand", post("oficial", "/libros/people/nuevo", "", "c-name", "MARCA", "c-kind", "staff", "c-status", "active")},
		{"an attestation", post("oficial", "/libros/attestations/nuevo", "", "c-control", "GOV-AUDIT-Y", "c-what", "MARCA", "c-by", "Ana", "c-day", "2026-01-08", "c-result", "meets")},
		{"a document", post("oficial", "/libros/attestations/nuevo", "c-document=MARCA es un papel", "c-control", "GOV-AUDIT-Y", "c-what", "MARCA", "c-by", "Ana", "c-day", "2026-01-08", "c-result", "meets")},
		{"a request", post("oficial", "/libros/requests/nuevo", "", "c-reference", "MARCA", "c-kinds", "access", "c-received", "2026-01-08T10:00", "c-channel", "counter", "c-holder", "self", "c-identity", "document")},
		{"an action of the plan", post("oficial", "/libros/plan/nuevo", "", "c-action", "MARCA", "c-owner", "Luis", "c-due", "2027-12-01", "c-state", "planned")},
		{"an incident", post("oficial", "/incidencias/nueva", "", "c-title", "MARCA", "c-type", "malware", "c-detected", "2026-01-08T09:00", "c-known", "2026-01-08T10:00", "c-notifier", "Ana", "c-description", "algo")},
		{"an entry of an incident", post("oficial", "/incidencias/1/novedad", "", "c-description", "MARCA")},
		{"a note of a stranger", post("titular", "/avisar", "", "c-what", "MARCA")},
		{"an account", post("tecnica", "/cuentas", "", "nombre", "MARCA", "rol", "auditor", "requerimiento", "MARCA")},
		{"an unlock", post("titular", "/cuentas/tecnica/desbloqueo", "", "hacer", "pedir", "motivo", "MARCA")},
		{"a decision of the queue", decideOne},
		{"an import", importOne},
		{"words of a review", post("oficial", "/revisiones/"+k.act+"/1", "", "palabras", "MARCA")},
	}
}

// decideOne decides anew, in turns, on the first cause of the queue.
func decideOne(k *killing, what kind, mark string) bool {
	status, _, body := k.ask("oficial", http.MethodGet, "/pendientes?estado=todos", "", "")
	if status == 0 {
		return false
	}
	all := regexp.MustCompile(`href="/pendientes/([^"?]+~[^"?]+)"`).FindAllStringSubmatch(body, -1)
	if len(all) == 0 {
		return true
	}
	key, err := url.PathUnescape(html.UnescapeString(all[rand.IntN(len(all))][1]))
	if err != nil {
		return true
	}
	way := []string{"fix", "ask", "dismiss", "incident"}[rand.IntN(4)]
	return k.saves(what, mark, "oficial", "/pendientes", pairs("causa", key, "hacer", way, "motivo", mark, "responsable", mark, "otra_vez", "si"), "")
}

// importOne imports a file of one line.
func importOne(k *killing, what kind, mark string) bool {
	status, to, _ := k.send("oficial", "/libros/people/importar", url.Values{}, "archivo=name;kind;status\n"+mark+";staff;active\n")
	if status == 0 {
		return false
	}
	status, _, body := k.ask("oficial", http.MethodGet, to, "", "")
	if status == 0 {
		return false
	}
	seen := regexp.MustCompile(`name="visto" value="([^"]+)"`).FindStringSubmatch(body)
	if seen == nil {
		return true
	}
	return k.saves(what, mark, "oficial", to, pairs("visto", seen[1], "hacer", "importar", "motivo", "lista"), "")
}

// check opens what the killed collector left.
func (k *killing) check(round int) {
	k.t.Helper()
	col := k.open()
	leaves, rows := map[string]bool{}, map[string]bool{}
	err := col.DB.Read(k.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if err := col.Log.Verify(ctx, tx, func(int64, int64) {}); err != nil {
			return err
		}
		if err := col.Log.Entries(ctx, tx, evidence.Filter{}, func(e evidence.Entry) error {
			for _, mark := range saveMark.FindAllString(string(e.Payload), -1) {
				leaves[mark] = true
			}
			return nil
		}); err != nil {
			return err
		}
		for _, from := range []string{`SELECT values_json FROM registers_rows`, `SELECT values_json FROM incidents_entries`, `SELECT values_json FROM incidents_notes`,
			`SELECT record FROM decisions_taken`, `SELECT payload FROM reviews_steps`, `SELECT name FROM access_users`, `SELECT why FROM access_unlocks`} {
			found, err := tx.Query(ctx, from)
			if err != nil {
				return fmt.Errorf("%s: %w", from, err)
			}
			defer found.Close()
			for found.Next() {
				var text string
				if err := found.Scan(&text); err != nil {
					return err
				}
				for _, mark := range saveMark.FindAllString(text, -1) {
					rows[mark] = true
				}
			}
			if err := found.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, col.Close()); err != nil {
		k.t.Fatal(err)
	}
	for mark, what := range k.acked {
		// A request to unlock takes the place of the one before.
		if !leaves[mark] || !rows[mark] && what != "an unlock" {
			k.t.Errorf("round %d: %s, %s, was saved: leaf %v, row %v", round, mark, what, leaves[mark], rows[mark])
		}
	}
	var halves []string
	for mark := range rows {
		if !leaves[mark] {
			halves = append(halves, mark)
		}
	}
	slices.Sort(halves)
	if len(halves) > 0 {
		k.t.Errorf("round %d: rows without a leaf: %v", round, halves)
	}
}
