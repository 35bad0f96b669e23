// Command vigia is the collector: daemon, portal and administration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vigia/collector"
)

// version is set by the build. So is packKey, the public key with which packs of rules are
// published beside releases; without it, only those of vigia.yaml's pack_keys are trusted.
var (
	version = "unversioned"
	packKey string
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := collector.Main(ctx, os.Args[1:], collector.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: version, PackKey: packKey,
	})
	stop()
	os.Exit(code)
}
