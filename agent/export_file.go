package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// file writes one request. It is remembered before it has its name: an answer to
// it is then always known.
func (e *exporter) file(head *apiv1.FileRequest, to string, base deliver.Base, sign carry.Signer, fill func(*carry.Writer) error) (err error) {
	head.Id, head.CreatedAt, head.AnswerRecipient = carry.NewID(), e.now().UnixMicro(), e.own.Recipient()
	name := fileName(head.GetHostname(), e.now(), len(e.seen.Files), head.GetId())
	if e.name != "" {
		name = partName(e.name, len(e.seen.Files))
		if err := e.mayTake(name); err != nil {
			return err
		}
	}
	f, err := carry.Create(e.stick)
	if err != nil {
		return onStick(err)
	}
	defer func() {
		if err != nil {
			_ = f.Abandon() // the error that matters is the first; the next export sweeps
		}
	}()
	w, err := carry.NewRequest(stickWriter{f}, to, head)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return err
	}
	hash, err := w.Close(sign)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil {
		e.seen.Bytes += info.Size()
	}
	if err := onStick(f.Finish()); err != nil {
		return err
	}
	if err := e.step("written"); err != nil {
		return err
	}
	e.errands.add(errand{
		ID: head.GetId(), Hash: hash[:], Made: e.now().UTC().Truncate(time.Second), File: name, Named: e.name != "",
		Agent: head.GetAgentId(), Base: base,
	})
	if err := identity.SaveErrands(e.dir.identity(), e.errands); err != nil {
		return err
	}
	if err := e.step("remembered"); err != nil {
		return err
	}
	if err := onStick(f.Place(name)); err != nil {
		return err
	}
	e.seen.Files = append(e.seen.Files, name)
	return e.step("placed")
}

// clear removes the older requests of this machine from the stick, and answers
// that only asked it to wait: all that they say is in the new ones, or
// acknowledged.
func (e *exporter) clear(agentID string, fresh []string) error {
	for _, one := range e.errands.List {
		if one.Agent != agentID && one.Agent != "" {
			continue
		}
		if !slices.Contains(fresh, one.File) {
			if err := e.remove(one, one.File); err != nil {
				return err
			}
		}
		if err := e.remove(one, carry.AnswerPrefix+one.File); err != nil {
			return err
		}
	}
	return nil
}

// fileName says to people whose a file is and of when; no program reads it. The
// parts of one export follow each other by name.
func fileName(host string, at time.Time, part int, id []byte) string {
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, host)
	return fmt.Sprintf("%s-%s-%03d-%x%s", host[:min(len(host), 40)], at.UTC().Format("20060102-150405"), part+1, id[:3], carry.Suffix)
}

// onStick marks an error of the stick, which is not the machine's own disk.
func onStick(err error) error {
	if err == nil {
		return nil
	}
	if diskFull(err) {
		return &problem{code: "problem.stick_full", err: err}
	}
	return &problem{code: "problem.stick", err: plainPath(err)}
}

// stickWriter marks the errors of writing.
type stickWriter struct{ f *carry.File }

func (s stickWriter) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	return n, onStick(err)
}
