package collector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/access"
)

func (c *cli) userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Cuentas del portal"}
	cmd.AddCommand(c.userAddCommand(), c.userListCommand(), c.userPasswordCommand(), c.userChangeCommand(),
		c.userStateCommand("disable NAME", "Cierra una cuenta y sus sesiones", (*access.Store).Disable),
		c.userStateCommand("enable NAME", "Abre otra vez una cuenta cerrada", (*access.Store).Enable),
		c.userUnlockCommand(), c.userFactorCommand())
	return cmd
}

// roleNames are the roles for flags and completion.
func roleNames() []string {
	var out []string
	for _, role := range slices.Sorted(maps.Keys(access.Roles())) {
		out = append(out, string(role))
	}
	return out
}

// userFlags are what add and change say of an account.
type userFlags struct {
	role, department, until, from, to, requirement string
	via, external                                  string
}

// localWay is how a flag names the way of a password that is kept here.
const localWay = "local"

// way is what the flags say of where the password is checked.
func (f *userFlags) way() access.Way {
	if f.via == localWay {
		return access.Way{External: f.external}
	}
	return access.Way{Via: f.via, External: f.external}
}

func (f *userFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.role, "role", string(access.Officer), "papel: "+strings.Join(roleNames(), ", "))
	cmd.Flags().StringVar(&f.department, "department", "", "área, solo para un enlace (liaison)")
	cmd.Flags().StringVar(&f.until, "until", "", "último día en que sirve, como 2026-12-31")
	cmd.Flags().StringVar(&f.from, "scope-from", "", "primer día que mira una auditoría")
	cmd.Flags().StringVar(&f.to, "scope-until", "", "último día que mira una auditoría")
	cmd.Flags().StringVar(&f.requirement, "requirement", "", "requerimiento que atiende una auditoría")
	cmd.Flags().StringVar(&f.via, "via", localWay, "dónde se comprueba la contraseña: local, ldap (el directorio) u oidc (el proveedor de identidad)")
	cmd.Flags().StringVar(&f.external, "external-name", "", "nombre en el directorio o el proveedor, si no es el mismo")
	_ = cmd.RegisterFlagCompletionFunc("via", cobra.FixedCompletions([]string{localWay, access.LDAP, access.OIDC}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roleNames(), cobra.ShellCompDirectiveNoFileComp))                                 // the flag exists
}

// edit is what the flags say, with the end of the day in the organisation's zone.
func (f *userFlags) edit(zone *time.Location) (access.Edit, error) {
	out := access.Edit{Role: access.Role(f.role), Department: f.department, Scope: access.Scope{From: f.from, Until: f.to, Requirement: f.requirement}}
	if f.until != "" {
		day, err := time.ParseInLocation(time.DateOnly, f.until, zone)
		if err != nil {
			return out, fmt.Errorf("--until %q: escriba el día como 2026-12-31", f.until)
		}
		out.Until = day.AddDate(0, 0, 1)
	}
	return out, nil
}

func (c *cli) userAddCommand() *cobra.Command {
	var f userFlags
	var stdin bool
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Crea una cuenta del portal",
		Long: `Crea una cuenta del portal. Sin --password-stdin, se genera una contraseña
inicial que se muestra una sola vez y que su dueño cambia al entrar.

Papeles:
  officer        responsable de seguridad: decide y firma
  head           responsable del tratamiento: firma con él
  administrator  administración del sistema
  director       dirección de informática: mira
  auditor        auditoría: mira, hasta un día (--until)
  liaison        enlace de un área (--department): solo ve la suya
  transparency   Unidad de Transparencia: atiende las solicitudes
  committee      Comité de Transparencia: mira
  control        órgano interno de control: mira

Quien firma o administra necesita además un segundo factor, que añade al entrar.

Con --via ldap u oidc la cuenta no tiene contraseña aquí: la comprueba el directorio
o el proveedor de identidad de la organización, que antes se configura en vigia.yaml.`,
		Example: `  vigia user add sara --role officer --via ldap
  vigia user add marta --via oidc --external-name marta@ayuntamiento.example
  vigia user add ana --role officer
  vigia user add luis --role liaison --department Padrón
  vigia user add eva --role auditor --until 2026-12-31 --requirement "Oficio 23"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				edit, err := f.edit(col.Config.TimeZone.Location)
				if err != nil {
					return err
				}
				way := f.way()
				if err := col.way(way.Via); err != nil {
					return err
				}
				if way.Via != access.Local && stdin {
					return errors.New("--password-stdin: la contraseña de esa cuenta no está aquí; quítelo, o quite --via")
				}
				var password, shown string
				if way.Via == access.Local {
					if password, shown, err = c.password(stdin); err != nil {
						return err
					}
				}
				if err := col.Access.Create(ctx, access.New{Name: args[0], Role: edit.Role, Department: edit.Department, Until: edit.Until,
					Scope: edit.Scope, Password: password, Provisional: !stdin, Way: way}, c.by); err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Cuenta creada: %s (%s)\n%sEntre en %s con el navegador.\n",
					args[0], access.Roles()[edit.Role].In(message.Spanish), shown, col.portalAddress())
				return nil
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "lee la contraseña de la entrada estándar")
	return cmd
}

func (c *cli) userChangeCommand() *cobra.Command {
	var f userFlags
	cmd := &cobra.Command{
		Use:   "change NAME",
		Short: "Cambia el papel, el área, el fin o el ámbito de una cuenta",
		Long: `Cambia lo que se diga de una cuenta; lo demás queda como está. Un valor vacío lo
quita: --until "" deja la cuenta sin fin.

Con --via o --external-name cambia cómo entra: se cierran sus sesiones y se olvida a
qué persona del proveedor estaba vinculada. Con --via local se genera una contraseña
inicial, que se muestra una sola vez.`,
		Example: `  vigia user change ana --via ldap --external-name aruiz
  vigia user change luis --role liaison --department Catastro
  vigia user change eva --until 2027-01-31`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				u, err := col.Access.Account(ctx, args[0])
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				edit, err := f.edit(col.Config.TimeZone.Location)
				if err != nil {
					return err
				}
				for flag, keep := range map[string]func(){
					"role": func() { edit.Role = u.Role }, "department": func() { edit.Department = u.Department }, "until": func() { edit.Until = u.Until },
					"scope-from": func() { edit.Scope.From = u.Scope.From }, "scope-until": func() { edit.Scope.Until = u.Scope.Until },
					"requirement": func() { edit.Scope.Requirement = u.Scope.Requirement },
				} {
					if !cmd.Flags().Changed(flag) {
						keep()
					}
				}
				if !edit.Role.Bound() && !cmd.Flags().Changed("department") {
					edit.Department = ""
				}
				if err := col.Access.Change(ctx, args[0], edit, c.by); err != nil {
					return err
				}
				if !cmd.Flags().Changed("via") && !cmd.Flags().Changed("external-name") {
					return nil
				}
				return c.changeWay(ctx, col, u, f.way(), cmd.Flags().Changed("via"))
			})
		},
	}
	f.add(cmd)
	return cmd
}

// changeWay changes how an account logs in; given: the flag says by what.
func (c *cli) changeWay(ctx context.Context, col *Collector, u access.User, way access.Way, given bool) error {
	if !given {
		way.Via = u.Via
	}
	if err := col.way(way.Via); err != nil {
		return err
	}
	var password, shown string
	if way.Via == access.Local {
		if u.Via == access.Local && way.External == "" {
			return nil // as it was
		}
		password, shown, _ = c.password(false) // drawn, so nothing is read
	}
	if err := col.Access.SetWay(ctx, u.Name, way, password, c.by); err != nil {
		return err
	}
	_, err := fmt.Fprint(c.Stdout, shown)
	return err
}

func (c *cli) userPasswordCommand() *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "password NAME",
		Short: "Cambia la contraseña de una cuenta",
		Long: `Cambia la contraseña de una cuenta, cierra sus sesiones y levanta un bloqueo de una
hora. Una suspensión no: esa la levantan dos personas, con «vigia user unlock».`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				password, shown, err := c.password(stdin)
				if err != nil {
					return err
				}
				if err := col.Access.SetPassword(ctx, args[0], password, c.by, !stdin); err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Contraseña cambiada: %s\n%s", args[0], shown)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "lee la contraseña de la entrada estándar")
	return cmd
}

func (c *cli) userStateCommand(use, short string, do func(*access.Store, context.Context, string, string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return do(col.Access, ctx, args[0], c.by)
			})
		}}
}

func (c *cli) userUnlockCommand() *cobra.Command {
	var with, why string
	cmd := &cobra.Command{
		Use:   "unlock NAME --with OTHER --why TEXT",
		Short: "Desbloquea una cuenta, entre dos personas",
		Long: `Desbloquea una cuenta bloqueada o suspendida. Lo hacen dos personas: quien maneja
esta consola, y otra con cuenta propia que firme (responsable de seguridad,
responsable del tratamiento o administración), que escribe aquí su contraseña y,
si tiene, un código de su segundo factor: una línea cada uno, por la entrada
estándar. Queda anotado con los dos nombres y la petición escrita.`,
		Example: `  vigia user unlock ana --with alcaldia --why "Escrito 12, de 22 de noviembre"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				in := bufio.NewReader(io.LimitReader(c.Stdin, 2*access.MaxPassword))
				fmt.Fprintf(c.Stderr, "Contraseña de %s: ", with)
				password, err := line(in)
				if err != nil {
					return err
				}
				fmt.Fprintf(c.Stderr, "Código de %s (vacío si no tiene): ", with)
				code, err := line(in)
				if err != nil {
					return err
				}
				if err := col.Access.UnlockAtConsole(ctx, args[0], why, c.by, with, password, code); err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Cuenta desbloqueada: %s\n", args[0])
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&with, "with", "", "cuenta de la segunda persona")
	cmd.Flags().StringVar(&why, "why", "", "petición escrita: quién, cuándo y con qué número")
	for _, name := range []string{"with", "why"} {
		_ = cmd.MarkFlagRequired(name) // the flag exists
	}
	return cmd
}

// line reads one line, empty at the end of what there is.
func line(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("leer la entrada: %w", err)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

func (c *cli) userFactorCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "second-factor", Short: "Segundo factor de una cuenta"}
	cmd.AddCommand(&cobra.Command{
		Use:   "reset NAME",
		Short: "Quita el segundo factor a quien lo perdió",
		Long: `Quita a una cuenta la aplicación de códigos, la hoja impresa y las llaves, y cierra
sus sesiones. Entrará con su contraseña y añadirá otro segundo factor.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.Access.ResetFactors(ctx, args[0], c.by)
			})
		}})
	return cmd
}

func (c *cli) userListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Lista las cuentas", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			users, err := col.Access.Users(ctx)
			if err != nil {
				return err
			}
			switch format {
			case "text":
				return c.listUsers(col, users)
			case "json":
				return c.userJSON(users)
			default:
				return fmt.Errorf("--format %q: use text o json", format)
			}
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (c *cli) listUsers(col *Collector, users []access.User) error {
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CUENTA\tPAPEL\tÁREA\tENTRA POR\tSEGUNDO FACTOR\tÚLTIMA ENTRADA\tTERMINA\tESTADO")
	for _, u := range users {
		second, until := "no", "—"
		if u.Second() {
			second = "sí"
		}
		if !u.Until.IsZero() {
			until = u.Until.In(col.Config.TimeZone.Location).AddDate(0, 0, -1).Format("02/01/2006")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", u.Name, access.Roles()[u.Role].In(message.Spanish), dash(u.Department), wayName(u), second,
			col.local(u.LastLogin), until, userState(u, c.Now()))
	}
	return w.Flush()
}

// wayName says by what an account logs in, with its name there when it is another.
func wayName(u access.User) string {
	switch {
	case u.Via == access.Local:
		return localWay
	case u.External == u.Name:
		return u.Via
	default:
		return u.Via + " (" + u.External + ")"
	}
}

// userState says in a word how an account stands.
func userState(u access.User, now time.Time) string {
	switch {
	case u.Disabled:
		return "cerrada"
	case u.Over(now):
		return "terminada"
	case u.Suspended:
		return "suspendida"
	case !u.LockedUntil.IsZero():
		return "bloqueada"
	case u.ClosedElsewhere:
		return "activa (cerrada desde sitios nuevos)"
	default:
		return "activa"
	}
}

func (c *cli) userJSON(users []access.User) error {
	type row struct {
		Name       string      `json:"name"`
		Role       access.Role `json:"role"`
		Department string      `json:"department,omitempty"`
		Second     bool        `json:"second_factor"`
		Created    time.Time   `json:"created"`
		LastLogin  time.Time   `json:"last_login,omitzero"`
		Until      time.Time   `json:"until,omitzero"`
		Disabled   bool        `json:"disabled"`
		Locked     time.Time   `json:"locked_until,omitzero"`
		Suspended  bool        `json:"suspended"`
		Via        string      `json:"via,omitempty"`
		External   string      `json:"external_name,omitempty"`
	}
	out := []row{}
	for _, u := range users {
		out = append(out, row{u.Name, u.Role, u.Department, u.Second(), u.Created, u.LastLogin, u.Until, u.Disabled, u.LockedUntil, u.Suspended, u.Via, u.External})
	}
	enc := json.NewEncoder(c.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// password reads the password, or draws one and returns the text that shows it.
func (c *cli) password(stdin bool) (password, shown string, err error) {
	if !stdin {
		password = access.GeneratePassword()
		return password, fmt.Sprintf("Contraseña (se muestra solo ahora): %s\n", password), nil
	}
	password, err = line(bufio.NewReader(io.LimitReader(c.Stdin, access.MaxPassword+2)))
	return password, "", err
}
