package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vigia/checks/format/hive"
	"vigia/checks/host"
)

const (
	// maxHive bounds one hive file; those of real profiles are 1 to 30 MB.
	maxHive = 128 << 20
	// maxHives bounds the bytes of all hives kept in memory together. One
	// larger hive may be kept alone.
	maxHives = 64 << 20
	// maxSubkeys bounds the keys directly below one, and its values.
	maxSubkeys = 100_000
)

// hives keeps the hives read last, so that each check of a profile does not
// read the file again. A file that has changed is read anew.
type hives struct {
	mu   sync.Mutex
	kept []keptHive // the one used last is last
}

type keptHive struct {
	path string
	size int64
	mod  time.Time
	hive *hive.Hive
}

// open returns the hive in the file at path. Nobody waits for the file of another: one on
// a disk that does not answer must not stop those that are at hand.
func (h *hives) open(ctx context.Context, files host.Files, path string) (*hive.Hive, error) {
	info, err := files.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	if kept := h.take(path, info); kept != nil {
		return kept, nil
	}
	data, err := files.ReadFile(ctx, path, maxHive)
	if err != nil {
		return nil, err
	}
	parsed, err := hive.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("hive of a profile: %w", err)
	}
	h.keep(keptHive{path, info.Size, info.ModTime, parsed})
	return parsed, nil
}

// take returns the hive kept of a file that has not changed, and nil where there is none.
func (h *hives) take(path string, info host.FileInfo) *hive.Hive {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.kept, func(k keptHive) bool { return k.path == path })
	if i < 0 {
		return nil
	}
	k := h.kept[i]
	h.kept = slices.Delete(h.kept, i, i+1)
	if k.size != info.Size || !k.mod.Equal(info.ModTime) {
		return nil
	}
	h.kept = append(h.kept, k)
	return k.hive
}

// keep keeps a hive, in place of what another reader may have kept of its file.
func (h *hives) keep(k keptHive) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(slices.DeleteFunc(h.kept, func(old keptHive) bool { return old.path == k.path }), k)
	h.drop()
}

// drop forgets the hives used longest ago until the rest fits.
func (h *hives) drop() {
	total := int64(0)
	for i, k := range slices.Backward(h.kept) {
		total += k.size
		if total > maxHives && i < len(h.kept)-1 {
			h.kept = slices.Delete(h.kept, 0, i+1)
			return
		}
	}
}

// hiveValue reads a value of an open hive. A hive that Windows left dirty
// answers with what was last written: its newest changes may be in logs that
// are not replayed.
func hiveValue(h *hive.Hive, key, name string) (host.RegistryValue, error) {
	v, err := h.Value(key, name)
	if err != nil {
		return host.RegistryValue{}, hiveError(err)
	}
	if len(v.Data) > maxRegistryValue {
		return host.RegistryValue{}, host.ErrTooBig
	}
	return registryValue(uint32(v.Type), v.Data), nil
}

func hiveSubkeys(h *hive.Hive, key string) ([]string, error) {
	names, err := h.Subkeys(key)
	if err == nil && len(names) > maxSubkeys {
		err = host.ErrTooBig
	}
	return names, hiveError(err)
}

func hiveValues(h *hive.Hive, key string) ([]string, error) {
	names, err := h.Values(key)
	if err == nil && len(names) > maxSubkeys {
		err = host.ErrTooBig
	}
	return names, hiveError(err)
}

func hiveError(err error) error {
	if errors.Is(err, hive.ErrTooLarge) {
		return fmt.Errorf("%w: %w", host.ErrTooBig, err)
	}
	return err
}
