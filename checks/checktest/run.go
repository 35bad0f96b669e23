package checktest

import (
	"encoding/json"
	"testing"

	"vigia/checks"
	"vigia/checks/host"
)

// Run runs a check on a machine and demands what must hold of every result:
// judging its evidence again gives the same answer, and each reason has its
// message.
func Run(t *testing.T, c checks.Check, h host.Host, params string) checks.Result {
	t.Helper()
	res := c.Run(t.Context(), host.New(h), json.RawMessage(params))
	seen.add(c.Info().ID, h.OS, res.Verdict)
	if res.Observed != nil {
		again, err := c.Judge(res.Observed, json.RawMessage(params), res.ObservedAt)
		if err != nil || again.Status != res.Status || again.Reason.Code != res.Reason.Code {
			t.Errorf("judged again: %v %v, %v; want %v %v", again.Status, again.Reason, err, res.Status, res.Reason)
		}
	}
	common := checks.Messages()
	for _, f := range append(res.Findings, checks.Finding{Reason: res.Reason}) {
		_, own := c.Info().Messages[f.Reason.Code]
		if _, ok := common[f.Reason.Code]; !ok && !own {
			t.Errorf("no message for the reason %q", f.Reason.Code)
		}
	}
	return res
}
