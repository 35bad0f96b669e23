package incidents

import (
	"fmt"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/paper"
	"vigia/collector/registers"
)

// Draft is the kind of a notice that the book drafts.
type Draft string

// The drafts: Spain asks for what RGPD 33.3, 34 and ES-POL 8.9.1 list, Mexico for what
// ZAC 34-35 and COAH 101-102 list.
const (
	AuthoritySpain  Draft = "autoridad-es"
	PersonsSpain    Draft = "personas-es"
	AuthorityMexico Draft = "autoridad-mx"
	PersonsMexico   Draft = "personas-mx"
)

// Drafts lists them with their names.
func Drafts() map[Draft]message.Text {
	return map[Draft]message.Text{
		AuthoritySpain:  say("Notificación a la autoridad de control (España)", "Notice to the supervisory authority (Spain)"),
		PersonsSpain:    say("Comunicación a las personas afectadas (España)", "Notice to the persons affected (Spain)"),
		AuthorityMexico: say("Aviso a la autoridad garante (México)", "Notice to the authority (Mexico)"),
		PersonsMexico:   say("Aviso a las personas titulares (México)", "Notice to the persons affected (Mexico)"),
	}
}

// DraftsFor are the drafts for the countries of packs: es and mx.
func DraftsFor(countries ...string) []Draft {
	var out []Draft
	for _, country := range countries {
		switch country {
		case "es":
			out = append(out, AuthoritySpain, PersonsSpain)
		case "mx":
			out = append(out, AuthorityMexico, PersonsMexico)
		}
	}
	return out
}

// Text writes a draft of a notice in the little Markdown of package paper, in Spanish: what
// the book knows is filled in, and what it does not is a blank in brackets.
func (in Incident) Text(draft Draft, organisation string, zone *time.Location) (string, error) {
	w := letter{in: in, zone: zone, organisation: organisation}
	switch draft {
	case AuthoritySpain:
		w.authoritySpain()
	case PersonsSpain:
		w.personsSpain()
	case AuthorityMexico:
		w.authorityMexico()
	case PersonsMexico:
		w.personsMexico()
	default:
		return "", fmt.Errorf("no draft is called %q", draft)
	}
	return w.String(), nil
}

// letter is a draft as it is written.
type letter struct {
	strings.Builder
	in           Incident
	zone         *time.Location
	organisation string
}

func (w *letter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n\n", args...) }

// or is what a person wrote, or a blank.
func or(text, blank string) string {
	if strings.TrimSpace(text) == "" {
		return "[" + blank + "]"
	}
	return paper.Escape(text)
}

// value is a field of a form in words, or a blank.
func (w *letter) value(kind Kind, values registers.Values, name, blank string) string {
	f, ok := Form(kind).Field(name)
	if !ok || values[name] == "" {
		return "[" + blank + "]"
	}
	return paper.Escape(f.Show(values[name], message.Spanish, w.zone))
}

func (w *letter) fact(name, blank string) string { return w.value(Open, w.in.Facts, name, blank) }

func (w *letter) assessed(name, blank string) string {
	return w.value(Assessment, w.in.Assessed, name, blank)
}

func (w *letter) head(title string) {
	w.line("# %s", title)
	w.line("**%s** · Incidencia %s", or(w.organisation, "nombre de la organización"), FolioText(w.in.Folio))
	w.line("[Lugar y fecha]")
}

// measures lists what was done and will be done.
func (w *letter) measures() {
	some := false
	for _, kind := range []string{"immediate", "definitive"} {
		for _, a := range w.in.Actions {
			if a.Values["kind"] != kind {
				continue
			}
			some = true
			when := "prevista para el " + w.value(Action, a.Values, "due", "fecha")
			if a.Values["done"] != "" {
				when = "hecha el " + w.value(Action, a.Values, "done", "fecha")
			}
			label := "Inmediata"
			if kind == "definitive" {
				label = "Definitiva"
			}
			fmt.Fprintf(w, "- %s: %s (%s)\n", label, paper.Escape(a.Values["text"]), when)
		}
	}
	if text := w.in.Facts["measures"]; text != "" {
		some = true
		fmt.Fprintf(w, "- %s\n", paper.Escape(text))
	}
	if !some {
		w.WriteString("[Medidas tomadas y propuestas]\n")
	}
	w.WriteString("\n")
}

func (w *letter) instants() {
	w.line("| Momento | Fecha y hora |\n|---|---|\n| Ocurrió | %s |\n| Se detectó | %s |\n| Lo supo la organización | %s |\n| Se confirmó | %s |",
		w.fact("happened", "si se conoce"), w.fact("detected", "fecha y hora"), w.fact("known", "fecha y hora"), w.fact("confirmed", "si está confirmada"))
}

func (w *letter) sign() {
	w.line("[Nombre, cargo y firma de quien notifica]")
}

func (w *letter) authoritySpain() {
	w.head("Notificación de una violación de la seguridad de los datos personales")
	w.line("A la autoridad de control: [Agencia Española de Protección de Datos o autoridad autonómica]. Artículo 33 del RGPD y punto 8.9.1 de la política de seguridad.")
	w.line("## 1. Naturaleza de la violación")
	w.line("%s", w.fact("description", "qué ocurrió"))
	w.line("Clase: %s. Datos alcanzados: %s.", w.assessed("kind", "clase"), w.assessed("categories", "categorías de datos"))
	w.line("Número aproximado de personas: %s. Número aproximado de registros: %s.", w.assessed("persons", "número"), w.assessed("records", "número"))
	w.instants()
	w.line("## 2. Delegado de protección de datos o punto de contacto")
	w.line("[Nombre, correo y teléfono]")
	w.line("## 3. Consecuencias probables")
	w.line("%s", w.assessed("consequences", "consecuencias probables"))
	w.line("Daños posibles: %s.", w.assessed("harm", "los que correspondan"))
	w.line("## 4. Medidas adoptadas o propuestas")
	w.measures()
	w.line("## 5. Comunicación a las personas afectadas")
	switch {
	case w.in.Assessed["exempt"] == "encryption":
		w.line("No se comunica: los datos eran ininteligibles (artículo 34.3.a). El equipo «%s» constaba cifrado; lo prueba la entrada %s del registro de evidencia.",
			paper.Escape(w.in.Assessed["exempt_machine"]), paper.Escape(w.in.Assessed["exempt_leaf"]))
	case w.in.Assessed["exempt"] != "":
		w.line("%s. %s", w.assessed("exempt", ""), w.assessed("exempt_why", "explicación"))
	case w.in.Assessed["high"] == Yes:
		w.line("Se comunica, porque el riesgo es alto: %s", w.assessed("high_why", "por qué"))
	case w.in.Assessed["high"] == No:
		w.line("No se comunica: no se aprecia riesgo alto. %s", w.assessed("high_why", "por qué"))
	default:
		w.line("[Si se comunica a las personas, y por qué]")
	}
	w.line("## 6. Si se notifica pasadas 72 horas: motivos")
	w.line("%s", w.lateWhy())
	w.sign()
}

// lateWhy are the reasons for a delay, if somebody gave any.
func (w *letter) lateWhy() string {
	for _, n := range w.in.Notices {
		if n.Values["to"] == string(Authority) && n.Values["late_why"] != "" {
			return paper.Escape(n.Values["late_why"])
		}
	}
	return "[Motivos del retraso; si no lo hay, borre este apartado]"
}

func (w *letter) personsSpain() {
	w.head("Comunicación sobre la seguridad de sus datos personales")
	w.line("Le escribimos porque ha habido un problema de seguridad que alcanza a datos suyos (artículo 34 del RGPD).")
	w.line("## Qué ha pasado")
	w.line("%s", w.fact("description", "qué ocurrió, en palabras sencillas"))
	w.line("Ocurrió: %s.", w.fact("happened", "cuándo"))
	w.line("## Qué datos suyos se ven afectados")
	w.line("%s.", w.assessed("categories", "datos afectados"))
	w.line("## Qué consecuencias puede tener")
	w.line("%s", w.assessed("consequences", "consecuencias probables"))
	w.line("## Qué hemos hecho")
	w.measures()
	w.line("## Qué le recomendamos")
	w.advice()
	w.line("## Dónde preguntar")
	w.line("[Nombre y contacto del delegado de protección de datos]")
	w.sign()
}

// advice is what persons can do themselves, by the data that were reached.
func (w *letter) advice() {
	categories := w.in.Assessed.List("categories")
	if len(categories) == 0 {
		w.line("[Recomendaciones para que proteja sus intereses]")
		return
	}
	w.WriteString("- Desconfíe de llamadas y mensajes que usen estos datos; ninguna administración le pedirá contraseñas.\n")
	for _, c := range categories {
		switch c {
		case "credentials":
			w.WriteString("- Cambie las contraseñas afectadas, y las iguales que use en otros sitios.\n")
		case "economic":
			w.WriteString("- Revise los movimientos de sus cuentas y avise a su banco si ve algo extraño.\n")
		case "official":
			w.WriteString("- Esté atento a trámites o contratos que no haya hecho usted a su nombre.\n")
		}
	}
	w.WriteString("- [Otras recomendaciones]\n\n")
}

func (w *letter) authorityMexico() {
	w.head("Aviso de vulneración a la seguridad de datos personales")
	w.line("A [autoridad garante]. Artículo 34 de la ley de Zacatecas y 101 de la de Coahuila, o el de la ley que corresponda: [artículo].")
	w.line("## Naturaleza del incidente")
	w.line("%s", w.fact("description", "qué ocurrió"))
	w.line("Clase de vulneración: %s.", w.assessed("kind", "clase"))
	w.instants()
	w.line("## Datos personales comprometidos")
	w.line("%s. Personas: %s. Registros: %s.", w.assessed("categories", "datos"), w.assessed("persons", "número aproximado"), w.assessed("records", "número aproximado"))
	w.line("## Afectación de derechos patrimoniales o morales")
	w.line("%s", w.assessed("consequences", "cómo afecta"))
	w.line("## Acciones correctivas realizadas de inmediato y definitivas")
	w.measures()
	w.line("## Recomendaciones dadas a las personas titulares")
	w.advice()
	w.line("## Medio para obtener más información")
	w.line("[Unidad de Transparencia: domicilio, correo y teléfono]")
	w.sign()
}

func (w *letter) personsMexico() {
	w.head("Aviso sobre la seguridad de sus datos personales")
	w.line("Artículo 35 de la ley de Zacatecas y 102 de la de Coahuila, o el de la ley que corresponda: [artículo].")
	w.line("## La naturaleza del incidente")
	w.line("%s", w.fact("description", "qué ocurrió, en palabras sencillas"))
	w.line("## Los datos personales comprometidos")
	w.line("%s.", w.assessed("categories", "datos comprometidos"))
	w.line("## Recomendaciones para proteger sus intereses")
	w.advice()
	w.line("## Las acciones correctivas realizadas de forma inmediata")
	w.measures()
	w.line("## Dónde puede obtener más información")
	w.line("[Unidad de Transparencia: domicilio, correo y teléfono]")
	w.sign()
}

// Sheet is a blank sheet on which an incident is written by hand, to be entered later.
func Sheet(organisation string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# Hoja de incidencia\n\n**%s**\n\nEscriba con letra clara y entréguela a quien responde de la seguridad. Después se anota en el libro, con esta hoja escaneada y las dos fechas.\n\n| Dato | Respuesta |\n|---|---|\n",
		or(organisation, "nombre de la organización"))
	for _, f := range Form(Open).Fields {
		switch f.Name {
		case "findings", "paper", "paper_at", "controls", "systems", "known", "confirmed":
			continue
		case "type":
			fmt.Fprintf(&w, "| %s (marque una) | ", f.Label.ES)
			for i, o := range f.Options {
				if i > 0 {
					w.WriteString("; ")
				}
				fmt.Fprintf(&w, "%d %s", i+1, paper.Escape(o.Label.ES))
			}
			w.WriteString(" |\n")
		default:
			fmt.Fprintf(&w, "| %s | |\n", f.Label.ES)
			if f.Kind == registers.Prose {
				w.WriteString("| | |\n| | |\n")
			}
		}
	}
	w.WriteString("| Fecha y hora en que escribe esta hoja | |\n| Firma | |\n")
	return w.String()
}
