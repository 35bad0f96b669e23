package agent

import (
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
)

func TestPage(t *testing.T) {
	s := Status{
		AgentID: "machine-1", Organisation: `Ayuntamiento <b>"X"</b> & Cía`, Version: "1.0", WrittenAt: time.Unix(1790000000, 0),
		Results: []measuredResult{
			{Entry: "AC-LOCK-15", Control: "AC-LOCK-15", Status: checks.Fail, Reason: checks.Because("check.timed_out", "seconds", "<30>")},
			{Entry: "BK-DAILY@mx", Control: "BK-DAILY", Status: checks.Pass, Reason: checks.Because("nobody.knows")},
		},
	}
	for _, row := range []struct {
		lang message.Lang
		want []string
	}{
		{message.Spanish, []string{
			`<html lang="es">`, "Ayuntamiento &lt;b&gt;&#34;X&#34;&lt;/b&gt; &amp; Cía", "✘ no cumple", "la medición no terminó en &lt;30&gt; s",
			"Todavía no se ha enviado nada", "Qué no se mide nunca", "No se hacen clasificaciones de empleados", "<b>1</b> cumple",
			"default-src &#39;none&#39;",
		}},
		{message.English, []string{`<html lang="en">`, "✘ not met", "What is never measured", "✔ met"}},
	} {
		got := string(page(s, catalog.New(), row.lang))
		for _, want := range row.want {
			if !strings.Contains(got, want) && !strings.Contains(got, strings.ReplaceAll(want, "&#39;", "'")) {
				t.Errorf("%s: the page lacks %q", row.lang, want)
			}
		}
		for _, bad := range []string{"<script", "http:", "https:", "<b>\"X", "page."} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: the page holds %q", row.lang, bad)
			}
		}
	}
	s.Organisation = ""
	if got := string(page(s, catalog.New(), message.Spanish)); !strings.Contains(got, "Este equipo comprueba por sí mismo") {
		t.Error("a page without an organisation begins otherwise")
	}
}

// The page says where to report, when the policy tells and it is a safe address.
func TestPageLeadsToTheReport(t *testing.T) {
	for _, row := range []struct{ portal, want string }{
		{"https://vigia.ejemplo.invalid:9443", `<a href="https://vigia.ejemplo.invalid:9443/avisar" rel="noreferrer">`},
		{"https://vigia.ejemplo.invalid/portal/", `<a href="https://vigia.ejemplo.invalid/portal/avisar" rel="noreferrer">`},
		{"", ""},
		{"javascript:alert(1)", ""},
		{"http://vigia.ejemplo.invalid", ""},
		{`https://a.invalid/"><script>`, `href="https://a.invalid/%22%3E%3Cscript%3E/avisar"`},
	} {
		got := string(page(Status{Policy: StatusPolicy{Portal: row.portal}}, catalog.New(), message.Spanish))
		switch {
		case !strings.Contains(got, "Si nota algo raro") || !strings.Contains(got, "desconecte el cable de red"):
			t.Errorf("%q: the page does not say what to do", row.portal)
		case row.want == "" && strings.Contains(got, "<a "):
			t.Errorf("%q: the page has a link", row.portal)
		case !strings.Contains(got, row.want):
			t.Errorf("%q: the page lacks %s", row.portal, row.want)
		case strings.Contains(got, "<script"):
			t.Errorf("%q: the page holds a script", row.portal)
		}
	}
}
