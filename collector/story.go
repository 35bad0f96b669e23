package collector

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"vigia/checks/policy"
	"vigia/collector/decisions"
	"vigia/collector/incidents"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/simulate"
	"vigia/collector/storage"
)

// officials are the people of a simulation who decide and sign.
type officials struct {
	*Collector
	clock *simulate.Clock
	seed  uint64
	// Acts are the quarters that they signed, with what each took of them.
	Acts []signedQuarter
}

// signedQuarter is what a quarter took of the officer.
type signedQuarter struct {
	Period string
	Lines  int // of the act
	Queue  int // what was confirmed in the queue within the quarter
}

// Days of the officials' year.
const (
	baselineDay = 4  // of the simulation, from 0
	reviewAfter = 12 // days after the end of a quarter
	queueDay    = 5  // of each week, by the simulation's days: they decide what is grave
	mostWeekly  = 3  // decisions that an officer takes in a week beside the quarter
)

func (o *officials) officer() registers.Act {
	return registers.Act{By: "seguridad", Via: registers.Portal}
}

func (o *officials) head() registers.Act {
	return registers.Act{By: "alcaldia", Via: registers.Portal}
}

// date writes the day so many days from now.
func (o *officials) date(days int) string {
	return o.clock.Now().In(o.Config.TimeZone.Location).AddDate(0, 0, days).Format(time.DateOnly)
}

// day lets them act at the end of a working day.
func (o *officials) day(ctx context.Context, town *simulate.Town, day int) error {
	rng := rand.New(rand.NewPCG(o.seed, uint64(day)+5000)) //nolint:gosec // a story, and no secret
	if err := o.incident(ctx, town, rng); err != nil {
		return err
	}
	if day == baselineDay {
		return o.begin(ctx)
	}
	if day > baselineDay && day%7 == queueDay {
		if err := o.decide(ctx, rng); err != nil {
			return err
		}
	}
	now, zone := o.clock.Now(), o.Config.TimeZone.Location
	period := reviews.PeriodOf(now, zone)
	if since := int(now.Sub(period.Begin()) / (24 * time.Hour)); since == reviewAfter && day > reviewAfter {
		return o.review(ctx, period.Previous())
	}
	return nil
}

// begin takes what was found at the installation into the work plan, at once.
func (o *officials) begin(ctx context.Context) error {
	return o.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		groups, err := o.Decisions.Queue(ctx, tx, o.now())
		if err != nil {
			return err
		}
		laws, err := policy.Laws()
		if err != nil {
			return err
		}
		lines := decisions.Propose(groups, laws, o.now())
		for i := range lines {
			lines[i].Owner = "sistemas"
			about := lines[i].Family
			if control, ok := laws.Control(lines[i].Control); ok {
				about = control.Title.ES
			}
			lines[i].Action = cmp.Or(lines[i].Action, "Poner al día: "+about)
		}
		if len(lines) == 0 {
			return nil
		}
		_, err = o.Decisions.Baseline(ctx, tx, lines, o.now().AddDate(0, 0, 30), o.officer())
		return err
	})
}

// decide takes the gravest of what waits: most is mended, of some the technician is asked,
// some is not so.
func (o *officials) decide(ctx context.Context, rng *rand.Rand) error {
	return o.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		groups, err := o.Decisions.Queue(ctx, tx, o.now())
		if err != nil {
			return err
		}
		taken := 0
		for _, g := range groups {
			if taken == mostWeekly || !g.Asks() || g.Severity != policy.Critical && g.Severity != policy.High {
				continue
			}
			taken++
			choice := decisions.Choice{Kind: decisions.Fix, Owner: "sistemas", Due: o.now().AddDate(0, 0, 30), Act: o.officer()}
			switch rng.IntN(10) {
			case 0:
				choice = decisions.Choice{Kind: decisions.Ask, Who: "sistemas", Why: "¿Es un equipo en reparación?", Due: o.now().AddDate(0, 0, 7), Act: o.officer()}
			case 1:
				choice = decisions.Choice{Kind: decisions.Dismiss, Why: "Comprobado en el puesto: ya no es así.", Act: o.officer()}
			case 2:
				choice = decisions.Choice{Kind: decisions.Waive, Why: "El equipo se sustituye este trimestre.", Compensating: "Queda apagado fuera de horario.",
					Approver: "alcaldia", Until: o.now().AddDate(0, 0, 80), Act: o.officer()}
			}
			if _, err := o.Decisions.Decide(ctx, tx, []string{g.Key}, choice); err != nil {
				return fmt.Errorf("decide on %s: %w", g.Key, err)
			}
		}
		return nil
	})
}

// review opens, decides, signs and countersigns the act of a quarter.
func (o *officials) review(ctx context.Context, period reviews.Period) error {
	a, err := o.OpenReview(ctx, period, o.officer())
	if err != nil {
		return fmt.Errorf("open the review of %s: %w", period, err)
	}
	sign := func(who registers.Act, name, post string, with func(ctx context.Context, tx *storage.Tx, id string, s reviews.Signer) (*reviews.Act, error)) error {
		return o.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			late, err := o.Reviews.Late(ctx, tx, a)
			if err != nil {
				return err
			}
			_, sum, err := a.Statement(late)
			if err != nil {
				return err
			}
			signed, err := with(ctx, tx, a.ID, reviews.Signer{Act: who, Name: name, Post: post, Statement: sum})
			if err == nil {
				a = signed
			}
			return err
		})
	}
	for _, part := range a.Frozen.Sections {
		d := reviews.Decided{Section: part.ID, Words: "Revisado con el área de informática."}
		for _, line := range part.Lines {
			choice := cmp.Or(line.Proposed, reviews.Plan)
			d.Lines = append(d.Lines, reviews.Decision{Line: line.ID, Choice: choice, Words: "Según lo medido.", Owner: "sistemas", Due: o.date(60)})
		}
		err := o.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			a, err = o.Reviews.Decide(ctx, tx, a.ID, d, o.officer())
			return err
		})
		if err != nil {
			return fmt.Errorf("decide the section %s of %s: %w", part.ID, period, err)
		}
	}
	if err := sign(o.officer(), "Irene Palomares", "Responsable de seguridad", o.Reviews.Sign); err != nil {
		return fmt.Errorf("sign the review of %s: %w", period, err)
	}
	if err := sign(o.head(), "Vidal Robledal", "Alcaldía", o.Reviews.Countersign); err != nil {
		return fmt.Errorf("countersign the review of %s: %w", period, err)
	}
	took := signedQuarter{Period: period.String(), Lines: a.Count().Lines}
	err = o.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		load, err := o.Decisions.LoadOf(ctx, tx, period.Begin(), period.End())
		took.Queue = load.Acts
		return err
	})
	o.Acts = append(o.Acts, took)
	return err
}

// misfortune is an incident as somebody enters it.
type misfortune struct {
	kind, title, what string
	breach            bool
}

func misfortunes() []misfortune {
	return []misfortune{
		{"malware", "Correo que se hacía pasar por el banco", "Una persona abrió el adjunto; el antivirus lo detuvo.", false},
		{"loss", "Portátil olvidado en el transporte", "No apareció al día siguiente.", true},
		{"distribution", "Listado enviado a un destinatario equivocado", "Iba por correo, sin cifrar.", true},
		{"equipment", "Avería del aire del cuarto de servidores", "Subió la temperatura durante la noche.", false},
		{"unauthorised", "Sesión abierta en ventanilla", "Alguien usó el equipo de otra persona.", false},
	}
}

// incident enters one now and then, and closes it within days.
func (o *officials) incident(ctx context.Context, town *simulate.Town, rng *rand.Rand) error {
	if rng.IntN(55) > 0 {
		return nil
	}
	m := misfortunes()[rng.IntN(len(misfortunes()))]
	machine := town.Machines[rng.IntN(len(town.Machines))]
	at := func(hours int) string {
		return o.now().Add(time.Duration(hours) * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	return o.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		in, err := o.Incidents.Open(ctx, tx, registers.Values{"title": m.title, "type": m.kind, "happened": at(-9), "detected": at(-4), "known": at(-3),
			"confirmed": at(-2), "notifier": "Titular de " + machine.Department, "notified": "seguridad", "description": m.what, "department": machine.Department,
			"machines": machine.Host}, o.officer())
		if err != nil {
			return err
		}
		entries := []incidents.Entry{
			{Kind: incidents.Assessment, Values: registers.Values{"breach": incidents.No}},
			{Kind: incidents.Action, Values: registers.Values{"text": "Se aisló y se revisó", "kind": "immediate", "done": at(-1)}},
			{Kind: incidents.Close, Values: registers.Values{"cause": "Faltaba formación sobre este caso"}},
		}
		if m.breach {
			entries[0].Values = registers.Values{"breach": incidents.Yes, "kind": "theft", "categories": "identity", "persons": strconv.Itoa(20 + rng.IntN(400)), "high": incidents.No}
			entries = append(entries[:2:2], incidents.Entry{Kind: incidents.Notice, Values: registers.Values{"to": "authority", "sent": at(0), "means": "Sede electrónica"}}, entries[2])
		}
		for _, e := range entries {
			if _, err := o.Incidents.Write(ctx, tx, in.Folio, e.Kind, e.Values, 0, o.officer()); err != nil {
				return fmt.Errorf("incident %d, %s: %w", in.Folio, e.Kind, err)
			}
		}
		return nil
	})
}
