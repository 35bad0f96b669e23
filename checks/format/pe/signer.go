package pe

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// ErrNotSigned is wrapped by the error for a PE file that carries no signature. What is
// part of Windows carries none: its signatures are in catalogues.
var ErrNotSigned = errors.New("no signature")

// Limits on a signature; those of large makers, with their time stamps, have 20 KiB.
const (
	maxSignature    = 512 << 10 // bytes
	maxCertificates = 50
)

// A Signer is whom the certificate of a signature names.
type Signer struct {
	Name         string // CN of the subject
	Organisation string // O of the subject; may be empty
}

// String is the name, and the organisation where it says more.
func (s Signer) String() string {
	if s.Organisation == "" || s.Organisation == s.Name {
		return s.Name
	}
	if s.Name == "" {
		return s.Organisation
	}
	return s.Name + " (" + s.Organisation + ")"
}

// ReadSigner reads who signed a PE file, as the signature (Authenticode) itself says. It
// validates nothing: a signature over another file, one that was made by hand and one
// whose certificate was revoked name somebody too.
func ReadSigner(r io.ReaderAt) (Signer, error) {
	f, err := open(r)
	if err != nil {
		return Signer{}, err
	}
	if f.security.at == 0 || f.security.size == 0 {
		return Signer{}, ErrNotSigned
	}
	// WIN_CERTIFICATE (wintrust.h): length with this header, revision, type, content.
	var head [8]byte
	if err := f.read(head[:], int64(f.security.at)); err != nil {
		return Signer{}, err
	}
	const pkcs7 = 2 // WIN_CERT_TYPE_PKCS_SIGNED_DATA
	length := binary.LittleEndian.Uint32(head[:])
	if length <= 8 || length > f.security.size || length > maxSignature || binary.LittleEndian.Uint16(head[6:]) != pkcs7 {
		return Signer{}, fmt.Errorf("%w: attribute certificate", ErrFormat)
	}
	b := make([]byte, length-8)
	if err := f.read(b, int64(f.security.at)+8); err != nil {
		return Signer{}, err
	}
	return parseSigner(b)
}

// The parts of PKCS #7 (RFC 2315, sections 7 and 9) that lead to a signer. The decoder
// passes over what follows them in each sequence.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version      int
		Digests      asn1.RawValue
		Content      asn1.RawValue
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		Revoked      asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version     int
		Certificate struct {
			Issuer asn1.RawValue
			Serial *big.Int
		}
	}
)

// parseSigner finds the certificate that the first signer names.
func parseSigner(b []byte) (Signer, error) {
	var info contentInfo
	var data signedData
	if _, err := asn1.Unmarshal(b, &info); err != nil { // what follows it fills up to eight bytes
		return Signer{}, fmt.Errorf("%w: signature: %w", ErrFormat, err)
	}
	if !info.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) {
		return Signer{}, fmt.Errorf("%w: not signed data", ErrFormat)
	}
	if _, err := asn1.Unmarshal(info.Content.Bytes, &data); err != nil {
		return Signer{}, fmt.Errorf("%w: signed data: %w", ErrFormat, err)
	}
	if len(data.Signers) == 0 {
		return Signer{}, fmt.Errorf("%w: nobody signed", ErrFormat)
	}
	want := data.Signers[0].Certificate
	rest := data.Certificates.Bytes
	for range maxCertificates {
		var raw asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &raw); err != nil {
			break // at the end too
		}
		c, err := x509.ParseCertificate(raw.FullBytes)
		if err == nil && c.SerialNumber.Cmp(want.Serial) == 0 && bytes.Equal(c.RawIssuer, want.Issuer.FullBytes) {
			s := Signer{Name: short(c.Subject.CommonName)}
			if o := c.Subject.Organization; len(o) > 0 {
				s.Organisation = short(o[0])
			}
			return s, nil
		}
	}
	return Signer{}, fmt.Errorf("%w: the signer's certificate is not there", ErrFormat)
}

// short cuts a text of a certificate as those of a version resource are cut.
func short(s string) string {
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return s
}
