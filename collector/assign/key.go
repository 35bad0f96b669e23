package assign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"vigia/collector/storage"
)

// KeyFile is the policy key inside the keys folder: Ed25519, PKCS #8 in PEM,
// for the owner's eyes only.
const KeyFile = "policy.key"

const pemKey = "PRIVATE KEY"

// LoadOrCreateKey reads KeyFile in the keys folder, or makes a new key there,
// with the folder when it is missing. It never replaces a key: agents accept
// policies from the keys they were told and no other.
func LoadOrCreateKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, fmt.Errorf("make the policy key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make the policy key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the policy key: %w", err)
	}
	err = storage.CreateFile(path, pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return loadKey(path) // another process was first
	}
	if err != nil {
		return nil, fmt.Errorf("keep the policy key: %w", err)
	}
	return key, nil
}

func loadKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the policy key: %w", err)
	}
	const enough = 4096
	switch {
	case info.Size() > enough:
		return nil, fmt.Errorf("read the policy key %s: larger than any key", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("read the policy key: others may read %s: chmod 600 it, and think about who did", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the policy key: %w", err)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != pemKey || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("read the policy key %s: it is damaged: restore the keys folder from a backup", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("read the policy key %s: not an Ed25519 key: restore the keys folder from a backup", path)
	}
	return key, nil
}
