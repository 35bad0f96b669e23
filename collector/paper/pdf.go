package paper

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Options are what a PDF has besides its text.
type Options struct {
	At      time.Time   // when it was made; the same text and time give the same bytes
	Footer  string      // at the left of each foot; the author if empty
	Mark    string      // at the right of each head, such as «Borrador»
	Sign    []Signature // boxes to sign in, after the text
	QR      string      // what a square at the end says to a machine that reads it
	Caption string      // what stands beside that square
}

// Signature is a box in which somebody signs by hand.
type Signature struct {
	Role string // as what
	Name string // who, if it is known already
}

// Measures of the page, in millimetres (A4 portrait) but for sizes of letters, in points.
const (
	margin     = 20.0
	sheet      = 210.0
	sheetTall  = 297.0
	bottom     = 20.0
	textWidth  = sheet - 2*margin
	font       = "Go"
	size       = 10.0
	tableSize  = 8.5
	pagesAlias = "{n}"
)

// PDF renders the same text as DOCX does, for printing: its pages are numbered «n de N» and
// name the author. Characters beyond the font's reach are question marks.
func PDF(text, author string, o Options) ([]byte, error) {
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), footer: cmp.Or(o.Footer, author, "Vigía"), mark: o.Mark}
	at := o.At
	if at.IsZero() {
		at = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	all := blocks(text)
	p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	p.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(false, bottom)
	p.SetCreationDate(at)
	p.SetModificationDate(at)
	p.SetCatalogSort(true)
	if len(all) > 0 {
		p.SetTitle(printable(plain(all[0].text)), true)
	}
	p.SetAuthor(printable(author), true)
	p.SetLang("es")
	p.AliasNbPages(pagesAlias)
	p.SetHeaderFunc(p.head)
	p.SetFooterFunc(p.foot)
	p.AddPage()
	for i, b := range all {
		p.block(b, i == 0)
	}
	p.signatures(o.Sign)
	if err := p.square(o.QR, o.Caption); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("render the PDF: %w", err)
	}
	return out.Bytes(), nil
}

// page draws a text from top to bottom.
type page struct {
	*fpdf.Fpdf
	footer, mark string
}

type rgb struct{ r, g, b int }

func ink() rgb    { return rgb{28, 32, 38} }
func faint() rgb  { return rgb{98, 104, 114} }
func accent() rgb { return rgb{31, 78, 95} }

func (p *page) style(size float64, bold bool, c rgb) {
	name := ""
	if bold {
		name = "B"
	}
	p.SetFont(font, name, size)
	p.SetTextColor(c.r, c.g, c.b)
}

func (p *page) head() {
	if p.mark == "" {
		return
	}
	p.style(8.5, true, rgb{150, 60, 20})
	p.SetXY(margin, 9)
	p.CellFormat(textWidth, 4, p.fit(p.mark, textWidth), "", 0, "R", false, 0, "")
	p.SetXY(margin, margin)
}

func (p *page) foot() {
	p.style(7.5, false, faint())
	p.SetXY(margin, sheetTall-14)
	p.CellFormat(textWidth-30, 4, p.fit(p.footer, textWidth-32), "", 0, "L", false, 0, "")
	// The alias is longer than the number, so the text cannot be set flush right.
	number := fmt.Sprintf("Página %d de ", p.PageNo())
	p.SetX(margin + textWidth - p.GetStringWidth(number+"00"))
	p.CellFormat(30, 4, number+pagesAlias, "", 0, "L", false, 0, "")
}

// need begins a new page unless the height fits on this one.
func (p *page) need(height float64) {
	if p.GetY()+height > sheetTall-bottom {
		p.AddPage()
	}
}

func (p *page) space(height float64) {
	if p.GetY() > margin { // none at the top of a page
		p.SetY(p.GetY() + height)
	}
}

func (p *page) block(b block, first bool) {
	switch b.kind {
	case heading:
		sizes := [3]float64{16, 12.5, 11}
		if !first {
			p.space([3]float64{6, 5, 3.5}[b.level-1])
		}
		p.need(28) // with the first lines of what follows
		c := accent()
		if b.level == 3 {
			c = ink()
		}
		p.prose(b.text, margin, textWidth, face{sizes[b.level-1], true, c}, nil)
		p.space(2)
	case bullet:
		p.item("•", b.text, 5)
	case numbered:
		number, text, _ := strings.Cut(b.text, ". ")
		p.item(number+".", text, 7)
	case quote:
		p.prose(b.text, margin+5, textWidth-5, face{size, false, ink()}, func(y, height float64) {
			p.SetFillColor(201, 162, 39)
			p.Rect(margin, y, 1, height, "F")
		})
		p.space(2.5)
	case table:
		p.table(b.rows)
		p.space(3)
	case paragraph:
		p.prose(b.text, margin, textWidth, face{size, false, ink()}, nil)
		p.space(2.5)
	}
}

func (p *page) item(sign, text string, indent float64) {
	p.need(size * leading)
	p.style(size, false, ink())
	p.SetX(margin + 1)
	p.CellFormat(indent, size*leading, sign, "", 0, "L", false, 0, "")
	p.prose(text, margin+indent, textWidth-indent, face{size, false, ink()}, nil)
	p.space(1.2)
}

// signatures are boxes, two in a row.
func (p *page) signatures(all []Signature) {
	const height, gap = 38.0, 8.0
	width := (textWidth - gap) / 2
	for i, s := range all {
		if i%2 == 0 {
			p.space(5)
			p.need(height)
		}
		x, y := margin+float64(i%2)*(width+gap), p.GetY()
		p.SetDrawColor(130, 136, 144)
		p.Rect(x, y, width, height, "D")
		p.style(9.5, true, ink())
		p.SetXY(x+3, y+2)
		p.CellFormat(width-6, 5, p.fit(s.Role, width-6), "", 0, "L", false, 0, "")
		for j, field := range []string{"Nombre y cargo", "Fecha", "Firma y sello"} {
			p.style(8, false, faint())
			line := y + 9 + float64(j)*7
			p.SetXY(x+3, line)
			p.CellFormat(25, 5, field, "", 0, "L", false, 0, "")
			if j == 0 && s.Name != "" {
				p.style(8.5, false, ink())
				p.CellFormat(width-31, 5, p.fit(s.Name, width-32), "", 0, "L", false, 0, "")
			}
			if j < 2 {
				p.Line(x+28, line+4.5, x+width-4, line+4.5)
			}
		}
		if i%2 == 1 || i == len(all)-1 {
			p.SetXY(margin, y+height)
		} else {
			p.SetXY(margin, y)
		}
	}
}

// square draws a QR code (ISO/IEC 18004) of filled squares, so that any size is sharp.
func (p *page) square(content, caption string) error {
	if content == "" {
		return nil
	}
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("make the QR code: %w", err)
	}
	const side = 32.0
	p.space(6)
	p.need(side)
	y := p.GetY()
	n := code.Bounds().Dx()
	module := side / float64(n)
	p.SetFillColor(0, 0, 0)
	for row := range n {
		for from := 0; from < n; from++ {
			to := from
			for to < n && dark(code.At(to, row).RGBA()) {
				to++
			}
			if to > from {
				p.Rect(margin+float64(from)*module, y+float64(row)*module, float64(to-from)*module, module, "F")
				from = to
			}
		}
	}
	p.SetXY(margin+side+6, y)
	p.prose(Escape(caption), margin+side+6, textWidth-side-6, face{8.5, false, faint()}, nil)
	p.SetXY(margin, max(y+side, p.GetY()))
	return nil
}

func dark(r, g, b, _ uint32) bool { return r+g+b < 3*0x8000 }
