package host

import (
	"context"
	"time"
)

// Media tells of removable storage: what is plugged in, and what was since the agent
// has been watching.
type Media interface {
	Media(ctx context.Context) (MediaLog, error)
}

// MediaLog is what is known of removable storage.
type MediaLog struct {
	// Since is when the watching began; zero when nobody watches and Uses are only what
	// is plugged in now and what the system itself remembers.
	Since time.Time `json:"since,omitzero"`
	// Lost: notices were missed meanwhile, so that a use may be missing.
	Lost bool       `json:"lost,omitempty"`
	Uses []MediaUse `json:"uses,omitempty"` // oldest first
	// More counts the uses left out.
	More int `json:"more,omitempty"`
}

// MediaUse is one medium from plugging in to pulling out.
type MediaUse struct {
	Vendor string `json:"vendor,omitempty"`
	Model  string `json:"model,omitempty"`
	// Serial is the serial number of the device, which is what a register of media
	// holds; empty where the device has none.
	Serial string `json:"serial,omitempty"`
	// Volumes are the serial numbers or UUIDs of the file systems on it.
	Volumes []string  `json:"volumes,omitempty"`
	Kind    string    `json:"kind"` // disk, optical, phone, card
	Size    uint64    `json:"size,omitempty"`
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"` // zero: still there
	Mounted bool      `json:"mounted,omitempty"`
	// Written and Read count bytes between machine and medium since From; nil when the
	// system does not count them.
	Written *uint64 `json:"written,omitempty"`
	Read    *uint64 `json:"read,omitempty"`
	// Used is what the file systems on it hold, in bytes, the last time that somebody
	// looked, UsedBefore the first time; nil where that is not known.
	Used       *uint64 `json:"used,omitempty"`
	UsedBefore *uint64 `json:"used_before,omitempty"`
}

// Media implements Media.
func (Unsupported) Media(context.Context) (MediaLog, error) { return MediaLog{}, ErrUnsupported }
