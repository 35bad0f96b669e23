package sbom

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// Bill writes the bill of materials: CycloneDX 1.6, in JSON.
func (p Program) Bill(w io.Writer) error {
	bill := cyclonedx.NewBOM()
	own := cyclonedx.Component{
		BOMRef: "pkg:generic/" + p.Name + "@" + p.Version, Type: cyclonedx.ComponentTypeApplication, Name: p.Name, Version: p.Version,
		PackageURL: "pkg:generic/" + p.Name + "@" + p.Version,
		Properties: &[]cyclonedx.Property{{Name: "cdx:gomod:build:env:GOARCH", Value: p.Arch}, {Name: "cdx:gomod:build:env:GOOS", Value: p.OS}},
	}
	var parts []cyclonedx.Component
	var refs []string
	for _, part := range p.Parts {
		c, err := part.component()
		if err != nil {
			return err
		}
		parts, refs = append(parts, c), append(refs, c.BOMRef)
	}
	bill.Metadata = &cyclonedx.Metadata{Component: &own}
	bill.Components = &parts
	bill.Dependencies = &[]cyclonedx.Dependency{{Ref: own.BOMRef, Dependencies: &refs}}
	// What the bill says names it: the same program has the same bill.
	said := sha256.New()
	fmt.Fprintln(said, own.PackageURL, p.OS, p.Arch)
	for _, part := range p.Parts {
		fmt.Fprintln(said, part.Path, part.Version, part.Sum, part.ids())
	}
	bill.SerialNumber = serial(said.Sum(nil))
	if err := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bill, cyclonedx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write the bill of %s: %w", p.Name, err)
	}
	return nil
}

// serial is a UUID of version 8 (RFC 9562, 5.8) made from a sum.
func serial(sum []byte) string {
	id := slices.Clone(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	x := hex.EncodeToString(id)
	return "urn:uuid:" + strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-")
}

func (p Part) component() (cyclonedx.Component, error) {
	url := "pkg:golang/" + strings.ToLower(p.Path) + "@" + p.Version // package-url's type golang is lower case
	c := cyclonedx.Component{BOMRef: url, Type: cyclonedx.ComponentTypeLibrary, Name: p.Path, Version: p.Version, PackageURL: url, Scope: cyclonedx.ScopeRequired}
	if p.Sum != "" { // h1: the SHA-256 of the sums of the module's files
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Sum, "h1:"))
		if err != nil || len(sum) != sha256.Size {
			return c, fmt.Errorf("sum of %s: %q is none of go.sum", p.Path, p.Sum)
		}
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	var list cyclonedx.Licenses
	for _, id := range p.ids() {
		list = append(list, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: id}})
	}
	c.Licenses = &list
	if t, ok := translated()[p.at()]; ok {
		c.Components = &[]cyclonedx.Component{{
			BOMRef: "pkg:generic/" + t.at(), Type: cyclonedx.ComponentTypeLibrary, Name: t.Path, Version: t.Version, PackageURL: "pkg:generic/" + t.at(),
			CPE: "cpe:2.3:a:" + t.Path + ":" + t.Path + ":" + t.Version + ":*:*:*:*:*:*:*",
		}}
	}
	return c, nil
}

// ids are the licences of all files of a module, by SPDX, sorted.
func (p Part) ids() []string {
	var ids []string
	for _, t := range p.Licences {
		ids = append(ids, t.IDs...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
