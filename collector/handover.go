package collector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/assign"
	"vigia/collector/courier"
	"vigia/collector/evidence"
	"vigia/collector/handover"
	"vigia/collector/registers/movements"
	"vigia/collector/storage"
	"vigia/collector/storage/backup"
)

// lately is how far back leavers are counted in a handover.
const lately = 90 * 24 * time.Hour

// HandoverState is what would be handed over now. Without whole, the rows of the books are
// only counted, and there are no further tables.
func (c *Collector) HandoverState(ctx context.Context, whole bool) (handover.State, error) {
	now := c.now()
	out := handover.State{Organisation: c.Config.Organisation, Zone: c.Config.TimeZone.Location, Verifier: c.Log.Verifier(), Simulated: c.Simulated()}
	users, err := c.Access.Users(ctx)
	if err != nil {
		return handover.State{}, err
	}
	for _, u := range users {
		out.Accounts = append(out.Accounts, handover.Account{Name: u.Name, Role: access.Roles()[u.Role].In(message.Spanish), Created: u.Created,
			LastLogin: u.LastLogin, Disabled: u.Disabled})
	}
	if out.Keys, err = c.keyInventory(); err != nil {
		return handover.State{}, err
	}
	last := c.readBackup()
	out.Backup = handover.Backup{At: last.At, By: last.By, File: last.File}
	err = c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		machines, err := c.Enroll.Machines(ctx, tx)
		if err != nil {
			return err
		}
		out.Machines = len(machines)
		leavers, err := c.Registers.Rows(ctx, tx, movements.Book())
		if err != nil {
			return err
		}
		for _, row := range leavers {
			m, err := movements.Of(row)
			if err == nil && m.Kind == movements.Leave && now.Sub(m.At) < lately {
				out.Left++
			}
		}
		if !whole {
			day := now.In(c.Config.TimeZone.Location).Format(time.DateOnly)
			sums, err := c.Registers.Summaries(ctx, tx, Books(), day, day, false, "")
			for _, b := range Books() {
				out.Books = append(out.Books, handover.BookRows{Book: b, Count: sums[b.Name].Rows})
			}
			return err
		}
		return c.handoverTables(ctx, tx, now, &out)
	})
	return out, err
}

// handoverTables reads what a package holds beside the accounts and keys.
func (c *Collector) handoverTables(ctx context.Context, tx *storage.Tx, now time.Time, out *handover.State) error {
	for _, b := range Books() {
		rows, err := c.Registers.RowsAt(ctx, tx, b, now)
		if err != nil {
			return err
		}
		out.Books = append(out.Books, handover.BookRows{Book: b, Count: len(rows), Rows: rows})
	}
	checkpoint, err := c.Log.Checkpoint(ctx, tx)
	if err != nil {
		return err
	}
	out.Checkpoint = checkpoint.Signed
	machines, err := c.Enroll.Machines(ctx, tx)
	if err != nil {
		return err
	}
	equipos := handover.Table{Name: "equipos", Title: "Equipos", Head: []string{"Equipo", "Área", "Sistema", "Alta", "Última noticia", "Estado", "ID"}}
	for _, m := range machines {
		equipos.Rows = append(equipos.Rows, []string{m.Hostname, m.Department, m.OSName + " " + m.OSVersion, c.local(m.EnrolledAt), c.local(m.LastSeen), string(m.Status), m.ID})
	}
	acts, err := c.Reviews.List(ctx, tx)
	if err != nil {
		return err
	}
	revisiones := handover.Table{Name: "revisiones", Title: "Revisiones", Head: []string{"Revisión", "Trimestre", "Fase", "Abierta", "Cerrada"}}
	for _, a := range acts {
		closed := ""
		if !a.Closed.IsZero() {
			closed = c.local(a.Closed)
		}
		revisiones.Rows = append(revisiones.Rows, []string{a.ID, a.Period.String(), string(a.Stage), c.local(a.Opened), closed})
	}
	sellos := handover.Table{Name: "sellos-de-actividad", Title: "Sellos del registro de actividad", Head: []string{"Hoja", "Asunto", "Fecha"}}
	err = c.Log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Activity}}, func(e evidence.Entry) error {
		sellos.Rows = append(sellos.Rows, []string{fmt.Sprint(e.Index), e.Header.Subject, c.local(e.Header.Received)})
		return nil
	})
	if err != nil {
		return err
	}
	out.Tables = []handover.Table{equipos, revisiones, sellos}
	return nil
}

// keyInventory lists the keys of the collector by their public halves.
func (c *Collector) keyInventory() ([]handover.Key, error) {
	sum := func(data []byte) string {
		s := sha256.Sum256(data)
		return hex.EncodeToString(s[:])
	}
	out := []handover.Key{{Name: "Registro de pruebas: firma los puntos de control", File: evidence.KeyFile, Fingerprint: sum([]byte(c.Log.Verifier()))}}
	for _, public := range c.Assign.Keys() {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, fmt.Errorf("read the policy key: %w", err)
		}
		out = append(out, handover.Key{Name: "Políticas: firma lo que los equipos obedecen", File: assign.KeyFile, Fingerprint: sum(der)})
	}
	for _, root := range c.CA.Roots() {
		out = append(out, handover.Key{Name: "Autoridad de certificados de los equipos y del portal", File: "ca.key", Fingerprint: sum(root)})
	}
	return append(out, handover.Key{Name: "Archivos que se traen a mano de equipos sin red", File: courier.KeyFile, Fingerprint: sum([]byte(c.files.Recipient()))}), nil
}

// HandOver writes the package of a handover, encrypted when there is a passphrase, and
// notes it in the evidence log.
func (c *Collector) HandOver(ctx context.Context, w io.Writer, act handover.Act, passphrase string) (handover.Receipt, error) {
	act.At = c.now().UTC().Truncate(time.Second)
	state, err := c.HandoverState(ctx, true)
	if err != nil {
		return handover.Receipt{}, err
	}
	var data bytes.Buffer
	receipt, err := handover.Write(&data, state, act)
	if err != nil {
		return handover.Receipt{}, err
	}
	out := &data
	if passphrase != "" {
		recipient, _, err := backup.Passphrase(passphrase)
		if err != nil {
			return handover.Receipt{}, err
		}
		out = new(bytes.Buffer)
		sealed, err := age.Encrypt(out, recipient)
		if err == nil {
			_, err = data.WriteTo(sealed)
		}
		if err == nil {
			err = sealed.Close()
		}
		if err != nil {
			return handover.Receipt{}, fmt.Errorf("encrypt the package: %w", err)
		}
	}
	payload, err := json.Marshal(handover.Record{Act: act, Manifest: receipt.Manifest, ActSHA256: receipt.Act, Files: receipt.Files, Encrypted: passphrase != ""})
	if err != nil {
		return handover.Receipt{}, fmt.Errorf("encode the handover: %w", err)
	}
	// First the leaf: a package without one would be a handover that nobody can prove.
	if err := c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Register, Subject: "handover", Payload: payload})
		return err
	}); err != nil {
		return handover.Receipt{}, err
	}
	if _, err := out.WriteTo(w); err != nil {
		return handover.Receipt{}, fmt.Errorf("write the package: %w", err)
	}
	return receipt, nil
}
