package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
)

// Settings are what the administrator chooses for all.
type Settings struct {
	// Modes are how often a role gets mail; a role that is not here gets Each.
	Modes map[string]Mode `json:"modes"`
	// Quiet keeps mail that is not urgent for working hours.
	Quiet bool `json:"quiet"`
	// EscalateHours is how long a message that can go up waits to be acknowledged, 1 to 720.
	EscalateHours int `json:"escalate_hours"`
}

// DefaultSettings hold until somebody chooses others: the auditor and those who oversee
// look when they look.
func DefaultSettings() Settings {
	return Settings{Quiet: true, EscalateHours: 24, Modes: map[string]Mode{
		"officer": Daily, "head": Weekly, "director": Weekly, "administrator": Daily, "liaison": Each,
		"transparency": Each, "auditor": None, "committee": None, "control": None,
	}}
}

func (s Settings) mode(p Person, r Reach) Mode {
	if r.Mode != "" {
		return r.Mode
	}
	if m, ok := s.Modes[p.Role]; ok {
		return m
	}
	return Each
}

func (s Settings) patience() time.Duration { return time.Duration(s.EscalateHours) * time.Hour }

const maxEscalate = 720 // hours

func validMode(m Mode) bool { return slices.Contains([]Mode{Each, Daily, Weekly, None}, m) }

// Settings are those in force.
func (s *Store) Settings(ctx context.Context, tx *storage.Tx) (Settings, error) {
	var text string
	err := tx.QueryRow(ctx, `SELECT settings_json FROM notify_settings WHERE id = 1`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultSettings(), nil
	}
	out := Settings{}
	if err == nil {
		err = json.Unmarshal([]byte(text), &out)
	}
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings of notices: %w", err)
	}
	return out, nil
}

// SetSettings puts settings in force.
func (s *Store) SetSettings(ctx context.Context, tx *storage.Tx, set Settings, by string) error {
	for role, mode := range set.Modes {
		if !validMode(mode) {
			return fmt.Errorf("mode %q of %s: %w", mode, role, ErrSettings)
		}
	}
	if set.EscalateHours < 1 || set.EscalateHours > maxEscalate {
		return fmt.Errorf("%d hours until a notice goes up: %w: 1 to %d", set.EscalateHours, ErrSettings, maxEscalate)
	}
	text, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO notify_settings (id, settings_json, by_name, at) VALUES (1, $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET settings_json = excluded.settings_json, by_name = excluded.by_name, at = excluded.at`,
		string(text), by, s.now().UnixMicro())
	if err != nil {
		return fmt.Errorf("write the settings of notices: %w", err)
	}
	return nil
}

// Reach is how a person is reached. The zero value is: in the portal, in Spanish.
type Reach struct {
	Address string       // of mail; empty: none
	Lang    message.Lang // of mail
	Mode    Mode         // empty: as the role
	Paper   bool         // is given notices on paper
}

// Reaches are all that somebody has set, by account.
func (s *Store) Reaches(ctx context.Context, tx *storage.Tx) (map[string]Reach, error) {
	rows, err := tx.Query(ctx, `SELECT account, address, lang, mode, paper FROM notify_people`)
	if err != nil {
		return nil, fmt.Errorf("read how people are reached: %w", err)
	}
	defer rows.Close()
	out := map[string]Reach{}
	for rows.Next() {
		var account string
		var r Reach
		var paper int64
		if err := rows.Scan(&account, &r.Address, &r.Lang, &r.Mode, &paper); err != nil {
			return nil, fmt.Errorf("read how people are reached: %w", err)
		}
		r.Paper = paper != 0
		out[account] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read how people are reached: %w", err)
	}
	return out, nil
}

// SetReach sets how a person is reached. ErrAddress: the address is none.
func (s *Store) SetReach(ctx context.Context, tx *storage.Tx, account string, r Reach) error {
	r.Address = strings.TrimSpace(r.Address)
	if r.Address != "" {
		if err := CheckAddress(r.Address); err != nil {
			return err
		}
	}
	if r.Mode != "" && !validMode(r.Mode) {
		return fmt.Errorf("mode %q: %w", r.Mode, ErrSettings)
	}
	_, err := tx.Exec(ctx, `INSERT INTO notify_people (account, address, lang, mode, paper) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account) DO UPDATE SET address = excluded.address, lang = excluded.lang, mode = excluded.mode, paper = excluded.paper`,
		account, r.Address, string(message.ParseLang(string(r.Lang))), string(r.Mode), flag(r.Paper))
	if err != nil {
		return fmt.Errorf("write how a person is reached: %w", err)
	}
	return nil
}

// CheckAddress accepts a bare address such as ana@ayuntamiento.example.
func CheckAddress(text string) error {
	const most = 254 // RFC 5321
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > most || !strings.Contains(text, "@") {
		return fmt.Errorf("%q: %w", text, ErrAddress)
	}
	return nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
