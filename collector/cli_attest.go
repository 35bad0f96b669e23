package collector

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// clockSlack is how far a machine's clock may be ahead of the collector's before what it
// dates is not believed.
const clockSlack = 10 * time.Minute

func (c *cli) attestCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "attest", Short: "Archivos que firmó un equipo"}
	var signature string
	verify := &cobra.Command{
		Use:   "verify FILE",
		Short: "Dice qué equipo firmó un archivo y cuándo",
		Long: `Comprueba la firma que «vigia-agent attest» dejó junto a un archivo, como el
resultado de una prueba de aceptación: que el archivo es el que se firmó, qué
equipo lo firmó, según el registro de altas, y cuándo, según el reloj de ese equipo.

Códigos de salida: 0 la firma es buena; 1 no lo es, o no se le puede dar crédito;
2 no se puede leer.`,
		Example: "  vigia attest verify resultado.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if signature == "" {
				signature = args[0] + apiv1.AttestationSuffix
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return c.verifyAttestation(ctx, col, args[0], signature)
			})
		},
	}
	verify.Flags().StringVar(&signature, "signature", "", "archivo de la firma (FILE"+apiv1.AttestationSuffix+" si no se indica)")
	cmd.AddCommand(verify)
	return cmd
}

func (c *cli) verifyAttestation(ctx context.Context, col *Collector, file, signature string) error {
	text, err := readLimited(signature, apiv1.MaxAttestation)
	if err != nil {
		return err
	}
	a, err := apiv1.ParseAttestation(text)
	if err != nil {
		return fmt.Errorf("%s: %w", signature, err)
	}
	sum, err := digestOf(file)
	if err != nil {
		return err
	}
	var m enroll.Machine
	var why error
	err = col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		m, why, err = col.attested(ctx, tx, a, sum)
		return err
	})
	if err != nil {
		return err
	}
	name := filepath.Base(file)
	if why != nil {
		fmt.Fprintf(c.Stdout, "%s: NO SE DA POR BUENO: %v\n", name, why)
		return errNo
	}
	fmt.Fprintf(c.Stdout, "%s: firma buena\n  Equipo:       %s (%s)\n", name, m.Hostname, m.ID)
	if m.Department != "" {
		fmt.Fprintf(c.Stdout, "  Departamento: %s\n", m.Department)
	}
	fmt.Fprintf(c.Stdout, "  Firmado:      %s, según el reloj del equipo\n  Alta:         %s\n", col.local(a.Time), col.local(m.EnrolledAt))
	if m.Status == enroll.Retired {
		fmt.Fprintf(c.Stdout, "  Baja:         %s\n", col.local(m.StatusSince))
	}
	return nil
}

// attested finds who signed an attestation, and why it is not to be believed, if it is not.
func (c *Collector) attested(ctx context.Context, tx *storage.Tx, a apiv1.Attestation, file [sha256.Size]byte) (m enroll.Machine, why, err error) {
	m, err = c.Enroll.Machine(ctx, tx, a.Agent)
	if errors.Is(err, enroll.ErrNoMachine) {
		return m, fmt.Errorf("ningún equipo de este colector tiene el ID %s", a.Agent), nil
	}
	if err != nil {
		return m, nil, err
	}
	key, err := c.enrolledKey(ctx, tx, m)
	if err != nil {
		return m, nil, err
	}
	switch {
	case !a.Verify(key):
		why = fmt.Errorf("la firma no es del equipo %s, o se cambió lo que dice", m.Hostname)
	case a.SHA256 != file:
		why = fmt.Errorf("el archivo no es el que firmó el equipo %s: se cambió después, o es otro", m.Hostname)
	case m.Status == enroll.Revoked:
		why = fmt.Errorf("el equipo %s se revocó el %s: quien tenga su llave puede poner la fecha que quiera", m.Hostname, c.local(m.StatusSince))
	case a.Time.Before(m.EnrolledAt.Add(-clockSlack)):
		why = fmt.Errorf("está fechado el %s, antes del alta del equipo (%s)", c.local(a.Time), c.local(m.EnrolledAt))
	case m.Status != enroll.Active && a.Time.After(m.StatusSince.Add(clockSlack)):
		why = fmt.Errorf("está fechado el %s, después de la baja del equipo (%s)", c.local(a.Time), c.local(m.StatusSince))
	case a.Time.After(c.now().Add(clockSlack)):
		why = fmt.Errorf("está fechado el %s, que no ha llegado: el reloj del equipo va mal", c.local(a.Time))
	}
	return m, why, nil
}

// enrolledKey is the key that a machine enrolled with, as the evidence has it: the register
// is only a view of that.
func (c *Collector) enrolledKey(ctx context.Context, tx *storage.Tx, m enroll.Machine) (ed25519.PublicKey, error) {
	key := m.ReportKey
	only := evidence.Filter{Kinds: []evidence.Kind{evidence.Enrolment}, Subject: m.ID}
	err := c.Log.Entries(ctx, tx, only, func(e evidence.Entry) error {
		if e.Pruned() {
			return nil
		}
		var record enroll.EnrolmentRecord
		if err := json.Unmarshal(e.Payload, &record); err != nil {
			return fmt.Errorf("read the enrolment of %s: %w", m.ID, err)
		}
		key = record.ReportKey
		return nil
	})
	return key, err
}

// digestOf is the SHA-256 of a file's content.
func digestOf(file string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return sum, fmt.Errorf("read %s: %w", file, err)
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}
