package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/requests"
	"vigia/collector/storage"
)

// The steps of a request: which can be taken now, with what form, and how one is written.

// stepForm is the form of one step.
type stepForm struct {
	Step   string
	Title  string
	Next   bool
	Fields []stepField
}

// stepField is one input of it.
type stepField struct {
	Name, ID, Label, Kind string
	Value                 string
	Options               []registers.Option
	Lang                  string
	Required              bool
}

// stepFields are the fields that each step fills in.
func stepFields() []struct {
	step   string
	fields []string
} {
	return []struct {
		step   string
		fields []string
	}{
		{"acknowledge", []string{"acknowledged"}},
		{"not_competent", []string{"not_competent", "referred"}},
		{"complete", []string{"asked"}},
		{"completion", []string{"completed"}},
		{"identity", []string{"identity"}},
		{"extension", []string{"extended", "extension_why"}},
		{"answer", []string{"answered", "outcome", "outcome_why"}},
		{"execute", []string{"executed", "portability"}},
	}
}

// stepForms are the forms of the steps that are open, the next one first.
func (v *visit) stepForms(b *registers.Book, values, typed registers.Values, terms []requests.Term, next string) []stepForm {
	taken := func(field string) bool { return values[field] != "" }
	over := taken("answered") || taken("not_competent")
	offered := map[string]bool{
		"acknowledge": !taken("acknowledged"), "not_competent": !over, "complete": !over && !taken("asked"),
		"completion": taken("asked") && !taken("completed") && !over, "identity": values["identity"] == "pending",
		"extension": !over && !taken("extended") && len(terms) > 0, "answer": !over, "execute": false,
	}
	for _, t := range terms {
		if t.ID == policy.RequestExecute && t.Open() && taken("answered") {
			offered["execute"] = true
		}
	}
	today := v.now.In(v.zone).Format(time.DateOnly)
	var out []stepForm
	for _, s := range stepFields() {
		if !offered[s.step] {
			continue
		}
		form := stepForm{Step: s.step, Title: arcoStep("do", s.step).In(v.Lang), Next: s.step == next}
		for _, name := range s.fields {
			f, _ := b.Field(name)
			in := stepField{Name: inputName(name), ID: s.step + "-" + name, Label: f.Label.In(v.Lang), Kind: string(f.Kind), Options: f.Options, Lang: string(v.Lang),
				Required: f.Kind == registers.Day || name == "outcome" || name == "referred" || name == "extension_why" || name == "identity"}
			in.Value = cmp.Or(typed[name], values[name])
			if in.Value == "" && f.Kind == registers.Day {
				in.Value = today
			}
			if name == "portability" && !slices.Contains(values.List("kinds"), "portability") {
				continue
			}
			form.Fields = append(form.Fields, in)
		}
		out = append(out, form)
	}
	slices.SortStableFunc(out, func(a, b stepForm) int { return cmp.Compare(boolInt(b.Next), boolInt(a.Next)) })
	return out
}

// stepRequest takes one step of a request, or says where the person may be.
func (s *site) stepRequest(v *visit) error {
	_, row, err := v.oneRequest()
	if err != nil {
		return err
	}
	b := requests.Book()
	if err := v.r.ParseForm(); err != nil {
		v.status = http.StatusUnprocessableEntity
		return v.renderRequest(v.T("arco.nothing"), nil)
	}
	form := v.r.PostForm
	next, typed := maps.Clone(row.Values), registers.Values{}
	var note string
	switch step := form.Get("paso"); step {
	case "systems":
		next["systems"] = strings.Join(form["sistema"], "\n")
		note = arcoStep("noted", "systems").In(v.Lang)
	default:
		i := slices.IndexFunc(stepFields(), func(f struct {
			step   string
			fields []string
		}) bool {
			return f.step == step
		})
		if i < 0 {
			v.status = http.StatusUnprocessableEntity
			return v.renderRequest(v.T("arco.nothing"), nil)
		}
		for _, name := range stepFields()[i].fields {
			f, _ := b.Field(name)
			text := form.Get(inputName(name))
			typed[name] = text
			value, problem := f.Parse(text, v.zone)
			if problem != nil {
				v.status = http.StatusUnprocessableEntity
				return v.renderRequest(f.Label.In(v.Lang)+": "+b.Say(v.Lang, *problem), typed)
			}
			if f.Kind == registers.Day && value > v.now.In(v.zone).Format(time.DateOnly) {
				v.status = http.StatusUnprocessableEntity
				return v.renderRequest(f.Label.In(v.Lang)+": "+v.T("arco.future"), typed)
			}
			next[name] = value
		}
		note = arcoStep("noted", step).In(v.Lang)
	}
	for name, value := range next {
		if value == "" {
			delete(next, name)
		}
	}
	version, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil {
		version = 0 // of no row: a conflict
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Registers.Change(ctx, tx, b, row.Folio, version, next, v.act(""))
		return err
	})
	if invalid, ok := errors.AsType[*registers.InvalidError](err); ok {
		var says []string
		for _, p := range invalid.Problems {
			f, _ := b.Field(p.Field)
			says = append(says, strings.TrimPrefix(f.Label.In(v.Lang)+": ", ": ")+b.Say(v.Lang, p))
		}
		v.status = http.StatusUnprocessableEntity
		return v.renderRequest(strings.Join(says, "; "), typed)
	}
	if errors.Is(err, registers.ErrConflict) {
		v.status = http.StatusConflict
		return v.renderRequest(v.T("arco.conflict"), typed)
	}
	if err != nil {
		return fmt.Errorf("step of a request: %w", err)
	}
	return v.done("/solicitudes/"+b.FolioText(row.Folio), note)
}

// stepWords are the form of a step with the words for it.
type stepWords struct {
	tongue
	stepForm
	Version int64
}

// Step is the form of a step with the words for it.
func (f frame) Step(version int64, form stepForm) stepWords {
	return stepWords{f.tongue, form, version}
}
