package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
)

// fillIn types into a field by its id.
func (c *chromium) fillIn(id, text string) {
	c.t.Helper()
	c.sees("#" + id)
	c.run(chromedp.Focus(`#`+id), chromedp.KeyEvent(text))
}

// press clicks the button with the text, which is visible.
func (c *chromium) press(text string) {
	c.t.Helper()
	if !ask[bool](c, `(() => { const b = [...document.querySelectorAll("button, a.button")].find(b => b.textContent.trim() === "`+text+`" && b.offsetParent); if (b) b.click(); return !!b; })()`) {
		c.t.Fatalf("no button %q", text)
	}
}

// TestSecurityKeyInBrowser adds a security key in a real browser, logs in with it, and proves
// with it again before a change. The browser's own authenticator takes the place of the device.
func TestSecurityKeyInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t, access.Administrator)
	c := startChromium(t, w)
	c.base = strings.Replace(c.base, "127.0.0.1", "localhost", 1) // keys need a name
	c.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb, AutomaticPresenceSimulation: true}})
		return err
	}))
	user := userOf(access.Administrator)
	c.run(chromedp.Navigate(c.base + "/"))
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(user + kb.Tab + goodPassword + kb.Enter))
	c.heading("Cómo está la organización")
	c.run(chromedp.Navigate(c.base + "/acceso/segundo-factor"))
	c.heading("Segundo factor")
	c.shoot("factores-claro", 1280, 900, "light", true)
	c.shoot("factores-oscuro", 1280, 900, "dark", true)
	c.shoot("factores-movil", 390, 844, "light", true)
	c.fillIn("k-clave", goodPassword)
	c.fillIn("k-nombre", "la azul")
	c.press("Añadir una llave")
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if keys, err := w.access.Keys(t.Context(), user); err != nil || len(keys) == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no key was added; the page says %q", ask[string](c, `document.querySelector("[data-aviso]").textContent + " | " + document.querySelector("[role=alert]")?.textContent + location.href`))
		}
	}
	if keys, err := w.access.Keys(t.Context(), user); err != nil || len(keys) != 1 || keys[0].Label != "la azul" {
		t.Fatalf("got %+v, %v; want the key", keys, err)
	}

	// Log in again, with it.
	c.run(chromedp.Navigate(c.base + "/"))
	c.press("Salir")
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(user + kb.Tab + goodPassword + kb.Enter))
	c.heading("Segundo factor")
	c.shoot("segundo-claro", 1280, 800, "light", false)
	c.press("Usar la llave de seguridad")
	c.heading("Cómo está la organización")

	// Minutes later a change asks for it again, and goes on with what was typed.
	w.now = w.now.Add(access.FreshFor)
	c.run(chromedp.Navigate(c.base + "/cuentas"))
	c.heading("Cuentas")
	c.shoot("cuentas-claro", 1280, 900, "light", true)
	c.shoot("cuentas-oscuro", 1280, 900, "dark", true)
	c.shoot("cuentas-movil", 390, 844, "light", true)
	c.fillIn("nombre", "luis")
	ask[string](c, `document.querySelector("#c-rol").value = "director"`)
	c.press("Crear la cuenta")
	c.heading("Confirme que es usted")
	c.shoot("confirmar-claro", 1280, 800, "light", false)
	c.shoot("confirmar-movil", 390, 844, "light", false)
	c.fillIn("clave", goodPassword)
	c.press("Usar la llave de seguridad")
	c.heading("Ya está confirmado")
	c.shoot("seguir-claro", 1280, 800, "light", false)
	c.press("Enviar lo que escribí")
	c.heading("luis")
	c.shoot("cuenta-claro", 1280, 900, "light", true)
	c.shoot("cuenta-movil", 390, 844, "light", true)
	c.run(chromedp.Navigate(c.base + "/acceso"))
	c.heading("Mi cuenta")
	c.shoot("acceso-claro", 1280, 900, "light", true)
	c.shoot("acceso-movil", 390, 844, "light", true)
	c.run(chromedp.Navigate(c.base + "/actividad"))
	c.heading("Registro de actividad")
	c.shoot("actividad-claro", 1280, 900, "light", true)
	c.shoot("actividad-oscuro", 1280, 900, "dark", true)
	c.shoot("actividad-movil", 390, 844, "light", true)
	c.run(chromedp.Navigate(c.base + "/acceso/segundo-factor"))
	c.heading("Segundo factor")
	c.press("Hacer mi hoja")
	c.heading("Hoja de códigos")
	c.shoot("hoja-claro", 1280, 900, "light", true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 || len(c.problems) > 0 {
		t.Errorf("requests to elsewhere %q, problems %q", c.foreign, c.problems)
	}
}
