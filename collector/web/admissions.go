package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// The page of admissions is the one that changes something. Who runs the
// collector may, and the security officer looks.

// admissionRoutes are the addresses of that page.
func (s *site) admissionRoutes() []route {
	look := admissionRoles()
	change := []access.Role{access.Administrator}
	return []route{
		{method: "GET", path: "/altas", roles: look, serve: s.admissions},
		{method: "POST", path: "/altas/codigos", roles: change, serve: s.makeToken},
		{method: "POST", path: "/altas/codigos/{id}", roles: change, serve: s.changeToken},
		{method: "POST", path: "/altas/solicitudes", roles: change, serve: s.decideRequests},
		{method: "POST", path: "/altas/parecidos", roles: change, serve: s.decideDuplicates},
	}
}

// admissionRoles are those whom the page is for.
func admissionRoles() []access.Role { return []access.Role{access.Administrator, access.Officer} }

// Bounds of the page.
const (
	maxRequests = 100 // requests, suggestions and tokens that it lists
	maxTyped    = 200 // letters of a text that somebody types
	// What the page tells once, after a token was made.
	tokenKey = "admissions.token"
	tokenFor = "admissions.token.for"
)

// admissionsView is the page.
type admissionsView struct {
	May      bool   // change something
	Problem  string // why what was asked for was not done
	Token    string // a token that was just made, shown this once
	TokenFor string // for what
	Agents   string // where agents reach the collector; may be empty

	Requests     []requestRow
	MoreRequests int
	// Expected are approved and did not come for their certificates yet.
	Expected     []enroll.Request
	MoreExpected int
	Suggestions  []suggestionRow
	Tokens       []tokenRow // that admit somebody still
	PastTokens   []tokenRow
	// Departments are those that are known, for whoever types one.
	Departments []string
	Form        url.Values // what was typed, when there is a problem
}

// requestRow is a machine that waits.
type requestRow struct {
	enroll.Request
	Doubts []doubtRow
}

// System names the operating system as the machine does.
func (r requestRow) System() string { return strings.TrimSpace(r.OSName + " " + r.OSVersion) }

// doubtRow is what a request has in common with something else.
type doubtRow struct {
	Hardware bool
	Machine  enroll.Machine // its ID is empty for another request
}

// suggestionRow is a suggestion with the machine that would stay.
type suggestionRow struct {
	enroll.Suggestion
	Title, Do string
	Signs     []string
	Newest    enroll.Machine
	Olds      []enroll.Machine // that may be merged into Newest
	IDs       string
}

// tokenRow is a token.
type tokenRow struct {
	enroll.TokenInfo
	State enroll.TokenState
	Word  string
	Used  int
	Shown []string // check codes of its machines that wait and are on the page
}

// Codes are those of Shown in one text.
func (t tokenRow) Codes() string { return strings.Join(t.Shown, " ") }

func (s *site) admissions(v *visit) error { return v.renderAdmissions(admissionsView{}) }

// renderAdmissions reads and shows the page.
func (v *visit) renderAdmissions(page admissionsView) error {
	s, now := v.site, v.site.Now()
	ctx := v.r.Context()
	var requests, expected []enroll.Request
	var suggestions []enroll.Suggestion
	var tokens []enroll.TokenInfo
	var machines []enroll.Machine
	var known []enroll.KnownMachine
	err := s.read(ctx, "the admissions", func(ctx context.Context, tx *storage.Tx) (err error) {
		if requests, err = s.Enroll.Requests(ctx, tx, false); err != nil {
			return err
		}
		if expected, err = s.Enroll.Expected(ctx, tx); err != nil {
			return err
		}
		if suggestions, err = s.Enroll.Suggestions(ctx, tx); err != nil {
			return err
		}
		if tokens, err = s.Enroll.Tokens(ctx, tx); err != nil {
			return err
		}
		if machines, err = s.Enroll.Machines(ctx, tx); err != nil {
			return err
		}
		known, err = s.Enroll.Known(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	page.May = v.user.Role == access.Administrator
	page.Agents = s.Agents
	if page.Problem == "" { // and the secret is told once, to whoever asked for it
		page.Token, page.TokenFor = s.sessions.PopString(ctx, tokenKey), s.sessions.PopString(ctx, tokenFor)
	}
	doubts := enroll.Doubts(requests, machines)
	page.MoreRequests = max(0, len(requests)-maxRequests)
	page.MoreExpected = max(0, len(expected)-maxRequests)
	page.Expected = expected[:len(expected)-page.MoreExpected]
	shown := map[string][]string{}
	for _, r := range requests[:len(requests)-page.MoreRequests] {
		shown[r.TokenID] = append(shown[r.TokenID], r.Code)
		row := requestRow{Request: r}
		for _, d := range doubts[r.Code] {
			row.Doubts = append(row.Doubts, doubtRow{d.Sign == enroll.SignHardware, d.Machine})
		}
		page.Requests = append(page.Requests, row)
	}
	for _, suggestion := range suggestions[:min(len(suggestions), maxRequests)] {
		page.Suggestions = append(page.Suggestions, v.suggestionRow(suggestion))
	}
	for _, t := range tokens {
		row := tokenRow{TokenInfo: t, State: t.State(now), Word: v.tokenWord(t.State(now)), Used: t.Admitted, Shown: shown[t.ID]}
		if t.Machines == 1 && !t.UsedAt.IsZero() {
			row.Used = 1
		}
		if row.Closable() {
			page.Tokens = append(page.Tokens, row)
		} else if len(page.PastTokens) < maxRequests {
			page.PastTokens = append(page.PastTokens, row)
		}
	}
	page.Departments = departments(machines, known)
	return v.render(view{name: "altas", title: v.T("admissions.title"), menu: "/altas", data: page})
}

// departments lists the names in use, in order.
func departments(machines []enroll.Machine, known []enroll.KnownMachine) []string {
	var out []string
	for _, m := range machines {
		out = append(out, m.Department)
	}
	for _, k := range known {
		out = append(out, k.Department)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(name string) bool { return name == "" })
}

// waiting counts what waits for whoever looks at the page of admissions.
func (v *visit) waiting() int {
	n := 0
	err := v.site.read(v.r.Context(), "what waits", func(ctx context.Context, tx *storage.Tx) error {
		pending, err := v.site.Enroll.CountPending(ctx, tx)
		if err != nil {
			return err
		}
		suggestions, err := v.site.Enroll.Suggestions(ctx, tx)
		n = pending + len(suggestions)
		return err
	})
	if err != nil {
		v.site.Logger.Warn("portal cannot count what waits", "err", err)
		return 0
	}
	return n
}

// typed is a text of the form, and whether it is one line of at most maxTyped
// letters.
func (v *visit) typed(name string) (string, bool) {
	text := strings.TrimSpace(v.r.PostForm.Get(name))
	bad := func(r rune) bool { return !unicode.IsPrint(r) }
	return text, utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxTyped && !strings.ContainsFunc(text, bad)
}

// form reads what was sent; false means that it is none and the page says so.
func (v *visit) form() bool { return v.r.ParseForm() == nil }

// refuse shows the page again with a problem and what was typed.
func (v *visit) refuse(problem string) error {
	v.status = http.StatusUnprocessableEntity
	return v.renderAdmissions(admissionsView{Problem: problem, Form: v.r.PostForm})
}

// change writes something. What somebody else changed meanwhile, and what the
// rules do not allow, is told on the page.
func (v *visit) change(fn func(ctx context.Context, tx *storage.Tx) error, note func() string) error {
	err := v.site.DB.Write(v.r.Context(), fn)
	switch {
	case err == nil:
		return v.done("/altas", note())
	case errors.Is(err, enroll.ErrDecided), errors.Is(err, enroll.ErrNoRequest), errors.Is(err, enroll.ErrNoMachine), errors.Is(err, enroll.ErrNotActive),
		errors.Is(err, enroll.ErrTokenUnknown), errors.Is(err, enroll.ErrTokenClosed), errors.Is(err, enroll.ErrReplaced):
		return v.refuse(v.T("admissions.problem.stale"))
	}
	return fmt.Errorf("change admissions: %w", err)
}

// makeToken creates a token for one machine or a group.
func (s *site) makeToken(v *visit) error {
	if !v.form() {
		return v.refuse(v.T("admissions.problem.form"))
	}
	req, problem := v.tokenRequest()
	if problem != "" {
		return v.refuse(problem)
	}
	var text string
	return v.change(func(ctx context.Context, tx *storage.Tx) error {
		token, err := s.Enroll.CreateToken(ctx, tx, req)
		text = token.String()
		return err
	}, func() string {
		ctx := v.r.Context()
		s.sessions.Put(ctx, tokenKey, text)
		s.sessions.Put(ctx, tokenFor, v.T("admissions.made", "machines", v.Count(req.Machines, "admissions.machines"), "until", v.Moment(s.Now().Add(req.Lifetime)).Text))
		return ""
	})
}

// tokenRequest reads the form of a token, or tells what is wrong with it.
func (v *visit) tokenRequest() (enroll.TokenRequest, string) {
	form := v.r.PostForm
	req := enroll.TokenRequest{By: v.user.Name, Machines: 1, Approval: form.Get("aprobacion") != ""}
	var ok bool
	if req.Department, ok = v.typed("departamento"); !ok {
		return req, v.T("admissions.problem.text")
	}
	days, err := strconv.Atoi(form.Get("dias"))
	if req.Lifetime = time.Duration(days) * 24 * time.Hour; err != nil || days < 1 || req.Lifetime > enroll.MaxTokenLifetime {
		return req, v.T("admissions.problem.days")
	}
	if form.Get("tipo") != "grupo" {
		if req.Hostname, ok = v.typed("equipo"); !ok || !enroll.ValidHostname(req.Hostname) && req.Hostname != "" {
			return req, v.T("admissions.problem.host")
		}
		return req, ""
	}
	if req.Machines, err = strconv.Atoi(form.Get("equipos")); err != nil || req.Machines < 1 || req.Machines > enroll.MaxTokenMachines {
		return req, v.T("admissions.problem.machines", "n", enroll.MaxTokenMachines)
	}
	for text := range strings.FieldsFuncSeq(form.Get("redes"), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		network, err := enroll.ParseNetwork(text)
		if err != nil {
			return req, v.T("admissions.problem.network")
		}
		req.Networks = append(req.Networks, network)
	}
	if len(req.Networks) > enroll.MaxTokenNetworks {
		return req, v.T("admissions.problem.networks", "n", enroll.MaxTokenNetworks)
	}
	return req, ""
}

// changeToken approves those who wait with a token and were on the page, or withdraws
// it. Who asked since then was seen by nobody.
func (s *site) changeToken(v *visit) error {
	if !v.form() {
		return v.refuse(v.T("admissions.problem.form"))
	}
	id, by := v.r.PathValue("id"), v.user.Name
	if !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return errNotFound
	}
	switch v.r.PostForm.Get("hacer") {
	case "aprobar":
		var approved []enroll.Request
		codes := strings.Fields(v.r.PostForm.Get("solicitudes"))
		if len(codes) == 0 {
			return v.refuse(v.T("admissions.problem.none"))
		}
		return v.change(func(ctx context.Context, tx *storage.Tx) error {
			waiting, err := s.Enroll.WaitingFor(ctx, tx, id)
			switch {
			case err != nil:
				return err
			case slices.ContainsFunc(codes, func(code string) bool { return !slices.Contains(waiting, code) }):
				return enroll.ErrDecided
			}
			approved, err = s.Enroll.Approve(ctx, tx, codes, "", by)
			return err
		}, func() string { return v.Count(len(approved), "admissions.approved") })
	case "retirar":
		return v.change(func(ctx context.Context, tx *storage.Tx) error { return s.Enroll.RevokeToken(ctx, tx, id, by) },
			func() string { return v.T("admissions.withdrawn") })
	}
	return v.refuse(v.T("admissions.problem.form"))
}

// decideRequests approves or rejects the machines that were ticked.
func (s *site) decideRequests(v *visit) error {
	if !v.form() {
		return v.refuse(v.T("admissions.problem.form"))
	}
	codes, by := v.r.PostForm["solicitud"], v.user.Name
	if len(codes) == 0 {
		return v.refuse(v.T("admissions.problem.none"))
	}
	department, okDepartment := v.typed("departamento")
	why, okWhy := v.typed("motivo")
	if !okDepartment || !okWhy {
		return v.refuse(v.T("admissions.problem.text"))
	}
	var decided []enroll.Request
	switch v.r.PostForm.Get("hacer") {
	case "aprobar":
		return v.change(func(ctx context.Context, tx *storage.Tx) (err error) {
			decided, err = s.Enroll.Approve(ctx, tx, codes, department, by)
			return err
		}, func() string { return v.Count(len(decided), "admissions.approved") })
	case "rechazar":
		if why == "" {
			return v.refuse(v.T("admissions.problem.why"))
		}
		return v.change(func(ctx context.Context, tx *storage.Tx) (err error) {
			decided, err = s.Enroll.Reject(ctx, tx, codes, why, by)
			return err
		}, func() string { return v.Count(len(decided), "admissions.rejected") })
	}
	return v.refuse(v.T("admissions.problem.form"))
}

// decideDuplicates merges two machines, or says that some are distinct.
func (s *site) decideDuplicates(v *visit) error {
	if !v.form() {
		return v.refuse(v.T("admissions.problem.form"))
	}
	form, by := v.r.PostForm, v.user.Name
	why, ok := v.typed("motivo")
	ids := strings.Fields(form.Get("ids"))
	merge := form.Get("unir")
	switch {
	case !ok:
		return v.refuse(v.T("admissions.problem.text"))
	case why == "":
		return v.refuse(v.T("admissions.problem.why"))
	case len(ids) == 0 || len(ids) > enroll.MaxDistinct || slices.ContainsFunc(append(ids, merge), func(id string) bool { return id != "" && !enroll.ValidAgentID(id) }):
		return v.refuse(v.T("admissions.problem.form"))
	case merge != "":
		return v.change(func(ctx context.Context, tx *storage.Tx) error {
			return s.Enroll.Merge(ctx, tx, merge, ids[len(ids)-1], why, by)
		}, func() string { return v.T("admissions.merged") })
	}
	return v.change(func(ctx context.Context, tx *storage.Tx) error { return s.Enroll.Distinct(ctx, tx, ids, why, by) },
		func() string { return v.T("admissions.distinct") })
}

// suggestionRow puts a suggestion into words.
func (v *visit) suggestionRow(s enroll.Suggestion) suggestionRow {
	row := suggestionRow{Suggestion: s, Newest: s.Machines[len(s.Machines)-1]}
	row.Title, row.Do = v.suggestionWords(s)
	for _, sign := range s.Signs {
		row.Signs = append(row.Signs, v.signWord(sign))
	}
	var ids []string
	for _, m := range s.Machines {
		ids = append(ids, m.ID)
	}
	row.IDs = strings.Join(ids, " ")
	if s.Kind == enroll.Reinstalled || s.Kind == enroll.SameName {
		row.Olds = s.Machines[:len(s.Machines)-1]
	}
	return row
}

// tokenList is a table of tokens.
type tokenList struct {
	tongue
	ID     string // of the heading
	May    bool
	Tokens []tokenRow
}

// Listed is the table of some tokens under a heading.
func (f frame) Listed(id string, tokens []tokenRow) tokenList {
	return tokenList{tongue: f.tongue, ID: id, May: f.User.Role == access.Administrator, Tokens: tokens}
}

// Closable tells whether the token can be withdrawn.
func (t tokenRow) Closable() bool {
	return t.State == enroll.TokenOpen || t.State == enroll.TokenFull || t.Waiting > 0 && t.State != enroll.TokenRevoked
}

// Networks are those of the token in one line.
func (t tokenRow) Networks() string {
	texts := make([]string, len(t.TokenInfo.Networks))
	for i, network := range t.TokenInfo.Networks {
		texts[i] = network.String()
	}
	return strings.Join(texts, ", ")
}
