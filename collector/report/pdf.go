package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"vigia/checks"
	"vigia/checks/message"
)

// Measures of the page, in millimetres (A4 portrait).
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 18.0
	textWidth  = pageWidth - 2*margin
	font       = "Go"
)

// rgb is a colour; the palette tells statuses apart for colour-blind readers
// too, and every status also has a shape and a word.
type rgb struct{ r, g, b int }

func statusColour(s checks.Status) rgb {
	switch s {
	case checks.Pass:
		return rgb{0, 114, 110}
	case checks.Warn:
		return rgb{222, 165, 33}
	case checks.Fail:
		return rgb{178, 44, 50}
	case checks.Unknown:
		return rgb{110, 115, 125}
	case checks.NotApplicable:
		return rgb{205, 209, 214}
	default:
		return rgb{0, 0, 0}
	}
}

func ink() rgb   { return rgb{28, 32, 38} }
func faint() rgb { return rgb{98, 104, 114} }

// pdf renders the document.
func (d Document) pdf(key string, lang message.Lang) ([]byte, error) {
	d.location = d.zone()
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), doc: d, key: key, lang: lang}
	p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	p.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(true, 20)
	p.SetCreationDate(d.At)
	p.SetModificationDate(d.At)
	p.SetCatalogSort(true)
	p.SetTitle(p.title()+" "+d.Period, true)
	p.SetAuthor(d.Organisation, true)
	p.SetLang("es")
	if d.Simulated() {
		p.SetHeaderFunc(p.simulated)
	}
	p.SetFooterFunc(p.footer)
	p.AliasNbPages(pagesAlias)
	p.cover()
	p.coverage()
	p.controls()
	p.causes()
	p.proof()
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("render the PDF: %w", err)
	}
	return b.Bytes(), nil
}

// page draws the document.
type page struct {
	*fpdf.Fpdf
	doc  Document
	key  string
	lang message.Lang
}

func (p *page) title() string { return "Revisión trimestral de medidas de seguridad" }

func (p *page) organisation() string {
	if p.doc.Organisation == "" {
		return "Organización sin nombre configurado"
	}
	return p.doc.Organisation
}

func (p *page) colour(c rgb) { p.SetTextColor(c.r, c.g, c.b) }

func (p *page) write(size float64, style string, c rgb) {
	p.SetFont(font, style, size)
	p.colour(c)
}

// para writes a paragraph over the whole width.
func (p *page) para(size float64, style string, c rgb, text string) {
	p.write(size, style, c)
	p.MultiCell(textWidth, size*0.5, text, "", "L", false)
}

// heading keeps room for the first rows of what follows.
func (p *page) heading(text string) {
	p.need(50)
	p.Ln(3)
	p.para(15, "B", ink(), text)
	p.Ln(2)
}

// need begins a new page unless the height fits on this one.
func (p *page) need(height float64) {
	if p.GetY()+height > pageHeight-20 {
		p.AddPage()
	}
}

// simulated marks a page of a review that only was simulated.
func (p *page) simulated() {
	p.SetXY(margin, 8)
	p.SetFillColor(242, 184, 75)
	p.write(9, "B", ink())
	p.CellFormat(textWidth, 6, "SIMULACRO: nada de lo que dice este documento es de verdad", "", 1, "C", true, 0, "")
	p.SetY(margin)
}

func (p *page) footer() {
	p.SetY(-14)
	p.write(7.5, "", faint())
	place := " · " + p.doc.Period + " · registro " + p.key
	p.CellFormat(textWidth-30, 4, p.fit(p.organisation(), textWidth-32-p.GetStringWidth(place))+place, "", 0, "L", false, 0, "")
	// The alias is longer than the number, so the text cannot be set flush right.
	p.SetX(margin + textWidth - p.GetStringWidth(fmt.Sprintf("Página %d de 00", p.PageNo())))
	p.CellFormat(30, 4, fmt.Sprintf("Página %d de %s", p.PageNo(), pagesAlias), "", 0, "L", false, 0, "")
}

// pagesAlias stands for the number of pages until it is known.
const pagesAlias = "{n}"

func (p *page) date(t time.Time) string { return t.In(p.doc.zone()).Format("02/01/2006") }
func (p *page) moment(t time.Time) string {
	return t.In(p.doc.zone()).Format("02/01/2006 15:04")
}

// order is how statuses stand in pictures.
func order() []checks.Status {
	return []checks.Status{checks.Pass, checks.Warn, checks.Fail, checks.Unknown, checks.NotApplicable}
}

// bar draws counts as one bar.
func (p *page) bar(x, y, width, height float64, counts map[checks.Status]int) {
	total := 0
	for _, s := range order() {
		total += counts[s]
	}
	p.SetDrawColor(255, 255, 255)
	if total == 0 {
		p.SetFillColor(236, 238, 240)
		p.Rect(x, y, width, height, "F")
		return
	}
	for _, s := range order() {
		w := width * float64(counts[s]) / float64(total)
		if w == 0 {
			continue
		}
		c := statusColour(s)
		p.SetFillColor(c.r, c.g, c.b)
		p.Rect(x, y, w, height, "FD")
		if height > 8 && w > 11 {
			p.write(10, "B", onColour(s))
			p.SetXY(x, y)
			p.CellFormat(w, height, strconv.Itoa(counts[s]), "", 0, "C", false, 0, "")
		}
		x += w
	}
}

// onColour is the ink that reads on a status's colour.
func onColour(s checks.Status) rgb {
	if s == checks.Warn || s == checks.NotApplicable {
		return ink()
	}
	return rgb{255, 255, 255}
}

// mark draws the shape of a status in a box of the given size: a disc passes, a
// diamond warns, a cross fails, a ring is unknown, a dash does not apply.
func (p *page) mark(x, y, size float64, s checks.Status) {
	c := statusColour(s)
	p.SetFillColor(c.r, c.g, c.b)
	p.SetDrawColor(c.r, c.g, c.b)
	half := size / 2
	switch s {
	case checks.Pass:
		p.Circle(x+half, y+half, half, "F")
	case checks.Warn:
		p.Polygon([]fpdf.PointType{{X: x + half, Y: y}, {X: x + size, Y: y + half}, {X: x + half, Y: y + size}, {X: x, Y: y + half}}, "F")
	case checks.Fail:
		p.SetLineWidth(size / 4)
		p.Line(x, y, x+size, y+size)
		p.Line(x+size, y, x, y+size)
		p.SetLineWidth(0.2)
	case checks.Unknown:
		p.SetLineWidth(size / 5)
		p.Circle(x+half, y+half, half*0.8, "D")
		p.SetLineWidth(0.2)
	case checks.NotApplicable:
		p.SetFillColor(150, 156, 164)
		p.Rect(x, y+half-size/8, size, size/4, "F")
	}
}

// percent is the share of pass and warn among what was or should have been
// measured; what does not apply is left out.
func percent(counts map[checks.Status]int) (share int, ok bool) {
	good := counts[checks.Pass] + counts[checks.Warn]
	total := good + counts[checks.Fail] + counts[checks.Unknown]
	if total == 0 {
		return 0, false
	}
	return good * 100 / total, true
}

// cover is the first page: one number, one picture, what to know first, and
// the boxes to sign in.
func (p *page) cover() {
	p.AddPage()
	p.SetFillColor(0, 83, 98)
	p.Rect(0, 0, pageWidth, 5, "F")
	p.SetY(26)
	p.para(13, "B", rgb{0, 83, 98}, p.organisation())
	p.Ln(1)
	p.para(22, "B", ink(), p.title())
	p.Ln(2)
	quarter, year := p.doc.Period[len(p.doc.Period)-1:], p.doc.Period[:4]
	p.para(13, "", ink(), fmt.Sprintf("%s.º trimestre de %s · del %s al %s", quarter, year, p.date(p.doc.Begin), p.date(p.doc.End.Add(-time.Second))))
	state := "Provisional: el trimestre sigue abierto. Datos del "
	if p.doc.Final {
		state = "Trimestre cerrado. Datos del "
	}
	p.para(10, "", faint(), state+p.moment(p.doc.At)+" ("+p.doc.Zone+")")
	p.Ln(8)
	p.warnings()
	p.picture()
	p.highlights()
	p.signatures()
}

func (p *page) warnings() {
	if len(p.doc.Warnings) == 0 {
		return
	}
	c := statusColour(checks.Fail)
	p.SetDrawColor(c.r, c.g, c.b)
	p.write(10, "B", c)
	p.MultiCell(textWidth, 5.5, "ATENCIÓN: el registro de pruebas muestra alteraciones\n"+strings.Join(p.doc.Warnings, "\n"), "1", "L", false)
	p.Ln(6)
}

// picture is the state of the organisation in one look.
func (p *page) picture() {
	totals := p.doc.totals()
	y := p.GetY()
	p.write(54, "B", ink())
	number := "—"
	if share, ok := percent(totals); ok {
		number = strconv.Itoa(share) + " %"
	}
	p.CellFormat(62, 22, number, "", 0, "L", false, 0, "")
	p.SetXY(margin+66, y+3)
	p.write(11, "", ink())
	p.MultiCell(textWidth-66, 5.6, fmt.Sprintf("de las medidas aplicables cumplen. Son %s en %s; lo que no se pudo medir cuenta como no cumplido.",
		count(len(p.doc.States), "medida", "medidas"),
		count(p.doc.Coverage.Measured+p.doc.Coverage.Partly+p.doc.Coverage.Silent, "equipo", "equipos")), "", "L", false)
	p.SetY(y + 26)
	p.bar(margin, y+26, textWidth, 11, totals)
	p.SetY(y + 40)
	x := margin
	for _, s := range order() {
		p.mark(x, p.GetY()+1, 3.4, s)
		p.write(9.5, "", ink())
		label := fmt.Sprintf("%s: %d", Label(p.lang, string(s)), totals[s])
		p.SetX(x + 5)
		p.CellFormat(30, 5.4, label, "", 0, "L", false, 0, "")
		x += 35
	}
	p.Ln(12)
	p.trend()
}

// trend draws the share that passes week by week.
func (p *page) trend() {
	if len(p.doc.Trend) < 2 {
		return
	}
	const height = 26.0
	p.write(9, "", faint())
	p.CellFormat(textWidth, 5, "Porcentaje que cumple, por semana (escala de 0 a 100)", "", 1, "L", false, 0, "")
	x0, y0 := margin+8, p.GetY()+1
	width := textWidth - 10
	p.SetDrawColor(200, 204, 210)
	for _, level := range []float64{0, 50, 100} {
		y := y0 + height*(1-level/100)
		p.Line(x0, y, x0+width, y)
		p.write(7, "", faint())
		p.SetXY(margin, y-2)
		p.CellFormat(7, 4, strconv.Itoa(int(level)), "", 0, "R", false, 0, "")
	}
	first, last := p.doc.Trend[0].At, p.doc.Trend[len(p.doc.Trend)-1].At
	p.SetDrawColor(0, 83, 98)
	p.SetLineWidth(0.7)
	lastX, lastY, begun, share := 0.0, 0.0, false, 0
	for _, point := range p.doc.Trend {
		n, ok := percent(point.Counts)
		if !ok || !last.After(first) {
			continue
		}
		share = n
		x := x0 + width*point.At.Sub(first).Seconds()/last.Sub(first).Seconds()
		y := y0 + height*(1-float64(share)/100)
		if begun {
			p.Line(lastX, lastY, x, y)
		}
		lastX, lastY, begun = x, y, true
	}
	p.SetLineWidth(0.2)
	if begun {
		p.SetFillColor(0, 83, 98)
		p.Circle(lastX, lastY, 1, "F")
		p.write(8, "B", ink())
		p.SetXY(lastX-12, lastY-5)
		if lastY < y0+6 {
			p.SetY(lastY + 1.5)
			p.SetX(lastX - 12)
		}
		p.CellFormat(12, 4, strconv.Itoa(share)+" %", "", 0, "R", false, 0, "")
	}
	p.write(7, "", faint())
	p.SetXY(x0, y0+height+1)
	p.CellFormat(width/2, 4, p.date(first), "", 0, "L", false, 0, "")
	p.CellFormat(width/2, 4, p.date(last), "", 0, "R", false, 0, "")
	p.SetXY(margin, y0+height+8)
}

// highlights says in words what a reader must not miss.
func (p *page) highlights() {
	c := p.doc.Coverage
	var lines []string
	if n := c.Silent + c.Never; n > 0 {
		lines = append(lines, count(n, "equipo no informa: su estado es desconocido.", "equipos no informan: su estado es desconocido."))
	}
	switch {
	case !c.Listed:
		lines = append(lines, "No se ha importado la relación de equipos: no se sabe cuántos están sin agente.")
	case c.Agentless > 0:
		lines = append(lines, count(c.Agentless, "equipo conocido no tiene agente.", "equipos conocidos no tienen agente."))
	}
	if c.Excluded > 0 {
		lines = append(lines, count(c.Excluded, "equipo está excluido a propósito.", "equipos están excluidos a propósito."))
	}
	unmeasured := 0
	for _, x := range p.doc.Controls {
		if x.Core && !x.Measured {
			unmeasured++
		}
	}
	if unmeasured > 0 {
		lines = append(lines, count(unmeasured, "control esencial no se mide", "controles esenciales no se miden")+" de forma automática: compruébelos a mano.")
	}
	if n := p.ruleChanges(); n > 0 {
		lines = append(lines, count(n, "cambio", "cambios")+" de reglas o de registros en el trimestre: están en la página de cobertura.")
	}
	if len(lines) == 0 {
		return
	}
	p.para(11, "B", ink(), "Lo que debe saber antes de firmar")
	p.Ln(1)
	for _, line := range lines {
		p.write(10, "", ink())
		p.SetX(margin)
		p.CellFormat(5, 5.4, "•", "", 0, "L", false, 0, "")
		p.MultiCell(textWidth-5, 5.4, line, "", "L", false)
	}
}

// count writes a number with the word for it.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func (p *page) ruleChanges() int {
	n := 0
	for _, note := range p.doc.Notes {
		if note.Kind == "policy" || note.Kind == "register" {
			n++
		}
	}
	return n
}

// signatures are the boxes of both officers, at the foot of the cover.
func (p *page) signatures() {
	const height = 40.0
	y := pageHeight - 20 - height - 4
	if p.GetY() > y {
		p.AddPage()
		y = p.GetY() + 4
	}
	p.SetDrawColor(150, 156, 164)
	width := (textWidth - 8) / 2
	for i, who := range []string{"Responsable de seguridad", "Responsable del tratamiento"} {
		x := margin + float64(i)*(width+8)
		p.Rect(x, y, width, height, "D")
		p.SetXY(x+3, y+2)
		p.write(9.5, "B", ink())
		p.CellFormat(width-6, 5, who, "", 0, "L", false, 0, "")
		p.write(8, "", faint())
		for j, field := range []string{"Nombre y cargo", "Fecha", "Firma y sello"} {
			p.SetXY(x+3, y+9+float64(j)*8)
			p.CellFormat(width-6, 5, field, "", 0, "L", false, 0, "")
			if j < 2 {
				p.Line(x+28, y+13+float64(j)*8, x+width-4, y+13+float64(j)*8)
			}
		}
	}
}
