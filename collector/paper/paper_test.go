package paper

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The same text gives the same bytes.
func TestDocumentIsStable(t *testing.T) {
	const text = "# Uno\n\nDos **tres** [cuatro].\n\n- cinco\n\n1. seis\n\n> siete\n\n| a | b |\n|---|---|\n| c | d |\n"
	first, err := DOCX(text, "")
	if err != nil {
		t.Fatal(err)
	}
	again, err := DOCX(text, "")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Error("two documents of one text differ")
	}
}

func TestBlocks(t *testing.T) {
	got := blocks("# Uno\nDos\ntres\n\n- cinco\n  más\n- seis\n\n12. siete\n\n> ocho\n> nueve\n\n| a | b |\n|---|---|\n| c | |\ndiez\n")
	want := []block{
		{kind: heading, level: 1, text: "Uno"},
		{kind: paragraph, text: "Dos tres"},
		{kind: bullet, text: "cinco más"},
		{kind: bullet, text: "seis"},
		{kind: numbered, text: "12. siete"},
		{kind: quote, text: "ocho nueve"},
		{kind: table, rows: [][]string{{"a", "b"}, {"c", ""}}},
		{kind: paragraph, text: "diez"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestRuns(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []run
	}{
		{"plain", "uno", []run{{text: "uno"}}},
		{"bold", "a **b** c", []run{{text: "a "}, {text: "b", bold: true}, {text: " c"}}},
		{"a blank", "a [b] c", []run{{text: "a "}, {text: "[b]", blank: true}, {text: " c"}}},
		{"a link", "[a](b.md) c", []run{{text: "a c"}}},
		{"a list of JSON", "a[].b *c", []run{{text: "a[].b *c"}}},
		{"never closed", "a [b", []run{{text: "a [b"}}},
		{"code", "`a`", []run{{text: "a"}}},
		{"escaped", `\[a\] \*\* [b\]c]`, []run{{text: "[a] ** "}, {text: "[b]c]", blank: true}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, runs(row.text), cmp.AllowUnexported(run{})); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}
