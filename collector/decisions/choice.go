package decisions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/collector/registers"
	"vigia/collector/registers/plan"
	"vigia/collector/storage"
)

// Most characters of what a person writes.
const (
	maxWhy  = 2000
	maxLine = 200
)

// needs are the fields without which a kind is not whole.
func (k Kind) needs() []string {
	switch k {
	case Fix, Plan:
		return []string{"owner", "due"}
	case Ask:
		return []string{"who"}
	case Waive:
		return []string{"why", "until"}
	case Dismiss:
		return []string{"why"}
	case Incident:
		return nil
	default:
		return nil
	}
}

// check makes sure that a choice is whole, and trims it.
func (s *Store) check(c *Choice, now time.Time) error {
	if !c.Kind.Valid() {
		return &ChoiceError{Field: "kind"}
	}
	for _, text := range []struct {
		field string
		value *string
		most  int
	}{{"why", &c.Why, maxWhy}, {"owner", &c.Owner, maxLine}, {"who", &c.Who, maxLine}, {"department", &c.Department, maxLine},
		{"compensating", &c.Compensating, maxWhy}, {"approver", &c.Approver, maxLine}, {"action", &c.Action, maxLine}} {
		*text.value = strings.TrimSpace(*text.value)
		if !utf8.ValidString(*text.value) || strings.ContainsRune(*text.value, 0) || utf8.RuneCountInString(*text.value) > text.most {
			return &ChoiceError{Field: text.field}
		}
	}
	if c.Kind == Ask && c.Due.IsZero() {
		c.Due = now.Add(askFor)
	}
	given := map[string]bool{"owner": c.Owner != "", "who": c.Who != "", "why": c.Why != "", "due": !c.Due.IsZero(), "until": !c.Until.IsZero()}
	for _, field := range c.Kind.needs() {
		if !given[field] {
			return &ChoiceError{Field: field}
		}
	}
	today := s.day(now)
	if !c.Due.IsZero() && s.day(c.Due) < today {
		return &ChoiceError{Field: "due"}
	}
	if !c.Until.IsZero() && s.day(c.Until) < today {
		return &ChoiceError{Field: "until"}
	}
	if c.Department != "" && c.Kind != Waive {
		return &ChoiceError{Field: "department"}
	}
	if strings.TrimSpace(c.Act.By) == "" {
		return errors.New("decide: it must be said who does")
	}
	return nil
}

// elsewhere makes what a decision makes in other books, and returns its folio.
func (s *Store) elsewhere(ctx context.Context, tx *storage.Tx, g Group, c Choice) (string, error) {
	switch c.Kind {
	case Fix:
		return s.planned(ctx, tx, []Group{g}, plan.Finding, c)
	case Plan:
		return s.planned(ctx, tx, []Group{g}, plan.Baseline, c)
	case Waive:
		if s.opts.Waivers == nil {
			return "", fmt.Errorf("waive: %w", ErrNotYet)
		}
		return s.opts.Waivers.Waive(ctx, tx, g, c)
	case Incident:
		if s.opts.Incidents == nil {
			return "", fmt.Errorf("promote to an incident: %w", ErrNotYet)
		}
		return s.opts.Incidents.Promote(ctx, tx, g, c)
	case Ask, Dismiss:
		return "", nil
	default:
		return "", nil
	}
}

// planned writes the line of the work plan for some groups.
func (s *Store) planned(ctx context.Context, tx *storage.Tx, groups []Group, origin plan.Origin, c Choice) (string, error) {
	if s.opts.Registers == nil {
		return "", fmt.Errorf("add to the work plan: %w", ErrNotYet)
	}
	var controls []string
	department := groups[0].only()
	for _, g := range groups {
		if len(controls) == 0 || controls[len(controls)-1] != g.Control {
			controls = append(controls, g.Control)
		}
		if g.only() != department {
			department = ""
		}
	}
	due, err := time.Parse(time.DateOnly, s.day(c.Due))
	if err != nil {
		return "", &ChoiceError{Field: "due"}
	}
	row := plan.Row{
		Action: cmp.Or(strings.Join(strings.Fields(c.Action), " "), groups[0].Key), Control: clip(strings.Join(controls, ", ")), Origin: origin,
		OriginRef: groups[0].Key, Department: department, Owner: strings.Join(strings.Fields(c.Owner), " "), Due: due, State: plan.Planned, Note: c.Why,
	}
	act := c.Act
	act.Why = ""
	if act.Via == "" {
		act.Via = registers.Portal
	}
	added, err := s.opts.Registers.Add(ctx, tx, plan.Book(), row.Values(), act)
	if err != nil {
		return "", fmt.Errorf("add to the work plan: %w", err)
	}
	return plan.Book().FolioText(added.Folio), nil
}

// only is the department when the group is of one alone.
func (g Group) only() string {
	if len(g.Departments) == 1 {
		return g.Departments[0]
	}
	return ""
}

// clip shortens a list that a line of a book cannot hold.
func clip(text string) string {
	const most = 400
	if len(text) <= most {
		return text
	}
	return text[:strings.LastIndexByte(text[:most], ',')] + ", …"
}
