package registers

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// List is what a field of kind Lines or Choices holds.
func (v Values) List(field string) []string {
	if v[field] == "" {
		return nil
	}
	return strings.Split(v[field], "\n")
}

// Yes tells whether a flag is set.
func (v Values) Yes(field string) bool { return v[field] != "" }

// Moment is what a field of kind Moment holds, zero for nothing.
func (v Values) Moment(field string) (time.Time, error) {
	if v[field] == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, v[field])
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", field, err)
	}
	return t, nil
}

// Number is what a field of kind Number or Folio holds, 0 for nothing.
func (v Values) Number(field string) (int64, error) {
	if v[field] == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v[field], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", field, err)
	}
	return n, nil
}

// Reader turns values into a book's own type and keeps the first error.
type Reader struct {
	Values Values
	Err    error
}

// Moment is Values.Moment.
func (r *Reader) Moment(field string) time.Time {
	t, err := r.Values.Moment(field)
	if r.Err == nil {
		r.Err = err
	}
	return t
}

// Number is Values.Number.
func (r *Reader) Number(field string) int64 {
	n, err := r.Values.Number(field)
	if r.Err == nil {
		r.Err = err
	}
	return n
}
