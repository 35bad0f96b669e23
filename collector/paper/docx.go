package paper

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
)

// DOCX renders a text as a Word document (ECMA-376, the transitional form that Word
// and LibreOffice write). No library that builds here makes one, and what a form needs is
// little: headings, paragraphs, lists, tables, blanks marked in yellow and a page number.
// The foot of its pages names the author. The same text gives the same bytes.
func DOCX(text, author string) ([]byte, error) {
	var w body
	for _, b := range blocks(text) {
		w.block(b)
	}
	footer := cmp.Or(author, "Vigía")
	title := ""
	if all := blocks(text); len(all) > 0 {
		title = plain(all[0].text)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range [][2]string{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", relations},
		{"docProps/core.xml", fmt.Sprintf(coreProperties, escape(title), escape(footer))},
		{"word/_rels/document.xml.rels", documentRelations},
		{"word/styles.xml", styles},
		{"word/numbering.xml", numbering},
		{"word/footer1.xml", fmt.Sprintf(footerPart, escape(footer))},
		{"word/document.xml", xmlHead + `<w:document xmlns:w="` + wordSpace + `" xmlns:r="` + officeSpace + `"><w:body>` + w.String() + section + `</w:body></w:document>`},
	} {
		f, err := z.Create(part[0]) // with no time, so that the bytes stay the same
		if err != nil {
			return nil, err
		}
		if _, err := f.Write([]byte(part[1])); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

type body struct{ strings.Builder }

func (w *body) block(b block) {
	switch b.kind {
	case heading:
		w.paragraph(fmt.Sprintf("Heading%d", b.level), "", b.text)
	case bullet:
		w.paragraph("ListParagraph", `<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>`, b.text)
	case numbered: // the number is part of the text: one that is cited must not change
		w.paragraph("Numbered", "", strings.Replace(b.text, ". ", ".\t", 1))
	case quote:
		w.paragraph("Quote", "", b.text)
	case table:
		w.table(b.rows)
	case paragraph:
		w.paragraph("", "", b.text)
	}
}

func (w *body) paragraph(style, more, text string) {
	w.WriteString("<w:p><w:pPr>")
	if style != "" {
		w.WriteString(`<w:pStyle w:val="` + style + `"/>`)
	}
	w.WriteString(more + "</w:pPr>")
	w.runs(text, false)
	w.WriteString("</w:p>")
}

func (w *body) runs(text string, head bool) {
	for _, r := range runs(text) {
		w.WriteString("<w:r>")
		if r.bold || r.blank || head {
			w.WriteString("<w:rPr>")
			if r.bold || head {
				w.WriteString("<w:b/>")
			}
			if r.blank {
				w.WriteString(`<w:highlight w:val="yellow"/>`)
			}
			w.WriteString("</w:rPr>")
		}
		for i, line := range strings.Split(r.text, string(lineBreak)) {
			if i > 0 {
				w.WriteString("<w:br/>")
			}
			before, after, tab := strings.Cut(line, "\t")
			w.WriteString(`<w:t xml:space="preserve">` + escape(before) + "</w:t>")
			if tab {
				w.WriteString(`<w:tab/><w:t xml:space="preserve">` + escape(after) + "</w:t>")
			}
		}
		w.WriteString("</w:r>")
	}
}

// pageWidth is the width of the text in twentieths of a point: A4 less two margins.
const pageWidth = 9638

// widths shares the page among the columns: each has room for its longest word, as far as
// that is reasonable, and the rest goes by the length of the texts.
func widths(rows [][]string) []int {
	const letter, margins, most = 125, 200, pageWidth / 3
	width := make([]int, len(rows[0]))
	weight, total, left := make([]int, len(width)), 0, pageWidth
	for i := range width {
		for _, row := range rows {
			if i >= len(row) {
				continue
			}
			text := plain(row[i])
			weight[i] = max(weight[i], min(len([]rune(text)), 60), 1)
			for word := range strings.FieldsSeq(text) {
				width[i] = max(width[i], min(letter*len([]rune(word))+margins, most))
			}
		}
		total, left = total+weight[i], left-width[i]
	}
	for i := range width {
		width[i] += max(0, left) * weight[i] / max(1, total)
	}
	return width
}

func (w *body) table(rows [][]string) {
	width := widths(rows)
	w.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="` + fmt.Sprint(pageWidth) + `" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, n := range width {
		fmt.Fprintf(w, `<w:gridCol w:w="%d"/>`, n)
	}
	w.WriteString("</w:tblGrid>")
	for number, row := range rows {
		w.WriteString(`<w:tr><w:trPr><w:cantSplit/>`)
		if number == 0 {
			w.WriteString("<w:tblHeader/>")
		}
		w.WriteString("</w:trPr>")
		for i := range width {
			text := ""
			if i < len(row) {
				text = row[i]
			}
			fmt.Fprintf(w, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>`, width[i])
			if number == 0 {
				w.WriteString(`<w:shd w:val="clear" w:color="auto" w:fill="E7ECEF"/>`)
			}
			w.WriteString(`</w:tcPr><w:p><w:pPr><w:pStyle w:val="Cell"/></w:pPr>`)
			w.runs(text, number == 0)
			w.WriteString("</w:p></w:tc>")
		}
		w.WriteString("</w:tr>")
	}
	w.WriteString("</w:tbl><w:p/>")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

const (
	xmlHead     = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	wordSpace   = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	officeSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	wordType    = "application/vnd.openxmlformats-officedocument.wordprocessingml."

	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="` + wordType + `document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="` + wordType + `styles+xml"/>` +
		`<Override PartName="/word/numbering.xml" ContentType="` + wordType + `numbering+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="` + wordType + `footer+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	relations = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + officeSpace + `/officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	documentRelations = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + officeSpace + `/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="` + officeSpace + `/numbering" Target="numbering.xml"/>` +
		`<Relationship Id="rId3" Type="` + officeSpace + `/footer" Target="footer1.xml"/></Relationships>`

	coreProperties = xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
		`<dc:title>%s</dc:title><dc:creator>%s</dc:creator><dc:language>es</dc:language></cp:coreProperties>`

	footerPart = xmlHead + `<w:ftr xmlns:w="` + wordSpace + `"><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr><w:r><w:t xml:space="preserve">%s · </w:t></w:r>` +
		`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` +
		`<w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>`

	section = `<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:pgSz w:w="11906" w:h="16838"/>` +
		`<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>`

	numbering = xmlHead + `<w:numbering xmlns:w="` + wordSpace + `"><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/>` +
		`<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="397" w:hanging="284"/></w:pPr></w:lvl>` +
		`</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`

	// Sizes are in half points, spaces in twentieths of a point.
	styles = xmlHead + `<w:styles xmlns:w="` + wordSpace + `"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="22"/><w:lang w:val="es-ES"/></w:rPr></w:rPrDefault>` +
		`<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="0" w:after="200"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:color w:val="1F4E5F"/><w:sz w:val="32"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="280" w:after="100"/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:b/><w:color w:val="1F4E5F"/><w:sz w:val="26"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading3"><w:name w:val="heading 3"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="200" w:after="80"/><w:outlineLvl w:val="2"/></w:pPr><w:rPr><w:b/><w:sz w:val="23"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="ListParagraph"><w:name w:val="List Paragraph"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="60"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Numbered"><w:name w:val="Numbered"/><w:basedOn w:val="Normal"/><w:pPr><w:tabs><w:tab w:val="left" w:pos="397"/></w:tabs><w:spacing w:after="60"/><w:ind w:left="397" w:hanging="397"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/><w:basedOn w:val="Normal"/><w:pPr><w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="C9A227"/></w:pBdr><w:ind w:left="284"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Cell"><w:name w:val="Cell"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:before="30" w:after="30" w:line="240" w:lineRule="auto"/></w:pPr><w:rPr><w:sz w:val="19"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Footer"><w:name w:val="footer"/><w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="center"/></w:pPr><w:rPr><w:color w:val="666666"/><w:sz w:val="17"/></w:rPr></w:style>` +
		`<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4" w:color="A0A8AD"/><w:left w:val="single" w:sz="4" w:color="A0A8AD"/><w:bottom w:val="single" w:sz="4" w:color="A0A8AD"/><w:right w:val="single" w:sz="4" w:color="A0A8AD"/><w:insideH w:val="single" w:sz="4" w:color="A0A8AD"/><w:insideV w:val="single" w:sz="4" w:color="A0A8AD"/></w:tblBorders><w:tblCellMar><w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>`
)
