package host

import (
	"context"
	"strings"
	"time"
)

// Events reads the Windows event log. Linux answers ErrUnsupported: there the logs are
// files.
type Events interface {
	// Events returns events of a channel, newest first. A channel that does not exist is
	// fs.ErrNotExist, one that may not be read fs.ErrPermission.
	Events(ctx context.Context, q EventQuery) (EventLog, error)
	// AuditPolicy tells what of a subcategory of the audit policy is written to the
	// Security channel, whoever set it. The subcategory is named by its GUID in braces,
	// as ntsecapi.h has it, since its display name depends on the language.
	AuditPolicy(ctx context.Context, subcategory string) (AuditSetting, error)
}

// AuditSetting is what is written of one subcategory.
type AuditSetting struct {
	Success bool `json:"success"`
	Failure bool `json:"failure"`
}

// EventQuery chooses events.
type EventQuery struct {
	Channel string    `json:"channel"` // "Security", "System", "Microsoft-Windows-Backup"
	IDs     []uint32  `json:"ids"`
	Since   time.Time `json:"since"`
	Max     int       `json:"max"` // events returned at most
	// Data names the fields of the event's data that are wanted, such as IpAddress, or
	// UserData/LogFileCleared/Channel for an event that has no named fields. Nothing else
	// of it is read: a field may hold what a person typed into the wrong box.
	Data []string `json:"data,omitempty"`
	// Known lists, for a field in which people type, the values that may be told, in any
	// letter case. Another value does not leave the facet: the field is then absent.
	Known map[string][]string `json:"known,omitempty"`
}

// Told is what may be told of a field: the value in the spelling of Known, or as it is
// where Known does not name the field.
func (q EventQuery) Told(field, value string) (string, bool) {
	known, limited := q.Known[field]
	if !limited {
		return value, true
	}
	for _, k := range known {
		if strings.EqualFold(k, value) {
			return k, true
		}
	}
	return "", false
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

// AuditPolicy implements Events.
func (Unsupported) AuditPolicy(context.Context, string) (AuditSetting, error) {
	return AuditSetting{}, ErrUnsupported
}
