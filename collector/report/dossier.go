package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/registers/plan"
)

// Dossier is what the security document is made of: what the books and the measurements
// know. What they do not know the document leaves blank for a person.
type Dossier struct {
	Organisation string
	At           time.Time // its Location is the organisation's
	// Packs are the titles of the rules that the organisation is measured by.
	Packs []string
	// Machines counts those that report.
	Machines int
	Gaps     []DossierGap
	// Books are the registers by name.
	Books map[string]DossierBook
}

// DossierBook is a register with its rows in force.
type DossierBook struct {
	Book *registers.Book
	Rows []registers.Row
}

// DossierGap is a duty that is not met, in words.
type DossierGap struct {
	ID, Name, Family, Cites, Severity string
	Missing                           []string
	Where, Decision, Plan             string
}

// SecurityDocument writes the security document in Markdown for package paper, in Spanish:
// the seven contents that Zacatecas (article 29) and Coahuila (article 96) ask for and that
// Spain knows by the articles that each section names.
func SecurityDocument(d Dossier) string {
	w := &dossier{Dossier: d}
	w.front()
	w.inventory()
	w.functions()
	w.risks()
	w.gaps()
	w.plan()
	w.monitoring()
	w.training()
	w.end()
	return w.String()
}

type dossier struct {
	Dossier
	strings.Builder
}

func (w *dossier) line(format string, args ...any) { fmt.Fprintf(w, format+"\n\n", args...) }

// table writes a table; blank is the row that stands when there is none.
func (w *dossier) table(heads []string, rows [][]string, blank ...string) {
	if len(rows) == 0 {
		rows = [][]string{blank}
	}
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(w)
}

// words writes text of people so that nothing of it is taken for form.
func words(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("|", "/", "[", "(", "]", ")", "*", "·", "`", "'", "#", "n.º ").Replace(text)), " ")
}

// known is a text, or a blank that says what belongs there.
func known(text, blank string) string {
	if text = words(text); text != "" {
		return text
	}
	return "[" + blank + "]"
}

// cells are the values of some fields of a row, as people read them.
func (w *dossier) cells(b DossierBook, row registers.Row, fields ...string) []string {
	var out []string
	for _, name := range fields {
		f, ok := b.Book.Field(name)
		if !ok {
			out = append(out, "[por completar]")
			continue
		}
		out = append(out, known(f.Show(row.Values[name], message.Spanish, w.At.Location()), strings.ToLower(f.Label.ES)))
	}
	return out
}

func (w *dossier) rows(book string, fields ...string) [][]string {
	b, ok := w.Books[book]
	if !ok || b.Book == nil {
		return nil
	}
	var out [][]string
	for _, row := range b.Rows {
		out = append(out, w.cells(b, row, fields...))
	}
	return out
}

func (w *dossier) front() {
	w.line("# Documento de seguridad")
	w.line("%s", known(w.Organisation, "nombre de la organización"))
	w.table([]string{"Dato", "Valor"}, [][]string{
		{"Fecha de los datos", w.At.Format("02/01/2006 15:04")},
		{"Versión del documento", "[número de versión]"},
		{"Responsable del tratamiento", "[nombre y cargo]"},
		{"Responsable de seguridad", "[nombre y cargo]"},
		{"Aprobado el", "[fecha]"},
		{"Normas con que se mide", words(cmp.Or(strings.Join(w.Packs, "; "), "ninguna elegida todavía"))},
	})
	w.line("Este documento reúne lo que consta en los registros y lo que miden los equipos en la fecha indicada. Lo que el sistema no puede saber aparece como un hueco entre corchetes, que completa quien responde de ello antes de firmarlo.")
	w.table([]string{"Contenido", "Zacatecas", "Coahuila", "España"}, [][]string{
		{"1. Inventario de datos y sistemas", "art. 29.I", "art. 96.I", "RGPD art. 30: registro de actividades"},
		{"2. Funciones y obligaciones", "art. 29.II", "art. 96.II", "RGPD arts. 29 y 32.4; LOPDGDD art. 5"},
		{"3. Análisis de riesgos", "art. 29.III", "art. 96.III", "RGPD arts. 24 y 32"},
		{"4. Análisis de brecha", "art. 29.IV", "art. 96.IV", "RGPD art. 32; LOPDGDD disp. adicional 1.ª"},
		{"5. Plan de trabajo", "art. 29.V", "art. 96.V", "RGPD art. 24.1"},
		{"6. Monitoreo y revisión", "art. 29.VI", "art. 96.VI", "RGPD art. 32.1.d"},
		{"7. Capacitación", "art. 29.VII", "art. 96.VII", "RGPD art. 39.1.b"},
	})
}

func (w *dossier) inventory() {
	w.line("## 1. Inventario de datos personales y de sistemas de tratamiento")
	w.table([]string{"Sistema", "Área", "Responsable", "Finalidad", "Datos", "Formato", "Ubicación", "Nivel"},
		w.rows("systems", "name", "department", "responsible", "purpose", "data", "format", "place", "level"),
		"[sistema]", "[área]", "[responsable y cargo]", "[finalidad y uso]", "[datos personales que reúne]", "[físico o electrónico]", "[dónde se guarda]", "[nivel]")
	w.line("De cada sistema constan además, en el registro de sistemas de tratamiento, de quién son los datos, cómo se obtienen y qué servidores públicos tienen acceso.")
	assets := w.Books["assets"]
	w.line("Equipos: %d informan al sistema de medición y %d constan en el inventario de equipos.", w.Machines, len(assets.Rows))
	if rows := w.rows("processors", "name", "purpose"); len(rows) > 0 {
		w.line("### Encargados del tratamiento")
		w.table([]string{"Encargado", "Objeto"}, rows)
	}
}

func (w *dossier) functions() {
	w.line("## 2. Funciones y obligaciones de quienes tratan datos personales")
	w.table([]string{"Función", "Quién", "Obligaciones"}, [][]string{
		{"Responsable del tratamiento", "[nombre y cargo]", "Decide sobre los fines y los medios, aprueba este documento y firma las revisiones con quien responde de la seguridad."},
		{"Responsable de seguridad", "[nombre y cargo]", "Coordina y comprueba las medidas, decide sobre lo que se halla, lleva el libro de incidencias y firma las revisiones."},
		{"Administración de los sistemas", "[nombre y cargo]", "Aplica las medidas en los equipos, comunica los cambios y cumple el plan de trabajo."},
		{"Delegado u oficial de protección de datos", "[nombre y cargo, o no lo hay]", "Asesora, supervisa y atiende a las personas y a la autoridad."},
		{"Enlaces de área", "[nombres]", "Confirman las listas de su área: personas, permisos y equipos."},
		{"Todo el personal con acceso", "Consta en el registro de personas y cuentas", "Usa los datos solo para su función, guarda secreto y avisa de cualquier incidencia."},
	})
	if rows := w.rows("appointments", "person", "role", "from"); len(rows) > 0 {
		w.line("### Nombramientos que constan")
		w.table([]string{"Persona", "Función", "Desde"}, rows)
	}
}

func (w *dossier) risks() {
	w.line("## 3. Análisis de riesgos")
	w.line("Marco: por cada sistema del inventario se valora, de cada riesgo, con qué probabilidad ocurriría y qué daño haría a las personas. La valoración es de quien responde del sistema; las mediciones dicen qué vulnerabilidades hay ahora.")
	var rows [][]string
	for _, risk := range []string{"Pérdida, robo o extravío", "Acceso o uso no autorizado", "Copia o comunicación no autorizada", "Alteración o daño", "Destrucción por siniestro", "Falta de un lugar seguro y restringido"} {
		rows = append(rows, []string{risk, "[sistemas a que afecta]", "[probabilidad: baja, media o alta]", "[daño: bajo, medio o alto]", "[medidas que lo reducen]"})
	}
	w.table([]string{"Riesgo", "Sistemas", "Probabilidad", "Daño", "Medidas"}, rows)
	counts := map[string]int{}
	var families []string
	for _, g := range w.Gaps {
		if counts[g.Family] == 0 {
			families = append(families, g.Family)
		}
		counts[g.Family]++
	}
	rows = nil
	for _, family := range families {
		rows = append(rows, []string{words(family), fmt.Sprint(counts[family])})
	}
	w.line("### Vulnerabilidades medidas, por familia de obligaciones")
	w.table([]string{"Familia", "Obligaciones con brecha"}, rows, "Ninguna conocida", "0")
}

func (w *dossier) gaps() {
	w.line("## 4. Análisis de brecha")
	w.line("Las medidas que piden las normas frente a las que hay.")
	var rows [][]string
	for _, g := range w.Gaps {
		rows = append(rows, []string{words(g.Name) + " (" + g.ID + ")", words(g.Cites), words(g.Severity), words(strings.Join(g.Missing, "; ")), known(g.Where, "dónde"),
			known(g.Decision, "por decidir"), known(g.Plan, "acción")})
	}
	w.table([]string{"Obligación", "Artículos", "Gravedad", "Qué falta", "Dónde", "Decisión", "Plan"}, rows, "No se conoce ninguna brecha", "—", "—", "—", "—", "—", "—")
}

func (w *dossier) plan() {
	w.line("## 5. Plan de trabajo")
	var rows [][]string
	book := w.Books["plan"]
	if book.Book != nil {
		sorted := slices.Clone(book.Rows)
		slices.SortStableFunc(sorted, func(a, b registers.Row) int { return strings.Compare(a.Values["due"], b.Values["due"]) })
		for _, r := range sorted {
			if plan.State(r.Values["state"]) != plan.Dropped {
				rows = append(rows, append([]string{book.Book.FolioText(r.Folio)}, w.cells(book, r, "action", "owner", "due", "state")...))
			}
		}
	}
	w.table([]string{"Folio", "Acción", "Responsable", "Fecha límite", "Estado"}, rows, "[folio]", "[acción]", "[responsable]", "[fecha]", "[estado]")
	w.line("Recursos asignados y prioridades: [indíquense, si los hay]")
}

func (w *dossier) monitoring() {
	w.line("## 6. Mecanismos de monitoreo y revisión")
	w.line("- Medición continua de los equipos, con prueba inalterable de cada informe y de cada decisión.")
	w.line("- Decisión sobre cada causa hallada; lo crítico o alto que pasa de 72 horas sin decidir consta como tal.")
	w.line("- Informe mensual del registro de accesos, revisión trimestral firmada por las dos funciones, procedimientos de copia cada semestre y auditoría cada año o tras un cambio sustancial.")
	w.line("- Se vigilan: los cambios en los equipos y sistemas, las amenazas nuevas, las vulnerabilidades que puedan aprovecharse, las antiguas que reaparecen y los cambios de impacto que vuelvan inaceptable un riesgo.")
	w.line("Última auditoría: [fecha y quién la hizo]. Próxima: [fecha].")
}

func (w *dossier) training() {
	w.line("## 7. Programa de capacitación")
	w.table([]string{"Actividad", "Fecha", "A quién"}, w.rows("training", "title", "day", "audience"), "[actividad]", "[fecha]", "[personal al que se dirige]")
}

func (w *dossier) end() {
	w.line("## Actualización")
	w.line("Se actualiza cuando el tratamiento cambia de modo que cambia el riesgo, por mejora continua, tras una vulneración y al aplicar acciones correctivas y preventivas (ZAC art. 30, COAH art. 97).")
	w.table([]string{"Fecha", "Motivo", "Qué cambió", "Quién"}, nil, "[fecha]", "[motivo]", "[cambios]", "[nombre y cargo]")
	w.line("## Firmas")
	w.table([]string{"Responsable del tratamiento", "Responsable de seguridad"}, nil, "[firma y sello]", "[firma y sello]")
}
