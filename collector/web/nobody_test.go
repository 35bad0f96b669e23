package web

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigia/checks/message"
	"vigia/collector/access"
)

// Employees are not ranked: no page has a table of persons. Its rows are controls,
// machines, folders, states and single findings; an account stands in the words of one
// finding and has no number beside it, and nothing that a reader writes into the address
// sorts a page otherwise.
func TestNobodyIsRanked(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	paths := []string{"/", "/equipos", "/controles", "/altas"}
	for _, id := range ids {
		paths = append(paths, "/equipos/"+id)
	}
	for _, c := range w.laws.Controls {
		paths = append(paths, "/controles/"+c.ID)
	}
	accounts := []string{"puesto", "padron2", "cobros", "obras", "Administrador"}
	var (
		row    = regexp.MustCompile(`(?s)<tr[ >].*?</tr>`)
		head   = regexp.MustCompile(`(?s)<th scope="col"[^>]*>(.*?)</th>`)
		cell   = regexp.MustCompile(`(?s)<t[hd][ >].*?</t[hd]>`)
		tag    = regexp.MustCompile(`<[^>]*>`)
		person = regexp.MustCompile(`(?i)\b(cuenta|usuario|persona|empleado|account|user|employee|owner)\b`)
		named  = 0
	)
	text := func(s string) string { return strings.TrimSpace(html.UnescapeString(tag.ReplaceAllString(s, " "))) }
	for _, path := range paths {
		for _, lang := range message.Langs() {
			got := b.get(path + "?lang=" + string(lang))
			if got.status != http.StatusOK {
				t.Fatalf("%s: got %d, want 200", path, got.status)
			}
			for _, h := range head.FindAllStringSubmatch(got.body, -1) {
				if person.MatchString(text(h[1])) {
					t.Errorf("%s: a table has a column of persons: %s", path, text(h[1]))
				}
			}
			for _, r := range row.FindAllString(got.body, -1) {
				for _, c := range cell.FindAllString(r, -1) {
					if slices.Contains(accounts, text(c)) {
						t.Errorf("%s: a row is of an account: %s", path, text(r))
					}
				}
			}
			for _, account := range accounts {
				named += strings.Count(got.body, account)
			}
		}
	}
	if named == 0 {
		t.Error("no page names an account: this test proves nothing")
	}
	for _, path := range []string{"/equipos", "/controles/AC-PWD-AGE-365"} {
		want := row.FindAllString(b.get(path).body, -1)
		for _, query := range []string{"?orden=cuenta", "?sort=account", "?sort=-fail", "?by=user"} {
			if got := row.FindAllString(b.get(path+query).body, -1); len(got) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s%s has other rows than without", path, query)
			}
		}
	}
}
