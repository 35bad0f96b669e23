package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/hosttest"
	"vigia/checks/host/local"
	"vigia/checks/personaldata/scan"
	"vigia/checks/policy"
)

// checkFlags are the options of the command check.
type checkFlags struct {
	packs     []string
	root      string
	recording string
	policy    string
	data      string
	format    formatFlag
}

func (c *cli) checkCommand() *cobra.Command {
	f := checkFlags{format: formatText}
	cmd := c.command("check [ID...] [--pack NAME]... [--root DIR | --recording DIR]", "check", func(cmd *cobra.Command, ids []string) error {
		return c.check(cmd, f, ids)
	})
	cmd.Flags().StringArrayVar(&f.packs, "pack", nil, c.say.text("flag.pack", nil))
	cmd.Flags().StringVar(&f.root, "root", "", c.say.text("flag.root", nil))
	cmd.Flags().StringVar(&f.recording, "recording", "", c.say.text("flag.recording", nil))
	cmd.Flags().StringVar(&f.policy, "policy", "", c.say.text("flag.policy", nil))
	cmd.Flags().Var(&f.format, "format", c.say.text("flag.format", nil))
	c.dataFlag(cmd, &f.data)
	return cmd
}

// measurement is a policy's entry and its result.
type measurement struct {
	entry  policy.Entry
	result checks.Result
}

func (c *cli) check(cmd *cobra.Command, f checkFlags, ids []string) error {
	if f.root != "" && f.recording != "" {
		return c.usage(cmd, "usage.exclude", map[string]string{"what": "--root, --recording"})
	}
	if f.policy != "" && len(f.packs) > 0 {
		return c.usage(cmd, "usage.exclude", map[string]string{"what": "--policy, --pack"})
	}
	cat := catalog.New()
	machine, err := c.machineOf(cmd.Context(), f)
	if err != nil {
		return err
	}
	p, rules, err := c.rulesOf(cmd.Context(), f, cat)
	if err != nil {
		return err
	}
	entries, err := choice(p, cat, ids)
	if err != nil {
		return err
	}
	start := time.Now()
	measured, err := c.measure(cmd.Context(), cat, machine, entries)
	if err != nil {
		return err
	}
	if f.format == formatJSON {
		err = c.writeJSON(cat, measured)
	} else {
		err = c.writeTable(cat, measured, rules, time.Since(start))
	}
	if err != nil {
		return err
	}
	return answerOf(measured)
}

// answerOf is the exit code of results: the worst of them.
func answerOf(measured []measurement) error {
	statuses := make([]checks.Status, 0, len(measured))
	for _, m := range measured {
		statuses = append(statuses, m.result.Status)
	}
	switch checks.Worst(statuses...) {
	case checks.Fail:
		return answer(exitNo)
	case checks.Unknown:
		return answer(exitUnknown)
	case checks.Pass, checks.Warn, checks.NotApplicable:
		return nil
	}
	return answer(exitUnknown)
}

// machineOf is the machine to look at.
func (c *cli) machineOf(ctx context.Context, f checkFlags) (*host.Host, error) {
	if f.recording != "" {
		h, err := hosttest.Load(f.recording)
		if err != nil {
			return nil, &problem{code: "usage.path", args: map[string]string{"path": f.recording}, err: err}
		}
		return h, nil
	}
	if f.root != "" {
		if err := mustBeFolder(f.root); err != nil {
			return nil, err
		}
		return local.New(local.Options{Root: f.root}), nil
	}
	directory, err := directoryFor(ctx, f.data, c.environ)
	if err != nil {
		return nil, err
	}
	return live(&scan.Shared{
		PersonalData: scan.PersonalData{Worker: scan.Worker(), Jobs: runtime.GOMAXPROCS(0)}, For: sharedFor,
	}, directory, nil), nil
}

// live is this machine, with the facets that are not its own; directory may be nil, and
// so may media, which then are those that are plugged in now.
func live(documents host.PersonalData, directory host.Directory, media host.Media) *host.Host {
	h := local.New(local.Options{PersonalData: documents, Media: media})
	if directory != nil {
		h.Directory = directory
	}
	return h
}

func mustBeFolder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &problem{code: "usage.not_folder", args: map[string]string{"path": path}}
	}
	if err != nil {
		return &problem{code: "usage.path", args: map[string]string{"path": path}, err: plainPath(err)}
	}
	return nil
}

// plainPath drops the path from an error that is shown beside it.
func plainPath(err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// rulesOf is the policy to check, and the words that say which: that of the
// file, the packs that were named, this machine's own where it can be read,
// and else the embedded packs.
func (c *cli) rulesOf(ctx context.Context, f checkFlags, cat *catalog.Catalog) (policy.Policy, string, error) {
	if f.policy != "" {
		data, err := os.ReadFile(f.policy)
		if err != nil {
			return policy.Policy{}, "", &problem{code: "usage.path", args: map[string]string{"path": f.policy}, err: plainPath(err)}
		}
		p, err := c.policyFile(f.policy, data, cat)
		if err != nil {
			return policy.Policy{}, "", &problem{code: "problem.policy", err: err}
		}
		return p, c.say.text("check.policy.file", map[string]string{"file": f.policy}), nil
	}
	if len(f.packs) == 0 && f.root == "" && f.recording == "" {
		if p, organisation, ok := ownPolicy(ctx, f.data, cat); ok {
			return p, c.say.text("check.policy.own", map[string]string{
				"version": fmt.Sprintf("%d.%d", p.Epoch, p.Version), "organisation": organisation,
			}), nil
		}
	}
	p, err := policy.DefaultPolicy(f.packs, cat)
	if err != nil {
		return policy.Policy{}, "", &problem{code: "problem.policy", err: err}
	}
	var packs []string
	for _, ref := range p.Packs {
		packs = append(packs, ref.Name)
	}
	return p, c.say.text("check.policy.packs", map[string]string{"packs": strings.Join(packs, ", ")}), nil
}

// policyFile reads a policy as the collector signs it, or an organisation's
// file as `vigia policy import` reads it.
func (c *cli) policyFile(name string, data []byte, cat *catalog.Catalog) (policy.Policy, error) {
	if strings.HasSuffix(name, ".json") {
		if p, err := policy.Decode(data, cat); err == nil {
			return p, nil
		}
	}
	source, err := policy.LoadSource(name, data)
	if err != nil {
		return policy.Policy{}, err
	}
	packs, err := policy.Packs()
	if err != nil {
		return policy.Policy{}, err
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost"
	}
	return policy.Compose(policy.ComposeInput{
		Agent: hostname, Hostname: hostname, Source: source, Packs: packs, Catalog: cat, Version: 1,
	})
}

// ownPolicy is the policy that this machine was given, if it is enrolled and
// whoever asks may read it.
func ownPolicy(ctx context.Context, dataDir string, cat *catalog.Catalog) (policy.Policy, string, bool) {
	f := folder(dataDir)
	id, err := identity.Load(f.identity(), nil)
	if err != nil {
		return policy.Policy{}, "", false
	}
	p, err := keptPolicy(ctx, f, id, cat)
	return p, organisationOf(id), err == nil
}

// choice selects entries by control, entry or check. A check that the policy
// does not ask for runs with its own parameters.
func choice(p policy.Policy, cat *catalog.Catalog, ids []string) ([]policy.Entry, error) {
	if len(ids) == 0 {
		return p.Entries, nil
	}
	var out []policy.Entry
	for _, id := range ids {
		n := len(out)
		for _, e := range p.Entries {
			if e.ID == id || e.Control == id || e.Check == id {
				out = append(out, e)
			}
		}
		if _, ok := cat.Lookup(id); ok && len(out) == n {
			out = append(out, policy.Entry{ID: id, Check: id})
		}
		if len(out) == n {
			return nil, &problem{code: "usage.unknown_id", args: map[string]string{"id": id, "known": known(p)}}
		}
	}
	var once []policy.Entry
	for _, e := range out {
		if !slices.ContainsFunc(once, func(o policy.Entry) bool { return o.ID == e.ID }) {
			once = append(once, e)
		}
	}
	return once, nil
}

func known(p policy.Policy) string {
	var ids []string
	for _, e := range p.Entries {
		if !slices.Contains(ids, e.Control) {
			ids = append(ids, e.Control)
		}
	}
	return strings.Join(ids, ", ")
}

// measure runs the entries, in order. On a terminal it says which one.
func (c *cli) measure(ctx context.Context, cat *catalog.Catalog, machine *host.Host, entries []policy.Entry) ([]measurement, error) {
	var out []measurement
	tell, done := c.progressLine()
	defer done()
	for i, e := range entries {
		check, ok := cat.Lookup(e.Check)
		if !ok {
			continue // policies that name an unknown check are not decoded
		}
		tell(fmt.Sprintf("%d/%d %s", i+1, len(entries), e.ID))
		out = append(out, measurement{e, check.Run(ctx, machine, e.Params)})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// jsonResult is one result of `check --format json`.
type jsonResult struct {
	Control  string          `json:"control"`
	Check    string          `json:"check"`
	Status   checks.Status   `json:"status"`
	Reason   jsonReason      `json:"reason"`
	Observed json.RawMessage `json:"observed"`
	Findings []jsonFinding   `json:"findings"`
	TookMS   int64           `json:"took_ms"`
}

type jsonFinding struct {
	Key    string        `json:"key"`
	Status checks.Status `json:"status"`
	Reason jsonReason    `json:"reason"`
}

type jsonReason struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args"`
	Text string            `json:"text"`
}

func (c *cli) writeJSON(cat *catalog.Catalog, measured []measurement) error {
	reason := func(r checks.Reason) jsonReason {
		out := jsonReason{Code: r.Code, Args: r.Args, Text: cat.Say(c.say.lang, r)}
		if out.Args == nil {
			out.Args = map[string]string{}
		}
		return out
	}
	results := []jsonResult{}
	for _, m := range measured {
		r := jsonResult{
			Control: m.entry.Control, Check: m.result.Check, Status: m.result.Status, Reason: reason(m.result.Reason),
			Observed: m.result.Observed, Findings: []jsonFinding{}, TookMS: m.result.Took.Milliseconds(),
		}
		if r.Observed == nil {
			r.Observed = json.RawMessage("null")
		}
		for _, f := range m.result.Findings {
			r.Findings = append(r.Findings, jsonFinding{f.Key, f.Status, reason(f.Reason)})
		}
		results = append(results, r)
	}
	enc := json.NewEncoder(c.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(results)
}
