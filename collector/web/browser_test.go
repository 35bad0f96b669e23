package web

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	keyboard "github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
	"vigia/collector/enroll"
)

// chromium is a real browser that looks at the portal over its real TLS.
type chromium struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // lives as long as the test
	base string
	dir  string // for the screenshots; empty: nobody looks at them, and none is taken

	mu       sync.Mutex
	foreign  []string // guarded by mu: requests to elsewhere
	problems []string // guarded by mu: what the console says
}

func startChromium(t *testing.T, w *townHall, change ...func(*Options)) *chromium {
	t.Helper()
	return startChromiumFor(t, w, 10*time.Minute, change...)
}

// startChromiumFor starts one that may take so long for all that it does.
func startChromiumFor(t *testing.T, w *townHall, most time.Duration, change ...func(*Options)) *chromium {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("this test needs a browser: apt-get install chromium")
	}
	config, err := w.ca.PortalTLS("127.0.0.1")
	w.must(err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	w.must(err)
	server := Server(w.portal(change...), config, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ServeTLS(listener, "", "")
	}()
	t.Cleanup(func() { _ = server.Close(); <-done })

	c := &chromium{t: t, base: "https://" + listener.Addr().String(), dir: os.Getenv("VIGIA_TEST_SCREENSHOTS")}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true),
		// Trust this one key, as an administrator who installs the CA would.
		chromedp.Flag("ignore-certificate-errors-spki-list", pinOf(t, w)))
	alloc, cancelAlloc := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithListener(c.listen))
	ctx, cancelTime := context.WithTimeout(ctx, most)
	t.Cleanup(func() { cancelTime(); cancel(); cancelAlloc() })
	c.ctx = ctx
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, cdplog.Enable, cdp.Empty{})
		return err
	}))
	return c
}

// pinOf is the key of the portal's issuer chain as the browser's switch wants it.
func pinOf(t *testing.T, w *townHall) string {
	t.Helper()
	config, err := w.ca.PortalTLS("127.0.0.1")
	w.must(err)
	chain, err := config.GetCertificate(nil)
	w.must(err)
	leaf, err := x509.ParseCertificate(chain.Certificate[0])
	w.must(err)
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (c *chromium) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, c.base+"/") && !strings.HasPrefix(e.Request.URL, "about:") &&
			!strings.HasPrefix(e.Request.URL, "data:image/svg+xml") { // what the browser draws fields of days with
			c.foreign = append(c.foreign, e.Request.URL)
		}
	case *cdplog.EventEntryAdded:
		// A refused log-in is a 403, which the console notes.
		if e.Entry.Source != cdplog.EntrySourceNetwork && (e.Entry.Level == cdplog.EntryLevelWarning || e.Entry.Level == cdplog.EntryLevelError) {
			c.problems = append(c.problems, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		c.problems = append(c.problems, e.ExceptionDetails.Text)
	}
}

func (c *chromium) run(actions ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	if err := chromedp.Do(c.ctx, actions...); err != nil {
		c.t.Fatal(err)
	}
}

// ask evaluates an expression, as soon as the page is there to answer.
func ask[T any](c *chromium, expression string) T {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got, err := chromedp.Run(c.ctx, chromedp.Evaluate[T](expression))
		if err == nil {
			return got
		}
		if c.ctx.Err() != nil || time.Now().After(end) {
			c.t.Fatalf("%s: %v", expression, err)
		}
	}
}

// patience is how long a test waits for what a browser is to do: a loaded machine takes its
// time.
const patience = time.Minute

// until waits until an expression about the page is true.
func (c *chromium) until(expression string) {
	c.t.Helper()
	for end := time.Now().Add(patience); !ask[bool](c, expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("not within %v: %s; at %s: %s", patience, expression, ask[string](c, `location.href`), ask[string](c, `document.body.innerText`))
		}
	}
}

// sees waits until an element is there and has a place on the screen.
func (c *chromium) sees(selector string) {
	c.t.Helper()
	c.until(`(e => e !== null && e.getClientRects().length > 0)(document.querySelector(` + strconv.Quote(selector) + `))`)
}

// heading waits for a page with the heading.
func (c *chromium) heading(want string) {
	c.t.Helper()
	c.until(`document.readyState === "complete" && document.querySelector("h1")?.textContent === ` + strconv.Quote(want))
}

// focused is what has the focus.
type focused struct {
	Tag, Type, Name, Value, Text, To string
	Chosen                           bool // one of its group of radio buttons is
	Shown                            bool // one sees on the screen that it has the focus
}

func (c *chromium) focus() focused {
	c.t.Helper()
	return ask[focused](c, `(() => {
		const e = document.activeElement || document.body, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return {Tag: e.tagName, Type: e.type || "", Name: e.name || "", Value: String(e.value || ""), Text: e.textContent.trim(), To: String(e.href || ""),
			Chosen: e.type === "radio" && [...document.getElementsByName(e.name)].some(x => x.checked),
			Shown: e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.height > 0 &&
				r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth};
	})()`)
}

// tabUntil presses the tabulator until it comes to what is wanted, and checks at each stop
// that one sees where one is.
func (c *chromium) tabUntil(what string, found func(f focused) bool) {
	c.t.Helper()
	for range 500 {
		c.run(chromedp.KeyEvent(kb.Tab))
		f := c.focus()
		if !f.Shown {
			c.t.Errorf("%s: nothing shows that %s %s %q has the focus", ask[string](c, `location.pathname`), f.Tag, f.Name, f.Text)
		}
		if found(f) {
			return
		}
	}
	c.t.Fatalf("the tabulator does not reach %s", what)
}

// tabTo presses the tabulator until an element with the text has the focus.
func (c *chromium) tabTo(text string) {
	c.t.Helper()
	c.tabUntil(strconv.Quote(text), func(f focused) bool { return f.Text == text })
}

func (c *chromium) enter(text string) {
	c.t.Helper()
	c.tabTo(text)
	c.pressEnter()
}

// pressEnter presses the key on what has the focus. A link acts as soon as the key is down:
// what follows would come to where it leads, and send the form of an input there.
func (c *chromium) pressEnter() {
	c.t.Helper()
	if !ask[bool](c, `document.activeElement.tagName === "A"`) {
		c.run(chromedp.KeyEvent(kb.Enter))
		return
	}
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []keyboard.DispatchKeyEventType{keyboard.DispatchKeyEventTypeRawKeyDown, keyboard.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, keyboard.DispatchKeyEvent, keyboard.DispatchKeyEventParams{
				Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// shoot checks that the page is not wider than the screen, and keeps a picture of it if
// somebody asked for pictures with VIGIA_TEST_SCREENSHOTS: each takes seconds.
func (c *chromium) shoot(name string, width, height int64, scheme string, whole bool) {
	c.t.Helper()
	if c.dir == "" && scheme == "dark" {
		return // colours change no widths
	}
	c.run(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
	if over := ask[float64](c, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		c.t.Errorf("%s: the page is %v pixels wider than the screen", name, over)
	}
	if c.dir == "" {
		return
	}
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	data, err := chromedp.Run(c.ctx, take)
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, name+".png"), data, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t, access.Administrator)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	c := startChromium(t, w)
	user := userOf(access.Officer)

	// Wrong, then right, with the keyboard alone.
	c.run(chromedp.Navigate(c.base + "/"))
	c.heading("Entrar")
	c.shoot("entrar", 1280, 800, "light", false)
	c.run(chromedp.KeyEvent(user + kb.Tab + "no es esta" + kb.Enter))
	c.sees(`[role=alert]`)
	c.shoot("entrar-mal", 390, 844, "light", false)
	c.run(chromedp.KeyEvent(goodPassword + kb.Enter))
	c.heading("Cómo está la organización")

	c.shoot("portal", 1280, 860, "light", false)
	c.shoot("resumen-claro", 1280, 900, "light", true)
	c.shoot("resumen-oscuro", 1280, 900, "dark", true)
	c.shoot("resumen-movil", 390, 844, "light", true)
	for name, path := range map[string]string{"equipos": "/equipos", "equipo": "/equipos/" + ids["OBRAS-01"], "equipo-callado": "/equipos/" + ids["POLICIA-01"], "equipo-datos": "/equipos/" + ids["SOCIAL-01"],
		"controles": "/controles", "control": "/controles/AC-LOCK-15"} {
		c.run(chromedp.Navigate(c.base + path))
		c.shoot(name+"-claro", 1280, 900, "light", true)
		c.shoot(name+"-oscuro", 1280, 900, "dark", true)
		c.shoot(name+"-movil", 390, 844, "light", true)
	}

	c.admissions(w)

	// Overview, control, machine: by keyboard.
	c.run(chromedp.EmulateViewport(1280, 860), chromedp.Navigate(c.base+"/"))
	c.heading("Cómo está la organización")
	c.enter("Bloqueo de sesión por inactividad")
	c.heading("Bloqueo de sesión por inactividad")
	c.enter("obras-01")
	c.heading("obras-01")
	c.run(chromedp.KeyEvent(kb.Tab))
	c.enter("English")
	c.heading("obras-01")
	c.sees(`html[lang=en]`)
	c.enter("Overview")
	c.heading("How the organisation stands")

	// After the log-out the back button shows nothing.
	c.enter("Log out")
	c.heading("Log in")
	for range 2 {
		was := ask[float64](c, `performance.timeOrigin`)
		ask[bool](c, `history.back(), true`)
		c.until(`document.readyState === "complete" && performance.timeOrigin !== ` + strconv.FormatFloat(was, 'f', -1, 64))
		if body := ask[string](c, `document.body.innerText`); strings.Contains(body, "obras-01") || !strings.Contains(body, "Password") {
			t.Errorf("after the log-out the back button shows %q", body)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 {
		t.Errorf("requests to elsewhere: %v", c.foreign)
	}
	if len(c.problems) > 0 {
		t.Errorf("console: %q", c.problems)
	}
}

// admissions looks at the page of admissions as the officer, who looks, and as
// who decides.
func (c *chromium) admissions(w *townHall) {
	c.t.Helper()
	c.run(chromedp.Navigate(c.base + "/altas"))
	c.heading("Altas de equipos")
	c.shoot("altas-vacia", 1280, 900, "light", true)
	w.queue()
	for _, role := range []access.Role{access.Officer, access.Administrator} {
		if role == access.Administrator {
			ask[bool](c, `document.querySelector('form[action="/salir"]').requestSubmit(), true`)
			c.heading("Entrar")
			c.run(chromedp.KeyEvent(userOf(role) + kb.Tab + goodPassword + kb.Enter))
			c.heading("Cómo está la organización")
		}
		c.run(chromedp.Navigate(c.base + "/altas"))
		c.heading("Altas de equipos")
		c.shoot("altas-claro-"+string(role), 1280, 900, "light", true)
		c.shoot("altas-oscuro-"+string(role), 1280, 900, "dark", true)
		c.shoot("altas-movil-"+string(role), 390, 844, "light", true)
	}
	// Tick the first, approve; make a group code: by keyboard and by form.
	c.run(chromedp.EmulateViewport(1280, 860))
	ask[bool](c, `document.querySelector('input[name=solicitud]').focus(), true`)
	c.run(chromedp.KeyEvent(" "))
	c.enter("Aprobar los marcados")
	c.sees(`[role=status]`)
	ask[bool](c, `document.querySelector('#g-networks').focus(), true`)
	c.run(chromedp.KeyEvent("10.20.0.0/16" + kb.Enter))
	c.sees(`.secret`)
	c.shoot("altas-codigo", 1280, 900, "light", true)
	ask[bool](c, `document.querySelector('form[action="/salir"]').requestSubmit(), true`)
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(userOf(access.Officer) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Cómo está la organización")
}

// queue fills the page of admissions: machines that wait, and some that look
// like others.
func (w *townHall) queue() {
	w.t.Helper()
	w.token(enroll.TokenRequest{Machines: 40, Approval: true, By: "informatica", Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	file := w.token(enroll.TokenRequest{Machines: 40, Approval: true, By: "informatica", Department: "Biblioteca"})
	w.token(enroll.TokenRequest{Hostname: "urbanismo-07", Department: "Urbanismo", By: "informatica"})
	enrolled := func(host string, hardware, installation byte) {
		w.ask(w.newcomer(host, hardware, installation), w.token(enroll.TokenRequest{Department: "Padrón"}))
	}
	enrolled("padron-09", 1, 1)
	enrolled("padron-09", 1, 2)
	for i := range byte(3) {
		enrolled(fmt.Sprintf("biblio-aula-%d", i+1), 20+i, 9)
	}
	for i, host := range []string{"biblio-02", "biblio-03", "padron-09", "cultura-01"} {
		n := w.newcomer(host, byte(60+i), byte(60+i))
		n.department = "Biblioteca"
		w.ask(n, file)
	}
}
