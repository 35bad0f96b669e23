package collector

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/calendar"
	"vigia/collector/decisions"
	"vigia/collector/findings"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

// dutiesNow are the duties of the calendar at a moment.
func (c *Collector) dutiesNow(ctx context.Context, tx *storage.Tx, at time.Time) ([]calendar.Entry, error) {
	laws, err := policy.Laws()
	if err != nil {
		return nil, err
	}
	entries, _, err := calendar.Agenda{Laws: laws, Enroll: c.Enroll, Reviews: c.Reviews, Registers: c.Registers, Books: Books(),
		Zone: c.Config.TimeZone.Location}.Entries(ctx, tx, at)
	if err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	return entries, nil
}

// overdue are the causes of duties of the calendar whose day is over.
type overdue struct{ *Collector }

// Groups are a cause for each such duty. A duty that people declare has one already where
// its declaration is missing or is over.
func (o overdue) Groups(ctx context.Context, tx *storage.Tx, at time.Time) ([]decisions.Cause, error) {
	entries, err := o.dutiesNow(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e calendar.Entry) bool { return e.State != calendar.Overdue })
	if len(entries) == 0 {
		return nil, nil
	}
	declared, err := attested(o).Groups(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	var out []decisions.Cause
	for _, e := range entries {
		control := e.Controls[0]
		if e.Done != policy.ByReview && e.Book == "" && slices.ContainsFunc(declared, func(c decisions.Cause) bool { return c.Control == control }) {
			continue
		}
		cause := decisions.Cause{Control: control, Code: "duty." + e.ID, Severity: e.Severity, Status: checks.Fail, Do: e.Do,
			Title: message.Text{ES: e.Title.ES + ": fuera de plazo", EN: e.Title.EN + ": overdue"}}
		cause.Members = []decisions.Member{{Entry: "duty/" + e.ID, Opened: e.Due, Subject: e.Title.ES, Reason: checks.Because(cause.Code)}}
		out = append(out, cause)
	}
	return out, nil
}

// dutiesDue tells of duties of the calendar: two weeks, a week and a day before, and every
// week after.
func (c *Collector) dutiesDue(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	entries, err := c.dutiesNow(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	var out []notify.Message
	for _, e := range entries {
		m := notify.Message{Kind: "duty.due", Link: "/calendario", Roles: []string{string(access.Officer)}, Body: e.Do}
		if e.Done == policy.ByReview {
			m.Roles = append(m.Roles, string(access.Head))
		}
		due, when := e.Due.Format(time.DateOnly), e.Due.Format("02/01/2006")
		if e.State == calendar.Overdue {
			m.Key = "duty/" + e.ID + "/" + due + "/over/" + c.weekOf(now)
			m.Urgent, m.Escalate = e.Severity == policy.Critical, []string{string(access.Head)}
			m.Subject = say("{duty}: debía estar hecho el {when}", "{duty}: it was due on {when}", "when", when)
		} else {
			steps := []int{1, 7, 14}
			i := slices.IndexFunc(steps, func(days int) bool { return !now.AddDate(0, 0, days).Before(e.Due) })
			if i < 0 {
				continue
			}
			m.Key = "duty/" + e.ID + "/" + due + "/" + strconv.Itoa(steps[i])
			m.Subject = say("{duty}: para el {when}", "{duty}: due on {when}", "when", when)
		}
		m.Subject = message.Text{ES: m.Subject.Format(message.Spanish, map[string]string{"duty": e.Title.ES}), EN: m.Subject.Format(message.English, map[string]string{"duty": e.Title.EN})}
		out = append(out, m)
	}
	return out, nil
}

// mostUndelivered is how many deliveries the queue speaks of.
const mostUndelivered = 200

// undelivered is the cause of notices that reached nobody after all attempts.
type undelivered struct{ *Collector }

// Groups are one cause, with a member for each delivery that was given up.
func (u undelivered) Groups(ctx context.Context, tx *storage.Tx, _ time.Time) ([]decisions.Cause, error) {
	lost, err := u.Notify.Find(ctx, tx, []notify.State{notify.GivenUp}, mostUndelivered)
	if err != nil || len(lost) == 0 {
		return nil, err
	}
	cause := decisions.Cause{Control: findings.ControlAgent, Code: "vigia.undelivered", Severity: policy.High, Status: checks.Fail,
		Title: message.Text{ES: "avisos que no llegaron", EN: "notices that did not arrive"},
		Do: message.Text{ES: "mire en Avisos qué falló, corríjalo y envíelos otra vez (vigia notify retry), o dígalo en persona",
			EN: "see in Notices what failed, mend it and send them again (vigia notify retry), or tell people in person"}}
	for _, d := range lost {
		subject := d.Subject.ES + " · " + d.Channel
		if d.Recipient != "" {
			subject += " · " + d.Recipient
		}
		cause.Members = append(cause.Members, decisions.Member{Entry: "delivery/" + strconv.FormatInt(d.ID, 10), Opened: d.Done, Subject: subject, Reason: checks.Because(cause.Code)})
	}
	return []decisions.Cause{cause}, nil
}
