package agent

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
)

// Whatever reason the collector gives is said in the reader's language, with what to do.
func TestEveryRefusalOfTheCollectorHasOurWords(t *testing.T) {
	all := collectorMessages()
	if got, want := len(all), len(apiv1.Refusals()); got != want {
		t.Errorf("%d of the collector's refusals have words, want %d", got, want)
	}
	for _, reason := range apiv1.Refusals() {
		for _, kind := range []error{identity.ErrTokenRefused, deliver.ErrRefused, identity.ErrBusy} {
			answer := apiv1.Refuse(codes.PermissionDenied, reason, "English words of the collector: no es nuestro")
			err := fmt.Errorf("enrol: %w", fmt.Errorf("%w: %w", kind, apiv1.RefusalOf(status.Convert(answer.Err()))))
			entry := all[collectorPrefix+strings.ToLower(reason)]
			want := strings.ReplaceAll(entry.Say.ES, "{why}", "no es nuestro") + ". " + entry.Do.ES
			if got := newSayer(message.Spanish).explain(err); entry.Do.ES == "" || got != want {
				t.Errorf("%s: got %q, want %q", reason, got, want)
			}
		}
	}
}

// A collector of another version may name no reason, or one that is not known here.
func TestARefusalWithoutOurWordsKeepsItsOwn(t *testing.T) {
	for _, answer := range []*status.Status{
		status.New(codes.PermissionDenied, "no entry on Sundays"), apiv1.Refuse(codes.PermissionDenied, "SUNDAY", "no entry on Sundays"),
	} {
		err := fmt.Errorf("%w: %w", identity.ErrTokenRefused, apiv1.RefusalOf(answer))
		if got := newSayer(message.Spanish).explain(err); !strings.HasPrefix(got, "el colector rechaza el token: no entry on Sundays. ") {
			t.Errorf("got %q", got)
		}
	}
}
