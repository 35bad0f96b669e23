package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"testing"
)

// fuzzOffice reads a part, in an archive as the format wants it, twice: whatever it
// holds, reading ends, and the buffers of the first time change nothing the second.
func fuzzOffice(f *testing.F, wrap func(t testing.TB, part []byte) []byte) {
	limits := Limits{Held: 1 << 20, Inflated: 8 << 20, Ratio: 1 << 30, Entries: 100}
	f.Fuzz(func(t *testing.T, part []byte) {
		doc := wrap(t, part)
		var first, second officeSink
		x := New(limits, &first)
		a := x.File(context.Background(), bytes.NewReader(doc), int64(len(doc)))
		x.sink = &second
		b := x.File(context.Background(), bytes.NewReader(doc), int64(len(doc)))
		if a.Reason != b.Reason || first.String() != second.String() {
			t.Errorf("read twice: %q %q, then %q %q", a.Reason, first.String(), b.Reason, second.String())
		}
		if most := 2000*len(part) + 1<<20; first.Len() > most {
			t.Errorf("got %d bytes of text from %d", first.Len(), len(part))
		}
	})
}

// addParts adds the parts of the documents in testdata that have this ending.
func addParts(f *testing.F, documents, part string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "office", documents))
	if err != nil || len(files) == 0 {
		f.Fatalf("no documents %s: %v", documents, err)
	}
	for _, file := range files {
		z, err := zip.OpenReader(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, member := range z.File {
			if ok, err := path.Match(part, member.Name); err != nil || !ok {
				continue
			}
			r, err := member.Open()
			if err != nil {
				f.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(r); err != nil {
				f.Fatal(err)
			}
			f.Add(b.Bytes())
		}
		if err := z.Close(); err != nil {
			f.Fatal(err)
		}
	}
}

func FuzzDOCX(f *testing.F) {
	addParts(f, "*.docx", "word/*.xml")
	addParts(f, "*.pptx", "ppt/slides/*.xml")
	f.Add([]byte(wordOpen + `<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="9"/></w:tcPr><w:p><w:r><w:t>a&#65;</w:t><w:tab/></w:r></w:p></w:tc></w:tr></w:tbl><w:txbxContent/><w:del><w:delText>x</w:delText></w:del>` + wordClose))
	f.Add([]byte(`<w:document><![CDATA[x]]><!-- y --><?z?><mc:Choice/><mc:Fallback>`))
	f.Add([]byte("\xff\xfe" + utf16le(wordOpen+`<w:p><w:r><w:t>ñ🙂`)))
	fuzzOffice(f, func(t testing.TB, part []byte) []byte { return zipBy(t, zip.Store, "word/document.xml", string(part)) })
}

func FuzzXLSX(f *testing.F) {
	addParts(f, "*.xlsx", "xl/*.xml")
	addParts(f, "*.xlsx", "xl/worksheets/*.xml")
	f.Add([]byte(sheetOpen + `<row><c r="XFD1" s="1" t="s"><v>0</v></c><c t="inlineStr"><is><t>_x000D_</t></is></c><c><v>1.5E+10</v></c></row>` + sheetEnd))
	f.Add([]byte(`<sst><si><t>a</t></si></sst>`))
	f.Add([]byte(`<pivotCacheDefinition><cacheField name="a"><s v="b"/></cacheField></pivotCacheDefinition>`))
	fuzzOffice(f, func(t testing.TB, part []byte) []byte {
		return zipBy(t, zip.Store, "xl/workbook.xml", "<workbook/>", "xl/sharedStrings.xml", string(part), "xl/styles.xml", string(part),
			"xl/worksheets/sheet1.xml", string(part), "xl/pivotCache/pivotCacheDefinition1.xml", string(part), "xl/pivotCache/pivotCacheRecords1.xml", string(part),
			"xl/worksheets/sheet2.xml", sheetOpen+`<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c s="1"><v>31118</v></c></row>`+sheetEnd)
	})
}

func FuzzODF(f *testing.F) {
	addParts(f, "*.od?", "content.xml")
	addParts(f, "*.od?", "styles.xml")
	for _, name := range []string{"carta.fodt", "padron.fods", "laminas.fodp"} {
		flat, err := os.ReadFile(filepath.Join("testdata", "office", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(flat)
	}
	f.Add([]byte(`<office:document-content><table:table><table:table-row><table:table-cell table:number-columns-repeated="99" office:value-type="float" office:value="1E5"><text:p>x</text:p>`))
	fuzzOffice(f, func(t testing.TB, part []byte) []byte {
		return zipBy(t, zip.Store, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", string(part))
	})
}
