package web

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/report"
	"vigia/collector/storage"
)

// realPackages makes the packages of a town's acts as the collector does.
type realPackages struct {
	w *townHall

	mu   sync.Mutex
	made map[string][]byte // guarded by mu
}

func (p *realPackages) Ask(act string) {
	var out bytes.Buffer
	p.w.must(p.w.db.Read(p.w.t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		store := p.w.reviewStore()
		a, err := store.Find(ctx, tx, act)
		if err != nil {
			return err
		}
		snap, err := store.Snapshot(ctx, tx, a)
		if err != nil {
			return err
		}
		out.Reset()
		_, err = report.Export(ctx, tx, &out, report.Input{Snapshot: snap, Act: a, Log: p.w.log, Catalog: p.w.catalog, Lang: message.Spanish, Program: "0.1.0"})
		return err
	}))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made[act] = out.Bytes()
}

func (p *realPackages) State(act string) PackageState {
	p.mu.Lock()
	defer p.mu.Unlock()
	if data, ok := p.made[act]; ok {
		return PackageState{Made: today, Size: int64(len(data)), Key: "0123 4567 89ab cdef"}
	}
	return PackageState{}
}

func (p *realPackages) Open(act string) (io.ReadSeekCloser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return closing{bytes.NewReader(p.made[act])}, nil
}

// downloads lets the browser keep what it downloads, in the folder that it answers.
func (c *chromium) downloads() string {
	c.t.Helper()
	dir := c.t.TempDir()
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, devtools.SetDownloadBehavior, devtools.SetDownloadBehaviorParams{Behavior: devtools.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
		return err
	}))
	return dir
}

// downloaded waits for a whole file.
func (c *chromium) downloaded(dir, name string) []byte {
	c.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(data) > 0 {
			return data
		}
	}
	files, err := os.ReadDir(dir)
	c.t.Fatalf("no download %s; there are %v, %v", name, files, err)
	return nil
}

// TestQuarterByKeyboard is the officer's quarter without a pointer: from the log-in with a
// second factor, through every line of the nine sections, to both signatures and a package
// that the verifier accepts. At every stop it shows where one is.
func TestQuarterByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t, access.Head)
	var err error
	w.zone, err = time.LoadLocation("Europe/Madrid") // one that a verifier knows by its name
	w.must(err)
	for _, p := range officePCs()[:3] {
		w.admit(p)
	}
	secrets := map[access.Role]string{}
	code := func(role access.Role) string {
		w.now = w.now.Add(time.Minute) // none is good twice
		text, err := access.TOTPCode(secrets[role], w.now)
		w.must(err)
		return text
	}
	for _, role := range []access.Role{access.Officer, access.Head} {
		secrets[role] = access.NewTOTP()
		w.must(w.access.SetTOTP(t.Context(), userOf(role), secrets[role], code(role), "test"))
	}
	c := startChromium(t, w, func(o *Options) { o.Zone, o.Packages = w.zone, &realPackages{w: w, made: map[string][]byte{}} })
	dir := c.downloads()
	logIn := func(role access.Role) {
		t.Helper()
		c.heading("Entrar")
		c.run(chromedp.KeyEvent(userOf(role) + kb.Tab + goodPassword + kb.Enter))
		c.heading("Segundo factor")
		c.run(chromedp.KeyEvent(code(role) + kb.Enter))
		c.heading("Cómo está la organización")
		c.enter("Revisiones")
		c.heading("Revisiones trimestrales")
	}
	sign := func(role access.Role, name, post string) {
		t.Helper()
		c.heading("Firmar la revisión del 4.º trimestre de 2026")
		w.now = w.now.Add(access.FreshFor) // the log-in is no proof any more
		c.tabUntil("the name", func(f focused) bool { return f.Name == "nombre" })
		c.run(chromedp.KeyEvent(name + kb.Tab + post + kb.Enter))
		c.heading("Confirme que es usted")
		c.run(chromedp.KeyEvent(goodPassword + kb.Tab + code(role) + kb.Enter))
		c.heading("Ya está confirmado")
		c.run(chromedp.KeyEvent(kb.Enter)) // its button has the focus
		c.heading("Revisión del 4.º trimestre de 2026")
		c.sees(`[role=status]`)
	}

	c.run(chromedp.Navigate(c.base + "/"))
	logIn(access.Officer)
	c.enter("Abrir 4.º trimestre de 2026")
	c.heading("Revisión del 4.º trimestre de 2026")
	c.tabUntil("the next section", func(f focused) bool { return strings.HasSuffix(f.To, "/revisiones/2026Q4/1") })
	c.pressEnter()
	lines := 0
	for n := 1; n <= 9; n++ {
		c.until(`document.readyState === "complete" && document.querySelector("h1").textContent.startsWith("` + strconv.Itoa(n) + `. ")`)
		c.tabUntil("the button", func(f focused) bool {
			switch {
			case f.Type == "radio" && !f.Chosen:
				c.run(chromedp.KeyEvent(" "))
				for range 5 {
					if c.focus().Value == "plan" {
						break
					}
					c.run(chromedp.KeyEvent(kb.ArrowDown))
				}
			case strings.HasPrefix(f.Name, "quien.") && f.Value == "":
				c.run(chromedp.KeyEvent("informatica"))
			}
			if f.Type == "radio" {
				lines++
			}
			return f.Text == "Guardar y seguir"
		})
		c.pressEnter()
	}
	if lines < 9 || lines > 40 {
		t.Errorf("decided %d lines", lines)
	}
	sign(access.Officer, "Ana Ruiz Sanz", "Responsable de seguridad")
	c.enter("Salir")

	logIn(access.Head)
	c.enter("Seguir con la revisión")
	c.heading("Revisión del 4.º trimestre de 2026")
	c.enter("Leer y dar la segunda firma")
	sign(access.Head, "Luis Gil Mora", "Alcalde")
	c.enter("Paquete verificable")
	c.heading("Paquete verificable del 4.º trimestre de 2026")
	c.enter("Hacer el paquete")
	c.sees(`a[href$="/paquete.zip"]`)
	c.enter("Descargar el paquete")
	data := c.downloaded(dir, "revision-2026Q4.zip")
	got, err := report.Verify(t.Context(), bytes.NewReader(data), int64(len(data)), report.VerifyOptions{Catalog: w.catalog, Program: "0.1.0"})
	w.must(err)
	for _, step := range got.Steps {
		if step.Err != nil {
			t.Errorf("%s: %v", step.Step, step.Err)
		}
	}
	if got.Document.Act == "" {
		t.Error("the package holds no act")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 || len(c.problems) > 0 {
		t.Errorf("elsewhere %v, console %q", c.foreign, c.problems)
	}
}
