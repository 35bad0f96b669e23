package collector

import (
	"context"
	"errors"

	"github.com/rogpeppe/go-internal/testscript"

	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// waiting sets CODE and TOKEN to the check code and the token of the one machine
// that waits for approval.
func waitingCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: waiting")
	}
	col, err := openScript(ts)
	ts.Check(err)
	var requests []enroll.Request
	err = col.DB.Read(context.Background(), func(ctx context.Context, tx *storage.Tx) (err error) {
		requests, err = col.Enroll.Requests(ctx, tx, false)
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
	if len(requests) != 1 {
		ts.Fatalf("%d machines wait, want 1", len(requests))
	}
	ts.Setenv("CODE", requests[0].Code)
	ts.Setenv("TOKEN", requests[0].TokenID)
}

// pair sets OLD and NEW to the ids of the two machines that look like one.
func pairCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: pair")
	}
	col, err := openScript(ts)
	ts.Check(err)
	var list []enroll.Suggestion
	err = col.DB.Read(context.Background(), func(ctx context.Context, tx *storage.Tx) (err error) {
		list, err = col.Enroll.Suggestions(ctx, tx)
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
	if len(list) != 1 || len(list[0].Machines) != 2 {
		ts.Fatalf("got %+v, want one pair", list)
	}
	ts.Setenv("OLD", list[0].Machines[0].ID)
	ts.Setenv("NEW", list[0].Machines[1].ID)
}
