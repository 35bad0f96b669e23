package assign

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A pack is published as two files: NAME.yaml and NAME.yaml.sig. The second is a signed
// note, as golang.org/x/mod/sumdb/note writes it and as the checkpoints of the evidence log
// are: a text that people can read, Ed25519 signatures below it, the signer's name in each.
// It was chosen over the formats of minisign and signify since the program holds it anyway,
// its keys are one line of text that suits a configuration, and the name and the version
// that are vouched for stand in the signed text itself.
//
//	vigia pack
//	name: mx-nle
//	version: 4
//	sha256: 5f70bf18...
//
//	— sistemas.example.org Az3grlgtzPICa5OS...

// MaxSignature bounds a signature file, in bytes.
const MaxSignature = 16 << 10

// PackClaim is what a signature vouches for.
type PackClaim struct {
	Name    string
	Version int
	SHA256  [sha256.Size]byte // of the file
}

// packTitle begins the signed text: a key that signs other notes too vouches for no pack.
const packTitle = "vigia pack"

func (c PackClaim) text() string {
	return fmt.Sprintf("%s\nname: %s\nversion: %d\nsha256: %s\n", packTitle, c.Name, c.Version, hex.EncodeToString(c.SHA256[:]))
}

// Why the signature of a pack is refused.
var (
	// ErrNoPackKeys: nobody's signature is trusted here.
	ErrNoPackKeys = errors.New("no publisher of packs is trusted here")
	// ErrPackUnsigned: there is no signature, or it is none.
	ErrPackUnsigned = errors.New("the pack is not signed")
	// ErrPackSigner: it is signed by a key that is not trusted.
	ErrPackSigner = errors.New("the pack is signed by somebody who is not trusted here")
	// ErrPackSignature: the signature is of another file, or damaged.
	ErrPackSignature = errors.New("the signature is not of this pack")
)

// PackKeys are the keys of trusted publishers, as GeneratePackKey writes the public half.
func PackKeys(keys []string) (note.Verifiers, error) {
	var list []note.Verifier
	for _, key := range keys {
		v, err := note.NewVerifier(strings.TrimSpace(key))
		if err != nil {
			return nil, fmt.Errorf("key of a publisher of packs %q: %w", key, err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, ErrNoPackKeys
	}
	return note.VerifierList(list...), nil
}

// GeneratePackKey makes the key of a publisher, who is called by name.
func GeneratePackKey(name string) (private, public string, err error) {
	private, public, err = note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", "", fmt.Errorf("make the key of %q: %w", name, err)
	}
	return private, public, nil
}

// SignPack signs a pack's file, which the caller has validated.
func SignPack(name string, version int, data []byte, private string) ([]byte, error) {
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return nil, errors.New("sign the pack: this is no private key of a publisher") // the error would quote the key
	}
	signed, err := note.Sign(&note.Note{Text: PackClaim{name, version, sha256.Sum256(data)}.text()}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign the pack: %w", err)
	}
	return signed, nil
}

// VerifyPack tells who signed a pack's file, which says of itself that it has that name and
// version. The error is one of the four above.
func VerifyPack(name string, version int, data, signature []byte, trusted note.Verifiers) (signer string, err error) {
	if len(bytes.TrimSpace(signature)) == 0 {
		return "", ErrPackUnsigned
	}
	if len(signature) > MaxSignature {
		return "", fmt.Errorf("%w: the signature has more than %d bytes", ErrPackUnsigned, MaxSignature)
	}
	n, err := note.Open(bytes.ReplaceAll(signature, []byte("\r\n"), []byte("\n")), trusted)
	if foreign, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		var names []string
		for _, s := range foreign.Note.UnverifiedSigs {
			names = append(names, fmt.Sprintf("%s (%08x)", s.Name, s.Hash))
		}
		return "", fmt.Errorf("%w: %s", ErrPackSigner, strings.Join(names, ", "))
	}
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return "", fmt.Errorf("%w: it does not hold: %w", ErrPackSignature, err)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPackUnsigned, err)
	}
	want := PackClaim{name, version, sha256.Sum256(data)}.text()
	if n.Text != want {
		return "", fmt.Errorf("%w: it vouches for %q", ErrPackSignature, strings.TrimSpace(n.Text))
	}
	return n.Sigs[0].Name, nil
}
