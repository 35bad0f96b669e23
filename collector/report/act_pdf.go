package report

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
)

// Seal is what an act on paper says of its origin.
type Seal struct {
	Key     string // fingerprint of the log's key
	Program string
	Lang    message.Lang
}

// ActPDF renders an act as it is printed and signed: with folios, the digest of what is
// signed as a QR code, and boxes for signatures and seal, or the signatures that it has.
// The same act gives the same bytes.
func ActPDF(a *reviews.Act, seal Seal) ([]byte, error) {
	act, err := NewAct(a, seal.Lang)
	if err != nil {
		return nil, err
	}
	return act.pdf(seal)
}

func (a Act) pdf(seal Seal) ([]byte, error) {
	d := Document{Organisation: a.Organisation, Period: a.Period, Zone: a.Zone, Begin: a.Begin, End: a.End, At: a.At, Final: a.Final, Program: seal.Program}
	d.location = a.zone()
	p := &actPage{page: &page{Fpdf: fpdf.New("P", "mm", "A4", ""), doc: d, key: seal.Key, lang: seal.Lang}, act: a}
	p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	p.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(true, 20)
	last := a.OpenedAt
	if n := len(a.Steps); n > 0 {
		last = a.Steps[n-1].At
	}
	p.SetCreationDate(last)
	p.SetModificationDate(last)
	p.SetCatalogSort(true)
	p.SetTitle("Acta de la revisión trimestral "+a.ID, true)
	p.SetAuthor(a.Organisation, true)
	p.SetLang("es")
	if evidence.Simulated(a.Log.Origin) {
		p.SetHeaderFunc(p.simulated)
	}
	p.SetFooterFunc(p.folio)
	p.AliasNbPages(pagesAlias)
	p.opening()
	p.firstPages()
	for _, s := range a.Sections {
		p.section(s)
	}
	p.closing()
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("render the act: %w", err)
	}
	return b.Bytes(), nil
}

// actPage draws an act.
type actPage struct {
	*page
	act Act
}

// folio is the foot of every sheet: which of how many, and the digest of what is signed.
func (p *actPage) folio() {
	p.SetY(-14)
	p.write(7.5, "", faint())
	p.CellFormat(textWidth-30, 4, p.fit(p.organisation(), 70)+" · acta "+p.act.ID+" · "+p.act.Statement[:16], "", 0, "L", false, 0, "")
	p.SetX(margin + textWidth - p.GetStringWidth(fmt.Sprintf("Folio %d de 00", p.PageNo())))
	p.CellFormat(30, 4, fmt.Sprintf("Folio %d de %s", p.PageNo(), pagesAlias), "", 0, "L", false, 0, "")
}

func (p *actPage) opening() {
	p.AddPage()
	p.SetFillColor(0, 83, 98)
	p.Rect(0, 7, pageWidth, 4, "F")
	p.SetY(24)
	p.para(13, "B", rgb{0, 83, 98}, p.organisation())
	p.Ln(1)
	p.para(21, "B", ink(), "Acta de la revisión trimestral de seguridad")
	p.Ln(2)
	quarter, year := p.act.Period[len(p.act.Period)-1:], p.act.Period[:4]
	p.para(12, "", ink(), fmt.Sprintf("%s.º trimestre de %s · del %s al %s", quarter, year, p.date(p.act.Begin), p.date(p.act.End.Add(-time.Second))))
	p.Ln(1)
	p.para(10, "", faint(), "Acta "+p.act.ID+" · "+stageWord(p.lang, p.act.Stage)+" · números congelados el "+p.moment(p.act.At)+" por "+p.act.OpenedBy)
	if !p.act.Final {
		p.Ln(1)
		p.para(10, "B", statusColour(checks.Fail), "El trimestre no había terminado: el acta habla hasta ese momento.")
	}
	if p.act.Amends != "" {
		p.Ln(1)
		p.para(10, "B", ink(), "Enmienda el acta "+p.act.Amends+": "+p.act.Why)
	}
	p.Ln(6)
	y := p.GetY()
	p.write(40, "B", ink())
	share := "—"
	if n, ok := percent(p.act.Totals); ok {
		share = strconv.Itoa(n) + " %"
	}
	p.CellFormat(50, 17, share, "", 0, "L", false, 0, "")
	p.SetXY(margin+54, y+2)
	p.write(10.5, "", ink())
	total := 0
	for _, n := range p.act.Totals {
		total += n
	}
	p.MultiCell(textWidth-54, 5.4, fmt.Sprintf("de las medidas aplicables cumplen, de %s. Lo que no se pudo medir cuenta como no cumplido. Se tomaron %d de %d decisiones; críticas, %d de %d.",
		count(total, "medida", "medidas"), p.act.Count.Decided, p.act.Count.Lines, p.act.Count.CriticalDecided, p.act.Count.Critical), "", "L", false)
	p.SetY(y + 20)
	p.bar(margin, y+20, textWidth, 9, p.act.Totals)
	p.SetY(y + 33)
	p.heading("Las nueve revisiones")
	var rows [][]string
	for _, s := range p.act.Sections {
		decided, planned := 0, 0
		for _, l := range s.Lines {
			if l.Choice != "" {
				decided++
			}
			if l.Choice == reviews.Plan {
				planned++
			}
		}
		rows = append(rows, []string{strconv.Itoa(s.Number), s.Title, fmt.Sprintf("%d de %d", decided, len(s.Lines)), strconv.Itoa(planned)})
	}
	p.table([]float64{10, textWidth - 80, 35, 35}, []string{"N.º", "Revisión", "Decisiones", "Acciones"}, rows)
}

// firstPages are what a reader must know before the numbers: who ruled, what was left out
// and whom nobody measured.
func (p *actPage) firstPages() {
	p.AddPage()
	p.heading("También se mide a quien administra")
	p.para(9, "", faint(), "Excepciones, exclusiones y cambios de reglas, equipos y cuentas del trimestre, con su autor.")
	p.Ln(2)
	var rows [][]string
	for _, w := range p.act.Waivers {
		rows = append(rows, []string{w.What, w.About, w.Reason, w.By, w.Until})
	}
	p.tableOr("Excepciones y exclusiones", []float64{30, 40, textWidth - 130, 32, 28}, []string{"Qué", "Sobre", "Motivo", "Quién", "Hasta"}, rows, "No hubo ninguna.")
	rows = nil
	for _, c := range p.act.Changes {
		rows = append(rows, []string{p.moment(c.At), Label(p.lang, c.Kind), subject(p.lang, c.Subject), c.By, c.Why})
	}
	p.tableOr("Cambios", []float64{30, 34, 38, 26, textWidth - 128}, []string{"Cuándo", "Qué", "Sobre", "Quién", "Por qué"}, rows, "No hubo ninguno.")
	rows = nil
	for _, h := range p.act.Roles {
		end := ""
		if h.Ended {
			end = "terminó en el trimestre"
		}
		rows = append(rows, []string{h.Account, roleWord(p.lang, h.Role), p.date(h.Since), end})
	}
	p.tableOr("Quién tuvo qué papel", []float64{45, textWidth - 115, 30, 40}, []string{"Cuenta", "Papel", "Desde", ""}, rows, "No consta ninguna cuenta.")
	rows = nil
	for _, m := range p.act.Coverage.Unmeasured {
		detail := m.Why
		if detail == "" && !m.LastSeen.IsZero() {
			detail = "última medida: " + p.moment(m.LastSeen)
		}
		rows = append(rows, []string{m.Hostname, m.Department, Label(p.lang, string(m.State)), detail})
	}
	none := "Todos los equipos conocidos se midieron."
	if !p.act.Coverage.Listed {
		none = "No hay relación de equipos importada: no se sabe cuáles están sin agente."
	}
	p.tableOr("Equipos sin medir", []float64{45, 42, 38, textWidth - 125}, []string{"Equipo", "Departamento", "Estado", "Detalle"}, rows, none)
	if p.act.Coverage.More > 0 {
		p.para(9, "", faint(), fmt.Sprintf("y %d más, en las tablas del paquete", p.act.Coverage.More))
	}
	if len(p.act.Late) > 0 {
		rows = nil
		for _, l := range p.act.Late {
			rows = append(rows, []string{l.Hostname, strconv.Itoa(l.Reports), p.moment(l.First), p.moment(l.Last)})
		}
		p.tableOr("Medidas que llegaron tarde y no cambian los números", []float64{60, 30, 42, 42}, []string{"Equipo", "Informes", "Primero", "Último"}, rows, "")
	}
}

// tableOr draws a table under a title, or says that there is nothing.
func (p *actPage) tableOr(title string, widths []float64, head []string, rows [][]string, none string) {
	p.need(24)
	p.Ln(2)
	p.para(11, "B", ink(), title)
	p.Ln(1)
	if len(rows) == 0 {
		p.para(9.5, "", ink(), none)
		return
	}
	p.table(widths, head, rows)
}

func (p *actPage) section(s ActSection) {
	p.need(70)
	p.Ln(4)
	p.heading(fmt.Sprintf("%d. %s", s.Number, s.Title))
	p.para(9, "", faint(), s.Asks)
	p.Ln(2)
	var byHand []string
	for _, c := range s.Controls {
		if !c.Measured {
			byHand = append(byHand, c.Title)
			continue
		}
		p.need(8)
		y := p.GetY()
		p.write(9, "", ink())
		p.CellFormat(textWidth-68, 5, p.fit(c.Title, textWidth-70), "", 0, "L", false, 0, "")
		p.bar(margin+textWidth-66, y+0.8, 40, 3.6, c.Counts)
		p.SetXY(margin+textWidth-24, y)
		p.write(8, "", faint())
		n := 0
		for _, x := range c.Counts {
			n += x
		}
		p.CellFormat(24, 5, fmt.Sprintf("%d de %d sin cumplir", c.Counts[checks.Fail]+c.Counts[checks.Unknown], n), "", 1, "R", false, 0, "")
	}
	if len(byHand) > 0 {
		p.Ln(1)
		p.para(8.5, "", faint(), "Sin medición en los equipos, se comprueba a mano: "+strings.Join(byHand, "; ")+".")
	}
	p.books(s)
	p.Ln(2)
	for _, l := range s.Lines {
		p.line(l)
	}
	if s.Words != "" {
		p.need(14)
		p.para(9, "B", ink(), "Observaciones de la persona responsable de seguridad")
		p.para(9.5, "", ink(), s.Words)
	}
}

func (p *actPage) books(s ActSection) {
	var parts []string
	for _, b := range s.Books {
		if b.Added+b.Changed+b.Removed > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d altas, %d cambios, %d bajas (%d filas)", b.Title.In(p.lang), b.Added, b.Changed, b.Removed, b.Rows))
		}
	}
	if len(parts) > 0 {
		p.Ln(1)
		p.para(8.5, "", faint(), "Libros: "+strings.Join(parts, "; ")+".")
	}
	if s.Proof != nil && len(s.Proof.Rows) > 0 {
		var folios []string
		for _, r := range s.Proof.Rows {
			folios = append(folios, r.Folio)
		}
		p.para(8.5, "", faint(), "Recuperaciones del trimestre: "+strings.Join(folios, ", ")+".")
	}
}

// line draws one line with its decision.
func (p *actPage) line(l ActLine) {
	p.need(22)
	y := p.GetY()
	p.mark(margin, y+1.1, 3.4, l.Status)
	p.SetXY(margin+6, y)
	p.write(9.5, "B", ink())
	p.CellFormat(textWidth-60, 5, p.fit(l.Title, textWidth-62), "", 0, "L", false, 0, "")
	p.write(8, "", faint())
	what := "gravedad " + Label(p.lang, string(l.Severity))
	if l.Machines > 0 {
		what = count(l.Machines, "equipo", "equipos") + " · " + what
	}
	p.SetXY(margin+textWidth-54, y)
	p.CellFormat(54, 5, what, "", 1, "R", false, 0, "")
	indent := func(size float64, style string, c rgb, text string) {
		if text != "" {
			p.SetX(margin + 6)
			p.write(size, style, c)
			p.MultiCell(textWidth-6, size*0.48, text, "", "L", false)
		}
	}
	indent(8.5, "", ink(), l.Text)
	if names := strings.Join(l.Names, ", "); names != "" {
		if l.Machines > len(l.Names) {
			names += " y otros"
		}
		indent(8, "", faint(), names)
	}
	decision := "Decisión: " + ChoiceWord(p.lang, l.Choice)
	if l.Owner != "" {
		decision += " · " + l.Owner
	}
	if l.Due != "" {
		decision += " · para el " + dayOf(l.Due)
	}
	if l.Ref != "" {
		decision += " · " + l.Ref
	}
	if l.By != "" {
		decision += " · " + l.By + ", " + p.moment(l.At)
	}
	colour := rgb{0, 83, 98}
	if l.Choice == "" {
		colour = statusColour(checks.Fail)
		if l.Severity != policy.Critical {
			colour = faint()
		}
	}
	indent(9, "B", colour, decision)
	indent(9, "", ink(), l.Words)
	p.Ln(2.2)
}

// dayOf writes a day as people here do.
func dayOf(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return day.Format("02/01/2006")
}

// closing are the signatures and what ties the paper to the evidence.
func (p *actPage) closing() {
	p.AddPage()
	p.heading("Firmas")
	p.para(9.5, "", ink(), "Quienes firman han leído los folios de esta acta. El resumen de abajo cubre los números congelados, cada decisión y las observaciones: si algo cambia, el resumen es otro.")
	p.Ln(3)
	p.boxes()
	p.Ln(6)
	p.heading("Prueba")
	y := p.GetY()
	p.qr(margin, y, 44)
	root := hex.EncodeToString(p.act.Log.Root)
	p.SetLeftMargin(margin + 50)
	for _, row := range [][2]string{
		{"Lo que se firma", p.act.Statement[:32] + " " + p.act.Statement[32:]},
		{"Números", p.act.Digest[:32] + " " + p.act.Digest[32:]},
		{"Registro", p.act.Log.Origin + ", " + strconv.FormatInt(p.act.Log.Size, 10) + " entradas"},
		{"Raíz", root[:len(root)/2] + " " + root[len(root)/2:]},
		{"Huella de su clave", p.key},
		{"Programa", "vigia " + p.doc.Program},
	} {
		p.SetX(margin + 50)
		p.write(8, "", faint())
		p.CellFormat(32, 4.6, row[0], "", 0, "L", false, 0, "")
		p.write(8, "", ink())
		p.MultiCell(textWidth-82, 4.6, row[1], "", "L", false)
	}
	p.SetLeftMargin(margin)
	p.SetXY(margin, max(p.GetY(), y+48))
	p.para(8.5, "", faint(), "El código de la izquierda dice lo mismo, para compararlo con un móvil. El paquete de la revisión lo demuestra todo sin depender de nadie: vigia verify.")
}

// boxes are the signatures: those given on the screen, or room for them on paper.
func (p *actPage) boxes() {
	const height = 52.0
	y, width := p.GetY(), (textWidth-8)/2
	p.SetDrawColor(150, 156, 164)
	given := map[string]ActSignature{}
	for _, s := range p.act.Signatures {
		given[s.Kind] = s
	}
	for i, who := range []struct{ title, kind string }{
		{"Responsable de seguridad", string(reviews.StepSigned)}, {"Responsable del tratamiento", string(reviews.StepCountersigned)},
	} {
		x := margin + float64(i)*(width+8)
		p.Rect(x, y, width, height, "D")
		p.SetXY(x+3, y+2)
		p.write(9.5, "B", ink())
		p.CellFormat(width-6, 5, who.title, "", 0, "L", false, 0, "")
		if s, ok := given[who.kind]; ok {
			for j, text := range []string{s.Name, s.Post, "Firmado en pantalla con la cuenta " + s.By, p.moment(s.At), "entrada " + number(s.Leaf) + " del registro"} {
				p.SetXY(x+3, y+10+float64(j)*6)
				style, colour := "", ink()
				if j == 0 {
					style = "B"
				} else {
					colour = faint()
				}
				p.write(9, style, colour)
				p.CellFormat(width-6, 5, p.fit(text, width-6), "", 0, "L", false, 0, "")
			}
			continue
		}
		p.write(8, "", faint())
		for j, field := range []string{"Nombre", "Cargo", "Fecha", "Firma y sello"} {
			p.SetXY(x+3, y+9+float64(j)*7)
			p.CellFormat(width-6, 5, field, "", 0, "L", false, 0, "")
			if j < 3 {
				p.Line(x+20, y+13+float64(j)*7, x+width-4, y+13+float64(j)*7)
			}
		}
	}
	p.SetXY(margin, y+height+2)
	if s, ok := given[string(reviews.StepPaper)]; ok {
		p.para(9, "B", ink(), "Firmada en papel el "+dayOf(s.Day)+" por "+s.Name+". Escaneo: "+s.Scan)
	}
}

// qr draws what the closing says, for a telephone to read.
func (p *actPage) qr(x, y, size float64) {
	text := strings.Join([]string{ActSchema, p.act.ID, p.act.Statement, p.act.Log.Origin, strconv.FormatInt(p.act.Log.Size, 10), hex.EncodeToString(p.act.Log.Root)}, "\n")
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return // never for so short a text
	}
	n := code.Bounds().Dx()
	cell := size / float64(n)
	p.SetFillColor(0, 0, 0)
	for row := range n {
		for col := 0; col < n; {
			run := 0
			for col+run < n {
				if r, _, _, _ := code.At(col+run, row).RGBA(); r != 0 {
					break
				}
				run++
			}
			if run > 0 {
				p.Rect(x+float64(col)*cell, y+float64(row)*cell, float64(run)*cell, cell*1.02, "F")
			}
			col += run + 1
		}
	}
}
