package web

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"vigia/collector/access"
)

// sessionStore keeps what the session library hands it among the accounts.
type sessionStore struct{ accounts *access.Store }

// foundKey is where a request remembers what was found of its session.
type foundKey struct{}

// remembering gives requests room for foundKey.
func remembering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), foundKey{}, new(access.Session))))
	})
}

// FindCtx implements scs.CtxStore.
func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	session, found, err := s.accounts.Session(ctx, token)
	if before, ok := ctx.Value(foundKey{}).(*access.Session); ok && found {
		*before = session
	}
	return session.Data, found, err
}

// CommitCtx implements scs.CtxStore.
func (s *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, ends time.Time) error {
	_, values, err := sessionCodec{}.Decode(data)
	if err != nil {
		return err
	}
	text := func(key string) string { said, _ := values[key].(string); return said }
	session := access.Session{Token: token, Name: text(userKey), Data: data, Source: text(sourceKey), Browser: text(browserKey), End: ends}
	before, ok := ctx.Value(foundKey{}).(*access.Session)
	if !ok {
		before = new(access.Session)
	}
	return s.accounts.KeepSession(context.WithoutCancel(ctx), *before, session)
}

// DeleteCtx implements scs.CtxStore.
func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.accounts.EndSession(context.WithoutCancel(ctx), token)
}

// Find implements scs.Store, which the library does not call where there is FindCtx.
func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *sessionStore) Commit(token string, data []byte, ends time.Time) error {
	return s.CommitCtx(context.Background(), token, data, ends)
}

// Delete implements scs.Store.
func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// sessionCodec writes the same values always as the same bytes, so that one sees what did not
// change.
type sessionCodec struct{}

type sessionValues struct {
	Deadline time.Time
	Names    []string
	Values   []any
}

// Encode implements scs.Codec.
func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	out := sessionValues{Deadline: deadline.UTC().Truncate(time.Second), Names: slices.Sorted(maps.Keys(values))}
	for _, name := range out.Names {
		out.Values = append(out.Values, values[name])
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(out); err != nil {
		return nil, fmt.Errorf("write session: %w", err)
	}
	return b.Bytes(), nil
}

// Decode implements scs.Codec.
func (sessionCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var in sessionValues
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&in); err != nil {
		return time.Time{}, nil, fmt.Errorf("read session: %w", err)
	}
	values := map[string]any{}
	for i, name := range in.Names[:min(len(in.Names), len(in.Values))] {
		values[name] = in.Values[i]
	}
	return in.Deadline, values, nil
}

// browserName says in a few words with what somebody came, so that they know it again.
func browserName(agent string) string {
	find := func(names ...string) string {
		for _, name := range names {
			if strings.Contains(agent, name) {
				return name
			}
		}
		return ""
	}
	program := map[string]string{"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}[find("Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/")]
	system := map[string]string{"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS X": "macOS", "Linux": "Linux"}[find("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")]
	return strings.TrimSpace(strings.Join([]string{program, system}, " "))
}
