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
