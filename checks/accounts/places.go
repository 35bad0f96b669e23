package accounts

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"vigia/checks/format/sqlite"
	"vigia/checks/format/utmp"
)

// placesFact is an account that was in use from two other machines at once. Which they
// were is not kept.
type placesFact struct {
	Account string `json:"account"`
	// Week is the Monday of the last time.
	Week time.Time `json:"week"`
}

const (
	// together is how long two sessions must last side by side: one whose machine
	// changed networks takes a while to end.
	together = 30 * time.Minute
	// recently is for how long it is told.
	recently = 35 * day
)

// visit is one session from another machine.
type visit struct {
	user, place string
	begin, end  time.Time
}

// places tells which accounts were in use from two other machines at once.
func (r *reader) places(ctx context.Context, accounts []localAccount) []placesFact {
	names := map[string]bool{}
	for _, a := range accounts {
		if a.Person || a.UID == 0 {
			names[a.Name] = true
		}
	}
	var records []utmp.Record
	for _, path := range []string{wtmpFile, wtmpFile + ".1"} {
		records = append(records, r.sessions(ctx, path, names)...)
	}
	visits := visitsOf(records, r.Host.Now())
	r.table(ctx, wtmpdbFile, "wtmp", func(v []sqlite.Value) { // ID, Type, User, Login, Logout, TTY, RemoteHost, ...
		if len(v) > 6 && v[1].Integer == wtmpdbUser && names[v[2].Text] && v[4].Integer > 0 && len(visits) < 2*maxSessions {
			visits = append(visits, visit{v[2].Text, place(v[6].Text), time.UnixMicro(v[3].Integer), time.UnixMicro(v[4].Integer)})
		}
	})
	return sideBySide(visits)
}

// place is from where a session came: an address, or the network of one that its machine
// changes by itself. It is empty where it is not told.
func place(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	network, _ := a.Prefix(64)
	return network.String()
}

// visitsOf makes sessions of records, newest first. A session ends where the next one on
// its line begins, where the line is free again, or where the machine starts.
func visitsOf(records []utmp.Record, now time.Time) []visit {
	var out []visit
	open := map[string]visit{} // by line
	end := func(line string, at time.Time) {
		if v, ok := open[line]; ok {
			v.end = at
			out = append(out, v)
			delete(open, line)
		}
	}
	for _, rec := range slices.Backward(records) {
		switch rec.Kind { //nolint:exhaustive // the others end nothing
		case utmp.Boot, utmp.RunLevel:
			for line := range open {
				end(line, rec.Time)
			}
		case utmp.Dead:
			end(rec.Line, rec.Time)
		case utmp.User:
			end(rec.Line, rec.Time)
			if where := place(rec.Address); rec.User != "" && rec.Remote && where != "" {
				open[rec.Line] = visit{user: rec.User, place: where, begin: rec.Time}
			}
		}
	}
	for line := range open {
		end(line, now)
	}
	return out
}

// maxOpen bounds the sessions of one account that are compared with a new one.
const maxOpen = 50

// sideBySide finds accounts with sessions from two places that lasted side by side.
func sideBySide(visits []visit) []placesFact {
	slices.SortFunc(visits, func(a, b visit) int { return cmp.Or(a.begin.Compare(b.begin), cmp.Compare(a.place, b.place)) })
	last := map[string]time.Time{}
	open := map[string][]visit{}
	for _, v := range visits {
		if v.place == "" {
			continue
		}
		others := slices.DeleteFunc(open[v.user], func(o visit) bool { return !o.end.After(v.begin) })
		for _, o := range others {
			until := o.end
			if v.end.Before(until) {
				until = v.end
			}
			if o.place != v.place && until.Sub(v.begin) >= together && until.After(last[v.user]) {
				last[v.user] = until
			}
		}
		if others = append(others, v); len(others) > maxOpen {
			others = others[1:]
		}
		open[v.user] = others
	}
	var out []placesFact
	for user, at := range last {
		out = append(out, placesFact{Account: user, Week: week(at)})
	}
	return sorted(out, func(p placesFact) string { return p.Account })
}
