package host

import (
	"context"
	"time"
)

// Events reads the Windows event log. Linux answers ErrUnsupported: there the logs are
// files.
type Events interface {
	// Events returns events of a channel, newest first. A channel that does not exist is
	// fs.ErrNotExist, one that may not be read fs.ErrPermission.
	Events(ctx context.Context, q EventQuery) (EventLog, error)
}

// EventQuery chooses events.
type EventQuery struct {
	Channel string    `json:"channel"` // "Security", "System", "Microsoft-Windows-Backup"
	IDs     []uint32  `json:"ids"`
	Since   time.Time `json:"since"`
	Max     int       `json:"max"` // events returned at most
	// Data names the fields of the event's data that are wanted. Nothing else of it is
	// read: a field may hold what a person typed into the wrong box.
	Data []string `json:"data,omitempty"`
}

// EventLog is the answer to an EventQuery.
type EventLog struct {
	Events []Event `json:"events,omitempty"`
	// More: there were more than Max.
	More bool `json:"more,omitempty"`
	// Oldest is the time of the oldest event that the channel still holds, whatever its
	// id; zero when it is empty. What happened before cannot be known.
	Oldest time.Time `json:"oldest,omitzero"`
}

// Event is one event.
type Event struct {
	ID       uint32            `json:"id"`
	Provider string            `json:"provider"`
	Time     time.Time         `json:"time"`
	Record   uint64            `json:"record"`
	Data     map[string]string `json:"data,omitempty"`
}

// Events implements Events.
func (Unsupported) Events(context.Context, EventQuery) (EventLog, error) {
	return EventLog{}, ErrUnsupported
}
