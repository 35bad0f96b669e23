package evidence

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"vigia/collector/storage"
)

// KeyFile is the log key inside the keys folder: a note signer in one line, for
// the owner's eyes only.
const KeyFile = "log.key"

// Key signs checkpoints.
type Key struct {
	signer   note.Signer
	verifier string
	text     string // the note signer; secret
}

// Origin is the log's name, vigia-<8 hex>, or simulacro-<8 hex> for a log of what is only
// simulated: the key was made for it.
func (k *Key) Origin() string { return k.signer.Name() }

// Verifier returns the public half, as golang.org/x/mod/sumdb/note writes it:
// vigia-<8 hex>+<hash>+<key>.
func (k *Key) Verifier() string { return k.verifier }

// String gives the public half, so that no log gets the secret.
func (k *Key) String() string { return k.verifier }

// Names of logs begin so. A log of what never was says so in its name, which every
// checkpoint, and so every proof and every package, carries for ever.
const (
	realPrefix      = "vigia-"
	simulatedPrefix = "simulacro-"
)

// Simulated tells by a log's name whether it holds what was only simulated.
func Simulated(origin string) bool { return strings.HasPrefix(origin, simulatedPrefix) }

// NewKey makes a key for a new log out of 32 bytes of random.
func NewKey(random io.Reader) (*Key, error) { return newKey(random, realPrefix) }

// CreateSimulatedKey makes a key for a log of what is only simulated, in the keys folder,
// which must hold none yet.
func CreateSimulatedKey(dir string) error {
	key, err := newKey(rand.Reader, simulatedPrefix)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep log key: %w", err)
	}
	if err := storage.CreateFile(filepath.Join(dir, KeyFile), []byte(key.text+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep log key: %w", err)
	}
	return nil
}

func newKey(random io.Reader, prefix string) (*Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("make log key: %w", err)
	}
	public, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("make log key: not an Ed25519 key")
	}
	sum := sha256.Sum256(public)
	origin := prefix + hex.EncodeToString(sum[:4])
	verifier, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, fmt.Errorf("make log key: %w", err)
	}
	// The two forms share name and hash; 1 is Ed25519.
	hash := strings.SplitN(verifier, "+", 3)[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	return parseKey("PRIVATE+KEY+" + origin + "+" + hash + "+" + secret)
}

func parseKey(text string) (*Key, error) {
	text = strings.TrimSpace(text)
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, errors.New("not a note signer") // without a word of the key
	}
	// PRIVATE+KEY+name+hash+key, of which only the last can hold a plus.
	raw, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 5)[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("not an Ed25519 note signer")
	}
	public, ok := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("not an Ed25519 note signer")
	}
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, verifier: verifier, text: text}, nil
}

// LoadKey reads KeyFile in the keys folder. Elsewhere than on Windows it refuses
// a file that others may read.
func LoadKey(dir string) (*Key, error) {
	path := filepath.Join(dir, KeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read log key: others may read %s: chmod 600 it, and think about who did", path)
	}
	const enough = 1024
	if info.Size() > enough {
		return nil, fmt.Errorf("read log key %s: larger than any key", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	key, err := parseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("read log key %s: %w", path, err)
	}
	return key, nil
}

// LoadOrCreateKey reads KeyFile in the keys folder, or makes a new key there,
// with the folder when it is missing. It never replaces a key.
func LoadOrCreateKey(dir string) (*Key, error) {
	key, err := LoadKey(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = NewKey(rand.Reader); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep log key: %w", err)
	}
	err = storage.CreateFile(filepath.Join(dir, KeyFile), []byte(key.text+"\n"), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return LoadKey(dir) // another process was first
	}
	if err != nil {
		return nil, fmt.Errorf("keep log key: %w", err)
	}
	return key, nil
}
