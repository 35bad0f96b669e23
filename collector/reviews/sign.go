package reviews

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Sign is the officer's signature. ErrUndecided, ErrChanged: it was not taken.
func (s *Store) Sign(ctx context.Context, tx *storage.Tx, id string, who Signer) (*Act, error) {
	a, err := s.hold(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if a.Stage != Deciding {
		return nil, fmt.Errorf("%s: %w", id, ErrClosed)
	}
	if strings.TrimSpace(who.Name) == "" || len(who.Name) > 200 || len(who.Post) > 200 {
		return nil, &DecisionError{Line: id, Code: "owner"}
	}
	late, sum, err := s.signable(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	if sum != who.Statement {
		return nil, fmt.Errorf("%s: %w", id, ErrChanged)
	}
	followed, err := s.follow(ctx, tx, a, who.Act)
	if err != nil {
		return nil, err
	}
	sig := &Signature{Name: tidy(who.Name), Post: tidy(who.Post), Statement: sum, Undecided: a.Undecided(""), Late: late, Followed: followed}
	return a, s.step(ctx, tx, a, Step{Kind: StepSigned, Signature: sig}, who.Act)
}

func (s *Store) signable(ctx context.Context, tx *storage.Tx, a *Act) ([]Late, string, error) {
	if open := a.Undecided(policy.Critical); len(open) > 0 {
		return nil, "", fmt.Errorf("%s: %s: %w", a.ID, strings.Join(open, ", "), ErrUndecided)
	}
	late, err := s.Late(ctx, tx, a)
	if err != nil {
		return nil, "", err
	}
	_, sum, err := a.Statement(late)
	return late, sum, err
}

// follow does what the decisions ask for, once: what an amended act brought about stands.
func (s *Store) follow(ctx context.Context, tx *storage.Tx, a *Act, who registers.Act) ([]Followed, error) {
	if s.opts.Follow == nil {
		return nil, nil
	}
	var before *Act
	if a.Amends() != "" {
		var err error
		if before, err = s.Find(ctx, tx, a.Amends()); err != nil {
			return nil, err
		}
	}
	var out []Followed
	for _, section := range a.Frozen.Sections {
		for _, l := range section.Lines {
			d, ok := a.decisions[l.ID]
			if !ok || d.Choice == Confirm {
				continue
			}
			if before != nil && before.decisions[l.ID] == d {
				continue
			}
			ref, err := s.opts.Follow(ctx, tx, Following{Act: a, Section: section, Line: l, Decision: d, By: who})
			if err != nil {
				return nil, fmt.Errorf("do what %s of %s asks for: %w", l.ID, a.ID, err)
			}
			if ref != "" {
				out = append(out, Followed{Line: l.ID, Ref: ref})
			}
		}
	}
	return out, nil
}

// Countersign is the second signature, by another person, and locks the act.
func (s *Store) Countersign(ctx context.Context, tx *storage.Tx, id string, who Signer) (*Act, error) {
	a, err := s.hold(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	first, ok := a.Signature(StepSigned)
	switch {
	case a.Stage.Closed():
		return nil, fmt.Errorf("%s: %w", id, ErrClosed)
	case !ok:
		return nil, fmt.Errorf("%s: %w", id, ErrNotSigned)
	case strings.TrimSpace(who.Name) == "" || len(who.Name) > 200 || len(who.Post) > 200:
		return nil, &DecisionError{Line: id, Code: "owner"}
	case same(first.By, who.By) || same(first.Signature.Name, who.Name):
		return nil, fmt.Errorf("%s: %w", id, ErrSamePerson)
	case who.Statement != first.Signature.Statement:
		return nil, fmt.Errorf("%s: %w", id, ErrChanged)
	}
	sig := &Signature{Name: tidy(who.Name), Post: tidy(who.Post), Statement: who.Statement}
	return a, s.step(ctx, tx, a, Step{Kind: StepCountersigned, Signature: sig}, who.Act)
}

// PaperSigned is the scan of an act that both signed by hand.
type PaperSigned struct {
	registers.Act
	Officer, Head string // the names under it
	Day           string // YYYY-MM-DD
	File          string // its name
	Scan          []byte
	Statement     string // of what was printed
}

// SignOnPaper keeps the scan of a printed act that both signed, and locks the act.
func (s *Store) SignOnPaper(ctx context.Context, tx *storage.Tx, id string, p PaperSigned) (*Act, error) {
	a, err := s.hold(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if a.Stage != Deciding {
		return nil, fmt.Errorf("%s: %w", id, ErrClosed)
	}
	day, err := time.ParseInLocation(time.DateOnly, p.Day, s.opts.Zone)
	switch {
	case strings.TrimSpace(p.Officer) == "" || strings.TrimSpace(p.Head) == "" || len(p.Officer)+len(p.Head) > 400:
		return nil, &DecisionError{Line: id, Code: "owner"}
	case same(p.Officer, p.Head):
		return nil, fmt.Errorf("%s: %w", id, ErrSamePerson)
	case err != nil || day.After(s.opts.Now()) || day.Before(a.Frozen.At.In(s.opts.Zone).AddDate(0, 0, -1)):
		return nil, &DecisionError{Line: id, Code: "due"}
	}
	late, _, err := s.signable(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	_, sum, err := a.Statement(nil)
	if err != nil {
		return nil, err
	}
	if sum != p.Statement {
		return nil, fmt.Errorf("%s: %w", id, ErrChanged)
	}
	doc, err := s.opts.Documents.Add(ctx, tx, p.File, p.Scan, Subject(id), p.By)
	if err != nil {
		return nil, err
	}
	followed, err := s.follow(ctx, tx, a, p.Act)
	if err != nil {
		return nil, err
	}
	paper := &Paper{SHA256: doc.SHA256, Leaf: doc.Leaf, Day: p.Day, Officer: tidy(p.Officer), Head: tidy(p.Head), Statement: sum,
		Undecided: a.Undecided(""), Late: late, Followed: followed}
	return a, s.step(ctx, tx, a, Step{Kind: StepPaper, Paper: paper}, p.Act)
}
