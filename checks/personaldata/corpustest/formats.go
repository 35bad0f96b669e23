package corpustest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
)

// A Writer puts the text of a corpus file into a format.
type Writer struct {
	Extension string
	// Sheet says that it writes a file's Table, which must not be nil.
	Sheet bool
	Write func(t testing.TB, f File) []byte
}

// Writers lists the formats that are written here; what needs another program is not
// among them.
func Writers() []Writer {
	return []Writer{
		{"txt", false, func(_ testing.TB, f File) []byte { return []byte(f.Text) }},
		{"utf16.txt", false, func(_ testing.TB, f File) []byte { return UTF16LE(f.Text) }},
		{"1252.txt", false, func(_ testing.TB, f File) []byte { return Windows1252(f.Text) }},
		{"html", false, writeHTML},
		{"xml", false, writeXML},
		{"rtf", false, writeRTF},
		{"docx", false, writeDOCX},
		{"pptx", false, writePPTX},
		{"odt", false, openDocument("text", "<office:text>", "</office:text>", odfParagraphs)},
		{"odp", false, openDocument("presentation", `<office:presentation><draw:page draw:name="p1"><draw:frame svg:width="24cm" svg:height="17cm" svg:x="1cm" svg:y="1cm"><draw:text-box>`,
			"</draw:text-box></draw:frame></draw:page></office:presentation>", odfParagraphs)},
		{"pdf", false, writePDF},
		{"eml", false, writeEML},
		{"mbox", false, writeMbox},
		{"zip", false, func(t testing.TB, f File) []byte {
			return archive(t, member{"lectura.txt", []byte("Sin datos.\n")}, member{"carpeta/" + f.Name, []byte(f.Text)})
		}},
		{"nested.zip", false, func(t testing.TB, f File) []byte {
			return archive(t, member{"dentro.zip", archive(t, member{"nota.docx", writeDOCX(t, f)})})
		}},
		{"gz", false, func(t testing.TB, f File) []byte { return gzipped(t, []byte(f.Text)) }},
		{"tar", false, func(t testing.TB, f File) []byte { return tarred(t, f.Name, []byte(f.Text)) }},
		{"tar.gz", false, func(t testing.TB, f File) []byte { return gzipped(t, tarred(t, f.Name, []byte(f.Text))) }},
		{"xlsx", true, writeXLSX(false)},
		{"numeric.xlsx", true, writeXLSX(true)},
		{"ods", true, openDocument("spreadsheet", "<office:spreadsheet>", "</office:spreadsheet>", odfTable)},
		{"dbf", true, writeDBF},
		{"table.html", true, writeHTMLTable},
		{"tsv", true, func(_ testing.TB, f File) []byte {
			var b bytes.Buffer
			for _, row := range f.Table.all() {
				fmt.Fprintln(&b, strings.Join(row, "\t"))
			}
			return b.Bytes()
		}},
	}
}

// all is the table with the names of its columns as the first row.
func (t *Table) all() [][]string { return append([][]string{t.Columns}, t.Rows...) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

func writeHTML(_ testing.TB, f File) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><html><head><title>Oficio</title><style>p{margin:0 0 1em 0}</style></head><body>")
	entities := strings.NewReplacer("&", "&amp;", "<", "&lt;", "á", "&aacute;", "é", "&#233;", "ñ", "&ntilde;", "í", "&#xed;")
	for line := range strings.Lines(f.Text) {
		fmt.Fprintf(&b, "<p>%s</p>\n", entities.Replace(strings.TrimRight(line, "\n")))
	}
	b.WriteString("</body></html>")
	return b.Bytes()
}

func writeHTMLTable(_ testing.TB, f File) []byte {
	var b bytes.Buffer
	b.WriteString("<html><body><table>")
	for i, row := range f.Table.all() {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(&b, "<%s>%s</%s>", tag, escaped(cell), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table></body></html>")
	return b.Bytes()
}

func writeXML(_ testing.TB, f File) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<oficio>\n")
	for line := range strings.Lines(f.Text) {
		fmt.Fprintf(&b, "  <parrafo>%s</parrafo>\n", escaped(strings.TrimRight(line, "\n")))
	}
	b.WriteString("</oficio>\n")
	return b.Bytes()
}

func writeRTF(_ testing.TB, f File) []byte {
	var b bytes.Buffer
	b.WriteString(`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Helvetica;}}{\info{\title Oficio}}\pard\f0\fs24 `)
	for _, c := range f.Text {
		switch {
		case c == '\n':
			b.WriteString("\\par\n")
		case c == '\\' || c == '{' || c == '}':
			b.WriteRune('\\')
			b.WriteRune(c)
		case c == 'ñ':
			b.WriteString(`\u241 ?`)
		case c > 0x7f:
			fmt.Fprintf(&b, `\'%02x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteString("}")
	return b.Bytes()
}

// A member is a file in an archive.
type member struct {
	name    string
	content []byte
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		method := zip.Deflate
		if m.name == "mimetype" {
			method = zip.Store
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: method})
		must(t, err)
		_, err = w.Write(m.content)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(content)
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}

func tarred(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

const contentTypes = `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/></Types>`

// relation is the part that says which part of a package is the main one, or which sheet
// is the first.
func relation(name, kind, target string) member {
	return member{name, []byte(`<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` +
		kind + `" Target="` + target + `"/></Relationships>`)}
}

// runs writes a paragraph the way an editor leaves it: cut into runs anywhere, in the
// middle of words and numbers too.
func runs(b *bytes.Buffer, line, prefix string) {
	text := []rune(line)
	for i := 0; len(text) > 0; i++ {
		n := min([]int{37, 5, 90, 11}[i%4], len(text))
		fmt.Fprintf(b, `<%[1]s:r><%[1]s:t xml:space="preserve">%[2]s</%[1]s:t></%[1]s:r>`, prefix, escaped(string(text[:n])))
		text = text[n:]
	}
}

func writeDOCX(t testing.TB, f File) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for line := range strings.Lines(f.Text) {
		b.WriteString("<w:p>")
		runs(&b, strings.TrimRight(line, "\n"), "w")
		b.WriteString("</w:p>")
	}
	b.WriteString("</w:body></w:document>")
	return archive(t, member{"[Content_Types].xml", fmt.Appendf(nil, contentTypes, "word/document.xml", "wordprocessingml.document")},
		relation("_rels/.rels", "officeDocument", "word/document.xml"),
		member{"word/document.xml", b.Bytes()})
}

func writePPTX(t testing.TB, f File) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><p:cSld><p:spTree><p:sp><p:txBody>`)
	for line := range strings.Lines(f.Text) {
		b.WriteString("<a:p>")
		runs(&b, strings.TrimRight(line, "\n"), "a")
		b.WriteString("</a:p>")
	}
	b.WriteString("</p:txBody></p:sp></p:spTree></p:cSld></p:sld>")
	return archive(t, member{"[Content_Types].xml", fmt.Appendf(nil, contentTypes, "ppt/presentation.xml", "presentationml.presentation")},
		relation("_rels/.rels", "officeDocument", "ppt/presentation.xml"), relation("ppt/_rels/presentation.xml.rels", "slide", "slides/slide1.xml"),
		member{"ppt/presentation.xml", []byte(`<p:presentation xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"/>`)},
		member{"ppt/slides/slide1.xml", b.Bytes()})
}

const manifest = `<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="application/vnd.oasis.opendocument.%s"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`

// openDocument writes an ODF document: what body makes, between open and shut.
func openDocument(kind, open, shut string, body func(*bytes.Buffer, File)) func(testing.TB, File) []byte {
	return func(t testing.TB, f File) []byte {
		t.Helper()
		var b bytes.Buffer
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" office:version="1.2"><office:body>` + open)
		body(&b, f)
		b.WriteString(shut + "</office:body></office:document-content>")
		return archive(t, member{"mimetype", []byte("application/vnd.oasis.opendocument." + kind)}, member{"content.xml", b.Bytes()},
			member{"META-INF/manifest.xml", fmt.Appendf(nil, manifest, kind)})
	}
}

func odfParagraphs(b *bytes.Buffer, f File) {
	for line := range strings.Lines(f.Text) {
		words := strings.TrimRight(line, "\n")
		at := min(len(words), 20)
		for at < len(words) && words[at]&0xC0 == 0x80 {
			at++
		}
		fmt.Fprintf(b, "<text:p>%s<text:span>%s</text:span></text:p>", escaped(words[:at]), escaped(words[at:]))
	}
}

func odfTable(b *bytes.Buffer, f File) {
	b.WriteString(`<table:table table:name="Hoja1">`)
	for _, row := range f.Table.all() {
		b.WriteString("<table:table-row>")
		for _, cell := range row {
			fmt.Fprintf(b, `<table:table-cell office:value-type="string"><text:p>%s</text:p></table:table-cell>`, escaped(cell))
		}
		b.WriteString("</table:table-row>")
	}
	b.WriteString("</table:table>")
}

// writeXLSX writes a sheet. Numeric, it stores whatever is all digits as a number, as a
// spreadsheet does with what is typed into it: without leading zeros, and with 15 digits.
func writeXLSX(numeric bool) func(testing.TB, File) []byte {
	return func(t testing.TB, f File) []byte {
		t.Helper()
		var b, shared bytes.Buffer
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
		known := 0
		for i, row := range f.Table.all() {
			fmt.Fprintf(&b, `<row r="%d">`, i+1)
			for c, cell := range row {
				ref := fmt.Sprintf("%c%d", 'A'+c, i+1)
				if numeric && strings.Trim(cell, "0123456789") == "" && cell != "" {
					fmt.Fprintf(&b, `<c r="%s"><v>%s</v></c>`, ref, asNumber(cell))
					continue
				}
				fmt.Fprintf(&b, `<c r="%s" t="s"><v>%d</v></c>`, ref, known)
				fmt.Fprintf(&shared, "<si><t>%s</t></si>", escaped(cell))
				known++
			}
			b.WriteString("</row>")
		}
		b.WriteString("</sheetData></worksheet>")
		return archive(t, member{"[Content_Types].xml", fmt.Appendf(nil, contentTypes, "xl/workbook.xml", "spreadsheetml.sheet")},
			relation("_rels/.rels", "officeDocument", "xl/workbook.xml"), relation("xl/_rels/workbook.xml.rels", "worksheet", "worksheets/sheet1.xml"),
			member{"xl/workbook.xml", []byte(`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Hoja1" sheetId="1" r:id="rId1"/></sheets></workbook>`)},
			member{"xl/sharedStrings.xml", []byte(`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + shared.String() + "</sst>")},
			member{"xl/worksheets/sheet1.xml", b.Bytes()})
	}
}

// asNumber writes digits as a spreadsheet stores them.
func asNumber(digits string) string {
	digits = strings.TrimLeft(digits, "0")
	if len(digits) <= 15 {
		return digits
	}
	mantissa := strings.TrimRight(digits[:1]+"."+digits[1:15], "0")
	return fmt.Sprintf("%sE+%d", strings.TrimRight(mantissa, "."), len(digits)-1)
}

// writeDBF writes a table of dBASE III with fields of characters in Windows-1252.
func writeDBF(_ testing.TB, f File) []byte {
	const width = 64
	var b bytes.Buffer
	columns := len(f.Table.Columns)
	head := make([]byte, 32)
	head[0], head[1], head[2], head[3] = 3, 126, 1, 1
	binary.LittleEndian.PutUint32(head[4:], uint32(len(f.Table.Rows)))
	binary.LittleEndian.PutUint16(head[8:], uint16(32+32*columns+1))
	binary.LittleEndian.PutUint16(head[10:], uint16(1+columns*width))
	head[29] = 3 // code page 1252
	b.Write(head)
	for _, name := range f.Table.Columns {
		field := make([]byte, 32)
		copy(field[:10], strings.ToUpper(strings.TrimPrefix(name, "clave_"))) // names of ten letters
		field[11], field[16] = 'C', width
		b.Write(field)
	}
	b.WriteByte('\r')
	for _, row := range f.Table.Rows {
		b.WriteByte(' ')
		for _, cell := range row {
			text := Windows1252(cell)
			b.Write(append(text, bytes.Repeat([]byte(" "), width-len(text))...))
		}
	}
	b.WriteByte(0x1A)
	return b.Bytes()
}

func writePDF(t testing.TB, f File) []byte {
	t.Helper()
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetFont("Helvetica", "", 11)
	pdf.AddPage()
	pdf.MultiCell(170, 5, string(Windows1252(f.Text)), "", "L", false)
	var b bytes.Buffer
	must(t, pdf.Output(&b))
	return b.Bytes()
}

const mailHead = "From: Oficialia <oficialia@localhost>\r\nTo: Archivo <archivo@localhost>\r\nSubject: Oficio\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"

// writeEML writes a message whose body has one half of the text and whose attachment, a
// Word document, has all of it: of that the body repeats nothing but filler.
func writeEML(t testing.TB, f File) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(mailHead + "Content-Type: multipart/mixed; boundary=\"limite\"\r\n\r\n--limite\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	q := quotedprintable.NewWriter(&b)
	_, err := q.Write([]byte("Se envía adjunto el oficio solicitado la semana pasada. Saludos.\r\n"))
	must(t, err)
	must(t, q.Close())
	b.WriteString("\r\n--limite\r\nContent-Type: application/octet-stream; name=\"oficio.docx\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"oficio.docx\"\r\n\r\n")
	encoded := base64.StdEncoding.EncodeToString(writeDOCX(t, f))
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		b.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	b.WriteString("--limite--\r\n")
	return b.Bytes()
}

// writeMbox writes a folder of mail: an empty message, and one with the text as
// quoted-printable Windows-1252.
func writeMbox(t testing.TB, f File) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("From oficialia Mon Mar  2 10:00:00 2026\r\n" + mailHead + "\r\nAcuse de recibo.\r\n\r\n")
	b.WriteString("From oficialia Mon Mar  2 10:05:00 2026\r\n" + mailHead + "Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	q := quotedprintable.NewWriter(&b)
	_, err := q.Write(bytes.ReplaceAll(Windows1252(f.Text), []byte("\n"), []byte("\r\n")))
	must(t, err)
	must(t, q.Close())
	b.WriteString("\r\n\r\n")
	return b.Bytes()
}
