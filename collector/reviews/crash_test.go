package reviews_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/reviews"
	"vigia/collector/reviews/reviewtest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// childFolder says where the child of TestKilled finds its database.
const childFolder = "VIGIA_TEST_REVIEW"

// TestKilledChild is the process that TestKilled kills: it decides without end, and prints
// each decision once it was answered with success.
func TestKilledChild(t *testing.T) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		t.Skip("TestKilled starts it")
	}
	db := storagetest.Open(t, filepath.Join(folder, storage.FileName), reviewtest.Schemas()...)
	key, err := evidence.LoadKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	acts := reviews.NewStore(reviews.Options{Log: log, Zone: reviewtest.Zone()})
	fmt.Println("ready")
	for n := 0; ; n++ {
		err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			_, err := acts.Decide(ctx, tx, reviewtest.Quarter, reviews.Decided{Section: "users", Words: fmt.Sprintf("palabras %d", n)}, officer)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("saved", n)
	}
}

// Whenever the process is killed, what it answered with success is there when the database
// is opened again, and the act hangs together.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	folder := t.TempDir()
	key, err := evidence.LoadOrCreateKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	w := reviewtest.NewWithKey(t, filepath.Join(folder, storage.FileName), key)
	w.Live(reviewtest.Middle())
	w.Open(reviewtest.Quarter, "seguridad")
	if err := w.DB.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		saved := killOne(t, folder)
		db := storagetest.Open(t, filepath.Join(folder, storage.FileName), reviewtest.Schemas()...)
		acts := reviews.NewStore(reviews.Options{Zone: reviewtest.Zone()})
		err := db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			a, err := acts.Find(ctx, tx, reviewtest.Quarter)
			if err != nil {
				return err
			}
			var last int
			if _, err := fmt.Sscanf(a.Words("users"), "palabras %d", &last); err != nil {
				return err
			}
			if last < saved || last > saved+1 {
				t.Errorf("round %d: %d was answered with success, and %d is there", round, saved, last)
			}
			return nil
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// killOne lets the child decide for a moment that is drawn by lot, kills it, and answers
// the last decision that it printed.
func killOne(t *testing.T, folder string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
	cmd.Env = append(os.Environ(), childFolder+"="+folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lot, err := rand.Int(rand.Reader, big.NewInt(150))
	if err != nil {
		t.Fatal(err)
	}
	saved := -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready") {
			time.AfterFunc(150*time.Millisecond+time.Duration(lot.Int64())*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "saved %d", &n); err == nil {
			saved = n
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	if saved < 0 {
		t.Fatal("the child saved nothing")
	}
	return saved
}
