package isolate

import (
	"errors"
	"strings"
)

// errName is the error of a name that could lead out of its directory.
var errName = errors.New("not the name of a file in a directory")

// isName tells whether a directory can hold a file of the name.
func isName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}
