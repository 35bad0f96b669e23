package web

import (
	"context"
	"net/http"
	"time"

	"vigia/collector/activity"
)

// witness writes into the activity log what a request did, before its answer begins: a change
// whose entry cannot be kept is not answered with success.
type witness struct {
	http.ResponseWriter
	v     *visit
	route route

	told  bool // the entry was written, or need not be
	spoil bool // it could not, and the answer says so
}

// WriteHeader implements http.ResponseWriter.
func (w *witness) WriteHeader(status int) {
	if !w.told {
		w.told = true
		if err := w.tell(status); err != nil {
			w.v.site.Logger.Error("activity could not be written", "path", w.v.r.URL.Path, "err", err)
			w.spoil = true
			h := w.Header()
			h.Del("Location")
			h.Set("Content-Type", "text/plain; charset=utf-8")
			w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
			_, _ = w.ResponseWriter.Write([]byte(w.v.T("error.internal") + "\n")) //nolint:gosec // plain text of our own; the client may have left
			return
		}
	}
	if !w.spoil {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *witness) Write(data []byte) (int, error) {
	if !w.told {
		w.WriteHeader(http.StatusOK)
	}
	if w.spoil {
		return len(data), nil
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tellTime bounds how long an answer waits for its entry.
const tellTime = 10 * time.Second

// tell writes the entry. What nobody did who is known is none, but for a refused log-in.
func (w *witness) tell(status int) error {
	v := w.v
	if v.site.Activity == nil || v.user == nil && v.did == "" || w.route.open && v.did == "" {
		return nil
	}
	e := activity.Entry{At: v.site.Now(), Who: v.suspect, Source: source(v.r.RemoteAddr), Act: v.did,
		Route: w.route.method + " " + w.route.path, Record: v.r.URL.Path, Result: status}
	if v.record != "" {
		e.Record = v.record
	}
	if v.user != nil {
		e.Who, e.Role = v.user.Name, string(v.user.Role)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), tellTime)
	defer cancel()
	if e.Act == "" && (v.r.Method == http.MethodGet || v.r.Method == http.MethodHead) {
		e.Act = activity.Look
		return v.site.Activity.Note(ctx, e)
	}
	if e.Act == "" {
		e.Act = activity.Change
	}
	return v.site.Activity.Record(ctx, e)
}

// about names the record that a request is about, where its address does not.
func (v *visit) about(record string) { v.record = record }

// refusedFor notes that somebody could not prove to be an account. A name that is none is not
// kept: it may be a password in the wrong field.
func (v *visit) refusedFor(name string) {
	v.did = activity.Refused
	if user, err := v.site.Accounts.Account(v.r.Context(), name); err == nil {
		v.suspect = user.Name
	}
}
