package extract

import (
	"fmt"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const (
	wordOpen  = `<?xml version="1.0"?><w:document xmlns:w="w"><w:body>`
	wordClose = `</w:body></w:document>`
	sheetOpen = `<worksheet><sheetData>`
	sheetEnd  = `</sheetData></worksheet>`
)

// Each row is a part of a document, and what the sink is given for it.
func TestWordParts(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"a number in many runs", `<w:p><w:r><w:t>XEXX01</w:t></w:r><w:proofErr/><w:r><w:rPr><w:b/></w:rPr><w:t>0101HN</w:t></w:r><w:bookmarkStart w:id="1"/><w:r><w:t xml:space="preserve">EXXXA4 fin</w:t></w:r></w:p>`, "XEXX010101HNEXXXA4 fin\n"},
		{"tab, break, hyphen", `<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>`, "a\tb\nc-d\n"},
		{"references and CDATA", `<w:p><w:r><w:t>&lt;&#241;&#x00D1;&amp;&nbsp;&quot;</w:t><w:t><![CDATA[a<b>&amp;]]]></w:t></w:r></w:p>`, "<ñÑ&&nbsp;\"a<b>&amp;]\n"},
		{"greater than in an attribute", `<w:p w:x="a>b" w:y='">'><w:r w:z=">"><w:t>bien</w:t></w:r></w:p>`, "bien\n"},
		{"deleted and put instead", `<w:p><w:r><w:t>NSS 1234</w:t></w:r><w:del><w:r><w:delText>viejo</w:delText></w:r></w:del><w:ins><w:r><w:t>5678</w:t></w:r></w:ins></w:p>`, "NSS 12345678\nviejo\n"},
		{"field", `<w:p><w:r><w:fldChar/><w:instrText>MERGEFIELD CURP</w:instrText><w:fldChar/></w:r><w:r><w:t>valor</w:t></w:r></w:p>`, " MERGEFIELD CURP valor\n"},
		{"text box amid a number", `<w:p><w:r><w:t>1234</w:t></w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>caja</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>caja</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent><w:r><w:t>5678</w:t></w:r></w:p>`, "12345678\n--- text\ncaja\n"},
		{"fallback only", `<mc:AlternateContent><mc:Choice/><mc:Fallback><w:p><w:r><w:t>otra</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>`, "otra\n"},
		{"table between paragraphs", `<w:p><w:r><w:t>antes</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Nombre</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>NSS</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>Ana "La"</w:t><w:br/><w:t>Güera</w:t></w:r></w:p><w:p/></w:tc><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:t>después</w:t></w:r></w:p>`,
			"antes\n--- text\nNombre\tNSS\nAna 'La' Güera\t1 2\n--- text\ndespués\n"},
		{"merged and empty cells", `<w:tbl><w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc><w:tc><w:p><w:r><w:t>e</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`, "\tb\t\t\te\n"},
		{"table in a cell", `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>CURP</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc><w:tc><w:p><w:r><w:t>y</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`, "x\ty\n--- text\nCURP\n"},
		{"alternative text", `<w:p><w:r><w:drawing><wp:docPr id="1" descr="foto &amp; firma"/></w:drawing><w:t>pie</w:t></w:r></w:p>`, "pie\nfoto & firma \n"},
		{"deep boxes", strings.Repeat(`<w:txbxContent><w:p>`, 40) + `<w:r><w:t>hondo</w:t></w:r>` + strings.Repeat(`</w:p></w:txbxContent>`, 40), "hondo\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"},
		{"tags that cross", `<w:tbl></w:txbxContent></w:tbl></w:tbl></w:tc></w:tr><w:p><w:r><w:t>va</w:t></w:r></w:p>`, " \nva\n"},
		{"long attribute", `<w:p><v:shape o:gfxdata="` + strings.Repeat("A>", 70_000) + `"/><w:r><w:t>tras</w:t></w:r></w:p>`, "tras\n"},
		{"long text", `<w:p><w:r><w:t>` + strings.Repeat("ñ&amp;", 30_000) + `</w:t></w:r></w:p>`, strings.Repeat("ñ&", 30_000) + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readOffice(t, Limits{}, zipOf(t, "[Content_Types].xml", "<Types/>", "word/document.xml", wordOpen+test.body+wordClose))
			if diff := cmp.Diff("--- text\n"+test.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != "docx" || !o.Whole() && !strings.Contains(test.name, "cross") {
				t.Errorf("got %q, reasons %v; want docx, none", o.Format, o.Reasons)
			}
		})
	}
}

func TestSheets(t *testing.T) {
	const styles = `<styleSheet><numFmts count="2"><numFmt numFmtId="164" formatCode="00000000000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="14"/></cellXfs></styleSheet>`
	const strs = `<sst><si><t>CLABE</t></si><si><r><t>XEXX01</t></r><r><rPr><b/></rPr><t>0101</t></r><rPh><t>no</t></rPh></si><si/><si><t>a_x000D_
b&#9;c</t></si></sst>`
	for _, test := range []struct{ name, rows, want string }{
		{"numbers in full", `<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>1.24574718306011E+017</v></c><c r="B2" t="n"><v>8220470127</v></c><c r="C2"><v>45123.0</v></c></row>`, "CLABE\n124574718306011000\t8220470127\t45123\n"},
		{"shared strings", `<row><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c><c t="s"><v>99</v></c><c t="s"><v>-1</v></c><c><v>7</v></c></row>`, "XEXX010101\t\ta        b c\t\t\t7\n"},
		{"gaps", `<row r="1"><c r="B1"><v>1</v></c><c r="E1"><v>2</v></c></row><row r="1048576"><c r="A1048576"/><c r="C1048576"><v>3</v></c></row>`, "\t1\t\t\t2\n\t\t3\n"},
		{"far columns", `<row><c r="XFD1048576"><v>1</v></c><c r="XFDZZZ1"><v>2</v></c><c r="A1"><v>3</v></c></row>`, strings.Repeat("\t", 256) + "1\t2\t3\n"},
		{"styles", `<row><c s="1"><v>1234567897</v></c><c s="2"><v>31118</v></c><c s="3"><v>31118</v></c><c s="9"><v>31118</v></c></row>`, "01234567897\t1985-03-12\t1985-03-12\t31118\n"},
		{"inline, formula, boolean, error, date", `<row><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c><c t="str"><f>A1&amp;"x"</f><v>for"mula</v></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>1985-03-12</v></c></row>`, "inline\tfor'mula\t\t\t1985-03-12\n"},
		{"no number", `<row><c><v>` + strings.Repeat("9", 300) + `</v></c><c><v>x</v></c></row>`, "\tx\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readOffice(t, Limits{}, zipOf(t, "xl/workbook.xml", "<workbook/>", "xl/worksheets/sheet1.xml", sheetOpen+test.rows+sheetEnd, `XL\sharedStrings.xml`, strs, "xl/styles.xml", styles))
			if diff := cmp.Diff("--- text\n"+test.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != "xlsx" || !o.Whole() {
				t.Errorf("got %q, reasons %v; want xlsx, none", o.Format, o.Reasons)
			}
		})
	}
}

// What else stands in a workbook.
func TestWorkbookParts(t *testing.T) {
	for _, test := range []struct{ name, path, part, want string }{
		{"names", "xl/workbook.xml", `<workbook><sheets><sheet name="Padr&#243;n"/></sheets><definedNames><definedName name="x">"valor"</definedName></definedNames></workbook>`, "Padrón\n\"valor\"\n"},
		{"comments", "xl/comments1.xml", `<comments><authors><author>Autor</author></authors><commentList><comment ref="A1"><text><r><t>uno </t></r><r><t>dos</t></r></text></comment><comment><text><t>tres</t></text></comment></commentList></comments>`, "uno dos\ntres\n"},
		{"table", "xl/tables/table1.xml", `<table><tableColumns><tableColumn name="NSS"/></tableColumns></table>`, "NSS\n"},
		{"external", "xl/externalLinks/externalLink1.xml", `<externalLink><externalBook><sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1" t="str"><v>Nombre</v></cell><cell r="C1"><v>12E3</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>`, "Nombre\t\t12000\n"},
		{"drawing", "xl/drawings/drawing1.xml", `<xdr:wsDr><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" descr="alt"/></xdr:nvSpPr><xdr:txBody><a:p><a:r><a:t>ca</a:t></a:r><a:r><a:t>ja</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`, "caja\nalt \n"},
		{"vml", "xl/drawings/vmlDrawing1.vml", `<xml><v:shape><v:textbox><div>caja</div></v:textbox><x:Anchor>1, 2, 3</x:Anchor></v:shape></xml>`, "caja\n"},
		{"chart", "xl/charts/chart1.xml", `<c:chartSpace><c:cat><c:strRef><c:f>A1</c:f><c:strCache><c:pt idx="0"><c:v>Ana</c:v></c:pt><c:pt idx="1"><c:v>Luis</c:v></c:pt></c:strCache></c:strRef></c:cat></c:chartSpace>`, "Ana\nLuis\n"},
		{"link", "xl/worksheets/_rels/sheet1.xml.rels", `<Relationships><Relationship Id="1" Target="mailto:ana@ejemplo.mx" TargetMode="External"/><Relationship Target="../x.xml"/></Relationships>`, "mailto:ana@ejemplo.mx\n"},
		{"persons", "xl/persons/person.xml", `<personList xmlns="u"><person displayName="Ana" id=""/></personList>`, "displayName: Ana\n"},
		{"custom", "customXml/item1.xml", `<datos xmlns="urn:x"><CURP>
  XEXX</CURP><n a="1"/></datos>`, "CURP: XEXX\na: 1\n"},
		{"UTF-16", "xl/comments1.xml", "\xff\xfe" + utf16le(`<?xml version="1.0" encoding="UTF-16"?><comments><comment><text><t>señas 🙂</t></text></comment></comments>`), "señas 🙂\n"},
		{"pivot", "xl/pivotCache/pivotCacheDefinition1.xml", `<pivotCacheDefinition><cacheFields><cacheField name="NSS"><sharedItems><n v="8.220470127E9"/><s v="x&amp;y"/></sharedItems></cacheField><cacheField name="Otro"/></cacheFields></pivotCacheDefinition>`, "NSS\n8220470127\nx&y\n--- text\nOtro\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readOffice(t, Limits{}, zipOf(t, "xl/_", "", test.path, test.part))
			if diff := cmp.Diff("--- text\n"+test.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != "xlsx" || !o.Whole() {
				t.Errorf("got %q, reasons %v; want xlsx, none", o.Format, o.Reasons)
			}
		})
	}
	got, _ := readOffice(t, Limits{}, zipOf(t, "xl/pivotCache/pivotCacheRecords3.xml", `<pivotCacheRecords><r><x v="0"/><s v="Ana"/></r><r><n v="1E3"/><m/></r></pivotCacheRecords>`,
		"xl/pivotCache/pivotCacheDefinition3.xml", `<pivotCacheDefinition><cacheFields><cacheField name="NSS"/><cacheField name="Nombre"/></cacheFields></pivotCacheDefinition>`))
	if want := "--- text\nNSS\n--- text\nNombre\n--- text\nNSS\tNombre\n\tAna\n1000\n"; got != want {
		t.Errorf("pivot records: got %q, want %q", got, want)
	}
}

func utf16le(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestOpenDocumentParts(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"repeats", `<table:table><table:table-row table:number-rows-repeated="2147483648"><table:table-cell/></table:table-row><table:table-row table:number-rows-repeated="2147483648"><table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="1.5E3"><text:p>1,500.00</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2147483648"/><table:table-cell><text:p>z</text:p></table:table-cell></table:table-row></table:table>`, "1500\t1500" + strings.Repeat("\t", 255) + "z\n"},
		{"zeros that are shown", `<table:table><table:table-row><table:table-cell office:value-type="float" office:value="1234567897"><text:p>01234567897</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="124574718306011000"><text:p>1.24574718306011E+017</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="1985-03-12T00:00:00"><text:p>12/mar/85</text:p></table:table-cell></table:table-row></table:table>`, "01234567897\t124574718306011000\t1985-03-12\n"},
		{"spans and white space", "<text:p>1234\n<text:span>5678</text:span>\n  <text:s/>x</text:p>\n ruido", "1234 5678    x\n"},
		{"table in a cell", `<table:table><table:table-row><table:table-cell><table:table table:is-sub-table="true"><table:table-row><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></table:table-cell><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row></table:table>`, "\ta\n--- text\nb\n"},
		{"fields of forms", `<form:form><form:text form:current-value="XEXX"/></form:form><text:user-field-decl text:name="CURP" office:string-value="valor"/>`, "XEXX\nCURP: valor\n"},
		{"picture's description", `<text:p>uno<draw:frame><draw:image/><svg:desc>foto</svg:desc></draw:frame>dos</text:p>`, "unodos\nfoto \n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readOffice(t, Limits{}, zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text-template", "content.xml", `<office:document-content><office:body>`+test.body+`</office:body></office:document-content>`))
			if diff := cmp.Diff("--- text\n"+test.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != "odt" || !o.Whole() {
				t.Errorf("got %q, reasons %v; want odt, none", o.Format, o.Reasons)
			}
		})
	}
}

func TestOfficeReasons(t *testing.T) {
	const mimetype = "application/vnd.oasis.opendocument.spreadsheet"
	var picture strings.Builder
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	paragraph := `<w:p><w:r><w:t>texto</w:t></w:r></w:p>`
	for _, test := range []struct {
		name    string
		limits  Limits
		members []string
		want    []Reason
		text    string // that must be read anyway
	}{
		{"cut XML", Limits{}, []string{"word/document.xml", wordOpen + paragraph + `<w:p><w:r><w:t>y más`}, []Reason{Damaged}, "texto\ny más"},
		{"cut tag", Limits{}, []string{"word/document.xml", wordOpen + paragraph + `<w:p w:a="`}, []Reason{Damaged}, "texto"},
		{"tag in a tag", Limits{}, []string{"word/document.xml", wordOpen + `<w:p w:a="x<w:r><w:t>texto</w:t></w:r></w:p>` + wordClose}, []Reason{Damaged}, "texto"},
		{"no XML", Limits{}, []string{"word/document.xml", "nada"}, []Reason{Damaged}, ""},
		{"other parts after a damaged one", Limits{}, []string{"word/document.xml", "<w", "word/header1.xml", `<w:hdr>` + paragraph + `</w:hdr>`}, []Reason{Damaged}, "texto"},
		{"picture", Limits{}, []string{"word/media/image1.png", picture.String(), "word/document.xml", wordOpen + paragraph + wordClose}, []Reason{NoText}, "texto"},
		{"embedded sheet", Limits{}, []string{"word/document.xml", wordOpen + wordClose, "word/embeddings/hoja.xlsx", string(zipOf(t, "xl/worksheets/sheet1.xml", sheetOpen+`<row><c t="inlineStr"><is><t>dentro</t></is></c></row>`+sheetEnd))}, nil, "dentro"},
		{"binary workbook", Limits{}, []string{"xl/workbook.bin", "\x83\x01\x00", "docProps/core.xml", `<coreProperties><creator>Ana</creator></coreProperties>`}, []Reason{Unsupported}, "creator: Ana"},
		{"strings over the limit", Limits{Held: 2 << 20}, []string{"xl/sharedStrings.xml", "<sst>" + strings.Repeat("<si><t>cadena larga</t></si>", 100_000) + "<si><t>la última</t></si></sst>", "xl/worksheets/sheet1.xml", sheetOpen + `<row><c><v>1E3</v></c><c t="s"><v>0</v></c></row>` + sheetEnd}, []Reason{LimitHeld}, "la última\n--- text\n1000\tcadena larga\n"},
		{"encrypted", Limits{}, []string{"mimetype", mimetype, "META-INF/manifest.xml", `<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`, "content.xml", "\x00\x01"}, []Reason{Encrypted}, ""},
		{"many parts", Limits{Entries: 2}, []string{"word/a.xml", "<w:hdr/>", "word/b.xml", "<w:hdr/>", "word/c.xml", "<w:hdr/>"}, []Reason{LimitEntries}, ""},
		{"bomb", Limits{}, []string{"word/document.xml", wordOpen + strings.Repeat(" ", 80<<20) + wordClose}, []Reason{LimitRatio}, ""},
		{"inflated", Limits{Inflated: 1 << 20, Ratio: 1 << 30}, []string{"word/document.xml", wordOpen + strings.Repeat(paragraph, 80_000) + wordClose, "word/footer1.xml", "<w:ftr/>"}, []Reason{LimitInflated}, "texto"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, o := readOffice(t, test.limits, zipOf(t, test.members...))
			got := slices.Sorted(maps.Keys(o.Reasons))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if !strings.Contains(text, test.text) {
				t.Errorf("got texts %.200q, want them with %q", text, test.text)
			}
		})
	}
}

// Texts that stand beside another do not pile up in memory.
func TestManyTextsBeside(t *testing.T) {
	box := `<w:p><w:r><w:txbxContent><w:p><w:r><w:t>` + strings.Repeat("caja ", 1000) + `</w:t></w:r></w:p></w:txbxContent></w:r></w:p>`
	d := New(Limits{Ratio: 1 << 30}, nowhere{})
	doc := zipOf(t, "word/document.xml", repeated(wordOpen, box, wordClose, 16<<20))
	o := d.File(t.Context(), strings.NewReader(string(doc)), int64(len(doc)))
	if !o.Whole() || o.Texts < 3000 {
		t.Errorf("got %d texts, reasons %v; want one for each box", o.Texts, o.Reasons)
	}
}

func TestFlatOffice(t *testing.T) {
	for _, test := range []struct{ name, doc, format, want string }{
		{"Excel 2003", `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="H"><Table><Row><Cell ss:MergeAcross="1"><Data ss:Type="String">NSS</Data></Cell><Cell><Data ss:Type="String">C</Data><Comment><ss:Data>nota</ss:Data></Comment></Cell></Row><Row><Cell><Data ss:Type="Number">1.24574718306011E+017</Data></Cell><Cell ss:Index="4"><Data ss:Type="String">a&#10;b</Data></Cell></Row></Table></Worksheet></Workbook>`, "excel-xml", "NSS\t\tC\n124574718306011000\t\t\ta b\n--- text\nnota\n"},
		{"Word 2003", `<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p><w:r><w:t>uno</w:t></w:r><w:r><w:t>dos</w:t></w:r></w:p></w:body></w:wordDocument>`, "word-xml", "unodos\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readOffice(t, Limits{}, []byte(test.doc))
			if want := "--- text\n" + test.want; got != want || o.Format != test.format || !o.Whole() {
				t.Errorf("got %q of %s, reasons %v; want %q of %s", got, o.Format, o.Reasons, want, test.format)
			}
		})
	}
}

// Wherever a block of the file ends, the texts are the same.
func TestXMLWindow(t *testing.T) {
	part := wordOpen + `<!-- <w:t>no</w:t> --><w:p a="x>y"><w:r><w:t>uno&amp;dos</w:t><w:t><![CDATA[tres]]></w:t><w:br/></w:r></w:p>` + wordClose
	for pad := xmlWindow - len(part) - 8; pad < xmlWindow; pad++ {
		doc := zipOf(t, "word/document.xml", "<?x"+strings.Repeat(" ", pad)+"?>"+part)
		if got, o := readOffice(t, Limits{Ratio: 1 << 30}, doc); got != "--- text\nuno&dostres\n\n" || !o.Whole() {
			t.Fatalf("%d bytes before: got %q, reasons %v", pad, got, o.Reasons)
		}
	}
}

// Nothing of a document stays in the buffers of its parts.
func TestOfficeWipe(t *testing.T) {
	const secret = "XEXX010101HNEXXXA4"
	p := newParts(&document{x: New(Limits{}, nowhere{})})
	p.xml.reset(strings.NewReader(wordOpen + `<w:p w:descr="&#48;` + secret + `"><w:r><w:t>` + secret + `</w:t></w:r></w:p>` + wordClose))
	p.flow.text([]byte(secret))
	p.flow.openBox()
	p.flow.text([]byte(secret))
	p.sheet.strings.add([]byte(secret), 2*stringsBytes)
	p.xml.resolve([]byte("&amp;" + secret))
	held := [][]byte{p.xml.buf, p.xml.value, p.flow.levels[0].buf, p.flow.levels[1].buf, p.sheet.strings.pieces[0]}
	p.wipe()
	for i, b := range held {
		b = b[:cap(b)]
		if strings.Contains(string(b), secret) {
			t.Errorf("buffer %d holds what was read", i)
		}
	}
	if got := fmt.Sprint(p.flow.d); got != "<nil>" {
		t.Error("the document is still held")
	}
}
