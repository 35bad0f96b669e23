package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vigia/checks/host"
	"vigia/checks/message"
)

// On holds how a check observes on each operating system.
type On[O any] map[host.OS]func(context.Context, *host.Host) (O, error)

// OnWith is On for a check whose parameters say where to look, such as the
// folders of a dataset. Parameters that only say what is good belong to judge:
// then old evidence can be judged by a new bar.
type OnWith[O, P any] map[host.OS]func(context.Context, *host.Host, P) (O, error)

// Validator is implemented by parameters, on the value or on the pointer, whose
// fields decode but may still make no sense together or be out of range. Its
// error is told to whoever wrote the policy.
type Validator interface {
	Validate() error
}

// New builds a check from its two halves. O is the struct of observed facts,
// an evidence format: fields are added, never renamed. P is the struct of
// parameters; defaults holds the values for those that a policy leaves out.
//
// observe returns an error only when nothing could be observed; what is partly
// unreadable is a fact and belongs into O. judge must be pure.
func New[O, P any](info Info, defaults P, on On[O], judge func(observed O, params P, at time.Time) Verdict) Check {
	with := make(OnWith[O, P], len(on))
	for os, observe := range on {
		with[os] = func(ctx context.Context, h *host.Host, _ P) (O, error) { return observe(ctx, h) }
	}
	return NewWithParams(info, defaults, with, judge)
}

// NewWithParams is New for a check whose observe needs the parameters. What
// observe used of them belongs into O as well: judge may meet old evidence
// with newer parameters and must then tell what was not looked at.
func NewWithParams[O, P any](info Info, defaults P, on OnWith[O, P], judge func(observed O, params P, at time.Time) Verdict) Check {
	if info.Deadline == 0 {
		info.Deadline = DefaultDeadline
	}
	c := &check{
		info: info, defaults: defaults, on: make(map[host.OS]observer, len(on)),
		newFacts: func() any { return new(O) }, newParams: func() any { return new(P) },
		judge: func(facts, params any, at time.Time) Verdict { return judge(*facts.(*O), *params.(*P), at) }, //nolint:forcetypeassert // made by the two above
	}
	for os, observe := range on {
		c.on[os] = func(ctx context.Context, h *host.Host, params any) (any, error) {
			return observe(ctx, h, *params.(*P)) //nolint:forcetypeassert // made by newParams
		}
	}
	return c
}

// Codes of the reasons that New itself gives; see Messages.
const (
	codeUnsupported = "check.unsupported_system"
	codeTimedOut    = "check.timed_out"
	codeCrashed     = "check.crashed"
	codeBadParams   = "check.bad_parameters"
	codeUnobserved  = "check.not_observed"
)

// check is any check. Its types are behind closures, so that the program holds this code
// once and not a hundred times, once for each check.
type check struct {
	info     Info
	defaults any // P
	on       map[host.OS]observer
	// newFacts and newParams return a new *O and *P, of which judge takes what they point
	// at.
	newFacts, newParams func() any
	judge               func(facts, params any, at time.Time) Verdict
	hanging             hanging
}

// observer takes a *P and returns an O.
type observer func(ctx context.Context, h *host.Host, params any) (any, error)

// hanging notes, by parameters, the runs that were left alone at their deadline and have
// not ended yet. Only one each is left: a network disk that does not come back would else
// cost a thread at every run, until the program has none.
type hanging struct {
	mu   sync.Mutex
	runs map[string]bool
}

func (h *hanging) has(params string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs[params]
}

func (h *hanging) set(params string, is bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !is {
		delete(h.runs, params)
		return
	}
	if h.runs == nil {
		h.runs = make(map[string]bool)
	}
	h.runs[params] = true
}

func (c *check) Info() Info { return c.info }

func (c *check) Platforms() []host.OS { return slices.Sorted(maps.Keys(c.on)) }

func (c *check) Run(ctx context.Context, h *host.Host, raw json.RawMessage) Result {
	start := time.Now() // measures a duration; facts are dated by h.Now
	res := Result{Check: c.info.ID, ObservedAt: h.Now().UTC()}
	res.Verdict, res.Observed = c.run(ctx, h, raw, res.ObservedAt)
	res.Took = time.Since(start)
	return res
}

func (c *check) run(ctx context.Context, h *host.Host, raw json.RawMessage, at time.Time) (Verdict, json.RawMessage) {
	params, err := c.params(raw)
	if err != nil {
		return unknown(Because(codeBadParams, "detail", err.Error())), nil
	}
	observe, ok := c.on[h.OS]
	if !ok {
		return unknown(Because(codeUnsupported, "os", string(h.OS))), nil
	}
	if c.hanging.has(string(raw)) {
		return unknown(c.timedOut()), nil
	}
	seen, reason := c.observe(ctx, h, params, string(raw), observe)
	if reason != nil {
		return unknown(*reason), nil
	}
	observed, err := json.Marshal(seen)
	if err != nil {
		return unknown(Because(codeCrashed, "part", "encode")), nil
	}
	// What is judged is what is kept: a fact that its own JSON loses must not
	// decide here and be missing when the evidence is judged again.
	kept := c.newFacts()
	if err := json.Unmarshal(observed, kept); err != nil {
		return unknown(Because(codeCrashed, "part", "encode")), nil
	}
	return c.judged(kept, params, at), observed
}

// observe runs the impure half under the check's deadline. A system call that
// never returns cannot be ended from outside, so at the deadline the goroutine
// is left to finish alone: it notes its own end, and nobody reads its answer.
func (c *check) observe(ctx context.Context, h *host.Host, params any, raw string, observe observer) (any, *Reason) {
	ctx, cancel := context.WithTimeout(ctx, c.info.Deadline)
	defer cancel()
	type answer struct {
		seen   any
		reason *Reason
	}
	done := make(chan answer)
	left := make(chan struct{})
	go func() {
		var a answer
		defer func() {
			// The value of the panic is not kept: it could hold what was read.
			if recover() != nil {
				r := Because(codeCrashed, "part", "observe")
				a = answer{reason: &r}
			}
			select {
			case done <- a:
			case <-left:
				c.hanging.set(raw, false)
			}
		}()
		seen, err := observe(ctx, h, params)
		a.seen = seen
		if err != nil {
			r := c.unobserved(ctx, err)
			a.reason = &r
		}
	}()
	select {
	case a := <-done:
		return a.seen, a.reason
	case <-ctx.Done():
		c.hanging.set(raw, true)
		close(left)
		r := c.unobserved(ctx, ctx.Err())
		return nil, &r
	}
}

func (c *check) unobserved(ctx context.Context, err error) Reason {
	if ctx.Err() != nil {
		return c.timedOut()
	}
	return Because(codeUnobserved, "why", WhyUnread(err))
}

func (c *check) timedOut() Reason {
	return Because(codeTimedOut, "seconds", fmt.Sprintf("%.0f", c.info.Deadline.Seconds()))
}

// judged runs the pure half; a crash there is Unknown too.
func (c *check) judged(seen, params any, at time.Time) (v Verdict) {
	defer func() {
		if recover() != nil {
			v = unknown(Because(codeCrashed, "part", "judge"))
		}
	}()
	v = c.judge(seen, params, at)
	if !v.Status.Valid() {
		return unknown(Because(codeCrashed, "part", "judge"))
	}
	return v
}

func (c *check) Judge(observed, raw json.RawMessage, at time.Time) (Verdict, error) {
	params, err := c.params(raw)
	if err != nil {
		return Verdict{}, fmt.Errorf("parameters of %s: %w", c.info.ID, err)
	}
	seen := c.newFacts()
	if err := json.Unmarshal(observed, seen); err != nil {
		return Verdict{}, fmt.Errorf("facts of %s: %w", c.info.ID, err)
	}
	return c.judged(seen, params, at), nil
}

func (c *check) CheckParams(raw json.RawMessage) error {
	_, err := c.params(raw)
	return err
}

func (c *check) TakesParam(name string) bool {
	raw, err := json.Marshal(map[string]any{name: nil})
	if err != nil {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	// The package has no type for this error.
	err = dec.Decode(c.newParams())
	return err == nil || !strings.HasPrefix(err.Error(), "json: unknown field ")
}

func (c *check) NewFacts() any { return c.newFacts() }

// params returns a *P: it decodes strictly over a deep copy of the defaults, then validates.
func (c *check) params(raw json.RawMessage) (any, error) {
	p := c.newParams()
	base, err := json.Marshal(c.defaults)
	if err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	if err := json.Unmarshal(base, p); err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(p); err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, errors.New("more than one JSON value")
		}
	}
	if v, ok := p.(Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func unknown(r Reason) Verdict { return Verdict{Status: Unknown, Reason: r} }

// WhyUnread maps the error of a host facet to a code that is safe to keep and
// to show: absent, permission, unsupported, too_big, not_recorded, timed_out
// or, for anything else, unreadable. The error's own text may hold what was
// read, so it is dropped.
func WhyUnread(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.Is(err, fs.ErrPermission):
		return "permission"
	case errors.Is(err, host.ErrUnsupported), errors.Is(err, errors.ErrUnsupported):
		return "unsupported"
	case errors.Is(err, host.ErrTooBig):
		return "too_big"
	case errors.Is(err, host.ErrNotRecorded):
		return "not_recorded"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timed_out"
	default:
		return "unreadable"
	}
}

// Messages says the reason codes that New gives and the codes of WhyUnread
// under "why.".
func Messages() message.Catalogue {
	text := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	return message.Catalogue{
		codeUnsupported: {
			Say: text("esta comprobación no sabe medir el sistema {os}", "this check cannot measure the system {os}"),
			Do:  text("revise este punto a mano y anótelo en la revisión", "check this point by hand and note it in the review"),
		},
		codeTimedOut: {
			Say: text("la medición no terminó en {seconds} s", "the measurement did not end within {seconds} s"),
			Do:  text("compruebe si un disco o una carpeta de red no responde", "look for a disk or network folder that does not answer"),
		},
		codeCrashed: {
			Say: text("la comprobación falló por un error del programa ({part})", "the check crashed by a fault of the program ({part})"),
			Do:  text("comunique este fallo con la versión del agente", "report this fault with the agent's version"),
		},
		codeBadParams: {
			Say: text("los parámetros de la política no son válidos: {detail}", "the policy's parameters are not valid: {detail}"),
			Do:  text("corrija la política y vuelva a importarla", "correct the policy and import it again"),
		},
		codeUnobserved: {
			Say: text("no se pudo medir ({why})", "could not be measured ({why})"),
			Do:  text("ejecute el agente como servicio del sistema, con permiso para leer la configuración", "run the agent as a system service, with permission to read the settings"),
		},
		"why.absent":       {Say: text("no existe", "does not exist")},
		"why.permission":   {Say: text("sin permiso de lectura", "no permission to read")},
		"why.unsupported":  {Say: text("este sistema no lo ofrece", "this system does not offer it")},
		"why.too_big":      {Say: text("supera el tamaño admitido", "is over the size limit")},
		"why.not_recorded": {Say: text("la grabación no lo contiene", "the recording does not hold it")},
		"why.timed_out":    {Say: text("no respondió a tiempo", "did not answer in time")},
		"why.unreadable":   {Say: text("no se pudo leer o está dañado", "could not be read or is damaged")},

		// Sources that are calls to Windows or groups, and no file or key.
		"source.NetUserEnum":               {Say: text("la lista de cuentas de Windows (NetUserEnum)", "the list of Windows accounts (NetUserEnum)")},
		"source.NetUserModalsGet":          {Say: text("la directiva de cuentas de Windows (NetUserModalsGet)", "the account policy of Windows (NetUserModalsGet)")},
		"source.SamQueryInformationDomain": {Say: text("la directiva de complejidad de Windows (SAM)", "the complexity policy of Windows (SAM)")},
		"source.S-1-5-32-544":              {Say: text("la lista de miembros de Administradores (S-1-5-32-544)", "the list of members of Administrators (S-1-5-32-544)")},
	}
}
