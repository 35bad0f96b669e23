package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/agent/proxy"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/packaging/service"
)

// enrolFlags are the options of the command enroll.
type enrolFlags struct {
	collector, token, tokenFile, department, proxy, data string
	later                                                bool
}

func (c *cli) enrollCommand() *cobra.Command {
	var f enrolFlags
	cmd := c.command("enroll --collector HOST:PORT --token TOKEN", "enroll", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		return c.enroll(cmd, f)
	})
	cmd.Flags().StringVar(&f.collector, "collector", "", c.say.text("flag.collector", nil))
	cmd.Flags().StringVar(&f.token, "token", "", c.say.text("flag.token", nil))
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", c.say.text("flag.token_file", nil))
	cmd.Flags().StringVar(&f.department, "department", "", c.say.text("flag.department", nil))
	cmd.Flags().StringVar(&f.proxy, "proxy", "", c.say.text("flag.proxy", nil))
	cmd.Flags().BoolVar(&f.later, "later", false, c.say.text("flag.later", nil))
	c.dataFlag(cmd, &f.data)
	return cmd
}

func (c *cli) enroll(cmd *cobra.Command, f enrolFlags) error {
	ctx := cmd.Context()
	if f.collector == "" {
		return c.usage(cmd, "usage.missing", map[string]string{"what": "--collector HOST:PORT"})
	}
	machine := local.New(local.Options{})
	self := introducer{machine: func() *host.Host { return machine }, version: c.version, marks: local.ReadMarks}
	described := self.describe(ctx)
	token, err := c.readToken(cmd, f, described.GetHostname())
	if err != nil {
		return err
	}
	f.proxy = cmp.Or(f.proxy, c.variable(envProxy)) // no default of the flag, which the help would show
	if err := proxy.Check(f.proxy); err != nil {
		return err
	}
	asked := identity.Asked{Collector: f.collector, Token: token.String(), Department: f.department, Proxy: f.proxy}
	dir := folder(f.data)
	if f.later {
		return c.enrollLater(ctx, dir, machine, asked)
	}
	cfg, err := LoadConfig("", f.data, c.environ)
	if err != nil {
		return err
	}
	dialer, err := proxy.New(cmp.Or(cfg.Proxy, f.proxy), c.environ) // as the service will
	if err != nil {
		return err
	}
	unlock, err := dir.lockToEnrol(ctx)
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // the process ends with it
	id, err := enrol(ctx, dir, asked, dialer.Dial, described, logger(cfg, c.stderr))
	if pending, ok := errors.AsType[*identity.Pending](err); ok {
		return c.enrollPending(dir, asked, pending)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("enroll.done", map[string]string{"organisation": organisationOf(id), "agent": id.AgentID()}))
	c.tellNext("enroll", dir)
	return nil
}

// enrollPending leaves an enrolment that a person has to approve to the service, and says
// what that person must see.
func (c *cli) enrollPending(dir folder, asked identity.Asked, pending *identity.Pending) error {
	if err := errors.Join(identity.Ask(dir.identity(), asked), identity.NotePending(dir.identity(), asked)); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("enroll.pending", map[string]string{"code": pending.CheckCode, "collector": asked.Collector}))
	c.tellNext("enroll.pending", dir)
	return nil
}

// tellNext says what happens next of itself, or what to do for it.
func (c *cli) tellNext(what string, dir folder) {
	after := string(c.serviceOf(dir))
	fmt.Fprintln(c.stdout, c.say.text(what+".next."+after, map[string]string{"data": string(dir)}))
	if after == string(service.Stopped) {
		fmt.Fprintln(c.stdout, c.say.text("enroll.start."+runtime.GOOS, nil))
	}
}

// noService is the state of a service that there is not.
const noService service.State = "none"

// serviceOf is the state of the service that works in a folder.
func (c *cli) serviceOf(dir folder) service.State {
	if runtime.GOOS != "windows" && filepath.Clean(string(dir)) != DefaultDataDir() {
		return noService // the unit of the package works in its own
	}
	state, err := service.Query(serviceName)
	switch {
	case err != nil:
		return noService
	case state == service.Changing:
		return service.Running
	}
	return state
}

// enrollLater leaves an enrolment to the service. Of a machine that is enrolled already
// nothing is asked: an installer that runs again is no mistake.
func (c *cli) enrollLater(ctx context.Context, dir folder, machine *host.Host, asked identity.Asked) error {
	if err := dir.makeSafe(ctx, machine); err != nil {
		return err
	}
	err := identity.Ask(dir.identity(), asked)
	if errors.Is(err, identity.ErrEnrolled) {
		fmt.Fprintln(c.stdout, c.say.text("enroll.already", nil))
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("enroll.later", nil))
	return nil
}

// enrol makes an enrolment and keeps what comes with it. What was asked for before is
// forgotten with its token, when that was spent or is worth nothing.
func enrol(ctx context.Context, dir folder, asked identity.Asked, dial identity.Dial, machine *apiv1.Machine, logger *slog.Logger) (*identity.Identity, error) {
	token, err := apiv1.ParseToken(asked.Token)
	if err != nil {
		return nil, err
	}
	id, signed, err := identity.Enroll(ctx, identity.Request{
		Dir: dir.identity(), Collector: asked.Collector, Token: token, Machine: machine,
		Department: asked.Department, Proxy: asked.Proxy, Dial: dial,
	})
	if errors.Is(err, identity.ErrTokenRefused) {
		return nil, errors.Join(err, identity.ForgetToken(dir.identity(), asked.Token))
	}
	if err != nil {
		return nil, err
	}
	if signed != nil {
		err = keepFirstPolicy(ctx, dir, id, signed, logger)
	}
	return id, errors.Join(err, identity.ForgetAsked(dir.identity()))
}

// organisationOf names whom the collector belongs to; a collector that was not
// told is named by its address.
func organisationOf(id *identity.Identity) string {
	if name := id.Organisation(); name != "" {
		return name
	}
	return id.Collector()
}

// readToken takes the token from the option, a file or standard input. It is a
// secret: no error repeats it.
func (c *cli) readToken(cmd *cobra.Command, f enrolFlags, host string) (apiv1.Token, error) {
	switch {
	case f.token != "" && f.tokenFile != "":
		return apiv1.Token{}, c.usage(cmd, "usage.exclude", map[string]string{"what": "--token, --token-file"})
	case f.token == "" && f.tokenFile == "":
		return apiv1.Token{}, c.usage(cmd, "usage.missing", map[string]string{"what": "--token TOKEN"})
	case f.token == "-" || f.tokenFile == "-":
		return tokenFrom(c.stdin, host)
	case f.token != "":
		return apiv1.ParseToken(f.token)
	}
	file, err := openRegular(f.tokenFile)
	if err != nil {
		return apiv1.Token{}, err
	}
	defer file.Close()
	return tokenFrom(file, host)
}

func tokenFrom(r io.Reader, host string) (apiv1.Token, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxTokenFile+1))
	switch {
	case err != nil:
		return apiv1.Token{}, fmt.Errorf("read the token: %w", plainPath(err))
	case len(b) > maxTokenFile:
		return apiv1.Token{}, &problem{code: "problem.token_big", args: map[string]string{"most": size(maxTokenFile)}}
	}
	return tokenIn(b, host)
}

// policiesOf opens the kept policy of an enrolment.
func policiesOf(dir folder, id *identity.Identity, cat *catalog.Catalog, logger *slog.Logger) (*policies, error) {
	kept, err := spool.Dir(dir.enrolment(id.AgentID()))
	if err != nil {
		return nil, err
	}
	return &policies{
		catalog: cat, now: time.Now, agentID: id.AgentID(), keys: id.PolicyKeys, logger: logger,
		store:   shelf{kept, policyFile, 2 * policy.MaxPolicy},
		good:    shelf{kept, goodPolicyFile, 2 * policy.MaxPolicy},
		adopted: func(policy.Policy) {},
		refused: func(context.Context, map[string]string) {},
	}, nil
}

// keepFirstPolicy keeps the policy that came with the enrolment. One that is
// refused is no reason to fail: the collector offers it again.
func keepFirstPolicy(ctx context.Context, dir folder, id *identity.Identity, signed *apiv1.SignedPolicy, logger *slog.Logger) error {
	p, err := policiesOf(dir, id, catalog.New(), slog.New(warnings{logger.Handler()}))
	if err != nil {
		return err
	}
	p.Offer(ctx, signed)
	return nil
}

// warnings drops what is less than a warning: a command says its own.
type warnings struct{ slog.Handler }

func (warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

var errNoPolicy = errors.New("there is no policy yet")

// keptPolicy reads the policy in force from disk.
func keptPolicy(ctx context.Context, dir folder, id *identity.Identity, cat *catalog.Catalog) (policy.Policy, error) {
	p, err := policiesOf(dir, id, cat, slog.New(slog.DiscardHandler))
	if err != nil {
		return policy.Policy{}, err
	}
	if err := p.load(ctx); err != nil {
		return policy.Policy{}, err
	}
	current, ok := p.get()
	if !ok {
		return policy.Policy{}, errNoPolicy
	}
	return current, nil
}
