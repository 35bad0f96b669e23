package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vigia/agent/proxy"
	"vigia/checks/message"
	"vigia/checks/personaldata/scan"
)

// Exit codes; see each command's help.
const (
	exitFine    = 0
	exitNo      = 1 // it worked and the answer is no
	exitError   = 2 // it did not work, or was not asked rightly
	exitUnknown = 3 // nothing failed, and something could not be known
)

// answer is the error of a command that worked and whose answer is an exit
// code other than 0. Nothing is printed for it.
type answer int

func (a answer) Error() string { return fmt.Sprintf("exit code %d", int(a)) }

// Env is what the program gets from outside.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // as os.Environ gives it
	Version        string   // of this build
}

// cli is one run of the program.
type cli struct {
	say            sayer
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	version        string
}

// Main runs the command line and returns its exit code. It ends early, and in
// order, when the context does.
func Main(ctx context.Context, args []string, env Env) int {
	if len(args) == 1 && args[0] == scan.WorkerCommand {
		return work(ctx, env)
	}
	c := &cli{
		say: newSayer(languageIn(args)), stdin: env.Stdin, stdout: env.Stdout, stderr: env.Stderr,
		environ: env.Environ, version: env.Version,
	}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code answer
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &code):
		return int(code)
	default:
		fmt.Fprintf(c.stderr, "vigia-agent: %s\n", c.explain(err))
		return exitError
	}
}

// work is the hidden command with which the agent starts itself to look into documents.
// It comes before all others, so that a worker is there at once and has touched nothing.
func work(ctx context.Context, env Env) int {
	if err := scan.Work(ctx); err != nil {
		fmt.Fprintf(env.Stderr, "vigia-agent %s: %v\n", scan.WorkerCommand, err)
		return exitError
	}
	return exitFine
}

// languageIn looks for --lang before the command line is parsed, for the help
// and the errors of parsing it.
func languageIn(args []string) message.Lang {
	for i, a := range args {
		if value, ok := strings.CutPrefix(a, "--lang="); ok {
			return message.ParseLang(value)
		}
		if a == "--lang" && i+1 < len(args) {
			return message.ParseLang(args[i+1])
		}
		if a == "--" {
			break
		}
	}
	return message.Spanish
}

func (c *cli) root() *cobra.Command {
	root := c.command("vigia-agent", "root", nil)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprint(c.stdout, c.help(cmd)) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { fmt.Fprint(c.stderr, c.help(cmd)); return nil })
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return c.usage(cmd, "usage.flag", map[string]string{"detail": err.Error()})
	})
	root.PersistentFlags().Var(&languageFlag{&c.say}, "lang", c.say.text("flag.lang", nil))
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.usage(cmd, "usage.command", map[string]string{"command": args[0]})
		}
		return nil
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.AddCommand(c.checkCommand(), c.enrollCommand(), c.runCommand(), c.statusCommand(),
		c.scanCommand(), c.exportCommand(), c.recordCommand(), c.attestCommand(), c.serviceCommand(),
		c.purgeCommand(), c.versionCommand())
	complete(root)
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.InitDefaultCompletionCmd()
	if cmd, _, err := root.Find([]string{"completion"}); err == nil && cmd != root {
		cmd.Short, cmd.Long = c.say.text("help.completion", nil), ""
	}
	return root
}

// complete offers the values of flags that have a fixed set of them, which their types
// name as text|json.
func complete(cmd *cobra.Command) {
	offer := func(f *pflag.Flag) {
		values := strings.Split(f.Value.Type(), "|")
		if f.Name == "proxy" {
			values = []string{proxy.Direct, "http://"}
		}
		if len(values) > 1 {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
		}
	}
	cmd.LocalFlags().VisitAll(offer)
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// command makes a command whose texts are in the catalogue under its name. The
// number of its arguments is checked by run.
func (c *cli) command(use, name string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: c.say.text("help."+name, nil),
		Long:  c.say.text("help."+name+".long", nil),
		RunE:  run,
		Args:  cobra.ArbitraryArgs,
	}
	cmd.Flags().BoolP("help", "h", false, c.say.text("flag.help", nil))
	cmd.DisableFlagsInUseLine = true
	return cmd
}

func (c *cli) versionCommand() *cobra.Command {
	return c.command("version", "version", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		_, err := fmt.Fprintf(c.stdout, "vigia-agent %s %s/%s %s\n", c.version, runtime.GOOS, runtime.GOARCH, runtime.Version())
		return err
	})
}

// help writes what a command is for and how it is used.
func (c *cli) help(cmd *cobra.Command) string {
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short
	}
	fmt.Fprintf(&b, "%s\n\n%s\n  %s\n", strings.TrimSpace(long), c.say.text("help.usage", nil), usageLine(cmd))
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", c.say.text("help.commands", nil))
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-11s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	flags := cmd.LocalFlags().FlagUsages() + cmd.InheritedFlags().FlagUsages()
	if c.say.lang == message.Spanish {
		flags = strings.ReplaceAll(flags, "(default ", "(por defecto ")
	}
	fmt.Fprintf(&b, "\n%s\n%s", c.say.text("help.flags", nil), flags)
	if cmd.HasAvailableSubCommands() && !cmd.HasParent() {
		fmt.Fprintf(&b, "\n%s\n", c.say.text("help.exit", nil))
	}
	return b.String()
}

func usageLine(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().CommandPath() + " " + cmd.Use
	}
	return cmd.Use + " ORDEN|COMMAND ..."
}

// languageFlag is --lang.
type languageFlag struct{ say *sayer }

func (f *languageFlag) String() string {
	if f.say == nil {
		return ""
	}
	return string(f.say.lang)
}
func (f *languageFlag) Type() string { return "es|en" }
func (f *languageFlag) Set(s string) error {
	var l Language
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return err
	}
	f.say.lang = message.Lang(l)
	return nil
}

// formatFlag is --format.
type formatFlag string

func (f *formatFlag) String() string     { return string(*f) }
func (f *formatFlag) Type() string       { return "text|json" }
func (f *formatFlag) Set(s string) error { return choose((*string)(f), []byte(s), "text", "json") }

const (
	formatText formatFlag = "text"
	formatJSON formatFlag = "json"
)

// dataFlag adds --data, with its default from the environment.
func (c *cli) dataFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "data", cmp.Or(c.variable(envData), DefaultDataDir()), c.say.text("flag.data", nil))
}

// variable is the value of a variable of the environment, empty for none.
func (c *cli) variable(name string) (value string) {
	for _, pair := range c.environ {
		if v, ok := strings.CutPrefix(pair, name+"="); ok && v != "" {
			value = v
		}
	}
	return value
}

// logger writes as the configuration says.
func logger(cfg Config, to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, opts))
	}
	return slog.New(slog.NewTextHandler(to, opts))
}
