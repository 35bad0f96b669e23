// Package media checks what removable storage people plug into a machine (MED-USB).
//
// Linux is watched by the agent, which counts the bytes too; Windows itself remembers each
// device in its registry and its event log. What is on a medium is never looked at, nor
// the name that somebody gave it: a medium is known by its maker, model and serial number,
// which is what a register of media holds. Until there is such a register nobody can tell
// whether a medium may be used, and the answer is unknown, not fine.
package media

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check { return []checks.Check{portable()} }

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// portable is MED-USB: each use of a removable medium is that of one that was authorised.
func portable() checks.Check {
	return checks.New(checks.Info{ID: "media.portable", Messages: portableMessages(), Covers: portableCovers()},
		portableParams{Days: 92},
		checks.On[portableFacts]{
			host.Linux:   observeWatched,
			host.Windows: observeRemembered,
		}, judgePortable)
}

type portableParams struct {
	// Days is how far back a use counts.
	Days int `json:"days"`
	// Authorised are the media that may be used; without the list nobody can tell.
	Authorised *[]authorised `json:"authorised,omitempty"`
}

// authorised is a medium of the register.
type authorised struct {
	Serial string `json:"serial"`
	// Until is the last day, YYYY-MM-DD; empty for no end.
	Until string `json:"until,omitempty"`
}

// portableFacts is the evidence of media.portable.
type portableFacts struct {
	// From is since when uses are known: since the agent watches, or as far back as the
	// system remembers; empty when only what is plugged in now is.
	From string `json:"from,omitempty"` // YYYY-MM-DD
	// Gaps tells that nobody watched for a while in between.
	Gaps bool `json:"gaps,omitempty"`
	// Blocked says what forbids removable storage on this machine: policy, driver.
	Blocked string `json:"blocked,omitempty"`
	// Media are those that were used, by what they are.
	Media  []medium        `json:"media,omitempty"`
	More   int             `json:"more,omitempty"` // uses left out
	Unread []checks.Unread `json:"unread,omitempty"`
}

// medium is one device with its uses.
type medium struct {
	Kind    string   `json:"kind"`
	Vendor  string   `json:"vendor,omitempty"`
	Model   string   `json:"model,omitempty"`
	Serial  string   `json:"serial,omitempty"`
	Volumes []string `json:"volumes,omitempty"`
	Bytes   uint64   `json:"bytes,omitempty"` // its size
	Uses    int      `json:"uses"`
	First   string   `json:"first,omitempty"` // day of the first and of the last use, YYYY-MM-DD
	Last    string   `json:"last,omitempty"`
	// Present tells that it is still plugged in.
	Present bool `json:"present,omitempty"`
	// Written are the megabytes that went onto it; nil where nothing counts them.
	Written *uint64 `json:"written_mb,omitempty"`
	// Grown are the megabytes that it held more when it was seen last than when it was
	// plugged in, in all its uses; nil where nobody looked. Less may have been written onto
	// it than was deleted from it, so that it is a lower bound and no more.
	Grown *uint64 `json:"grown_mb,omitempty"`
}

// key names the medium in findings.
func (m medium) key() string {
	if m.Serial != "" {
		return m.Kind + "/" + m.Serial
	}
	return m.Kind + "/" + m.Vendor + " " + m.Model
}

// name is how a person would call it.
func (m medium) name() string {
	switch {
	case m.Model == "" && m.Vendor == "":
		return m.Kind
	case m.Vendor == "":
		return m.Model
	case m.Model == "":
		return m.Vendor
	}
	return m.Vendor + " " + m.Model
}
