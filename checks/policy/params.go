package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"vigia/checks"
)

// accepts tells why a check does not take parameters: their names, types and bounds are the
// check's own, and no threshold of any check is below zero.
func accepts(check checks.Check, params json.RawMessage) error {
	if err := check.CheckParams(params); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(params))
	dec.UseNumber()
	// Up to its end: the check has decoded all of it.
	for token, err := dec.Token(); err == nil; token, err = dec.Token() {
		if n, ok := token.(json.Number); ok && strings.HasPrefix(n.String(), "-") {
			return fmt.Errorf("%s: a number below zero", n)
		}
	}
	return nil
}
