package policy

import (
	"fmt"
	"strings"
	"time"
)

// maxCouriers bounds the list of couriers, maxCourierSilence the time between
// two of their visits: a quarter, for which evidence is needed.
const (
	maxCouriers       = 5000
	maxCourierSilence = Duration(92 * 24 * time.Hour)
)

// Courier says that what machines measure is carried to the collector by hand,
// and how long that may take: so long their silence is what was expected.
type Courier struct {
	// Machine is a host name, Department a department; one of them is named.
	Machine    string `json:"machine,omitempty" yaml:"machine,omitempty"`
	Department string `json:"department,omitempty" yaml:"department,omitempty"`
	// Silence is that of Schedule for these machines: the longest time between
	// two visits, and some days more.
	Silence Duration `json:"silence" yaml:"silence"`
	// Why and By are mandatory: a review shows who said so.
	Why string `json:"why" yaml:"why"`
	By  string `json:"by" yaml:"by"`
}

func (r sourceReview) couriers(s Source) error {
	if len(s.Couriers) > maxCouriers {
		return r.doc.errorf("couriers", "%d rows, more than %d", len(s.Couriers), maxCouriers)
	}
	for i, c := range s.Couriers {
		at := fmt.Sprintf("couriers[%d]", i)
		if err := r.texts(at, mandatory("why", c.Why), mandatory("by", c.By),
			optional("machine", c.Machine), optional("department", c.Department)); err != nil {
			return err
		}
		if (c.Machine == "") == (c.Department == "") {
			return r.doc.errorf(at, "want a machine or a department, and not both")
		}
		if report := s.Schedule.withDefaults().Report; c.Silence < report || c.Silence > maxCourierSilence {
			return r.doc.errorf(at+".silence", "want from %v to %v", report, maxCourierSilence)
		}
	}
	return nil
}

// silenceBy is how long a machine may be silent: by its own courier, else by
// that of its department, else as everybody.
func (in ComposeInput) silenceBy(usual Duration) Duration {
	out, own := usual, false
	for _, c := range in.Source.Couriers {
		switch {
		case c.Machine != "" && sameHost(c.Machine, in.Hostname):
			out, own = c.Silence, true
		case c.Department != "" && !own && strings.EqualFold(c.Department, in.Department):
			out = c.Silence
		}
	}
	return out
}
