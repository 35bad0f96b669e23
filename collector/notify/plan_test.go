package notify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/collector/worktime"
)

var madrid = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		panic(err)
	}
	return loc
}()

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, madrid)
	if err != nil {
		panic(err)
	}
	return t
}

// TestPlan is the planner, case by case. 20 November 2026 is a Friday.
func TestPlan(t *testing.T) {
	t.Parallel()
	ana, luis, eva := Person{"ana", "officer"}, Person{"luis", "head"}, Person{"eva", "administrator"}
	friday, saturday := at("2026-11-20 11:00"), at("2026-11-21 11:00")
	set := Settings{Quiet: true, EscalateHours: 4, Modes: map[string]Mode{"officer": Each, "head": Weekly, "administrator": Daily}}
	reach := map[string]Reach{"ana": {Address: "ana@a.example"}, "luis": {Address: "luis@a.example"}, "eva": {Address: "eva@a.example"}}
	base := known{Settings: set, Calendar: worktime.Office(madrid), People: []Person{ana, luis, eva}, Reaches: reach, Channels: []string{Mail}}
	forOfficer := watched{ID: 1, Roles: []string{"officer"}}

	for name, row := range map[string]struct {
		now    time.Time
		change func(*known)
		m      []watched
		want   steps
	}{
		"in working hours at once": {friday, nil, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Deliveries: []newDelivery{{1, Mail, "ana", Waiting, friday}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"on Saturday when the office opens": {saturday, nil, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Deliveries: []newDelivery{{1, Mail, "ana", Waiting, at("2026-11-23 09:00")}}, Messages: []progress{{1, saturday, 0, false}},
		}},
		"urgent on Saturday at once": {saturday, nil, []watched{{ID: 1, Roles: []string{"officer"}, Urgent: true}}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Deliveries: []newDelivery{{1, Mail, "ana", Waiting, saturday}}, Messages: []progress{{1, saturday, 0, false}},
		}},
		"without quiet hours": {saturday, func(k *known) { k.Settings.Quiet = false }, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Deliveries: []newDelivery{{1, Mail, "ana", Waiting, saturday}}, Messages: []progress{{1, saturday, 0, false}},
		}},
		"not before its time": {friday, nil, []watched{{ID: 1, Roles: []string{"officer"}, NotBefore: friday.Add(time.Second)}}, steps{}},
		"held for a digest": {friday, nil, []watched{{ID: 1, Roles: []string{"head"}}}, steps{
			Notices: []newNotice{{1, "luis", 0}}, Deliveries: []newDelivery{{1, Mail, "luis", Held, friday}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"a person's own choice before the role's": {friday, func(k *known) { k.Reaches = map[string]Reach{"luis": {Address: "l@a.example", Mode: Each}} },
			[]watched{{ID: 1, Roles: []string{"head"}}}, steps{
				Notices: []newNotice{{1, "luis", 0}}, Deliveries: []newDelivery{{1, Mail, "luis", Waiting, friday}}, Messages: []progress{{1, friday, 0, false}},
			}},
		"only in the portal": {friday, func(k *known) { k.Reaches = map[string]Reach{"ana": {Address: "a@a.example", Mode: None}} }, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"without an address": {friday, func(k *known) { k.Reaches = nil }, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"an account and its role is one person": {friday, func(k *known) { k.Reaches = nil }, []watched{{ID: 1, Roles: []string{"officer"}, Accounts: []string{"ana"}}}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"nobody has the role: whoever administers and the officer": {friday, func(k *known) { k.Reaches = nil }, []watched{{ID: 1, Roles: []string{"liaison"}}}, steps{
			Notices: []newNotice{{1, "ana", 0}, {1, "eva", 0}}, Messages: []progress{{1, friday, 0, false}},
		}},
		"nobody at all: it waits": {friday, func(k *known) { k.People = nil }, []watched{forOfficer}, steps{}},
		"other systems at any hour": {saturday, func(k *known) { k.Reaches, k.Channels = nil, []string{Webhook, Syslog} }, []watched{forOfficer}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Deliveries: []newDelivery{{1, Webhook, "", Waiting, saturday}, {1, Syslog, "", Waiting, saturday}},
			Messages: []progress{{1, saturday, 0, false}},
		}},
		"it can go up: it is watched": {friday, func(k *known) { k.Reaches = nil }, []watched{{ID: 1, Roles: []string{"officer"}, Escalate: []string{"head", "director"}}}, steps{
			Notices: []newNotice{{1, "ana", 0}}, Messages: []progress{{1, friday, 0, true}},
		}},
		"not yet up": {friday.Add(4*time.Hour - time.Second), nil, []watched{{ID: 1, Roles: []string{"officer"}, Escalate: []string{"head"}, Planned: friday, Told: []string{"ana"}}}, steps{
			Messages: []progress{{1, friday, 0, true}},
		}},
		"up after four hours, by mail at once": {friday.Add(4 * time.Hour), nil, []watched{{ID: 1, Roles: []string{"officer"}, Escalate: []string{"head"}, Planned: friday, Told: []string{"ana"}}}, steps{
			Notices: []newNotice{{1, "luis", 1}}, Deliveries: []newDelivery{{1, Mail, "luis", Waiting, friday.Add(4 * time.Hour)}}, Messages: []progress{{1, friday, 1, false}},
		}},
		"up over a role that nobody has, once its time is over": {friday.Add(8 * time.Hour), func(k *known) { k.Reaches = nil }, []watched{{ID: 1, Roles: []string{"officer"}, Escalate: []string{"director", "head"}, Planned: friday, Told: []string{"ana"}}}, steps{
			Notices: []newNotice{{1, "luis", 2}}, Messages: []progress{{1, friday, 2, false}},
		}},
		"acknowledged: it stays": {friday.Add(40 * time.Hour), nil, []watched{{ID: 1, Roles: []string{"officer"}, Escalate: []string{"head"}, Planned: friday, Told: []string{"ana"}, Acked: true}}, steps{
			Messages: []progress{{1, friday, 0, false}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := base
			k.Now, k.Messages = row.now, row.m
			if row.change != nil {
				row.change(&k)
			}
			if diff := cmp.Diff(row.want, plan(k), cmp.AllowUnexported(steps{})); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestDigestTimes tells when what is held goes out.
func TestDigestTimes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		since string
		mode  Mode
		want  string
	}{
		"the next morning":               {"2026-11-18 11:00", Daily, "2026-11-19 09:00"},
		"before the office opens":        {"2026-11-18 07:00", Daily, "2026-11-19 09:00"},
		"over the weekend":               {"2026-11-20 11:00", Daily, "2026-11-23 09:00"},
		"weekly on Monday":               {"2026-11-18 11:00", Weekly, "2026-11-23 09:00"},
		"weekly from Monday to Monday":   {"2026-11-16 09:00", Weekly, "2026-11-23 09:00"},
		"the night the clocks go back":   {"2026-10-24 23:30", Daily, "2026-10-26 09:00"},
		"weekly, Sunday before midnight": {"2026-11-22 23:59", Weekly, "2026-11-23 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := known{Calendar: worktime.Office(madrid), People: []Person{{"ana", "officer"}}, Settings: Settings{Modes: map[string]Mode{"officer": row.mode}},
				Held: []held{{7, "ana", at(row.since)}}}
			k.Now = at(row.want).Add(-time.Microsecond)
			if got := plan(k).Digests; len(got) > 0 {
				t.Errorf("just before %s: got a digest already", row.want)
			}
			k.Now = at(row.want)
			if diff := cmp.Diff([]newDigest{{"ana", []int64{7}}}, plan(k).Digests); diff != "" {
				t.Errorf("at %s: want -, got +:\n%s", row.want, diff)
			}
		})
	}
}
