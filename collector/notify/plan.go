package notify

import (
	"slices"
	"time"

	"vigia/collector/worktime"
)

// The planner decides who is told what, how and when. It is a function of what is known.

// known is what the planner decides from.
type known struct {
	Now      time.Time
	Settings Settings
	Calendar worktime.Calendar
	People   []Person
	Reaches  map[string]Reach
	// Channels are those that the configuration has.
	Channels []string
	Messages []watched
	Held     []held
}

// watched is a message with which there may be something to do.
type watched struct {
	ID                        int64
	Roles, Accounts, Escalate []string
	Urgent, PortalOnly        bool
	NotBefore, Planned        time.Time // Planned is zero before anybody was told
	Level                     int
	Acked                     bool
	Told                      []string // accounts that were told
}

// held is a delivery that waits for a digest.
type held struct {
	ID      int64
	Account string
	Since   time.Time
}

// steps are what is to be done.
type steps struct {
	Notices    []newNotice
	Deliveries []newDelivery
	Messages   []progress
	Digests    []newDigest
}

type newNotice struct {
	Message int64
	Account string
	Level   int
}

type newDelivery struct {
	Message            int64
	Channel, Recipient string
	State              State
	Next               time.Time
}

// progress is how far a message is; one that is not watched any more is done with.
type progress struct {
	Message int64
	Planned time.Time
	Level   int
	Watched bool
}

type newDigest struct {
	Account string
	Held    []int64
}

// plan is the planner.
func plan(k known) steps {
	var out steps
	for _, m := range k.Messages {
		k.message(m, &out)
	}
	k.digests(&out)
	return out
}

// fallback are told what nobody of those it is for can be told.
func fallback() []string { return []string{"administrator", "officer"} }

func (k known) message(m watched, out *steps) {
	if m.NotBefore.After(k.Now) {
		return
	}
	step := progress{Message: m.ID, Planned: m.Planned, Level: m.Level, Watched: true}
	if m.Planned.IsZero() {
		people := k.people(m.Roles, m.Accounts)
		if len(people) == 0 {
			people = k.people(fallback(), nil)
		}
		if len(people) == 0 {
			return // nobody has an account yet: it waits
		}
		step.Planned = k.Now
		k.tell(m, people, 0, out)
		if !m.PortalOnly {
			for _, channel := range []string{Webhook, Syslog} {
				if slices.Contains(k.Channels, channel) {
					out.Deliveries = append(out.Deliveries, newDelivery{m.ID, channel, "", Waiting, k.Now})
				}
			}
		}
	}
	// Up, while nobody acknowledges. A role without people is passed over.
	for !m.Acked && step.Level < len(m.Escalate) && !k.Now.Before(step.Planned.Add(k.Settings.patience()*time.Duration(step.Level+1))) {
		people := slices.DeleteFunc(k.people([]string{m.Escalate[step.Level]}, nil), func(p Person) bool { return slices.Contains(m.Told, p.Account) })
		step.Level++
		k.tell(m, people, step.Level, out)
		for _, p := range people {
			m.Told = append(m.Told, p.Account)
		}
	}
	step.Watched = !m.Acked && step.Level < len(m.Escalate)
	out.Messages = append(out.Messages, step)
}

// people are those of roles and accounts, each once.
func (k known) people(roles, accounts []string) []Person {
	var out []Person
	for _, p := range k.People {
		if slices.Contains(roles, p.Role) || slices.Contains(accounts, p.Account) {
			out = append(out, p)
		}
	}
	return out
}

// tell puts a message into inboxes and, where there is an address, on its way by mail.
func (k known) tell(m watched, people []Person, level int, out *steps) {
	for _, p := range people {
		out.Notices = append(out.Notices, newNotice{m.ID, p.Account, level})
		reach := k.Reaches[p.Account]
		if m.PortalOnly || reach.Address == "" || !slices.Contains(k.Channels, Mail) {
			continue
		}
		d := newDelivery{m.ID, Mail, p.Account, Waiting, k.Now}
		switch mode := k.Settings.mode(p, reach); {
		case mode == None:
			continue
		case m.Urgent || level > 0: // what went up has waited enough
		case mode == Daily || mode == Weekly:
			d.State = Held
		case k.Settings.Quiet:
			d.Next = k.working(k.Now)
		}
		out.Deliveries = append(out.Deliveries, d)
	}
}

// digests are due for whoever has something that was held since before the last opening
// of the office, of the day or of the week.
func (k known) digests(out *steps) {
	by := map[string][]held{}
	var accounts []string
	for _, h := range k.Held {
		if by[h.Account] == nil {
			accounts = append(accounts, h.Account)
		}
		by[h.Account] = append(by[h.Account], h)
	}
	for _, account := range accounts {
		mode := Daily
		for _, p := range k.People {
			if p.Account == account {
				mode = k.Settings.mode(p, k.Reaches[account])
			}
		}
		since := by[account][0].Since
		for _, h := range by[account] {
			if h.Since.Before(since) {
				since = h.Since
			}
		}
		if k.Now.Before(k.opening(since, mode == Weekly)) {
			continue
		}
		d := newDigest{Account: account}
		for _, h := range by[account] {
			d.Held = append(d.Held, h.ID)
		}
		out.Digests = append(out.Digests, d)
	}
}

// working is the first working moment from at on; at itself where the calendar has none.
func (k known) working(at time.Time) time.Time {
	// The end of the first microsecond of work tells where it begins.
	end, err := k.Calendar.AddHours(at, time.Microsecond)
	if err != nil {
		return at
	}
	return end.Add(-time.Microsecond)
}

// opening is when the office opens next after an instant, or opens first in a later week.
func (k known) opening(after time.Time, week bool) time.Time {
	zone := k.Calendar.Zone
	if zone == nil {
		zone = time.UTC
	}
	day := worktime.On(after.In(zone)).Next()
	if week {
		for day.Weekday() != time.Monday {
			day = day.Next()
		}
	}
	return k.working(day.Midnight(zone))
}
