package enroll

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"vigia/collector/storage"
)

// PEM block types, as RFC 7468 names them.
const (
	pemCertificate = "CERTIFICATE"
	pemKey         = "PRIVATE KEY"
)

// maxPEMBytes bounds a file of the keys folder.
const maxPEMBytes = 1 << 20

// pemFile is what a file of the keys folder holds: a PKCS #8 private key,
// certificates, or a key with its certificates, so that the two never part.
type pemFile struct {
	key   crypto.Signer
	certs []*x509.Certificate
}

func readPEM(path string) (pemFile, error) {
	data, private, err := readSmall(path)
	if err != nil {
		return pemFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	var out pemFile
	for len(bytes.TrimSpace(data)) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return pemFile{}, damaged(path)
		}
		switch block.Type {
		case pemCertificate:
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return pemFile{}, damaged(path)
			}
			out.certs = append(out.certs, cert)
		case pemKey:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			signer, ok := key.(crypto.Signer)
			if err != nil || !ok || out.key != nil {
				return pemFile{}, damaged(path) // without a word of what it holds
			}
			out.key = signer
		default:
			return pemFile{}, damaged(path)
		}
	}
	if out.key != nil && !private {
		return pemFile{}, fmt.Errorf("read %s: others may read this key: chmod 600 it, and think about who did", path)
	}
	return out, nil
}

func damaged(path string) error {
	return fmt.Errorf("read %s: it is damaged or not what this program wrote: restore the keys folder from a backup", path)
}

// matches tells whether the file holds a key and, first, its certificate.
func (f pemFile) matches() bool {
	return f.key != nil && len(f.certs) > 0 && samePublicKey(f.certs[0].PublicKey, f.key.Public())
}

// encode writes the key first, then the certificates.
func (f pemFile) encode() ([]byte, error) {
	var b bytes.Buffer
	if f.key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(f.key)
		if err != nil {
			return nil, fmt.Errorf("encode a key: %w", err)
		}
		b.Write(pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}))
	}
	for _, cert := range f.certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: cert.Raw}))
	}
	return b.Bytes(), nil
}

// create writes a file that must not be there yet.
func (f pemFile) create(path string) error { return f.write(path, storage.CreateFile) }

// replace writes a file that may be there.
func (f pemFile) replace(path string) error { return f.write(path, storage.ReplaceFile) }

func (f pemFile) write(path string, write func(string, []byte, fs.FileMode) error) error {
	data, err := f.encode()
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if f.key != nil {
		mode = 0o600
	}
	return write(path, data, mode)
}

// readSmall reads a file and tells whether its owner alone may.
func readSmall(path string) (data []byte, private bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	if info.Size() > maxPEMBytes {
		return nil, false, errors.New("it is larger than any key or certificate")
	}
	data, err = os.ReadFile(path)
	return data, runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0, err
}
