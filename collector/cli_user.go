package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/access"
)

func (c *cli) userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Cuentas del portal"}
	var role string
	var stdin bool
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Crea una cuenta del portal",
		Long: `Crea una cuenta del portal. Sin --password-stdin, se genera una contraseña y se
muestra una sola vez.

Roles: officer (responsable de seguridad), director (dirección de informática),
administrator (administración del sistema), auditor (auditoría).`,
		Example: "  vigia user add ana --role officer",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				password, shown, err := c.password(stdin)
				if err != nil {
					return err
				}
				if err := col.Access.Add(ctx, args[0], access.Role(role), password, c.by); err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Cuenta creada: %s (%s)\n%sEntre en %s con el navegador.\n",
					args[0], access.Roles()[access.Role(role)].In(message.Spanish), shown, col.portalAddress())
				return nil
			})
		},
	}
	add.Flags().StringVar(&role, "role", string(access.Officer), "officer, director, administrator o auditor")
	add.Flags().BoolVar(&stdin, "password-stdin", false, "lee la contraseña de la entrada estándar")
	password := &cobra.Command{
		Use: "password NAME", Short: "Cambia la contraseña de una cuenta y levanta su bloqueo", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				password, shown, err := c.password(stdin)
				if err != nil {
					return err
				}
				if err := col.Access.SetPassword(ctx, args[0], password, c.by); err != nil {
					return err
				}
				fmt.Fprintf(c.Stdout, "Contraseña cambiada: %s\n%s", args[0], shown)
				return nil
			})
		},
	}
	password.Flags().BoolVar(&stdin, "password-stdin", false, "lee la contraseña de la entrada estándar")
	disable := &cobra.Command{
		Use: "disable NAME", Short: "Cierra una cuenta", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.Access.Disable(ctx, args[0], c.by)
			})
		},
	}
	list := &cobra.Command{
		Use: "list", Short: "Lista las cuentas", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			users, err := col.Access.Users(ctx)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "CUENTA\tROL\tCREADA\tÚLTIMA ENTRADA\tESTADO")
			for _, u := range users {
				state := "activa"
				if u.Disabled {
					state = "cerrada"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Name, access.Roles()[u.Role].In(message.Spanish), col.local(u.Created), col.local(u.LastLogin), state)
			}
			return w.Flush()
		}),
	}
	cmd.AddCommand(add, list, password, disable)
	return cmd
}

// password reads the password, or draws one and returns the text that shows it.
func (c *cli) password(stdin bool) (password, shown string, err error) {
	if !stdin {
		password = access.GeneratePassword()
		return password, fmt.Sprintf("Contraseña (se muestra solo ahora): %s\n", password), nil
	}
	line, err := bufio.NewReader(io.LimitReader(c.Stdin, access.MaxPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", "", fmt.Errorf("leer la contraseña: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), "", nil
}
