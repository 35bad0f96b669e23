package web

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// The search of the frame finds machines, rows of books, controls and whatever other parts
// of the portal add, and nothing that who asks may not see. Who types the name of one thing
// exactly goes to it.

// Question is what somebody looks for.
type Question struct {
	Text string // as typed, without spaces around
	// Words are its words as registers.Fold makes them: a thing matches that has them all.
	Words []string
	Lang  message.Lang
	Role  access.Role
	By    string // account
	Most  int    // results; one more tells that there are others
}

// Matches tells whether all words of the question are in one of the texts together.
func (q Question) Matches(texts ...string) bool {
	text := registers.Fold(strings.Join(texts, "\n"))
	return len(q.Words) > 0 && !slices.ContainsFunc(q.Words, func(word string) bool { return !strings.Contains(text, word) })
}

// Hit is one thing that was found.
type Hit struct {
	Path, Title, Detail string
	// Exact: the question is its very name.
	Exact bool
}

// Searcher finds things of one kind.
type Searcher struct {
	Kind message.Text
	// Roles are those that are shown what it finds; nil: everybody who sees the whole
	// organisation.
	Roles []access.Role
	Find  func(ctx context.Context, tx *storage.Tx, q Question) ([]Hit, error)
}

// searchRoutes is the address of the search.
func (s *site) searchRoutes() []route {
	return []route{{method: "GET", path: "/buscar", roles: anybody(), serve: s.search}}
}

const (
	mostHits   = 20 // of one kind
	leastTyped = 2  // letters
)

// searchView is the page.
type searchView struct {
	Text   string
	Short  bool // too few letters
	Groups []hitGroup
	Total  int
}

type hitGroup struct {
	ID, Title string
	Hits      []Hit
	More      bool
	All       string // where all of them are; may be empty
}

func (s *site) search(v *visit) error {
	text := strings.TrimSpace(strings.ToValidUTF8(v.r.URL.Query().Get("q"), ""))
	if runes := []rune(text); len(runes) > maxTyped {
		text = string(runes[:maxTyped])
	}
	page := searchView{Text: text, Short: text != "" && len([]rune(text)) < leastTyped}
	q := Question{Text: text, Words: strings.Fields(registers.Fold(text)), Lang: v.Lang, Role: v.user.Role, By: v.user.Name, Most: mostHits}
	if text == "" || page.Short || len(q.Words) == 0 {
		return v.render(view{name: "buscar", title: v.T("search.title"), menu: "/buscar", data: page})
	}
	var groups []hitGroup
	err := s.read(v.r.Context(), "what is looked for", func(ctx context.Context, tx *storage.Tx) error {
		for _, one := range slices.Concat(v.searchers(), s.Search) {
			roles := one.Roles
			if roles == nil {
				roles = everybody()
			}
			if !slices.Contains(roles, v.user.Role) {
				continue
			}
			hits, err := one.Find(ctx, tx, q)
			if err != nil {
				return err
			}
			if len(hits) > 0 {
				groups = append(groups, hitGroup{Title: one.Kind.In(v.Lang), Hits: hits})
			}
		}
		found, err := v.searchBooks(ctx, tx, q)
		groups = append(groups, found...)
		return err
	})
	if err != nil {
		return err
	}
	var exact []string
	for i, g := range groups {
		groups[i].ID = fmt.Sprintf("g%d", i)
		if groups[i].More = len(g.Hits) > mostHits; groups[i].More {
			groups[i].Hits = g.Hits[:mostHits]
		}
		page.Total += len(groups[i].Hits)
		for _, h := range groups[i].Hits {
			if h.Exact {
				exact = append(exact, h.Path)
			}
		}
	}
	if len(exact) == 1 {
		v.redirect(exact[0])
		return nil
	}
	page.Groups = groups
	return v.render(view{name: "buscar", title: v.T("search.title"), menu: "/buscar", data: page})
}

// searchers are those of the portal's own pages.
func (v *visit) searchers() []Searcher {
	return []Searcher{
		{Kind: v.site.words["machines.title"].Say, Roles: append(everybody(), access.Liaison), Find: v.findMachines},
		{Kind: v.site.words["controls.title"].Say, Find: v.findControls},
		{Kind: v.site.words["incidents.title"].Say, Find: v.findIncidents},
	}
}

func (v *visit) findMachines(ctx context.Context, tx *storage.Tx, q Question) ([]Hit, error) {
	machines, err := v.site.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for _, m := range machines {
		if !v.sees(m.Department) || !q.Matches(m.Hostname, m.Department, m.ID) {
			continue
		}
		detail := []string{m.Department}
		if m.Status != enroll.Active {
			detail = append(detail, v.T("search.departed"))
		}
		out = append(out, Hit{Path: "/equipos/" + m.ID, Title: m.Hostname, Detail: joined(detail),
			Exact: m.Status == enroll.Active && strings.EqualFold(m.Hostname, q.Text)})
	}
	// What begins with the text comes first.
	slices.SortStableFunc(out, func(a, b Hit) int {
		return cmp.Or(begins(b.Title, q.Text)-begins(a.Title, q.Text), strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)))
	})
	return out[:min(len(out), q.Most+1)], nil
}

func begins(text, with string) int {
	if strings.HasPrefix(strings.ToLower(text), strings.ToLower(with)) {
		return 1
	}
	return 0
}

func (v *visit) findControls(_ context.Context, _ *storage.Tx, q Question) ([]Hit, error) {
	var out []Hit
	for _, c := range v.site.Laws.Controls {
		if q.Matches(c.ID, c.Title.ES, c.Title.EN, c.Asks.In(v.Lang)) {
			out = append(out, Hit{Path: "/controles/" + c.ID, Title: c.Title.In(v.Lang), Detail: c.ID, Exact: strings.EqualFold(c.ID, q.Text)})
		}
	}
	slices.SortStableFunc(out, func(a, b Hit) int { // by title rather than by text
		return inTitle(q, b) - inTitle(q, a)
	})
	return out[:min(len(out), q.Most+1)], nil
}

// findIncidents finds incidents by their folio, title, machines and what was entered.
func (v *visit) findIncidents(ctx context.Context, tx *storage.Tx, q Question) ([]Hit, error) {
	if v.site.Incidents == nil {
		return nil, nil
	}
	all, err := v.site.Incidents.Incidents(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for _, in := range all {
		folio := incidents.FolioText(in.Folio)
		if q.Matches(folio, in.Title(), in.Facts["description"], in.Facts["machines"], in.Facts["department"]) {
			out = append(out, Hit{Path: incidentPath(in.Folio), Title: in.Title(), Detail: joined([]string{folio, v.phaseWord(in)}), Exact: strings.EqualFold(folio, q.Text)})
		}
	}
	return out[:min(len(out), q.Most+1)], nil
}

func inTitle(q Question, h Hit) int {
	if q.Matches(h.Title, h.Detail) {
		return 1
	}
	return 0
}

// searchBooks finds rows in force of the books that the visitor reads.
func (v *visit) searchBooks(ctx context.Context, tx *storage.Tx, q Question) ([]hitGroup, error) {
	var out []hitGroup
	for _, b := range v.site.Books {
		if !v.mayRead(b) {
			continue
		}
		ask := v.query(b)
		ask.Text, ask.Most = q.Text, q.Most+1
		rows, err := v.site.Registers.Search(ctx, tx, []*registers.Book{b}, ask)
		if err != nil {
			return nil, err
		}
		group := hitGroup{Title: b.Title.In(v.Lang), All: "/libros/" + b.Name + "?" + url.Values{"q": {q.Text}}.Encode()}
		for _, r := range rows {
			folio := b.FolioText(r.Folio)
			group.Hits = append(group.Hits, Hit{Path: rowPath(b, r.Folio), Title: cmp.Or(v.rowTitle(b, r.Values), folio), Detail: folio,
				Exact: strings.EqualFold(folio, q.Text)})
		}
		if len(group.Hits) > 0 {
			out = append(out, group)
		}
	}
	return out, nil
}

// joined are the parts that are not empty, in a line.
func joined(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · ")
}
