package agent

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
)

// pageName is the local page, in the data folder.
const pageName = "estado.html"

// page writes what is measured on this machine for whoever works at it. All
// users of the machine can open it, so it shows each control's state and not
// its findings, which may name accounts and folders.
func page(s Status, cat *catalog.Catalog, lang message.Lang) []byte {
	w := pageWriter{say: newSayer(lang), cat: cat}
	w.put(`<!DOCTYPE html><html lang="`, string(lang), `"><head><meta charset="utf-8">`,
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>`)
	w.text("page.title", nil)
	w.put(`</title><style>`, pageStyle, `</style></head><body><main><h1>`)
	w.text("page.title", nil)
	w.put(`</h1><p class="lead">`)
	if s.Organisation == "" {
		w.text("page.lead_unnamed", nil)
	} else {
		w.text("page.lead", map[string]string{"organisation": s.Organisation})
	}
	w.put(`</p><p class="facts">`)
	w.text("page.written", map[string]string{"time": w.say.time(s.WrittenAt)})
	w.put(` `)
	if s.ByHand {
		w.text("page.by_hand", nil)
		w.put(` `)
	}
	if s.ByHand && s.Spool.Waiting > 0 {
		code := "page.by_hand.waits"
		if s.Exported.IsZero() {
			code = "page.by_hand.never"
		}
		w.text(code, map[string]string{"since": w.say.time(s.Spool.Since), "last": w.say.time(s.Exported)})
		w.put(` `)
	}
	if s.Delivery.Succeeded.IsZero() {
		w.text("page.never_delivered", nil)
	} else {
		w.text("page.delivered", map[string]string{"time": w.say.time(s.Delivery.Succeeded)})
	}
	w.put(`</p>`)
	w.policy(s.Policy)
	w.summary(s.Results)
	w.report(s.Policy.Portal)
	w.results(s.Results)
	for _, section := range []string{"page.measured", "page.never", "page.seen_by"} {
		w.section(section)
	}
	w.put(`<footer>Vigía `, html.EscapeString(s.Version), ` · `, html.EscapeString(s.AgentID), `</footer></main></body></html>`, "\n")
	return []byte(w.b.String())
}

// policy says by which rules the machine is measured.
func (w *pageWriter) policy(p StatusPolicy) {
	if p.Version == 0 {
		return
	}
	w.put(`<p class="facts">`)
	w.text("page.policy", map[string]string{"version": fmt.Sprintf("%d.%d", p.Epoch, p.Version), "packs": packList(p.Packs)})
	if p.Refused != nil {
		w.put(` `)
		w.text("page.refused", map[string]string{"time": w.say.time(p.Refused.At), "why": w.say.refused(p.Refused)})
	}
	w.put(`</p>`)
}

// report says what to do when something is wrong, and where anybody can tell of it when the
// policy names the portal.
func (w *pageWriter) report(portal string) {
	w.put(`<div class="report">`)
	w.section("page.report")
	if u, err := url.Parse(portal); err == nil && u.Scheme == "https" && u.Host != "" {
		address := u.JoinPath("avisar").String()
		w.put(`<p>`)
		w.text("page.report.where", nil)
		w.put(` <a href="`, html.EscapeString(address), `" rel="noreferrer">`, html.EscapeString(address), `</a></p>`)
	}
	w.put(`</div>`)
}

// packList writes packs with their versions.
func packList(packs []policy.PackRef) string {
	words := make([]string, len(packs))
	for i, p := range packs {
		words[i] = fmt.Sprintf("%s %d", p.Name, p.Version)
	}
	return strings.Join(words, ", ")
}

type pageWriter struct {
	b   strings.Builder
	say sayer
	cat *catalog.Catalog
}

func (w *pageWriter) put(parts ...string) {
	for _, p := range parts {
		w.b.WriteString(p)
	}
}

func (w *pageWriter) text(code string, args map[string]string) {
	w.put(html.EscapeString(w.say.text(code, args)))
}

func (w *pageWriter) section(code string) {
	w.put(`<h2>`)
	w.text(code+".title", nil)
	w.put(`</h2><ul>`)
	for i := 1; w.say.has(fmt.Sprintf("%s.%d", code, i)); i++ {
		w.put(`<li>`)
		w.text(fmt.Sprintf("%s.%d", code, i), nil)
		w.put(`</li>`)
	}
	w.put(`</ul>`)
}

func (w *pageWriter) summary(results []measuredResult) {
	counts := map[checks.Status]int{}
	for _, r := range results {
		counts[r.Status]++
	}
	w.put(`<p class="sums">`)
	for _, st := range checks.Statuses() {
		if counts[st] == 0 {
			continue
		}
		w.put(`<span class="`, string(st), `"><b>`, fmt.Sprint(counts[st]), `</b> `)
		w.text("status."+string(st), nil)
		w.put(`</span> `)
	}
	w.put(`</p>`)
}

func (w *pageWriter) results(results []measuredResult) {
	laws, err := policy.Laws()
	if err != nil {
		laws = policy.LawBook{} // controls are shown by their ids
	}
	w.put(`<table><thead><tr>`)
	for _, column := range []string{"column.control", "column.state", "column.reason", "column.do"} {
		w.put(`<th>`)
		w.text(column, nil)
		w.put(`</th>`)
	}
	w.put(`</tr></thead><tbody>`)
	for _, r := range results {
		w.put(`<tr><td>`)
		if c, ok := laws.Control(r.Control); ok {
			w.put(html.EscapeString(c.Title.In(w.say.lang)), `<br>`)
		}
		w.put(`<small>`, html.EscapeString(r.Entry), `</small></td><td class="`, html.EscapeString(string(r.Status)), `">`, glyph(r.Status), ` `)
		w.text("status."+string(r.Status), nil)
		w.put(`</td><td>`, html.EscapeString(w.cat.Say(w.say.lang, r.Reason)), `</td><td>`)
		if r.Status != checks.Pass && r.Status != checks.NotApplicable {
			w.put(html.EscapeString(w.cat.Do(w.say.lang, r.Reason)))
		}
		w.put(`</td></tr>`)
	}
	w.put(`</tbody></table>`)
}

// glyph is a sign beside the word, for those who do not tell colours apart.
func glyph(s checks.Status) string {
	switch s {
	case checks.Pass:
		return "✔"
	case checks.Warn:
		return "!"
	case checks.Fail:
		return "✘"
	case checks.NotApplicable:
		return "–"
	case checks.Unknown:
		return "?"
	default:
		return "?"
	}
}

// time writes a moment in the machine's own time zone.
func (s sayer) time(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

const pageStyle = `:root{color-scheme:light dark;--line:#c9d1d9;--soft:#57606a}
body{font:1rem/1.5 system-ui,"Segoe UI",sans-serif;margin:0}main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.8rem 0 .3rem}.lead{font-size:1.05rem}.facts,footer,small{color:var(--soft)}
.sums span{display:inline-block;border:1px solid var(--line);border-radius:.4rem;padding:.2rem .7rem;margin:0 .3rem .3rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5rem .6rem;border-bottom:1px solid var(--line)}
td.pass,.sums .pass{color:#0a6b3d}td.fail,.sums .fail{color:#b3261e}td.warn,.sums .warn{color:#8a5a00}td.unknown,.sums .unknown{color:#5a4fcf}
.report{border:1px solid var(--line);border-left:.3rem solid #b3261e;border-radius:.4rem;padding:.1rem 1rem;margin:1rem 0}.report h2{margin-top:.8rem}
td:nth-child(2){white-space:nowrap;font-weight:600}footer{margin-top:2rem;font-size:.85rem}
@media(prefers-color-scheme:dark){:root{--line:#3d444d;--soft:#9198a1}td.pass,.sums .pass{color:#3fb950}td.fail,.sums .fail{color:#ff7b72}td.warn,.sums .warn{color:#d29922}td.unknown,.sums .unknown{color:#a5a0ff}}`
