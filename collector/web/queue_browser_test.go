package web

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	keyboard "github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
)

// TestQueueByKeyboard runs the queue without a pointer: accept a fix with one key and go on
// to the next, dismiss with a reason, take the rest to the plan, and close a line of it.
func TestQueueByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t)
	w.furnish(officePCs())
	c := startChromium(t, w)
	c.run(chromedp.Navigate(c.base + "/pendientes"))
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(userOf(access.Officer) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Lo que espera una decisión")
	c.shots("pendientes", "/pendientes")
	before := ask[int](c, `Number(document.querySelector(".facts b").textContent)`)

	c.enter("Empezar por la primera")
	c.sees(`#decidir`)
	first := ask[string](c, `location.pathname`)
	c.shots("pendiente", first)
	if focus := ask[string](c, `document.activeElement.value`); focus != "fix" {
		t.Errorf("the focus is on %q, want the button that accepts the fix", focus)
	}
	// Nobody was named yet, so that the first needs a name; the next takes one key.
	ask[bool](c, `document.querySelector("#c-owner").focus(), true`)
	c.run(chromedp.KeyEvent("Luis Mora, informática"))
	c.accessKey("a", "[role=status]")
	second := ask[string](c, `location.pathname`)
	if second == first || second == "/pendientes" {
		t.Fatalf("after a decision: at %q, want the next cause", second)
	}
	c.accessKey("a", "[role=status]")
	third := ask[string](c, `location.pathname`)
	if third == second {
		t.Fatal("the second fix was not accepted by its key")
	}
	// Dismissing needs a reason; the page says so and keeps its place.
	c.accessKey("x", "[role=alert]")
	c.shoot("pendiente-motivo", 1280, 900, "light", false)
	ask[bool](c, `document.querySelector("#c-why").focus(), true`)
	c.run(chromedp.KeyEvent("Es un equipo de pruebas sin datos."))
	c.accessKey("x", "[role=status]")

	c.run(chromedp.Navigate(c.base + "/pendientes"))
	if after := ask[int](c, `Number(document.querySelector(".facts b").textContent)`); after != before-3 {
		t.Errorf("to decide: got %d, want %d", after, before-3)
	}
	c.shots("pendientes-empezada", "/pendientes?estado=todos")

	c.shots("linea-base", "/pendientes/linea-base")
	c.run(chromedp.Navigate(c.base + "/pendientes/linea-base"))
	c.heading("Línea base")
	c.run(chromedp.KeyEvent("Luis Mora, informática"))
	c.enter("Confirmar la línea base")
	c.heading("Plan de trabajo")
	c.shots("plan", "/plan")
	c.enter("Empezar")
	c.sees(`[role=status]`)
	c.shots("plan-area", "/plan?por=area")
	c.shots("brechas", "/plan/brechas")
	c.shots("pendientes-vacia", "/pendientes")
	c.shots("pendiente-decidida", first)

	var rows int
	w.must(w.db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		all, err := w.registers.Rows(ctx, tx, plan.Book())
		rows = len(all)
		return err
	}))
	if rows < 3 || rows > 20 {
		t.Errorf("lines of the plan: got %d, want a plan that one can read", rows)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 || len(c.problems) > 0 {
		t.Errorf("requests to elsewhere: %v; console: %q", c.foreign, c.problems)
	}
}

// accessKey presses a key of the page, and waits for the answer to show an element.
func (c *chromium) accessKey(key, want string) {
	c.t.Helper()
	was := ask[float64](c, `performance.timeOrigin`)
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []keyboard.DispatchKeyEventType{keyboard.DispatchKeyEventTypeRawKeyDown, keyboard.DispatchKeyEventTypeChar, keyboard.DispatchKeyEventTypeKeyUp} {
			if _, err := cdp.Call(ctx, target, keyboard.DispatchKeyEvent, keyboard.DispatchKeyEventParams{
				Type: kind, Modifiers: int64(chromedp.ModifierAlt), Key: key, Code: "Key" + strings.ToUpper(key), UnmodifiedText: key, Text: key,
				WindowsVirtualKeyCode: int64(strings.ToUpper(key)[0]),
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	c.until(`document.readyState === "complete" && performance.timeOrigin !== ` + strconv.FormatFloat(was, 'f', -1, 64))
	if !ask[bool](c, `document.querySelector("`+want+`") !== null`) {
		c.t.Fatalf("after the key %s: no %s at %s: %s", key, want, ask[string](c, `location.href`), ask[string](c, `document.querySelector("main").innerText`))
	}
}

// shots are pictures of a page by day, by night and on a phone.
func (c *chromium) shots(name, path string) {
	c.t.Helper()
	c.run(chromedp.Navigate(c.base + path))
	c.shoot(name+"-claro", 1280, 900, "light", true)
	c.shoot(name+"-oscuro", 1280, 900, "dark", true)
	c.shoot(name+"-movil", 390, 844, "light", true)
	c.run(chromedp.EmulateViewport(1280, 860))
}
