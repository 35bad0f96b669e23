package collector

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"vigia/collector/api/carry"
	"vigia/collector/storage"
)

// approveall approves every machine that waits.
func approveAllCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: approveall")
	}
	col, err := openScript(ts)
	ts.Check(err)
	err = col.DB.Write(context.Background(), func(ctx context.Context, tx *storage.Tx) error {
		requests, err := col.Enroll.Requests(ctx, tx, false)
		if err != nil {
			return err
		}
		var codes []string
		for _, r := range requests {
			codes = append(codes, r.Code)
		}
		_, err = col.Enroll.Approve(ctx, tx, codes, "", "prueba")
		return err
	})
	ts.Check(errors.Join(err, col.Close()))
}

// bite FROM TO copies the requests of a stick and changes a byte in each copy.
func biteCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bite FROM TO")
	}
	names, err := carry.Requests(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), name))
		ts.Check(err)
		b[len(b)-20] ^= 1
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), name), b, 0o600))
	}
}
