package collector

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What cobra and pflag say by themselves is English. The people who type these commands
// read Spanish, and each refusal names the next thing to type.

// inSpanish puts into Spanish the frame of the help, and how a command line is refused.
func inSpanish(root *cobra.Command) {
	root.SetUsageTemplate(strings.NewReplacer(
		"Usage:", "Uso:", "Examples:", "Ejemplos:", "Available Commands:", "Órdenes:", "Global Flags:", "Opciones generales:", "Flags:", "Opciones:",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`, "Más sobre una orden: {{.CommandPath}} ORDEN --help",
		"[command]", "ORDEN", "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}",
	).Replace(root.UsageTemplate()))
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.InitDefaultCompletionCmd()
	if cmd, _, err := root.Find([]string{"completion"}); err == nil && cmd != root {
		cmd.Short, cmd.Long = "Autocompletado para su intérprete de órdenes", ""
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return refused(cmd, flagRefused(err))
	})
	refuseInSpanish(root)
}

// refuseInSpanish makes a command and those below it say in Spanish what they do not take.
func refuseInSpanish(cmd *cobra.Command) {
	switch takes := cmd.Args; {
	case cmd.HasSubCommands() && !cmd.Runnable():
		// Otherwise cobra shows the help for a word it does not know, and calls that fine.
		cmd.Args, cmd.SuggestionsMinimumDistance = cobra.ArbitraryArgs, 2
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			why := fmt.Sprintf("no hay ninguna orden «%s»", args[0])
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				why += fmt.Sprintf("; ¿quiso decir «%s %s»?", cmd.CommandPath(), near[0])
			}
			return refused(cmd, why)
		}
	case takes != nil:
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := cmd.ValidateRequiredFlags(); err != nil {
				return refused(cmd, "falta "+flagsMissing(cmd))
			}
			if err := takes(cmd, args); err != nil {
				return refused(cmd, fmt.Sprintf("se escribe «%s», y se dieron %d nombres o archivos", cmd.UseLine(), len(args)))
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		if sub.Name() != "completion" {
			refuseInSpanish(sub)
		}
	}
}

// refused is the error of a command line that cmd does not take.
func refused(cmd *cobra.Command, why string) error {
	return fmt.Errorf("%s\n  → vea las opciones y un ejemplo con «%s --help»", why, cmd.CommandPath())
}

// flagRefused says why a flag was not understood.
func flagRefused(err error) string {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Sprintf("no hay ninguna opción -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return fmt.Sprintf("no hay ninguna opción --%s", unknown.GetSpecifiedName())
	case errors.As(err, &bare):
		return fmt.Sprintf("a --%s le falta su valor", bare.GetFlag().Name)
	case errors.As(err, &wrong):
		return fmt.Sprintf("--%s no puede ser «%s» (%s)", wrong.GetFlag().Name, wrong.GetValue(), wrong.GetFlag().Usage)
	default:
		return err.Error()
	}
}

// flagsMissing lists the flags that the command cannot do without and was not given.
func flagsMissing(cmd *cobra.Command) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if needed := f.Annotations[cobra.BashCompOneRequiredFlag]; len(needed) == 1 && needed[0] == "true" && !f.Changed {
			names = append(names, fmt.Sprintf("--%s (%s)", f.Name, f.Usage))
		}
	})
	return strings.Join(names, " y ")
}

// describeFlags says in Spanish what the flags do that every command has, and what is
// taken when a flag is not given.
func describeFlags(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	cmd.InitDefaultHelpFlag()
	cmd.Flags().Lookup("help").Usage = "muestra esta ayuda"
	if cmd.Version != "" {
		cmd.InitDefaultVersionFlag()
		cmd.Flags().Lookup("version").Usage = "muestra la versión"
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		// The help would add "(default …)". Nothing but the help reads DefValue.
		none, known := map[string]string{"string": "", "int": "0", "duration": "0s", "bool": "false"}[f.Value.Type()]
		if !known || f.DefValue == none {
			return
		}
		if !strings.Contains(f.Usage, "por defecto "+f.DefValue) {
			f.Usage += " (por defecto " + f.DefValue + ")"
		}
		f.DefValue = none
	})
	for _, sub := range cmd.Commands() {
		describeFlags(sub)
	}
}
