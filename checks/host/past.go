package host

import "context"

// Past holds what this machine told before. It tells where to look and what used to be:
// what is remembered may make an answer stricter and never milder, and a machine that
// remembers nothing is judged by what is seen now.
type Past interface {
	// Observed returns the evidence of the last run of the entry that is running, as
	// JSON. It is fs.ErrNotExist where there was none, or none small enough to be kept.
	Observed(ctx context.Context) ([]byte, error)
}

// Observed implements Past.
func (Unsupported) Observed(context.Context) ([]byte, error) { return nil, ErrUnsupported }
