package host

import "slices"

// The rights of files and folders on Windows that tell who may see and who may change
// what is in them ([MS-DTYP] 2.4.3, winnt.h). ReadData lists a folder, WriteData makes a
// file in it, AppendData a folder.
const (
	ReadData    uint32 = 0x1
	WriteData   uint32 = 0x2
	AppendData  uint32 = 0x4
	DeleteChild uint32 = 0x40
	Delete      uint32 = 0x10000
	WriteDAC    uint32 = 0x40000
	WriteOwner  uint32 = 0x80000
)

// Changes are the rights by which somebody changes what is in a folder, or who may.
const Changes = WriteData | AppendData | DeleteChild | Delete | WriteDAC | WriteOwner

// RightsOfAny returns what the list grants to at least one of several people, each of whom
// is all SIDs of one list: what is denied to a guest is not denied to a user.
func (a Access) RightsOfAny(people ...[]string) uint32 {
	var granted uint32
	for _, sids := range people {
		granted |= a.Rights(sids...)
	}
	return granted
}

// Rights returns what the list of a Windows object grants to whoever is each of the given
// SIDs, and nobody else: entries are taken in order, and the first word on a right counts.
// Generic rights are those of files. An owner's own rights are not counted.
func (a Access) Rights(sids ...string) uint32 {
	if a.Unrestricted {
		return ^uint32(0)
	}
	var granted, denied uint32
	for _, e := range a.Entries {
		if e.InheritOnly || !slices.Contains(sids, e.Who) {
			continue
		}
		if rights := specific(e.Rights); e.Allow {
			granted |= rights &^ denied
		} else {
			denied |= rights &^ granted
		}
	}
	return granted
}

// specific replaces generic rights by what they stand for on files.
func specific(mask uint32) uint32 {
	for _, generic := range []struct{ bit, stands uint32 }{
		{1 << 31, 0x120089}, // read
		{1 << 30, 0x120116}, // write
		{1 << 29, 0x1200a0}, // execute
		{1 << 28, 0x1f01ff}, // all
	} {
		if mask&generic.bit != 0 {
			mask = mask&^generic.bit | generic.stands
		}
	}
	return mask
}
