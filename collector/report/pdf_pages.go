package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/collector/findings"
	"vigia/collector/reviews"
)

// coverage says whom the numbers speak for, and what changed the rules.
func (p *page) coverage() {
	p.AddPage()
	p.heading("Cobertura: de quién hablan estos números")
	c := p.doc.Coverage
	agentless := strconv.Itoa(c.Agentless)
	if !c.Listed {
		agentless = "no se sabe"
	}
	for _, row := range [][2]string{
		{"Equipos medidos por completo", strconv.Itoa(c.Measured)},
		{"Equipos con algún dato que no se pudo medir", strconv.Itoa(c.Partly)},
		{"Equipos en silencio: dejaron de informar", strconv.Itoa(c.Silent)},
		{"Equipos dados de alta que nunca informaron", strconv.Itoa(c.Never)},
		{"Equipos conocidos sin agente", agentless},
		{"Equipos excluidos a propósito", strconv.Itoa(c.Excluded)},
		{"Equipos retirados o revocados en el trimestre", strconv.Itoa(c.Departed)},
	} {
		p.SetDrawColor(222, 225, 230)
		p.write(10, "", ink())
		p.CellFormat(textWidth-30, 6.6, row[0], "B", 0, "L", false, 0, "")
		p.write(10, "B", ink())
		p.CellFormat(30, 6.6, row[1], "B", 1, "R", false, 0, "")
	}
	p.Ln(2)
	p.machinesIn("Equipos que no informan", reviews.Silent, reviews.Never)
	p.machinesIn("Equipos conocidos sin agente", reviews.Agentless)
	p.machinesIn("Equipos excluidos", reviews.Excluded)
	p.machinesIn("Equipos retirados o revocados", reviews.Departed)
	p.notes()
}

// inPDF bounds what the PDF lists one by one; the tables hold all.
const inPDF = 40

func (p *page) machinesIn(title string, states ...reviews.MachineState) {
	var rows [][]string
	for _, m := range p.doc.Coverage.Machines {
		if !slices.Contains(states, reviews.MachineState(m.State)) {
			continue
		}
		detail := m.Why
		if m.State == string(reviews.Silent) && !m.LastSeen.IsZero() {
			detail = "última medida: " + p.moment(m.LastSeen)
		}
		if m.State == string(reviews.Never) {
			detail = "dado de alta el " + p.date(m.Enrolled)
		}
		rows = append(rows, []string{m.Hostname, m.Department, Label(p.lang, m.State), detail})
	}
	if len(rows) > 0 {
		p.heading(title)
		p.table([]float64{48, 42, 38, textWidth - 128}, []string{"Equipo", "Departamento", "Estado", "Detalle"}, rows)
	}
}

func (p *page) notes() {
	var rows [][]string
	for _, n := range p.doc.Notes {
		who := n.By
		if n.By != "" && n.Why != "" {
			who += ": "
		}
		rows = append(rows, []string{p.moment(n.At), Label(p.lang, n.Kind), subject(p.lang, n.Subject), who + n.Why})
	}
	if len(rows) > 0 {
		p.heading("Cambios del trimestre en las reglas, los registros y los equipos")
		p.table([]float64{32, 44, 44, textWidth - 120}, []string{"Cuándo", "Qué", "Sobre", "Quién y por qué"}, rows)
	}
}

// controls draws one line a control: worst first, then those without
// measurement.
func (p *page) controls() {
	p.AddPage()
	p.heading("Estado por control")
	measured, rest := splitControls(p.doc.Controls)
	if len(measured) == 0 {
		p.para(10, "", ink(), "Ningún equipo ha informado todavía en este trimestre.")
	}
	for _, c := range measured {
		p.control(c)
	}
	if len(rest) == 0 {
		return
	}
	p.heading("Controles esenciales sin medición automática todavía")
	p.para(9, "", faint(), "Compruébelos a mano y anote el resultado: aquí no se dice que se cumplan.")
	p.Ln(1)
	for _, c := range rest {
		p.unmeasured(c)
	}
}

// unmeasured draws a duty that somebody must look at, with a box to tick.
func (p *page) unmeasured(c Control) {
	p.need(13)
	y := p.GetY()
	p.SetDrawColor(150, 156, 164)
	p.Rect(margin, y+0.8, 3.4, 3.4, "D")
	p.SetX(margin + 7)
	p.write(9.5, "B", ink())
	p.CellFormat(textWidth-37, 5, p.fit(c.Title, textWidth-39), "", 0, "L", false, 0, "")
	p.write(8.5, "", faint())
	p.CellFormat(30, 5, "gravedad "+Label(p.lang, string(c.Severity)), "", 1, "R", false, 0, "")
	p.SetX(margin + 7)
	p.write(7.5, "", faint())
	p.MultiCell(textWidth-7, 3.6, c.ID+" · "+c.cites(), "", "L", false)
	p.Ln(1.8)
}

// splitControls separates what is measured, worst first, from what is not.
func splitControls(all []Control) (measured, rest []Control) {
	for _, c := range all {
		switch {
		case c.Measured:
			measured = append(measured, c)
		case c.Core: // what nobody is bound to and nobody asked for is in the tables only
			rest = append(rest, c)
		}
	}
	rank := map[checks.Status]int{}
	for i, s := range checks.Statuses() {
		rank[s] = i
	}
	slices.SortStableFunc(measured, func(a, b Control) int {
		return cmp.Or(rank[a.Worst()]-rank[b.Worst()], b.Counts[checks.Fail]-a.Counts[checks.Fail])
	})
	return measured, rest
}

func (p *page) control(c Control) {
	p.need(20)
	y := p.GetY()
	p.mark(margin, y+1.2, 4, c.Worst())
	p.SetXY(margin+7, y)
	p.write(10.5, "B", ink())
	p.CellFormat(textWidth-62, 5.4, p.fit(c.Title, textWidth-64), "", 0, "L", false, 0, "")
	p.SetXY(margin+textWidth-53, y)
	p.write(9, "", faint())
	p.CellFormat(53, 5.4, Label(p.lang, string(c.Worst()))+" · gravedad "+Label(p.lang, string(c.Severity)), "", 1, "R", false, 0, "")
	p.SetX(margin + 7)
	p.write(8, "", faint())
	p.MultiCell(textWidth-64, 4, c.ID+" · "+c.cites(), "", "L", false)
	below := p.GetY()
	p.bar(margin+textWidth-53, y+6.4, 53, 4, c.Counts)
	p.SetXY(margin+textWidth-53, y+11)
	p.CellFormat(53, 4, p.change(c), "", 0, "R", false, 0, "")
	p.SetXY(margin, max(below, y+15)+2.4)
}

// change says how many machines fail or are unknown now, and before.
func (p *page) change(c Control) string {
	now := c.Counts[checks.Fail] + c.Counts[checks.Unknown]
	total := 0
	for _, n := range c.Counts {
		total += n
	}
	text := fmt.Sprintf("%d de %d con problema o sin dato", now, total)
	before := 0
	for _, n := range c.Before {
		before += n
	}
	if before == 0 {
		return text
	}
	switch diff := now - c.Before[checks.Fail] - c.Before[checks.Unknown]; {
	case diff > 0:
		return fmt.Sprintf("%s (+%d)", text, diff)
	case diff < 0:
		return fmt.Sprintf("%s (%d)", text, diff)
	default:
		return text + " (igual)"
	}
}

// cause is a group of findings with one reason: one thing to do.
type cause struct {
	control, code, do string
	worst             checks.Status
	rows              []Finding
}

// causes lists the findings grouped by what caused them.
func (p *page) causes() {
	p.AddPage()
	p.heading("Hallazgos, desde cuándo y qué hacer")
	groups := groupCauses(p.doc.Findings)
	if len(groups) == 0 {
		p.para(10, "", ink(), "No hay hallazgos abiertos.")
		return
	}
	titles := map[string]string{findings.ControlAgent: findings.Messages().Say(p.lang, findings.ControlAgent, nil)}
	for _, c := range p.doc.Controls {
		titles[c.ID] = c.Title
	}
	for _, g := range groups {
		p.need(48)
		y := p.GetY()
		p.mark(margin, y+1.2, 3.8, g.worst)
		p.SetXY(margin+7, y)
		p.write(10.5, "B", ink())
		p.MultiCell(textWidth-7, 5.4, g.control+" · "+titles[g.control], "", "L", false)
		if g.do != "" {
			p.SetX(margin + 7)
			p.write(9, "", faint())
			p.MultiCell(textWidth-7, 4.6, "Qué hacer: "+g.do, "", "L", false)
		}
		p.Ln(1)
		var rows [][]string
		for _, f := range g.rows {
			since := p.date(f.Opened)
			if f.Phase != findings.Persistent {
				since += " · " + Label(p.lang, string(f.Phase))
			}
			rows = append(rows, []string{f.Hostname, f.Text, since})
		}
		p.table([]float64{40, textWidth - 76, 36}, []string{"Equipo", "Motivo", "Desde"}, rows)
		p.Ln(4)
	}
}

func groupCauses(all []Finding) []cause {
	index := map[[2]string]int{}
	var out []cause
	for _, f := range all {
		if f.Phase == findings.Resolved {
			continue
		}
		key := [2]string{f.Control, f.Reason.Code}
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, cause{control: f.Control, code: f.Reason.Code, do: f.Do, worst: f.Status})
		}
		out[i].rows = append(out[i].rows, f)
		out[i].worst = checks.Worst(out[i].worst, f.Status)
	}
	rank := map[checks.Status]int{}
	for i, s := range checks.Statuses() {
		rank[s] = i
	}
	slices.SortStableFunc(out, func(a, b cause) int {
		return cmp.Or(rank[a.worst]-rank[b.worst], len(b.rows)-len(a.rows), strings.Compare(a.control, b.control), strings.Compare(a.code, b.code))
	})
	return out
}

// proof closes with what ties the paper to the evidence.
func (p *page) proof() {
	p.need(70)
	p.heading("Prueba")
	p.para(9.5, "", ink(), "Cada estado de esta revisión sale de informes firmados por los equipos y guardados en un registro que no admite "+
		"cambios sin que se noten. El paquete que acompaña a este documento lo demuestra sin depender de nadie: vea COMO-VERIFICAR.txt.")
	p.Ln(2)
	root := hex.EncodeToString(p.doc.Log.Root)
	for _, row := range [][2]string{
		{"Registro", p.doc.Log.Origin},
		{"Huella de su clave", p.key},
		{"Entradas", strconv.FormatInt(p.doc.Log.Size, 10)},
		{"Raíz (SHA-256)", root[:len(root)/2] + " " + root[len(root)/2:]},
		{"Programa", "vigia " + p.doc.Program},
	} {
		p.write(9, "", faint())
		p.CellFormat(38, 5.4, row[0], "", 0, "L", false, 0, "")
		p.write(9, "", ink())
		p.MultiCell(textWidth-38, 5.4, row[1], "", "L", false)
	}
}
