package agent

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigia/checks/checktest"
)

// troublesPage is the guide's page of what to do by error message.
const troublesPage = "../packaging/guide/problemas.md"

// causes says of each problem how it comes about, for the page. What the message itself
// says is not repeated: the collector's refusals and those of policies name their cause.
func causes() map[string]string {
	const asked = "La orden se escribió de otro modo que el que admite."
	return map[string]string{
		"usage.argument": asked, "usage.command": asked, "usage.exclude": asked, "usage.flag": asked, "usage.missing": asked,
		"usage.not_empty":    "Una grabación no se mezcla con otra.",
		"usage.export_name":  "Así se llaman las respuestas, el kit o los archivos ocultos, o es demasiado largo.",
		"usage.export_taken": "Otro equipo exportó con ese nombre, o es un archivo de otra cosa.",
		"usage.not_file":     "Se dio una carpeta, un enlace, una tubería o un dispositivo.",
		"usage.not_folder":   "Se dio un archivo.",
		"usage.path":         "El archivo no existe, es una carpeta o no hay permiso para leerlo.",
		"usage.unknown_id":   "El control está mal escrito, o las reglas elegidas no lo piden.",
		"usage.write":        "La carpeta no está vacía, no existe la de encima o no hay permiso.",

		"problem.address":           "Falta el puerto, o sobra `https://`.",
		"problem.administrator":     "Instalar, quitar, arrancar o parar el servicio es cosa del administrador.",
		"problem.ahead":             "Los informes llevan un número seguido, y el colector ya tiene los que ahora tocan.",
		"problem.answer":            "El colector es de otra versión, o algo entre los dos cambia lo que dice.",
		"problem.busy":              "Llaman muchos equipos a la vez, o su disco está lleno.",
		"problem.clock":             "Una hora equivocada en años: pila de la placa agotada, o sin sincronizar.",
		"problem.config":            "Una clave mal escrita o un valor que no es. El detalle dice archivo, línea y clave.",
		"problem.damaged_identity":  "El disco falló, o alguien editó o copió a medias la carpeta `identity`.",
		"problem.disk_full":         "El disco del equipo, o la cuota de la cuenta.",
		"problem.enrolled":          "Se repite el alta de un equipo que ya la tiene.",
		"problem.exporting":         "Dos órdenes sobre la misma carpeta de datos.",
		"problem.in_use":            "El servicio está en marcha, y la orden necesita la carpeta para ella sola.",
		"problem.interrupted":       "Alguien pulsó Ctrl+C o detuvo el programa.",
		"problem.kit":               "El archivo del kit se cortó al copiarlo, o es de otra versión.",
		"problem.kit_foreign":       "La memoria mezcla archivos de dos colectores.",
		"problem.kit_token":         "El kit se escribió para otros equipos, o ya se gastó su código.",
		"problem.loose_keys":        "Se copió la carpeta de datos sin conservar los permisos.",
		"problem.loose_password":    "El archivo se creó con los permisos normales.",
		"problem.no_kit":            "La memoria está vacía o es otra.",
		"problem.no_recipient":      "El equipo se dio de alta con una versión anterior y aún no ha hablado con el colector.",
		"problem.no_service":        "Se ejecuta el programa suelto, sin instalar.",
		"problem.not_admitted":      "El colector no lo reconoce como uno de los suyos.",
		"problem.not_enrolled":      "El alta no se hizo, o se hizo en otra carpeta de datos.",
		"problem.other":             "Algo no previsto. El texto es técnico.",
		"problem.password_file":     "El archivo no existe, está vacío, es muy grande o no hay permiso.",
		"problem.permission":        "La orden toca archivos del administrador.",
		"problem.place":             "El programa está en una carpeta donde otros escriben, o se abrieron los permisos de la de datos: cualquiera podría cambiarlo.",
		"problem.policy":            "El archivo de `--policy` tiene un error, o nombra un paquete que no hay. El detalle dice la línea.",
		"problem.proxy":             "Falta `http://`, o la contraseña lleva signos sin escapar.",
		"problem.proxy_beyond":      "El proxy funciona, pero desde él no se llega al colector.",
		"problem.proxy_login":       "El proxy no deja pasar a nadie sin identificarse.",
		"problem.proxy_not_proxy":   "La dirección es de un servidor web o de otro servicio.",
		"problem.proxy_refused":     "El proxy solo permite CONNECT al puerto 443, o a ciertas direcciones.",
		"problem.proxy_unreachable": "El proxy está apagado, o la dirección o el puerto son otros.",
		"problem.proxy_unsupported": "El proxy identifica por la cuenta de Windows de la persona; un servicio no la tiene.",
		"problem.proxy_wrong_login": "La contraseña cambió, o un signo especial va sin escapar.",
		"problem.refused":           "El colector entiende otra cosa que la que el agente pide: son de versiones muy distintas.",
		"problem.server_name":       "Se llama al colector por una dirección o un nombre que no está en su certificado.",
		"problem.service":           "Se instala dos veces.",
		"problem.service_manager":   "Windows no pudo arrancar, parar o registrar el servicio.",
		"problem.spool_moved":       "Coinciden la orden y el servicio.",
		"problem.stick":             "Memoria quitada antes de tiempo, protegida o estropeada.",
		"problem.stick_full":        "Los informes que esperan ocupan más que lo libre.",
		"problem.systemd":           "`service install` y las demás son de Windows.",
		"problem.token":             "Se cortó al copiarlo, o lleva espacios o saltos de línea dentro.",
		"problem.token_big":         "Se dio otro archivo.",
		"problem.token_columns":     "Se guardó con otro programa, o es otro archivo.",
		"problem.token_host":        "El equipo no estaba en la lista, o ha cambiado de nombre.",
		"problem.token_hosts":       "La lista se pegó dos veces.",
		"problem.token_refused":     "El colector lo dice en el detalle.",
		"problem.token_rows":        "Es una lista de muchas organizaciones, o está repetida.",
		"problem.token_table":       "Una hoja de cálculo la cambió al guardarla.",
		"problem.unknown_ca":        "Otro servidor responde en esa dirección, el token es de otro colector, o un programa abre el cifrado (inspección TLS).",
		"problem.unreachable":       "El colector está apagado, la dirección es otra o un cortafuegos corta el puerto.",
	}
}

// TestTroublesPage demands that the guide explains every problem that the agent can tell:
// what it says, how that comes about, what to do.
func TestTroublesPage(t *testing.T) {
	all, why := messages(), causes()
	var b strings.Builder
	table := func(title, prefix string, cause bool) {
		fmt.Fprintf(&b, "### %s\n\n", title)
		if cause {
			b.WriteString("| Mensaje | Por qué | Qué hacer |\n|---|---|---|\n")
		} else {
			b.WriteString("| Mensaje | Qué hacer |\n|---|---|\n")
		}
		for _, code := range slices.Sorted(maps.Keys(all)) {
			if !strings.HasPrefix(code, prefix) || prefix == "problem." && strings.HasPrefix(code, collectorPrefix) {
				continue
			}
			say, do := all[code].Say.ES, all[code].Do.ES
			if do == "" && code != "problem.interrupted" {
				t.Errorf("%s says nobody what to do", code)
			}
			if !cause {
				fmt.Fprintf(&b, "| %s | %s |\n", shown(say), shown(do))
				continue
			}
			if why[code] == "" {
				t.Errorf("%s has no cause: add it to causes", code)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", shown(say), why[code], shown(do))
			delete(why, code)
		}
		b.WriteString("\n")
	}
	table("Problemas del equipo, del alta y de la red", "problem.", true)
	table("Lo que el colector rechaza", collectorPrefix, false)
	table("Políticas que el agente rechaza", refusedPrefix, false)
	table("Órdenes mal escritas", "usage.", true)
	for code := range why {
		t.Errorf("%s has a cause and is no problem of the agent", code)
	}
	checktest.PageSection(t, troublesPage, "agente", b.String())
}

// shown writes a message for a table of Markdown, with an ellipsis where it names something.
func shown(s string) string {
	s = regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(s, "…")
	s = strings.NewReplacer("|", `\|`, `\vigia`, `\\vigia`).Replace(s)
	switch s {
	case "":
		return "—"
	case "…":
		return "cualquier otro texto"
	}
	return s
}

// What the packages and the installer say when they refuse stands on the page too.
func TestTroublesOfPackages(t *testing.T) {
	page, err := os.ReadFile(troublesPage)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for file, form := range map[string]string{
		"../packaging/windows/vigia-agent.wxs": `Message="([^"]+)"`,
		"../packaging/linux/preinstall.sh":     `echo "\$name: ([^($"]+)`,
		"../packaging/linux/postinstall.sh":    `echo "\$name: ([^;$"]+)`,
	} {
		data, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(form).FindAllStringSubmatch(string(data), -1) {
			said = append(said, strings.TrimSpace(m[1]))
		}
	}
	if len(said) < 4 {
		t.Errorf("found %q only", said)
	}
	for _, text := range said {
		if !strings.Contains(string(page), text) {
			t.Errorf("%s does not explain %q", troublesPage, text)
		}
	}
}
