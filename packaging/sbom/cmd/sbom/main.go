// Command sbom writes what of others a program holds: a bill of materials and the notices
// of their licences. packaging/tools/papers.sh runs it; packaging/sbom says more.
package main

import (
	"fmt"
	"os"

	"vigia/packaging/sbom"
)

func main() {
	if err := sbom.Main(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(2)
	}
}
