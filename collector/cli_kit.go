package collector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
	"vigia/packaging/windows/kit"
)

// kitFlags are the options of the command kit.
type kitFlags struct {
	address    string
	hosts      []string
	department string
	ttl        time.Duration
	group      int
	approve    string
	token      string
	tokens     string
	with       []string
}

func (c *cli) kitCommand() *cobra.Command {
	var f kitFlags
	cmd := &cobra.Command{
		Use:   "kit DIR",
		Short: "Prepara una memoria USB para dar de alta equipos",
		Long: `Escribe en una carpeta, normalmente una memoria USB, lo que hace falta para dar de
alta equipos sin escribir nada a mano: «vigia-kit.json» con los datos de este
colector y los códigos de alta, el programa de instalación guiada para Windows y los
archivos que se den con --with (el instalador, el programa para Linux).

--collector dice por dónde llegan los equipos: HOST:PUERTO, o «none» si no tienen
red hasta el colector. Sin red, todo viaja en esta memoria: «vigia-agent export» en el
equipo, «vigia import» aquí.

Los códigos, de una de estas formas:
  --host PC-014          crea un código para ese equipo (puede repetirse)
  --machines 20          crea uno para veinte equipos cualesquiera; cada uno espera a
                         que usted lo apruebe, salvo con --approve auto
  --token CÓDIGO         uno que ya creó con «vigia token create»
  --tokens ARCHIVO.csv   los de «vigia token create --from»

La memoria lleva códigos de alta: trátela como una contraseña. Al terminar se muestra
la huella del kit; el equipo enseña la misma al usarlo. Si no coincide, alguien ha
cambiado el kit: no lo use.`,
		Example: `  vigia kit /media/usb --collector none --machines 20 --with dist/vigia-agent.msi
  vigia kit /media/usb --collector vigia.ayto.example:8443 --host PC-014 --department Tesorería`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error { return c.writeKit(ctx, col, args[0], f) })
		},
	}
	cmd.Flags().StringVar(&f.address, "collector", "", "dirección de este colector para los equipos, HOST:PUERTO, o none")
	cmd.Flags().StringArrayVar(&f.hosts, "host", nil, "crea un código para el equipo con este nombre (puede repetirse)")
	cmd.Flags().StringVar(&f.department, "department", "", "departamento de los equipos de los códigos que se crean")
	cmd.Flags().DurationVar(&f.ttl, "ttl", enroll.MaxTokenLifetime, "vigencia de los códigos que se crean")
	cmd.Flags().IntVar(&f.group, "machines", 0, "crea un código para tantos equipos")
	cmd.Flags().StringVar(&f.approve, "approve", "manual", "con --machines, manual: alguien aprueba cada equipo; auto: entra sin esperar")
	cmd.Flags().StringVar(&f.token, "token", "", "código ya creado, para cualquier equipo")
	cmd.Flags().StringVar(&f.tokens, "tokens", "", "archivo CSV de códigos por equipo, con columnas host y token")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "archivo que se copia también (puede repetirse)")
	_ = cmd.MarkFlagRequired("collector") // the flag is above
	offer(cmd, "collector", carry.NoCollector+"\tlos equipos no tienen red hasta el colector")
	offer(cmd, "approve", "manual\talguien aprueba cada equipo", "auto\tel equipo entra sin esperar")
	return cmd
}

// check tells what is wrong with the options.
func (f kitFlags) check() error {
	ways := 0
	for _, used := range []bool{len(f.hosts) > 0, f.group > 0, f.token != "", f.tokens != ""} {
		if used {
			ways++
		}
	}
	if ways == 0 {
		return errors.New("el kit necesita algún código de alta: --host, --machines, --token o --tokens")
	}
	if f.group > 0 && f.token != "" {
		return errors.New("--machines y --token no pueden ir juntas: ambas dan el código para cualquier equipo")
	}
	if f.approve != "manual" && f.approve != "auto" {
		return fmt.Errorf("--approve %q: escriba manual o auto", f.approve)
	}
	if f.address == carry.NoCollector {
		return nil
	}
	if host, port, err := net.SplitHostPort(f.address); err != nil || host == "" || port == "" {
		return fmt.Errorf("--collector %q: escriba HOST:PUERTO, como vigia.ayto.example:8443, o none", f.address)
	}
	return nil
}

// writeKit writes the folder. The kit itself comes last: without it nothing is used.
func (c *cli) writeKit(ctx context.Context, col *Collector, dir string, f kitFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a stick, which knows no rights
		return err
	}
	if err := carry.Sweep(dir); err != nil {
		return err
	}
	for _, from := range f.with {
		if err := copyFile(from, dir); err != nil {
			return err
		}
	}
	if err := writable(dir); err != nil {
		return err
	}
	k, b, err := col.kit(ctx, c.by, f)
	if err != nil {
		return err
	}
	settings, left := scriptSettings(k)
	for _, name := range left {
		fmt.Fprintf(c.Stderr, "Aviso: %s\n", name)
	}
	if err := kit.Write(dir, settings); err != nil {
		return err
	}
	if err := putFile(dir, carry.KitFile, bytes.NewReader(b)); err != nil {
		return err
	}
	c.tellKit(dir, k)
	return nil
}

// scriptSettings are what the script for Windows must know, and what of it does not fit
// into one, in words. Tokens are its business only where the installer uses them.
func scriptSettings(k carry.Kit) (s kit.Settings, left []string) {
	s.Collector = k.Route()
	var ok bool
	if s.Organisation, ok = kit.FitName(k.Organisation); !ok {
		s.Organisation = ""
		left = append(left, "el nombre de la organización tiene letras que la instalación guiada no admite: no lo muestra.")
	}
	var names []string
	s.Departments, names = kit.Fit(k.Departments)
	switch {
	case len(s.Departments) == kit.MaxDepartments && len(names) > 10:
		left = append(left, fmt.Sprintf("%d departamentos no están en la lista de la instalación guiada, que admite %d. Qué hacer: "+
			"en los equipos de los demás pulse Intro y asigne el departamento después.", len(names), kit.MaxDepartments))
	default:
		for _, name := range names {
			left = append(left, fmt.Sprintf("el departamento %q no está en la lista de la instalación guiada, que no admite comillas, "+
				"corchetes, letras raras ni más de 100 letras. Qué hacer: en sus equipos pulse Intro y asígnelo después.", name))
		}
	}
	if s.Collector == "" {
		return s, left
	}
	s.Token = k.Token
	for _, t := range k.Tokens {
		s.Tokens = append(s.Tokens, kit.HostToken{Host: t.Host, Token: t.Token})
	}
	return s, left
}

// writable is the error of writing into a folder, known before a token is made.
func writable(dir string) error {
	f, err := carry.Create(dir)
	if err != nil {
		return fmt.Errorf("escribir en %s: %w", dir, err)
	}
	return f.Abandon()
}

func (c *cli) tellKit(dir string, k carry.Kit) {
	fmt.Fprintf(c.Stdout, "Kit escrito en %s\nHuella del kit: %s\n\n", dir, k.Fingerprint())
	if k.Route() == "" {
		fmt.Fprint(c.Stdout, "En cada equipo sin red, como administrador, con la memoria puesta:\n"+
			"  Windows: doble clic en «Instalar Vigia.cmd»\n"+
			"  Linux: instale el paquete y ejecute: vigia-agent export CARPETA-DE-LA-MEMORIA\n"+
			"Después traiga la memoria y ejecute aquí: vigia import CARPETA-DE-LA-MEMORIA\n")
		return
	}
	fmt.Fprintf(c.Stdout, "En cada equipo, como administrador, con la memoria puesta:\n"+
		"  Windows: doble clic en «Instalar Vigia.cmd»\n"+
		"  Linux: vigia-agent enroll --collector %s --token CÓDIGO\n", k.Route())
}

// kit composes the kit, makes its tokens, and encodes it. When something does not fit
// together there are no tokens either.
func (c *Collector) kit(ctx context.Context, by string, f kitFlags) (k carry.Kit, encoded []byte, err error) {
	pin := apiv1.Pin(c.CA.Root())
	k = carry.Kit{
		Organisation: c.Config.Organisation, Collector: f.address, Created: c.now().UTC().Truncate(time.Second),
		Token: f.token, Root: c.CA.Root().Raw, CAPin: pin[:], LogKey: c.Log.Verifier(), Recipient: c.files.Recipient(),
	}
	for _, key := range c.Assign.Keys() {
		k.PolicyKeys = append(k.PolicyKeys, key)
	}
	if f.tokens != "" {
		if k.Tokens, err = readTokens(f.tokens); err != nil {
			return carry.Kit{}, nil, err
		}
	}
	given := k.Tokens
	err = c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		known, err := c.Enroll.Known(ctx, tx)
		if err != nil {
			return err
		}
		k.Departments, k.Machines = departments(known)
		fresh := slices.Clone(given)
		for _, host := range f.hosts {
			token, err := c.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{Hostname: host, Department: f.department, Lifetime: f.ttl, By: by})
			if err != nil {
				return err
			}
			fresh = append(fresh, carry.KitToken{Host: host, Token: token.String()})
		}
		k.Tokens = fresh // the transaction may run again
		if f.group > 0 {
			token, err := c.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{Machines: f.group, Approval: f.approve == "manual", Department: f.department, Lifetime: f.ttl, By: by})
			if err != nil {
				return err
			}
			k.Token = token.String()
		}
		if encoded, err = k.Encode(); err != nil {
			return err
		}
		settings, _ := scriptSettings(k)
		if err := settings.Check(); err != nil {
			return fmt.Errorf("el kit lleva un nombre de equipo o una dirección que la instalación guiada no admite; "+
				"no se creó ningún código: %w", err)
		}
		return nil
	})
	return k, encoded, err
}

// departments are those of the known machines, each once, and which machine belongs where.
func departments(known []enroll.KnownMachine) (names []string, machines []carry.KitMachine) {
	for _, m := range known {
		if m.Excluded {
			continue
		}
		machines = append(machines, carry.KitMachine{Host: m.Hostname, Department: m.Department})
		if m.Department != "" && !slices.Contains(names, m.Department) {
			names = append(names, m.Department)
		}
	}
	slices.Sort(names)
	return names, machines
}

// readTokens reads the tokens of machines from a CSV with a header.
func readTokens(file string) ([]carry.KitToken, error) {
	b, err := readLimited(file, carry.MaxKit)
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	records := csv.NewReader(strings.NewReader(text))
	if first, _, _ := strings.Cut(text, "\n"); strings.Contains(first, ";") {
		records.Comma = ';'
	}
	rows, err := records.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: no es un CSV con columnas host y token: use el que escribe «vigia token create --from»", file)
	}
	host, token := slices.Index(rows[0], "host"), slices.Index(rows[0], "token")
	if host < 0 || token < 0 {
		return nil, fmt.Errorf("%s: faltan las columnas host y token en la primera línea", file)
	}
	var out []carry.KitToken
	for _, row := range rows[1:] {
		out = append(out, carry.KitToken{Host: strings.TrimSpace(row[host]), Token: strings.TrimSpace(row[token])})
	}
	return out, nil
}

// copyFile copies a file into the folder, and reads it again: sticks lie.
func copyFile(from, dir string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return putFile(dir, filepath.Base(from), f)
}

func putFile(dir, name string, content io.Reader) (err error) {
	f, err := carry.Create(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("escribir %s en %s: %w", name, dir, err)
			_ = f.Abandon() // the error that matters is the first
		}
	}()
	sum := sha256.New()
	if _, err := io.Copy(f, io.TeeReader(content, sum)); err != nil {
		return err
	}
	if err := f.Finish(); err != nil {
		return err
	}
	if err := f.Place(name); err != nil {
		return err
	}
	written, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer written.Close()
	check := sha256.New()
	if _, err := io.Copy(check, written); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), check.Sum(nil)) {
		return errors.New("lo escrito no es lo que se lee: la memoria está defectuosa, use otra")
	}
	return nil
}
