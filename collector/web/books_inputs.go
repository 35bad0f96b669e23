package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/collector/enroll"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// focus is the id of the element to which a link of the summary of problems leads.
func (in input) focus() string {
	if in.Kind == string(registers.Choices) && len(in.Options) > 0 {
		return in.Options[0].ID
	}
	return in.ID
}

// describe names what tells more about the input: what is wrong first.
func (in *input) describe() {
	var ids []string
	if in.Say != "" {
		ids = append(ids, in.ID+"-mal")
	}
	if in.Hint != "" {
		ids = append(ids, in.ID+"-pista")
	}
	in.Described = strings.Join(ids, " ")
}

// input makes one input with what was typed, or what the row holds.
func (v *visit) input(b *registers.Book, f registers.Field, raw, id string) (input, error) {
	in := input{ID: id, Name: inputName(f.Name), Kind: string(f.Kind), Legend: f.Label.In(v.Lang), Hint: f.Hint.In(v.Lang), Value: raw,
		Required: f.Required, Wanted: f.Wanted, Typed: "text", Most: 500, Fixed: v.limited() && f.Name == b.Department}
	if in.Fixed {
		in.Value = v.department()
	}
	canonical, problem := f.Parse(raw, v.site.Zone)
	good := problem == nil && canonical != ""
	switch f.Kind {
	case registers.Prose, registers.Lines:
		in.Most, in.Rows = 10_000, 4
		if f.Kind == registers.Lines {
			in.Rows = 3
		}
	case registers.Day:
		if raw == "" || good {
			in.Typed, in.Value = "date", canonical
		}
	case registers.Moment:
		if raw == "" || good {
			in.Typed, in.Value = "datetime-local", localMoment(canonical, v.site.Zone)
		}
	case registers.Choice, registers.Choices:
		chosen := strings.Split(raw, "\n")
		if good {
			chosen = strings.Split(canonical, "\n")
		}
		for i, o := range f.Options {
			in.Options = append(in.Options, choice{ID: id + "-" + strconv.Itoa(i), Code: o.Code, Label: o.Label.In(v.Lang), Chosen: slices.Contains(chosen, o.Code)})
		}
	case registers.Folio:
		if good {
			in.Value = f.Show(canonical, v.Lang, v.site.Zone)
		}
	case registers.Paper:
		var err error
		if in.Document, err = v.paperDocument(raw); err != nil {
			return in, err
		}
		in.Value = ""
		if in.Document != nil {
			in.Value = in.Document.SHA256
		}
	case registers.Line, registers.Account, registers.Host, registers.Flag, registers.Number:
	}
	return in, nil
}

// localMoment writes a moment as an input of the browser takes it.
func localMoment(canonical string, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339, canonical)
	if err != nil {
		return ""
	}
	return t.In(zone).Format("2006-01-02T15:04")
}

// lists are the suggestions for the fields of a form: rows of the books that it refers to,
// machines, departments.
func (v *visit) lists(b *registers.Book) (map[string][]suggestion, error) {
	out := map[string][]suggestion{}
	err := v.site.read(v.r.Context(), "what a form suggests", func(ctx context.Context, tx *storage.Tx) error {
		for _, f := range b.Fields {
			switch other, ok := v.site.book(f.Of); {
			case f.Kind == registers.Folio && ok && v.mayRead(other):
				q := v.query(other)
				q.Most = mostListed
				rows, _, err := v.site.Registers.Find(ctx, tx, other, q)
				if err != nil {
					return err
				}
				for _, r := range rows {
					out[f.Name] = append(out[f.Name], suggestion{other.FolioText(r.Folio), v.rowTitle(other, r.Values)})
				}
			case f.Kind == registers.Host || f.Name == b.Department:
				machines, err := v.site.Enroll.Machines(ctx, tx)
				if err != nil {
					return err
				}
				machines = slices.DeleteFunc(machines, func(m enroll.Machine) bool { return !v.sees(m.Department) })
				if f.Kind == registers.Host {
					for _, m := range machines[:min(len(machines), mostListed)] {
						out[f.Name] = append(out[f.Name], suggestion{strings.ToLower(m.Hostname), m.Department})
					}
					continue
				}
				known, err := v.site.Enroll.Known(ctx, tx)
				if err != nil {
					return err
				}
				known = slices.DeleteFunc(known, func(k enroll.KnownMachine) bool { return !v.sees(k.Department) })
				for _, name := range departments(machines, known) {
					out[f.Name] = append(out[f.Name], suggestion{Value: name})
				}
			}
		}
		return nil
	})
	return out, err
}
